//! The three endpoints of the API: a message, the messages of a conversation, its rating.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::api::access::{Access, Credential};
use crate::conversation::page_filter::PageFilter;
use crate::conversation::store::Conversations;
use crate::fault::{self, Damage, Decision, FaultCommand, Plan, Wire};
use crate::journal::{AnswerFacts, Request};
use crate::net::answer::{self, Body};
use crate::net::cors;
use crate::net::refusal::Refusal;
use crate::script::{Rule, Script};
use crate::v1::rate_limit::RateLimit;
use crate::v1::reading::{Reading, Readings};
use crate::v1::reply::{Pace, Reply, ReplyOptions};
use crate::v1::request::{self, ChatRequest};

/// The API's endpoints, with the conversations and the faults.
pub(crate) struct Endpoints {
    access: Access,
    rate: Mutex<RateLimit>,
    conversations: Arc<Conversations>,
    pace: Pace,
    open_replies: Arc<AtomicUsize>,
    plan: Mutex<Plan>,
    readings: Readings,
    script: Script,
    /// The port on which the sandbox listens.
    port: u16,
}

/// One endpoint.
enum Endpoint {
    Chat,
    /// The messages of the conversation with this id.
    Messages(String),
    /// The rating of the conversation with this id.
    Rating(String),
}

