//! Looking for a reply whose stream was cut.
//!
//! ```text
//!   Due(at) ─── at ──▶ InFlight ── found ──▶ recovered
//!      ▲                  │
//!      └── tries left ◀───┴── none left | 401 | 404 | a person is there ──▶ incomplete
//! ```
//!
//! A message is taken for the reply only if it can be nothing else ([`find`]): neither
//! another turn's reply nor a person's message nor a greeting, whatever the service lists,
//! in whatever order. In doubt the turn is incomplete. Source: our decision.
//!
//! What the API cannot tell, and so is taken for granted: nobody else writes to the same
//! conversation under the visitor's name, a person who comes between the message and the
//! search is still there when the search ends, and a service that shows a page in part has
//! one clock for its events and its messages.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::backoff::due;
use super::exchanges::Purpose;
use super::handoff::Handoff;
use super::history::{self, History, TextHash};
use super::step::{Found, Said, Step};
use super::update::TurnEnd;
use crate::api::{ChatMessage, MessageId, Page, Role, State};
use crate::config::Config;
use crate::failure::Failure;
use crate::time::Instant;

#[derive(Debug)]
enum Phase {
    Due(Instant),
    InFlight,
}

/// A search that is under way, for the reply of a turn that failed.
#[derive(Debug)]
pub(crate) struct Recovery {
    phase: Phase,
    /// What is told if nothing is found.
    failure: Failure,
    tries: usize,
    /// What the look before found, unconfirmed.
    unconfirmed: Option<MessageId>,
}

/// What a look is held against.
pub(crate) struct Known<'k> {
    pub(crate) handoff: &'k Handoff,
    pub(crate) history: &'k mut History,
    pub(crate) config: &'k Config,
    pub(crate) now: Instant,
}

