//! A conversation for an executor.

use core::fmt;
use core::future::Future;

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use highchat_proto::session::Commands;
use highchat_proto::time::Instant;
use highchat_proto::{Conversation, Endpoint, Message, SendError, TurnId, Update};

use super::one_pipe::{OnePipe, Step};
use super::session::Clock;
use crate::embed::Embed;

/// Opens pipes to the service, as [`Network`](super::Network) does, for an executor.
pub trait AsyncNetwork {
    /// An open pipe. Dropping it closes it at once, even if data is in flight.
    ///
    /// Its `read` must have no effect if its future is dropped before it is ready, as
    /// [`embedded_io_async::Read`] encourages: the session drops it when a timeout of the
    /// conversation comes first. The connections of IP stacks do so. A UART that reads by DMA
    /// needs a buffer in between. If the future of a `write` or `flush` is dropped, the session
    /// closes the pipe.
    type Pipe: Read + Write;
    /// The reason why there is no pipe. The application sees its text.
    type Error: core::error::Error;

    /// Opens a pipe to the [`host`](Endpoint::host) and [`port`](Endpoint::port) of the
    /// endpoint, with TLS if the endpoint [needs it](Endpoint::is_tls). The session drops the
    /// future if it takes too long
    /// ([`Config::connect_timeout`](highchat_proto::config::Config::connect_timeout)).
    ///
    /// # Errors
    ///
    /// There is no pipe. Nothing was sent, so the message is tried again, as
    /// [`Config`](crate::Config) says.
    fn open(
        &mut self,
        endpoint: &Endpoint,
    ) -> impl Future<Output = Result<Self::Pipe, Self::Error>>;
}

/// A clock that can wait.
pub trait Timer: Clock {
    /// Waits until this time of the clock. Returns at once if the time has passed.
    fn sleep_until(&self, when: Instant) -> impl Future<Output = ()>;
}

/// A conversation over async pipes, for any executor.
///
/// [`next`](Self::next) waits for the next update. The session spawns nothing and allocates
/// nothing by itself; [`Embed`] lists what a conversation allocates.
///
/// ```
/// use core::future::{Future, ready};
/// use embassy_futures::block_on;
/// use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
/// use highchat_embed::device::{AsyncNetwork, AsyncSession, Clock, Timer};
/// use highchat_embed::proto::time::Instant;
/// use highchat_embed::{Config, Credentials, Embed, Endpoint, Message};
///
/// /// A line to a service that gives one answer and hangs up.
/// struct Line(&'static [u8]);
/// # impl ErrorType for Line { type Error = ErrorKind; }
/// # impl Read for Line {
/// #     async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
/// #         let Ok(len) = self.0.read(buffer).await;
/// #         Ok(len)
/// #     }
/// # }
/// # impl Write for Line {
/// #     async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> { Ok(bytes.len()) }
/// #     async fn flush(&mut self) -> Result<(), ErrorKind> { Ok(()) }
/// # }
///
/// struct Modem;
/// impl AsyncNetwork for Modem {
///     type Pipe = Line; // It has the traits of embedded-io-async.
///     type Error = ErrorKind;
///     async fn open(&mut self, _: &Endpoint) -> Result<Line, ErrorKind> {
///         Ok(Line(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
///             event: delta\ndata: {\"text\":\"Hello\"}\n\nevent: done\n\
///             data: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n"))
///     }
/// }
///
/// struct Ticks; // With embassy: its `Instant::now` and `Timer::at`.
/// impl Clock for Ticks {
///     fn now(&self) -> Instant {
///         Instant::ORIGIN
///     }
/// }
/// impl Timer for Ticks {
///     fn sleep_until(&self, _when: Instant) -> impl Future<Output = ()> {
///         ready(())
///     }
/// }
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let mut session = AsyncSession::new(Embed::new(endpoint, Config::default()), Modem, Ticks);
/// session.send(Message::new("Բարև 👋")?)?;
/// let shown = block_on(async {
///     let mut shown = String::new();
///     while let Some(update) = session.next().await {
///         shown.push_str(update.text().unwrap_or_default());
///     }
///     shown
/// });
/// assert_eq!(shown, "Hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct AsyncSession<N: AsyncNetwork, T> {
    one: OnePipe<N::Pipe>,
    network: N,
    timer: T,
}

