//! One turn: a message, and the reply to it.
//!
//! ```text
//!           begin                        200                     done | human | error
//!   Idle ─────────▶ Requested ──────────────────────▶ Streaming ──────────────▶ Settled ──▶ Idle
//!    ▲                │    ▲                             │                         end | 2 s
//!    │   429 | NotSent│    │ at                          │ end | deadline | lost
//!    │                ▼    │                             ▼
//!    │               Delayed                         Recovering ── found | not found ──┐
//!    └── failed | cancelled: any state ◀───────────────────────────────────────────────┘
//! ```
//!
//! The machine knows of one exchange at a time and of the clocks on it; what follows from
//! an event for the conversation is joined in `conversation`.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::exchange::{Exchange, RequestId};
use crate::api::{ChatRequest, Event};
use crate::config::Config;
use crate::failure::{Cause, Cut, Failure};
use crate::reply::Reply;
use crate::time::Instant;

/// Names a turn of a conversation: what
/// [`Conversation::send`](crate::Conversation::send) returns, and the turn's end tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(u64);

impl TurnId {
    /// The name as a number, for interfaces that carry no other type.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The name that [`as_u64`](Self::as_u64) gave.
    #[must_use]
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a turn ended; told exactly once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnEnd {
    /// `done` came: the reply is whole.
    Done,
    /// `human` came: a person answers from here, and the message is with them.
    Human,
    /// The stream was cut, and the reply was read back whole.
    Recovered,
    /// There is no reply, or no whole one.
    Failed(Failure),
    /// The application cancelled it. The message may have been taken.
    Cancelled,
}

impl TurnEnd {
    /// In one word: `done`, `human`, `recovered`, `failed` or `cancelled`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Human => "human",
            Self::Recovered => "recovered",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Why there is no whole reply, if the turn failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Done | Self::Human | Self::Recovered | Self::Cancelled => None,
        }
    }
}

/// A message that is on its way, and may be sent again where it was not taken.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) request: ChatRequest,
    pub(crate) attempts: u32,
}

#[derive(Debug)]
pub(crate) enum Phase {
    Idle,
    Requested(Box<Exchange>, Box<Pending>),
    Delayed(Instant, Box<Pending>),
    Streaming(RequestId, Box<Reply>),
    /// For the user the turn is over; the body has until then to end.
    Settled(RequestId, Box<Reply>, Instant),
    /// The reply is looked for elsewhere.
    Recovering,
}