impl Recovery {
    pub(crate) fn new(failure: Failure, config: &Config, now: Instant) -> Self {
        Self {
            phase: Phase::Due(due(now, config.recovery_delays[0])),
            failure,
            tries: 0,
            unconfirmed: None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Step {
        match self.phase {
            Phase::Due(at) if at <= now => {
                self.tries += 1;
                self.phase = Phase::InFlight;
                Step::Transmit(Purpose::Search)
            }
            Phase::Due(_) | Phase::InFlight => Step::Nothing,
        }
    }

    /// The page came, or why there is none. `so_far` is the text of the reply, as far as it
    /// came.
    pub(crate) fn handle_page(
        &mut self,
        page: Result<Page, Failure>,
        so_far: &str,
        known: Known<'_>,
    ) -> Step {
        match self.phase {
            Phase::InFlight => {}
            Phase::Due(_) => return Step::Nothing,
        }
        let (config, now) = (known.config, known.now);
        let (found, goes_on) = match &page {
            Ok(page) => self.look(page, so_far, known),
            Err(failure) => (None, !failure.is_final()),
        };
        let end = match (&found, config.recovery_delays.get(self.tries)) {
            (Some(_), _) => Some(TurnEnd::Recovered),
            (None, Some(delay)) if goes_on => {
                self.phase = Phase::Due(due(now, *delay));
                None
            }
            (None, _) => Some(TurnEnd::Failed(self.failure.clone())),
        };
        Step::Searched {
            found,
            end,
            said: page.as_ref().map(Said::from).unwrap_or_default(),
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Due(at) => Some(at),
            Phase::InFlight => None,
        }
    }

    /// Whether the reply that is looked for had begun.
    pub(crate) const fn is_of_cut(&self) -> bool {
        matches!(self.failure, Failure::Cut(_))
    }

    /// Looks for the reply in a page: the reply, and whether to look again if it is not there.
    fn look(&mut self, page: &Page, so_far: &str, known: Known<'_>) -> (Option<Found>, bool) {
        match find(page, so_far, known.handoff, known.history, known.now) {
            Look::Unconfirmed(message) if self.unconfirmed.as_ref() != Some(&message.id) => {
                self.unconfirmed = Some(message.id.clone());
                (None, true)
            }
            Look::Found(message) | Look::Unconfirmed(message) => {
                let missing = history::rest(&message.content, so_far).unwrap_or_default();
                let found = Found {
                    missing: missing.into(),
                    message: message.clone(),
                };
                (Some(found), false)
            }
            // The service failed, and has neither the message nor a reply.
            Look::Nothing => (None, !matches!(self.failure, Failure::Refused(_))),
            Look::NotYet => (None, true),
            Look::NotTheBot => (None, false),
        }
    }
}

/// The result of one look at the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look<'a> {
    /// This is the reply, and nothing else can be.
    Found(&'a ChatMessage),
    /// This is the reply, unless a person wrote it who is about to take over: it is if it is
    /// there the next time as well.
    Unconfirmed(&'a ChatMessage),
    /// It is not there, or what is there is in doubt; it may be there later.
    NotYet,
    /// Neither the message nor a reply is there.
    Nothing,
    /// A person answers, or the conversation is closed: what comes now may be a person's.
    NotTheBot,
}

/// Looks for the reply in a page.
///
/// A candidate is a message of the `assistant` that is not known and begins with the text
/// so far. The times of the messages decide, never their place in the page.
pub(crate) fn find<'a>(
    page: &'a Page,
    so_far: &str,
    known: &Handoff,
    history: &mut History,
    now: Instant,
) -> Look<'a> {
    match page.state {
        Some(State::Bot | State::PendingHuman) => {}
        // No state or an unknown one: a person may be behind it.
        Some(State::Human | State::Closed | State::Other(_)) | None => return Look::NotTheBot,
    }
    let every_turn_ended = history.every_turn_ended(now);
    let (history, sent) = (&*history, history.sent());
    let is_candidate = |message: &&ChatMessage| {
        message.role == Role::Assistant
            && history::rest(&message.content, so_far).is_some()
            && !known.has_seen(&message.id)
    };
    let is_from_user = |message: &&ChatMessage| message.role.is_user();
    // Without a time of its own, a message is never new.
    let is_new = |message: &&ChatMessage| message.created_at > sent.after;
    let mut ids = BTreeSet::new();
    let mut messages: Vec<&ChatMessage> = page.messages.iter().collect();
    messages.retain(|message| ids.insert(&message.id));
    let all = || messages.iter().copied();
    let is_undated = |message: &ChatMessage| {
        message.created_at.is_none() && (is_from_user(&message) || is_candidate(&message))
    };
    if all().any(is_undated) {
        return Look::NotYet;
    }
    // Known from before the turn, and so older than all that it brings, unless the service
    // has two clocks.
    let is_known = |message: &ChatMessage| {
        known.has_seen(&message.id) || history.is_of_a_turn_that_ended(&message.content)
    };
    let mut candidates = all().filter(is_new).filter(is_candidate).peekable();
    let has_candidates = candidates.peek().is_some();
    let candidates = candidates.filter(|message| !history.may_be_another_turns(&message.content));

    if !all().any(|message| is_from_user(&message)) {
        if !has_candidates {
            return Look::Nothing;
        }
        let are_clocks_alike = !all().any(|message| is_new(&message) && is_known(message));
        // Without a text it may be what a person wrote before the message.
        let can_be_told =
            !so_far.is_empty() && sent.after.is_some() && every_turn_ended && are_clocks_alike;
        return match exactly_one(candidates) {
            Some(reply) if can_be_told => Look::Unconfirmed(reply),
            _ => Look::NotYet,
        };
    }
    let questions = || all().filter(is_new).filter(is_from_user);
    let is_own = |message: &&ChatMessage| TextHash::of(&message.content) == sent.text;
    let shown = questions().filter(is_own).count();
    if shown == 0 && !has_candidates {
        return Look::Nothing;
    }
    let Some(last) = last(questions()).filter(is_own) else {
        return Look::NotYet;
    };
    if shown != history.times_sent() || !history.knows_what_was_sent() {
        return Look::NotYet;
    }
    // Without a text, nothing but its place tells the reply: not behind a message that may
    // be the one before, by another clock.
    if so_far.is_empty() && history.repeats_the_message_before() {
        return Look::NotYet;
    }
    // Otherwise that is an older message with the same text, in a part of all messages.
    if all().any(|message| message.created_at >= last.created_at && is_known(message)) {
        return Look::NotYet;
    }
    let at = |message: &&ChatMessage| message.created_at.clone();
    // One that is neither before nor behind the message may be a greeting.
    let behind = candidates.filter(|reply| at(reply) >= at(&last));
    match first(behind) {
        Some(reply) if at(&reply) <= at(&last) => Look::NotYet,
        Some(reply) if so_far.is_empty() => Look::Unconfirmed(reply),
        Some(reply) => Look::Found(reply),
        None => Look::NotYet,
    }
}

fn exactly_one<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let only = items.next()?;
    items.next().is_none().then_some(only)
}

/// The message before all others; `None` if there is none, or two share that time.
fn first<'a>(messages: impl Iterator<Item = &'a ChatMessage>) -> Option<&'a ChatMessage> {
    extreme(messages, Ordering::Less)
}

/// The message behind all others; `None` if there is none, or two share that time.
fn last<'a>(messages: impl Iterator<Item = &'a ChatMessage>) -> Option<&'a ChatMessage> {
    extreme(messages, Ordering::Greater)
}

fn extreme<'a>(
    messages: impl Iterator<Item = &'a ChatMessage>,
    wanted: Ordering,
) -> Option<&'a ChatMessage> {
    let mut found = None;
    let mut is_shared = false;
    for message in messages {
        let order = found.map_or(wanted, |found: &ChatMessage| {
            message.created_at.cmp(&found.created_at)
        });
        if order == wanted {
            (found, is_shared) = (Some(message), false);
        } else {
            is_shared |= order == Ordering::Equal;
        }
    }
    found.filter(|_| !is_shared)
}
