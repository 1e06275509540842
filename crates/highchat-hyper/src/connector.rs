//! How to connect: by default TCP, through a proxy where the environment names one, and
//! TLS where a feature brings it.

use core::error::Error;
use core::future::ready;
use core::time::Duration;
use std::env;
use std::sync::Arc;
#[cfg(feature = "rustls")]
use std::{fs, io};

use highchat_proto::Endpoint;
use highchat_proto::http::{InvalidRoots, Roots};
use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, Write};
#[cfg(feature = "rustls")]
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
#[cfg(feature = "rustls")]
use rustls::pki_types::CertificateDer;
#[cfg(feature = "rustls")]
use rustls::pki_types::pem::PemObject;
#[cfg(feature = "rustls")]
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt, service_fn};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// From the URL of a request to a connection.
pub(crate) type Connector = BoxCloneSyncService<Uri, Box<dyn Transport>, BoxError>;

/// A connection, whatever is on the way.
pub(crate) trait Transport: Connection + Read + Write + Send + Unpin {}

impl<T: Connection + Read + Write + Send + Unpin> Transport for T {}

/// Any connector, as those of `hyper-util` are.
pub(crate) fn boxed<C>(connector: C) -> Connector
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send,
{
    let connector = connector.map_response(|io| Box::new(io) as Box<dyn Transport>);
    BoxCloneSyncService::new(connector.map_err(Into::into))
}

/// The HTTP that is offered where TLS lets the two sides agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Http1,
    Http1And2,
}

/// The connector that is used by default, and what an error names: the service, and the
/// proxy on the way. If there is nobody to trust, each connection says so.
pub(crate) fn default(
    endpoint: &Endpoint,
    timeout: Duration,
    offer: Offer,
) -> (Connector, Arc<str>) {
    let (dial, place) = dialing(endpoint, timeout);
    let connector = trusting(endpoint, dial, offer, &Roots::Default);
    let connector = connector.unwrap_or_else(|error| {
        let refuse = move |_| ready(Err(error.clone().into()));
        BoxCloneSyncService::new(service_fn(refuse))
    });
    (connector, place)
}

/// As [`default`], trusting those.
pub(crate) fn with_roots(
    endpoint: &Endpoint,
    timeout: Duration,
    offer: Offer,
    roots: &Roots,
) -> Result<(Connector, Arc<str>), InvalidRoots> {
    let (dial, place) = dialing(endpoint, timeout);
    Ok((trusting(endpoint, dial, offer, roots)?, place))
}

/// Connections without TLS.
type Dial = BoxCloneSyncService<Uri, TokioIo<TcpStream>, BoxError>;

fn dialing(endpoint: &Endpoint, timeout: Duration) -> (Dial, Arc<str>) {
    let (http, way) = (http(timeout), Way::to(endpoint));
    let place = match &way {
        Way::Through(proxy) => format!("{}: through the proxy {}", endpoint.authority(), at(proxy)),
        Way::Direct | Way::Refused(_) => endpoint.authority(),
    };
    let dial = service_fn(move |uri| dial(http.clone(), way.clone(), uri));
    (BoxCloneSyncService::new(dial), place.into())
}

#[cfg(feature = "rustls")]
fn trusting(
    endpoint: &Endpoint,
    dial: Dial,
    offer: Offer,
    roots: &Roots,
) -> Result<Connector, InvalidRoots> {
    // In the clear nobody needs to be trusted.
    let roots = if endpoint.is_tls() {
        roots
    } else {
        &Roots::Mozilla
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls(roots)?);
    let builder = builder.https_or_http();
    let connector = match offer {
        Offer::Http1 => builder.enable_http1().wrap_connector(dial),
        Offer::Http1And2 => builder.enable_all_versions().wrap_connector(dial),
    };
    let connector = connector.map_response(unwrapped).map_err(Into::into);
    Ok(BoxCloneSyncService::new(connector))
}

/// Without TLS nothing is agreed on, and there is nobody to trust.
#[cfg(not(feature = "rustls"))]
fn trusting(
    endpoint: &Endpoint,
    dial: Dial,
    _: Offer,
    roots: &Roots,
) -> Result<Connector, InvalidRoots> {
    if endpoint.is_tls() && *roots != Roots::Default {
        return Err(InvalidRoots::NotBuilt);
    }
    Ok(boxed(dial))
}

