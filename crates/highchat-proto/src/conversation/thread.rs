//! What is known of a conversation.

use std::boxed::Box;

use crate::backoff::Jitter;
use crate::config::Config;
use crate::event::Event;
use crate::exchange::due;
use crate::handoff::Handoff;
use crate::id::{ConversationId, Timestamp};
use crate::outbox::{Kept, Outbox};
use crate::state::State;
use crate::time::Instant;
use crate::turn::{TurnEnd, TurnError};

/// What is known of the conversation, whatever is under way.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) id: Option<ConversationId>,
    pub(super) state: State,
    /// The newest time that the service ever told.
    pub(super) newest: Option<Timestamp>,
    /// As it was when the turn began.
    pub(super) newest_before_turn: Option<Timestamp>,
    pub(super) handoff: Handoff,
    pub(super) outbox: Outbox,
}

impl Thread {
    pub(super) fn note_time(&mut self, ts: Option<&Timestamp>) {
        if let Some(ts) = ts {
            if self.newest.as_ref().is_none_or(|newest| newest < ts) {
                self.newest = Some(ts.clone());
            }
        }
    }

    /// The service told the state; the handoff begins or ends with it.
    pub(super) fn set_state(
        &mut self,
        state: &State,
        ts: Option<&Timestamp>,
        config: &Config,
        jitter: &mut Jitter,
        now: Instant,
    ) {
        if matches!(state, State::Other(_)) {
            return;
        }
        if self.state != *state {
            self.state = state.clone();
            self.outbox.update(Kept::State(Box::new(state.clone())));
        }
        if !state.is_handoff() {
            if let Some(poll) = self.handoff.stop() {
                self.outbox.abort(poll);
            }
        } else if self.id.is_some() && self.handoff.is_off() {
            let first = due(now, jitter.spread(config.poll_interval));
            self.handoff.begin(ts, first);
        }
    }

    /// Tells an event; how the turn ends, where it does with it.
    pub(super) fn handle_event(
        &mut self,
        event: &Event<'_>,
        config: &Config,
        jitter: &mut Jitter,
        now: Instant,
    ) -> Option<TurnEnd> {
        match event {
            Event::Meta { conversation_id } => {
                let is_replaced = match (&self.id, conversation_id) {
                    (Some(old), Some(new)) => old != new,
                    _ => false,
                };
                if is_replaced {
                    // What is known of the times and messages is of another conversation.
                    if let Some(poll) = self.handoff.stop() {
                        self.outbox.abort(poll);
                    }
                    self.handoff = Handoff::new(None);
                    self.newest = None;
                    self.newest_before_turn = None;
                }
                if let Some(id) = conversation_id {
                    self.id = Some(id.clone());
                }
                self.outbox.update(Kept::Meta {
                    conversation_id: self.id.clone(),
                    is_replaced,
                });
                None
            }
            Event::Delta { text } => {
                self.outbox.delta(text);
                None
            }
            Event::Done {
                message_id,
                state,
                ts,
            } => {
                self.handoff.remember(message_id, ts.clone());
                self.note_time(ts.as_ref());
                let done = (message_id.clone(), state.clone(), ts.clone());
                self.outbox.update(Kept::Done(Box::new(done)));
                self.set_state(state, ts.as_ref(), config, jitter, now);
                Some(TurnEnd::Done)
            }
            Event::Human { message, ts } => {
                self.note_time(ts.as_ref());
                let message = self.outbox.keep(message);
                let human = (message, ts.clone());
                self.outbox.update(Kept::Human(Box::new(human)));
                self.set_state(&State::Human, ts.as_ref(), config, jitter, now);
                Some(TurnEnd::Human)
            }
            Event::Error { message } => {
                let message = TurnError::Service((**message).into());
                Some(TurnEnd::Failed(message))
            }
            Event::Unknown { event, data } => {
                let unknown = [self.outbox.keep(event), self.outbox.keep(data)];
                self.outbox.update(Kept::Unknown(Box::new(unknown)));
                None
            }
            Event::Ping => None,
        }
    }
}
