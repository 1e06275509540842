//! TCP, through a proxy where the environment names one.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use highchat_proto::endpoint::Endpoint;
use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::watch::BoxError;

#[derive(Clone)]
pub(crate) struct Dial {
    http: HttpConnector,
    /// `None` for a service on this machine, which is not reached through another one.
    proxies: Option<Arc<Matcher>>,
}

impl Dial {
    pub(crate) fn new(endpoint: &Endpoint, timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        // A request is written at once, and no acknowledgement is worth waiting for.
        http.set_nodelay(true);
        // Where a name has several addresses, each gets its share.
        http.set_connect_timeout(Some(timeout));
        let proxies = (!endpoint.is_loopback()).then(|| Arc::new(Matcher::from_env()));
        Self { http, proxies }
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let proxies = self.proxies.as_deref();
        let Some(proxy) = proxies.and_then(|proxies| proxies.intercept(&uri)) else {
            let connecting = self.http.call(uri);
            return Box::pin(async { Ok(connecting.await?) });
        };
        if proxy.uri().scheme() != Some(&Scheme::HTTP) {
            return Box::pin(async { Err("a proxy is used by http:// alone".into()) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.http.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        Box::pin(async move { Ok(tunnel.call(with_port(uri)?).await?) })
    }
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

    fn through(proxy: &str) -> Dial {
        let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo").unwrap());
        let mut dial = Dial::new(&endpoint.unwrap(), Duration::from_secs(10));
        let matcher = Matcher::builder().all(proxy).no("direct.example,127.0.0.1");
        dial.proxies = Some(Arc::new(matcher.build()));
        dial
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_a_tunnel() {
        let tunnel = vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".into()), Step::Hold];
        let playback = Playback::start([tunnel.clone(), tunnel]).unwrap();
        let proxy = playback.base_url().replace("//", "//user:pass@");
        let targets = [
            ("https://chat.example/v1/chat", "chat.example:443"),
            ("http://chat.example/v1/chat", "chat.example:80"),
        ];
        for (index, (url, target)) in targets.into_iter().enumerate() {
            through(&proxy).call(url.parse().unwrap()).await.unwrap();
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
        let mut dial = through(playback.base_url());
        let url = Uri::from_static("https://chat.example");
        assert!(dial.call(url.clone()).await.is_err());
        assert!(through("socks5://127.0.0.1:9").call(url).await.is_err());
    }

    #[tokio::test]
    async fn what_needs_no_proxy_is_reached_without() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut dial = through("http://proxy.invalid:9");
        dial.call(url.parse().unwrap()).await.unwrap();
        let endpoint = Endpoint::new(&url, Credentials::slug("demo").unwrap()).unwrap();
        let mut dial = Dial::new(&endpoint, Duration::MAX);
        assert!(dial.proxies.is_none());
        dial.call(url.parse().unwrap()).await.unwrap();
    }
}
