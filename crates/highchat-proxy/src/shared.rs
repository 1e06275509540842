//! Limits, answers to polls, and what a search must know, shared by several proxies through Redis.
//!
//! ```text
//!   message ──▶ admit: the visitor's limit, and a time in the order of all proxies   (Redis)
//!                 │ Redis is away: the visitor's limit divided by the number of proxies, after what
//!                 │                Redis last said, and the place after all who wait at this proxy
//!                 ▼
//!               line ── the time has come ──▶ share: how many messages this proxy may send
//!                                               ▲
//!   every 250 ms: report ──▶ what may move from one proxy to another                 (Redis)
//! ```
//!
//! Two things are apart. The *order* comes from Redis, and may be lost with it. The *limit* does
//! not: the shares of all proxies together never exceed it, and each proxy keeps to its own share
//! by its own clock. A request waits at most 100 ms for Redis in all.

mod answers;
mod call;
mod connection;
mod line;
mod link;
mod names;
mod share;
mod visitors;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use highchat_connect::tls_config;
use highchat_proto::http::InvalidRoots;
use highchat_proto::{ConversationId, Saved};

use crate::config::Config;
use crate::front::refusal::Refusal;
use crate::key::Key;
use crate::limits::visitor_rate::Rate;
use crate::metrics::{Metrics, RedisGauges};
use crate::redis_url::Redis;
use crate::shared::call::Call;
use crate::shared::connection::Target;
use crate::shared::line::{Line, Place, millis};
use crate::shared::link::Link;
use crate::shared::names::Names;
use crate::shared::visitors::Visitors;
use crate::upstream::Answer;
use crate::upstream::polls::PollKey;
use crate::visitor::Identity;

/// How much longer than its patience a message may wait while allowance moves between proxies.
const SLACK: Duration = Duration::from_secs(2);

/// After this silence a proxy may have begun a turn that Redis does not know: six reports.
const AWAY: Duration = Duration::from_millis(1500);

/// How long a conversation without messages is kept for the search of a later reply.
const CONVERSATION: Duration = Duration::from_secs(2 * 60 * 60);

/// The longest description of a conversation that is kept, in bytes.
const MAX_SAVED: usize = 16 * 1024;

/// How long the other proxies wait for the answer to a poll that one proxy has sent, and how
/// often they look.
const ASKING: Duration = Duration::from_secs(2);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What this proxy shares with others.
pub(crate) struct Shared {
    line: Arc<Line>,
    link: Link,
    prefix: String,
    /// How long a request waits for Redis in all.
    patience: Duration,
    messages: Visitors,
    polls: Visitors,
    queue_patience: Duration,
    poll_memory: Duration,
    metrics: Arc<Metrics>,
}

/// The name of a turn, the same for all proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TurnName(String);

/// A turn of a known conversation, and what is known about it.
pub(crate) type Resumed = (TurnName, Box<Saved>);

