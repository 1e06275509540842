//! One turn: a message, and the reply to it.
//!
//! ```text
//!           begin                        200                     done | human | error
//!   Idle ─────────▶ Requested ──────────────────────▶ Streaming ──────────────▶ Settled ──▶ Idle
//!    ▲                │    ▲                             │                         end | 2 s
//!    │   429 | NotSent│    │ at                          │ end | deadline | lost
//!    │                ▼    │                             ▼
//!    │               Delayed                  Recovering, or failed ── found | not found ──┐
//!    └── failed | cancelled: any state ◀───────────────────────────────────────────────────┘
//! ```
//!
//! A turn that fails is `Idle` and answers [`Step::TurnFailed`]; if its reply may be found, the
//! join puts it to `Recovering` at once ([`Turn::recover`]), and so it does with a turn that a
//! restart broke off. The search is a machine of its own ([`Recovery`]), which lives in that
//! phase.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::backoff::{Clocks, DelayReason, due, pause_if_not_taken};
use super::exchanges::Purpose;
use super::recovery::{Known, Recovery};
use super::step::Step;
use super::update::{self, TurnId};
use crate::api::{ChatRequest, Event, Page};
use crate::config::Config;
use crate::failure::{Cause, Cut, Failure};
use crate::reply::Reply;
use crate::time::Instant;

/// Each state's data is boxed: a conversation is to be small.
#[derive(Debug)]
enum Phase {
    Idle,
    Requested(Box<Pending>),
    Delayed(Box<Delayed>),
    Streaming(Box<Reply>),
    /// For the user the turn is over.
    Settled(Box<Settled>),
    /// The reply is looked for by reading.
    Recovering(Box<Recovery>),
}

/// A message that is on its way, and may be sent again if it was not taken.
#[derive(Debug)]
struct Pending {
    request: ChatRequest,
    attempts: u32,
}

/// A message that will be sent again.
#[derive(Debug)]
struct Delayed {
    at: Instant,
    pending: Box<Pending>,
}

/// A reply that is over, whose body may go on.
#[derive(Debug)]
struct Settled {
    reply: Box<Reply>,
    /// The body has until then to end.
    until: Instant,
    /// The reply ended in `human`, and a `done` may still refine the state.
    may_be_refined: bool,
}

