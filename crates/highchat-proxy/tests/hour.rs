//! Plays an hour of 500 visitors as fast as it goes, and checks that the proxy then has no more
//! descriptors, tasks and memory than before.
//!
//! The messages are as many as a key may send in an hour. The polls are as many as four visitors
//! make who wait for a person for the whole hour, with two tabs each. A part of the replies is
//! cut, refused, or left by its visitor.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::alloc::System;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use highchat_proxy::{Config, KeySource, Proxy, Server};
use socket2::{Domain, Socket, Type};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const VISITORS: usize = 500;
/// 30 messages a minute, which is the limit of a key.
const MESSAGES: usize = 60 * 30;
/// A client polls every 4 s.
const POLLS: usize = 4 * 900;
/// More than the number of conversations that a proxy remembers. After so many messages, its
/// tables do not grow.
const WARM_UP: usize = 4200;
/// How many visitors are there at the same time.
const AT_ONCE: usize = 8;

/// How many bytes more may be allocated at the end. If each of the 5400 requests left one
/// allocation of 32 bytes, it would be more, even though the conversations that the proxy
/// remembers take some 100 KiB less then.
const MAX_MORE: usize = 32 * 1024;

/// A timeout that is only reached if something hangs.
const LONG: Duration = Duration::from_secs(60);

const TEXT: &str = "Բարև 👋";
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const DELTA: &str = "event: delta\ndata: {\"text\":\"Բարև 👋 \"}\n\n";
const DONE: &str = "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:02Z\"}\n\n";

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    /// Cut, and then found.
    Healed,
    /// Cut, and the service does not have the reply.
    Lost,
    Refused,
    /// The visitor leaves after the first event.
    Left,
    /// The visitor leaves during the search.
    LeftInSearch,
}

const KINDS: [Kind; 10] = [
    Kind::Whole,
    Kind::Healed,
    Kind::Whole,
    Kind::Left,
    Kind::Whole,
    Kind::Refused,
    Kind::Whole,
    Kind::Lost,
    Kind::LeftInSearch,
    Kind::Whole,
];

/// Answers one request. The kind of a message is in its text, and again in the id of its
/// conversation.
fn answer(mut stream: TcpStream, count: &AtomicUsize) -> io::Result<()> {
    stream.set_read_timeout(Some(LONG))?;
    let request = read_request(&mut stream)?;
    let kind = KINDS
        .iter()
        .find(|kind| request.contains(&format!("-{kind:?}-")));
    if request.starts_with("GET ") {
        let messages = match kind {
            Some(Kind::Healed) => found(),
            _ => String::new(),
        };
        let page = format!("{{\"state\":\"bot\",\"messages\":[{messages}]}}");
        return write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        );
    }
    let kind = kind.copied().unwrap_or(Kind::Whole);
    let number = count.fetch_add(1, Ordering::Relaxed);
    let meta = format!("event: meta\ndata: {{\"conversation_id\":\"{number}-{kind:?}-\"}}\n\n");
    match kind {
        Kind::Whole => write!(stream, "{HEAD}{meta}{DELTA}{DELTA}{DONE}"),
        Kind::Refused => write!(
            stream,
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{{}}"
        ),
        Kind::Healed | Kind::Lost | Kind::LeftInSearch => {
            write!(stream, "{HEAD}{meta}{DELTA}event: del")
        }
        Kind::Left => {
            write!(stream, "{HEAD}{meta}{DELTA}")?;
            // Until the proxy closes the connection.
            stream.read(&mut [0]).map(drop)
        }
    }
}

/// The messages of a conversation whose reply was cut after its first delta.
fn found() -> String {
    format!(
        "{{\"id\":\"u\",\"role\":\"user\",\"content\":\"{TEXT} -Healed-\",\
          \"created_at\":\"2026-06-14T10:00:01Z\"}},\
         {{\"id\":\"m\",\"role\":\"assistant\",\"content\":\"{TEXT} և ցտեսություն\",\
          \"created_at\":\"2026-06-14T10:00:02Z\"}}"
    )
}

fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let (mut received, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let len = stream.read(&mut piece)?;
        received.extend_from_slice(&piece[..len]);
        let text = String::from_utf8_lossy(&received);
        let is_whole = match text.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("POST ") => body.ends_with('}'),
            Some(_) => true,
            None => false,
        };
        if is_whole || len == 0 {
            return Ok(text.into_owned());
        }
    }
}

/// Connects from the address of a visitor.
fn connect(proxy: SocketAddr, visitor: usize) -> io::Result<TcpStream> {
    let [.., high, low] = (visitor % VISITORS).to_be_bytes();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)).into())?;
    socket.connect(&proxy.into())?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(LONG))?;
    Ok(stream)
}

