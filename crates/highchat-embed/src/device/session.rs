//! A conversation for a loop that polls.

use core::fmt;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use highchat_proto::session::Commands;
use highchat_proto::time::Instant;
use highchat_proto::{Conversation, Endpoint, Message, SendError, TurnId, Update};

use super::one_pipe::{OnePipe, Step};
use crate::embed::Embed;

/// Opens pipes to the service: a socket of an IP stack, a call of a modem, a TLS session over
/// either.
pub trait Network {
    /// An open pipe. Dropping it closes it at once, even if data is in flight. It cannot borrow
    /// from the network itself, only from what the network borrows.
    ///
    /// A pipe that does not report readiness can be wrapped in
    /// [`AlwaysReady`](super::AlwaysReady).
    type Pipe: Read + Write + ReadReady + WriteReady;
    /// The reason why there is no pipe. The application sees its text.
    type Error: core::error::Error;

    /// Opens a pipe to the [`host`](Endpoint::host) and [`port`](Endpoint::port) of the
    /// endpoint, with TLS if the endpoint [needs it](Endpoint::is_tls). It may block until
    /// `until`, but not longer. The session holds at most one pipe: it drops the previous one
    /// before this call.
    ///
    /// # Errors
    ///
    /// There is no pipe. Nothing was sent, so the message is tried again, as
    /// [`Config`](crate::Config) says.
    fn open(&mut self, endpoint: &Endpoint, until: Instant) -> Result<Self::Pipe, Self::Error>;
}

/// A clock that never goes back. It need not know the time of day.
pub trait Clock {
    /// Returns the time since a fixed moment, such as the start of the device.
    fn now(&self) -> Instant;
}

/// The result of [`Session::poll`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// There is an update. Poll again at once.
    Update(Update<'a>),
    /// There is nothing to do until the pipe is ready or this time has come, whichever is
    /// first. If the time has come already, poll again at once.
    Wait(Instant),
    /// No exchange is running and nothing is scheduled. There is no update before the next
    /// command.
    Idle,
}

/// A conversation over blocking pipes that report whether they are ready, for a loop that polls.
///
/// [`poll`](Self::poll) never waits for the service. It blocks only in [`Network::open`], and in
/// a pipe's `flush`. Between its calls, the loop reads its buttons, feeds its watchdog, or sleeps
/// until an interrupt.
///
/// The session allocates nothing by itself; [`Embed`] lists what a conversation allocates.
///
/// ```
/// use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
/// use highchat_embed::device::{Clock, Network, Next, Session};
/// use highchat_embed::proto::time::Instant;
/// use highchat_embed::{Config, Credentials, Embed, Endpoint, Message};
///
/// /// A line to a service that gives one answer and hangs up.
/// struct Line(&'static [u8]);
/// # impl ErrorType for Line { type Error = ErrorKind; }
/// # impl Read for Line {
/// #     fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
/// #         let Ok(len) = self.0.read(buffer);
/// #         Ok(len)
/// #     }
/// # }
/// # impl Write for Line {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> Result<(), ErrorKind> { Ok(()) }
/// # }
/// # impl ReadReady for Line {
/// #     fn read_ready(&mut self) -> Result<bool, ErrorKind> { Ok(true) }
/// # }
/// # impl WriteReady for Line {
/// #     fn write_ready(&mut self) -> Result<bool, ErrorKind> { Ok(true) }
/// # }
///
/// struct Modem;
/// impl Network for Modem {
///     type Pipe = Line; // It has the traits of embedded-io.
///     type Error = ErrorKind;
///     fn open(&mut self, _: &Endpoint, _: Instant) -> Result<Line, ErrorKind> {
///         Ok(Line(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
///             event: delta\ndata: {\"text\":\"Hello\"}\n\nevent: done\n\
///             data: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n"))
///     }
/// }
///
/// struct Ticks;
/// impl Clock for Ticks {
///     fn now(&self) -> Instant {
///         Instant::ORIGIN // A real one counts the ticks of a timer.
///     }
/// }
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let mut session = Session::new(Embed::new(endpoint, Config::default()), Modem, Ticks);
/// session.send(Message::new("Բարև 👋")?)?;
/// let mut shown = String::new();
/// loop {
///     match session.poll() {
///         Next::Update(update) => shown.push_str(update.text().unwrap_or_default()),
///         Next::Wait(_until) => {} // Do other work, or sleep.
///         Next::Idle => break,
///     }
/// }
/// assert_eq!(shown, "Hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Session<N: Network, C> {
    one: OnePipe<N::Pipe>,
    network: N,
    clock: C,
}