#[derive(Debug)]
pub(crate) struct Turn {
    phase: Phase,
    name: TurnId,
    /// The text of the reply, as far as it came and is remembered.
    so_far: String,
    /// The reply is longer than what is remembered of it: its beginning.
    is_too_long: bool,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self {
            phase: Phase::Idle,
            name: TurnId::from_u64(0),
            so_far: String::new(),
            is_too_long: false,
        }
    }

    // ---- the message ----

    /// Begins a turn, with nothing remembered of the one before, which is over.
    pub(crate) fn begin(&mut self, name: TurnId, request: ChatRequest) -> Step {
        match self.phase {
            Phase::Idle | Phase::Settled(_) => {
                self.name = name;
                self.so_far.clear();
                self.is_too_long = false;
                self.phase = Phase::Requested(Box::new(Pending {
                    request,
                    attempts: 1,
                }));
                Step::Transmit(Purpose::Message)
            }
            Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Recovering(_) => Step::Nothing,
        }
    }

    /// A turn that a restart broke off.
    pub(crate) fn restore(&mut self, name: TurnId, saved: SavedTurn) -> Step {
        self.name = name;
        self.so_far = saved.so_far;
        self.is_too_long = saved.is_too_long;
        Step::TurnFailed(match saved.progress {
            Progress::Sent => {
                Failure::Unanswered(Cause::from("the program ended before the answer came"))
            }
            Progress::Begun => Failure::Cut(Cut::Restarted),
        })
    }

    /// The message was not answered by a reply stream.
    pub(crate) fn handle_refusal(&mut self, failure: Failure, clocks: &mut Clocks<'_>) -> Step {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Requested(pending) => {
                match pause_if_not_taken(&failure, pending.attempts, clocks) {
                    Some(pause) => {
                        let at = due(clocks.now, pause);
                        self.phase = Phase::Delayed(Box::new(Delayed { at, pending }));
                        Step::Delayed(update::Delayed::Message, pause, DelayReason::of(&failure))
                    }
                    None => Step::TurnFailed(failure),
                }
            }
            phase @ (Phase::Idle
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_)
            | Phase::Recovering(_)) => {
                self.phase = phase;
                Step::Nothing
            }
        }
    }

    // ---- the reply ----

    /// The head of a reply stream came.
    pub(crate) fn handle_stream(&mut self, config: &Config, now: Instant) {
        match self.phase {
            Phase::Requested(_) => {
                self.phase = Phase::Streaming(Box::new(Reply::new(config, now)));
            }
            Phase::Idle
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_)
            | Phase::Recovering(_) => {}
        }
    }

    /// The next event in a piece of the body; `None`: all of it was taken. The texts of
    /// deltas of the usual shape are given to `show` on the way, since an event is large.
    ///
    /// # Errors
    ///
    /// The reply is cut; [`handle_cut`](Self::handle_cut) follows.
    pub(crate) fn next_event<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
        config: &Config,
        now: Instant,
        mut show: impl FnMut(&str),
    ) -> Result<Option<Event<'a>>, Cut> {
        let (so_far, is_too_long) = (&mut self.so_far, &mut self.is_too_long);
        match &mut self.phase {
            Phase::Streaming(reply) => {
                let event = reply.next_event(input, now, |text| {
                    remember(so_far, is_too_long, text, config);
                    show(text);
                })?;
                if let Some(Event::Delta { text }) = &event {
                    remember(so_far, is_too_long, text, config);
                }
                Ok(event)
            }
            Phase::Settled(settled) if settled.may_be_refined => loop {
                match settled.reply.next_event_after_end(input) {
                    Ok(Some(done @ Event::Done { .. })) => {
                        let done = done.into_owned();
                        settled.may_be_refined = false;
                        return Ok(Some(done));
                    }
                    // Nothing else matters after the end, broken or not.
                    Ok(Some(_)) | Err(_) => {}
                    Ok(None) => return Ok(None),
                }
            },
            Phase::Settled(_)
            | Phase::Idle
            | Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Recovering(_) => Ok(None),
        }
    }

    /// The reply is cut.
    pub(crate) fn handle_cut(&mut self, cut: Cut) -> Step {
        self.phase = Phase::Idle;
        Step::TurnFailed(Failure::Cut(cut))
    }

    /// What the end of the body still gives; `None`: the reply was over before. To be called
    /// until then.
    ///
    /// # Errors
    ///
    /// The reply is cut; [`handle_cut`](Self::handle_cut) follows.
    pub(crate) fn finish(&mut self, config: &Config) -> Result<Option<Event<'static>>, Cut> {
        match &mut self.phase {
            Phase::Streaming(reply) => {
                let event = reply.finish()?;
                if let Some(Event::Delta { text }) = &event {
                    remember(&mut self.so_far, &mut self.is_too_long, text, config);
                }
                if event.is_none() {
                    self.phase = Phase::Idle;
                }
                Ok(event)
            }
            Phase::Settled(_) => {
                self.phase = Phase::Idle;
                Ok(None)
            }
            Phase::Idle | Phase::Requested(_) | Phase::Delayed(_) | Phase::Recovering(_) => {
                Ok(None)
            }
        }
    }

    /// The connection was lost while the body came.
    pub(crate) fn handle_interruption(&mut self) -> Step {
        match &mut self.phase {
            Phase::Streaming(reply) => match reply.handle_interruption() {
                Err(cut) => self.handle_cut(cut),
                Ok(()) => {
                    self.phase = Phase::Idle;
                    Step::Nothing
                }
            },
            Phase::Settled(_) => {
                self.phase = Phase::Idle;
                Step::Nothing
            }
            Phase::Idle | Phase::Requested(_) | Phase::Delayed(_) | Phase::Recovering(_) => {
                Step::Nothing
            }
        }
    }

    /// The reply is over for the user: its body is read to the end, for a while.
    pub(crate) fn settle(&mut self, may_be_refined: bool, until: Instant) {
        self.phase = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Streaming(reply) => Phase::Settled(Box::new(Settled {
                reply,
                until,
                may_be_refined,
            })),
            phase @ (Phase::Idle
            | Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Settled(_)
            | Phase::Recovering(_)) => phase,
        };
    }

    /// The driver reads again, after it waited for its application.
    pub(crate) fn handle_return(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Streaming(reply) => reply.resume(now),
            Phase::Idle
            | Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Settled(_)
            | Phase::Recovering(_) => {}
        }
    }

    // ---- the end ----

    /// The turn failed, and its reply is looked for.
    pub(crate) fn recover(&mut self, failure: Failure, config: &Config, now: Instant) {
        match self.phase {
            Phase::Idle => {
                let recovery = Recovery::new(failure, config, now);
                self.phase = Phase::Recovering(Box::new(recovery));
            }
            Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_)
            | Phase::Recovering(_) => {}
        }
    }

    /// The page in which the reply is looked for came, or why there is none.
    pub(crate) fn handle_page(&mut self, page: Result<Page, Failure>, known: Known<'_>) -> Step {
        match &mut self.phase {
            Phase::Recovering(recovery) => {
                // Of a reply that is too long none is looked for.
                recovery.handle_page(page, &self.so_far, known)
            }
            Phase::Idle
            | Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_) => Step::Nothing,
        }
    }

    /// The turn is over. Returns whether its message was surely not taken: it waited to be
    /// sent again.
    pub(crate) fn end(&mut self) -> bool {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Delayed(_) => true,
            Phase::Idle
            | Phase::Requested(_)
            | Phase::Streaming(_)
            | Phase::Settled(_)
            | Phase::Recovering(_) => false,
        }
    }

    // ---- time ----

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Step {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Delayed(mut delayed) if delayed.at <= now => {
                delayed.pending.attempts += 1;
                self.phase = Phase::Requested(delayed.pending);
                Step::Transmit(Purpose::Message)
            }
            // It is told the time in any case: the driver was there, and nothing came.
            Phase::Streaming(mut reply) => match reply.handle_timeout(now) {
                Err(cut) => self.handle_cut(cut),
                Ok(()) => {
                    self.phase = Phase::Streaming(reply);
                    Step::Nothing
                }
            },
            Phase::Settled(settled) if settled.until <= now => Step::Abort(Purpose::Message),
            Phase::Recovering(mut recovery) => {
                let step = recovery.handle_timeout(now);
                self.phase = Phase::Recovering(recovery);
                step
            }
            phase @ (Phase::Idle | Phase::Requested(_) | Phase::Delayed(_) | Phase::Settled(_)) => {
                self.phase = phase;
                Step::Nothing
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Delayed(delayed) => Some(delayed.at),
            Phase::Streaming(reply) => reply.deadline(),
            Phase::Settled(settled) => Some(settled.until),
            Phase::Recovering(recovery) => recovery.deadline(),
            Phase::Idle | Phase::Requested(_) => None,
        }
    }

    // ---- looking at it ----

    pub(crate) const fn name(&self) -> TurnId {
        self.name
    }

    /// Whether the user waits for it.
    pub(crate) const fn is_in_progress(&self) -> bool {
        match self.phase {
            Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Recovering(_) => true,
            Phase::Idle | Phase::Settled(_) => false,
        }
    }

    /// Whether the head of a reply stream came, and its body may go on.
    pub(crate) const fn has_stream(&self) -> bool {
        match self.phase {
            Phase::Streaming(_) | Phase::Settled(_) => true,
            Phase::Idle | Phase::Requested(_) | Phase::Delayed(_) | Phase::Recovering(_) => false,
        }
    }

    /// What is to be sent.
    pub(crate) const fn request(&self) -> Option<&ChatRequest> {
        match &self.phase {
            Phase::Requested(pending) => Some(&pending.request),
            Phase::Idle
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_)
            | Phase::Recovering(_) => None,
        }
    }

    /// The text of the reply as far as it came; `None` if not all of it was remembered.
    pub(crate) fn so_far(&self) -> Option<&str> {
        (!self.is_too_long).then_some(&*self.so_far)
    }

    /// What the reply begins with, as far as it came and was remembered.
    pub(crate) fn beginning(&self) -> &str {
        &self.so_far
    }

    /// What the search for the reply needs after a restart; `None` between two turns.
    pub(crate) fn save(&self) -> Option<SavedTurn> {
        let progress = match &self.phase {
            Phase::Idle | Phase::Settled(_) => return None,
            // It may be sent again before the program ends, and not be saved again.
            Phase::Delayed(_) | Phase::Requested(_) => Progress::Sent,
            Phase::Streaming(_) => Progress::Begun,
            Phase::Recovering(recovery) if recovery.is_of_cut() => Progress::Begun,
            Phase::Recovering(_) => Progress::Sent,
        };
        Some(SavedTurn {
            progress,
            so_far: self.so_far.clone(),
            is_too_long: self.is_too_long,
        })
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
