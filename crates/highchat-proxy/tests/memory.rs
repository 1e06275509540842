//! Measures how much memory a stream allocates while it waits for its next event. All
//! allocated bytes count, whether they were used or not.

use core::net::SocketAddr;
use core::time::Duration;
use std::alloc::System;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use highchat_proxy::{Config, KeySource, Proxy, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Returns how many bytes the whole process has allocated. The visitors and the service of
/// this test only hold sockets.
fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const REQUEST: &[u8] = b"POST /v1/chat HTTP/1.1\r\nhost: x\r\n\
    content-type: application/json\r\ncontent-length: 15\r\n\r\n{\"message\":\"a\"}";
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const META: &[u8] = b"event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
const DELTA: &[u8] = b"event: delta\ndata: {\"text\":\"a\"}\n\n";

/// A timeout that is only reached if something hangs.
const LONG: Duration = Duration::from_secs(20);

/// Reads until the input ends with `end`.
fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let (mut received, mut byte) = (Vec::new(), [0]);
    while !received.ends_with(end) {
        stream.read_exact(&mut byte).expect("more is to come");
        received.push(byte[0]);
    }
}

/// Opens a reply. Returns the visitor's connection and the service's.
fn open(proxy: SocketAddr, service: &TcpListener) -> [TcpStream; 2] {
    let mut visitor = TcpStream::connect(proxy).expect("it listens");
    visitor.set_read_timeout(Some(LONG)).expect("a timeout");
    visitor.write_all(REQUEST).expect("it is taken");
    let (mut asked, _) = service.accept().expect("the service is asked");
    asked.set_read_timeout(Some(LONG)).expect("a timeout");
    read_until(&mut asked, b"{\"message\":\"a\"}");
    asked.write_all(&[HEAD, META].concat()).expect("it is read");
    read_until(&mut visitor, META);
    for _ in 0..10 {
        asked.write_all(DELTA).expect("it is read");
        read_until(&mut visitor, DELTA);
    }
    [visitor, asked]
}

fn streams(server: &Server) -> usize {
    let page = server.proxy().metrics();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix("highchat_proxy_streams "));
    value.expect("it is counted").parse().expect("a number")
}

#[test]
fn a_waiting_stream_allocates_at_most_23_kib_and_frees_them() {
    let service = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let key = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("memory-key");
    std::fs::write(&key, "hc_very_secret").expect("a file");
    let mut config = Config::default();
    config.base_url = format!("http://{}", service.local_addr().expect("it is bound"));
    config.messages_in_all = 0;
    config.messages_a_visitor = 0;
    config.streams_a_visitor = 200;
    config.connections_a_visitor = 200;
    let proxy = Proxy::new(config, KeySource::File(key)).expect("a sound configuration");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(proxy, any, None).expect("a free port");
    let allocated_with = |count: usize| {
        let open: Vec<_> = (0..count).map(|_| open(server.addr(), &service)).collect();
        let bytes = allocated();
        drop(open);
        let start = Instant::now();
        while streams(&server) > 0 {
            assert!(
                start.elapsed() < LONG,
                "a stream is open after its visitor has left"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        bytes
    };
    // The first run also allocates tables, which stay.
    allocated_with(100);

    let (few, many) = (allocated_with(10), allocated_with(100));

    let each = (many - few) / 90;
    println!("a waiting stream allocates {each} bytes");
    assert!((1..=23 << 10).contains(&each), "{each} bytes");
    // Visitors who have left leave nothing: the next hundred use no more than the first.
    let again = allocated_with(100);
    let more = again.saturating_sub(many);
    assert!(more <= 1024, "{more} bytes more");
}
