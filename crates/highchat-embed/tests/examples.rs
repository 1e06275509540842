//! The examples' loops, with the sandbox and with scripted services.

#![allow(
    clippy::duplicate_mod,
    reason = "each example brings what all of them share"
)]

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use highchat_proto::{Credentials, Endpoint, Message};
use highchat_sandbox::{Person, Playback, Sandbox, Step};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/embedded_io.rs"]
mod over_embedded_io;
#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/embedded_io_async.rs"]
mod over_embedded_io_async;
#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/mio.rs"]
mod over_mio;
#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/smol.rs"]
mod over_smol;
#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/std_tcp.rs"]
mod over_std;
#[allow(dead_code, reason = "it has a main as well")]
#[path = "../examples/tls.rs"]
mod over_tls;
mod support;
use support::*;

/// The output of an example, its exit status, and its last error.
type Shown = (String, u8, String);

/// A loop without TLS.
type Loop = fn(Endpoint, Message) -> Shown;

macro_rules! shown {
    ($example:ident, $screen:ident => $talk:expr) => {{
        let mut shown = $example::support::Screen::new(Vec::new());
        let $screen = &mut shown;
        $talk.unwrap();
        let text = String::from_utf8(shown.out).unwrap();
        (text, shown.status, shown.error)
    }};
}

const LOOPS: [(&str, Loop); 5] = [
    (
        "std_tcp",
        |endpoint, message| shown!(over_std, screen => over_std::talk(endpoint, message, screen)),
    ),
    (
        "smol",
        |endpoint, message| shown!(over_smol, screen => smol::block_on(over_smol::talk(endpoint, message, screen))),
    ),
    (
        "embedded_io",
        |endpoint, message| shown!(over_embedded_io, screen => over_embedded_io::talk(endpoint, message, screen)),
    ),
    (
        "embedded_io_async",
        |endpoint, message| shown!(over_embedded_io_async, screen => smol::block_on(over_embedded_io_async::talk(endpoint, message, screen))),
    ),
    (
        "mio",
        |endpoint, message| shown!(over_mio, screen => over_mio::talk(endpoint, &message, 1, screen)),
    ),
];

/// Runs a test of each example. Most of it waits, so the examples run side by side.
fn each_loop(test: fn(&str, Loop)) {
    thread::scope(|scope| {
        for (name, talk) in LOOPS {
            scope.spawn(move || test(name, talk));
        }
    });
}

fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

#[test]
fn a_handoff_is_followed_to_its_end() {
    each_loop(|name, talk| {
        let person = Person::absent()
            .says(Duration::from_millis(50), "Բարև")
            .hands_back(Duration::from_millis(100));
        let builder = Sandbox::builder().token_delay(Duration::ZERO);
        let sandbox = builder.person(person).key(KEY).start().unwrap();
        let (shown, status, _) = talk(endpoint(sandbox.base_url()), message("/human"));
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[1..], ["Բարև"], "{name}: {shown}");
        assert!(lines[0].contains("աշխատակից"), "{name}: {shown}");
        assert_eq!(status, 0, "{name}");
    });
}

#[test]
fn a_hundred_conversations_share_a_thread() {
    let builder = Sandbox::builder().token_delay(Duration::from_millis(1));
    let sandbox = builder.rate_limit(0).key(KEY).start().unwrap();
    let mut screen = over_mio::support::Screen::new(Vec::new());
    let asking = message("/long 20");
    let good = over_mio::talk(endpoint(sandbox.base_url()), &asking, 100, &mut screen);
    assert_eq!(good.unwrap(), 100);
    let shown = String::from_utf8(screen.out).unwrap();
    assert_eq!(shown.split_whitespace().count(), 20, "{shown}");
    assert_eq!(sandbox.requests().len(), 100);
}

#[test]
fn each_example_exits_with_the_status_of_ask() {
    each_loop(exits_with_the_status_of_ask);
}

