//! What this client knows about the earlier turns of its conversation. The search for a cut
//! reply uses it, so that it never takes the reply of another turn.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::api::Timestamp;
use crate::json::{Content, Object, Value};
use crate::time::Instant;

/// How many sent messages are remembered. If more were sent since the last reply with a
/// timestamp, no reply can be found by its message.
const MAX_SENT: usize = 64;
/// How many replies with an unknown message id are remembered.
const MAX_UNIDENTIFIED: usize = 8;
/// How much text of each such reply is remembered, in bytes.
const MAX_TEXT: usize = 512;
/// How long a service may take to store a reply. Later, a reply that was cut or cancelled is no
/// longer expected among the messages.
const LATEST_REPLY: Duration = Duration::from_secs(600);

/// A hash of a message's text, without white space at its ends (FNV-1a, 64 bits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
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

/// The message of the newest turn: what is needed to find its reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
pub(crate) struct Sent {
    pub(crate) text: TextHash,
    /// The newest timestamp of the service that was known before the turn.
    pub(crate) after: Option<Timestamp>,
}

/// How much is known of a reply whose message id is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub(crate) enum Extent {
    /// The stream was cut or the turn was cancelled. The stored message begins with the text.
    Cut,
    /// The service failed. If it stored a message, the message begins with the text.
    Failed,
    /// The stored message has exactly this text.
    Whole,
}

impl Extent {
    /// What is known if only the beginning of the text is.
    pub(crate) const fn of_beginning(self) -> Self {
        match self {
            Self::Whole => Self::Failed,
            Self::Cut | Self::Failed => self,
        }
    }
}

impl Sent {
    fn read(json: Value<'_>) -> Option<Self> {
        let [text, after] = json.fields(["text", "after"])?;
        Some(Self {
            text: TextHash(text?.unsigned()?),
            after: optional(after, Timestamp::read)?,
        })
    }
}

impl Object for Sent {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        put("text", Content::Number(self.text.0));
        put("after", self.after.as_ref().map(Timestamp::as_str).into());
    }
}

/// The value of a saved field that may be missing or null. `None` if it cannot be read.
pub(super) fn optional<T>(
    json: Option<Value<'_>>,
    read: impl FnOnce(Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match json {
        Some(json) if !json.is_null() => read(json).map(Some),
        _ => Some(None),
    }
}

impl Extent {
    fn read(json: Value<'_>) -> Option<Self> {
        let all = [Self::Cut, Self::Failed, Self::Whole];
        let name = json.whole_text()?;
        all.into_iter().find(|extent| extent.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Failed => "failed",
            Self::Whole => "whole",
        }
    }
}

/// A reply that may appear among the messages under an unknown id.
#[derive(Clone, Debug)]
struct UnidentifiedReply {
    text: Box<str>,
    extent: Extent,
    since: Instant,
    /// A message that begins alike has appeared. It may have been another one, such as a greeting,
    /// so the reply may still appear.
    has_appeared: bool,
}

impl UnidentifiedReply {
    fn matches(&self, content: &str) -> bool {
        match self.extent {
            Extent::Cut | Extent::Failed => text_after(content, &self.text).is_some(),
            Extent::Whole => content.trim() == self.text.trim(),
        }
    }

    /// Whether a message that matches is surely this reply: its whole text is known, or so much of
    /// it that no more is remembered.
    fn matches_surely(&self) -> bool {
        self.extent == Extent::Whole || self.text.len() + char::MAX.len_utf8() > MAX_TEXT
    }
}

/// The part of `content` after `begun`; `None` if it does not begin with it. White space at
/// the ends does not count, because a service may trim what it stores.
pub(crate) fn text_after<'c>(content: &'c str, begun: &str) -> Option<&'c str> {
    let found = content.strip_prefix(begun);
    let found = found.or_else(|| content.strip_prefix(begun.trim_start()));
    found.or_else(|| (content == begun.trim()).then_some(""))
}

/// The longest beginning of the text that has at most `room` bytes.
pub(crate) fn beginning(text: &str, room: usize) -> &str {
    let ends = (0..=room.min(text.len())).rev();
    let mut beginnings = ends.filter_map(|end| text.get(..end));
    beginnings.next().unwrap_or_default()
}

/// The history of one conversation.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// This client began the conversation. If not, earlier messages may have the same texts as
    /// new ones, so there is no search.
    is_known: bool,
    /// No reply had a newer timestamp since the newest message was sent.
    is_pending: bool,
    sent: Sent,
    /// The text of the message before it.
    before: TextHash,
    /// The newest message has the same text as the one before it.
    repeats: bool,
    /// Boxed, because most conversations have none.
    recent: Option<Box<Recent>>,
}

