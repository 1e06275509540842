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
//! If a turn fails, it becomes `Idle` and returns [`Step::TurnFailed`]. If its reply may be
//! found, the conversation then calls [`Turn::recover`]. The same happens to a turn that a
//! restart interrupted. The search is a state machine of its own ([`Recovery`]), inside the
//! phase `Recovering`.

use alloc::boxed::Box;
use alloc::string::String;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::backoff::{DelayReason, Timing, due, pause_if_not_taken};
use super::exchanges::Purpose;
use super::history::beginning;
use super::outbox::Outbox;
use super::recovery::{Recovery, SearchContext};
use super::step::Step;
use super::update::{self, TurnId};
use crate::api::{ChatRequest, Event, Page};
use crate::config::Config;
use crate::failure::{Cause, Cut, Failure};
use crate::json::{Content, Object, Value};
use crate::reply::Reply;
use crate::time::Instant;

/// The phases of a turn. Their data is boxed, so that a conversation stays small.
#[derive(Debug)]
enum Phase {
    Idle,
    Requested(Box<Pending>),
    Delayed(Box<Delayed>),
    Streaming(Box<Reply>),
    /// The turn is over for the user, but its body may continue.
    Settled(Box<Settled>),
    /// A search for the reply is in progress.
    Recovering(Box<Recovery>),
}

/// A message in flight. It may be sent again if it was not taken.
#[derive(Debug)]
struct Pending {
    request: ChatRequest,
    attempts: u32,
}

/// A message that waits to be sent again.
#[derive(Debug)]
struct Delayed {
    at: Instant,
    pending: Box<Pending>,
}

/// A reply that ended, while its body may continue.
#[derive(Debug)]
struct Settled {
    reply: Box<Reply>,
    /// The exchange is aborted if its body has not ended by then.
    until: Instant,
    /// The reply ended with `human`, and a later `done` may still change the state.
    may_be_refined: bool,
}

