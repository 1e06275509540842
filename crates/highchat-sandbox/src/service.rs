//! Answers all requests: to the API, the pages, the inbox and the control API.

use std::io;
use std::sync::Arc;

use http::Response;
use http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::fault::{Faults, Wire};
use crate::inbox::endpoint;
use crate::journal::{Journal, Request};
use crate::net::answer::Body;
use crate::net::cors;
use crate::net::refusal::Refusal;
use crate::net::request_body::RequestBody;
use crate::v1::endpoints::Endpoints;
use crate::v1::reading::Reading;
use crate::v1::recorded_body::RecordedBody;
use crate::verdict::{Limits, Verdict};
use crate::{control, pages};

/// The service: the API, the pages, the inbox and the control API on one port.
pub(crate) struct Service {
    endpoints: Endpoints,
    journal: Arc<Journal>,
    limits: Limits,
}

impl Service {
    pub(crate) fn new(endpoints: Endpoints) -> Self {
        let pace = endpoints.pace();
        Self {
            journal: Arc::new(Journal::new(endpoints.access().keys().to_vec())),
            limits: Limits::new(pace.poll_interval, pace.scale),
            endpoints,
        }
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The requests so far.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Judges the client by its requests so far.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of_journal(&self.journal, self.limits)
    }

    /// Answers a request on the connection with this number.
    ///
    /// # Errors
    ///
    /// The client has left, so the connection must be closed.
    pub(crate) async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        connection: u64,
        wire: &Wire,
    ) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let version = head.version;
        // The body is always read first: closing a socket with unread bytes would destroy the
        // answer, and the journal stores the body.
        let received = RequestBody::read(body, self.endpoints.pace().patience).await?;
        let request = Request::new(connection, head, received.bytes().clone());
        wire.begin(&Faults::default());
        // Requests to the pages, the inbox and the control API get no CORS headers and are not in
        // the journal.
        if matches!(received, RequestBody::Whole(_)) {
            if let Some(answer) = self.answer_other(&request) {
                let mut answer = answer.unwrap_or_else(Refusal::into_response);
                // The answer may repeat bytes from clients, so a browser must not treat it as HTML.
                let headers = answer.headers_mut();
                headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                return Ok(answer);
            }
        }
        let answering = wire.half_close().answer(version);
        let number = self.journal.record(request.clone());
        let readings = self.endpoints.readings();
        let mut response = match received {
            RequestBody::Whole(_) => self.endpoints.answer(&request, wire),
            RequestBody::TooLarge(_) => Err(Refusal::too_large()),
            RequestBody::TooSlow(_) => Err(Refusal::too_slow()),
        }
        .unwrap_or_else(|refusal| match readings.has(Reading::ErrorAsString) {
            true => refusal.into_plain_response(),
            false => refusal.into_response(),
        });
        readings.alter(&mut response);
        cors::allow(response.headers_mut());
        let facts = self.endpoints.facts(&request, &mut response);
        self.journal.answered(number, &response, facts);
        let journal = Arc::clone(&self.journal);
        let wire = wire.clone();
        Ok(response
            .map(|body| RecordedBody::new(body, journal, number, wire, answering).boxed_unsync()))
    }

    /// Answers a request to the pages, the inbox or the control API. Returns `None` for any other
    /// path.
    fn answer_other(&self, request: &Request) -> Option<Result<Response<Body>, Refusal>> {
        pages::answer(self.endpoints.access().slug(), request)
            .or_else(|| endpoint::answer(self.endpoints.conversations(), request))
            .or_else(|| {
                let is_control = request.path.starts_with(control::PREFIX);
                is_control.then(|| {
                    control::answer(
                        request,
                        &self.journal,
                        &mut self.endpoints.plan(),
                        self.limits,
                    )
                })
            })
    }
}
