//! `highchat sandbox` in a separate process with a thousand streams at the same time.
//!
//! To see the memory that a stream takes:
//! `cargo test -p highchat-cli --test load -- --nocapture`.

#![cfg(target_os = "linux")]

use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use rustix::process::{Resource, getrlimit, setrlimit};

mod support;
use support::*;

const STREAMS: usize = 1000;

/// A sandbox in a separate process, and its address.
struct SandboxProcess(Child, String);

impl SandboxProcess {
    fn start(token_delay: &str) -> Self {
        // This process also needs a descriptor for each stream.
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum.map(|maximum| maximum.min(20_000));
        // If the machine allows fewer, opening a stream fails and says so.
        let _ = setrlimit(Resource::Nofile, limit);
        let mut command = highchat(["sandbox", "--port", "0", "--key", KEY]);
        command.args(["--rate-limit", "0", "--ping-interval", "200"]);
        command.args(["--token-delay", token_delay]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("listening on http://").unwrap();
        Self(child, addr.to_owned())
    }

    /// Sends a message on a new connection.
    fn send(&self, message: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let body = format!("{{\"message\":\"{message}\"}}");
        let length = body.len();
        let head = format!(
            "POST /v1/chat HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {KEY}\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n",
            self.1
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        stream
    }

    /// The memory of the sandbox, in bytes.
    fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_until(stream: &mut TcpStream, end: &str) {
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    while !received
        .windows(end.len())
        .any(|part| part == end.as_bytes())
    {
        let length = stream.read(&mut chunk).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&chunk[..length]);
    }
}

#[test]
fn each_of_a_thousand_streams_takes_little_memory() {
    let service = SandboxProcess::start("0");
    // Allocates what every process needs once.
    read_until(&mut service.send("a"), "event: done");
    let before = service.memory();

    let mut streams: Vec<_> = (0..STREAMS)
        .map(|_| service.send("/fault stall-pings /long 8"))
        .collect();
    for stream in &mut streams {
        read_until(stream, "event: ping");
    }

    let each = (service.memory() - before) / STREAMS;
    println!("{STREAMS} streams at once: {each} bytes of memory each");
    assert!(each < 256 * 1024, "{each}");
}

#[test]
fn a_thousand_streams_complete_without_an_error() {
    let service = SandboxProcess::start("20");

    let streams: Vec<_> = (0..STREAMS).map(|_| service.send("/long 12")).collect();

    for mut stream in streams {
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(
            reply.contains("event: done") && reply.ends_with("0\r\n\r\n"),
            "{reply}"
        );
        assert_eq!(reply.matches("event: delta").count(), 12);
    }
}

#[test]
fn a_client_that_stops_reading_takes_bounded_memory() {
    const STOPPED: usize = 50;
    let service = SandboxProcess::start("0");
    read_until(&mut service.send("a"), "event: done");
    let before = service.memory();

    let mut streams: Vec<_> = (0..STOPPED).map(|_| service.send("/long 10000")).collect();
    for stream in &mut streams {
        // The service writes as fast as it can, and stops when the buffers are full.
        read_until(stream, "event: delta");
    }
    // Meanwhile another client reads a complete reply.
    let mut whole = String::new();
    let mut other = service.send("/long 10000");
    other.read_to_string(&mut whole).unwrap();
    assert!(whole.contains("event: done"));

    let each = service.memory().saturating_sub(before) / STOPPED;
    println!("{STOPPED} clients that stopped reading: {each} bytes of memory each");
    assert!(each < 512 * 1024, "{each}");
}