fn send_message(proxy: SocketAddr, visitor: usize, kind: Kind) -> io::Result<()> {
    let mut stream = connect(proxy, visitor)?;
    let body = format!("{{\"message\":\"{TEXT} -{kind:?}-\"}}");
    write!(
        stream,
        "POST /v1/chat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let until = match kind {
        Kind::Left => "event: delta\n",
        Kind::LeftInSearch => ": keepalive\n",
        _ => "\0 never",
    };
    let received = read_until(&mut stream, until)?;
    let has = |text: &str| received.contains(text);
    let is_right = match kind {
        Kind::Whole => has("event: done\n"),
        Kind::Healed => has("ցտեսություն") && has("event: done\n"),
        Kind::Lost => has("event: error\n") && !has("event: done\n"),
        Kind::Refused => received.starts_with("HTTP/1.1 500 "),
        Kind::Left | Kind::LeftInSearch => has(until),
    };
    assert!(is_right, "{kind:?}: {received}");
    Ok(())
}

/// Polls from two tabs at the same time.
fn poll(proxy: SocketAddr, visitor: usize) -> io::Result<()> {
    let mut tabs = [connect(proxy, visitor)?, connect(proxy, visitor)?];
    for tab in &mut tabs {
        write!(
            tab,
            "GET /v1/conversations/{visitor}/messages HTTP/1.1\r\nhost: x\r\n\
             connection: close\r\n\r\n"
        )?;
    }
    for tab in &mut tabs {
        let page = read_until(tab, "\0 never")?;
        assert!(page.ends_with("\"messages\":[]}"), "{page}");
    }
    Ok(())
}

fn read_until(stream: &mut TcpStream, end: &str) -> io::Result<String> {
    let (mut received, mut piece) = (String::new(), [0; 4096]);
    let mut bytes = Vec::new();
    while !received.contains(end) {
        match stream.read(&mut piece)? {
            0 => break,
            len => bytes.extend_from_slice(&piece[..len]),
        }
        received = String::from_utf8_lossy(&bytes).into_owned();
    }
    Ok(received)
}

/// Does `work` with each number below `count`, on several threads.
fn at_once(count: usize, work: impl Fn(usize) -> io::Result<()> + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(number).expect("an answer");
                }
            });
        }
    });
}

#[derive(Clone, Copy, Debug)]
struct Usage {
    descriptors: usize,
    tasks: usize,
    allocated: usize,
}

impl Usage {
    fn now(server: &Server) -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            tasks: server.tasks(),
            allocated: stats.bytes_allocated - stats.bytes_deallocated,
        }
    }

    fn is_back_to(&self, base: Self) -> bool {
        self.descriptors == base.descriptors
            && self.tasks == base.tasks
            && self.allocated <= base.allocated + MAX_MORE
    }
}

/// Waits until no connection is open: only the task that accepts them is left.
fn quiet(server: &Server) {
    let start = Instant::now();
    while server.tasks() > 1 {
        assert!(start.elapsed() < LONG, "{} tasks", server.tasks());
        thread::sleep(Duration::from_millis(5));
    }
}

fn start_service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = listener.local_addr().expect("it is bound");
    let count = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            // The proxy may leave at any time.
            thread::spawn(move || answer(stream, &count));
        }
    });
    addr
}

#[test]
fn after_an_hour_of_500_visitors_descriptors_tasks_and_memory_are_as_before() {
    let service = start_service();
    let key = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hour-key");
    fs::write(&key, "hc_very_secret").expect("a file");
    let mut config = Config::default();
    config.base_url = format!("http://{service}");
    // The hour passes too fast for the limits of a minute.
    config.messages_in_all = 0;
    config.messages_a_visitor = 0;
    config.polls_a_visitor = 0;
    config.poll_memory = Duration::from_millis(2);
    config.recovery_delays = [Duration::from_millis(5); 4];
    let proxy = Proxy::new(config, KeySource::File(key)).expect("a sound configuration");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(proxy, any, None).expect("a free port");
    let addr = server.addr();
    at_once(WARM_UP, |number| send_message(addr, number, Kind::Whole));
    let talk = |number: usize| {
        send_message(addr, number, KINDS[number % KINDS.len()])?;
        (0..POLLS / MESSAGES / 2).try_for_each(|_| poll(addr, number))
    };
    at_once(VISITORS, talk);
    quiet(&server);
    let base = Usage::now(&server);

    at_once(MESSAGES, talk);

    let start = Instant::now();
    let mut usage = Usage::now(&server);
    while !usage.is_back_to(base) {
        assert!(start.elapsed() < LONG, "{usage:?}, not {base:?}");
        thread::sleep(Duration::from_millis(5));
        usage = Usage::now(&server);
    }
    println!("before: {base:?}\nafter:  {usage:?}");
    let page = server.proxy().metrics();
    let healed = page
        .lines()
        .find(|line| line.contains("outcome=\"healed\""));
    assert!(healed.is_some_and(|line| !line.ends_with(" 0")), "{page}");
}
