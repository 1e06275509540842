//! A Redis server for one test.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU16, Ordering};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// How many ports are tried.
const MAX_ATTEMPTS: usize = 100;

/// Below the ports that systems give to other sockets, so that a server finds its port free when it
/// starts and when it restarts.
const FIRST_PORT: u16 = 20_000;

/// A server without a file: it is empty after a restart. It ends when this is dropped.
pub(crate) struct RedisServer {
    port: u16,
    process: Child,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU16 = AtomicU16::new(0);
        // Another run of these tests begins elsewhere.
        let offset = (std::process::id() % 100) as u16 * 100;
        let started = (0..MAX_ATTEMPTS).find_map(|_| {
            let port = FIRST_PORT + offset + COUNT.fetch_add(1, Ordering::Relaxed) % 100;
            let process = spawn(port)?;
            Some(Self { port, process })
        });
        started.expect("redis-server, and a free port")
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// Kills the server. All it knew is lost.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a process");
        self.process.wait().expect("an end");
    }

    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.port).expect("the port is still free");
    }

    /// Stops the server: it keeps its connections, and answers nothing until it continues.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Runs redis-cli. Returns the lines that it prints.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Vec<String> {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(arguments);
        let output = command.output().expect("redis-cli");
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8_lossy(&output.stdout);
        printed.lines().map(str::to_owned).collect()
    }

    /// How often a command was called, by scripts too.
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let lines = self.ask(&["info", "commandstats"]);
        let start = format!("cmdstat_{command}:calls=");
        let line = lines.iter().find_map(|line| line.strip_prefix(&start));
        let count = line.and_then(|line| line.split(',').next());
        count.map_or(0, |count| count.parse().expect("a number"))
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It is gone if the test has killed it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a server, and waits until it accepts connections. Returns `None` if the port is taken: a
/// connection alone could be to the server of another test.
fn spawn(port: u16) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server");
    // It goes on when nobody reads its log any longer.
    let log = BufReader::new(process.stdout.take().expect("a pipe"));
    let mut lines = log.lines().map_while(Result::ok);
    if lines.any(|line| line.contains("Ready to accept connections")) {
        return Some(process);
    }
    process.wait().expect("an end");
    None
}
