//! The conversation and its pipes, joined.

use core::fmt;
use core::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;

use highchat_http1::{Answer, Part};
use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::session::Commands;
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Endpoint, Message, Request, RequestId, Saved, SendError, TurnId, Update,
    conversation,
};

use crate::exchange::Exchange;
use crate::pipe::PipeId;
use crate::pipes::{Lost, Order, Pipes};

/// What a driver is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Open a pipe to the [`host`](Endpoint::host) and [`port`](Endpoint::port) of the
    /// [`endpoint`](Embed::endpoint), under TLS where it [says so](Endpoint::is_tls), and
    /// tell [`handle_opened`](Embed::handle_opened) or
    /// [`handle_failure`](Embed::handle_failure).
    Open(PipeId),
    /// Write what [`bytes`](Embed::bytes) shows, as much of it as the pipe takes, and tell
    /// [`handle_written`](Embed::handle_written). Told again while there is more.
    Write(PipeId),
    /// Close the pipe, whatever is on its way, or stop opening it. Nothing more is to be
    /// told of it.
    Close(PipeId),
    /// Something happened: look with [`Embed::update`].
    Update,
    /// Nothing more to do until an input or a command comes, or this moment, at which
    /// [`Embed::handle_timeout`] is to be called. `None`: nothing is under way, no pipe is
    /// open, and nothing is waited for.
    Wait(Option<Instant>),
}

/// A conversation over byte pipes that the driver brings: what goes in is time, and bytes
/// that were read; what comes out is bytes to be written, and updates.
///
/// The conversation is [`Conversation`]'s, with all that it promises; this adds HTTP/1.1.
/// Several exchanges may be under way (a reply that streams, a poll, a rating), each on a
/// pipe of its own; [`with_one_pipe`](Self::with_one_pipe) does them one after the other.
///
/// # When a message counts as sent
///
/// From the moment that [`Output::Write`] was polled for it: a write that fails may still
/// have put bytes on the wire. A pipe that is lost before that means that nothing was
/// sent, and the message is tried again; one that is lost after it, that the message may
/// have been taken, and it is not.
///
/// # Which pipes are kept
///
/// A pipe on which HTTP allows another exchange is kept while polls are due, for at most
/// 10 s, and carries `GET` requests alone. They can be repeated, so one that finds the pipe
/// gone stale goes out again on a new one. A message and a rating always have a new pipe:
/// whether a kept one still reaches the service can only be found out by writing to it,
/// and then it is too late. Source: our decision.
///
/// # Cost
///
/// 0.6 KB for a conversation that waits, 7 KB for one whose reply streams (4 of them the
/// decoder's), counted with an endpoint and a configuration that are shared. There is no
/// buffer for what is read, but for heads (up to 64 KiB) and lines between chunks (up to
/// 4 KiB) that are cut, and a streaming reply allocates nothing.
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
///         _ => {}
///     }
/// }
/// assert_eq!(text, "Բարև");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Embed {
    conversation: Conversation,
    endpoint: Arc<Endpoint>,
    pipes: Pipes,
    /// The time, as the last input or command told it.
    now: Instant,
}

impl Embed {
    /// A new conversation; it begins with the first message. Many conversations can share
    /// their endpoint and configuration, which are most of what one holds.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<Endpoint>>, config: impl Into<Arc<Config>>) -> Self {
        let (endpoint, config) = (endpoint.into(), config.into());
        let patience = config.connect_timeout();
        Self {
            conversation: Conversation::new(Arc::clone(&endpoint), config)
                .with_seed(RandomState::new().hash_one(0)),
            endpoint,
            pipes: Pipes::new(patience),
            now: Instant::ORIGIN,
        }
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(
        endpoint: impl Into<Arc<Endpoint>>,
        config: impl Into<Arc<Config>>,
        saved: Saved,
        now: Instant,
    ) -> Self {
        let (endpoint, config) = (endpoint.into(), config.into());
        let patience = config.connect_timeout();
        Self {
            conversation: Conversation::resume(Arc::clone(&endpoint), config, saved, now)
                .with_seed(RandomState::new().hash_one(0)),
            endpoint,
            pipes: Pipes::new(patience),
            now,
        }
    }

    /// Uses one pipe at a time, for drivers that can wait for one alone: each is closed or
    /// gone before the next is to be opened. To be said before the first output.
    ///
    /// What comes due while a reply streams waits for its end, and is put off where that
    /// takes longer than [`Config::connect_timeout`].
    #[must_use]
    pub const fn with_one_pipe(mut self) -> Self {
        self.pipes.use_one();
        self
    }

    /// Where pipes lead to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What is known of the conversation: id, state, cursor, what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    // ---- commands ----

