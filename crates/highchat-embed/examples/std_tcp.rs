//! A conversation over `std::net::TcpStream`: blocking, with read timeouts.
//!
//! It sends the arguments as a message and prints the reply. After a handoff, it prints what
//! the person writes. It reads the credentials from `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and the
//! URL of the service from `HIGHCHAT_BASE_URL`: an `http://` URL of this machine, because this
//! example has no TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread::sleep;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Endpoint, Message};

pub(crate) mod support;
use support::{Clock, Screen, connect, is_timeout};

fn main() -> ExitCode {
    support::run(false, talk)
}

pub(crate) fn talk(
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
            (Output::Open(pipe), _) => match connect(embed.endpoint()) {
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
                stream.set_read_timeout(Some(clock.until(when)))?;
                match stream.read(&mut buffer) {
                    Ok(0) => {
                        live = None;
                        embed.handle_end(pipe, clock.now());
                    }
                    Ok(len) => embed.handle_read(pipe, &buffer[..len], clock.now()),
                    Err(error) if is_timeout(&error) => {}
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
