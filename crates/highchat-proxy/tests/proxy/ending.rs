//! Stopping the proxy.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use highchat_sandbox::Step;

use crate::support::*;

#[test]
fn while_the_proxy_drains_streams_finish_and_new_requests_are_refused() {
    let service = play([vec![
        Step::send(format!("{STREAM}{META}")),
        Step::Pause(Duration::from_millis(600)),
        Step::send(DONE),
    ]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, META);

    proxy.server.drain();

    let refused = Call::chat("ա").send(&proxy);
    assert_eq!(refused.refusal(), (503, "unavailable".to_owned()));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(Call::new("GET", "/readyz").send(&proxy).status, 503);
    assert_eq!(Call::new("GET", "/healthz").send(&proxy).status, 200);
    let addr = proxy.server.addr();
    let rest = read_until(&mut stream, "\r\n0\r\n\r\n");
    assert!(rest.contains(DONE), "{rest}");
    proxy.server.wait();
    assert!(TcpStream::connect(addr).is_err());
    assert_eq!(service.connections(), 1);
}

#[test]
fn streams_that_do_not_finish_in_time_end_with_an_error_event() {
    let hold = vec![Step::send(format!("{STREAM}{META}event: del")), Step::Hold];
    let service = play([hold, vec![Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.drain_timeout = Duration::from_millis(200);
        config.keepalive = Duration::from_millis(50);
    });
    let mut streaming = Call::chat("ա").open(&proxy);
    read_until(&mut streaming, META);
    let mut waiting = Call::chat("ա").open(&proxy);
    read_until(&mut waiting, COMMENT);

    proxy.server.drain();

    for stream in [&mut streaming, &mut waiting] {
        let rest = read_until(stream, "\r\n0\r\n\r\n");
        assert!(rest.contains("event: error\ndata: {\"message\":"), "{rest}");
        assert!(!rest.contains("event: del"));
    }
    proxy.server.wait();
    assert!(service.wait_for_close(0, LONG) && service.wait_for_close(1, LONG));
}

#[test]
fn an_idle_proxy_stops_at_once_and_closes_idle_connections() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut kept = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut kept, "ok\n");

    proxy.server.drain();
    proxy.server.wait();

    assert_eq!(kept.read(&mut [0]).unwrap(), 0);
}

#[test]
fn dropping_the_server_closes_all_connections_at_once() {
    let hold = vec![Step::send(format!("{STREAM}{META}")), Step::Hold];
    let service = play([hold]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, META);
    let addr = proxy.server.addr();

    drop(proxy);

    // The connection may end properly or by a reset.
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(TcpStream::connect(addr).is_err());
    assert!(service.wait_for_close(0, LONG));
    let _ = stream.flush();
}
