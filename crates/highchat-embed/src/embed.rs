//! A conversation together with its pipes.

use core::fmt;
#[cfg(feature = "embedded-io-async")]
use core::time::Duration;

use highchat_http1::Part;
use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::session::Commands;
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Endpoint, Message, Request, RequestId, Saved, SendError, TurnId, Update,
    conversation,
};

use crate::pipe::PipeId;
use crate::pipes::{Lost, Order, Pipes};
use crate::shared::Arc;

/// What the driver must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a pipe to the [`host`](Endpoint::host) and [`port`](Endpoint::port) of the
    /// [`endpoint`](Embed::endpoint), with TLS if the endpoint [needs it](Endpoint::is_tls).
    /// Then call [`handle_opened`](Embed::handle_opened) or
    /// [`handle_failure`](Embed::handle_failure).
    Open(PipeId),
    /// Write as much of [`bytes`](Embed::bytes) as the pipe takes, then call
    /// [`handle_written`](Embed::handle_written). This output comes again while bytes are left.
    Write(PipeId),
    /// Close the pipe, even if data is in flight, or stop opening it. No input for it is
    /// needed after that.
    Close(PipeId),
    /// Read the update that [`Embed::update`] returns.
    Update,
    /// Wait for an input or a command, at most until this time; then call
    /// [`Embed::handle_timeout`]. `None` means that nothing is under way, no pipe is open, and
    /// nothing will become due.
    Wait(Option<Instant>),
}

/// A conversation over byte pipes that the driver provides. The driver passes in the time and
/// the bytes that it read. `Embed` returns bytes to write, and updates.
///
/// It adds HTTP/1.1 to [`Conversation`], whose guarantees hold here as well. Several exchanges
/// may be under way at the same time (a streaming reply, a poll, a rating), each on its own
/// pipe. [`with_one_pipe`](Self::with_one_pipe) runs them one after the other.
///
/// # When a message counts as sent
///
/// A message counts as sent when [`poll_output`](Self::poll_output) returns [`Output::Write`]
/// for it, because a write that fails may still have put bytes on the wire. If the pipe is lost
/// before that, nothing was sent, and the message is tried again. If the pipe is lost after
/// that, the service may have received the message, and it is not sent again.
///
/// # Which pipes are kept
///
/// A message always gets a new pipe, because it could not be sent again if it were lost with a
/// stale one. The last pipe that was used is kept while the conversation polls or a turn is in
/// progress, for at most [`Config::keep_alive`] without a request, if HTTP allows another
/// exchange on it. It carries the polls, the searches for a cut reply, and ratings. If it is
/// lost before the head of the answer, or silent for [`Config::REUSE_TIMEOUT`], the request goes
/// out again on a new pipe. Source: our decision ([`Request::may_reuse_connection`]).
///
/// # Cost
///
/// A waiting conversation takes 0.6 KB of memory. A conversation whose reply streams takes 1.7 KB,
/// and the longest event so far if events come in pieces. A shared endpoint and configuration are not counted. Bytes that
/// were read are buffered only if they are an incomplete head (up to 64 KiB); body bytes go to
/// the decoder without a copy. A streaming reply allocates nothing.
///
/// ```
/// use highchat_embed::{Embed, Output};
/// use highchat_proto::time::Instant;
/// use highchat_proto::{Config, Credentials, Endpoint, Message};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let mut embed = Embed::new(endpoint, Config::default());
/// let now = Instant::ORIGIN;
/// embed.send(Message::new("Բարև")?, now)?;
///
/// let mut text = String::new();
/// loop {
///     match embed.poll_output() {
///         Output::Open(pipe) => {
///             let endpoint = embed.endpoint();
///             assert_eq!((endpoint.host(), endpoint.port()), ("chat.example", 443));
///             embed.handle_opened(pipe, now);
///         }
///         Output::Write(pipe) => {
///             // The embedder writes them; here the service is played.
///             let bytes = embed.bytes(pipe);
///             assert!(bytes.starts_with(b"POST /v1/chat HTTP/1.1\r\nhost: chat.example\r\n"));
///             let len = bytes.len();
///             embed.handle_written(pipe, len, now);
///             let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
///                           event: delta\ndata: {\"text\":\"Բարև\"}\n\nevent: done\n\
///                           data: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
///             embed.handle_read(pipe, answer.as_bytes(), now);
///             embed.handle_end(pipe, now);
///         }
///         Output::Close(_pipe) => {} // Drop it.
///         Output::Update => {
///             if let Some(update) = embed.update() {
///                 text.push_str(update.text().unwrap_or_default());
///             }
///         }
///         Output::Wait(None) => break, // Nothing is under way and nothing waited for.
///         Output::Wait(Some(when)) => {
///             // Wait until then for bytes; without any:
///             embed.handle_timeout(when);
///         }
///     }
/// }
/// assert_eq!(text, "Բարև");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Embed {
    conversation: Conversation,
    endpoint: Arc<Endpoint>,
    pipes: Pipes,
    /// The time of the last input or command.
    now: Instant,
}

