//! Helpers: a proxy with its key file, services for it, and requests over a plain socket.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Instant;

use highchat_proxy::{Config, KeySource, Proxy, Server};
use highchat_sandbox::{Playback, Sandbox, Step};
pub(crate) use highchat_testing::net::answer::{Answer, read_until};
pub(crate) use highchat_testing::trials::words::{DONE, HEAD as STREAM, META, delta};
use serde_json::{Value, json};

use crate::relay::Relay;

/// A timeout that is only reached if something hangs. A virtual machine whose host is busy may stand
/// still for more than ten seconds.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Any free port of this machine.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) const KEY: &str = "hc_very_secret";
pub(crate) const ORIGIN: &str = "https://shop.example";
pub(crate) const SECRET: &[u8] = b"the secret of the tests";

pub(crate) const COMMENT: &str = ": keepalive\n\n";

/// A file that is removed when this is dropped.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(text: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("secret-{}-{number}", std::process::id());
        let file = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        file.write(text);
        file
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("a file that can be written");
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A file that stays is in the build directory.
        let _ = fs::remove_file(&self.0);
    }
}

/// A running proxy with its key file.
pub(crate) struct TestProxy {
    pub(crate) server: Server,
    pub(crate) key_file: File,
}

impl TestProxy {
    /// Starts a proxy for the service at `base_url`. It has no limits of messages and polls, and
    /// does not search for cut replies, unless `set` sets these.
    pub(crate) fn start(base_url: &str, set: impl FnOnce(&mut Config)) -> Self {
        Self::with_key(KEY, base_url, set)
    }

    pub(crate) fn with_key(key: &str, base_url: &str, set: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(ANY_PORT, key, base_url, set)
    }

    pub(crate) fn start_on(
        listen: SocketAddr,
        key: &str,
        base_url: &str,
        set: impl FnOnce(&mut Config),
    ) -> Self {
        let key_file = File::new(&format!(" {key}\n"));
        let mut config = Config::default();
        config.base_url = base_url.into();
        config.messages_in_all = 0;
        config.messages_a_visitor = 0;
        config.polls_a_visitor = 0;
        config.poll_memory = Duration::ZERO;
        config.heal = false;
        config.recovery_delays = [Duration::from_millis(30); 4];
        let is_shared = share(&mut config);
        set(&mut config);
        let is_limited = config.messages_in_all > 0;
        let source = KeySource::File(key_file.path().into());
        let proxy = Proxy::new(config, source).expect("a sound configuration");
        let server = Server::start(proxy, listen, Some(ANY_PORT)).expect("free ports");
        let proxy = Self { server, key_file };
        if is_shared {
            proxy.until_redis_is_up(true);
            // A first proxy gets its messages after 2 s: others could return first.
            until(|| !is_limited || proxy.counter("highchat_proxy_redis_messages ") > 0);
        }
        proxy
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.server.addr())
    }

    /// Waits until the proxy has noticed that Redis is reached, or that it is not.
    pub(crate) fn until_redis_is_up(&self, is_up: bool) {
        until(|| self.counter("highchat_proxy_redis_up ") == u64::from(is_up));
    }

    /// Returns the value of a counter. `name` includes the labels and a space. Returns 0 if the
    /// page does not show it.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let page = self.server.proxy().metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |value| value.trim().parse().expect("a number"))
    }
}

/// Lets the proxies that a test starts for one service share their limits, if this environment
/// variable names a Redis server. So every test of this program also holds with Redis;
/// `.ci/steps/redis` runs them so. Returns whether it does.
#[cfg(feature = "redis")]
fn share(config: &mut Config) -> bool {
    let Ok(url) = std::env::var("HIGHCHAT_PROXY_TESTS_REDIS") else {
        return false;
    };
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Each test has a thread of its own.
        static TEST: String = format!(
            "test-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
    }
    let redis = highchat_proxy::Redis::new(&url).expect("the address of a Redis server");
    let service = &config.base_url;
    config.redis = Some(TEST.with(|test| {
        redis
            .with_prefix(format!("{test}-{service}"))
            .with_patience(LONG)
    }));
    true
}

/// Gives a proxy limits and conversations of its own, although another proxy of the same test is for
/// the same service.
pub(crate) fn separate(config: &mut Config) {
    #[cfg(feature = "redis")]
    {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("alone-{}-{number}", std::process::id());
        config.redis = config.redis.take().map(|redis| redis.with_prefix(prefix));
    }
    #[cfg(not(feature = "redis"))]
    let _ = config;
}

#[cfg(not(feature = "redis"))]
fn share(_: &mut Config) -> bool {
    false
}

pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("it listens");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

/// Starts a service that plays one script on each connection, in order.
pub(crate) fn play(scripts: impl IntoIterator<Item = Vec<Step>>) -> Playback {
    Playback::start(scripts).expect("a free port")
}

/// Starts a sandbox with the proxy's key, without delays and without a rate limit.
pub(crate) fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().key(KEY).token_delay(Duration::ZERO);
    builder.rate_limit(0).start().expect("a free port")
}

/// A visitor's request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: &'static str,
    target: String,
    headers: String,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: String::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn post(target: &str, body: &Value) -> Self {
        let call = Self::new("POST", target).body(body.to_string());
        call.header("content-type", "application/json")
    }

    pub(crate) fn chat(message: &str) -> Self {
        Self::post("/v1/chat", &json!({ "message": message }))
    }

    pub(crate) fn messages(id: &str) -> Self {
        Self::new("GET", format!("/v1/conversations/{id}/messages"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the request, and reads the answer to the end of the connection.
    pub(crate) fn send(self, proxy: &TestProxy) -> Answer {
        let mut stream = self.header("connection", "close").open(proxy);
        let mut received = Vec::new();
        stream.read_to_end(&mut received).expect("a whole answer");
        Answer::parse(&received)
    }

    /// Sends the request, and lets the service's answer through after the proxy has sent a comment.
    /// Returns the whole answer.
    pub(crate) fn send_to_late(self, relay: &Relay, proxy: &TestProxy) -> Answer {
        relay.hold();
        let mut stream = self.header("connection", "close").open(proxy);
        let mut received = read_until(&mut stream, COMMENT).into_bytes();
        relay.release();
        stream.read_to_end(&mut received).expect("a whole answer");
        Answer::parse(&received)
    }

    /// Sends the request. Returns the connection with the answer unread.
    pub(crate) fn open(self, proxy: &TestProxy) -> TcpStream {
        let mut stream = proxy.connect();
        stream.write_all(&self.bytes()).expect("an open connection");
        stream
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: proxy\r\n",
            self.method, self.target
        );
        head += &self.headers;
        if !self.body.is_empty() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        [head.as_bytes(), &self.body].concat()
    }
}

/// Waits until a condition is true.
///
/// # Panics
///
/// The condition is still false after [`LONG`].
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONG, "the condition did not become true");
        std::thread::sleep(Duration::from_millis(2));
    }
}
