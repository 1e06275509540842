//! Limits of time, bytes, connections and streams for one visitor.

use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use highchat_sandbox::Step;
use highchat_testing::trials::words;
use socket2::{Domain, SockRef, Socket, Type};

use crate::support::*;

const SHORT: Duration = Duration::from_millis(200);

/// Reads until the connection ends, properly or by a reset.
fn rest(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection did not end: {error}"),
    }
    String::from_utf8(received).unwrap()
}

#[test]
fn a_slow_head_and_a_slow_body_are_refused_and_a_silent_connection_is_closed() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |config| config.request_timeout = SHORT);
    let request = Call::chat("ա").bytes();
    for len in [0, 1, 30, request.len() - 1] {
        let mut stream = proxy.connect();
        stream.write_all(&request[..len]).unwrap();
        let answer = rest(stream);
        if len == 0 {
            assert_eq!(answer, "", "nothing was asked");
        } else {
            let refused = Answer::parse(answer.as_bytes()).refusal();
            assert_eq!(refused, (408, "invalid_input".to_owned()), "{len}");
        }
    }
    assert_eq!(service.connections(), 0);
}

#[test]
fn invalid_input_is_answered_in_the_apis_error_shape_and_counted() {
    let service = play([]);
    let head = |name: &str, length| {
        format!(
            "GET /healthz HTTP/1.1\r\n{name}: {}\r\n",
            "x".repeat(length)
        )
    };
    let many: String = (0..200).map(|n| format!("x{n}: y\r\n")).collect();
    let many = format!("GET /healthz HTTP/1.1\r\n{many}\r\n");
    for (origins, shown_to) in [(&[][..], None), (&[ORIGIN], Some("*"))] {
        let proxy = TestProxy::start(service.base_url(), |config| {
            config.allow_origins = origins.iter().map(|it| it.parse().unwrap()).collect();
        });
        let cases = [
            (head("x", 40_000), 431),
            // More bytes than are read after the refusal.
            (head("x", 3_000_000), 431),
            (many.clone(), 431),
            ("GET\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400),
            ("\x16\x03\x01\x02\x00".to_owned(), 400),
        ];
        let count = cases.len();
        for (request, status) in cases {
            let mut stream = proxy.connect();
            // The write fails if the refusal comes before it is complete.
            let _ = stream.write_all(request.as_bytes());

            let answer = Answer::parse(rest(stream).as_bytes());

            assert_eq!(answer.refusal(), (status, "invalid_input".to_owned()));
            assert_eq!(answer.header("access-control-allow-origin"), shown_to);
            assert_eq!(answer.header("connection"), Some("close"));
        }
        let counted = "highchat_proxy_requests_total{endpoint=\"other\",status=\"4xx\"} ";
        assert_eq!(proxy.counter(counted), count as u64);
    }
}

#[test]
fn invalid_input_after_a_valid_request_is_refused_too() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut stream, "ok\n");

    stream.write_all(b"nonsense\r\n\r\n").unwrap();

    let refused = Answer::parse(rest(stream).as_bytes()).refusal();
    assert_eq!(refused, (400, "invalid_input".to_owned()));
}

#[test]
fn a_body_without_an_end_is_refused() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = proxy.connect();
    let head = "POST /v1/chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        // Until the proxy stops reading.
        while writer.write_all(chunk.as_bytes()).is_ok() {}
    });

    let answer = read_until(&mut stream, "\r\n\r\n");

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    drop(rest(stream));
    writing.join().unwrap();
    assert_eq!(service.connections(), 0);
}

#[test]
fn connections_are_limited() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.connections = 3;
        config.connections_a_visitor = 2;
    });
    let mut kept = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut kept, "ok\n");
    let mut other = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut other, "ok\n");

    assert_eq!(rest(proxy.connect()), "");

    drop(kept);
    until(|| {
        let mut stream = Call::new("GET", "/healthz").open(&proxy);
        stream.read(&mut [0]).is_ok_and(|read| read == 1)
    });
}

