//! What this client knows of a conversation's history: what the search for a cut reply goes
//! by, so that it never takes another turn's reply for the one it looks for.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::Timestamp;
use crate::time::Instant;

/// How many messages are remembered as sent. With more of them since the end of a reply was
/// last told, none can be found by its text.
const MAX_SENT: usize = 64;
/// How many replies are remembered whose message is not known.
const MAX_UNPLACED: usize = 8;
/// How much of such a reply is remembered, in bytes.
const MAX_TEXT: usize = 512;
/// How long a service may take to store a reply. After that, a reply that was cut or
/// cancelled is not expected among the messages any more.
const LATEST_REPLY: Duration = Duration::from_secs(600);

/// A hash of a message's text without the white space at its ends (FNV-1a, 64 bits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TextHash(u64);

impl TextHash {
    pub(crate) fn of(text: &str) -> Self {
        let hash = text
            .trim()
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
        Self(hash)
    }
}

/// What the newest turn's message was, as far as its reply is found by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) text: TextHash,
    /// The newest time of the service that was known before the turn.
    pub(crate) after: Option<Timestamp>,
}

/// What is known of the text of a reply whose message is not known by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extent {
    /// The stream was cut, or the turn cancelled: the message begins with the text.
    Cut,
    /// The service gave up: the message begins with the text, if there is one.
    Failed,
    /// The message is the text.
    Whole,
}

/// A reply whose message may stand among the messages, under an id that is not known.
#[derive(Clone, Debug)]
struct Unplaced {
    text: Box<str>,
    extent: Extent,
    since: Instant,
}

impl Unplaced {
    fn matches(&self, content: &str) -> bool {
        match self.extent {
            Extent::Cut | Extent::Failed => rest(content, &self.text).is_some(),
            Extent::Whole => content.trim() == self.text.trim(),
        }
    }
}

/// What follows `begun` in a content, if that begins with it. A service may trim what it
/// stores: white space at the ends does not count.
pub(crate) fn rest<'c>(content: &'c str, begun: &str) -> Option<&'c str> {
    let found = content.strip_prefix(begun);
    let found = found.or_else(|| content.strip_prefix(begun.trim_start()));
    found.or_else(|| (content == begun.trim()).then_some(""))
}

/// The history of one conversation.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Nothing was said before this client. Otherwise the messages may hold texts that look
    /// like its own, and no reply is searched for.
    is_known: bool,
    /// No reply told a newer time since the newest message was sent.
    is_pending: bool,
    sent: Sent,
    /// The newest message has the text of the message before it.
    repeats: bool,
    /// Most conversations have none.
    recent: Option<Box<Recent>>,
}

/// What is left of the turns before the newest one.
#[derive(Clone, Debug, Default)]
struct Recent {
    /// What was sent since the end of a reply last told the service's time.
    sent: Vec<TextHash>,
    unplaced: Vec<Unplaced>,
}

impl History {
    pub(crate) fn new(is_known: bool) -> Self {
        Self {
            is_known,
            is_pending: false,
            sent: Sent::default(),
            repeats: false,
            recent: None,
        }
    }

    pub(crate) const fn is_known(&self) -> bool {
        self.is_known
    }

    /// The message of the newest turn.
    pub(crate) const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// A message is sent; the newest time of the service is given.
    pub(crate) fn send(&mut self, text: &str, after: Option<Timestamp>) {
        if self.is_pending {
            let sent = &mut self.recent.get_or_insert_default().sent;
            sent.truncate(MAX_SENT);
            sent.push(self.sent.text);
        }
        self.is_pending = true;
        let text = TextHash::of(text);
        self.repeats = self.sent.text == text;
        self.sent = Sent { text, after };
    }

    /// How often the text of the newest message was sent since the end of a reply last told
    /// the service's time.
    pub(crate) fn times_sent(&self) -> usize {
        let before = self.recent.iter().flat_map(|recent| &recent.sent);
        before.filter(|sent| **sent == self.sent.text).count() + 1
    }

    /// Whether the newest message has the text of the message before it.
    pub(crate) const fn repeats_the_message_before(&self) -> bool {
        self.repeats
    }

    /// The message that was sent last was surely not taken.
    pub(crate) const fn retract(&mut self) {
        self.is_pending = false;
    }

    /// Whether every message since a reply last told the time is remembered.
    pub(crate) fn knows_what_was_sent(&self) -> bool {
        let is_forgotten = |recent: &Recent| recent.sent.len() > MAX_SENT;
        self.is_known && !self.recent.as_deref().is_some_and(is_forgotten)
    }

