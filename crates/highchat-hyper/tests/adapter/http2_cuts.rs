//! Answers over HTTP/2 that are cut, in each way that HTTP/2 allows, by a service that writes
//! its frames by hand. The client must never hang or spin.

use core::time::Duration;
use std::io;
use std::sync::mpsc;
use std::thread;

use highchat_hyper::{Client, Failure, Session};
use highchat_proto::failure::ResponseError;
use highchat_proto::{Config, Message};
use highchat_testing::trials::in_short;
use highchat_testing::trials::words::META;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::runtime::Builder;

use crate::support::*;

/// The time after which a test counts as hanging, even on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

/// Frame types (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The stream id of the first request on a connection.
const STREAM: u32 = 1;

const NO_ERROR: u32 = 0;
const PROTOCOL_ERROR: u32 = 1;
const INTERNAL_ERROR: u32 = 2;
const STREAM_CLOSED: u32 = 5;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;
const HTTP_1_1_REQUIRED: u32 = 13;

/// The way in which a service cuts an answer.
#[derive(Clone, Copy, Debug)]
enum Break {
    /// Closes the connection.
    Close,
    Reset(u32),
    /// Sends a GOAWAY with the last stream id and an error code, then closes the connection.
    GoAway(u32, u32),
    /// Sends an invalid frame, so that the client closes the connection.
    Nonsense,
}

/// Every way to cut an answer after it began.
const BREAKS: [Break; 14] = [
    Break::Close,
    Break::Reset(NO_ERROR),
    Break::Reset(PROTOCOL_ERROR),
    Break::Reset(INTERNAL_ERROR),
    Break::Reset(STREAM_CLOSED),
    Break::Reset(REFUSED_STREAM),
    Break::Reset(CANCEL),
    Break::Reset(ENHANCE_YOUR_CALM),
    Break::Reset(HTTP_1_1_REQUIRED),
    Break::GoAway(STREAM, NO_ERROR),
    Break::GoAway(STREAM, ENHANCE_YOUR_CALM),
    Break::GoAway(0, NO_ERROR),
    Break::GoAway(0, ENHANCE_YOUR_CALM),
    Break::Nonsense,
];

/// Runs a test in a separate thread, in virtual time.
#[track_caller]
fn bounded<F>(test: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F: Future,
    F::Output: Send + 'static,
{
    in_a_thread(|| async {
        tokio::time::pause();
        test().await
    })
}

/// Runs a test in a separate thread, with a real time limit: a future that spins would block a
/// timeout in its own runtime.
#[track_caller]
fn in_a_thread<F>(test: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F: Future,
    F::Output: Send + 'static,
{
    let (done, outcome) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _ = done.send(runtime.block_on(test()));
    });
    let outcome = outcome.recv_timeout(BOUND);
    outcome.expect("it panicked, spins or waits for ever")
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = len[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Returns a HEADERS frame with status 200 and a content type, encoded without the dynamic
/// table of HPACK.
fn head(content_type: &str) -> Vec<u8> {
    let mut block = vec![0x88, 0x0f, 0x10, u8::try_from(content_type.len()).unwrap()];
    block.extend(content_type.bytes());
    frame(HEADERS, END_HEADERS, STREAM, &block)
}

fn data(text: &str) -> Vec<u8> {
    frame(DATA, 0, STREAM, text.as_bytes())
}

/// Reads a request to its end.
async fn take_request(service: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut preface = [0; 24];
    service.read_exact(&mut preface).await?;
    loop {
        let mut head = [0; 9];
        service.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]).try_into().unwrap()];
        service.read_exact(&mut payload).await?;
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return Ok(());
        }
    }
}

/// Reads a request, and sends the first frames of an answer.
async fn begin(
    service: &mut (impl AsyncRead + AsyncWrite + Unpin),
    frames: &[Vec<u8>],
) -> io::Result<()> {
    service.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    take_request(service).await?;
    service.write_all(&frames.concat()).await
}

