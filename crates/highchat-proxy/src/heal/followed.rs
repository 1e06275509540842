//! One turn, followed event by event.

use core::fmt;
use core::hash::{BuildHasher, BuildHasherDefault};
use std::hash::DefaultHasher;
use std::sync::Arc;

use highchat_proto::failure::TransportFailure;
use highchat_proto::{
    ChatRequest, Conversation, ConversationId, Head, Output, RequestId, State, Update,
};

use crate::front::trace::Trace;
use crate::heal::Healer;
use crate::heal::known::Turn;
use crate::store::Prior;
use crate::upstream::Access;
use crate::visitor::Identity;

/// A turn that is followed. When it is dropped, the conversation is remembered for its next
/// turn. If this turn was not over, it is remembered as a turn whose reply may still appear.
pub(crate) struct Followed {
    pub(super) healer: Arc<Healer>,
    /// The key of the message. The search uses it too.
    pub(super) access: Arc<Access>,
    pub(super) conversation: Conversation,
    pub(super) visitor: Identity,
    pub(super) trace: Trace,
    /// The request of `conversation` that stands for the message. The proxy sends its own.
    message: RequestId,
    text: TextHash,
    /// The conversation in the table; `None` before `meta`, and after the table refused it.
    turn: Option<(ConversationId, Turn)>,
    is_new: bool,
}

/// A hash of the message, to find it in a page without keeping its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextHash(u64);

impl TextHash {
    pub(super) fn of(text: &str) -> Self {
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(text.trim()))
    }
}

/// The reply is cut: an event is not what the API's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidReply;

impl Followed {
    /// Follows the reply to a message that is about to be sent. Returns `None` if the reply
    /// could not be found after a cut, because this proxy does not know the whole conversation.
    pub(crate) fn begin(
        healer: &Arc<Healer>,
        request: &ChatRequest,
        prior: Prior,
        visitor: Identity,
        trace: Trace,
    ) -> Option<Box<Self>> {
        let healer = Arc::clone(healer);
        let access = healer.upstream.access();
        let endpoint = Arc::clone(&access.endpoint);
        let config = Arc::clone(&healer.config);
        let now = healer.now();
        let (mut conversation, turn) = match &request.conversation_id {
            None => (Conversation::new(endpoint, config), None),
            Some(id) => {
                let (turn, saved) = healer.known.resume(id, prior)?;
                let conversation = Conversation::resume(endpoint, config, *saved, now);
                (conversation, Some((id.clone(), turn)))
            }
        };
        let text = TextHash::of(request.message.as_str());
        // A remembered conversation has no turn in progress.
        conversation.send(request.message.clone(), now).ok()?;
        let message = loop {
            match conversation.poll_output() {
                Output::Transmit(id, _) if conversation.is_of_turn(id) => break id,
                Output::Wait(_) => return None,
                Output::Transmit(..) | Output::Abort(_) | Output::Update => {}
            }
        };
        Some(Box::new(Self {
            healer,
            access,
            conversation,
            visitor,
            trace,
            message,
            text,
            is_new: turn.is_none(),
            turn,
        }))
    }

    /// Notes the head of a reply.
    pub(crate) fn handle_reply(&mut self) {
        let mut head = Head::new(200);
        head.header("content-type", b"text/event-stream");
        let now = self.healer.now();
        self.conversation.handle_response(self.message, head, now);
    }

    /// Notes that the service refused the message.
    pub(crate) fn handle_refusal(&mut self, status: u16) {
        let now = self.healer.now();
        self.conversation
            .handle_response(self.message, Head::new(status), now);
        self.conversation.handle_end(self.message, now);
    }

    /// Notes an event that the visitor is about to see, in the form of an event stream.
    ///
    /// # Errors
    ///
    /// The event is invalid, so the visitor must not see it.
    pub(crate) fn handle_event(&mut self, bytes: &[u8]) -> Result<(), InvalidReply> {
        let was_in_progress = self.conversation.turn_in_progress();
        let now = self.healer.now();
        self.conversation.handle_body(self.message, bytes, now);
        self.drain();
        let is_cut = was_in_progress && !self.conversation.is_live(self.message);
        if is_cut { Err(InvalidReply) } else { Ok(()) }
    }

    /// Notes that the reply is cut. Returns whether it can be searched for.
    pub(crate) fn handle_cut(&mut self) -> bool {
        let now = self.healer.now();
        // At the end of a body, half a surrogate pair becomes U+FFFD, as the visitor sees it. The
        // search then finds nothing: the half that was shown cannot be taken back.
        self.conversation.handle_end(self.message, now);
        self.can_be_searched()
    }

    /// Notes that no reply came. Returns whether it can be searched for.
    pub(crate) fn handle_no_answer(&mut self) -> bool {
        let now = self.healer.now();
        let failure = TransportFailure::Interrupted(Default::default());
        self.conversation.handle_failure(self.message, failure, now);
        self.can_be_searched()
    }

    fn can_be_searched(&mut self) -> bool {
        self.drain();
        let may_be_newest = |(id, turn): &(_, _)| self.healer.known.may_be_newest(id, turn);
        self.conversation.turn_in_progress() && self.turn.as_ref().is_some_and(may_be_newest)
    }

    /// Whether no other turn of this conversation has begun since.
    pub(super) async fn is_newest(&self) -> bool {
        match &self.turn {
            Some((id, turn)) => self.healer.known.is_newest(id, turn).await,
            None => false,
        }
    }

    pub(super) const fn text(&self) -> TextHash {
        self.text
    }

    /// Reads the updates that no visitor sees. Only the id in a `meta` matters.
    fn drain(&mut self) {
        loop {
            match self.conversation.poll_output() {
                Output::Wait(_) => return,
                Output::Transmit(..) | Output::Abort(_) => {}
                Output::Update => {
                    if let Some(Update::Meta { .. }) = self.conversation.update() {
                        self.note_id();
                    }
                }
            }
        }
    }

    fn note_id(&mut self) {
        let Some(id) = self.conversation.id() else {
            return;
        };
        match &self.turn {
            Some((known, _)) if known == id => {}
            // The service continues in another conversation, which may have other messages.
            Some(_) => self.forget(),
            None if self.is_new => {
                let id = id.clone();
                let turn = self.healer.known.begin(&id);
                self.turn = turn.map(|turn| (id, turn));
                self.is_new = false;
            }
            None => {}
        }
    }

    fn forget(&mut self) {
        if let Some((id, turn)) = self.turn.take() {
            self.healer.known.end(&id, &turn, None);
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.conversation.cancel(self.healer.now());
        let Some((id, turn)) = self.turn.take() else {
            return;
        };
        // The visitor polls for a person's messages. The proxy does not read them, so it cannot
        // distinguish them from later replies.
        let is_bot = *self.conversation.state() == State::Bot && !self.conversation.is_polling();
        let saved = is_bot.then(|| Box::new(self.conversation.save()));
        self.healer.known.end(&id, &turn, saved);
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").finish_non_exhaustive()
    }
}
