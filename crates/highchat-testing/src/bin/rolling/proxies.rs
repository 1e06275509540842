//! The programs `highchat proxy`.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

/// All proxies sign conversation ids with the same secret.
const SECRET: &str = "the secret of all three proxies";

/// A proxy that can be ended, and started again on its port.
pub(crate) struct Proxy {
    command: Command,
    port: u16,
    child: Child,
}

impl Proxy {
    pub(crate) fn start(
        program: &str,
        directory: &Path,
        service: &str,
        key: &str,
        number: usize,
    ) -> Self {
        let file = |name: &str, text: &str| {
            let path = directory.join(name);
            fs::write(&path, text).expect("a file that can be written");
            path
        };
        let port = free_port();
        let log = File::create(directory.join(format!("proxy-{number}.log"))).expect("a log");
        let mut command = Command::new(program);
        command
            .args(["proxy", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--base-url", service, "--trust", "127.0.0.1/32"])
            .args(["--messages", "0", "--visitor-messages", "0"])
            .arg("--key-file")
            .arg(file("key", key))
            .arg("--secret-file")
            .arg(file("secret", SECRET))
            .stdout(Stdio::piped())
            .stderr(log);
        let child = listening(&mut command);
        Self {
            command,
            port,
            child,
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn end(&mut self, patience: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(began.elapsed() < patience, "the proxy does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn start_again(&mut self) {
        // The log goes on in the same file.
        self.child = listening(&mut self.command);
    }

    /// Sends SIGTERM, and SIGKILL as soon as it no longer listens.
    pub(crate) fn kill_while_it_drains(&mut self) {
        self.signal(Signal::TERM);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "it still listens"
            );
        }
        let ended = self.child.try_wait().expect("a status");
        assert_eq!(ended, None, "no stream was open");
        self.child.kill().expect("it runs");
        self.child.wait().expect("a status");
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).expect("it runs");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a proxy, and waits until it listens.
fn listening(command: &mut Command) -> Child {
    let mut child = command.spawn().expect("the program");
    let output = child.stdout.take().expect("it is piped");
    let mut line = String::new();
    // The pipe closes if the program ends.
    BufReader::new(output).read_line(&mut line).expect("a line");
    assert!(
        line.starts_with("listening on"),
        "it does not listen: {line:?}"
    );
    child
}

/// A free port that the system gives to no outgoing connection. So it is still free after a
/// proxy has ended.
pub(crate) fn free_port() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("Linux");
    let first = range
        .split_whitespace()
        .next()
        .and_then(|first| first.parse().ok());
    let first: u16 = first.expect("a range");
    (0..1000)
        .map(|_| fastrand::u16(1024..first))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
