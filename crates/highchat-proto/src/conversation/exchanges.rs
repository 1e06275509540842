//! The exchanges in flight, each with its id, its purpose and its answer so far.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::backoff::due;
use crate::http::Answer;
use crate::time::Instant;

/// The id of a request, and of all inputs that belong to it.
///
/// Inputs for a request that is no longer live are ignored, so a driver need not filter late
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// The id as a number, for interfaces that cannot carry this type.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The id with this number, which [`as_u64`](Self::as_u64) returned. Any other number acts
    /// like the id of a request that is no longer live.
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

/// What a request is for. At most one exchange of each purpose is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The message of the turn and its reply.
    Message,
    /// The search for a cut reply.
    Search,
    /// A poll for a person's messages.
    Poll,
    Rating,
}

impl Purpose {
    /// All purposes, in the order in which their timeouts are handled.
    pub(crate) const ALL: [Self; 4] = [Self::Message, Self::Search, Self::Poll, Self::Rating];

    /// Whether the exchange belongs to the turn.
    pub(crate) const fn is_of_turn(self) -> bool {
        match self {
            Self::Message | Self::Search => true,
            Self::Poll | Self::Rating => false,
        }
    }
}

/// One request in flight, and its answer so far.
#[derive(Debug)]
pub(crate) struct Exchange {
    id: RequestId,
    pub(crate) purpose: Purpose,
    /// The answer, if it is read whole. `None` for a reply stream, which the turn reads with
    /// its own timeouts. Boxed, because a stream may take minutes and does not need it.
    awaited: Option<Box<Awaited>>,
}

/// An answer that is read whole.
#[derive(Debug)]
struct Awaited {
    /// When the wait for the head, and then for the whole answer, ends.
    deadline: Instant,
    answer: Option<Answer>,
}

impl Exchange {
    /// Handles the head of an answer that is read whole.
    pub(crate) fn handle_response(&mut self, answer: Answer, deadline: Instant) {
        self.awaited = Some(Box::new(Awaited {
            deadline,
            answer: Some(answer),
        }));
    }

    /// Handles the head of a reply stream.
    pub(crate) fn handle_stream(&mut self) {
        self.awaited = None;
    }

    pub(crate) fn handle_body(&mut self, chunk: &[u8]) {
        if let Some(answer) = self.answer_mut() {
            answer.handle_body(chunk);
        }
    }

    /// Notes that no more of the answer comes.
    pub(crate) fn break_off(&mut self) {
        if let Some(answer) = self.answer_mut() {
            answer.handle_interruption();
        }
    }

    /// Whether the rest of the body cannot change the result.
    pub(crate) fn is_decided(&self) -> bool {
        let answer = self.awaited.as_ref().and_then(|it| it.answer.as_ref());
        answer.is_some_and(|answer| !answer.wants_more())
    }

    /// The answer so far; `None` if its head did not come.
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

/// All exchanges in flight, and the next id.
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

    /// The id that the next [`begin`](Self::begin) returns.
    pub(crate) const fn next_id(&self) -> RequestId {
        self.next
    }

    /// Takes an id for something that is not an exchange.
    pub(crate) const fn take_id(&mut self) -> RequestId {
        let id = self.next;
        self.next = RequestId(id.0.wrapping_add(1));
        id
    }

    /// Adds an exchange. Its answer is overdue after `wait`.
    pub(crate) fn begin(&mut self, purpose: Purpose, wait: Duration, now: Instant) -> RequestId {
        let id = self.take_id();
        // Exact, because most conversations have one at a time.
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

    /// The exchange with this id; `None` if it is no longer live.
    pub(crate) fn get_mut(&mut self, id: RequestId) -> Option<&mut Exchange> {
        self.live.iter_mut().find(|exchange| exchange.id == id)
    }

    pub(crate) fn purpose(&self, id: RequestId) -> Option<Purpose> {
        let exchange = self.live.iter().find(|exchange| exchange.id == id)?;
        Some(exchange.purpose)
    }

    /// Removes the exchange with this id.
    pub(crate) fn end(&mut self, id: RequestId) -> Option<Exchange> {
        let at = self.live.iter().position(|exchange| exchange.id == id)?;
        Some(self.live.swap_remove(at))
    }

    /// Removes the exchange with this purpose, and returns its id.
    pub(crate) fn give_up(&mut self, purpose: Purpose) -> Option<RequestId> {
        let mut live = self.live.iter();
        let at = live.position(|exchange| exchange.purpose == purpose)?;
        Some(self.live.swap_remove(at).id)
    }

    /// The exchange with this purpose, if its answer is overdue.
    pub(crate) fn overdue(&self, purpose: Purpose, now: Instant) -> Option<RequestId> {
        let is_overdue = |exchange: &&Exchange| {
            exchange.purpose == purpose && exchange.deadline().is_some_and(|due| due <= now)
        };
        Some(self.live.iter().find(is_overdue)?.id)
    }

    /// When the first exchange becomes overdue.
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
    fn an_exchange_is_found_by_its_id_until_it_ends() {
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
    fn an_answer_is_overdue_at_its_deadline_but_a_stream_never_is() {
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
