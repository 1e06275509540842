//! Handles a request: finds its route, applies the limits, asks the service and answers.

use core::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use highchat_proto::{ConversationId, Endpoint};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use tokio::time::sleep_until;

use crate::config::{Config, InvalidConfig};
use crate::front::cors::{self, Cors};
use crate::front::half_close::Answering;
use crate::front::rebuild;
use crate::front::refusal::Refusal;
use crate::front::request_body::{self, RequestBody};
use crate::front::route::Route;
use crate::front::trace::Trace;
use crate::heal::Healer;
use crate::heal::followed::Followed;
use crate::key::{KeyError, KeySource};
use crate::limits::drain::Drain;
use crate::limits::held::Held;
use crate::limits::local::Local;
use crate::limits::slots::Slots;
use crate::metrics::request_log::RequestLog;
use crate::metrics::{Gauges, Metrics};
use crate::reply::body::Body;
use crate::reply::events::{Events, Owner};
use crate::reply::relay::{Clocks, Relay};
#[cfg(feature = "redis")]
use crate::shared::Shared;
use crate::store::Store;
use crate::upstream::polls::{PollKey, Polls};
use crate::upstream::{Answer, Opened, Upstream};
use crate::visitor::ownership::Ownership;
use crate::visitor::{Trust, Visitor};

/// The state that all requests share.
pub(crate) struct Handler {
    pub(crate) config: Config,
    upstream: Arc<Upstream>,
    pub(crate) trust: Trust,
    cors: Cors,
    ownership: Ownership,
    pub(crate) store: Store,
    polls: Polls,
    /// `None` if a cut reply is not searched for.
    healer: Option<Arc<Healer>>,
    streams: Slots,
    held: Arc<Held>,
    pub(crate) drain: Drain,
    metrics: Arc<Metrics>,
}

impl Handler {
    pub(crate) fn new(config: Config, key: KeySource) -> Result<Self, InvalidConfig> {
        let metrics = Arc::<Metrics>::default();
        let upstream = Arc::new(Upstream::new(&config, key, Arc::clone(&metrics))?);
        let held = Arc::new(Held::new(config.held_bytes));
        let store = store(&config, &upstream, &metrics)?;
        let healer = config
            .heal
            .then(|| Arc::new(Healer::new(&config, &upstream, &metrics, &held, &store)));
        Ok(Self {
            upstream,
            trust: Trust {
                networks: config.trusted_networks.clone(),
                visitor_header: config.visitor_header.clone(),
            },
            cors: Cors::new(config.allow_origins.clone()),
            ownership: Ownership::new(config.secret.clone()),
            store,
            polls: Polls::default(),
            healer,
            streams: Slots::new(config.streams, config.streams_a_visitor),
            held,
            drain: Drain::new(),
            metrics,
            config,
        })
    }

    pub(crate) async fn answer<B>(
        &self,
        peer: IpAddr,
        request: Request<B>,
        answering: Answering,
    ) -> Response<Body>
    where
        B: hyper::body::Body,
    {
        self.store.start();
        let (head, body) = request.into_parts();
        let visitor = self.trust.visitor(peer, &head.headers);
        let route = Route::find(self.config.prefix.as_ref(), &head.method, head.uri.path());
        let name = route.as_ref().map_or("other", Route::name);
        let metrics = Arc::clone(&self.metrics);
        let trace = Trace::of(&head.headers, self.trust.includes(peer));
        let under_way = self.drain.under_way();
        let log = RequestLog::begin(metrics, under_way, name, visitor.network, trace);
        let allowed = self.cors.allowed(&head.headers);
        let mut response = match route {
            Some(Route::Preflight) => log.with(cors::preflight(allowed.as_ref()).map(Body::whole)),
            route => {
                self.route(route, head, body, &visitor, log, &answering)
                    .await
            }
        };
        self.cors.mark(response.headers_mut(), allowed);
        response.map(|body| body.with_answering(answering))
    }

