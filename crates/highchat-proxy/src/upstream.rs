//! Sends requests to the service with the key, and reads answers that are not streams.

pub(crate) mod polls;

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use highchat_connect::{Connector, Exchange, Offer};
use highchat_proto::http::{Head, Request};
use highchat_proto::{Credentials, Endpoint, Failure};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use tokio::time::timeout;

use crate::config::{Config, InvalidConfig};
use crate::front::refusal::Refusal;
use crate::key::{Key, KeyError, KeySource};
use crate::metrics::Metrics;

/// The proxy's access to the service. It never sends a request twice and never follows a
/// redirect.
pub(crate) struct Upstream {
    connector: Connector,
    base_url: String,
    source: KeySource,
    access: RwLock<Arc<Access>>,
    response_timeout: Duration,
    metrics: Arc<Metrics>,
}

/// The current key, and the endpoint that uses it.
pub(crate) struct Access {
    pub(crate) key: Key,
    pub(crate) endpoint: Arc<Endpoint>,
}

/// The body of a reply from the service.
pub(crate) struct Reply {
    body: Exchange,
    access: Arc<Access>,
}

impl Reply {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.body.poll_body(cx)
    }

    /// The key of the request. The reply must not show it.
    pub(crate) fn key(&self) -> &Key {
        &self.access.key
    }
}

/// The service's answer to a message.
pub(crate) enum Opened {
    /// The stream of a reply.
    Reply(Reply),
    /// A complete answer that is passed on: a refusal.
    Refused(Answer),
    /// There is no answer that can be passed on.
    Failed(NoAnswer),
}

/// Why the service's answer to a message cannot be passed on.
#[derive(Clone, Debug)]
pub(crate) struct NoAnswer {
    pub(crate) refusal: Refusal,
    /// The message was sent and nothing came back, so there may be a reply to it.
    pub(crate) may_have_a_reply: bool,
}

impl From<Refusal> for NoAnswer {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            may_have_a_reply: false,
        }
    }
}

/// A message that was sent and is not answered yet.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Opened> + Send>>;

/// A complete answer, with only the headers that are passed on.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When the service sent it.
    pub(crate) received_at: Instant,
}

/// The longest bodies that are passed on, in bytes: of a successful answer and of an error.
const MAX_PAGE: usize = 1 << 20;
const MAX_ERROR: usize = 64 << 10;

/// The largest answer that is kept for other polls, in bytes.
const MAX_KEPT: usize = 64 << 10;

/// The headers that are passed on. `date` is needed because `retry-after` may be a date too.
const PASSED: [http::HeaderName; 3] = [CONTENT_TYPE, RETRY_AFTER, DATE];

impl Upstream {
    pub(crate) fn new(
        config: &Config,
        source: KeySource,
        metrics: Arc<Metrics>,
    ) -> Result<Self, InvalidConfig> {
        let key = source.read().map_err(InvalidConfig::Key)?;
        let endpoint = |credentials: Credentials| {
            if config.insecure_http {
                Endpoint::with_insecure_http(&config.base_url, credentials)
            } else {
                Endpoint::new(&config.base_url, credentials)
            }
        };
        let endpoint = endpoint(key.credentials.clone()).map_err(InvalidConfig::BaseUrl)?;
        let client = highchat_proto::Config::default();
        let client = client.with_response_timeout(config.response_timeout);
        let timeout = client.connect_timeout();
        let connector = Connector::with_roots(&endpoint, timeout, Offer::Http1, &config.roots);
        Ok(Self {
            connector: connector.map_err(InvalidConfig::Roots)?,
            base_url: config.base_url.clone(),
            source,
            access: RwLock::new(Arc::new(Access {
                key,
                endpoint: Arc::new(endpoint),
            })),
            response_timeout: config.response_timeout,
            metrics,
        })
    }

    /// Reads the key again, for later requests. If it cannot be read, the previous key stays
    /// in use.
    pub(crate) fn reload_key(&self) -> Result<(), KeyError> {
        let key = self.source.read()?;
        let credentials = key.credentials.clone();
        let access = Access {
            key,
            // `new` has checked the base URL and whether `http://` is allowed.
            endpoint: Endpoint::with_insecure_http(&self.base_url, credentials)
                .expect("the base URL was checked at the start")
                .into(),
        };
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
        Ok(())
    }

    /// The current key and its endpoint.
    pub(crate) fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a message. Waits for the head of the answer, and for the whole answer if it is
    /// not a stream.
    pub(crate) fn chat(self: &Arc<Self>, request: impl FnOnce(&Endpoint) -> Request) -> Opening {
        let (this, access) = (Arc::clone(self), self.access());
        let request = request(&access.endpoint);
        Box::pin(async move {
            match this.open(request).await {
                Ok((head, body)) if Head::from(&head).is_reply() => {
                    Opened::Reply(Reply { body, access })
                }
                Ok((head, body)) => match this.read(head, body, &access).await {
                    Ok(answer) => Opened::Refused(answer),
                    Err(refusal) => Opened::Failed(refusal.into()),
                },
                Err(no_answer) => Opened::Failed(no_answer),
            }
        })
    }

