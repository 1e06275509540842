//! Opens TCP connections over tokio, to the service or to the proxy.

use core::time::Duration;

use highchat_proto::Endpoint;
use highchat_proto::failure::Cause;
use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::connection::BoxError;
use crate::route::Route;

pub(crate) fn http(timeout: Duration) -> HttpConnector {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    // The request is written in one piece, so waiting for acknowledgements only delays it.
    http.set_nodelay(true);
    // If a name has several addresses, each one gets a share of this time.
    http.set_connect_timeout(Some(timeout));
    http
}

/// The proxy that the environment names for the service, for an HTTP client that connects by
/// itself. Its scheme is `http`, `socks5` or `socks5h`. `parse` returns `None` if the client cannot
/// use the proxy with this URL.
///
/// # Errors
///
/// The proxy cannot be used. Then nothing may be sent: a direct connection would show the key to
/// a network that the proxy was meant to keep it from.
pub fn proxy<P>(
    endpoint: &Endpoint,
    parse: impl FnOnce(&str) -> Option<P>,
) -> Result<Option<P>, Cause> {
    let parse = |url: &str| usable(url, endpoint).and_then(|_| parse(url));
    match Route::to(endpoint, parse) {
        Route::Direct => Ok(None),
        Route::Through(proxy) => Ok(Some(proxy)),
        Route::Refused(refusal) => Err(Cause::from(&*refusal)),
    }
}

/// Parses the URL of a proxy. Returns `None` if its scheme is not supported or the URL is
/// invalid.
pub(crate) fn usable(value: &str, endpoint: &Endpoint) -> Option<Intercept> {
    let uri = endpoint.base_url().parse().ok()?;
    let proxy = Matcher::builder().all(value).build().intercept(&uri)?;
    let scheme = proxy.uri().scheme_str()?;
    matches!(scheme, "http" | "socks5" | "socks5h").then_some(proxy)
}

pub(crate) async fn dial(
    http: HttpConnector,
    route: Route<Intercept>,
    uri: Uri,
) -> Result<TokioIo<TcpStream>, BoxError> {
    if cfg!(not(feature = "rustls")) && uri.scheme() != Some(&Scheme::HTTP) {
        return Err("built without TLS".into());
    }
    match route {
        Route::Direct => Ok(http.oneshot(uri).await?),
        Route::Refused(refusal) => Err(refusal.into()),
        Route::Through(proxy) => tunnel(http, &proxy, uri).await,
    }
}

/// Connects to the service through the proxy. The proxy looks up the name of the service.
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
    // `at` adds port 1080: the connector would use 80 if the URL has no port.
    let socks = format!("socks5://{}", at(proxy)).parse()?;
    let mut socks = SocksV5::new(socks, http);
    if let Some((name, password)) = proxy.raw_auth() {
        socks = socks.with_auth(name.into(), password.into());
    }
    Ok(socks.oneshot(uri).await?)
}

/// The host and port of a proxy.
pub(crate) fn at(proxy: &Intercept) -> String {
    let uri = proxy.uri();
    let default = if uri.scheme() == Some(&Scheme::HTTP) {
        80
    } else {
        1080
    };
    let port = uri.port_u16().unwrap_or(default);
    format!("{}:{port}", uri.host().unwrap_or_default())
}

/// Adds port 80 to an `http` URL without a port: a tunnel would use 443.
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
        let route = Route::Through(proxy.unwrap());
        dial(http(Duration::from_secs(10)), route, url).await
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
    async fn a_proxy_that_refuses_a_tunnel_is_an_error() {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        let playback = Playback::start([vec![Step::Send(refusal.into())]]).unwrap();
        let url = "http://chat.example";
        assert!(through(playback.base_url(), url).await.is_err());
        assert_eq!(playback.connections(), 1);
        assert!(through("socks5://127.0.0.1:9", url).await.is_err());
    }

    #[cfg(not(feature = "rustls"))]
    #[tokio::test]
    async fn a_service_that_needs_tls_gets_no_plain_connection() {
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