impl<N: Network, C: Clock> Session<N, C> {
    /// Creates a session of a conversation that [`Embed::new`] began or [`Embed::resume`]
    /// continues.
    #[must_use]
    pub const fn new(embed: Embed, network: N, clock: C) -> Self {
        Self {
            one: OnePipe::new(embed),
            network,
            clock,
        }
    }

    /// The conversation: its id, state and cursor, and what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        self.one.embed().conversation()
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// All commands, such as rating, naming the user, and checking for a person's messages.
    /// They take effect with the next call of [`poll`](Self::poll).
    pub fn commands(&mut self) -> Commands<'_> {
        let now = self.clock.now();
        self.one.embed_mut().commands(now)
    }

    /// Queues a message. The next call of [`poll`](Self::poll) sends it. Returns the id of the
    /// turn, which the update at its end contains.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error returns the message.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        self.commands().send(message)
    }

    /// Ends the current turn. The service may have received the message.
    pub fn cancel(&mut self) {
        self.commands().cancel();
    }

    /// Does what can be done without waiting. Returns the next update, or the time until which
    /// there is nothing to do.
    ///
    /// One call reads at most once, so a service that sends without a pause does not keep the
    /// loop from its other work.
    pub fn poll(&mut self) -> Next<'_> {
        match self.advance() {
            Some(until) => Next::Wait(until),
            None => self.one.embed().update().map_or(Next::Idle, Next::Update),
        }
    }

    /// Goes on until there is an update or nothing to do (`None`), or until it must wait.
    fn advance(&mut self) -> Option<Instant> {
        let mut has_read = false;
        loop {
            let now = self.clock.now();
            let when = match self.one.step(now) {
                Step::Update | Step::Idle => return None,
                Step::Open(until) => {
                    let opened = self.network.open(self.one.embed().endpoint(), until);
                    self.one.handle_opened(opened, self.clock.now());
                    continue;
                }
                Step::Write(when) => match self.write() {
                    Some(written) => {
                        self.one.handle_written(written, self.clock.now());
                        continue;
                    }
                    None => when,
                },
                Step::Flush => {
                    if let Some((pipe, _)) = self.one.begin_write() {
                        let flushed = pipe.flush();
                        self.one.handle_flushed(flushed, self.clock.now());
                    }
                    continue;
                }
                Step::Read(when) => match self.read(has_read) {
                    Reading::Over(read) => {
                        self.one.handle_read(read, self.clock.now());
                        has_read = true;
                        continue;
                    }
                    Reading::Ready => now,
                    Reading::Unready => when,
                },
                Step::Sleep(when) => when,
            };
            if now < when || has_read {
                return Some(when);
            }
            self.one.handle_timeout(now);
        }
    }

    /// Writes a part of the bytes. Returns `None` if the pipe is not ready.
    fn write(&mut self) -> Option<Result<usize, ErrorOf<N>>> {
        let (pipe, bytes) = self.one.begin_write()?;
        let written = match pipe.write_ready() {
            Ok(true) => Some(pipe.write(bytes)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        };
        if written.is_none() {
            self.one.forgo_write();
        }
        written
    }

    fn read(&mut self, has_read: bool) -> Reading<ErrorOf<N>> {
        let Some((pipe, buffer)) = self.one.begin_read() else {
            return Reading::Unready;
        };
        match pipe.read_ready() {
            Ok(true) if has_read => Reading::Ready,
            Ok(true) => Reading::Over(pipe.read(buffer)),
            Ok(false) => Reading::Unready,
            Err(error) => Reading::Over(Err(error)),
        }
    }
}

type ErrorOf<N> = <<N as Network>::Pipe as ErrorType>::Error;

enum Reading<E> {
    /// There was a read.
    Over(Result<usize, E>),
    /// There are bytes, but this call has read already.
    Ready,
    /// There is no byte yet.
    Unready,
}

impl<N: Network, C> fmt::Debug for Session<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("embed", self.one.embed())
            .finish_non_exhaustive()
    }
}
