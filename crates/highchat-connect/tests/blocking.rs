//! Blocking connections and the meaning of their failures.

use core::time::Duration;
use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use highchat_connect::blocking::{Closer, Connection, Connector};
use highchat_proto::{Credentials, Endpoint, Failure};
use highchat_sandbox::{Playback, Step};

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(50);

fn connector(base_url: &str) -> Connector {
    let credentials = Credentials::key("hc_test").unwrap();
    Connector::new(&Endpoint::new(base_url, credentials).unwrap(), LONG)
}

/// Connects to a service that plays `script`, and sends a request.
fn connected(script: Vec<Step>, closer: &Closer) -> (Playback, Connection) {
    let service = Playback::start([script]).unwrap();
    let base_url = format!("{}/base", service.base_url());
    let mut connection = connector(&base_url).connect(closer).unwrap();
    connection.set_time_left(LONG);
    connection.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    (service, connection)
}

#[test]
fn a_connection_carries_bytes_both_ways_and_closes_when_it_is_dropped() {
    let script = vec![Step::send("պատասխան 👋"), Step::Hold];
    let (service, mut connection) = connected(script, &Closer::default());

    let mut answer = vec![0; "պատասխան 👋".len()];
    connection.read_exact(&mut answer).unwrap();

    assert_eq!(String::from_utf8(answer).unwrap(), "պատասխան 👋");
    drop(connection);
    assert!(service.wait_for_close(0, LONG));
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_read_that_timed_out_can_be_repeated() {
    let script = vec![Step::Pause(4 * SHORT), Step::send("ուշ ⏰"), Step::Hold];
    let (_service, mut connection) = connected(script, &Closer::default());
    let mut answer = vec![0; "ուշ ⏰".len()];

    let began = Instant::now();
    connection.set_time_left(SHORT);
    let error = connection.read(&mut answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!((SHORT..LONG).contains(&began.elapsed()));

    connection.set_time_left(Duration::MAX);
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "ուշ ⏰");
}

#[test]
fn a_time_that_the_caller_read_counts_for_one_read_only() {
    let one_by_one = (0..1000).flat_map(|_| [Step::send("+"), Step::Pause(SHORT)]);
    let (_service, mut connection) = connected(one_by_one.collect(), &Closer::default());

    connection.set_time_left_at(Instant::now(), 3 * SHORT);
    let (mut len, mut byte) = (0, [0; 1]);
    let error = loop {
        match connection.read(&mut byte) {
            Ok(read) => len += read,
            Err(error) => break error,
        }
    };

    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(len < 1000);
}

#[test]
fn a_byte_stays_in_the_buffer_until_it_is_consumed() {
    let script = vec![Step::send("բարև 👋"), Step::Hold];
    let (_service, mut connection) = connected(script, &Closer::default());
    assert!(connection.buffer().is_empty());

    let len = connection.fill_buf().unwrap().len();
    assert_eq!(connection.fill_buf().unwrap(), &"բարև 👋".as_bytes()[..len]);
    connection.consume(len - 1);
    let last = connection.buffer().to_vec();
    assert_eq!(last, &"բարև 👋".as_bytes()[len - 1..len]);
    connection.consume(1);
    assert!(connection.buffer().is_empty());
}

#[test]
fn a_connection_is_quiet_until_bytes_arrive_or_it_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let connect = || {
        let connection = connector(&base_url).connect(&Closer::default()).unwrap();
        (connection, listener.accept().unwrap().0)
    };
    let mut byte = [0; 1];

    let (mut connection, mut service) = connect();
    assert!(connection.is_quiet());
    service.write_all("👋".as_bytes()).unwrap();
    connection.set_time_left(LONG);
    connection.read_exact(&mut byte).unwrap();
    assert!(!connection.is_quiet(), "three bytes were read ahead");

    let (mut connection, mut service) = connect();
    service.write_all(b"+").unwrap();
    connection.set_time_left(LONG);
    connection.read_exact(&mut byte).unwrap();
    assert!(connection.is_quiet(), "the answer was read to its end");
    service.write_all(b"+").unwrap();
    connection.read_exact(&mut byte).unwrap();
    service.write_all(b"+").unwrap();
    assert!(!connection.is_quiet(), "a byte waits in the socket");

    let (mut connection, service) = connect();
    drop(service);
    assert!(!connection.is_quiet(), "closed by the service");
}