/// Reads a request, sends the first frames of an answer, and cuts it.
async fn serve(
    mut service: impl AsyncRead + AsyncWrite + Unpin,
    frames: &[Vec<u8>],
    how: Break,
) -> io::Result<()> {
    begin(&mut service, frames).await?;
    if !frames.is_empty() {
        // A reset or a GOAWAY would overtake frames that hyper has not read yet.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let last = match how {
        Break::Close => return service.shutdown().await,
        Break::Reset(reason) => frame(RST_STREAM, 0, STREAM, &reason.to_be_bytes()),
        Break::GoAway(last, reason) => {
            let payload = [last.to_be_bytes(), reason.to_be_bytes()].concat();
            service.write_all(&frame(GOAWAY, 0, 0, &payload)).await?;
            return service.shutdown().await;
        }
        Break::Nonsense => frame(DATA, 0, 0, b"?"),
    };
    service.write_all(&last).await?;
    // Wait until the client closes the connection.
    let mut rest = Vec::new();
    service.read_to_end(&mut rest).await.map(drop)
}

fn reply(events: &[&str]) -> Vec<Vec<u8>> {
    vec![head("text/event-stream"), data(&events.concat())]
}

fn http_2<const N: usize>() -> (Client, [DuplexStream; N]) {
    piped(true, Config::default().with_keep_alive(Duration::ZERO))
}

#[test]
fn a_reply_cut_over_http_2_ends_in_a_cut_failure() {
    for how in BREAKS {
        let (events, end, again) = bounded(move || async move {
            let (client, [service]) = http_2();
            let request = message();
            let reading = async {
                let mut reply = client.chat(&request).await.unwrap();
                let (events, end) = read(&mut reply).await;
                (events, end, reply.next_event().await.map(drop))
            };
            let frames = reply(&[META, &delta("Բարև 👋")]);
            let (read, _) = tokio::join!(reading, serve(service, &frames, how));
            read
        });
        assert_eq!(events, ["meta", "Բարև 👋"], "{how:?}");
        assert!(matches!(end, Err(Failure::Cut(_))), "{how:?}: {end:?}");
        assert!(matches!(again, Err(Failure::Cut(_))), "{how:?}: {again:?}");
    }
}

#[test]
fn a_session_recovers_a_cut_reply_even_if_a_page_is_cut_too() {
    let whole = r#"{"state":"bot","ts":"2026-06-14T10:00:09Z","messages":[
        {"id":"u1","role":"user","content":"Բարև","created_at":"2026-06-14T10:00:01Z"},
        {"id":"a1","role":"assistant","content":"Ողջույն 👋, ինչո՞վ օգնեմ",
         "created_at":"2026-06-14T10:00:02Z"}]}"#;
    for how in BREAKS {
        let log = bounded(move || async move {
            let (client, [first, second, mut third]) = http_2();
            let mut session = Session::new(client);
            session.send(Message::new("Բարև").unwrap()).unwrap();
            let talking = async {
                let mut log = Vec::new();
                while let Some(update) = session.next().await {
                    log.push(in_short(&update));
                }
                log
            };
            let cut = reply(&[META, &delta("Ողջույն 👋")]);
            let (begun, _) = whole.split_at(100);
            let page = |body| [head("application/json"), data(body)];
            let serving = async {
                let _ = serve(first, &cut, how).await;
                let _ = serve(second, &page(begun), how).await;
                let whole = [&page(whole)[..], &[frame(DATA, END_STREAM, STREAM, &[])]].concat();
                begin(&mut third, &whole).await.unwrap();
                let _ = third.read_to_end(&mut Vec::new()).await;
            };
            let (log, ()) = tokio::join!(talking, serving);
            log
        });
        assert_eq!(log[..2], ["meta", "delta Ողջույն 👋"], "{how:?}");
        let end = &log[log.len() - 2..];
        assert_eq!(end, ["recovered , ինչո՞վ օգնեմ", "Recovered"], "{how:?}");
    }
}

