//! The exchanges that are under way: a table from a request's id to its purpose and its
//! answer, as far as both are alike for a message, a search, a poll and a rating.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::backoff::due;
use crate::http::Answer;
use crate::time::Instant;

/// Names a request of a conversation, and everything that comes of it.
///
/// Inputs for a request that is no longer live are ignored, so that late bytes need no
/// care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// The id as a number, for interfaces that carry no other type.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The id that [`as_u64`](Self::as_u64) gave. A number that names no request of a
    /// conversation is as an id that is no longer live.
    #[must_use]
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a request is for. At most one exchange of each is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The message of the turn, and its reply.
    Message,
    /// Looking for a reply that was cut.
    Search,
    /// A person's messages.
    Poll,
    Rating,
}

impl Purpose {
    /// In the order in which their timeouts are handled.
    pub(crate) const ALL: [Self; 4] = [Self::Message, Self::Search, Self::Poll, Self::Rating];

    /// Whether the turn waits for it.
    pub(crate) const fn is_of_turn(self) -> bool {
        match self {
            Self::Message | Self::Search => true,
            Self::Poll | Self::Rating => false,
        }
    }
}

/// One request that is under way, and its answer as far as it was read.
#[derive(Debug)]
pub(crate) struct Exchange {
    id: RequestId,
    pub(crate) purpose: Purpose,
    /// `None`: the answer is a reply stream, which is read elsewhere and has clocks of its
    /// own. Boxed, since a reply may stream for minutes, and this takes a moment.
    awaited: Option<Box<Awaited>>,
}

/// An answer that is read whole.
#[derive(Debug)]
struct Awaited {
    /// Until when the head, and then the whole answer, is waited for.
    deadline: Instant,
    answer: Option<Answer>,
}

impl Exchange {
    /// The head of an answer that is read whole came.
    pub(crate) fn handle_response(&mut self, answer: Answer, deadline: Instant) {
        self.awaited = Some(Box::new(Awaited {
            deadline,
            answer: Some(answer),
        }));
    }

    /// The head of a reply stream came.
    pub(crate) fn handle_stream(&mut self) {
        self.awaited = None;
    }

    pub(crate) fn handle_body(&mut self, chunk: &[u8]) {
        if let Some(answer) = self.answer_mut() {
            answer.handle_body(chunk);
        }
    }

    /// What there is of an answer is all that will come of it.
    pub(crate) fn break_off(&mut self) {
        if let Some(answer) = self.answer_mut() {
            answer.handle_interruption();
        }
    }

    /// Whether nothing more of the body could change the judgement.
    pub(crate) fn is_enough(&self) -> bool {
        let answer = self.awaited.as_ref().and_then(|it| it.answer.as_ref());
        answer.is_some_and(|answer| !answer.wants_more())
    }

    /// The answer as far as it came; `None`: its head did not come.
    pub(crate) fn into_answer(self) -> Option<Answer> {
        self.awaited?.answer
    }

    fn answer_mut(&mut self) -> Option<&mut Answer> {
        self.awaited.as_mut()?.answer.as_mut()
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.awaited.as_ref()?.deadline)
    }
}

/// All exchanges that are under way, and the ids of those to come.
#[derive(Debug)]
pub(crate) struct Exchanges {
    next: RequestId,
    live: Vec<Exchange>,
}

impl Exchanges {
    pub(crate) const fn new() -> Self {
        Self {
            next: RequestId(0),
            live: Vec::new(),
        }
    }

    /// The id that [`begin`](Self::begin) will give.
    pub(crate) const fn next_id(&self) -> RequestId {
        self.next
    }

    /// Takes an id for something that is no exchange.
    pub(crate) const fn take_id(&mut self) -> RequestId {
        let id = self.next;
        self.next = RequestId(id.0.wrapping_add(1));
        id
    }

    /// A request goes out, whose answer is waited for that long.
    pub(crate) fn begin(&mut self, purpose: Purpose, wait: Duration, now: Instant) -> RequestId {
        let id = self.take_id();
        // Most conversations have one at a time.
        self.live.reserve_exact(1);
        self.live.push(Exchange {
            id,
            purpose,
            awaited: Some(Box::new(Awaited {
                deadline: due(now, wait),
                answer: None,
            })),
        });
        id
    }

    /// The exchange with that id; `None`: it is no longer live.
    pub(crate) fn get_mut(&mut self, id: RequestId) -> Option<&mut Exchange> {
        self.live.iter_mut().find(|exchange| exchange.id == id)
    }

    pub(crate) fn purpose(&self, id: RequestId) -> Option<Purpose> {
        let exchange = self.live.iter().find(|exchange| exchange.id == id)?;
        Some(exchange.purpose)
    }

    /// Takes out an exchange that is over.
    pub(crate) fn end(&mut self, id: RequestId) -> Option<Exchange> {
        let at = self.live.iter().position(|exchange| exchange.id == id)?;
        Some(self.live.swap_remove(at))
    }

    /// Takes out the exchange of a purpose that is of no more use, and returns its id.
    pub(crate) fn give_up(&mut self, purpose: Purpose) -> Option<RequestId> {
        let mut live = self.live.iter();
        let at = live.position(|exchange| exchange.purpose == purpose)?;
        Some(self.live.swap_remove(at).id)
    }

    /// The exchange of a purpose, if its answer did not come in time.
    pub(crate) fn overdue(&self, purpose: Purpose, now: Instant) -> Option<RequestId> {
        let is_overdue = |exchange: &&Exchange| {
            exchange.purpose == purpose && exchange.deadline().is_some_and(|due| due <= now)
        };
        Some(self.live.iter().find(is_overdue)?.id)
    }

    /// When the first of them is overdue.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let deadlines = self.live.iter().filter_map(Exchange::deadline);
        deadlines.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::ORIGIN;
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_exchange_is_found_by_its_id_until_it_is_over() {
        let mut exchanges = Exchanges::new();
        let message = exchanges.begin(Purpose::Message, MINUTE, NOW);
        let poll = exchanges.begin(Purpose::Poll, MINUTE, NOW);
        assert_eq!(exchanges.purpose(message), Some(Purpose::Message));
        assert_eq!(exchanges.purpose(poll), Some(Purpose::Poll));
        assert_eq!(exchanges.purpose(exchanges.next_id()), None);
        assert_eq!(exchanges.give_up(Purpose::Message), Some(message));
        assert_eq!(exchanges.give_up(Purpose::Message), None);
        assert!(exchanges.end(message).is_none());
        assert_eq!(exchanges.end(poll).unwrap().purpose, Purpose::Poll);
        assert_eq!(exchanges.deadline(), None);
    }

    #[test]
    fn an_answer_is_overdue_at_its_deadline_and_a_stream_never_is() {
        let mut exchanges = Exchanges::new();
        let rating = exchanges.begin(Purpose::Rating, MINUTE, NOW);
        let message = exchanges.begin(Purpose::Message, MINUTE * 2, NOW);
        assert_eq!(exchanges.deadline(), Some(NOW + MINUTE));
        assert_eq!(exchanges.overdue(Purpose::Rating, NOW), None);
        let late = NOW + MINUTE * 2;
        assert_eq!(exchanges.overdue(Purpose::Rating, late), Some(rating));
        assert_eq!(exchanges.overdue(Purpose::Message, late), Some(message));
        exchanges.get_mut(message).unwrap().handle_stream();
        assert_eq!(exchanges.overdue(Purpose::Message, late), None);
    }
}
