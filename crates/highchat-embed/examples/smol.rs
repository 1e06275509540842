//! A conversation over smol: async, without tokio.
//!
//! It sends the arguments as a message and prints the reply. After a handoff, it prints what
//! the person writes. It reads the credentials from `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and the
//! URL of the service from `HIGHCHAT_BASE_URL`: an `http://` URL of this machine, because this
//! example has no TLS.

use core::time::Duration;
use std::io::{self, Write};
use std::process::ExitCode;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Endpoint, Message};
use smol::Timer;
use smol::future::or;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

pub(crate) mod support;
use support::{Clock, PATIENCE, Screen};

fn main() -> ExitCode {
    support::run(false, |endpoint, message, screen| {
        smol::block_on(talk(endpoint, message, screen))
    })
}

pub(crate) async fn talk(
    endpoint: Endpoint,
    message: Message,
    screen: &mut Screen<impl Write>,
) -> io::Result<()> {
    let clock = Clock::start();
    let mut embed = Embed::new(endpoint, Config::default()).with_one_pipe();
    embed.send(message, clock.now()).map_err(io::Error::other)?;
    let mut live: Option<(PipeId, TcpStream)> = None;
    let mut buffer = [0; 4096];
    loop {
        match (embed.poll_output(), &mut live) {
            (Output::Open(pipe), _) => {
                let endpoint = embed.endpoint();
                let connecting = TcpStream::connect((endpoint.host(), endpoint.port()));
                match within(PATIENCE, connecting).await.unwrap_or_else(late) {
                    Ok(stream) => {
                        live = Some((pipe, stream));
                        embed.handle_opened(pipe, clock.now());
                    }
                    Err(error) => embed.handle_failure(pipe, Cause::of(&error), clock.now()),
                }
            }
            (Output::Write(pipe), Some((_, stream))) => {
                let writing = within(PATIENCE, stream.write(embed.bytes(pipe)));
                match writing.await.unwrap_or_else(late) {
                    Ok(len) => embed.handle_written(pipe, len, clock.now()),
                    Err(error) => {
                        live = None;
                        embed.handle_failure(pipe, Cause::of(&error), clock.now());
                    }
                }
            }
            (Output::Close(_), _) => live = None,
            (Output::Update, _) => {
                if let Some(update) = embed.update() {
                    screen.show(&update)?;
                }
            }
            (Output::Wait(None), _) => return Ok(()),
            (Output::Wait(Some(when)), Some((pipe, stream))) => {
                let pipe = *pipe;
                match within(clock.until(when), stream.read(&mut buffer)).await {
                    Some(Ok(0)) => {
                        live = None;
                        embed.handle_end(pipe, clock.now());
                    }
                    Some(Ok(len)) => embed.handle_read(pipe, &buffer[..len], clock.now()),
                    None => {}
                    Some(Err(error)) => {
                        live = None;
                        embed.handle_failure(pipe, Cause::of(&error), clock.now());
                    }
                }
                embed.handle_timeout(clock.now());
            }
            (Output::Wait(Some(when)), None) => {
                Timer::after(clock.until(when)).await;
                embed.handle_timeout(clock.now());
            }
            (Output::Write(_), None) => {}
        }
    }
}

/// Returns the result of `what`, or `None` after `time`. No data is lost if this drops a read
/// or a write.
async fn within<T>(time: Duration, what: impl Future<Output = T>) -> Option<T> {
    let late = async {
        Timer::after(time).await;
        None
    };
    or(async { Some(what.await) }, late).await
}

/// The result of an operation that took too long.
fn late<T>() -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}
