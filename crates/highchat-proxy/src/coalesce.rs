//! Polls that ask the same at the same time, asked once.

use core::pin::Pin;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use highchat_proto::request::MessagesRequest;

use crate::refusal::Refusal;
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
/// Whoever asks what is being asked, waits for that answer; who asks soon after it came,
/// gets it again. When nobody waits any more, the asking is given up.
#[derive(Default)]
pub(crate) struct Polls(Mutex<HashMap<Question, Poll>>);

/// The conversation, and `after` as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question(String, Option<String>);

enum Poll {
    UnderWay(WeakShared<Asking>),
    Answered(Answer, Instant),
}

impl From<&MessagesRequest> for Question {
    fn from(request: &MessagesRequest) -> Self {
        let after = request.after.as_ref().map(|after| after.as_str().into());
        Self(request.conversation_id.as_str().into(), after)
    }
}

impl Polls {
    /// The answer to a question, by asking only where nobody else did.
    pub(crate) async fn ask<F>(
        &self,
        question: Question,
        memory: Duration,
        ask: impl FnOnce() -> F,
    ) -> Asked
    where
        F: Future<Output = Asked> + Send + 'static,
    {
        let asking = match self.find(&question, Instant::now(), memory) {
            Found::Answer(answer) => return Ok(answer),
            Found::Asking(asking) => asking,
            Found::Nothing => {
                let asking = (Box::pin(ask()) as Asking).shared();
                if let Some(weak) = asking.downgrade() {
                    self.lock().insert(question.clone(), Poll::UnderWay(weak));
                }
                asking
            }
        };
        let asked = asking.await;
        self.remember(question, &asked);
        asked
    }

    fn find(&self, question: &Question, now: Instant, memory: Duration) -> Found {
        let mut polls = self.lock();
        if polls.len() >= MAX_POLLS {
            polls.retain(|_, poll| poll.is_live(now, memory));
        }
        match polls.get(question) {
            Some(Poll::Answered(answer, at)) if now < *at + memory => Found::Answer(answer.clone()),
            Some(Poll::UnderWay(weak)) => weak.upgrade().map_or(Found::Nothing, Found::Asking),
            _ => Found::Nothing,
        }
    }

    /// Each who waited does it; the first one counts.
    fn remember(&self, question: Question, asked: &Asked) {
        let mut polls = self.lock();
        if matches!(polls.get(&question), Some(Poll::Answered(..))) {
            return;
        }
        match asked {
            Ok(answer)
                if answer.status.is_success()
                    && answer.body.len() <= MAX_ANSWER
                    && polls.len() <= MAX_POLLS =>
            {
                polls.insert(question, Poll::Answered(answer.clone(), Instant::now()));
            }
            _ => drop(polls.remove(&question)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Question, Poll>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Poll {
    fn is_live(&self, now: Instant, memory: Duration) -> bool {
        match self {
            Self::UnderWay(weak) => weak.upgrade().is_some(),
            Self::Answered(_, at) => now < *at + memory,
        }
    }
}

enum Found {
    Answer(Answer),
    Asking(Shared<Asking>),
    Nothing,
}