impl Endpoints {
    pub(crate) fn new(
        access: Access,
        rate_limit: u32,
        conversations: Conversations,
        pace: Pace,
        script: Script,
        readings: Readings,
        port: u16,
    ) -> Self {
        Self {
            access,
            rate: Mutex::new(RateLimit::new(rate_limit, pace.scale)),
            conversations: Arc::new(conversations),
            pace,
            open_replies: Arc::default(),
            plan: Mutex::default(),
            readings,
            script,
            port,
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn conversations(&self) -> &Arc<Conversations> {
        &self.conversations
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    pub(crate) fn readings(&self) -> Readings {
        self.readings
    }

    pub(crate) fn open_replies(&self) -> usize {
        self.open_replies.load(Ordering::Relaxed)
    }

    /// Locks the plan of faults.
    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the data of a request and its answer for the journal.
    pub(crate) fn facts(&self, request: &Request, answer: &mut Response<Body>) -> AnswerFacts {
        let mut facts: AnswerFacts = answer.extensions_mut().remove().unwrap_or_default();
        let endpoint = Endpoint::find(&request.path);
        facts.is_known_path = endpoint.is_some();
        let query = request.query.as_deref();
        facts.credential = self.access.credential(&request.headers, query).ok();
        if let Some(Endpoint::Messages(id) | Endpoint::Rating(id)) = endpoint {
            facts.conversation_id = Some(id);
        }
        facts
    }

    /// Answers a complete request.
    pub(crate) fn answer(&self, request: &Request, wire: &Wire) -> Result<Response<Body>, Refusal> {
        let endpoint = Endpoint::find(&request.path).ok_or_else(Refusal::no_such_path)?;
        if request.method == Method::OPTIONS {
            return Ok(cors::preflight());
        }
        if request.method != endpoint.method() {
            return Err(Refusal::method_not_allowed(endpoint.allow()));
        }
        let query = request.query.as_deref();
        let credential = self.access.credential(&request.headers, query)?;
        match endpoint {
            Endpoint::Chat => self.chat(credential, request, wire),
            Endpoint::Messages(id) => self.messages(&id, request),
            Endpoint::Rating(id) => self.rating(&id, &request.body),
        }
    }

    fn chat(
        &self,
        credential: Credential,
        request: &Request,
        wire: &Wire,
    ) -> Result<Response<Body>, Refusal> {
        let ChatRequest {
            message,
            conversation_id,
            visitor_ref,
        } = ChatRequest::parse(&request.body, self.readings)?;
        let id = conversation_id.as_deref();
        if id.is_some_and(|id| self.is_gone(id)) {
            return Err(Refusal::no_such_conversation());
        }
        let turns = id.map_or(0, |id| self.conversations.turns(id));
        let rule = self.script.find(turns + 1, &message);
        let mut own = FaultCommand::faults(&message);
        own.extend(rule.map(Rule::faults).cloned().unwrap_or_default());
        let decision = self.plan().message(credential, &request.body, &own);
        let faults = match decision {
            Decision::Refused(injection) => {
                let mut response = fault::refusal(injection, request, self.port, self.pace.scale);
                let facts = id.map(AnswerFacts::of);
                response.extensions_mut().insert(facts.unwrap_or_default());
                return Ok(response);
            }
            Decision::Accepted(faults) => faults,
        };
        self.rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(credential, Instant::now())
            .map_err(Refusal::rate_limited)?;
        let is_first = id.is_none();
        let id = conversation_id.unwrap_or_else(|| self.conversations.begin());
        let turn = self
            .conversations
            .receive(&id, &message, visitor_ref)
            .ok_or_else(Refusal::no_such_conversation)?;
        let turn = match rule {
            Some(rule) => rule.apply(turn),
            None => turn,
        };
        self.plan().fail_polls(&id, &faults);
        wire.begin(&faults);
        let facts = AnswerFacts::of(&id);
        let reply = Reply::new(
            Arc::clone(&self.conversations),
            id,
            turn,
            ReplyOptions {
                pace: self.pace,
                damage: Damage::new(faults.clone()),
                wire: wire.clone(),
                readings: self.readings,
                is_first,
                facts,
            },
            Arc::clone(&self.open_replies),
        );
        Ok(fault::alter(reply.into_response(), &faults))
    }

    /// Whether a message cannot be accepted because the conversation does not exist or is closed for
    /// ever.
    fn is_gone(&self, id: &str) -> bool {
        !self.conversations.contains(id)
            || self.readings.has(Reading::ClosedIsGone) && self.conversations.is_closed(id)
    }

    fn messages(&self, id: &str, request: &Request) -> Result<Response<Body>, Refusal> {
        let after = request::after(request.query.as_deref(), self.readings)?;
        if !self.conversations.contains(id) {
            return Err(Refusal::no_such_conversation());
        }
        let poll_faults = self.plan().poll(id);
        if let Some(injection) = poll_faults.refusal {
            return Ok(fault::refusal(
                injection,
                request,
                self.port,
                self.pace.scale,
            ));
        }
        let filter = PageFilter {
            after,
            repeats: fault::repeats(&poll_faults.faults),
            is_inclusive: self.readings.has(Reading::AfterInclusive),
            authors: self.readings.authors(),
        };
        let page = self
            .conversations
            .page(id, &filter)
            .ok_or_else(Refusal::no_such_conversation)?;
        let mut shown = self.readings.page(&page);
        fault::reshape(&mut shown, &poll_faults.faults);
        let mut response = answer::json(StatusCode::OK, &shown);
        let times = shown["messages"].as_array().into_iter().flatten();
        let times = times.map(|message| &message["created_at"]);
        let newest = times.max_by_key(|time| time.to_string());
        let written = |time: &Value| {
            time.as_str()
                .map_or_else(|| time.to_string(), str::to_owned)
        };
        response.extensions_mut().insert(AnswerFacts {
            state: Some(page.state),
            times: newest
                .into_iter()
                .chain([&shown["ts"]])
                .map(written)
                .collect(),
            ..AnswerFacts::of(id)
        });
        Ok(response)
    }

    fn rating(&self, id: &str, body: &Bytes) -> Result<Response<Body>, Refusal> {
        let rating = request::rating(body)?;
        self.conversations
            .rate(id, rating)
            .ok_or_else(Refusal::no_such_conversation)?;
        Ok(if self.readings.has(Reading::Rating204) {
            answer::empty(StatusCode::NO_CONTENT)
        } else {
            answer::json(StatusCode::OK, &json!({ "ok": true }))
        })
    }
}

impl Endpoint {
    fn find(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
        let id = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        match segments[..] {
            ["chat"] => Some(Self::Chat),
            ["conversations", segment, "messages"] => Some(Self::Messages(id(segment))),
            ["conversations", segment, "rating"] => Some(Self::Rating(id(segment))),
            _ => None,
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Chat | Self::Rating(_) => Method::POST,
            Self::Messages(_) => Method::GET,
        }
    }

    /// The value of an `Allow` header.
    fn allow(&self) -> &'static str {
        match self {
            Self::Chat | Self::Rating(_) => "POST, OPTIONS",
            Self::Messages(_) => "GET, OPTIONS",
        }
    }
}
