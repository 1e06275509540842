//! What a stream holds while it waits for its next event, counted: the memory that is asked
//! for, whether it was ever touched or not.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::alloc::System;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use highchat_proxy::{Config, KeySource, Proxy, Server};

/// Bytes held that were asked for outside of [`IS_TEST`].
static HELD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The visitors' and the service's thread: what it holds is not the proxy's.
    static IS_TEST: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

impl Counting {
    fn count(taken: usize, given: usize) {
        // A thread that is ending is no test.
        if !IS_TEST.try_with(Cell::get).unwrap_or(false) {
            HELD.fetch_add(taken, Ordering::Relaxed);
            HELD.fetch_sub(given, Ordering::Relaxed);
        }
    }
}

#[allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and passes each call on \
              to the system's as it came, so the caller's promises hold for that one"
)]
// SAFETY: every block comes from `System`, and goes back to it with its own layout. The
// counter neither allocates (it is `const` and needs no drop) nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    IS_TEST.set(true);
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
        let held = HELD.load(Ordering::Relaxed);
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