#[derive(Debug)]
pub(crate) struct Turn {
    phase: Phase,
    id: TurnId,
    /// The text of the reply so far, up to the limit.
    so_far: String,
    /// The reply is longer than the limit: `so_far` is only its beginning.
    is_too_long: bool,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self {
            phase: Phase::Idle,
            id: TurnId::from_u64(0),
            so_far: String::new(),
            is_too_long: false,
        }
    }

    // ---- the message ----

    /// Begins a turn and forgets the previous one, which is over.
    pub(crate) fn begin(&mut self, id: TurnId, request: ChatRequest) -> Step {
        match self.phase {
            Phase::Idle | Phase::Settled(_) => {
                self.id = id;
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

    /// Restores a turn that a restart interrupted. It then fails, which may begin a search.
    pub(crate) fn restore(&mut self, id: TurnId, saved: SavedTurn) -> Step {
        self.id = id;
        self.so_far = saved.so_far;
        self.is_too_long = saved.is_too_long;
        Step::TurnFailed(match saved.progress {
            Progress::Sent => {
                Failure::Unanswered(Cause::from("the program ended before the answer came"))
            }
            Progress::Begun => Failure::Cut(Cut::Restarted),
        })
    }

    /// Handles a failure before the head of a reply stream: a retry may follow.
    pub(crate) fn handle_refusal(&mut self, failure: Failure, timing: &mut Timing<'_>) -> Step {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Requested(pending) => {
                match pause_if_not_taken(&failure, pending.attempts, timing) {
                    Some(pause) => {
                        let at = due(timing.now, pause);
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

    /// Handles the head of a reply stream.
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

    /// Returns the next event in `input`; `None` if all of it was read. All deltas go to `outbox`,
    /// also the one that is returned.
    ///
    /// # Errors
    ///
    /// The reply is cut. The caller must then call [`handle_cut`](Self::handle_cut).
    pub(crate) fn next_event<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
        config: &Config,
        now: Instant,
        outbox: &mut Outbox,
    ) -> Result<Option<Event<'a>>, Cut> {
        match &mut self.phase {
            Phase::Streaming(reply) => {
                let before = outbox.text().len();
                let event = reply.next_event(input, now, |text| outbox.delta(text));
                if let Ok(Some(Event::Delta { text })) = &event {
                    outbox.delta(text);
                }
                // Once for all deltas: most are so short that a call costs more than the copy.
                let text = &outbox.text()[before..];
                remember(&mut self.so_far, &mut self.is_too_long, text, config);
                event
            }
            Phase::Settled(settled) if settled.may_be_refined => loop {
                match settled.reply.next_event_after_end(input) {
                    Ok(Some(done @ Event::Done { .. })) => {
                        let done = done.into_owned();
                        settled.may_be_refined = false;
                        return Ok(Some(done));
                    }
                    // After the end, other events are ignored, even invalid ones.
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

    /// Handles a cut reply.
    pub(crate) fn handle_cut(&mut self, cut: Cut) -> Step {
        self.phase = Phase::Idle;
        Step::TurnFailed(Failure::Cut(cut))
    }

    /// Handles the end of the body. Returns an event that only became complete now; `None` if
    /// nothing is left. The caller repeats the call until it returns `None`.
    ///
    /// # Errors
    ///
    /// The reply is cut. The caller must then call [`handle_cut`](Self::handle_cut).
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

    /// Handles a connection that was lost during the body.
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

    /// Ends the turn for the user. The rest of the body is read until the given time.
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

    /// Restarts the reply's timeouts, because the driver reads again after a pause.
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

    /// Begins the search for the reply of a failed turn.
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

    /// Handles a page of the search, or the failure to get it.
    pub(crate) fn handle_page(
        &mut self,
        page: Result<Page, Failure>,
        context: SearchContext<'_>,
    ) -> Step {
        match &mut self.phase {
            Phase::Recovering(recovery) => {
                // A reply that is longer than the limit is never searched for.
                recovery.handle_page(page, &self.so_far, context)
            }
            Phase::Idle
            | Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Settled(_) => Step::Nothing,
        }
    }

    /// Ends the turn. Returns whether its message was surely not taken, because it waited to be
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
            // The reply must learn the time even before its deadline: nothing came until now.
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

    // ---- views ----

    pub(crate) const fn id(&self) -> TurnId {
        self.id
    }

    /// Whether the turn is not over for the user.
    pub(crate) const fn is_in_progress(&self) -> bool {
        match self.phase {
            Phase::Requested(_)
            | Phase::Delayed(_)
            | Phase::Streaming(_)
            | Phase::Recovering(_) => true,
            Phase::Idle | Phase::Settled(_) => false,
        }
    }

    /// Whether the body of a reply stream is being read.
    pub(crate) const fn has_stream(&self) -> bool {
        match self.phase {
            Phase::Streaming(_) | Phase::Settled(_) => true,
            Phase::Idle | Phase::Requested(_) | Phase::Delayed(_) | Phase::Recovering(_) => false,
        }
    }

    /// The request to send.
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

    /// The text of the reply so far; `None` if it is longer than the limit.
    pub(crate) fn so_far(&self) -> Option<&str> {
        (!self.is_too_long).then_some(&*self.so_far)
    }

    /// The beginning of the reply so far, up to the limit.
    pub(crate) fn beginning(&self) -> &str {
        &self.so_far
    }

    /// The data that a search after a restart needs; `None` if no turn is in progress.
    pub(crate) fn save(&self) -> Option<SavedTurn> {
        let progress = match &self.phase {
            Phase::Idle | Phase::Settled(_) => return None,
            // The message may be sent again after this save and before the program ends.
            Phase::Delayed(_) | Phase::Requested(_) => Progress::Sent,
            Phase::Streaming(_) => Progress::Begun,
            Phase::Recovering(recovery) if recovery.had_begun() => Progress::Begun,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub(crate) enum Progress {
    /// The message may have been taken, now or later. No reply had begun.
    Sent,
    /// The reply had begun.
    Begun,
}

/// The saved form of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
pub(crate) struct SavedTurn {
    progress: Progress,
    so_far: String,
    is_too_long: bool,
}

impl SavedTurn {
    pub(super) fn read(json: Value<'_>) -> Option<Self> {
        let names = ["progress", "so_far", "is_too_long"];
        let [progress, so_far, is_too_long] = json.fields(names)?;
        Some(Self {
            progress: match &*progress?.whole_text()? {
                "sent" => Progress::Sent,
                "begun" => Progress::Begun,
                _ => return None,
            },
            so_far: so_far?.whole_text()?.into_owned(),
            is_too_long: is_too_long?.boolean()?,
        })
    }
}

impl Object for SavedTurn {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        let progress = match self.progress {
            Progress::Sent => "sent",
            Progress::Begun => "begun",
        };
        put("progress", Content::Text(progress));
        put("so_far", Content::Text(&self.so_far));
        put("is_too_long", Content::Bool(self.is_too_long));
    }
}

/// Appends the text to the reply so far, up to the limit.
fn remember(so_far: &mut String, is_too_long: &mut bool, text: &str, config: &Config) {
    if *is_too_long {
        return;
    }
    let room = config.reply_limit.saturating_sub(so_far.len());
    *is_too_long = text.len() > room;
    so_far.push_str(beginning(text, room));
}