    /// The end of a reply told a time of the service that is newer than all before.
    pub(crate) fn note_time(&mut self) {
        self.is_pending = false;
        if let Some(recent) = &mut self.recent {
            recent.sent.clear();
        }
        self.tidy();
    }

    /// A turn ended, and the message of its reply is not known by its id.
    pub(crate) fn note_reply(&mut self, text: &str, extent: Extent, now: Instant) {
        self.forget(now);
        let end = (0..=text.len().min(MAX_TEXT))
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or_default();
        let is_shortened = end < text.len();
        let extent = match extent {
            Extent::Whole if is_shortened => Extent::Failed,
            extent => extent,
        };
        let unplaced = &mut self.recent.get_or_insert_default().unplaced;
        if unplaced.len() == MAX_UNPLACED {
            merge_oldest(unplaced);
        }
        unplaced.push(Unplaced {
            text: text[..end].into(),
            extent,
            since: now,
        });
    }

    fn forget(&mut self, now: Instant) {
        if let Some(recent) = &mut self.recent {
            recent
                .unplaced
                .retain(|reply| now < reply.since + LATEST_REPLY);
        }
        self.tidy();
    }

    /// Gives back the memory of what is empty.
    fn tidy(&mut self) {
        let is_empty = |recent: &Recent| recent.sent.is_empty() && recent.unplaced.is_empty();
        if self.recent.as_deref().is_some_and(is_empty) {
            self.recent = None;
        }
    }

    fn unplaced(&self) -> &[Unplaced] {
        match &self.recent {
            Some(recent) => &recent.unplaced,
            None => &[],
        }
    }

    /// Whether a content may be the reply of a turn before, which was cut, cancelled or
    /// whose id never came.
    pub(crate) fn may_be_another_turns(&self, content: &str) -> bool {
        self.unplaced().iter().any(|reply| reply.matches(content))
    }

    /// Whether a content is, or begins with, the reply of a turn before that ended with
    /// `done`, `human` or `error`, and whose id never came.
    pub(crate) fn is_of_a_turn_that_ended(&self, content: &str) -> bool {
        let mut ended = self
            .unplaced()
            .iter()
            .filter(|reply| reply.extent != Extent::Cut);
        ended.any(|reply| reply.matches(content))
    }

    /// Whether the reply of each turn that may still come up ended with `done`, `human` or
    /// `error`.
    pub(crate) fn every_turn_ended(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.unplaced()
            .iter()
            .all(|reply| reply.extent != Extent::Cut)
    }

    /// Whether a message of a page repeats what is known already, by its text; once for each
    /// text. A reply of which nothing is known but that it was asked for repeats nothing.
    pub(crate) fn take_repeated(&mut self, content: &str) -> bool {
        let repeats = |reply: &Unplaced| !reply.text.trim().is_empty() && reply.matches(content);
        let found = self.unplaced().iter().position(repeats);
        if let (Some(at), Some(recent)) = (found, &mut self.recent) {
            recent.unplaced.remove(at);
        }
        found.is_some()
    }
}

/// Makes one of the two oldest replies: what both of them begin with, so that a message
/// that may be either is still taken for one.
fn merge_oldest(unplaced: &mut Vec<Unplaced>) {
    let oldest = unplaced.remove(0);
    if let Some(next) = unplaced.first_mut() {
        let alike = oldest.text.chars().zip(next.text.chars());
        let alike = alike.take_while(|(a, b)| a == b);
        let len = alike.map(|(a, _)| a.len_utf8()).sum();
        next.text = next.text[..len].into();
        next.extent = Extent::Cut;
    }
}

/// A [`History`] as it is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedHistory {
    is_known: bool,
    is_pending: bool,
    repeats: bool,
    newest: Sent,
    sent: Vec<TextHash>,
    unplaced: Vec<(Extent, Box<str>)>,
}

impl From<&History> for SavedHistory {
    fn from(history: &History) -> Self {
        let unplaced = history.unplaced().iter();
        let unplaced = unplaced.map(|reply| (reply.extent, reply.text.clone()));
        let recent = history.recent.as_deref();
        Self {
            is_known: history.is_known,
            is_pending: history.is_pending,
            repeats: history.repeats,
            newest: history.sent.clone(),
            sent: recent.map_or_else(Vec::new, |recent| recent.sent.clone()),
            unplaced: unplaced.collect(),
        }
    }
}

