//! Error answers in the API's error shape.

use http::header::{ALLOW, CONNECTION, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::net::answer::{self, Body};

/// An error answer: a status, a code, and an Armenian sentence for the user.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    extra: Extra,
}

/// A header that only some refusals have.
#[derive(Debug)]
enum Extra {
    None,
    RetryAfter(u64),
    Allow(&'static str),
    /// `Connection: close`.
    Close,
}

/// Returns the bytes of the answer to a head that is not complete in time. hyper cannot answer it,
/// because there is no request yet.
pub(crate) fn slow_head() -> String {
    let refusal = Refusal::too_slow();
    let body = json!({ "error": { "code": refusal.code, "message": refusal.message } });
    let body = body.to_string();
    format!(
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json; charset=utf-8\r\n\
         access-control-allow-origin: *\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Refusal {
    pub(crate) fn invalid(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_input", message)
    }

    pub(crate) fn malformed() -> Self {
        Self::invalid("Հարցումը սխալ է կազմված։")
    }

    /// A person cannot write because the conversation is closed. The API's table has no code for
    /// this.
    pub(crate) fn closed() -> Self {
        Self::new(StatusCode::CONFLICT, "invalid_input", "Զրույցը փակված է։")
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Մուտքի բանալին բացակայում է կամ սխալ է։",
        )
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Այդպիսի հասցե գոյություն չունի։",
        )
    }

    pub(crate) fn no_such_conversation() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Զրույցը չի գտնվել։")
    }

    /// The rate limit was reached. The sentence is the one in the API's text.
    pub(crate) fn rate_limited(seconds: u64) -> Self {
        Self {
            extra: Extra::RetryAfter(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "Չափից շատ հաղորդագրություն. փորձեք մեկ րոպեից",
            )
        }
    }

    /// The request comes from a web page of another origin. The API's table has no code for
    /// this.
    pub(crate) fn foreign() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Սա հասանելի է միայն այս համակարգչից։",
        )
    }

    /// The path has other methods. The API's table has no code for this, so clients must use the
    /// status.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            extra: Extra::Allow(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "invalid_input",
                "Այս հասցեն նման գործողություն չի ընդունում։",
            )
        }
    }

    /// The body is too large. The API's table has no code for this.
    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_input",
            "Հարցումը չափազանց մեծ է։",
        )
    }

    /// The request is too slow. The API's table has no code for this. The rest of the request may
    /// still arrive, so the connection closes.
    pub(crate) fn too_slow() -> Self {
        Self {
            extra: Extra::Close,
            ..Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "invalid_input",
                "Հարցումը չափազանց դանդաղ է գալիս։",
            )
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let error = json!({ "code": self.code, "message": self.message });
        self.with_error(&error)
    }

    /// Returns the answer with the message instead of the error object.
    pub(crate) fn into_plain_response(self) -> Response<Body> {
        let error = json!(self.message);
        self.with_error(&error)
    }

    fn with_error(self, error: &Value) -> Response<Body> {
        let body = json!({ "error": error });
        let mut response = answer::json(self.status, &body);
        match self.extra {
            Extra::None => {}
            Extra::Close => {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Extra::RetryAfter(seconds) => {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            Extra::Allow(methods) => {
                let methods = HeaderValue::from_static(methods);
                response.headers_mut().insert(ALLOW, methods);
            }
        }
        response
    }

    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
            extra: Extra::None,
        }
    }
}
