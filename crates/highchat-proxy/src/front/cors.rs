//! CORS: lets pages use the proxy if their origin is on a list.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Response, StatusCode};

use crate::config::origin::Origin;
use crate::front::refusal::Refusal;

/// The origins whose pages may use the proxy.
#[derive(Clone, Debug)]
pub(crate) struct Cors(Vec<Origin>);

impl Cors {
    pub(crate) const fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// The origin of a request, if it is on the list.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let is_listed = self.0.iter().any(|Origin(listed)| listed == origin);
        is_listed.then(|| origin.clone())
    }

    /// Adds the headers that let a page read an answer. Refusals get them too: without them
    /// a browser reports only a network error to the page.
    pub(crate) fn mark(&self, headers: &mut HeaderMap, allowed: Option<HeaderValue>) {
        if self.0.is_empty() {
            return;
        }
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("retry-after"),
            );
        }
    }

    /// Lets pages of any origin read the answer to input that is not a valid request: such
    /// input has no origin to check. The answer holds nothing from the service.
    pub(crate) fn mark_all(&self, headers: &mut HeaderMap) {
        if !self.0.is_empty() {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
}

/// The answer to a CORS preflight request. `authorization` is allowed because pages written
/// for the service send it; the proxy does not pass it on.
pub(crate) fn preflight(allowed: Option<&HeaderValue>) -> Response<String> {
    if allowed.is_none() {
        return Refusal::FOREIGN_ORIGIN.into_response();
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