/// What is remembered of the turns before the newest one.
#[derive(Clone, Debug, Default)]
struct Recent {
    /// The messages sent since the last reply with a timestamp.
    sent: Vec<TextHash>,
    unidentified: Vec<UnidentifiedReply>,
}

impl History {
    pub(crate) fn new(is_known: bool) -> Self {
        Self {
            is_known,
            is_pending: false,
            sent: Sent::default(),
            before: TextHash::default(),
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

    /// Remembers a message that is sent. `after` is the newest known timestamp of the service.
    pub(crate) fn send(&mut self, text: &str, after: Option<Timestamp>) {
        if self.is_pending {
            let sent = &mut self.recent.get_or_insert_default().sent;
            sent.truncate(MAX_SENT);
            sent.push(self.sent.text);
        }
        self.is_pending = true;
        let text = TextHash::of(text);
        self.before = self.sent.text;
        self.repeats = self.before == text;
        self.sent = Sent { text, after };
    }

    /// How many times the text of the newest message was sent since the last reply with a
    /// timestamp.
    pub(crate) fn times_sent(&self) -> usize {
        let before = self.recent.iter().flat_map(|recent| &recent.sent);
        before.filter(|sent| **sent == self.sent.text).count() + 1
    }

    /// Whether the newest message has the same text as the one before it.
    pub(crate) const fn repeats_the_message_before(&self) -> bool {
        self.repeats
    }

    /// Notes that the newest message was surely not taken. The one before it is the newest again.
    pub(crate) const fn retract(&mut self) {
        self.is_pending = false;
        self.sent.text = self.before;
    }

    /// Whether all messages since the last reply with a timestamp are remembered.
    pub(crate) fn knows_what_was_sent(&self) -> bool {
        let is_forgotten = |recent: &Recent| recent.sent.len() > MAX_SENT;
        self.is_known && !self.recent.as_deref().is_some_and(is_forgotten)
    }

    /// Notes that a reply ended with a newer timestamp than all before.
    pub(crate) fn note_time(&mut self) {
        self.is_pending = false;
        if let Some(recent) = &mut self.recent {
            recent.sent.clear();
        }
        self.tidy();
    }

    /// Remembers the reply of a turn that ended without a message id.
    pub(crate) fn note_reply(&mut self, text: &str, extent: Extent, now: Instant) {
        self.forget(now);
        let known = beginning(text, MAX_TEXT);
        let extent = match known.len() < text.len() {
            true => extent.of_beginning(),
            false => extent,
        };
        let unidentified = &mut self.recent.get_or_insert_default().unidentified;
        if unidentified.len() == MAX_UNIDENTIFIED {
            merge_oldest(unidentified);
        }
        unidentified.push(UnidentifiedReply {
            text: known.into(),
            extent,
            since: now,
            has_appeared: false,
        });
    }

    fn forget(&mut self, now: Instant) {
        if let Some(recent) = &mut self.recent {
            recent
                .unidentified
                .retain(|reply| now < reply.since + LATEST_REPLY);
        }
        self.tidy();
    }

    /// Frees the memory if there is nothing to remember.
    fn tidy(&mut self) {
        let is_empty = |recent: &Recent| recent.sent.is_empty() && recent.unidentified.is_empty();
        if self.recent.as_deref().is_some_and(is_empty) {
            self.recent = None;
        }
    }

    fn unidentified(&self) -> &[UnidentifiedReply] {
        match &self.recent {
            Some(recent) => &recent.unidentified,
            None => &[],
        }
    }

    /// Whether `content` may be the reply of an earlier turn that was cut or cancelled, or
    /// that had no message id.
    pub(crate) fn may_belong_to_another_turn(&self, content: &str) -> bool {
        self.unidentified()
            .iter()
            .any(|reply| reply.matches(content))
    }

    /// Whether `content` is, or begins with, the reply of an earlier turn that ended with
    /// `done`, `human` or `error` and had no message id.
    pub(crate) fn is_of_a_turn_that_ended(&self, content: &str) -> bool {
        let mut ended = self
            .unidentified()
            .iter()
            .filter(|reply| reply.extent != Extent::Cut);
        ended.any(|reply| reply.matches(content))
    }

    /// Whether all earlier turns whose reply may still appear ended with `done`, `human` or
    /// `error`.
    pub(crate) fn every_turn_ended(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.unidentified()
            .iter()
            .all(|reply| reply.extent != Extent::Cut)
    }

    /// Whether a message of a page repeats a reply that was already shown. Each such reply
    /// matches only once. A reply without any text matches nothing.
    pub(crate) fn take_repeated(&mut self, content: &str) -> bool {
        let Some(recent) = &mut self.recent else {
            return false;
        };
        let repeats = |reply: &UnidentifiedReply| {
            !reply.has_appeared && !reply.text.trim().is_empty() && reply.matches(content)
        };
        let found = recent.unidentified.iter().position(repeats);
        if let Some(at) = found {
            if recent.unidentified[at].matches_surely() {
                recent.unidentified.remove(at);
            } else {
                recent.unidentified[at].has_appeared = true;
            }
        }
        found.is_some()
    }
}

/// Merges the two oldest replies into their common beginning, so that a message that
/// matched one of them still matches.
fn merge_oldest(unidentified: &mut Vec<UnidentifiedReply>) {
    let oldest = unidentified.remove(0);
    if let Some(next) = unidentified.first_mut() {
        let alike = oldest.text.chars().zip(next.text.chars());
        let alike = alike.take_while(|(a, b)| a == b);
        let len = alike.map(|(a, _)| a.len_utf8()).sum();
        next.text = next.text[..len].into();
        next.extent = Extent::Cut;
        next.has_appeared &= oldest.has_appeared;
    }
}

/// The saved form of a [`History`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
pub(crate) struct SavedHistory {
    is_known: bool,
    is_pending: bool,
    repeats: bool,
    newest: Sent,
    sent: Vec<TextHash>,
    #[cfg_attr(feature = "serde", serde(rename = "unplaced"))]
    unidentified: Vec<(Extent, Box<str>)>,
    /// The replies after which a message has appeared that begins alike.
    #[cfg_attr(feature = "serde", serde(default))]
    appeared: Vec<(Extent, Box<str>)>,
}

impl From<&History> for SavedHistory {
    fn from(history: &History) -> Self {
        let unidentified = |has_appeared| {
            let replies = history.unidentified().iter();
            let replies = replies.filter(move |reply| reply.has_appeared == has_appeared);
            replies.map(|reply| (reply.extent, reply.text.clone()))
        };
        let recent = history.recent.as_deref();
        Self {
            is_known: history.is_known,
            is_pending: history.is_pending,
            repeats: history.repeats,
            newest: history.sent.clone(),
            sent: recent.map_or_else(Vec::new, |recent| recent.sent.clone()),
            unidentified: unidentified(false).collect(),
            appeared: unidentified(true).collect(),
        }
    }
}

impl SavedHistory {
    pub(super) fn read(json: Value<'_>) -> Option<Self> {
        let [
            is_known,
            is_pending,
            repeats,
            newest,
            sent,
            unidentified,
            appeared,
        ] = json.fields([
            "is_known",
            "is_pending",
            "repeats",
            "newest",
            "sent",
            "unplaced",
            "appeared",
        ])?;
        let reply = |reply: Value<'_>| {
            let [extent, text] = reply.pair()?;
            Some((Extent::read(extent)?, text.whole_text()?.into()))
        };
        Some(Self {
            is_known: is_known?.boolean()?,
            is_pending: is_pending?.boolean()?,
            repeats: repeats?.boolean()?,
            newest: Sent::read(newest?)?,
            sent: sent?.list(|hash| hash.unsigned().map(TextHash))?,
            unidentified: unidentified?.list(reply)?,
            appeared: match appeared {
                None => Vec::new(),
                Some(appeared) => appeared.list(reply)?,
            },
        })
    }

    /// Restores the history. Cut replies may still be stored for the full time from now on.
    pub(crate) fn restore(self, now: Instant) -> History {
        let reply = |(extent, text), has_appeared| UnidentifiedReply {
            text,
            extent,
            since: now,
            has_appeared,
        };
        let unidentified = self.unidentified.into_iter().map(|it| reply(it, false));
        let appeared = self.appeared.into_iter().map(|it| reply(it, true));
        let mut history = History {
            is_known: self.is_known,
            is_pending: self.is_pending,
            // The next message sets it.
            before: TextHash::default(),
            repeats: self.repeats,
            sent: self.newest,
            recent: Some(Box::new(Recent {
                sent: self.sent,
                unidentified: unidentified.chain(appeared).collect(),
            })),
        };
        history.tidy();
        history
    }
}

impl Object for SavedHistory {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        put("is_known", Content::Bool(self.is_known));
        put("is_pending", Content::Bool(self.is_pending));
        put("repeats", Content::Bool(self.repeats));
        put("newest", Content::Object(&self.newest));
        let sent = &|put: &mut dyn FnMut(Content<'_>)| {
            for hash in &self.sent {
                put(Content::Number(hash.0));
            }
        };
        put("sent", Content::List(sent));
        put_replies("unplaced", &self.unidentified, put);
        put_replies("appeared", &self.appeared, put);
    }
}

