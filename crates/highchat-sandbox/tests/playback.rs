//! Tests of each step of a playback, over real sockets.

use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use highchat_sandbox::{Playback, Step};

/// A timeout that is only reached if something hangs.
const LONG: Duration = Duration::from_secs(20);

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";

fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Playback {
    Playback::start(scripts).expect("a free port")
}

fn connect(playback: &Playback) -> TcpStream {
    let stream = TcpStream::connect(playback.addr()).expect("the playback listens");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

fn send(playback: &Playback, request: &[u8]) -> TcpStream {
    let mut stream = connect(playback);
    stream.write_all(request).expect("an open connection");
    stream
}

fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("a clean end");
    received
}

fn is_silent(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("nonblocking");
    let mut reader = stream;
    let silent =
        matches!(reader.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false).expect("blocking");
    silent
}

#[test]
fn bytes_are_sent_unchanged_and_the_end_of_the_script_closes_the_connection() {
    let playback = start([vec![Step::send([0, 255]), Step::send("\r\nx")]]);

    assert_eq!(rest(send(&playback, GET)), [0, 255, b'\r', b'\n', b'x']);
    assert_eq!(playback.base_url(), format!("http://{}", playback.addr()));
}

#[test]
fn each_connection_plays_its_script_and_further_connections_are_closed() {
    let playback = start([vec![Step::send("one")], vec![Step::send("two")]]);

    assert_eq!(rest(send(&playback, GET)), b"one");
    assert_eq!(rest(send(&playback, GET)), b"two");
    assert_eq!(rest(connect(&playback)), b"");
    assert_eq!(playback.connections(), 3);
    assert_eq!(playback.requests(), [GET, GET]);
}

#[test]
fn connections_are_played_at_the_same_time() {
    let playback = start([vec![Step::Hold], vec![Step::send("two")]]);

    let first = send(&playback, GET);
    assert_eq!(rest(send(&playback, GET)), b"two");
    assert!(is_silent(&first));
}

#[test]
fn a_script_begins_when_the_request_is_complete() {
    let playback = start([vec![Step::send("x")]]);
    let mut stream = connect(&playback);

    for byte in &POST[..POST.len() - 1] {
        stream.write_all(&[*byte]).unwrap();
    }
    assert!(!playback.wait_for_requests(1, Duration::from_millis(50)));
    assert!(is_silent(&stream));
    stream.write_all(&POST[POST.len() - 1..]).unwrap();

    assert!(playback.wait_for_requests(1, LONG));
    assert_eq!(rest(stream), b"x");
    assert_eq!(playback.requests(), [POST]);
}

#[test]
fn a_pause_has_the_given_length() {
    let pause = Duration::from_millis(60);
    let playback = start([vec![Step::send("a"), Step::Pause(pause), Step::send("b")]]);

    let began = Instant::now();
    assert_eq!(rest(send(&playback, GET)), b"ab");

    assert!(began.elapsed() >= pause);
}

#[test]
fn a_script_can_wait_for_the_next_request_of_its_connection() {
    let playback = start([vec![
        Step::send("one"),
        Step::AwaitRequest,
        Step::send("two"),
    ]]);
    let mut stream = send(&playback, GET);
    stream.read_exact(&mut [0; 3]).unwrap();
    assert!(is_silent(&stream));

    stream.write_all(POST).unwrap();

    assert_eq!(rest(stream), b"two");
    assert_eq!(playback.requests(), [GET, POST]);
    assert_eq!(playback.connections(), 1);
}

#[test]
fn requests_in_one_packet_are_recorded_separately() {
    let playback = start([vec![Step::AwaitRequest, Step::send("x")]]);

    assert_eq!(rest(send(&playback, &[POST, GET].concat())), b"x");
    assert_eq!(playback.requests(), [POST, GET]);
}

#[test]
fn a_request_that_no_script_waits_for_is_recorded() {
    let playback = start([vec![Step::Hold]]);
    let _stream = send(&playback, &[GET, POST].concat());

    assert!(playback.wait_for_requests(2, LONG));
    assert_eq!(playback.requests(), [GET, POST]);
}

#[test]
fn close_ends_the_script_before_its_end() {
    let playback = start([vec![Step::send("x"), Step::Close, Step::send("y")]]);

    assert_eq!(rest(send(&playback, GET)), b"x");
}

#[test]
fn reset_ends_the_connection_with_a_reset() {
    let playback = start([vec![Step::send("x"), Step::AwaitRequest, Step::Reset]]);
    let mut stream = send(&playback, GET);
    stream.read_exact(&mut [0]).unwrap();
    stream.write_all(GET).unwrap();

    let error = stream.read(&mut [0]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn hold_lasts_until_the_client_closes() {
    let playback = start([vec![Step::send("x"), Step::Hold]]);
    let mut stream = send(&playback, GET);
    stream.read_exact(&mut [0]).unwrap();
    assert!(!playback.wait_for_close(0, Duration::from_millis(50)));
    assert!(is_silent(&stream));

    drop(stream);

    assert!(playback.wait_for_close(0, LONG));
}

#[test]
fn a_connection_that_the_script_closed_does_not_count_as_closed_by_the_client() {
    let playback = start([vec![Step::Close]]);

    drop(rest(send(&playback, GET)));

    assert!(!playback.wait_for_close(0, Duration::from_millis(50)));
    assert!(!playback.wait_for_close(7, Duration::ZERO));
}

#[test]
fn dropping_a_playback_stops_every_step() {
    let full = vec![0; 64 * 1024 * 1024];
    let playback = start([
        vec![Step::Hold],
        vec![Step::Pause(Duration::MAX)],
        vec![Step::AwaitRequest],
        vec![Step::Send(full)],
        vec![],
    ]);
    let _held = [GET; 4].map(|request| send(&playback, request));
    let _without_request = connect(&playback);
    assert!(playback.wait_for_requests(4, LONG));

    let began = Instant::now();
    drop(playback);

    assert!(began.elapsed() < LONG);
}
