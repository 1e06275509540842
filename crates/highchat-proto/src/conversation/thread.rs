//! What is known of a conversation.

use alloc::borrow::Cow;

use super::backoff::Jitter;
use super::exchange::due;
use super::handoff::Handoff;
use super::history::{Extent, History};
use super::outbox::Outbox;
use super::turn::TurnEnd;
use super::update::Update;
use crate::api::{ConversationId, Event, State, Timestamp};
use crate::config::Config;
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::time::Instant;

/// What is known of the conversation, whatever is under way.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) id: Option<ConversationId>,
    pub(super) state: State,
    /// The newest time that the service ever told.
    pub(super) newest: Option<Timestamp>,
    pub(super) history: History,
    pub(super) handoff: Handoff,
    pub(super) outbox: Outbox,
}

/// Who told the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// An event of the reply.
    Event,
    /// The page that a poll asked for.
    Poll,
    /// The page in which a reply was looked for. Its messages are not shown.
    Search,
}

impl Thread {
    /// Takes note of a time; whether it is newer than all before.
    pub(super) fn note_time(&mut self, ts: Option<&Timestamp>) -> bool {
        let is_newer = ts > self.newest.as_ref();
        if is_newer {
            self.newest = ts.cloned();
        }
        is_newer
    }

    /// The service told the state, with a time; the handoff begins or ends with it.
    pub(super) fn set_state(
        &mut self,
        state: Option<&State>,
        ts: Option<&Timestamp>,
        source: Source,
        clocks: &mut Clocks<'_>,
    ) {
        let is_polling = !self.handoff.is_off();
        let state = match state {
            Some(State::Other(_)) | None => return,
            // The poll will see the end of a handoff as well, with the messages before it.
            Some(_) if source == Source::Search && is_polling => return,
            Some(state) => state,
        };
        if self.state != *state {
            self.state = state.clone();
            self.outbox.update(Update::State(Cow::Owned(state.clone())));
        }
        if !state.is_handoff() {
            if source == Source::Event {
                self.handoff.end_with_next_poll();
            } else {
                self.handoff.stop();
            }
        } else if self.id.is_some() && !is_polling {
            let after = self.first_after(ts);
            self.handoff.begin(after, clocks.next_poll());
        }
    }

    /// From which time on a person's messages are asked for: the newest known before the
    /// turn with which the handoff begins, so that what was written just before is not
    /// lost. All of them if no time is known and nothing was said before this client.
    fn first_after(&self, ts: Option<&Timestamp>) -> Option<Timestamp> {
        match &self.history.sent().after {
            None if !self.history.is_known() => ts.cloned(),
            after => after.clone(),
        }
    }

    /// Applies an event. Returns how the reply ended, if this event ends it.
    pub(super) fn handle_event(
        &mut self,
        event: &Event<'_>,
        endpoint: &Endpoint,
        clocks: &mut Clocks<'_>,
    ) -> Option<Ended> {
        match event {
            Event::Meta { conversation_id } => {
                let is_replaced = match (&self.id, conversation_id) {
                    (Some(old), Some(new)) => old != new,
                    _ => false,
                };
                if is_replaced {
                    self.forget_messages();
                }
                if let Some(id) = conversation_id {
                    self.id = Some(id.clone());
                }
                self.outbox.update(Update::Meta {
                    conversation_id: self.id.clone().map(Cow::Owned),
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
                if let Some(id) = message_id {
                    self.handoff.remember(id, ts.clone());
                }
                self.note_end_of_reply(ts.as_ref());
                self.outbox.update(Update::Done {
                    message_id: message_id.clone().map(Cow::Owned),
                    state: state.clone().map(Cow::Owned),
                    ts: ts.clone().map(Cow::Owned),
                });
                self.set_state(state.as_ref(), ts.as_ref(), Source::Event, clocks);
                Some(Ended {
                    end: TurnEnd::Done,
                    unplaced: message_id.is_none().then_some(Extent::Whole),
                })
            }
            Event::Human { message, ts } => {
                self.note_end_of_reply(ts.as_ref());
                if let Some(message) = message.as_deref() {
                    self.history.note_reply(message, Extent::Whole, clocks.now);
                }
                self.outbox.update(Update::Human {
                    message: message.clone().map(|text| text.into_owned().into_cow()),
                    ts: ts.clone().map(Cow::Owned),
                });
                let state = Some(&State::Human);
                self.set_state(state, ts.as_ref(), Source::Event, clocks);
                Some(Ended {
                    end: TurnEnd::Human,
                    unplaced: Some(Extent::Whole),
                })
            }
            Event::Error { message } => {
                let message = message.as_deref().unwrap_or(NO_REASON);
                let error = Failure::Service((*endpoint.secret().hide(message)).into());
                Some(Ended {
                    end: TurnEnd::Failed(error),
                    unplaced: Some(Extent::Failed),
                })
            }
            Event::Unknown { event, data } => {
                self.outbox.update(Update::Unknown {
                    event: Cow::Owned(event.clone().into_owned()),
                    data: Cow::Owned(data.clone().into_owned()),
                });
                None
            }
            Event::Ping => None,
        }
    }

    fn note_end_of_reply(&mut self, ts: Option<&Timestamp>) {
        if self.note_time(ts) {
            self.history.note_time();
        }
    }

    /// What is known of times and messages is of another conversation than this one, in
    /// which something may have been said before.
    fn forget_messages(&mut self) {
        if let Some(poll) = self.handoff.stop() {
            self.outbox.abort(poll);
        }
        self.handoff = Handoff::new(None);
        self.history = History::new(false);
        self.newest = None;
        // A person who answered there does not answer here, unless the service says so.
        if self.state != State::Bot {
            self.state = State::Bot;
            self.outbox.update(Update::State(Cow::Owned(State::Bot)));
        }
    }
}

/// What is told if the service fails and gives no reason.
const NO_REASON: &str = "the service could not answer, and gave no reason";

/// How a reply ended by an event.
pub(super) struct Ended {
    pub(super) end: TurnEnd,
    /// What is known of its text, if its message is not known by its id.
    pub(super) unplaced: Option<Extent>,
}

/// What decides when something is due.
pub(super) struct Clocks<'c> {
    config: &'c Config,
    jitter: &'c mut Jitter,
    now: Instant,
}

impl<'c> Clocks<'c> {
    pub(super) const fn new(config: &'c Config, jitter: &'c mut Jitter, now: Instant) -> Self {
        Self {
            config,
            jitter,
            now,
        }
    }

    pub(super) fn next_poll(&mut self) -> Instant {
        due(self.now, self.jitter.spread(self.config.poll_interval))
    }
}
