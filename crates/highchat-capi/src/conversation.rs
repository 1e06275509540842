//! A conversation and what it returns.

use std::string::String;
use std::sync::Arc;

use highchat_embed::{self as embed, Embed};
use highchat_proto::failure::Cause;
use highchat_proto::{
    self as proto, ConversationId, Message, RateError, Rating, Saved, Timestamp, VisitorRef,
};

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::failure::FailureTexts;
use crate::guard::Handle;
use crate::pipes::Pipes;
use crate::state::{RATING_DOWN, RATING_UP, State};
use crate::status::Status;
use crate::text::{Bytes, Text};
use crate::time::{NEVER, instant, milliseconds};
use crate::update::Update;

/// Flag of a new conversation: at most one pipe is open at the same time, for programs that can
/// wait for only one. A request that becomes due while a reply streams waits for the end of the
/// reply.
pub const ONE_PIPE: u32 = 1;
/// A conversation and its HTTP/1.1 exchanges. It belongs to the caller, who frees it with
/// `highchat_conversation_free`.
pub struct Conversation {
    is_broken: bool,
    embed: Embed,
    pipes: Pipes,
    /// The texts of the failure in the update that was returned last.
    texts: FailureTexts,
    saved: String,
}

/// What the caller must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum OutputKind {
    /// Open the pipe: connect to the host and port of the endpoint, with TLS if the endpoint
    /// needs it. Then call `highchat_conversation_handle_opened` or
    /// `highchat_conversation_handle_failure`.
    Open = 1,
    /// Write as many of the bytes as the pipe takes, then call
    /// `highchat_conversation_handle_written`. The message counts as sent from now on. The rest
    /// comes again after a partial write. If the pipe takes nothing now, write later what
    /// `highchat_conversation_bytes` returns.
    Write = 2,
    /// Close the pipe, or stop opening it. No input for it is needed after that.
    Close = 3,
    /// Call `highchat_conversation_update`.
    Update = 4,
    /// Wait for bytes or a command, at most until the deadline. Then call
    /// `highchat_conversation_handle_timeout`.
    Wait = 5,
}

/// What the caller must do next, and with what.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Output {
    /// What to do.
    pub kind: OutputKind,
    /// The pipe of `OPEN`, `WRITE` and `CLOSE`; otherwise 0. Numbers begin with 1 and are not
    /// reused.
    pub pipe: u64,
    /// The bytes of `WRITE`. They contain the key. They are valid until the next call with the
    /// same conversation.
    pub bytes: Bytes,
    /// The time of `WAIT`, on the caller's clock. `HIGHCHAT_NEVER` means that nothing is under
    /// way, no pipe is open, and nothing will become due.
    pub deadline_ms: u64,
}

/// What is known of a conversation. The texts are valid until the next call with the same
/// conversation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ConversationInfo {
    /// The id; absent until the first reply gives one.
    pub id: Text,
    /// The state.
    pub state: State,
    /// The state as the service writes it.
    pub state_text: Text,
    /// The timestamp after which the next poll asks for messages; absent if none is known.
    pub cursor: Text,
    /// Whether polls for a person's messages are under way.
    pub is_polling: bool,
    /// Whether a turn is not over.
    pub turn_in_progress: bool,
}

impl Output {
    const fn new(kind: OutputKind) -> Self {
        Self {
            kind,
            pipe: 0,
            bytes: Bytes::NONE,
            deadline_ms: NEVER,
        }
    }
}

/// A handle may move to another thread.
const _: () = {
    const fn may_move<T: Send>() {}
    may_move::<Conversation>();
    may_move::<Endpoint>();
    may_move::<crate::decoder::Decoder>();
    may_move::<crate::events::Events>();
};

impl Handle for Conversation {
    fn broken(&mut self) -> &mut bool {
        &mut self.is_broken
    }
}