#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) phase: Phase,
    /// The name of the turn: its first request.
    pub(crate) name: TurnId,
    /// The text of the reply, as far as it came and is remembered.
    so_far: String,
    /// The reply is longer than what is remembered of it: its beginning.
    is_too_long: bool,
    /// The reply ended in `human`, and a `done` may still refine the state.
    may_be_refined: bool,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self {
            phase: Phase::Idle,
            name: TurnId(RequestId::FIRST.as_u64()),
            so_far: String::new(),
            is_too_long: false,
            may_be_refined: false,
        }
    }

    /// The exchange that is under way, if one is.
    pub(crate) fn exchange(&self) -> Option<RequestId> {
        match &self.phase {
            Phase::Requested(exchange, _) => Some(exchange.id()),
            Phase::Streaming(id, _) | Phase::Settled(id, _, _) => Some(*id),
            Phase::Idle | Phase::Delayed(..) | Phase::Recovering => None,
        }
    }

    /// Whether the user waits for it.
    pub(crate) const fn is_in_progress(&self) -> bool {
        match self.phase {
            Phase::Requested(..)
            | Phase::Delayed(..)
            | Phase::Streaming(..)
            | Phase::Recovering => true,
            Phase::Idle | Phase::Settled(..) => false,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Requested(exchange, _) => Some(exchange.deadline()),
            Phase::Delayed(at, _) | Phase::Settled(_, _, at) => Some(*at),
            Phase::Streaming(_, reply) => reply.deadline(),
            Phase::Idle | Phase::Recovering => None,
        }
    }

    /// The head of a reply stream came.
    pub(crate) fn handle_stream(&mut self, config: &Config, now: Instant) {
        if let Phase::Requested(exchange, _) = &self.phase {
            let reply = Reply::new(config, now);
            self.phase = Phase::Streaming(exchange.id(), Box::new(reply));
        }
    }

    /// The next event in a piece of the body; `None`: all of it was taken. The texts of
    /// deltas of the usual shape are given to `show` on the way, since an event is large.
    ///
    /// # Errors
    ///
    /// The reply is cut.
    pub(crate) fn next_event<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
        config: &Config,
        now: Instant,
        mut show: impl FnMut(&str),
    ) -> Result<Option<Event<'a>>, Cut> {
        let (so_far, is_too_long) = (&mut self.so_far, &mut self.is_too_long);
        match &mut self.phase {
            Phase::Streaming(_, reply) => {
                let event = reply.next_event(input, now, |text| {
                    remember(so_far, is_too_long, text, config);
                    show(text);
                })?;
                if let Some(Event::Delta { text }) = &event {
                    remember(so_far, is_too_long, text, config);
                }
                Ok(event)
            }
            Phase::Settled(_, reply, _) if self.may_be_refined => reply.next_event_after_end(input),
            Phase::Settled(..)
            | Phase::Idle
            | Phase::Requested(..)
            | Phase::Delayed(..)
            | Phase::Recovering => Ok(None),
        }
    }

    /// What the end of the body still gives; `None`: the reply was over before.
    ///
    /// # Errors
    ///
    /// The reply is cut.
    pub(crate) fn finish(&mut self, config: &Config) -> Result<Option<Event<'static>>, Cut> {
        let Phase::Streaming(_, reply) = &mut self.phase else {
            return Ok(None);
        };
        let event = reply.finish()?;
        if let Some(Event::Delta { text }) = &event {
            remember(&mut self.so_far, &mut self.is_too_long, text, config);
        }
        Ok(event)
    }

    /// The reply is over for the user: its body is read to the end, for a while.
    pub(crate) fn settle(&mut self, may_be_refined: bool, config: &Config, now: Instant) {
        self.may_be_refined = may_be_refined;
        self.phase = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Streaming(id, reply) => Phase::Settled(id, reply, now + config.settle_timeout),
            other => other,
        };
    }

    /// Its `done` came: nothing more in the body matters.
    pub(crate) const fn refined(&mut self) {
        self.may_be_refined = false;
    }

    /// The text of the reply as far as it came; `None` if not all of it was remembered.
    pub(crate) fn so_far(&self) -> Option<&str> {
        (!self.is_too_long).then_some(&*self.so_far)
    }

    /// What the reply begins with, as far as it came and was remembered.
    pub(crate) fn beginning(&self) -> &str {
        &self.so_far
    }

    /// Begins a turn, with nothing remembered of the one before.
    pub(crate) fn begin(&mut self, name: TurnId) {
        self.name = name;
        self.so_far.clear();
        self.is_too_long = false;
    }

    /// What the search for the reply needs after a restart; `None` between two turns.
    /// `is_cut`: the reply that is looked for had begun.
    pub(crate) fn save(&self, is_cut: bool) -> Option<SavedTurn> {
        let progress = match &self.phase {
            Phase::Idle | Phase::Settled(..) => return None,
            // It may be sent again before the program ends, and not be saved again.
            Phase::Delayed(..) | Phase::Requested(..) => Progress::Sent,
            Phase::Streaming(..) => Progress::Begun,
            Phase::Recovering if is_cut => Progress::Begun,
            Phase::Recovering => Progress::Sent,
        };
        Some(SavedTurn {
            progress,
            so_far: self.so_far.clone(),
            is_too_long: self.is_too_long,
        })
    }

    /// A turn that a restart broke off, and why it failed unless its reply is found.
    pub(crate) fn restore(&mut self, name: TurnId, saved: SavedTurn) -> Failure {
        let error = match saved.progress {
            Progress::Sent => {
                Failure::Unanswered(Cause::from("the program ended before the answer came"))
            }
            Progress::Begun => Failure::Cut(Cut::Restarted),
        };
        self.name = name;
        self.so_far = saved.so_far;
        self.is_too_long = saved.is_too_long;
        error
    }
}

/// How far a turn was when the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// The message may have been taken, now or later, and no reply had begun.
    Sent,
    /// The reply had begun.
    Begun,
}

/// A turn as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedTurn {
    progress: Progress,
    so_far: String,
    is_too_long: bool,
}

fn remember(so_far: &mut String, is_too_long: &mut bool, text: &str, config: &Config) {
    *is_too_long |= so_far.len() + text.len() > config.reply_limit;
    if !*is_too_long {
        so_far.push_str(text);
    }
}