    /// Answers input that is not a valid request, and logs and counts it like a request.
    pub(crate) fn refuse(&self, peer: IpAddr, refusal: Refusal) -> Response<String> {
        let (metrics, under_way) = (Arc::clone(&self.metrics), self.drain.under_way());
        let log = RequestLog::begin(metrics, under_way, "other", peer.into(), Trace::new());
        let mut response = log.with(refusal.into_response());
        self.cors.mark_all(response.headers_mut());
        response
    }

    pub(crate) fn reload_key(&self) -> Result<(), KeyError> {
        self.upstream.reload_key()?;
        self.store.handle_key(&self.upstream.access().key);
        Ok(())
    }

    pub(crate) fn metrics(&self) -> String {
        let under_way = *self.drain.under_way().borrow();
        let streams = self.streams.taken();
        let is_ready = !self.drain.has_begun();
        self.metrics.render(&Gauges {
            under_way,
            streams,
            held: self.held.taken(),
            is_ready,
            redis: self.store.redis(),
        })
    }

    async fn route<B: hyper::body::Body>(
        &self,
        route: Option<Route>,
        head: Parts,
        body: B,
        visitor: &Visitor,
        log: RequestLog,
        answering: &Answering,
    ) -> Response<Body> {
        let answer = match route {
            None | Some(Route::Preflight) => Err(Refusal::NO_SUCH_PATH),
            Some(Route::Health) => Ok(plain("ok\n")),
            Some(Route::Ready) if !self.drain.has_begun() => Ok(plain("ready\n")),
            Some(Route::Ready) => Err(Refusal::ENDING),
            _ if self.drain.refuses(answering.is_admitted()) => Err(Refusal::ENDING),
            Some(Route::Messages(id)) => {
                answering.read_whole();
                self.poll(id, &head, visitor, log.trace()).await
            }
            Some(Route::Rating(id)) => match self.body(&head, body, answering).await {
                Ok(body) => self.rate(id, &body.bytes, visitor, log.trace()).await,
                Err(refusal) => Err(refusal),
            },
            Some(Route::Chat) => {
                let body = self.body(&head, body, answering).await;
                // The head keeps all bytes that hyper read. The reply may take long, so free them.
                drop(head);
                return self.chat(body, visitor, log, answering).await;
            }
        };
        log.with(answer.unwrap_or_else(|refusal| refusal.into_response().map(Body::whole)))
    }

    async fn poll(
        &self,
        id: ConversationId,
        head: &Parts,
        visitor: &Visitor,
        trace: Trace,
    ) -> Result<Response<Body>, Refusal> {
        rebuild::check_query(head.uri.query())?;
        let request = rebuild::messages(id, head.uri.query(), visitor, &self.ownership)?;
        self.take_poll(visitor).await?;
        let (upstream, store) = (Arc::clone(&self.upstream), self.store.clone());
        let key = PollKey::from(&request);
        let poll = key.clone();
        let fetch = move || async move {
            let request = |endpoint: &Endpoint| {
                let request = endpoint.messages(&request);
                request.with_traceparent(&trace.for_service())
            };
            store.answer(&poll, upstream.fetch(request)).await
        };
        let answer = self
            .polls
            .fetch(key, self.config.poll_memory, &self.metrics, fetch)
            .await?;
        self.hold(answer)
    }

    async fn rate(
        &self,
        id: ConversationId,
        body: &[u8],
        visitor: &Visitor,
        trace: Trace,
    ) -> Result<Response<Body>, Refusal> {
        let request = rebuild::rating(id, body, visitor, &self.ownership)?;
        self.take_poll(visitor).await?;
        let answer = self
            .upstream
            .fetch(|endpoint| {
                let request = endpoint.rate(&request);
                request.with_traceparent(&trace.for_service())
            })
            .await?;
        self.hold(answer)
    }

    async fn take_poll(&self, visitor: &Visitor) -> Result<(), Refusal> {
        let taken = self.store.take_poll(visitor.identity).await;
        taken.map_err(Refusal::rate_limited)
    }