impl Conversation {
    fn over(embed: Embed, flags: u32) -> Result<Self, Status> {
        let embed = match flags {
            0 => embed,
            ONE_PIPE => embed.with_one_pipe(),
            _ => return Err(Status::InvalidNumber),
        };
        Ok(Self {
            is_broken: false,
            embed,
            pipes: Pipes::new(),
            texts: FailureTexts::default(),
            saved: String::new(),
        })
    }

    pub(crate) fn new(endpoint: &Endpoint, config: Config, flags: u32) -> Result<Self, Status> {
        let config = proto::Config::from(config);
        Self::over(Embed::new(Arc::clone(&endpoint.endpoint), config), flags)
    }

    fn from_saved(
        endpoint: &Endpoint,
        config: Config,
        flags: u32,
        saved: Saved,
        now_ms: u64,
    ) -> Result<Self, Status> {
        let endpoint = Arc::clone(&endpoint.endpoint);
        let config = proto::Config::from(config);
        Self::over(
            Embed::resume(endpoint, config, saved, instant(now_ms)),
            flags,
        )
    }

    pub(crate) fn resume(
        endpoint: &Endpoint,
        config: Config,
        flags: u32,
        saved: &str,
        now_ms: u64,
    ) -> Result<Self, Status> {
        let saved = Saved::from_json(saved).map_err(|_| Status::InvalidSaved)?;
        Self::from_saved(endpoint, config, flags, saved, now_ms)
    }

    pub(crate) fn continued(
        endpoint: &Endpoint,
        config: Config,
        flags: u32,
        id: &str,
        state: Option<&str>,
        after: Option<&str>,
        now_ms: u64,
    ) -> Result<Self, Status> {
        let id = ConversationId::new(id).map_err(|_| Status::InvalidId)?;
        let mut saved = Saved::new(id);
        if let Some(state) = state {
            saved = saved.with_state(proto::State::from(state));
        }
        if let Some(after) = after {
            let after: Timestamp = after.parse().map_err(|_| Status::InvalidTimestamp)?;
            saved = saved.with_after(after);
        }
        Self::from_saved(endpoint, config, flags, saved, now_ms)
    }

    // ---- commands ----

    pub(crate) fn send(&mut self, text: &str, now_ms: u64) -> Result<u64, Status> {
        let message = Message::new(text).map_err(|_| Status::InvalidMessage)?;
        let turn = self.embed.send(message, instant(now_ms));
        turn.map(proto::TurnId::as_u64)
            .map_err(|_| Status::TurnInProgress)
    }

    pub(crate) fn set_visitor(&mut self, visitor: Option<&str>, now_ms: u64) -> Result<(), Status> {
        let visitor = visitor.map(VisitorRef::new).transpose();
        let visitor = visitor.map_err(|_| Status::InvalidVisitor)?;
        self.embed.commands(instant(now_ms)).set_visitor(visitor);
        Ok(())
    }

    pub(crate) fn rate(
        &mut self,
        rating: u32,
        comment: Option<&str>,
        now_ms: u64,
    ) -> Result<u64, Status> {
        let rating = match rating {
            RATING_DOWN => Rating::Down,
            RATING_UP => Rating::Up,
            _ => return Err(Status::InvalidNumber),
        };
        let commands = self.embed.commands(instant(now_ms));
        match commands.rate(rating, comment.map(String::from)) {
            Ok(request) => Ok(request.as_u64()),
            Err(RateError::NoConversation(_)) => Err(Status::NoConversation),
            Err(_) => Err(Status::RatingInProgress),
        }
    }

    pub(crate) fn cancel(&mut self, now_ms: u64) {
        self.embed.cancel(instant(now_ms));
    }

    pub(crate) fn check_now(&mut self, now_ms: u64) {
        self.embed.commands(instant(now_ms)).check_now();
    }

    // ---- inputs ----