/// A connection without TLS does not take the room of one with it, over 1 KiB.
#[cfg(feature = "rustls")]
fn unwrapped(io: MaybeHttpsStream<TokioIo<TcpStream>>) -> Box<dyn Transport> {
    match io {
        MaybeHttpsStream::Http(io) => Box::new(io),
        io @ MaybeHttpsStream::Https(_) => Box::new(io),
    }
}

#[cfg(feature = "rustls")]
fn tls(roots: &Roots) -> Result<ClientConfig, InvalidRoots> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(|_| InvalidRoots::NotBuilt)?;
    let tls = match roots {
        Roots::Default => match named()? {
            Some(pem) => tls.with_root_certificates(store(&pem).map_err(of_file)?),
            #[cfg(feature = "native-roots")]
            None => system(tls)?,
            #[cfg(not(feature = "native-roots"))]
            None => tls.with_webpki_roots(),
        },
        Roots::Mozilla => tls.with_webpki_roots(),
        #[cfg(feature = "native-roots")]
        Roots::System => system(tls)?,
        Roots::Pem(pem) => tls.with_root_certificates(store(pem)?),
        _ => return Err(InvalidRoots::NotBuilt),
    };
    Ok(tls.with_no_client_auth())
}

#[cfg(feature = "native-roots")]
fn system(
    tls: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, InvalidRoots> {
    let unreadable = |error: rustls::Error| InvalidRoots::Unreadable(error.to_string().into());
    tls.try_with_platform_verifier().map_err(unreadable)
}

/// What is in the file that the environment names.
#[cfg(feature = "rustls")]
fn named() -> Result<Option<Vec<u8>>, InvalidRoots> {
    let name = env::var_os("SSL_CERT_FILE").filter(|name| !name.is_empty());
    let unreadable = |error: io::Error| InvalidRoots::Unreadable(error.to_string().into());
    name.map(fs::read).transpose().map_err(unreadable)
}

#[cfg(feature = "rustls")]
fn of_file(error: InvalidRoots) -> InvalidRoots {
    InvalidRoots::Unreadable(error.to_string().into())
}

#[cfg(feature = "rustls")]
fn store(pem: &[u8]) -> Result<RootCertStore, InvalidRoots> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    (!store.is_empty())
        .then_some(store)
        .ok_or(InvalidRoots::NoCertificate)
}

fn http(timeout: Duration) -> HttpConnector {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    // A request is written at once, and no acknowledgement is worth waiting for.
    http.set_nodelay(true);
    // Where a name has several addresses, each gets its share.
    http.set_connect_timeout(Some(timeout));
    http
}

