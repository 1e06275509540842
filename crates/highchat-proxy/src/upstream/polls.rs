//! Concurrent polls with the same parameters share one request to the service.

use core::pin::Pin;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use highchat_proto::MessagesRequest;

use crate::front::refusal::Refusal;
use crate::upstream::Answer;

type Asked = Result<Answer, Refusal>;
type Asking = Pin<Box<dyn Future<Output = Asked> + Send>>;

/// How many polls are remembered, and how large an answer may be for that, in bytes:
/// 16 MiB at most.
const MAX_POLLS: usize = 256;
const MAX_ANSWER: usize = 64 << 10;

/// Polls under way, and answers that are a moment old.
///
/// Tabs of one conversation poll with the same `after`, since they were shown the same.
/// Concurrent polls with the same parameters share one request to the service. Its answer
/// is reused for [`Config::poll_memory`](crate::Config::poll_memory). When no visitor waits
/// for it, the request is dropped.
#[derive(Default)]
pub(crate) struct Polls(Mutex<Table>);

#[derive(Default)]
struct Table {
    polls: HashMap<PollKey, Poll>,
    /// Counts the requests, so that each has a number of its own.
    asked: u64,
}

/// The conversation, and `after` as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PollKey(String, Option<String>);

enum Poll {
    UnderWay(WeakShared<Asking>, u64),
    Answered(Answer, Instant),
}

impl From<&MessagesRequest> for PollKey {
    fn from(request: &MessagesRequest) -> Self {
        let after = request.after.as_ref().map(|after| after.as_str().into());
        Self(request.conversation_id.as_str().into(), after)
    }
}

impl Polls {
    /// The answer to the polls with a key. Asks only if no other such poll is under way.
    pub(crate) async fn ask<F>(
        &self,
        key: PollKey,
        memory: Duration,
        ask: impl FnOnce() -> F,
    ) -> Asked
    where
        F: Future<Output = Asked> + Send + 'static,
    {
        let (asking, number) = {
            let mut table = self.lock();
            match table.find(&key, Instant::now(), memory) {
                Found::Answer(answer) => return Ok(answer),
                Found::Asking(asking, number) => (asking, number),
                Found::Nothing => table.begin(&key, Box::pin(ask())),
            }
        };
        let asked = asking.await;
        self.remember(key, number, &asked);
        asked
    }

    /// Each who waited does it; the first one counts.
    fn remember(&self, key: PollKey, number: u64, asked: &Asked) {
        let polls = &mut self.lock().polls;
        match polls.get(&key) {
            Some(Poll::UnderWay(_, asking)) if *asking == number => {}
            _ => return,
        }
        match asked {
            Ok(answer)
                if answer.status.is_success()
                    && answer.body.len() <= MAX_ANSWER
                    && polls.len() <= MAX_POLLS =>
            {
                polls.insert(key, Poll::Answered(answer.clone(), Instant::now()));
            }
            _ => drop(polls.remove(&key)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn find(&mut self, key: &PollKey, now: Instant, memory: Duration) -> Found {
        if self.polls.len() >= MAX_POLLS {
            self.polls.retain(|_, poll| poll.is_live(now, memory));
        }
        match self.polls.get(key) {
            Some(Poll::Answered(answer, at)) if now < *at + memory => Found::Answer(answer.clone()),
            Some(Poll::UnderWay(weak, number)) => weak
                .upgrade()
                .map_or(Found::Nothing, |asking| Found::Asking(asking, *number)),
            _ => Found::Nothing,
        }
    }

    fn begin(&mut self, key: &PollKey, asking: Asking) -> (Shared<Asking>, u64) {
        let asking = asking.shared();
        self.asked += 1;
        if let Some(weak) = asking.downgrade() {
            let poll = Poll::UnderWay(weak, self.asked);
            self.polls.insert(key.clone(), poll);
        }
        (asking, self.asked)
    }
}

impl Poll {
    fn is_live(&self, now: Instant, memory: Duration) -> bool {
        match self {
            Self::UnderWay(weak, _) => weak.upgrade().is_some(),
            Self::Answered(_, at) => now < *at + memory,
        }
    }
}

enum Found {
    Answer(Answer),
    Asking(Shared<Asking>, u64),
    Nothing,
}
