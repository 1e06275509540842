use core::time::Duration;
use std::io::Read as _;
use std::net::TcpStream;
use std::time::Instant;

use highchat_sandbox::Sandbox;
use serde_json::json;

use crate::client::{Call, LONG, quick, read_until, say};

#[test]
fn a_sandbox_listens_on_its_loopback_address() {
    let sandbox = Sandbox::start().unwrap();

    assert!(sandbox.addr().ip().is_loopback());
    assert_eq!(
        sandbox.base_url(),
        format!("http://127.0.0.1:{}", sandbox.addr().port())
    );
    assert_eq!((sandbox.key(), sandbox.slug()), ("hc_sandbox", "demo"));
    assert_eq!(say(&sandbox, "ա").status, 200);
}

#[test]
fn a_port_in_use_is_an_error() {
    let first = Sandbox::start().unwrap();

    let second = Sandbox::builder().port(first.addr().port()).start();

    assert_eq!(second.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn dropping_a_sandbox_closes_all_connections_at_once() {
    let sandbox = quick()
        .token_delay(Duration::from_secs(3600))
        .start()
        .unwrap();
    let addr = sandbox.addr();
    let mut stream = Call::chat(&json!({ "message": "ա" })).open(&sandbox);
    read_until(&mut stream, "event: meta\n");

    let began = Instant::now();
    drop(sandbox);

    assert!(began.elapsed() < LONG);
    // The connection may end properly or by a reset.
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_sandbox_can_be_started_and_dropped_in_async_code() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();

    runtime.block_on(async {
        let sandbox = quick().start().unwrap();
        assert_eq!(say(&sandbox, "ա").status, 200);
    });
}

#[test]
fn a_sandbox_can_be_sent_to_another_thread() {
    fn sendable<T: Send + Sync>(_: &T) {}

    sendable(&Sandbox::start().unwrap());
}
