//! One request and what comes of it, as far as all of them are alike.

use core::fmt;
use core::time::Duration;

use crate::config::Config;
use crate::failure::Failure;
use crate::http::Answer;
use crate::time::Instant;

/// Names a request of a conversation, and everything that comes of it.
///
/// Inputs for a request that is no longer live are ignored, so that late bytes need no
/// care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    pub(crate) const FIRST: Self = Self(0);

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

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The shortest pause, whatever the configuration or the service asks for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// When something is due that a moment may bring about by itself: never at that very
/// moment, or a driver would turn in a circle.
pub(crate) fn due(now: Instant, pause: Duration) -> Instant {
    now + pause.max(SHORTEST_PAUSE)
}

/// A request that is under way, and its answer as far as it was read.
#[derive(Debug)]
pub(crate) struct Exchange {
    id: RequestId,
    deadline: Instant,
    answer: Option<Answer>,
}

/// How an exchange ended: with an answer to be judged, or without.
pub(crate) type Outcome = Result<Answer, Failure>;

impl Exchange {
    pub(crate) fn begin(id: RequestId, config: &Config, now: Instant) -> Self {
        Self {
            id,
            deadline: due(now, config.response_timeout),
            answer: None,
        }
    }

    pub(crate) const fn id(&self) -> RequestId {
        self.id
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The head came. Its body has as long as the head had.
    pub(crate) fn handle_response(&mut self, answer: Answer, deadline: Instant) {
        self.deadline = deadline;
        self.answer = Some(answer);
    }

    pub(crate) fn handle_body(&mut self, chunk: &[u8]) {
        if let Some(answer) = &mut self.answer {
            answer.handle_body(chunk);
        }
    }

    /// Whether nothing more of the body could change the judgement.
    pub(crate) fn is_enough(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| !answer.wants_more())
    }

    /// What there is of an answer is all that will come of it.
    pub(crate) fn break_off(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.handle_interruption();
        }
    }

    /// The answer as far as it came, or what is wrong without one.
    /// Takes it out: a page can be megabytes.
    pub(crate) fn end(&mut self, without: Failure) -> Outcome {
        self.answer.take().ok_or(without)
    }
}
