//! The connection trials over TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use highchat_conformance::CONNECTION_TRIALS;
use highchat_proto::Config;
use highchat_proto::http::Roots;
use rustls::{ServerConnection, StreamOwned};

use super::tls::{Authority, server_config};

/// A handoff against each kind of service must need no more connections, and so TLS handshakes,
/// than the service demands, and must send the message once.
///
/// `hand_off` sends a message to the service at a URL, rates the conversation when the person's
/// first message comes if the last argument is true, and waits until the bot is back. It returns
/// the texts of the person.
///
/// # Panics
///
/// The client opens too many connections, or loses or repeats something.
pub fn hold_connections(hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync) {
    hold(hand_off, false);
}

/// Like [`hold_connections`], for a client that closes the connection of a message, and of a
/// request that it sends again, after the answer.
///
/// # Panics
///
/// The same.
pub fn hold_connections_beside_messages(
    hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync,
) {
    hold(hand_off, true);
}

fn hold(hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync, for_messages: bool) {
    thread::scope(|scope| {
        for trial in CONNECTION_TRIALS {
            let hand_off = &hand_off;
            scope.spawn(move || {
                let authority = Authority::new();
                let (certificate, key) = authority.vouch();
                let config = server_config(certificate, key);
                let accept = move |stream| {
                    let tls = ServerConnection::new(Arc::clone(&config));
                    let tls = tls.map_err(io::Error::other)?;
                    Ok(Tls(StreamOwned::new(tls, stream)))
                };
                let roots = Roots::Pem(authority.pem().into_bytes().into());
                let held = trial.hold(accept, for_messages, |port, config| {
                    let base_url = format!("https://localhost:{port}");
                    hand_off(&base_url, roots, config, trial.rates())
                });
                assert_eq!(held, Ok(()), "{}", trial.name());
            });
        }
    });
}

/// A TLS connection that announces its end.
struct Tls(StreamOwned<ServerConnection, TcpStream>);

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.0.conn.send_close_notify();
        // The client may have left.
        let _ = self.0.flush();
    }
}