    pub(crate) fn handle_opened(&mut self, pipe: u64, now_ms: u64) -> Result<(), Status> {
        let id = self.pipes.open(pipe)?;
        self.embed.handle_opened(id, instant(now_ms));
        Ok(())
    }

    pub(crate) fn handle_written(
        &mut self,
        pipe: u64,
        len: usize,
        now_ms: u64,
    ) -> Result<(), Status> {
        let id = self.pipes.find(pipe)?;
        if len > self.embed.bytes(id).len() {
            return Err(Status::TooMuchWritten);
        }
        self.embed.handle_written(id, len, instant(now_ms));
        Ok(())
    }

    pub(crate) fn handle_read(
        &mut self,
        pipe: u64,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<(), Status> {
        let id = self.pipes.find(pipe)?;
        self.embed.handle_read(id, bytes, instant(now_ms));
        Ok(())
    }

    pub(crate) fn handle_end(&mut self, pipe: u64, now_ms: u64) -> Result<(), Status> {
        let id = self.pipes.remove(pipe)?;
        self.embed.handle_end(id, instant(now_ms));
        Ok(())
    }

    pub(crate) fn handle_failure(
        &mut self,
        pipe: u64,
        cause: &str,
        now_ms: u64,
    ) -> Result<(), Status> {
        let id = self.pipes.remove(pipe)?;
        self.embed
            .handle_failure(id, Cause::from(cause), instant(now_ms));
        Ok(())
    }

    pub(crate) fn handle_return(&mut self, now_ms: u64) {
        self.embed.handle_return(instant(now_ms));
    }

    pub(crate) fn handle_timeout(&mut self, now_ms: u64) {
        self.embed.handle_timeout(instant(now_ms));
    }

    // ---- outputs ----

    pub(crate) fn poll(&mut self) -> Output {
        loop {
            match self.embed.poll_output() {
                embed::Output::Open(id) => {
                    let mut output = Output::new(OutputKind::Open);
                    output.pipe = self.pipes.add(id);
                    return output;
                }
                embed::Output::Write(id) => {
                    let Some(pipe) = self.pipes.number(id) else {
                        continue;
                    };
                    let mut output = Output::new(OutputKind::Write);
                    output.pipe = pipe;
                    output.bytes = Bytes::of(self.embed.bytes(id));
                    return output;
                }
                embed::Output::Close(id) => {
                    let Some(pipe) = self.pipes.number(id) else {
                        continue;
                    };
                    let mut output = Output::new(OutputKind::Close);
                    output.pipe = pipe;
                    let _ = self.pipes.remove(pipe);
                    return output;
                }
                embed::Output::Update => return Output::new(OutputKind::Update),
                embed::Output::Wait(when) => {
                    let mut output = Output::new(OutputKind::Wait);
                    output.deadline_ms =
                        when.map_or(NEVER, |when| milliseconds(when.since_origin()));
                    return output;
                }
            }
        }
    }

    pub(crate) fn bytes(&self, pipe: u64) -> Result<Bytes, Status> {
        let id = self.pipes.find(pipe)?;
        Ok(Bytes::of(self.embed.bytes(id)))
    }

    pub(crate) fn update(&mut self) -> Result<Update, Status> {
        let update = self.embed.update().ok_or(Status::Nothing)?;
        Ok(Update::of(&update, &mut self.texts))
    }

    // ---- what is known ----

    pub(crate) fn describe(&self) -> ConversationInfo {
        let conversation = self.embed.conversation();
        ConversationInfo {
            id: Text::some(conversation.id().map(ConversationId::as_str)),
            state: State::of(conversation.state()),
            state_text: Text::of(conversation.state().as_str()),
            cursor: Text::some(conversation.cursor().map(Timestamp::as_str)),
            is_polling: conversation.is_polling(),
            turn_in_progress: conversation.turn_in_progress(),
        }
    }

    pub(crate) fn save(&mut self) -> Text {
        self.saved = self.embed.conversation().save().to_json();
        Text::of(&self.saved)
    }
}
