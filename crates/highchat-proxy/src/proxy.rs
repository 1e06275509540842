//! The service that hyper is given.

use core::convert::Infallible;
use core::fmt;
use core::net::IpAddr;
use core::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use highchat_proto::endpoint::InvalidBaseUrl;
use highchat_proto::id::ConversationId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use hyper::service::Service;
use tokio::time::sleep_until;

use crate::body::Body;
use crate::coalesce::{Polls, Question};
use crate::config::Config;
use crate::cors::{self, Cors};
use crate::drain::Drain;
use crate::entry::Entry;
use crate::events::{Events, Owner};
use crate::key::{KeyError, KeySource};
use crate::metrics::Metrics;
use crate::ownership::Ownership;
use crate::pace::Pace;
use crate::rebuild;
use crate::refusal::Refusal;
use crate::relay::{Clocks, Relay};
use crate::route::Route;
use crate::slots::Slots;
use crate::turn::Turn;
use crate::upload;
use crate::upstream::{NoUpstream, Opened, Upstream};
use crate::visitor::{Trust, Visitor};
use crate::window::Window;

/// The key-hiding proxy as a service: three endpoints, `/healthz` and `/readyz`.
///
/// Cheap to clone; all clones share their limits. It spawns nothing: what it does for a
/// visitor ends when hyper drops the request or the body of the answer, which it does when
/// the visitor leaves. The server around it bounds heads and connections, and drops
/// visitors who do not read; [`Server`](crate::Server) does.
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    upstream: Arc<Upstream>,
    pub(crate) trust: Trust,
    cors: Cors,
    ownership: Ownership,
    window: Arc<Mutex<Window>>,
    messages: Mutex<Pace>,
    polls: Mutex<Pace>,
    asked: Polls,
    streams: Slots,
    pub(crate) drain: Drain,
    metrics: Arc<Metrics>,
}

/// Why a proxy cannot be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Its base URL is not one that a key may be sent to.
    BaseUrl(InvalidBaseUrl),
    /// There is no key.
    Key(KeyError),
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl(error) => error.fmt(f),
            Self::Key(error) => write!(f, "there is no key: {error}"),
        }
    }
}

impl core::error::Error for InvalidConfig {}

impl Proxy {
    /// A proxy with a key, which is read here.
    ///
    /// # Errors
    ///
    /// There is no key, or no service that it may be sent to.
    pub fn new(config: Config, key: KeySource) -> Result<Self, InvalidConfig> {
        let metrics = Arc::<Metrics>::default();
        let upstream =
            Upstream::new(&config, key, Arc::clone(&metrics)).map_err(|error| match error {
                NoUpstream::BaseUrl(error) => InvalidConfig::BaseUrl(error),
                NoUpstream::Key(error) => InvalidConfig::Key(error),
            })?;
        let messages = config.messages_a_visitor;
        let polls = config.polls_a_visitor;
        Ok(Self(Arc::new(Inner {
            upstream: Arc::new(upstream),
            trust: Trust {
                networks: config.trusted_networks.clone(),
                visitor_header: config.visitor_header.clone(),
            },
            cors: Cors::new(config.allow_origins.clone()),
            ownership: Ownership::new(config.secret.clone()),
            window: Arc::new(Mutex::new(Window::new(config.messages_in_all))),
            messages: Mutex::new(Pace::new(messages, messages.div_ceil(2))),
            polls: Mutex::new(Pace::new(polls, polls.div_ceil(2))),
            asked: Polls::default(),
            streams: Slots::new(config.streams, config.streams_a_visitor),
            drain: Drain::new(),
            metrics,
            config,
        })))
    }

    /// The service for one connection, from that address.
    #[must_use]
    pub fn service(&self, peer: IpAddr) -> PeerService {
        PeerService {
            proxy: self.clone(),
            peer,
        }
    }

    /// Answers one request from that address. Dropping it gives up what is asked of the
    /// service.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Body>
    where
        B: hyper::body::Body,
    {
        let inner = &self.0;
        let (head, body) = request.into_parts();
        let visitor = inner.trust.visitor(peer, &head.headers);
        let route = Route::find(inner.config.prefix.as_ref(), &head.method, head.uri.path());
        let name = route.as_ref().map_or("other", Route::name);
        let metrics = Arc::clone(&inner.metrics);
        let entry = Entry::begin(metrics, inner.drain.under_way(), name, visitor.network);
        let allowed = inner.cors.allowed(&head.headers);
        let mut response = match route {
            Some(Route::Preflight) => entry.with(cors::preflight(allowed.as_ref())),
            route => inner.route(route, &head, body, &visitor, entry).await,
        };
        inner.cors.mark(response.headers_mut(), allowed);
        response
    }

    /// Reads the key again, for requests from here on.
    ///
    /// # Errors
    ///
    /// There is none; the one that was read before stays in use.
    pub fn reload_key(&self) -> Result<(), KeyError> {
        self.0.upstream.reload_key()
    }

    /// What was counted, in Prometheus' text form.
    #[must_use]
    pub fn metrics(&self) -> String {
        let inner = &self.0;
        let under_way = *inner.drain.under_way().borrow();
        let streams = inner.streams.taken();
        let is_ready = !inner.drain.has_begun();
        inner.metrics.render(under_way, streams, is_ready)
    }

    /// Begins the end: `/readyz` is 503 and so is every new request; streams go on.
    pub fn drain(&self) {
        self.0.drain.begin();
    }