/// The way to the service.
#[derive(Clone, Debug)]
enum Way {
    Direct,
    Through(Intercept),
    /// The variable of that name says what cannot be used. To go directly would show the key
    /// to a network that it was to be kept from.
    Refused(&'static str),
}

impl Way {
    /// As the environment says; but what is on this machine is not reached through another.
    fn to(endpoint: &Endpoint) -> Self {
        let Ok(uri) = endpoint.base_url().parse() else {
            return Self::Direct;
        };
        if endpoint.is_loopback() {
            return Self::Direct;
        }
        match chosen(&uri) {
            None => Self::Direct,
            Some((name, value)) => usable(&value, &uri).map_or(Self::Refused(name), Self::Through),
        }
    }
}

/// The variable that decides, and what it names; `None`: the service is reached directly.
///
/// The matcher has these rules as well, but its answer is the same for a service that needs
/// no proxy and for a variable that it cannot use; and `*` does not match an address.
fn chosen(uri: &Uri) -> Option<(&'static str, String)> {
    let first = |names: [&'static str; 2]| {
        // What is no UTF-8 names no proxy that can be used.
        let value = |name| Some((name, env::var_os(name)?.to_string_lossy().into_owned()));
        let set = names.into_iter().find_map(value);
        set.filter(|(_, value)| !value.is_empty())
    };
    let own = match uri.scheme() == Some(&Scheme::HTTP) {
        true => ["HTTP_PROXY", "http_proxy"],
        false => ["HTTPS_PROXY", "https_proxy"],
    };
    // Of a CGI program, HTTP_PROXY is a header of the visitor's request.
    if env::var_os("REQUEST_METHOD").is_some() {
        return None;
    }
    let chosen = first(own).or_else(|| first(["ALL_PROXY", "all_proxy"]))?;
    let (_, list) = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    let any = Matcher::builder().all("http://proxy").no(&list).build();
    let is_everything = list.split(',').any(|entry| entry.trim() == "*");
    (!is_everything && any.intercept(uri).is_some()).then_some(chosen)
}

/// The proxy, if it is one that can be used.
fn usable(value: &str, uri: &Uri) -> Option<Intercept> {
    let proxy = Matcher::builder().all(value).build().intercept(uri)?;
    let scheme = proxy.uri().scheme_str()?;
    matches!(scheme, "http" | "socks5" | "socks5h").then_some(proxy)
}

async fn dial(http: HttpConnector, way: Way, uri: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
    if cfg!(not(feature = "rustls")) && uri.scheme() != Some(&Scheme::HTTP) {
        return Err("built without TLS".into());
    }
    match way {
        Way::Direct => Ok(http.oneshot(uri).await?),
        Way::Refused(name) => Err(format!("{name} names no proxy that can be used").into()),
        Way::Through(proxy) => tunnel(http, &proxy, uri).await,
    }
}

/// Asks the proxy for a connection to the service, whose name it is to find.
async fn tunnel(
    http: HttpConnector,
    proxy: &Intercept,
    uri: Uri,
) -> Result<TokioIo<TcpStream>, BoxError> {
    if proxy.uri().scheme() == Some(&Scheme::HTTP) {
        let mut tunnel = Tunnel::new(proxy.uri().clone(), http);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        return Ok(tunnel.oneshot(with_port(uri)?).await?);
    }
    // The connector takes 80 for want of a port.
    let socks = format!("socks5://{}", at(proxy)).parse()?;
    let mut socks = SocksV5::new(socks, http);
    if let Some((name, password)) = proxy.raw_auth() {
        socks = socks.with_auth(name.into(), password.into());
    }
    Ok(socks.oneshot(uri).await?)
}

/// The host and port of a proxy.
fn at(proxy: &Intercept) -> String {
    let uri = proxy.uri();
    let default = if uri.scheme() == Some(&Scheme::HTTP) {
        80
    } else {
        1080
    };
    let port = uri.port_u16().unwrap_or(default);
    format!("{}:{port}", uri.host().unwrap_or_default())
}

/// The URL with the port that a tunnel would not guess: for want of one it takes 443.
fn with_port(uri: Uri) -> Result<Uri, BoxError> {
    match (uri.scheme_str(), uri.host(), uri.port()) {
        (Some("http"), Some(host), None) => Ok(format!("{host}:80").parse()?),
        _ => Ok(uri),
    }
}

#[cfg(test)]
mod tests {
    use highchat_sandbox::{Playback, Step};

    use super::*;

    async fn through(proxy: &str, url: &str) -> Result<TokioIo<TcpStream>, BoxError> {
        let url: Uri = url.parse()?;
        let proxy = Matcher::builder().all(proxy).build().intercept(&url);
        let way = Way::Through(proxy.unwrap());
        dial(http(Duration::from_secs(10)), way, url).await
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_a_tunnel() {
        let tunnel = vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".into()), Step::Hold];
        let playback = Playback::start([tunnel.clone(), tunnel]).unwrap();
        let proxy = playback.base_url().replace("//", "//user:pass@");
        let targets = [
            ("http://chat.example/v1/chat", "chat.example:80"),
            #[cfg(feature = "rustls")]
            ("https://chat.example/v1/chat", "chat.example:443"),
        ];
        for (index, (url, target)) in targets.into_iter().enumerate() {
            through(&proxy, url).await.unwrap();
            let asked = String::from_utf8(playback.requests().remove(index)).unwrap();
            let expected = format!("CONNECT {target} HTTP/1.1\r\n");
            assert!(asked.starts_with(&expected), "{asked}");
            let authorization = "\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n";
            assert!(asked.contains(authorization), "{asked}");
        }
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_an_error() {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        let playback = Playback::start([vec![Step::Send(refusal.into())]]).unwrap();
        let url = "http://chat.example";
        assert!(through(playback.base_url(), url).await.is_err());
        assert_eq!(playback.connections(), 1);
        assert!(through("socks5://127.0.0.1:9", url).await.is_err());
    }

    #[cfg(not(feature = "rustls"))]
    #[tokio::test]
    async fn nothing_goes_in_the_clear_to_where_tls_is_asked_for() {
        let playback = Playback::start([vec![Step::Hold]]).unwrap();
        let url = playback.base_url().replace("http:", "https:");
        assert!(through(playback.base_url(), &url).await.is_err());
        assert!(
            through(playback.base_url(), "https://chat.example")
                .await
                .is_err()
        );
        assert_eq!(playback.connections(), 0);
    }
}
