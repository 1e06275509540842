//! Polls over TLS: sessions in a handoff, and loops that get the same page on one connection.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::thread::sleep;

use bytes::Bytes;
use highchat_proto::http::Roots;
use highchat_proto::{Config, ConversationId, Endpoint, Saved, State};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::Failure;
use crate::clients::credentials;
use crate::service::{HOST, Place};

/// The pause between two polls. It is short, so that most of the time is not a wait.
const PAUSE: Duration = Duration::from_millis(1);

const PATH: &str = "/v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A00Z";
const AUTHORIZATION: &str = "Bearer hc_bench";

/// The state and the configuration of a session that polls at once.
fn handoff() -> Result<(Saved, Config), Failure> {
    let saved = Saved::new(ConversationId::new("c1")?)
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse()?);
    Ok((saved, Config::default().with_poll_interval(PAUSE)))
}

fn endpoint(place: &Place) -> Result<Endpoint, Failure> {
    let url = format!("https://{HOST}:{}", place.address.port());
    Ok(Endpoint::new(&url, credentials()?)?)
}

fn roots(place: &Place) -> Roots {
    Roots::Pem(place.certificate.clone().into_bytes().into())
}

/// Whether a page says that no more polls are needed.
fn is_last(page: &[u8]) -> bool {
    black_box(page).starts_with(br#"{"state":"bot""#)
}

/// Polls until the bot is back. Returns whether it is.
pub(crate) async fn hyper(place: &Place) -> Result<bool, Failure> {
    let (saved, config) = handoff()?;
    let client = highchat_hyper::Client::with_config(endpoint(place)?, config);
    let mut session = highchat_hyper::Session::resume(client.with_roots(&roots(place))?, saved);
    while let Some(update) = session.next().await {
        black_box(&update);
    }
    Ok(*session.conversation().state() == State::Bot)
}

pub(crate) async fn hyper_alone(place: &Place) -> Result<bool, Failure> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from_pem_slice(
        place.certificate.as_bytes(),
    )?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    let stream = TcpStream::connect(place.address).await?;
    stream.set_nodelay(true)?;
    let tls = TlsConnector::from(Arc::new(tls));
    let stream = tls.connect(ServerName::try_from(HOST)?, stream).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await?;
    // The task ends with the connection. An error of it also appears in the body.
    let connection = tokio::spawn(connection);
    loop {
        let request = http::Request::get(PATH)
            .header("host", HOST)
            .header("accept", "application/json")
            .header("authorization", AUTHORIZATION)
            .body(Empty::<Bytes>::new())?;
        let page = sender.send_request(request).await?.into_body();
        if is_last(&page.collect().await?.to_bytes()) {
            drop(connection);
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(crate) fn ureq(place: &Place) -> Result<bool, Failure> {
    let (saved, config) = handoff()?;
    let client = highchat_ureq::Client::with_config(endpoint(place)?, config);
    let mut session = highchat_ureq::Session::resume(client.with_roots(&roots(place))?, saved);
    while let Some(update) = session.next().update() {
        black_box(&update);
    }
    Ok(*session.conversation().state() == State::Bot)
}

pub(crate) fn ureq_alone(place: &Place, read_timeout: Option<Duration>) -> Result<bool, Failure> {
    let certificate = Certificate::from_pem(place.certificate.as_bytes())?;
    let roots = RootCerts::new_with_certs(&[certificate]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    let config = Agent::config_builder().tls_config(tls);
    let agent = Agent::from(config.timeout_per_read(read_timeout).build());
    let url = format!("https://{HOST}:{}{PATH}", place.address.port());
    loop {
        let get = agent.get(&url).header("accept", "application/json");
        let answer = get.header("authorization", AUTHORIZATION).call()?;
        if is_last(&answer.into_body().read_to_vec()?) {
            return Ok(true);
        }
        sleep(PAUSE);
    }
}
