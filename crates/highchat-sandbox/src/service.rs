use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::access::{Access, Credential};
use crate::answer::{self, Body};
use crate::conversations::Conversations;
use crate::cors;
use crate::desk;
use crate::journal::{Journal, Request};
use crate::pages;
use crate::rate::RateLimit;
use crate::refusal::Refusal;
use crate::reply::{Pace, Reply};
use crate::request::{self, ChatRequest};
use crate::upload::Upload;

/// The service: what every request is answered from.
pub(crate) struct Service {
    access: Access,
    rate: Mutex<RateLimit>,
    conversations: Arc<Conversations>,
    pace: Pace,
    patience: Duration,
    open_replies: Arc<AtomicUsize>,
    journal: Mutex<Journal>,
    started: Instant,
}

/// The endpoints of the API.
enum Endpoint {
    Chat,
    /// Of the conversation with this id.
    Messages(String),
    Rating(String),
}

impl Service {
    pub(crate) fn new(
        access: Access,
        rate_limit: u32,
        conversations: Conversations,
        pace: Pace,
        patience: Duration,
    ) -> Self {
        Self {
            access,
            rate: Mutex::new(RateLimit::new(rate_limit)),
            conversations: Arc::new(conversations),
            pace,
            patience,
            open_replies: Arc::default(),
            journal: Mutex::default(),
            started: Instant::now(),
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn conversations(&self) -> &Conversations {
        &self.conversations
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn open_replies(&self) -> usize {
        self.open_replies.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.requests()
    }

    /// Answers a request. An error is a client that there is no use in answering; its
    /// connection is to be closed.
    pub(crate) async fn answer(
        &self,
        request: hyper::Request<Incoming>,
    ) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        // The body first, whatever the answer: leaving it unread would cost the client
        // the answer, and the journal wants it.
        let upload = Upload::read(body, self.patience).await?;
        let request = Request {
            at: self.started.elapsed(),
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body: upload.bytes().clone(),
        };
        // The person's side is not the API: no other origin may use it, and what it was
        // asked is nobody's test.
        if let Some(answer) = self.aside(&request) {
            return Ok(answer);
        }
        let mut response = match upload {
            Upload::Whole(_) => self.route(&request),
            Upload::TooLarge(_) => Err(Refusal::too_large()),
        }
        .unwrap_or_else(Refusal::into_response);
        cors::allow(response.headers_mut());
        self.journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(request);
        Ok(response)
    }

    /// Answers what is asked of the pages or of the desk.
    fn aside(&self, request: &Request) -> Option<Response<Body>> {
        pages::answer(self.access.slug(), request)
            .or_else(|| desk::answer(&self.conversations, request))
            .map(|answer| answer.unwrap_or_else(Refusal::into_response))
    }

    fn route(&self, request: &Request) -> Result<Response<Body>, Refusal> {
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
            Endpoint::Chat => self.chat(credential, &request.body),
            Endpoint::Messages(id) => self.messages(&id, query),
            Endpoint::Rating(id) => self.rating(&id, &request.body),
        }
    }

    fn chat(&self, credential: Credential, body: &Bytes) -> Result<Response<Body>, Refusal> {
        let ChatRequest {
            message,
            conversation_id,
            visitor_ref,
        } = ChatRequest::parse(body)?;
        if conversation_id
            .as_ref()
            .is_some_and(|id| !self.conversations.contains(id))
        {
            return Err(Refusal::no_such_conversation());
        }
        self.rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(credential, Instant::now())
            .map_err(Refusal::rate_limited)?;
        let id = conversation_id.unwrap_or_else(|| self.conversations.begin());
        let turn = self
            .conversations
            .hear(&id, &message, visitor_ref)
            .ok_or_else(Refusal::no_such_conversation)?;
        let reply = Reply::new(
            Arc::clone(&self.conversations),
            id,
            turn,
            self.pace,
            Arc::clone(&self.open_replies),
        );
        Ok(reply.into_response())
    }

    fn messages(&self, id: &str, query: Option<&str>) -> Result<Response<Body>, Refusal> {
        let after = request::after(query)?;
        let page = self
            .conversations
            .page(id, after)
            .ok_or_else(Refusal::no_such_conversation)?;
        Ok(answer::json(StatusCode::OK, &page))
    }

    fn rating(&self, id: &str, body: &Bytes) -> Result<Response<Body>, Refusal> {
        let rating = request::rating(body)?;
        self.conversations
            .rate(id, rating)
            .ok_or_else(Refusal::no_such_conversation)?;
        Ok(answer::json(StatusCode::OK, &json!({ "ok": true })))
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