fn exits_with_the_status_of_ask(name: &str, talk: Loop) {
    let error = "event: error\ndata: {\"message\":\"e\"}\n\n";
    for (answer, expected) in [
        (reply(DONE), 0),
        // Without a conversation id, the reply cannot be recovered.
        ([HEAD, &delta("a")].concat(), 3),
        (String::new(), 3),
        (answer("401 Unauthorized", "", ""), 4),
        (answer("429 Slow", "retry-after: 900\r\n", ""), 5),
        (answer("404 Not Found", "", ""), 6),
        (reply(error), 8),
        (answer("500 Oops", "", ""), 8),
        (answer("302 Found", "location: /\r\n", ""), 8),
        (answer("200 OK", "content-type: text/html\r\n", ""), 8),
    ] {
        let service = Playback::start([vec![Step::send(answer.clone())]]).unwrap();
        let (_, status, _) = talk(endpoint(service.base_url()), message("a"));
        assert_eq!(status, expected, "{name}: {answer}");
        assert_eq!(service.requests().len(), 1, "{name}: {answer}");
    }
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let (_, status, error) = talk(endpoint(&gone), message("a"));
    assert_eq!(status, 7, "{name}");
    let place = gone.trim_start_matches("http://");
    let expected = format!("the service could not be reached: {place}: Connection refused");
    assert!(error.starts_with(&expected), "{name}: {error}");
}

/// A TLS service with a self-signed certificate. It answers once, or ends after three failed
/// handshakes.
fn tls_service(
    answer: String,
    says_goodbye: bool,
) -> (Endpoint, CertificateDer<'static>, JoinHandle<String>) {
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let config = Arc::new(config);
        for _ in 0..3 {
            let (stream, _) = listener.accept().unwrap();
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(tls, stream);
            let mut request = vec![0; 8 * 1024];
            // If the handshake fails, no byte is read.
            let len = stream.read(&mut request).unwrap_or_default();
            request.truncate(len);
            if len > 0 && stream.write_all(answer.as_bytes()).is_ok() {
                if says_goodbye {
                    stream.conn.send_close_notify();
                }
                let _ = stream.flush();
                return String::from_utf8(request).unwrap();
            }
        }
        String::new()
    });
    let credentials = Credentials::key(KEY).unwrap();
    let endpoint = Endpoint::new(&format!("https://localhost:{port}"), credentials);
    (endpoint.unwrap(), certificate, serving)
}

fn over_tls(endpoint: Endpoint, roots: RootCertStore) -> Shown {
    let config = ClientConfig::builder().with_root_certificates(roots);
    let config = Arc::new(config.with_no_client_auth());
    shown!(over_tls, screen => over_tls::talk(endpoint, message("a"), &config, screen))
}

#[test]
fn a_tls_connection_ends_in_order_only_with_a_close_notify() {
    // The last event has no blank line. It is whole only if the connection ends in order.
    let answer = [HEAD, &delta("Բարև"), DONE.trim_end()].concat();
    for (says_goodbye, expected) in [(true, 0), (false, 3)] {
        let (endpoint, certificate, serving) = tls_service(answer.clone(), says_goodbye);
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let (shown, status, _) = over_tls(endpoint, roots);
        assert_eq!((&*shown, status), ("Բարև\n", expected));
        let request = serving.join().unwrap();
        assert!(
            request.starts_with("POST /v1/chat HTTP/1.1\r\n"),
            "{request}"
        );
    }
}

#[test]
fn a_certificate_that_is_not_trusted_means_that_nothing_was_sent() {
    let (endpoint, _, serving) = tls_service(String::new(), true);
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let place = endpoint.authority();
    let (_, status, error) = over_tls(endpoint, roots);
    assert_eq!(status, 7);
    let expected = format!("the service could not be reached: {place}: invalid peer certificate");
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(serving.join().unwrap(), "");
}
