//! How to connect: by default TCP, through a proxy where the environment names one, and
//! TLS where a feature brings it.

use core::error::Error;
use core::time::Duration;
use std::sync::Arc;

use highchat_proto::endpoint::Endpoint;
use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, Write};
#[cfg(feature = "rustls")]
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
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

/// The one that is used unless told otherwise.
pub(crate) fn default(endpoint: &Endpoint, timeout: Duration, offer: Offer) -> Connector {
    let (http, proxies) = (http(timeout), proxies(endpoint).map(Arc::new));
    let dial = service_fn(move |uri| dial(http.clone(), proxies.clone(), uri));
    #[cfg(feature = "rustls")]
    let connector = match tls() {
        Ok(tls) => {
            let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
            let builder = builder.https_or_http();
            let connector = match offer {
                Offer::Http1 => builder.enable_http1().wrap_connector(dial),
                Offer::Http1And2 => builder.enable_all_versions().wrap_connector(dial),
            };
            let connector = connector.map_response(unwrapped).map_err(Into::into);
            BoxCloneSyncService::new(connector)
        }
        Err(error) => {
            let problem = error.to_string();
            let refuse = move |_| core::future::ready(Err(problem.clone().into()));
            BoxCloneSyncService::new(service_fn(refuse))
        }
    };
    #[cfg(not(feature = "rustls"))]
    let connector = {
        // Nothing is agreed on without TLS.
        let _ = offer;
        boxed(dial)
    };
    connector
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
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions()?;
    #[cfg(feature = "native-roots")]
    let tls = hyper_rustls::ConfigBuilderExt::try_with_platform_verifier(tls)?;
    #[cfg(not(feature = "native-roots"))]
    let tls = hyper_rustls::ConfigBuilderExt::with_webpki_roots(tls);
    Ok(tls.with_no_client_auth())
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

/// The proxies that the environment names; `None` for a service on this machine, which is
/// not reached through another one.
fn proxies(endpoint: &Endpoint) -> Option<Matcher> {
    (!endpoint.is_loopback()).then(Matcher::from_env)
}

async fn dial(
    http: HttpConnector,
    proxies: Option<Arc<Matcher>>,
    uri: Uri,
) -> Result<TokioIo<TcpStream>, BoxError> {
    if cfg!(not(feature = "rustls")) && uri.scheme() != Some(&Scheme::HTTP) {
        return Err("built without TLS".into());
    }
    let Some(proxy) = proxies.and_then(|proxies| proxies.intercept(&uri)) else {
        return Ok(http.oneshot(uri).await?);
    };
    if proxy.uri().scheme() != Some(&Scheme::HTTP) {
        return Err("a proxy is used by http:// alone".into());
    }
    let mut tunnel = Tunnel::new(proxy.uri().clone(), http);
    if let Some(authorization) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(authorization.clone());
    }
    Ok(tunnel.oneshot(with_port(uri)?).await?)
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
    use std::net::TcpListener;

    use highchat_proto::endpoint::Credentials;
    use highchat_sandbox::{Playback, Step};

    use super::*;

    async fn through(proxy: &str, url: &str) -> Result<TokioIo<TcpStream>, BoxError> {
        let matcher = Matcher::builder().all(proxy).no("direct.example,127.0.0.1");
        let http = http(Duration::from_secs(10));
        dial(http, Some(Arc::new(matcher.build())), url.parse()?).await
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

    #[tokio::test]
    async fn what_needs_no_proxy_is_reached_without() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        through("http://proxy.invalid:9", &url).await.unwrap();
        let endpoint = Endpoint::new(&url, Credentials::slug("demo").unwrap()).unwrap();
        assert!(proxies(&endpoint).is_none());
        dial(http(Duration::MAX), None, url.parse().unwrap())
            .await
            .unwrap();
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