    /// Sends any other request, and reads the answer.
    pub(crate) async fn fetch(
        &self,
        request: impl FnOnce(&Endpoint) -> Request,
    ) -> Result<Answer, Refusal> {
        let access = self.access();
        let request = request(&access.endpoint);
        self.fetch_with(&access, request).await
    }

    /// Sends a request that has the key of `access`, and reads the answer.
    pub(crate) async fn fetch_with(
        &self,
        access: &Access,
        request: Request,
    ) -> Result<Answer, Refusal> {
        let opened = self.open(request).await;
        let (head, body) = opened.map_err(|no_answer| no_answer.refusal)?;
        self.read(head, body, access).await
    }

    async fn open(&self, request: Request) -> Result<(Parts, Exchange), NoAnswer> {
        let opening = async {
            let connection = self.connector.connect().await?;
            Exchange::open(connection, &request, &self.connector).await
        };
        match timeout(self.response_timeout, opening).await {
            Ok(Ok((head, body))) => Ok((head.into(), body)),
            Ok(Err(failure)) => Err(NoAnswer {
                refusal: self.failed(&failure),
                may_have_a_reply: failure.may_have_been_taken(),
            }),
            Err(_) => {
                log::warn!("the service did not answer in time");
                self.metrics.upstream_failed();
                Err(NoAnswer {
                    refusal: Refusal::TIMED_OUT,
                    may_have_a_reply: true,
                })
            }
        }
    }

    fn failed(&self, failure: &Failure) -> Refusal {
        log::warn!("{failure}");
        self.metrics.upstream_failed();
        Refusal::NO_ANSWER
    }

    /// Reads an answer that is not a stream.
    async fn read(&self, head: Parts, body: Exchange, access: &Access) -> Result<Answer, Refusal> {
        let status = head.status;
        if status == StatusCode::UNAUTHORIZED {
            log::error!(
                "THE SERVICE REFUSES THE KEY (401): visitors get no answers until you replace \
                 the key and have it read again (SIGHUP)"
            );
            self.metrics.key_refused();
            return Err(Refusal::MISCONFIGURED);
        }
        let is_encoded = head.headers.get_all(CONTENT_ENCODING).iter();
        let is_encoded = is_encoded.into_iter().any(|coding| coding != "identity");
        let is_answer = status.is_success() || status.is_client_error() || status.is_server_error();
        if !is_answer || is_encoded {
            log::warn!("the service answered {status}, which is not passed on");
            self.metrics.upstream_failed();
            return Err(Refusal::NO_ANSWER);
        }
        let limit = if status.is_success() {
            MAX_PAGE
        } else {
            MAX_ERROR
        };
        let body = timeout(self.response_timeout, whole(body, limit)).await;
        let body = body.ok().flatten().map(|body| access.key.hide_in(body));
        let body = match body {
            // The key can still be there: it is replaced only in JSON strings.
            Some(body) if !access.key.is_in(&body) => body,
            // Broken off, too long, or with the key.
            _ if status.is_success() => {
                self.metrics.upstream_failed();
                return Err(Refusal::NO_ANSWER);
            }
            _ => return Err(Refusal::NO_ANSWER.with_status(status)),
        };
        let mut headers = HeaderMap::with_capacity(PASSED.len() + 1);
        for name in PASSED {
            if let Some(value) = head.headers.get(&name) {
                if !access.key.is_in(value.as_bytes()) {
                    headers.insert(name, value.clone());
                }
            }
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Answer {
            status,
            headers,
            body,
            received_at: Instant::now(),
        })
    }
}

/// Reads the whole body. Returns `None` if it breaks off or is longer than `limit`.
async fn whole(mut body: Exchange, limit: usize) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(piece) = poll_fn(|cx| body.poll_body(cx)).await {
        let piece = piece.ok()?;
        if piece.len() > limit - bytes.len() {
            return None;
        }
        bytes.extend_from_slice(&piece);
    }
    Some(bytes.freeze())
}

impl Answer {
    /// Whether it can be kept for other polls with the same parameters.
    pub(crate) fn can_be_kept(&self) -> bool {
        self.status.is_success() && self.body.len() <= MAX_KEPT
    }

    /// Returns the sentence for the visitor, if the body has the API's error shape.
    pub(crate) fn message(&self) -> Option<String> {
        let shape: Value = serde_json::from_slice(&self.body).ok()?;
        let message = shape.get("error")?.get("message")?.as_str()?;
        (!message.is_empty()).then(|| message.into())
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
