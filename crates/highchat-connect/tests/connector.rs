//! Connections of the default connector and the meaning of their failures.

use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use std::net::TcpListener;

use highchat_connect::{Connection, Connector, Offer};
use highchat_proto::{Credentials, Endpoint, Failure};
use highchat_sandbox::{Playback, Step};
use hyper::rt::{Read, ReadBuf, Write};

const LONG: Duration = Duration::from_secs(10);

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key("hc_test").unwrap()).unwrap()
}

async fn write(pipe: &mut Connection, bytes: &[u8]) {
    let len = poll_fn(|cx| Pin::new(&mut *pipe).poll_write(cx, bytes)).await;
    assert_eq!(len.unwrap(), bytes.len());
    poll_fn(|cx| Pin::new(&mut *pipe).poll_flush(cx))
        .await
        .unwrap();
}

async fn read(pipe: &mut Connection) -> Vec<u8> {
    let mut room = [0; 100];
    let mut buffer = ReadBuf::new(&mut room);
    poll_fn(|cx| Pin::new(&mut *pipe).poll_read(cx, buffer.unfilled()))
        .await
        .unwrap();
    buffer.filled().to_vec()
}

#[tokio::test]
async fn a_connection_carries_bytes_both_ways_and_closes_when_it_is_dropped() {
    let service = Playback::start([vec![Step::send("an answer"), Step::Hold]]).unwrap();
    let endpoint = endpoint(&format!("{}/base", service.base_url()));
    let connector = Connector::new(&endpoint, LONG, Offer::Http1);
    let mut pipe = connector.connect().await.unwrap();

    write(&mut pipe, b"GET / HTTP/1.1\r\n\r\n").await;

    assert_eq!(read(&mut pipe).await, b"an answer");
    drop(pipe);
    assert!(service.wait_for_close(0, LONG));
    assert_eq!(service.connections(), 1);
}

#[tokio::test]
async fn a_failure_to_connect_means_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", free.local_addr().unwrap());
    drop(free);

    let connector = Connector::new(&endpoint(&base_url), LONG, Offer::Http1);
    let failure = connector.connect().await;

    let failure = failure.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn http1_offers_no_alpn_and_rejects_an_unknown_certificate() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let certified = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = rustls::server::Acceptor::default();
        let start = tokio_rustls::LazyConfigAcceptor::new(acceptor, stream)
            .await
            .unwrap();
        let offered = start.client_hello().alpn().map(Iterator::count);
        assert_eq!(offered, None);
        start.into_stream(config.into()).await.map(drop)
    };
    let endpoint = endpoint(&format!("https://localhost:{port}"));
    let connector = Connector::new(&endpoint, LONG, Offer::Http1);

    let (dialed, served) = tokio::join!(connector.connect(), serving);

    let failure = dialed.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(failure.to_string().contains("certificate"), "{failure}");
    assert!(served.is_err());
}
