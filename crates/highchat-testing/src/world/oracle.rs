//! Checks what the client shows against what the service did.

use highchat_proto::{Failure, TurnEnd, Update};

use super::{Finding, Handoff, THINKING, World};
use crate::life::Act;
use crate::world::service::Author;
use crate::world::words;

/// From this tolerance on, in ms, the client's timeouts may end an answer that has no
/// fault.
const NOISE: u64 = 1000;
/// The longest time of a turn, in ms: several times the sum of all timeouts.
const LONGEST_TURN: u64 = 2 * 3_600_000;
/// The longest time of a life, in ms.
const LONGEST_LIFE: u64 = 20 * 3_600_000;

impl World {
    /// Checks an update that the client shows.
    pub fn update(&mut self, update: &Update<'_>, now: u64) {
        self.tell(now, || format!("  {update:?}"));
        match update {
            Update::Delta { text } => self.append(text, now),
            Update::Recovered { message, missing } => {
                self.judge_recovered(&message.content, now);
                self.append(missing, now);
            }
            Update::Human {
                message: Some(message),
                ..
            } => {
                let own = self.screen.open.map(words::handed_over);
                if own.as_deref() != Some(&**message) {
                    self.find(now, format!("{message:?} belongs to another turn"));
                }
            }
            Update::TurnEnded { end, .. } => self.end_turn(end, now),
            Update::Message(message) => self.show(message.id.as_str(), &message.content, now),
            Update::HandoffFailed { .. } => self.break_handoffs(),
            Update::Meta {
                is_replaced: true, ..
            } => {
                self.was_forgotten = true;
                // The new conversation may contain the same ids.
                self.screen.messages.clear();
                self.break_handoffs();
            }
            Update::Rated { .. } | Update::RatingFailed { .. } => self.ratings.1 += 1,
            _ => {}
        }
    }

    /// Checks a recovered reply that replaces the text shown before.
    pub fn show_recovered(&mut self, content: &str, now: u64) {
        self.tell(now, || format!("  recovered {content:?}"));
        self.judge_recovered(content, now);
        if let Some(turn) = self.screen.open {
            content.clone_into(&mut self.screen.turns[turn].text);
        }
    }

    fn judge_recovered(&mut self, content: &str, now: u64) {
        let open = self.screen.open;
        let own = open.map(|turn| self.service.truths[turn].reply.trim());
        if own != Some(content.trim()) {
            self.find(
                now,
                format!("{content:?} was recovered and is not the reply"),
            );
        }
    }

    /// Checks a message that polling found.
    pub fn show_message(&mut self, id: &str, content: &str, now: u64) {
        self.tell(now, || format!("  message {id} {content:?}"));
        self.show(id, content, now);
    }

    /// Reports that polling ended with an error.
    pub fn handoff_failed(&mut self, now: u64) {
        self.tell(now, || "  polling ended with an error".into());
        self.break_handoffs();
    }

    /// Whether the user waits for the end of a turn.
    #[must_use]
    pub const fn is_turn_open(&self) -> bool {
        self.screen.open.is_some()
    }

    /// The turn that has ended and whose message may still be on its way.
    pub(super) fn late_turn(&self) -> Option<usize> {
        let last = self.screen.turns.last()?;
        let number = self.screen.turns.len() - 1;
        let may_be_taken = match &last.end {
            Some(TurnEnd::Failed(Failure::Unanswered(_) | Failure::TimedOut)) => true,
            Some(end) => *end == TurnEnd::Cancelled,
            None => last.is_abandoned,
        };
        let is_late = self.tolerance > 0 && may_be_taken && self.service.truths[number].taken == 0;
        is_late.then_some(number)
    }

    fn append(&mut self, text: &str, now: u64) {
        match self.screen.open {
            Some(turn) => self.screen.turns[turn].text.push_str(text),
            None => self.find(now, format!("{text:?} was shown while no turn was open")),
        }
    }

    fn end_turn(&mut self, end: &TurnEnd, now: u64) {
        let Some(number) = self.screen.open else {
            return self.find(now, "a turn ended twice");
        };
        let shown = &self.screen.turns[number].text;
        let truth = &self.service.truths[number];
        let (own, taken) = (&truth.reply, truth.taken);
        let is_true = match end {
            TurnEnd::Done | TurnEnd::Human => shown == own,
            TurnEnd::Recovered => shown.trim() == own.trim(),
            _ => own.starts_with(&**shown),
        };
        if !is_true {
            let what =
                format!("{shown:?} was shown for the reply {own:?}, and the turn ended as {end:?}");
            self.find(now, what);
        }
        let may_not_be_taken = match end {
            TurnEnd::Failed(Failure::NotSent(_)) => taken > 0,
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered => taken == 0,
            _ => false,
        };
        if may_not_be_taken {
            self.find(
                now,
                format!("the turn ended as {end:?}, and the message was taken {taken} times"),
            );
        }
        let is_cut = match end {
            TurnEnd::Recovered => true,
            TurnEnd::Failed(error) => !matches!(error, Failure::Service(_)),
            _ => false,
        };
        if is_cut && self.comes_whole(number) {
            self.find(
                now,
                format!("the answer had no fault, and the turn ended as {end:?}"),
            );
        }
        self.screen.end_turn(end.clone());
        self.interrupt = None;
        self.ready_at = now + THINKING;
    }