#[test]
fn a_cut_page_is_a_failure() {
    for how in BREAKS {
        let page = bounded(move || async move {
            let (client, [service]) = http_2();
            let request = page();
            let frames = [head("application/json"), data(r#"{"state":"bot","mess"#)];
            let serving = serve(service, &frames, how);
            tokio::join!(client.messages(&request), serving).0
        });
        let broken = [ResponseError::BrokenOff, ResponseError::InvalidPage];
        let is_broken = matches!(&page, Err(Failure::Refused(refused)) if broken.contains(refused));
        assert!(is_broken, "{how:?}: {page:?}");
    }
}

/// Returns the failure of a message whose exchange is cut before an answer.
fn unanswered(how: Break) -> Failure {
    bounded(move || async move {
        let (client, [service]) = http_2();
        let request = message();
        let (reply, _) = tokio::join!(client.chat(&request), serve(service, &[], how));
        reply.unwrap_err()
    })
}

#[test]
fn a_message_that_http_2_reports_as_unprocessed_is_not_sent() {
    for how in [
        Break::Reset(REFUSED_STREAM),
        Break::GoAway(0, NO_ERROR),
        Break::GoAway(0, ENHANCE_YOUR_CALM),
        Break::GoAway(0, INTERNAL_ERROR),
    ] {
        let failure = unanswered(how);
        assert!(
            matches!(failure, Failure::NotSent(_)),
            "{how:?}: {failure:?}"
        );
    }
}

#[test]
fn a_message_cut_in_any_other_way_is_unanswered() {
    for how in [
        Break::Close,
        Break::Reset(NO_ERROR),
        Break::Reset(PROTOCOL_ERROR),
        Break::Reset(INTERNAL_ERROR),
        Break::Reset(STREAM_CLOSED),
        Break::Reset(CANCEL),
        Break::Reset(ENHANCE_YOUR_CALM),
        Break::Reset(HTTP_1_1_REQUIRED),
        Break::GoAway(STREAM, NO_ERROR),
        Break::GoAway(STREAM, ENHANCE_YOUR_CALM),
        Break::GoAway(u32::MAX >> 1, NO_ERROR),
        Break::Nonsense,
    ] {
        let failure = unanswered(how);
        assert!(
            matches!(failure, Failure::Unanswered(_)),
            "{how:?}: {failure:?}"
        );
    }
}

#[test]
fn a_session_sends_a_refused_message_again() {
    let log = bounded(|| async {
        let (client, [first, second, mut third]) = http_2();
        let mut session = Session::new(client);
        session.send(Message::new("Բարև 👋").unwrap()).unwrap();
        let talking = async {
            let mut log = Vec::new();
            while let Some(update) = session.next().await {
                log.push(in_short(&update));
            }
            log
        };
        let serving = async {
            let _ = serve(first, &[], Break::Reset(REFUSED_STREAM)).await;
            let _ = serve(second, &[], Break::GoAway(0, NO_ERROR)).await;
            let mut whole = reply(&[META, &delta("Ողջույն"), DONE]);
            whole.push(frame(DATA, END_STREAM, STREAM, &[]));
            begin(&mut third, &whole).await.unwrap();
            let _ = third.read_to_end(&mut Vec::new()).await;
        };
        tokio::join!(talking, serving).0
    });
    let delayed = "Message delayed: NotSent";
    let expected = [delayed, delayed, "meta", "delta Ողջույն", "done", "Done"];
    assert_eq!(log, expected);
}

/// Runs over sockets and TLS, with the default connector.
#[cfg(feature = "rustls")]
#[test]
fn a_reply_cut_over_tls_fails_as_incomplete() {
    use std::sync::Arc;

    use highchat_proto::http::Roots;
    use highchat_testing::trials::tls::Authority;
    use rustls::ServerConfig;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    let authority = Authority::new();
    let (certificate, key) = authority.vouch();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let mut config = config.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let roots = Roots::Pem(authority.pem().into_bytes().into());
    for how in BREAKS {
        let (acceptor, roots) = (acceptor.clone(), roots.clone());
        let log = in_a_thread(move || async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let mut config = Config::default();
            config.recovery_delays = [Duration::from_millis(1); 4];
            let endpoint = endpoint(&format!("https://localhost:{port}"));
            let client = Client::with_config(endpoint, config).with_roots(&roots);
            let mut session = Session::new(client.unwrap());
            session.send(Message::new("Բարև 👋").unwrap()).unwrap();
            let serving = async {
                let (stream, _) = listener.accept().await.unwrap();
                // Recovery must fail, so no further connection is accepted.
                drop(listener);
                let stream = acceptor.accept(stream).await.unwrap();
                let _ = serve(stream, &reply(&[META, &delta("Ողջույն")]), how).await;
            };
            let talking = async {
                let mut log = Vec::new();
                while let Some(update) = session.next().await {
                    log.push(in_short(&update));
                }
                log
            };
            tokio::join!(talking, serving).0
        });
        assert_eq!(log[..2], ["meta", "delta Ողջույն"], "{how:?}");
        let end = log.last().unwrap();
        assert!(
            end.starts_with("failed: the reply is incomplete"),
            "{how:?}: {log:?}"
        );
    }
}
