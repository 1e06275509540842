//! The code that the examples share: their arguments and environment, a clock, and the output.
#![allow(dead_code, reason = "no example needs all of it")]

use core::time::Duration;
use std::env;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Instant as Moment;

use highchat_proto::failure::ResponseError;
use highchat_proto::time::Instant;
use highchat_proto::{Credentials, Endpoint, Failure, Message, TurnEnd, Update};

/// Exit status of every failure without its own status.
const OTHER: u8 = 1;
/// Exit status of wrong usage, and of input that is refused before anything is sent.
const USAGE: u8 = 2;

/// Runs `talk` with the message of the arguments. Returns the exit status of `highchat ask`.
pub(crate) fn run(
    has_tls: bool,
    talk: impl FnOnce(Endpoint, Message, &mut Screen<io::Stdout>) -> io::Result<()>,
) -> ExitCode {
    let (endpoint, message) = match asked(has_tls) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("error: {problem}");
            return USAGE.into();
        }
    };
    let mut screen = Screen::new(io::stdout());
    match talk(endpoint, message, &mut screen) {
        Ok(()) => screen.status.into(),
        Err(error) => {
            eprintln!("error: {error}");
            OTHER.into()
        }
    }
}

/// Reads the endpoint from the environment and the message from the arguments.
fn asked(has_tls: bool) -> Result<(Endpoint, Message), Box<dyn core::error::Error>> {
    let credentials = match env::var("HIGHCHAT_SLUG") {
        Ok(slug) => Credentials::slug(slug)?,
        Err(_) => match env::var("HIGHCHAT_KEY") {
            Ok(key) => Credentials::key(&key)?,
            Err(_) => return Err("HIGHCHAT_KEY or HIGHCHAT_SLUG must be set".into()),
        },
    };
    let base_url = env::var("HIGHCHAT_BASE_URL");
    let base_url = base_url.as_deref().unwrap_or(Endpoint::DEFAULT_BASE_URL);
    let endpoint = Endpoint::new(base_url, credentials)?;
    match (endpoint.is_tls(), has_tls) {
        (false, true) => return Err("this example needs an https:// URL".into()),
        (true, false) => return Err("this example has no TLS: use the example tls".into()),
        (true, true) | (false, false) => {}
    }
    let words: Vec<_> = env::args().skip(1).collect();
    Ok((endpoint, Message::new(words.join(" "))?))
}

/// Measures the time since its start. The protocol needs no other clock.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Moment);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Moment::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }

    /// The time until `when`; at least 1 ms, because sockets do not accept a timeout of zero.
    pub(crate) fn until(self, when: Instant) -> Duration {
        let wait = when.saturating_duration_since(self.now());
        wait.max(Duration::from_millis(1))
    }
}

/// Prints updates, and remembers how the turn ended.
pub(crate) struct Screen<W> {
    pub(crate) out: W,
    /// The exit status.
    pub(crate) status: u8,
    /// The last error. It was also printed to standard error.
    pub(crate) error: String,
    pub(crate) has_ended: bool,
}

impl<W: Write> Screen<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self {
            out,
            status: OTHER,
            error: String::new(),
            has_ended: false,
        }
    }

    pub(crate) fn show(&mut self, update: &Update<'_>) -> io::Result<()> {
        let out = &mut self.out;
        write!(out, "{}", update.text().unwrap_or_default())?;
        match update {
            Update::Message(message) if !message.role.is_user() => writeln!(out)?,
            Update::TurnEnded { end, .. } => {
                writeln!(out)?;
                self.has_ended = true;
                self.status = status(end);
                if let Some(error) = end.failure() {
                    self.error = error.to_string();
                    eprintln!("error: {error}");
                }
            }
            Update::HandoffFailed { error } => {
                self.error = error.to_string();
                eprintln!("error: {error}");
                self.status = failed(error);
            }
            _ => {}
        }
        self.out.flush()
    }
}

/// The exit status of `highchat ask` for the same end.
const fn status(end: &TurnEnd) -> u8 {
    match end {
        TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered => 0,
        TurnEnd::Failed(failure) => failed(failure),
        TurnEnd::Cancelled => 130,
        _ => OTHER,
    }
}

const fn failed(failure: &Failure) -> u8 {
    match failure {
        Failure::Unanswered(_) | Failure::TimedOut | Failure::Cut(_) => 3,
        Failure::NotSent(_) => 7,
        Failure::Service(_) => 8,
        Failure::Refused(error) => refused(error),
        _ => OTHER,
    }
}

const fn refused(error: &ResponseError) -> u8 {
    let ResponseError::Api(error) = error else {
        return 8;
    };
    match error.status {
        401 | 403 => 4,
        429 => 5,
        404 => 6,
        _ => 8,
    }
}

/// Timeout of a connection attempt, and of each write.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a blocking connection to the first address that accepts one.
pub(crate) fn connect(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let mut found = Err(io::ErrorKind::NotFound.into());
    for address in (endpoint.host(), endpoint.port()).to_socket_addrs()? {
        found = TcpStream::connect_timeout(&address, PATIENCE);
        if let Ok(stream) = &found {
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            break;
        }
    }
    found
}

/// Whether a read ended early, because of its timeout or a signal.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
