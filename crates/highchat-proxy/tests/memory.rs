//! What a stream holds while it waits for its next event, counted: the memory that is asked
//! for, whether it was ever touched or not.

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

/// Bytes that are held in the whole process: the visitors and the service hold sockets.
fn held() -> usize {
    let asked = ALLOCATOR.stats();
    asked.bytes_allocated - asked.bytes_deallocated
}

const REQUEST: &[u8] = b"POST /v1/chat HTTP/1.1\r\nhost: x\r\n\
    content-type: application/json\r\ncontent-length: 15\r\n\r\n{\"message\":\"a\"}";
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const META: &[u8] = b"event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
const DELTA: &[u8] = b"event: delta\ndata: {\"text\":\"a\"}\n\n";

/// Longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_secs(20);

/// Reads until `end` came.
fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let (mut received, mut byte) = (Vec::new(), [0]);
    while !received.ends_with(end) {
        stream.read_exact(&mut byte).expect("more is to come");
        received.push(byte[0]);
    }
}

/// A visitor with an open reply, and the service's side of it.
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
fn a_stream_that_waits_holds_at_most_22_kib_and_gives_them_back() {
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
    let held_by = |count: usize| {
        let open: Vec<_> = (0..count).map(|_| open(server.addr(), &service)).collect();
        let held = held();
        drop(open);
        let start = Instant::now();
        while streams(&server) > 0 {
            assert!(start.elapsed() < LONG, "a stream outlives its visitor");
            std::thread::sleep(Duration::from_millis(2));
        }
        held
    };
    // What is there once: tables and their first sizes.
    held_by(100);

    let (few, many) = (held_by(10), held_by(100));

    let each = (many - few) / 90;
    println!("a stream that waits holds {each} bytes");
    assert!((1..=22 << 10).contains(&each), "{each} bytes");
    // Whoever left, left nothing: the next hundred hold no more than the first.
    let again = held_by(100);
    let more = again.saturating_sub(many);
    assert!(more <= 1024, "{more} bytes more");
}