impl Shared {
    pub(crate) fn new(
        config: &Config,
        redis: &Redis,
        key: &Key,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, InvalidRoots> {
        let tls = redis
            .has_tls
            .then(|| tls_config(&config.roots))
            .transpose()?;
        let names = Names::new(&redis.prefix, key.text());
        let span = config.message_span.max(Duration::from_millis(1));
        let margin = share::margin(redis.patience);
        let line = Arc::new(Line::new(config.messages_in_all, span, margin, names));
        let target = Target::new(redis.clone(), tls.map(Arc::new));
        let visitors = |limit| Visitors::new(Rate::a_minute(limit));
        Ok(Self {
            link: Link::new(target, redis.patience, &line, metrics),
            line,
            prefix: redis.prefix.clone(),
            patience: redis.patience,
            messages: visitors(config.messages_a_visitor),
            polls: visitors(config.polls_a_visitor),
            queue_patience: config.queue_patience,
            poll_memory: config.poll_memory,
            metrics: Arc::clone(metrics),
        })
    }

    /// Connects to Redis. Later calls do nothing.
    pub(crate) fn start(&self) {
        self.link.start();
    }

    /// Gives the share of this proxy to the others. Waits at most for two calls.
    pub(crate) async fn leave(&self) {
        self.link.leave().await;
    }

    /// Uses the limits of another key.
    pub(crate) fn handle_key(&self, key: &Key) {
        if let Some(leave) = self.line.rename(Names::new(&self.prefix, key.text())) {
            self.link.tell(leave);
        }
    }

    pub(crate) fn gauges(&self) -> RedisGauges {
        RedisGauges {
            is_reached: self.link.is_reached(),
            proxies: self.line.proxies(),
            allowed: self.line.allowed(),
        }
    }

    /// Waits until a message may be sent, and begins a turn of its conversation. Returns what is
    /// known about the conversation.
    ///
    /// # Errors
    ///
    /// A limit is reached. The error is the time to wait.
    pub(crate) async fn admit(
        &self,
        visitor: Identity,
        conversation: Option<&ConversationId>,
    ) -> Result<Option<Resumed>, Duration> {
        let deadline = Instant::now() + self.queue_patience + SLACK;
        let entrant = Entrant {
            shared: self,
            place: self.line.enter(),
        };
        let names = self.line.names();
        let conversation =
            conversation.map(|id| names.hashed("conversation", id.as_str().as_bytes()));
        let turn = conversation.is_some().then(|| TurnName(names.unique()));
        let call = self.line.admit(
            entrant.place.number,
            &names.visitor("messages", visitor),
            conversation.as_deref().unwrap_or(&names.plain("none")),
        );
        let call = self
            .messages
            .describe(call, visitor)
            .arg(millis(self.queue_patience))
            .arg(turn.as_ref().map_or("", |turn| turn.0.as_str()))
            .arg(millis(CONVERSATION));
        let asked_at = Instant::now();
        let answer: Option<(u8, u64, Vec<u8>, u64)> = self.link.ask(call, self.patience).await;
        if let Some((.., until_full)) = &answer {
            self.messages.handle_answer(visitor, *until_full, asked_at);
        }
        let (at, saved) = match answer {
            Some((0, wait, saved, _)) => (Instant::now() + Duration::from_millis(wait), saved),
            Some((_, wait, ..)) => return Err(Duration::from_millis(wait)),
            None => {
                let proxies = self.line.proxies();
                self.messages.take_without_redis(visitor, proxies)?;
                self.metrics.redis_missed();
                let at = self.line.time_without_redis(self.queue_patience)?;
                (at, Vec::new())
            }
        };
        entrant.wait(at, deadline).await?;
        let resumed = || {
            let saved = names.open(conversation.as_deref()?, &saved)?;
            Some((turn?, serde_json::from_slice(&saved).ok()?))
        };
        Ok(resumed())
    }

    /// Takes a poll or a rating from the visitor's allowance. A poll asks Redis twice, so each time
    /// gets half of the patience.
    ///
    /// # Errors
    ///
    /// The limit is reached. The error is the time to wait.
    pub(crate) async fn take_poll(&self, visitor: Identity) -> Result<(), Duration> {
        if !self.polls.are_limited() {
            return Ok(());
        }
        let name = self.line.names().visitor("polls", visitor);
        let call = self
            .polls
            .describe(Call::new(&call::TAKE).key(name), visitor);
        let asked_at = Instant::now();
        let answer: Option<(u64, u64)> = self.link.ask(call, self.patience / 2).await;
        let Some((wait, until_full)) = answer else {
            self.metrics.redis_missed();
            let proxies = self.line.proxies();
            return self.polls.take_without_redis(visitor, proxies);
        };
        self.polls.handle_answer(visitor, until_full, asked_at);
        if wait > 0 {
            return Err(Duration::from_millis(wait));
        }
        Ok(())
    }

    /// Returns the answer to a poll that another proxy has got, or asks the service with `fetch`.
    pub(crate) async fn answer(
        &self,
        poll: &PollKey,
        fetch: impl Future<Output = Result<Answer, Refusal>>,
    ) -> Result<Answer, Refusal> {
        if self.poll_memory.is_zero() {
            return fetch.await;
        }
        let names = self.line.names();
        let (key, asker) = (
            names.hashed("answer", &poll.to_bytes()),
            names.hashed("asker", &poll.to_bytes()),
        );
        let this = names.unique();
        let (end, mut patience) = (Instant::now() + ASKING, self.patience / 2);
        while Instant::now() < end && !patience.is_zero() {
            let began = Instant::now();
            let call = Call::new(&call::FIND_ANSWER).key(&*key).key(&*asker);
            let call = call.arg(&*this).arg(millis(ASKING));
            match self.link.ask::<(Vec<u8>, u64)>(call, patience).await {
                None => break,
                Some((sealed, left)) if !sealed.is_empty() => {
                    let age = self.poll_memory.saturating_sub(Duration::from_millis(left));
                    let answer = names.open(&key, &sealed);
                    let Some(answer) = answer.and_then(|bytes| answers::decode(bytes, age)) else {
                        break;
                    };
                    self.metrics.poll_shared();
                    return Ok(answer);
                }
                Some((_, 1)) => {
                    let mut asking = Asking {
                        shared: self,
                        keys: [key, asker],
                        this,
                        sealed: Vec::new(),
                    };
                    let answer = fetch.await;
                    if let Ok(answer) = &answer {
                        asking.keep(answer, &names);
                    }
                    return answer;
                }
                Some(_) => {}
            }
            patience = patience.saturating_sub(began.elapsed());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        fetch.await
    }

    /// Begins the first turn of a new conversation.
    pub(crate) fn begin_turn(&self, id: &ConversationId) -> TurnName {
        let names = self.line.names();
        let turn = TurnName(names.unique());
        let call =
            Call::new(&call::BEGIN_TURN).key(names.hashed("conversation", id.as_str().as_bytes()));
        self.link.tell(call.arg(&*turn.0).arg(millis(CONVERSATION)));
        turn
    }

    /// Ends a turn. `saved` is what is known now; with `None` the conversation is forgotten.
    pub(crate) fn end_turn(&self, id: &ConversationId, turn: &TurnName, saved: Option<&Saved>) {
        let names = self.line.names();
        let key = names.hashed("conversation", id.as_str().as_bytes());
        let saved = saved
            .and_then(|saved| serde_json::to_vec(saved).ok())
            .filter(|saved| saved.len() <= MAX_SAVED)
            .and_then(|saved| names.seal(&key, saved));
        let call = Call::new(&call::END_TURN).key(key).arg(&*turn.0);
        self.link.tell(
            call.arg(saved.unwrap_or_default())
                .arg(millis(CONVERSATION)),
        );
    }

    /// Whether no other turn has begun since, at any proxy. In doubt it is not the newest.
    pub(crate) async fn is_newest(&self, id: &ConversationId, turn: &TurnName) -> bool {
        let key = self
            .line
            .names()
            .hashed("conversation", id.as_str().as_bytes());
        let call = Call::new(&call::IS_NEWEST)
            .key(key)
            .key(self.line.names().plain("seen"))
            .arg(&*turn.0)
            .arg(self.line.proxy())
            .arg(millis(AWAY));
        self.link.ask(call, self.patience).await == Some(1)
    }
}

/// A message that enters. If it is not sent, its time is given back, also if the visitor leaves.
struct Entrant<'s> {
    shared: &'s Shared,
    place: Place<'s>,
}

impl Entrant<'_> {
    async fn wait(mut self, at: Instant, deadline: Instant) -> Result<(), Duration> {
        self.place.wait(at, deadline).await
    }
}

impl Drop for Entrant<'_> {
    fn drop(&mut self) {
        if !self.place.is_sent {
            let give_back = self.shared.line.give_back(self.place.number);
            self.shared.link.tell(give_back);
        }
    }
}

/// A poll for which the other proxies wait. When it is dropped, they wait no longer.
struct Asking<'s> {
    shared: &'s Shared,
    keys: [String; 2],
    this: String,
    sealed: Vec<u8>,
}

impl Asking<'_> {
    fn keep(&mut self, answer: &Answer, names: &Names) {
        if answer.can_be_kept() {
            let sealed = answers::encode(answer).and_then(|bytes| names.seal(&self.keys[0], bytes));
            self.sealed = sealed.unwrap_or_default();
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let keys = core::mem::take(&mut self.keys).into_iter();
        let call = keys.fold(Call::new(&call::KEEP_ANSWER), Call::key);
        let call = call.arg(&*self.this).arg(&*self.sealed);
        self.shared
            .link
            .tell(call.arg(millis(self.shared.poll_memory)));
    }
}
