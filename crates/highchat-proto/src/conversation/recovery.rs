//! The search for a reply whose stream was cut.
//!
//! ```text
//!   Due(at) ─── at ──▶ InFlight ── found ──▶ recovered
//!      ▲                  │
//!      └── tries left ◀───┴── none left | 401 | 404 | a person is there ──▶ incomplete
//! ```
//!
//! A message counts as the reply only if nothing else is possible ([`find`]). It must not be
//! the reply of another turn, a person's message or a greeting, whatever messages the service
//! lists, in any order. In doubt, the turn ends as incomplete. Source: our decision.
//!
//! The API gives no way to check the following, so the search assumes it:
//!
//! - Nobody else writes to the same conversation under the visitor's name.
//! - A person who joins between the message and the search is still there when the search ends.
//! - A service that lists only part of the messages uses one clock for events and messages.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::backoff::due;
use super::exchanges::Purpose;
use super::handoff::Handoff;
use super::history::{self, History, TextHash};
use super::ids::MessageIds;
use super::step::{FoundReply, ReportedState, Step};
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

/// A search in progress, for the reply of a failed turn.
#[derive(Debug)]
pub(crate) struct Recovery {
    phase: Phase,
    /// The failure to report if nothing is found.
    failure: Failure,
    tries: usize,
    /// The candidate of the previous page, if it still needed confirmation.
    unconfirmed: Option<MessageId>,
}

/// What a page is compared with.
pub(crate) struct SearchContext<'k> {
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

    /// Handles a page, or the failure to get it. `so_far` is the text of the reply so far.
    pub(crate) fn handle_page(
        &mut self,
        page: Result<Page, Failure>,
        so_far: &str,
        context: SearchContext<'_>,
    ) -> Step {
        match self.phase {
            Phase::InFlight => {}
            Phase::Due(_) => return Step::Nothing,
        }
        let (config, now) = (context.config, context.now);
        let (found, goes_on) = match &page {
            Ok(page) => self.search_page(page, so_far, context),
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
            reported: page.as_ref().map(ReportedState::from).unwrap_or_default(),
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Due(at) => Some(at),
            Phase::InFlight => None,
        }
    }

    /// Whether the reply had begun before the failure.
    pub(crate) const fn had_begun(&self) -> bool {
        matches!(self.failure, Failure::Cut(_))
    }

    /// Searches one page. Returns the reply if found, and whether to ask for another page if
    /// not.
    fn search_page(
        &mut self,
        page: &Page,
        so_far: &str,
        context: SearchContext<'_>,
    ) -> (Option<FoundReply>, bool) {
        match find(page, so_far, context.handoff, context.history, context.now) {
            PageResult::Unconfirmed(message) if self.unconfirmed.as_ref() != Some(&message.id) => {
                self.unconfirmed = Some(message.id.clone());
                (None, true)
            }
            PageResult::Found(message) | PageResult::Unconfirmed(message) => {
                let missing = history::text_after(&message.content, so_far).unwrap_or_default();
                let found = FoundReply {
                    missing: missing.into(),
                    message: message.clone(),
                };
                (Some(found), false)
            }
            // The service failed (a 5xx), and stored neither the message nor a reply.
            PageResult::Nothing => (None, !matches!(self.failure, Failure::Refused(_))),
            PageResult::NotYet => (None, true),
            PageResult::NotTheBot => (None, false),
        }
    }
}