impl Embed {
    /// Creates a new conversation; it begins with the first message. Conversations can share
    /// their endpoint and configuration, which take most of a conversation's memory.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<Endpoint>>, config: impl Into<Arc<Config>>) -> Self {
        let (endpoint, config) = (endpoint.into(), config.into());
        let conversation = Conversation::new(Arc::clone(&endpoint), Arc::clone(&config));
        Self::over(conversation, endpoint, config, Instant::ORIGIN)
    }

    /// Resumes a saved conversation. It polls at once if a person is answering.
    #[must_use]
    pub fn resume(
        endpoint: impl Into<Arc<Endpoint>>,
        config: impl Into<Arc<Config>>,
        saved: Saved,
        now: Instant,
    ) -> Self {
        let (endpoint, config) = (endpoint.into(), config.into());
        let (shared, same) = (Arc::clone(&endpoint), Arc::clone(&config));
        let conversation = Conversation::resume(shared, same, saved, now);
        Self::over(conversation, endpoint, config, now)
    }

    fn over(
        conversation: Conversation,
        endpoint: Arc<Endpoint>,
        config: Arc<Config>,
        now: Instant,
    ) -> Self {
        let embed = Self {
            conversation,
            endpoint,
            pipes: Pipes::new(config),
            now,
        };
        #[cfg(feature = "std")]
        let embed = embed.with_seed(random());
        embed
    }

    /// Sets the seed of all jitter, unless [`Config::seed`] is set. Call it before the first
    /// output.
    ///
    /// With the feature `std`, each conversation has a random seed already. Without it there is
    /// no source of random numbers, and every conversation has the same seed until this is
    /// called. Call it with a number that differs from device to device and from start to
    /// start, such as a number of the chip's random number generator. Otherwise many devices
    /// that start at the same moment also poll at the same moments.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.conversation = self.conversation.with_seed(seed);
        self
    }

    /// Sets the size limit of an answer's head in bytes, in place of [`Config::HEAD_LIMIT`], for
    /// devices whose memory does not hold 64 KiB. A longer head counts as a lost connection. Call
    /// it before the first output.
    #[must_use]
    pub const fn with_head_limit(mut self, limit: usize) -> Self {
        self.pipes.limit_heads(limit);
        self
    }

    /// Uses one pipe at a time, for drivers that can wait for only one: each pipe is closed or
    /// gone before the next one must be opened. Call it before the first output.
    ///
    /// A request that becomes due while a reply streams waits for the end of the reply. If it
    /// waits longer than [`Config::connect_timeout`], it counts as not sent and is tried again
    /// later.
    #[must_use]
    pub const fn with_one_pipe(mut self) -> Self {
        self.pipes.limit_to_one();
        self
    }

    /// The endpoint that the pipes connect to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The conversation: its id, state and cursor, and what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    // ---- commands ----

    /// All commands, such as rating, naming the user, and checking for a person's messages.
    pub const fn commands(&mut self, now: Instant) -> Commands<'_> {
        self.now = now;
        Commands::new(&mut self.conversation, now)
    }

    /// Sends a message. Returns the id of the turn, which the update at its end contains.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error returns the message.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<TurnId, SendError> {
        self.commands(now).send(message)
    }

    /// Ends the current turn, in any state. The service may have received the message. Does
    /// nothing if there is no turn.
    pub fn cancel(&mut self, now: Instant) {
        self.commands(now).cancel();
    }

    // ---- inputs ----

    /// The pipe is open, its TLS handshake included, and can take bytes.
    pub fn handle_opened(&mut self, pipe: PipeId, now: Instant) {
        self.now = now;
        self.pipes.handle_opened(pipe, now);
    }

    /// The first `len` of the [`bytes`](Self::bytes) were written.
    pub fn handle_written(&mut self, pipe: PipeId, len: usize, now: Instant) {
        self.now = now;
        self.pipes.handle_written(pipe, len);
    }

    /// Bytes were read. They may be cut anywhere. An empty slice is ignored: call
    /// [`handle_end`](Self::handle_end) at the end of the pipe.
    pub fn handle_read(&mut self, pipe: PipeId, bytes: &[u8], now: Instant) {
        self.now = now;
        if bytes.is_empty() {
            return;
        }
        let exchange = self.pipes.exchange(pipe);
        let Some(exchange) = exchange.filter(|exchange| exchange.may_have_left()) else {
            // No request was handed out, so this cannot be an answer.
            let cause = Cause::from("the service spoke before it was asked");
            return self.close_lost(pipe, cause, now);
        };
        let id = exchange.id();
        let mut input = bytes;
        loop {
            match exchange.read(&mut input) {
                Ok(Some(Part::Head(head))) => {
                    log::info!("request {id}: {}", head.status());
                    self.conversation.handle_response(id, &head, now);
                }
                Ok(Some(Part::Body(piece))) => self.conversation.handle_body(id, piece, now),
                Ok(Some(Part::Over(is_reusable))) => {
                    let is_clean = is_reusable && input.is_empty() && exchange.is_written();
                    self.conversation.handle_end(id, now);
                    return self.pipes.release(pipe, is_clean, now);
                }
                Ok(None) => return,
                Err(broken) => return self.close_lost(pipe, Cause::of(&broken), now),
            }
            // The conversation needs no more of this answer. Such a pipe is always closed;
            // otherwise the result would depend on how the bytes are cut.
            if !self.conversation.is_live(id) {
                return self.pipes.release(pipe, false, now);
            }
        }
    }

    /// The service closed the pipe in an orderly way: a read returned no bytes. With TLS, call
    /// it only after a `close_notify`; any other end is a failure. The pipe is gone.
    pub fn handle_end(&mut self, pipe: PipeId, now: Instant) {
        self.now = now;
        let exchange = self.pipes.exchange(pipe);
        let ending = exchange.filter(|exchange| exchange.ends_with_its_pipe());
        let ending = ending.map(|exchange| exchange.id());
        let lost = self.pipes.handle_lost(pipe, now);
        match ending {
            Some(id) => self.conversation.handle_end(id, now),
            None => self.report_loss(lost, Cause::from("the service closed it"), now),
        }
    }

    /// The pipe could not be opened, or was lost. The pipe is gone.
    ///
    /// The cause is [`Cause::of`] the driver's error, or a line of text. The application sees
    /// it. If nothing was sent, it begins with the host and port of the service.
    pub fn handle_failure(&mut self, pipe: PipeId, cause: impl Into<Cause>, now: Instant) {
        self.now = now;
        let lost = self.pipes.handle_lost(pipe, now);
        self.report_loss(lost, cause.into(), now);
    }

    /// The driver reads again after it waited for its application. The time since its last
    /// input does not count as silence of a streaming reply. It is for drivers that slow the
    /// service down by not reading.
    pub fn handle_return(&mut self, now: Instant) {
        self.now = now;
        self.conversation.handle_return(now);
    }

    /// The time of [`Output::Wait`] has come. An early call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        // This comes first, because a request without a pipe was certainly not sent.
        while let Some(lost) = self.pipes.handle_timeout(now) {
            self.report_loss(Some(lost), Cause::from("no connection in time"), now);
        }
        self.conversation.handle_timeout(now);
    }

    /// Closes a pipe whose exchange failed.
    fn close_lost(&mut self, pipe: PipeId, cause: Cause, now: Instant) {
        let lost = self.pipes.close_pipe(pipe, now);
        self.report_loss(lost, cause, now);
    }

    fn report_loss(&mut self, lost: Option<Lost>, cause: Cause, now: Instant) {
        let Some(lost) = lost else {
            return;
        };
        let failure = if lost.may_have_left {
            TransportFailure::Interrupted(cause)
        } else {
            TransportFailure::NotSent(cause.at(&self.endpoint.authority()))
        };
        log::info!("request {}: {failure}", lost.id);
        self.conversation.handle_failure(lost.id, failure, now);
    }

    // ---- outputs ----

    /// Returns what the driver must do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        loop {
            match self.conversation.poll_output() {
                conversation::Output::Update => return Output::Update,
                conversation::Output::Transmit(id, request) => self.transmit(id, request),
                conversation::Output::Abort(id) => self.pipes.abort(id, self.now),
                conversation::Output::Wait(when) => return self.poll_pipes(when),
            }
        }
    }

    fn poll_pipes(&mut self, when: Option<Instant>) -> Output {
        let is_needed = self.conversation.is_polling() || self.conversation.turn_in_progress();
        self.pipes.close_kept(is_needed, self.now);
        match self.pipes.next_order() {
            Some(Order::Open(pipe)) => Output::Open(pipe),
            Some(Order::Write(pipe)) => Output::Write(pipe),
            Some(Order::Close(pipe)) => Output::Close(pipe),
            None => Output::Wait([when, self.pipes.deadline()].into_iter().flatten().min()),
        }
    }

    fn transmit(&mut self, id: RequestId, request: Request) {
        log::info!("request {id}: {request}");
        self.pipes.begin(id, &request, self.now);
    }

    /// The time by which the pipe that is opening must be open.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.pipes.open_until()
    }

    /// How long a pipe may take to open.
    #[cfg(feature = "embedded-io-async")]
    pub(crate) fn open_timeout(&self) -> Duration {
        self.pipes.open_timeout()
    }

    /// The update that the last [`Output::Update`] announced, until the next
    /// [`poll_output`](Self::poll_output). Returns `None` at any other time.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.conversation.update()
    }

    /// The bytes to write to a pipe; empty until [`Output::Write`] announces them. After
    /// [`handle_written`](Self::handle_written), they are the rest. They contain the request
    /// with its key.
    #[must_use]
    pub fn bytes(&self, pipe: PipeId) -> &[u8] {
        self.pipes.unwritten(pipe)
    }
}

impl fmt::Debug for Embed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embed")
            .field("endpoint", &self.endpoint)
            .field("id", &self.conversation.id())
            .field("state", self.conversation.state())
            .finish_non_exhaustive()
    }
}

/// A random number for the seed of a conversation.
#[cfg(feature = "std")]
fn random() -> u64 {
    use core::hash::BuildHasher;

    std::hash::RandomState::new().hash_one(0)
}