/// The bytes may be decrypted already, or still be encrypted.
#[cfg(feature = "blocking-rustls")]
#[test]
fn a_tls_connection_is_not_quiet_if_bytes_arrived_with_the_answer() {
    use std::sync::Arc;

    use highchat_proto::http::Roots;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection};

    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key);
    let config = Arc::new(config.unwrap());
    let roots = Roots::Pem(made.cert.pem().into_bytes().into());
    let answer = "👋".repeat(1000);

    for (surplus, is_quiet) in [(0, true), (1, false), (1000, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (config, sent) = (Arc::clone(&config), answer.clone());
        let serving = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut tls = ServerConnection::new(config).unwrap();
            while tls.is_handshaking() {
                tls.complete_io(&mut socket).unwrap();
            }
            // Two records, with one write.
            for text in [&sent, &sent[..4 * surplus]] {
                tls.writer().write_all(text.as_bytes()).unwrap();
            }
            tls.write_tls(&mut socket).unwrap();
            socket
        });
        let endpoint = format!("https://localhost:{port}");
        let endpoint = Endpoint::new(&endpoint, Credentials::key("hc_test").unwrap()).unwrap();
        let connector = Connector::with_roots(&endpoint, LONG, &roots).unwrap();
        let mut connection = connector.connect(&Closer::default()).unwrap();
        connection.set_time_left(LONG);
        let mut read = vec![0; answer.len()];
        connection.read_exact(&mut read).unwrap();
        assert_eq!(read, answer.as_bytes());
        let socket = serving.join().unwrap();
        assert_eq!(connection.is_quiet(), is_quiet, "{surplus}");
        drop(socket);
    }
}

#[test]
fn a_connection_is_closed_only_by_the_closer_that_was_set_last() {
    let (first, last) = (Closer::default(), Closer::default());
    let script = vec![Step::send("բարև 👋"), Step::Hold];
    let (service, mut connection) = connected(script, &first);
    connection.set_closer(&last).unwrap();

    first.close();
    let mut answer = vec![0; "բարև 👋".len()];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "բարև 👋");

    last.close();
    assert!(service.wait_for_close(0, LONG));
    let error = connection.set_closer(&Closer::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

#[test]
fn a_closed_closer_takes_no_connection_and_makes_none() {
    let closer = Closer::default();
    closer.close();
    let (service, mut connection) = connected(vec![Step::Hold], &Closer::default());
    let error = connection.set_closer(&closer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);

    let failure = connector(service.base_url()).connect(&closer).unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure}");
    drop(connection);
    assert!(service.wait_for_close(0, LONG));
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_closer_ends_a_blocked_read() {
    let closer = Closer::default();
    let (service, mut connection) = connected(vec![Step::Hold], &closer);
    let closing = thread::spawn(move || {
        assert!(service.wait_for_requests(1, LONG));
        closer.close();
        assert!(service.wait_for_close(0, LONG));
    });

    let began = Instant::now();
    let read = connection.read(&mut [0; 9]);

    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    assert!(began.elapsed() < LONG);
    closing.join().unwrap();
}

#[test]
fn a_used_closer_prevents_a_new_connection() {
    let service = Playback::start([vec![Step::Hold]]).unwrap();
    let closer = Closer::default();
    closer.close();

    let failure = connector(service.base_url()).connect(&closer).unwrap_err();

    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(service.requests().is_empty());
}

#[test]
fn a_failure_to_connect_means_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = free.local_addr().unwrap().to_string();
    drop(free);

    let connector = connector(&format!("http://{place}"));
    let failure = connector.connect(&Closer::default()).unwrap_err();

    assert_eq!(connector.place(), place);
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(failure.to_string().contains(&place), "{failure}");
}

#[cfg(not(feature = "blocking-rustls"))]
#[test]
fn a_service_that_needs_tls_gets_no_plain_request() {
    let service = Playback::start([vec![Step::Hold]]).unwrap();
    let base_url = service.base_url().replace("http:", "https:");

    let failure = connector(&base_url).connect(&Closer::default());

    let failure = failure.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(service.requests().is_empty());
}
