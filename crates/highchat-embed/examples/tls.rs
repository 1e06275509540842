//! A conversation over `std::net::TcpStream` with rustls.
//!
//! It sends the arguments as a message and prints the reply. After a handoff, it prints what
//! the person writes. It reads the credentials from `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`. If
//! `HIGHCHAT_BASE_URL` is set, it replaces the default URL of the service.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Endpoint, Message};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

pub(crate) mod support;
use support::{Clock, Screen, is_timeout};

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

fn main() -> ExitCode {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = ClientConfig::builder().with_root_certificates(roots);
    let config = Arc::new(config.with_no_client_auth());
    support::run(true, |endpoint, message, screen| {
        talk(endpoint, message, &config, screen)
    })
}

pub(crate) fn talk(
    endpoint: Endpoint,
    message: Message,
    config: &Arc<ClientConfig>,
    screen: &mut Screen<impl Write>,
) -> io::Result<()> {
    let clock = Clock::start();
    let mut embed = Embed::new(endpoint, Config::default()).with_one_pipe();
    embed.send(message, clock.now()).map_err(io::Error::other)?;
    let mut live: Option<(PipeId, TlsStream)> = None;
    let mut buffer = [0; 4096];
    loop {
        match (embed.poll_output(), &mut live) {
            (Output::Open(pipe), _) => match connect(embed.endpoint(), config) {
                Ok(stream) => {
                    live = Some((pipe, stream));
                    embed.handle_opened(pipe, clock.now());
                }
                Err(error) => embed.handle_failure(pipe, Cause::of(&error), clock.now()),
            },
            (Output::Write(pipe), Some((_, stream))) => match stream.write(embed.bytes(pipe)) {
                Ok(len) => embed.handle_written(pipe, len, clock.now()),
                Err(error) => {
                    live = None;
                    embed.handle_failure(pipe, Cause::of(&error), clock.now());
                }
            },
            (Output::Close(_), _) => live = None,
            (Output::Update, _) => {
                if let Some(update) = embed.update() {
                    screen.show(&update)?;
                }
            }
            (Output::Wait(None), _) => return Ok(()),
            (Output::Wait(Some(when)), Some((pipe, stream))) => {
                let pipe = *pipe;
                stream.sock.set_read_timeout(Some(clock.until(when)))?;
                match stream.read(&mut buffer) {
                    Ok(0) => {
                        live = None;
                        embed.handle_end(pipe, clock.now());
                    }
                    Ok(len) => embed.handle_read(pipe, &buffer[..len], clock.now()),
                    Err(error) if is_timeout(&error) => {}
                    // An end without `close_notify` is one of these errors.
                    Err(error) => {
                        live = None;
                        embed.handle_failure(pipe, Cause::of(&error), clock.now());
                    }
                }
                embed.handle_timeout(clock.now());
            }
            (Output::Wait(Some(when)), None) => {
                sleep(clock.until(when));
                embed.handle_timeout(clock.now());
            }
            (Output::Write(_), None) => {}
        }
    }
}

/// Connects and completes the TLS handshake. If this fails, no request was sent.
fn connect(endpoint: &Endpoint, config: &Arc<ClientConfig>) -> io::Result<TlsStream> {
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(io::Error::other)?;
    let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(tls, support::connect(endpoint)?);
    stream.sock.set_read_timeout(Some(support::PATIENCE))?;
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}