#[test]
fn streams_are_limited_for_one_visitor_and_in_total() {
    let hold = vec![Step::send(format!("{STREAM}{META}")), Step::Hold];
    let service = play(vec![hold; 4]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.streams = 3;
        config.streams_a_visitor = 2;
        config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let from = |address: &str| Call::chat("ա").header("x-forwarded-for", address);
    let open = |address: &str| {
        let mut stream = from(address).open(&proxy);
        read_until(&mut stream, META);
        stream
    };
    let first = open("192.0.2.1");
    let _second = open("192.0.2.1");

    let refused = from("192.0.2.1").send(&proxy);
    assert_eq!(refused.refusal(), (503, "unavailable".to_owned()));
    assert!(refused.header("retry-after").is_some());
    let _third = open("192.0.2.2");
    assert_eq!(from("192.0.2.3").send(&proxy).status, 503);

    drop(first);
    until(|| proxy.counter("highchat_proxy_streams ") == 2);
    let _fourth = open("192.0.2.1");
    assert_eq!(service.connections(), 4);
}

#[test]
fn many_invalid_requests_do_not_block_a_visitor() {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |_| ());
    for _ in 0..20 {
        let flood = [(); 10].map(|()| proxy.connect());
        for (number, mut stream) in flood.into_iter().enumerate() {
            let nonsense = [
                &b"\x16\x03\x01"[..],
                b"GET\r\n\r\n",
                b"POST /v1/chat HTTP/1.1\r\n",
                b"\0",
            ];
            // The write fails if the refusal comes before it is complete.
            let _ = stream.write_all(nonsense[number % nonsense.len()]);
        }
    }

    assert!(Call::chat("ա").send(&proxy).body.contains("event: done"));
    until(|| proxy.counter("highchat_proxy_requests ") == 0);
}

/// A page of a little more than half a MiB, which no buffer between the proxy and a visitor
/// takes as a whole.
fn long_page() -> String {
    let body = format!("{{\"messages\":[],\"note\":\"{}\"}}", "ա".repeat(300_000));
    words::answer("200 OK", "content-type: application/json\r\n", &body)
}

/// Connects with the smallest buffers, and asks for a page.
fn ask_slowly(proxy: &TestProxy) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&proxy.server.addr().into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(LONG)).unwrap();
    let call = Call::messages("c1").header("connection", "close");
    stream.write_all(&call.bytes()).unwrap();
    stream
}

#[test]
fn the_bytes_that_slow_readers_make_the_proxy_hold_are_limited_in_all() {
    let service = play((0..8).map(|_| vec![Step::send(long_page())]));
    let proxy = TestProxy::start(service.base_url(), |config| config.held_bytes = 2 << 20);
    let mut readers: Vec<_> = (0..3).map(|_| ask_slowly(&proxy)).collect();
    for reader in &mut readers {
        read_until(reader, "\r\n\r\n");
    }

    let refused = Call::messages("c1").send(&proxy);
    assert_eq!(refused.refusal(), (503, "unavailable".to_owned()));
    assert!(refused.header("retry-after").is_some());

    // The others still get the whole page.
    let page = long_page();
    let (_, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(rest(readers.remove(0)) == body);
    until(|| Call::messages("c1").send(&proxy).status == 200);
}

#[test]
fn request_bodies_that_are_not_complete_count_as_held() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |config| config.held_bytes = 100_000);
    let body = vec![b' '; 60_000];
    let call = Call::new("POST", "/v1/chat").header("content-type", "application/json");
    let bytes = call.body(body).bytes();
    let mut slow = proxy.connect();
    slow.write_all(&bytes[..bytes.len() - 1]).unwrap();
    let other = || {
        let mut stream = proxy.connect();
        // The write fails if the refusal comes before it is complete.
        let _ = stream.write_all(&bytes);
        read_until(&mut stream, "\r\n\r\n")
    };

    until(|| other().starts_with("HTTP/1.1 503 "));

    drop(slow);
    until(|| other().starts_with("HTTP/1.1 400 "));
}

#[test]
fn a_visitor_who_reads_more_slowly_than_the_floor_is_disconnected() {
    let page = long_page();
    let (_, body) = page.split_once("\r\n\r\n").unwrap();
    // Reading the page takes some seconds.
    let window = Duration::from_millis(500);
    for (window, floor, is_whole) in [(window, 100 << 20, false), (LONG, 1024, true)] {
        let service = play([vec![Step::send(page.clone())]]);
        let proxy = TestProxy::start(service.base_url(), |config| {
            config.visitor_timeout = window;
            config.visitor_floor = floor;
        });
        let mut reader = ask_slowly(&proxy);
        read_until(&mut reader, "\r\n\r\n");
        let mut received = Vec::new();
        let mut piece = vec![0; 16 * 1024];
        let is_complete = loop {
            std::thread::sleep(Duration::from_millis(20));
            match reader.read(&mut piece) {
                Ok(0) => break received.len() == body.len(),
                Ok(len) => received.extend_from_slice(&piece[..len]),
                Err(_) => break false,
            }
        };
        assert_eq!(is_complete, is_whole, "{} bytes", received.len());
        assert!(body.as_bytes().starts_with(&received));
        assert!(SockRef::from(&reader).take_error().is_ok());
        until(|| proxy.counter("highchat_proxy_requests ") == 0);
    }
}
