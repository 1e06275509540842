//! The end of the proxy.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use highchat_sandbox::Step;

use crate::support::*;

#[test]
fn streams_may_finish_and_nothing_new_begins() {
    let service = play([vec![
        Step::send(format!("{STREAM}{META}")),
        Step::Pause(Duration::from_millis(600)),
        Step::send(DONE),
    ]]);
    let through = Through::to(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&through);
    read_until(&mut stream, META);

    through.server.drain();

    let refused = Call::chat("ա").send(&through);
    assert_eq!(refused.refusal(), (503, "unavailable".to_owned()));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(Call::new("GET", "/readyz").send(&through).status, 503);
    assert_eq!(Call::new("GET", "/healthz").send(&through).status, 200);
    let addr = through.server.addr();
    let rest = read_until(&mut stream, "\r\n0\r\n\r\n");
    assert!(rest.contains(DONE), "{rest}");
    through.server.wait();
    assert!(TcpStream::connect(addr).is_err());
    assert_eq!(service.connections(), 1);
}

#[test]
fn streams_that_do_not_finish_end_with_an_error() {
    let hold = vec![Step::send(format!("{STREAM}{META}event: del")), Step::Hold];
    let service = play([hold, vec![Step::Hold]]);
    let through = Through::to(service.base_url(), |config| {
        config.drain_timeout = Duration::from_millis(200);
        config.keepalive = Duration::from_millis(50);
    });
    let mut streaming = Call::chat("ա").open(&through);
    read_until(&mut streaming, META);
    let mut waiting = Call::chat("ա").open(&through);
    read_until(&mut waiting, COMMENT);

    through.server.drain();

    for stream in [&mut streaming, &mut waiting] {
        let rest = read_until(stream, "\r\n0\r\n\r\n");
        assert!(rest.contains("event: error\ndata: {\"message\":"), "{rest}");
        assert!(!rest.contains("event: del"));
    }
    through.server.wait();
    assert!(service.wait_for_close(0, LONG) && service.wait_for_close(1, LONG));
}

#[test]
fn an_idle_proxy_ends_at_once_and_closes_what_was_kept_open() {
    let service = play([]);
    let through = Through::to(service.base_url(), |_| ());
    let mut kept = Call::new("GET", "/healthz").open(&through);
    read_until(&mut kept, "ok\n");

    through.server.drain();
    through.server.wait();

    assert_eq!(kept.read(&mut [0]).unwrap(), 0);
}

#[test]
fn dropping_it_ends_everything_at_once() {
    let hold = vec![Step::send(format!("{STREAM}{META}")), Step::Hold];
    let service = play([hold]);
    let through = Through::to(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&through);
    read_until(&mut stream, META);
    let addr = through.server.addr();

    drop(through);

    // However it ends, it does.
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(TcpStream::connect(addr).is_err());
    assert!(service.wait_for_close(0, LONG));
    let _ = stream.flush();
}