fn put_replies(
    name: &'static str,
    replies: &[(Extent, Box<str>)],
    put: &mut dyn FnMut(&'static str, Content<'_>),
) {
    let list = &|put: &mut dyn FnMut(Content<'_>)| {
        for (extent, text) in replies {
            put(Content::List(&|put| {
                put(Content::Text(extent.name()));
                put(Content::Text(text));
            }));
        }
    };
    put(name, Content::List(list));
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
    fn white_space_at_the_ends_of_a_text_does_not_count() {
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
    fn a_message_that_was_not_taken_is_not_the_one_before() {
        let mut history = History::new(true);
        history.send("Այո", None);
        history.note_time();
        for _ in 0..2 {
            history.send("Ոչ", None);
            assert!(!history.repeats_the_message_before());
            history.retract();
        }
        let saved = SavedHistory::from(&history);
        for mut history in [history, saved.restore(NOW)] {
            history.send("Այո", None);
            assert!(history.repeats_the_message_before());
            history.send("Ոչ", None);
            assert!(!history.repeats_the_message_before());
        }
    }

    #[test]
    fn after_too_many_messages_the_list_of_sent_messages_is_incomplete() {
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
    fn a_cut_reply_matches_by_its_beginning_and_a_whole_reply_by_its_full_text() {
        let mut history = History::new(true);
        history.note_reply("Պատվերը ճանապարհին է, ", Extent::Cut, NOW);
        history.note_reply("Ողջույն 👋", Extent::Whole, NOW);
        assert!(history.may_belong_to_another_turn("Պատվերը ճանապարհին է, շուտով"));
        assert!(history.may_belong_to_another_turn("Պատվերը ճանապարհին է,"));
        assert!(!history.may_belong_to_another_turn("Պատվերը չեղարկվեց"));
        assert!(history.may_belong_to_another_turn(" Ողջույն 👋\n"));
        assert!(!history.may_belong_to_another_turn("Ողջույն 👋 կրկին"));
        assert!(!history.every_turn_ended(NOW));
    }

    #[test]
    fn a_message_that_begins_like_a_cut_reply_repeats_it_once_and_may_be_another_one() {
        let mut history = History::new(true);
        history.note_reply("Պատվերը ճանապարհին է", Extent::Cut, NOW);
        history.note_reply("Ողջույն 👋", Extent::Whole, NOW);
        assert!(history.take_repeated("Պատվերը ճանապարհին է, շուտով"));
        assert!(history.take_repeated("Ողջույն 👋"));
        let saved = SavedHistory::from(&history);
        for mut history in [history, saved.restore(NOW)] {
            assert!(!history.take_repeated("Պատվերը ճանապարհին է, շուտով"));
            assert!(history.may_belong_to_another_turn("Պատվերը ճանապարհին է 🚚"));
            assert!(!history.every_turn_ended(NOW));
            assert!(!history.may_belong_to_another_turn("Ողջույն 👋"));
        }
    }

    #[test]
    fn a_message_with_so_much_of_a_reply_that_no_more_is_remembered_is_that_reply() {
        let mut history = History::new(true);
        let long = "ա".repeat(1000);
        history.note_reply(&long, Extent::Whole, NOW);
        assert!(history.take_repeated(&long));
        assert!(!history.may_belong_to_another_turn(&long));
    }

    #[test]
    fn a_reply_without_text_may_be_any_message_but_repeats_none() {
        let mut history = History::new(true);
        history.note_reply("", Extent::Cut, NOW);
        assert!(history.may_belong_to_another_turn("Բարև"));
        assert!(!history.take_repeated("Բարև"));
    }

    #[test]
    fn a_reply_is_no_longer_expected_ten_minutes_after_its_turn() {
        let mut history = History::new(true);
        history.note_reply("", Extent::Cut, NOW);
        assert!(!history.every_turn_ended(NOW + Duration::from_secs(599)));
        assert!(history.every_turn_ended(NOW + Duration::from_secs(600)));
        assert!(!history.may_belong_to_another_turn("Բարև"));
    }

    #[test]
    fn if_there_are_too_many_replies_the_oldest_are_merged() {
        let mut history = History::new(true);
        for n in 0..100 {
            history.note_reply(&format!("Բարև {n}"), Extent::Cut, NOW);
        }
        assert_eq!(history.unidentified().len(), MAX_UNIDENTIFIED);
        assert!((0..100).all(|n| history.may_belong_to_another_turn(&format!("Բարև {n}…"))));
        assert!(!history.may_belong_to_another_turn("Ցտեսություն"));
    }

    #[test]
    fn only_the_beginning_of_a_long_reply_is_remembered() {
        let mut history = History::new(true);
        let long = "ա".repeat(1000);
        history.note_reply(&long, Extent::Whole, NOW);
        assert_eq!(history.unidentified()[0].text.len(), MAX_TEXT);
        assert!(history.may_belong_to_another_turn(&long));
    }
}
