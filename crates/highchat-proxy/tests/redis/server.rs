//! A Redis server for one test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::support::{ANY_PORT, until};

/// A server without a file: it is empty after a restart. It ends when this is dropped.
pub(crate) struct RedisServer {
    port: u16,
    process: Child,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let free = TcpListener::bind(ANY_PORT).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let process = spawn(port);
        Self { port, process }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server. All it knew is lost.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a process");
        self.process.wait().expect("an end");
    }

    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.port);
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

fn spawn(port: u16) -> Child {
    let process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server");
    until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}
