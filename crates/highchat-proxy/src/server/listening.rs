//! Stops listening without losing a connection.
//!
//! If a socket is closed while connections wait in its queue, the system resets them. A load
//! balancer that has sent a message on such a connection cannot know whether the message was
//! taken, so it must not send the message elsewhere, and the visitor gets an error. If the
//! connection is refused instead, the load balancer tries the next proxy.

use core::net::IpAddr;
use core::time::Duration;

use futures_util::FutureExt;
#[cfg(target_os = "linux")]
use socket2::SockFilter;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep_until};

/// How long a connection that has begun to open may take until it is open. It is more than the
/// round trip between a load balancer and its proxies.
const HANDSHAKE: Duration = Duration::from_millis(50);

/// Stops listening. Accepts each connection that is open or has begun to open.
///
/// On Linux the system drops the first packet of each new connection meanwhile. The client
/// sends it again after a second, and is then refused. On other systems a connection that opens
/// in the last microseconds before the end is reset.
pub(super) async fn stop(listener: TcpListener, mut accept: impl FnMut((TcpStream, IpAddr))) {
    let mut end = Instant::now();
    if hold_off(&listener) {
        end += HANDSHAKE;
    }
    sleep_until(end).await;
    // Without a budget, because the queue may be longer. An error is one connection's own, but it
    // may also come again and again.
    while let Some(Ok((stream, peer))) = unconstrained(listener.accept()).now_or_never() {
        accept((stream, peer.ip()));
    }
}

/// Makes the system drop the first packet of each new connection. Returns whether it does.
#[cfg(target_os = "linux")]
fn hold_off(listener: &TcpListener) -> bool {
    // The instructions of the classic packet filter (linux/filter.h) that are used here.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    // The flags of a TCP header (RFC 9293, section 3.1).
    const FLAGS_OFFSET: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    const WHOLE_PACKET: u32 = u32::MAX;
    let filter = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_OFFSET),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, WHOLE_PACKET),
    ];
    SockRef::from(listener).attach_filter(&filter).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn hold_off(_: &TcpListener) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream as Client;

    /// One more than tokio lets a task accept at once, and not more than the queue can hold.
    const QUEUED: usize = 129;

    #[tokio::test]
    async fn every_connection_in_the_queue_is_accepted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let queued: Vec<_> = (0..QUEUED)
            .map(|_| Client::connect(addr).unwrap())
            .collect();
        let mut accepted = Vec::new();
        stop(listener, |(stream, _)| accepted.push(stream)).await;
        assert_eq!(accepted.len(), queued.len());
        assert!(Client::connect(addr).is_err());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_that_begins_to_open_meanwhile_is_refused_and_open_ones_go_on() {
        use std::io::{Read as _, Write as _};

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut open = Client::connect(addr).unwrap();
        assert!(hold_off(&listener));
        let late = std::thread::spawn(move || Client::connect(addr).map(drop));
        let mut accepted = Vec::new();
        stop(listener, |(stream, _)| accepted.push(stream)).await;
        let refused = late.join().unwrap().unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!(accepted.len(), 1);
        let served = accepted.remove(0).into_std().unwrap();
        served.set_nonblocking(false).unwrap();
        open.write_all("բարև 👋".as_bytes()).unwrap();
        let mut received = [0; 13];
        (&served).read_exact(&mut received).unwrap();
        assert_eq!(received, "բարև 👋".as_bytes());
    }
}