    /// Ends the streams that are left, each with an `error` event.
    pub fn cut(&self) {
        self.0.drain.cut();
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    async fn route<B: hyper::body::Body>(
        &self,
        route: Option<Route>,
        head: &Parts,
        body: B,
        visitor: &Visitor,
        entry: Entry,
    ) -> Response<Body> {
        let answer = match route {
            None | Some(Route::Preflight) => Err(Refusal::NO_SUCH_PATH),
            Some(Route::Health) => Ok(plain("ok\n")),
            Some(Route::Ready) if !self.drain.has_begun() => Ok(plain("ready\n")),
            _ if self.drain.has_begun() => Err(Refusal::ENDING),
            Some(Route::Ready) => Err(Refusal::ENDING),
            Some(Route::Messages(id)) => self.poll(id, head, visitor).await,
            Some(Route::Rating(id)) => self.rate(id, head, body, visitor).await,
            Some(Route::Chat) => return self.chat(head, body, visitor, entry).await,
        };
        entry.with(answer.unwrap_or_else(Refusal::into_response))
    }

    async fn poll(
        &self,
        id: ConversationId,
        head: &Parts,
        visitor: &Visitor,
    ) -> Result<Response<Body>, Refusal> {
        rebuild::check_query(head.uri.query())?;
        let request = rebuild::messages(id, head.uri.query(), visitor, &self.ownership)?;
        take(&self.polls, visitor)?;
        let upstream = Arc::clone(&self.upstream);
        let question = Question::from(&request);
        let ask = move || async move {
            let request =
                |endpoint: &highchat_proto::endpoint::Endpoint| endpoint.messages(&request);
            upstream.ask(request).await
        };
        let answer = self
            .asked
            .ask(question, self.config.poll_memory, ask)
            .await?;
        Ok(answer.into_response())
    }

    async fn rate<B: hyper::body::Body>(
        &self,
        id: ConversationId,
        head: &Parts,
        body: B,
        visitor: &Visitor,
    ) -> Result<Response<Body>, Refusal> {
        let body = self.body(head, body).await?;
        let request = rebuild::rating(id, &body, visitor, &self.ownership)?;
        take(&self.polls, visitor)?;
        let answer = self
            .upstream
            .ask(|endpoint| endpoint.rate(&request))
            .await?;
        Ok(answer.into_response())
    }

    async fn body<B: hyper::body::Body>(
        &self,
        head: &Parts,
        body: B,
    ) -> Result<bytes::Bytes, Refusal> {
        rebuild::check_query(head.uri.query())?;
        rebuild::check_type(&head.headers)?;
        upload::read(body, self.config.request_timeout).await
    }

    /// A message: its stream, or why there is none.
    async fn chat<B: hyper::body::Body>(
        &self,
        head: &Parts,
        body: B,
        visitor: &Visitor,
        mut entry: Entry,
    ) -> Response<Body> {
        let mut silent_since = Instant::now();
        let admitted = async {
            let body = self.body(head, body).await?;
            silent_since = Instant::now();
            let request = rebuild::chat(&body, visitor, &self.ownership)?;
            let slot = self
                .streams
                .take(Some(visitor.network))
                .ok_or(Refusal::BUSY)?;
            take(&self.messages, visitor)?;
            let turn = Turn::reserve(&self.window, self.config.queue_patience)
                .map_err(Refusal::rate_limited)?;
            turn.comes().await;
            Ok((request, slot))
        };
        let (request, slot) = match admitted.await {
            Ok(admitted) => admitted,
            Err(refusal) => return entry.with(Refusal::into_response(refusal)),
        };
        let mut opening = self.upstream.chat(|endpoint| endpoint.chat(&request));
        // A status is passed on as it is; but a visitor is not left in silence for it.
        let opened = tokio::select! {
            opened = &mut opening => Some(opened),
            () = sleep_until((silent_since + self.config.keepalive).into()) => None,
        };
        let source = match opened {
            None => Err(opening),
            Some(Opened::Reply(body)) => Ok(body),
            Some(Opened::Refused(answer)) => return entry.with(answer.into_response()),
            Some(Opened::Failed(refusal)) => return entry.with(refusal.into_response()),
        };
        entry.streams();
        let owner = Owner {
            ownership: self.ownership.clone(),
            visitor: visitor.reference.clone(),
        };
        let clocks = Clocks {
            keepalive: self.config.keepalive,
            idle: self.config.idle_timeout,
            progress: self.config.progress_timeout,
            settle: self.config.settle_timeout,
        };
        let cut = self.drain.until_cut();
        let relay = Relay::new(source, Events::new(owner), clocks, cut, (entry, slot));
        event_stream(relay)
    }
}

fn take(pace: &Mutex<Pace>, visitor: &Visitor) -> Result<(), Refusal> {
    pace.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(visitor.network, Instant::now())
        .map_err(Refusal::rate_limited)
}

/// The head of a stream that nobody on the way keeps, packs or changes.
fn event_stream(relay: Relay) -> Response<Body> {
    let mut response = Response::new(Body::stream(relay));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

fn plain(text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::whole(text));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// A [`Proxy`] for the requests of one connection.
#[derive(Clone, Debug)]
pub struct PeerService {
    proxy: Proxy,
    peer: IpAddr,
}

impl<B> Service<Request<B>> for PeerService
where
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        let Self { proxy, peer } = self.clone();
        Box::pin(async move { Ok(proxy.answer(peer, request).await) })
    }
}
