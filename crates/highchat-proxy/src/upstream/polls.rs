//! Lets polls with the same parameters share one request to the service.

use core::pin::Pin;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use highchat_proto::MessagesRequest;

use crate::front::refusal::Refusal;
use crate::metrics::{Metrics, PollSource};
use crate::upstream::Answer;

type PollResult = Result<Answer, Refusal>;
type PollFuture = Pin<Box<dyn Future<Output = PollResult> + Send>>;

/// How many answers are kept. Each has at most 64 KiB, so they take 16 MiB in total.
const MAX_POLLS: usize = 256;

/// The polls under way, and recent answers.
///
/// Several tabs with one conversation poll with the same `after`, because they have the same
/// messages. Concurrent polls with the same parameters share one request to the service. Its answer
/// is reused for [`Config::poll_memory`](crate::Config::poll_memory). When no visitor waits
/// for a request, it is dropped.
#[derive(Default)]
pub(crate) struct Polls(Mutex<Table>);

#[derive(Default)]
struct Table {
    polls: HashMap<PollKey, Poll>,
    /// How many requests were sent. Each request has its own number.
    request_count: u64,
}

/// The parameters of a poll: the conversation, and `after` as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PollKey(String, Option<String>);

enum Poll {
    UnderWay(WeakShared<PollFuture>, u64),
    Answered(Answer),
}

impl From<&MessagesRequest> for PollKey {
    fn from(request: &MessagesRequest) -> Self {
        let after = request.after.as_ref().map(|after| after.as_str().into());
        Self(request.conversation_id.as_str().into(), after)
    }
}

#[cfg(feature = "redis")]
impl PollKey {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self(id, after) = self;
        let after = after.as_ref().map_or("", |after| after.as_str());
        // No id has a zero byte.
        [id.as_bytes(), b"\0", after.as_bytes()].concat()
    }
}

impl Polls {
    /// Returns the answer to a poll. Calls `send` only if no request with the same key is
    /// under way and no recent answer is known.
    pub(crate) async fn fetch<F>(
        &self,
        key: PollKey,
        memory: Duration,
        metrics: &Metrics,
        send: impl FnOnce() -> F,
    ) -> PollResult
    where
        F: Future<Output = PollResult> + Send + 'static,
    {
        let (request, number) = {
            let mut table = self.lock();
            match table.find(&key, Instant::now(), memory) {
                Lookup::Answer(answer) => {
                    metrics.polled(PollSource::Remembered);
                    return Ok(answer);
                }
                Lookup::UnderWay(request, number) => {
                    metrics.polled(PollSource::Shared);
                    (request, number)
                }
                Lookup::Nothing => {
                    metrics.polled(PollSource::Service);
                    table.begin(&key, Box::pin(send()))
                }
            }
        };
        let result = request.await;
        self.remember(key, number, &result);
        result
    }

    /// Keeps the answer to a request. Every visitor who waited calls this; only the first call
    /// has an effect.
    fn remember(&self, key: PollKey, number: u64, result: &PollResult) {
        let polls = &mut self.lock().polls;
        match polls.get(&key) {
            Some(Poll::UnderWay(_, current)) if *current == number => {}
            _ => return,
        }
        match result {
            Ok(answer) if answer.can_be_kept() && polls.len() <= MAX_POLLS => {
                polls.insert(key, Poll::Answered(answer.clone()));
            }
            _ => drop(polls.remove(&key)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn find(&mut self, key: &PollKey, now: Instant, memory: Duration) -> Lookup {
        if self.polls.len() >= MAX_POLLS {
            self.polls.retain(|_, poll| poll.is_live(now, memory));
        }
        match self.polls.get(key) {
            Some(Poll::Answered(answer)) if now < answer.received_at + memory => {
                Lookup::Answer(answer.clone())
            }
            Some(Poll::UnderWay(weak, number)) => {
                weak.upgrade().map_or(Lookup::Nothing, |request| {
                    Lookup::UnderWay(request, *number)
                })
            }
            _ => Lookup::Nothing,
        }
    }

    fn begin(&mut self, key: &PollKey, request: PollFuture) -> (Shared<PollFuture>, u64) {
        let request = request.shared();
        self.request_count += 1;
        if let Some(weak) = request.downgrade() {
            let poll = Poll::UnderWay(weak, self.request_count);
            self.polls.insert(key.clone(), poll);
        }
        (request, self.request_count)
    }
}

impl Poll {
    fn is_live(&self, now: Instant, memory: Duration) -> bool {
        match self {
            Self::UnderWay(weak, _) => weak.upgrade().is_some(),
            Self::Answered(answer) => now < answer.received_at + memory,
        }
    }
}

/// What the table knows about a poll.
enum Lookup {
    Answer(Answer),
    UnderWay(Shared<PollFuture>, u64),
    Nothing,
}