impl SavedHistory {
    /// The history; replies that were cut may be stored from now on as well.
    pub(crate) fn restore(self, now: Instant) -> History {
        let unplaced = self.unplaced.into_iter();
        let unplaced = unplaced.map(|(extent, text)| Unplaced {
            text,
            extent,
            since: now,
        });
        let mut history = History {
            is_known: self.is_known,
            is_pending: self.is_pending,
            repeats: self.repeats,
            sent: self.newest,
            recent: Some(Box::new(Recent {
                sent: self.sent,
                unplaced: unplaced.collect(),
            })),
        };
        history.tidy();
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const NOW: Instant = Instant::ORIGIN;

    fn send(history: &mut History, text: &str) -> usize {
        history.send(text, None);
        history.times_sent()
    }

    #[test]
    fn a_text_is_counted_without_the_white_space_at_its_ends() {
        let mut history = History::new(true);
        assert_eq!(send(&mut history, "Այո"), 1);
        assert_eq!(send(&mut history, "Ոչ"), 1);
        assert_eq!(send(&mut history, " Այո\n"), 2);
        history.retract();
        assert_eq!(send(&mut history, "Այո"), 2);
        history.note_time();
        assert_eq!(send(&mut history, "Այո"), 1);
    }

    #[test]
    fn with_too_many_messages_nothing_is_known_of_what_was_sent() {
        let mut history = History::new(true);
        for _ in 0..=MAX_SENT {
            send(&mut history, "Այո");
        }
        assert!(history.knows_what_was_sent());
        for _ in 0..3 {
            send(&mut history, "Այո");
        }
        assert!(!history.knows_what_was_sent());
        history.note_time();
        assert!(history.knows_what_was_sent());
    }

    #[test]
    fn a_reply_that_was_cut_is_known_by_its_beginning_and_a_whole_one_by_all_of_it() {
        let mut history = History::new(true);
        history.note_reply("Պատվերը ճանապարհին է, ", Extent::Cut, NOW);
        history.note_reply("Ողջույն 👋", Extent::Whole, NOW);
        assert!(history.may_be_another_turns("Պատվերը ճանապարհին է, շուտով"));
        assert!(history.may_be_another_turns("Պատվերը ճանապարհին է,"));
        assert!(!history.may_be_another_turns("Պատվերը չեղարկվեց"));
        assert!(history.may_be_another_turns(" Ողջույն 👋\n"));
        assert!(!history.may_be_another_turns("Ողջույն 👋 կրկին"));
        assert!(!history.every_turn_ended(NOW));
        assert!(history.take_repeated("Պատվերը ճանապարհին է, շուտով"));
        assert!(!history.take_repeated("Պատվերը ճանապարհին է, շուտով"));
        assert!(history.every_turn_ended(NOW));
    }

    #[test]
    fn a_reply_of_which_nothing_came_may_be_any_message_and_repeats_none() {
        let mut history = History::new(true);
        history.note_reply("", Extent::Cut, NOW);
        assert!(history.may_be_another_turns("Բարև"));
        assert!(!history.take_repeated("Բարև"));
    }

    #[test]
    fn a_reply_is_no_longer_expected_ten_minutes_after_its_turn() {
        let mut history = History::new(true);
        history.note_reply("", Extent::Cut, NOW);
        assert!(!history.every_turn_ended(NOW + Duration::from_secs(599)));
        assert!(history.every_turn_ended(NOW + Duration::from_secs(600)));
        assert!(!history.may_be_another_turns("Բարև"));
    }

    #[test]
    fn of_many_replies_what_the_oldest_begin_with_is_remembered() {
        let mut history = History::new(true);
        for n in 0..100 {
            history.note_reply(&format!("Բարև {n}"), Extent::Cut, NOW);
        }
        assert_eq!(history.unplaced().len(), MAX_UNPLACED);
        assert!((0..100).all(|n| history.may_be_another_turns(&format!("Բարև {n}…"))));
        assert!(!history.may_be_another_turns("Ցտեսություն"));
    }

    #[test]
    fn of_a_long_reply_its_beginning_is_remembered() {
        let mut history = History::new(true);
        let long = "ա".repeat(1000);
        history.note_reply(&long, Extent::Whole, NOW);
        assert_eq!(history.unplaced()[0].text.len(), MAX_TEXT);
        assert!(history.may_be_another_turns(&long));
    }
}
