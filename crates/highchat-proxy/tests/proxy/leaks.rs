//! Nothing is left behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::{fs, thread};

use crate::alone::{Held, is_alone};
use crate::support::*;

/// Resident memory, in KiB.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

#[test]
#[cfg(target_os = "linux")]
fn after_hundreds_of_cut_and_left_streams_nothing_is_left() {
    if !is_alone("leaks::after_hundreds_of_cut_and_left_streams_nothing_is_left") {
        return;
    }
    const ROUNDS: usize = 200;
    let service = Service::start();
    let through = Through::to(&service.base_url, |_| ());
    let round = || {
        Call::chat("ա").send(&through).before_error();
        let mut stream = Call::chat("ա").open(&through);
        read_until(&mut stream, META);
        drop(stream);
        service
            .ended
            .recv_timeout(LONG)
            .expect("the end of a reply that was left");
        let stream = Call::messages("c1").open(&through);
        service.asked.recv_timeout(LONG).expect("a poll");
        drop(stream);
        service
            .ended
            .recv_timeout(LONG)
            .expect("the end of a poll that was left");
    };
    // What is set up once is not counted.
    (0..20).for_each(|_| round());
    until(|| through.counted("highchat_proxy_requests ") == 0);
    let (files, kib) = (Held::now().descriptors, memory());

    (0..ROUNDS).for_each(|_| round());

    until(|| Held::now().descriptors <= files);
    until(|| through.counted("highchat_proxy_requests ") == 0);
    assert_eq!(through.counted("highchat_proxy_streams "), 0);
    let grown = memory().saturating_sub(kib);
    assert!(grown < 512, "{grown} KiB more");
}

/// A service that keeps nothing: it cuts one reply, holds one for ever, and never answers a
/// poll, in turn, one after the other.
struct Service {
    base_url: String,
    /// A poll came.
    asked: Receiver<()>,
    /// A connection was closed from the other side.
    ended: Receiver<()>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let ((ask, asked), (end, ended)) = (mpsc::channel(), mpsc::channel());
        let torso = format!("{STREAM}{META}{}event: del", delta("x").repeat(100));
        thread::spawn(move || {
            for (turn, stream) in listener.incoming().enumerate() {
                let mut stream = stream.expect("a connection");
                read_request(&mut stream);
                match turn % 3 {
                    2 => ask.send(()).expect("a test"),
                    _ => stream.write_all(torso.as_bytes()).expect("it is taken"),
                }
                if turn % 3 > 0 {
                    // However it ends, it does.
                    let _ = stream.read(&mut [0]);
                    end.send(()).expect("a test");
                }
            }
        });
        Self {
            base_url,
            asked,
            ended,
        }
    }
}

/// Reads a head, and the body that it announces.
fn read_request(stream: &mut TcpStream) {
    let mut lines = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        lines.read_line(&mut line).expect("a line");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
    }
    lines.read_exact(&mut vec![0; length]).expect("a body");
}