    /// Whether the last answer to a turn is a stream without a fault.
    fn comes_whole(&self, number: usize) -> bool {
        let Act::Turn(turn) = &self.life.acts[self.turns[number]] else {
            return false;
        };
        let is_streamed = self.service.truths[number].tries > turn.tries.len();
        is_streamed && self.tolerance < NOISE && turn.fault.is_none() && !self.was_restarted_in_turn
    }

    fn show(&mut self, id: &str, content: &str, now: u64) {
        let number = id.strip_prefix('m').and_then(|id| id.parse().ok());
        let stored = number.and_then(|number| self.service.message_of(number));
        let Some(stored) = stored.cloned() else {
            return self.find(now, format!("{id} was shown and never stored"));
        };
        if stored.text != content {
            self.find(now, format!("{id} was shown with another text"));
        }
        if self.screen.messages.contains(&stored.id) {
            self.find(now, format!("{id} was shown twice"));
        }
        self.screen.messages.push(stored.id);
        let Author::Bot(Some(turn)) = stored.author else {
            return;
        };
        let is_known = match &self.screen.turns[turn].end {
            Some(TurnEnd::Done) => self.life.habits.gives_ids,
            Some(TurnEnd::Recovered) => true,
            _ => false,
        };
        if is_known && !self.was_forgotten {
            self.find(now, format!("the reply {id} was shown again"));
        }
    }

    /// Checks the client's state. Drivers call it each time that the client has no more
    /// outputs.
    pub fn look(&mut self, is_polling: bool, turn_in_progress: bool, now: u64) {
        if turn_in_progress == self.screen.open.is_some() {
            self.disagree_since = None;
        } else if now - *self.disagree_since.get_or_insert(now) >= self.tolerance {
            self.find(
                now,
                "the client and the screen disagree whether a turn is in progress",
            );
        }
        let is_open = self
            .handoffs
            .last()
            .is_some_and(|handoff| handoff.until.is_none());
        if is_polling && !is_open {
            let taken_at = self.service.truths.last().and_then(|truth| truth.taken_at);
            // If the conversation's beginning is unknown, only later messages are expected.
            let since = taken_at.filter(|_| !self.was_forgotten);
            self.handoffs.push(Handoff {
                since: since.unwrap_or(i64::try_from(now + 1).unwrap_or(i64::MAX)),
                until: None,
                is_broken: false,
            });
        } else if !is_polling && is_open {
            if let Some(handoff) = self.handoffs.last_mut() {
                // Messages after the newest page are not expected.
                handoff.until = Some(self.newest_page);
            }
        }
        if self.screen.open.is_some() && now > self.sent_at + LONGEST_TURN {
            self.find(now, "a turn lasts too long");
        }
        if now > LONGEST_LIFE {
            self.find(now, "the life lasts too long");
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_over(&self, is_polling: bool) -> bool {
        self.finding.is_some()
            || (self.next_act == self.life.acts.len()
                && self.screen.open.is_none()
                && self.ratings.0 == self.ratings.1
                && (!is_polling || (self.has_heard_all && !self.service.is_busy())))
    }

    /// Judges the whole life.
    ///
    /// # Errors
    ///
    /// The first error of the client.
    pub fn judge(mut self, now: u64) -> Result<(), Finding> {
        for turn in &self.screen.turns {
            if turn.end.is_none() && !turn.is_abandoned {
                let finding = Finding {
                    at: now,
                    what: "a turn never ended".into(),
                };
                self.finding.get_or_insert(finding);
            }
        }
        self.judge_persons(now);
        self.finding.map_or(Ok(()), Err)
    }

    /// Checks that each message of the person was shown that the service would list.
    fn judge_persons(&mut self, now: u64) {
        let habits = self.service.habits();
        // With these habits a page may never list a message, or two messages may have the
        // same time.
        let is_exact = habits.page_len.is_none() && !habits.seconds && habits.events_ahead <= 0;
        // A person's message with the same beginning as a cut reply may be taken for it.
        if !is_exact || habits.copycat {
            return;
        }
        let is_expected = |at: i64| {
            self.handoffs.iter().any(|handoff| {
                let until = handoff
                    .until
                    .map_or(i64::MAX, |until| i64::try_from(until).unwrap_or(i64::MAX));
                !handoff.is_broken && handoff.since <= at && at < until
            })
        };
        let missing = self.service.messages().iter().find(|message| {
            message.author == Author::Person
                && is_expected(message.at)
                && !self.screen.messages.contains(&message.id)
        });
        if let Some(id) = missing.map(|message| message.id) {
            self.find(now, format!("m{id} of the person was never shown"));
        }
    }
}
