//! A conversation over the traits of `embedded-io-async`: for any executor.
//!
//! Copy it for a device. On a device, `Lan` opens a socket of its IP stack (embassy's has these
//! traits already), and `Clock` is the executor's time. Here smol provides both.
//!
//! It sends the arguments as a message and prints the reply. After a handoff, it prints what
//! the person writes. It reads the credentials from `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and the
//! URL of the service from `HIGHCHAT_BASE_URL`: an `http://` URL of this machine, because this
//! example has no TLS.

use std::io;
use std::process::ExitCode;

use embedded_io_async::{ErrorType, Read, Write};
use highchat_embed::device::{self, AsyncNetwork, AsyncSession};
use highchat_embed::{Config, Embed, Endpoint, Message};
use highchat_proto::time::Instant;
use smol::Timer;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

pub(crate) mod support;
use support::{Clock, Screen};

fn main() -> ExitCode {
    support::run(false, |endpoint, message, screen| {
        smol::block_on(talk(endpoint, message, screen))
    })
}

pub(crate) async fn talk(
    endpoint: Endpoint,
    message: Message,
    screen: &mut Screen<impl io::Write>,
) -> io::Result<()> {
    let embed = Embed::new(endpoint, Config::default());
    let mut session = AsyncSession::new(embed, Lan, Clock::start());
    session.send(message).map_err(io::Error::other)?;
    while let Some(update) = session.next().await {
        screen.show(&update)?;
    }
    Ok(())
}

pub(crate) struct Lan;

impl AsyncNetwork for Lan {
    type Pipe = Socket;
    type Error = io::Error;

    async fn open(&mut self, endpoint: &Endpoint) -> io::Result<Socket> {
        let stream = TcpStream::connect((endpoint.host(), endpoint.port())).await?;
        stream.set_nodelay(true)?;
        Ok(Socket(stream))
    }
}

impl device::Clock for Clock {
    fn now(&self) -> Instant {
        Self::now(*self)
    }
}

impl device::Timer for Clock {
    async fn sleep_until(&self, when: Instant) {
        Timer::after(when.saturating_duration_since(self.now())).await;
    }
}

/// A TCP connection. Its reads and writes have no effect if they are dropped.
pub(crate) struct Socket(TcpStream);

impl ErrorType for Socket {
    type Error = io::Error;
}

impl Read for Socket {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl Write for Socket {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}
