//! TLS: the certificates that the default connector trusts, and the protocol that both sides
//! agree on.
#![cfg(feature = "rustls")]

use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::Pin;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use highchat_connect::Connector;
use highchat_hyper::{BoxError, Client, Connection, Failure};
use highchat_proto::Config;
use http::Uri;
use hyper::rt::{Read, ReadBuf, Write};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::support::*;

struct Service {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl Service {
    /// Starts a service on this machine with a self-signed certificate.
    async fn start(protocols: &[&str]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().into())
            .collect();
        let localhost = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listener: TcpListener::bind(localhost).await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        }
    }

    fn base_url(&self) -> String {
        let port = self.listener.local_addr().unwrap().port();
        format!("https://localhost:{port}")
    }

    /// Returns a connector of hyper-util that trusts this service.
    fn trusting(
        &self,
    ) -> impl Fn(Uri) -> Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>
    + Send
    + Sync
    + 'static {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_all_versions()
            .build();
        move |uri| {
            let connecting = connector.clone().oneshot(uri);
            Box::pin(async {
                let io = connecting.await?;
                let is_http2 = io.connected().is_negotiated_h2();
                let connection = Connection::new(io);
                Ok(if is_http2 {
                    connection.with_http2()
                } else {
                    connection
                })
            })
        }
    }
}

#[tokio::test]
async fn an_untrusted_certificate_means_that_nothing_was_sent() {
    let service = Service::start(&["http/1.1"]).await;
    let client = Client::new(endpoint(&service.base_url()));
    let request = message();
    let serving = async {
        let (stream, _) = service.listener.accept().await.unwrap();
        service.acceptor.accept(stream).await.map(drop)
    };
    let (reply, served) = tokio::join!(client.chat(&request), serving);
    let failure = reply.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(failure.to_string().contains("certificate"), "{failure}");
    assert!(served.is_err());
}

#[tokio::test]
async fn a_service_without_tls_gets_no_request() {
    let service = Service::start(&[]).await;
    let client = Client::new(endpoint(&service.base_url()));
    let request = message();
    let serving = async {
        let (mut stream, _) = service.listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await
    };
    let (reply, served) = tokio::join!(client.chat(&request), serving);
    let failure = reply.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    served.unwrap();
}

#[tokio::test]
async fn http_1_is_used_if_negotiated_or_if_nothing_is_negotiated() {
    for protocols in [&["http/1.1"][..], &[]] {
        let service = Service::start(protocols).await;
        let endpoint = endpoint(&service.base_url());
        let client = Client::with_connector(endpoint, Config::default(), service.trusting());
        let serving = async {
            let (stream, _) = service.listener.accept().await.unwrap();
            let mut stream = service.acceptor.accept(stream).await.unwrap();
            let mut start = [0; 23];
            stream.read_exact(&mut start).await.unwrap();
            assert_eq!(&start, b"POST /v1/chat HTTP/1.1\r");
            let answer = format!("{HEAD}{DONE}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            // The client closes the connection after the end of the reply.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let request = message();
        let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
        let ((events, end), ()) = tokio::join!(reading, serving);
        assert_eq!(events, ["done"]);
        end.unwrap();
    }
}

#[tokio::test]
async fn http_2_is_used_if_negotiated() {
    let service = Service::start(&["h2", "http/1.1"]).await;
    let endpoint = endpoint(&service.base_url());
    let client = Client::with_connector(endpoint, Config::default(), service.trusting());
    let serving = async {
        let (stream, _) = service.listener.accept().await.unwrap();
        let stream = service.acceptor.accept(stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let answer = hyper::service::service_fn(async |_| {
            let answer = http::Response::builder().header("content-type", "text/event-stream");
            let body = http_body_util::Full::<bytes::Bytes>::from(DONE);
            Ok::<_, core::convert::Infallible>(answer.body(body).unwrap())
        });
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), answer)
            .await;
    };
    let request = message();
    let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
    let ((events, end), ()) = tokio::join!(reading, serving);
    assert_eq!(events, ["done"]);
    end.unwrap();
}

async fn read_from(pipe: &mut Connection) -> io::Result<Vec<u8>> {
    let mut room = [0; 100];
    let mut buffer = ReadBuf::new(&mut room);
    poll_fn(|cx| Pin::new(&mut *pipe).poll_read(cx, buffer.unfilled())).await?;
    Ok(buffer.filled().to_vec())
}

#[tokio::test]
async fn an_unannounced_end_of_a_tls_connection_is_an_error() {
    for is_announced in [true, false] {
        let service = Service::start(&["h2", "http/1.1"]).await;
        let endpoint = endpoint(&service.base_url());
        let patience = Duration::from_secs(10);
        let connector = Connector::from_fn(&endpoint, patience, service.trusting());
        let serving = async {
            let (stream, _) = service.listener.accept().await.unwrap();
            let mut stream = service.acceptor.accept(stream).await.unwrap();
            let mut question = [0; 8];
            stream.read_exact(&mut question).await.unwrap();
            stream.write_all(b"answer").await.unwrap();
            stream.flush().await.unwrap();
            if is_announced {
                stream.shutdown().await.unwrap();
            }
            question
        };
        let asking = async {
            let mut pipe = connector.connect().await.unwrap();
            poll_fn(|cx| Pin::new(&mut pipe).poll_write(cx, b"question"))
                .await
                .unwrap();
            poll_fn(|cx| Pin::new(&mut pipe).poll_flush(cx))
                .await
                .unwrap();
            assert_eq!(read_from(&mut pipe).await.unwrap(), b"answer");
            read_from(&mut pipe).await
        };

        let (end, asked) = tokio::join!(asking, serving);

        assert_eq!(&asked, b"question");
        assert_eq!(end.is_ok_and(|end| end.is_empty()), is_announced);
    }
}