    /// All commands there are: rating, naming the user, checking for a person's messages.
    pub const fn commands(&mut self, now: Instant) -> Commands<'_> {
        self.now = now;
        Commands::new(&mut self.conversation, now)
    }

    /// Sends a message. Returns the name of the turn, which its end will tell.
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<TurnId, SendError> {
        self.commands(now).send(message)
    }

    /// Ends the turn that is under way, in whatever state it is. The message may have
    /// been taken. Nothing happens where there is none.
    pub fn cancel(&mut self, now: Instant) {
        self.commands(now).cancel();
    }

    // ---- inputs ----

    /// The pipe is there, its TLS handshake included: bytes can be written to it.
    pub fn handle_opened(&mut self, pipe: PipeId, now: Instant) {
        self.now = now;
        self.pipes.handle_opened(pipe, now);
    }

    /// So many of the [`bytes`](Self::bytes) were written.
    pub fn handle_written(&mut self, pipe: PipeId, len: usize, now: Instant) {
        self.now = now;
        self.pipes.handle_written(pipe, len);
    }

    /// Bytes were read, in whatever pieces they came. No bytes are nothing: the end is
    /// [`handle_end`](Self::handle_end).
    pub fn handle_read(&mut self, pipe: PipeId, bytes: &[u8], now: Instant) {
        self.now = now;
        if bytes.is_empty() {
            return;
        }
        let exchange = self.pipes.exchange(pipe);
        let Some(exchange) = exchange.filter(|exchange| exchange.may_have_left()) else {
            // Nothing was asked yet.
            let cause = Cause::from("the service spoke before it was asked");
            return self.give_up(pipe, cause, now);
        };
        let id = exchange.id();
        let mut input = bytes;
        let mut piece = [0; Answer::PIECE];
        loop {
            match exchange.read(&mut input, &mut piece) {
                Ok(Some(Part::Head(head))) => {
                    log::info!("request {id}: {}", head.status);
                    self.conversation.handle_response(id, &head, now);
                }
                Ok(Some(Part::Body(len))) => self.conversation.handle_body(id, &piece[..len], now),
                Ok(Some(Part::Over(leaves_a_pipe))) => {
                    let is_clean = leaves_a_pipe && input.is_empty() && exchange.is_written();
                    self.conversation.handle_end(id, now);
                    return self.pipes.release(pipe, is_clean, now);
                }
                Ok(None) => return,
                Err(broken) => return self.give_up(pipe, Cause::of(&broken), now),
            }
            // Decided before its end, however that is cut: its pipe goes with it.
            if !self.conversation.is_live(id) {
                return self.pipes.release(pipe, false, now);
            }
        }
    }

    /// The service ended the pipe in order: a read gave nothing. Under TLS only where it
    /// said so (`close_notify`); otherwise it is a failure. The pipe is gone.
    pub fn handle_end(&mut self, pipe: PipeId, now: Instant) {
        self.now = now;
        let exchange = self.pipes.exchange(pipe);
        let ending = exchange.filter(|exchange| exchange.ends_with_its_pipe());
        let ending = ending.map(|exchange| exchange.id());
        let lost = self.pipes.lose(pipe, now);
        match ending {
            Some(id) => self.conversation.handle_end(id, now),
            None => self.tell_loss(lost, Cause::from("the service closed it"), now),
        }
    }

    /// The pipe could not be opened, or was lost, and why: [`Cause::of`] the driver's error,
    /// or a line of its own, which the application gets to see. The pipe is gone.
    ///
    /// For a pipe that could not be opened, host and port of the service are put before it.
    pub fn handle_failure(&mut self, pipe: PipeId, cause: impl Into<Cause>, now: Instant) {
        self.now = now;
        let lost = self.pipes.lose(pipe, now);
        self.tell_loss(lost, cause.into(), now);
    }

    /// The driver reads again, after it waited for its application: what passed since its
    /// last input is not held against a reply that streams. For drivers that slow the
    /// service down by not reading.
    pub fn handle_return(&mut self, now: Instant) {
        self.now = now;
        self.conversation.handle_return(now);
    }

    /// A moment that [`Output::Wait`] told has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        // First, as what has no pipe yet was surely not sent.
        while let Some(lost) = self.pipes.overdue(now) {
            self.tell_loss(Some(lost), Cause::from("no connection in time"), now);
        }
        self.conversation.handle_timeout(now);
    }

    fn give_up(&mut self, pipe: PipeId, cause: Cause, now: Instant) {
        let lost = self.pipes.give_up(pipe, now);
        self.tell_loss(lost, cause, now);
    }

    fn tell_loss(&mut self, lost: Option<Lost>, cause: Cause, now: Instant) {
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

    /// What to do next.
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
        if !self.conversation.is_polling() {
            self.pipes.close_idle();
        }
        match self.pipes.next_order() {
            Some(Order::Open(pipe)) => Output::Open(pipe),
            Some(Order::Write(pipe)) => Output::Write(pipe),
            Some(Order::Close(pipe)) => Output::Close(pipe),
            None => Output::Wait([when, self.pipes.deadline()].into_iter().flatten().min()),
        }
    }

    fn transmit(&mut self, id: RequestId, request: Request) {
        log::info!("request {id}: {request}");
        match Exchange::new(id, request) {
            Some(exchange) => self.pipes.begin(Box::new(exchange), self.now),
            // An endpoint makes none that HTTP/1.1 could not carry.
            None => {
                let cause = Cause::from("HTTP/1.1 cannot carry it");
                let not_sent = TransportFailure::NotSent(cause);
                self.conversation.handle_failure(id, not_sent, self.now);
            }
        }
    }

    /// What the last [`Output::Update`] announced, until the next
    /// [`poll_output`](Self::poll_output); `None` at any other time.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.conversation.update()
    }

    /// What is to be written to a pipe, from the [`Output::Write`] on that told of it; the
    /// rest of it after [`handle_written`](Self::handle_written). The request is in it,
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
