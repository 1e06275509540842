//! A conversation over the traits of `embedded-io`: for a loop that polls, without an executor.
//!
//! Copy it for a device. On a device, `Lan` opens a socket of its IP stack or dials with its
//! modem, `Socket` is that connection (many have these traits already), `Clock` counts the ticks
//! of a timer, and the loop in `talk` sleeps until an interrupt.
//!
//! It sends the arguments as a message and prints the reply. After a handoff, it prints what
//! the person writes. It reads the credentials from `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and the
//! URL of the service from `HIGHCHAT_BASE_URL`: an `http://` URL of this machine, because this
//! example has no TLS.

use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread::sleep;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use highchat_embed::device::{self, Network, Next, Session};
use highchat_embed::{Config, Embed, Endpoint, Message};
use highchat_proto::time::Instant;

pub(crate) mod support;
use support::{Clock, Screen, connect};

/// How long the loop sleeps at most, because no interrupt wakes it here.
const NAP: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    support::run(false, talk)
}

pub(crate) fn talk(
    endpoint: Endpoint,
    message: Message,
    screen: &mut Screen<impl io::Write>,
) -> io::Result<()> {
    let embed = Embed::new(endpoint, Config::default());
    let mut session = Session::new(embed, Lan, Clock::start());
    session.send(message).map_err(io::Error::other)?;
    loop {
        match session.poll() {
            Next::Update(update) => screen.show(&update)?,
            Next::Wait(until) => {
                let now = device::Clock::now(session.clock());
                sleep(until.saturating_duration_since(now).min(NAP));
            }
            Next::Idle => return Ok(()),
        }
    }
}

pub(crate) struct Lan;

impl Network for Lan {
    type Pipe = Socket;
    type Error = io::Error;

    // `connect` has a timeout of its own, which is not longer than that of the conversation.
    fn open(&mut self, endpoint: &Endpoint, _until: Instant) -> io::Result<Socket> {
        connect(endpoint).map(Socket)
    }
}

impl device::Clock for Clock {
    fn now(&self) -> Instant {
        Self::now(*self)
    }
}

/// A TCP connection.
pub(crate) struct Socket(TcpStream);

impl ErrorType for Socket {
    type Error = io::Error;
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl ReadReady for Socket {
    fn read_ready(&mut self) -> io::Result<bool> {
        self.0.set_nonblocking(true)?;
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false)?;
        // At an end or an error, a read does not wait either.
        Ok(!matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl WriteReady for Socket {
    /// `std` does not say whether a socket can be written to. A write waits, and has a timeout.
    fn write_ready(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}
