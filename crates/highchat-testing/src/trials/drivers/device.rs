//! A session for devices of the crate highchat-embed, which polls a socket.

use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Instant as Moment;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use highchat_embed::Embed;
use highchat_embed::device::{self, Network, Next, Session};
use highchat_proto::session::Collector;
use highchat_proto::time::Instant;
use highchat_proto::{Answered, AskError, Config, Endpoint, Message, Rating, Saved, Update};

use crate::trials::{Ask, Driver, Status};

/// How long the loop sleeps at most between two polls.
const NAP: Duration = Duration::from_millis(1);

/// A session of [`highchat_embed::device`].
pub struct DeviceSession(Session<Lan, Clock>);

impl DeviceSession {
    /// Opens a session, new or saved.
    #[must_use]
    pub fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let embed = match saved {
            None => Embed::new(endpoint, config),
            Some(saved) => Embed::resume(endpoint, config, saved, Instant::ORIGIN),
        };
        Self(Session::new(embed, Lan, Clock(Moment::now())))
    }
}

impl Driver for DeviceSession {
    fn send(&mut self, message: Message) {
        self.0.send(message).unwrap();
    }

    fn cancel(&mut self) {
        self.0.cancel();
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let rated = self.0.commands().rate(rating, Some(comment.into()));
        rated.unwrap();
    }

    fn next(&mut self) -> Option<Update<'static>> {
        loop {
            let until = match self.0.poll() {
                Next::Update(update) => {
                    return Some(update.into_owned());
                }
                Next::Wait(until) => until,
                Next::Idle => return None,
            };
            let now = device::Clock::now(self.0.clock());
            sleep(until.saturating_duration_since(now).min(NAP));
        }
    }

    fn status(&self) -> Status {
        self.0.conversation().into()
    }

    fn save(&self) -> Saved {
        self.0.conversation().save()
    }
}

impl Ask for DeviceSession {
    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let mut collector = Collector::new(self.0.send(message)?);
        loop {
            let update = Driver::next(self).expect("the turn ends");
            if let Some(answered) = collector.handle_update(&update) {
                return answered;
            }
        }
    }
}

struct Clock(Moment);

impl device::Clock for Clock {
    fn now(&self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }
}

struct Lan;

impl Network for Lan {
    type Pipe = Socket;
    type Error = io::Error;

    fn open(&mut self, endpoint: &Endpoint, _: Instant) -> io::Result<Socket> {
        TcpStream::connect((endpoint.host(), endpoint.port())).map(Socket)
    }
}

struct Socket(TcpStream);

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
        Ok(!matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock))
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
    fn write_ready(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}