/// The result of searching one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageResult<'a> {
    /// This is the reply. Nothing else is possible.
    Found(&'a ChatMessage),
    /// This is the reply, unless it was written by a person who is about to take over. It
    /// counts if the next page lists it too.
    Unconfirmed(&'a ChatMessage),
    /// The reply is not in the page, or not with certainty. It may be in a later page.
    NotYet,
    /// The page lists neither the sent message nor any candidate.
    Nothing,
    /// A person answers, or the conversation is closed. A message may now be a person's.
    NotTheBot,
}

/// Searches a page for the reply.
///
/// A candidate is a message with the role `assistant` that is not known yet and that begins
/// with the text so far. Only the timestamps of messages count, never their order in the page.
pub(crate) fn find<'a>(
    page: &'a Page,
    so_far: &str,
    handoff: &Handoff,
    history: &mut History,
    now: Instant,
) -> PageResult<'a> {
    match page.state {
        Some(State::Bot | State::PendingHuman) => {}
        // With no state or an unknown one, a person may answer.
        Some(State::Human | State::Closed | State::Other(_)) | None => {
            return PageResult::NotTheBot;
        }
    }
    let every_turn_ended = history.every_turn_ended(now);
    let (history, sent) = (&*history, history.sent());
    let is_candidate = |message: &&ChatMessage| {
        message.role == Role::Assistant
            && history::text_after(&message.content, so_far).is_some()
            && !handoff.has_seen(&message.id)
    };
    let is_from_user = |message: &&ChatMessage| message.role.is_user();
    // A message without a timestamp never counts as new.
    let is_new = |message: &&ChatMessage| message.created_at > sent.after;
    let mut ids = MessageIds::default();
    let mut messages: Vec<&ChatMessage> = page.messages.iter().collect();
    messages.retain(|message| ids.insert(&message.id));
    let all = || messages.iter().copied();
    let is_undated = |message: &ChatMessage| {
        message.created_at.is_none() && (is_from_user(&message) || is_candidate(&message))
    };
    if all().any(is_undated) {
        return PageResult::NotYet;
    }
    // A known message was there before the turn, so it is older than all messages of the turn,
    // unless the service uses two clocks.
    let is_known = |message: &ChatMessage| {
        handoff.has_seen(&message.id) || history.is_of_a_turn_that_ended(&message.content)
    };
    let mut candidates = all().filter(is_new).filter(is_candidate).peekable();
    let has_candidates = candidates.peek().is_some();
    let candidates =
        candidates.filter(|message| !history.may_belong_to_another_turn(&message.content));

    if !all().any(|message| is_from_user(&message)) {
        if !has_candidates {
            return PageResult::Nothing;
        }
        let are_clocks_alike = !all().any(|message| is_new(&message) && is_known(message));
        // Without any text so far, a candidate may be what a person wrote before the message.
        let is_distinguishable =
            !so_far.is_empty() && sent.after.is_some() && every_turn_ended && are_clocks_alike;
        return match exactly_one(candidates) {
            Some(reply) if is_distinguishable => PageResult::Unconfirmed(reply),
            _ => PageResult::NotYet,
        };
    }
    let user_messages = || all().filter(is_new).filter(is_from_user);
    let is_own = |message: &&ChatMessage| TextHash::of(&message.content) == sent.text;
    let shown = user_messages().filter(is_own).count();
    if shown == 0 && !has_candidates {
        return PageResult::Nothing;
    }
    let Some(last) = last(user_messages()).filter(is_own) else {
        return PageResult::NotYet;
    };
    if shown != history.times_sent() || !history.knows_what_was_sent() {
        return PageResult::NotYet;
    }
    // Without any text so far, only the order identifies the reply. If the previous message has
    // the same text, the service's clocks may have swapped the two.
    if so_far.is_empty() && history.repeats_the_message_before() {
        return PageResult::NotYet;
    }
    // Otherwise `last` is an older message with the same text, in a page with only some
    // messages.
    if all().any(|message| message.created_at >= last.created_at && is_known(message)) {
        return PageResult::NotYet;
    }
    let timestamp = |message: &&ChatMessage| message.created_at.clone();
    // A candidate with the same timestamp as the message may be a greeting.
    let later = candidates.filter(|reply| timestamp(reply) >= timestamp(&last));
    match first(later) {
        Some(reply) if timestamp(&reply) <= timestamp(&last) => PageResult::NotYet,
        Some(reply) if so_far.is_empty() => PageResult::Unconfirmed(reply),
        Some(reply) => PageResult::Found(reply),
        None => PageResult::NotYet,
    }
}

fn exactly_one<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let only = items.next()?;
    items.next().is_none().then_some(only)
}

/// The message with the earliest timestamp; `None` without messages, or if two share it.
fn first<'a>(messages: impl Iterator<Item = &'a ChatMessage>) -> Option<&'a ChatMessage> {
    extreme(messages, Ordering::Less)
}

/// The message with the latest timestamp; `None` without messages, or if two share it.
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