    /// Returns the answer for a visitor who may read it slowly.
    fn hold(&self, answer: Answer) -> Result<Response<Body>, Refusal> {
        let held = self.held.take(answer.body.len()).ok_or(Refusal::BUSY)?;
        Ok(answer
            .into_response()
            .map(|bytes| Body::whole(bytes).with_held(held)))
    }

    async fn body<B: hyper::body::Body>(
        &self,
        head: &Parts,
        body: B,
        answering: &Answering,
    ) -> Result<RequestBody, Refusal> {
        rebuild::check_query(head.uri.query())?;
        rebuild::check_type(&head.headers)?;
        let body = request_body::read(body, self.config.request_timeout, &self.held).await?;
        answering.read_whole();
        Ok(body)
    }

    /// Sends a message to the service. Returns the stream of its reply, or a refusal.
    async fn chat(
        &self,
        body: Result<RequestBody, Refusal>,
        visitor: &Visitor,
        mut log: RequestLog,
        answering: &Answering,
    ) -> Response<Body> {
        let received_at = Instant::now();
        let admitted = async {
            let request = rebuild::chat(&body?.bytes, visitor, &self.ownership)?;
            let slot = self
                .streams
                .take(Some(visitor.identity))
                .ok_or(Refusal::BUSY)?;
            let conversation = request.conversation_id.as_ref();
            let admitted = self.store.admit(visitor.identity, conversation).await;
            let prior = admitted.map_err(Refusal::rate_limited)?;
            Ok::<_, Refusal>((request, slot, prior))
        };
        let (request, slot, prior) = match admitted.await {
            Ok(admitted) => admitted,
            Err(refusal) => return log.with(Refusal::into_response(refusal).map(Body::whole)),
        };
        let followed = self.healer.as_ref();
        let mut followed = followed.and_then(|healer| {
            Followed::begin(healer, &request, prior, visitor.identity, log.trace())
        });
        let mut opening = self.upstream.chat(|endpoint| {
            let request = endpoint.chat(&request);
            request.with_traceparent(&log.trace().for_service())
        });
        drop(request);
        // The service's status is passed on if it comes in time. Otherwise the stream begins
        // without it, so that the visitor gets keepalive comments.
        let opened = tokio::select! {
            opened = &mut opening => Some(opened),
            () = sleep_until((received_at + self.config.keepalive).into()) => None,
        };
        let source = match opened {
            None => Err(opening),
            Some(Opened::Reply(body)) => Ok(body),
            Some(Opened::Refused(answer)) => {
                if let Some(followed) = &mut followed {
                    followed.handle_refusal(answer.status.as_u16());
                }
                let answer = self.hold(answer);
                return log.with(
                    answer.unwrap_or_else(|refusal| refusal.into_response().map(Body::whole)),
                );
            }
            Some(Opened::Failed(no_answer)) => {
                return log.with(no_answer.refusal.into_response().map(Body::whole));
            }
        };
        log.begin_stream();
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
        let half_close = answering.half_close().clone();
        let events = Events::new(owner, followed);
        let relay = Relay::new(source, events, clocks, (cut, half_close), (log, slot));
        event_stream(relay)
    }
}

#[cfg(feature = "redis")]
fn store(
    config: &Config,
    upstream: &Upstream,
    metrics: &Arc<Metrics>,
) -> Result<Store, InvalidConfig> {
    let Some(redis) = &config.redis else {
        return Ok(Store::Local(Arc::new(Local::new(config))));
    };
    let shared = Shared::new(config, redis, &upstream.access().key, metrics);
    let shared = shared.map_err(InvalidConfig::Roots)?;
    Ok(Store::Shared(Arc::new(shared)))
}

#[cfg(not(feature = "redis"))]
fn store(config: &Config, _: &Upstream, _: &Arc<Metrics>) -> Result<Store, InvalidConfig> {
    Ok(Store::Local(Arc::new(Local::new(config))))
}

/// An event stream, with headers that stop proxies from buffering, compressing or changing
/// it.
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
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