impl<N: AsyncNetwork, T: Timer> AsyncSession<N, T> {
    /// Creates a session of a conversation that [`Embed::new`] began or [`Embed::resume`]
    /// continues.
    #[must_use]
    pub const fn new(embed: Embed, network: N, timer: T) -> Self {
        Self {
            one: OnePipe::new(embed),
            network,
            timer,
        }
    }

    /// The conversation: its id, state and cursor, and what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        self.one.embed().conversation()
    }

    /// All commands, such as rating, naming the user, and checking for a person's messages.
    /// They take effect with the next call of [`next`](Self::next).
    pub fn commands(&mut self) -> Commands<'_> {
        let now = self.timer.now();
        self.one.embed_mut().commands(now)
    }

    /// Queues a message. The next call of [`next`](Self::next) sends it. Returns the id of the
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

    /// Waits for the next update. Returns `None` if no exchange is running and nothing is
    /// scheduled: there is no update before the next command. It does not yield to other tasks
    /// while the pipe has bytes to read.
    ///
    /// # Cancel safety
    ///
    /// The future can be dropped at any time, for example to react to a button. While it waits
    /// for bytes or for a time, nothing is lost. A pipe that is opening is opened again by the
    /// next call. If a write was under way, nobody knows what it wrote: the next call drops the
    /// pipe, as if the connection was lost, and the message is not sent again.
    pub async fn next(&mut self) -> Option<Update<'_>> {
        loop {
            let now = self.timer.now();
            let open_timeout = self.one.embed().open_timeout();
            match self.one.step(now) {
                Step::Update => return self.one.embed().update(),
                Step::Idle => return None,
                Step::Open(until) => {
                    let opening = self.network.open(self.one.embed().endpoint());
                    match select(opening, self.timer.sleep_until(until)).await {
                        Either::First(opened) => self.one.handle_opened(opened, self.timer.now()),
                        Either::Second(()) => self.one.handle_timeout(self.timer.now()),
                    }
                }
                // A write is not dropped if something else becomes due meanwhile.
                Step::Write(_) => {
                    let late = self.timer.sleep_until(now + open_timeout);
                    if let Some((pipe, bytes)) = self.one.begin_write() {
                        match select(pipe.write(bytes), late).await {
                            Either::First(len) => self.one.handle_written(len, self.timer.now()),
                            Either::Second(()) => self.one.handle_late_write(self.timer.now()),
                        }
                    }
                }
                Step::Flush => {
                    let late = self.timer.sleep_until(now + open_timeout);
                    if let Some((pipe, _)) = self.one.begin_write() {
                        match select(pipe.flush(), late).await {
                            Either::First(done) => self.one.handle_flushed(done, self.timer.now()),
                            Either::Second(()) => self.one.handle_late_write(self.timer.now()),
                        }
                    }
                }
                Step::Read(when) => {
                    let due = self.timer.sleep_until(when);
                    if let Some((pipe, buffer)) = self.one.begin_read() {
                        match select(pipe.read(buffer), due).await {
                            Either::First(read) => self.one.handle_read(read, self.timer.now()),
                            Either::Second(()) => self.one.handle_timeout(self.timer.now()),
                        }
                    }
                }
                Step::Sleep(when) => {
                    self.timer.sleep_until(when).await;
                    self.one.handle_timeout(self.timer.now());
                }
            }
        }
    }
}

impl<N: AsyncNetwork, T> fmt::Debug for AsyncSession<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncSession")
            .field("embed", self.one.embed())
            .finish_non_exhaustive()
    }
}
