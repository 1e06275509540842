//! Refusals, in the API's one error shape.

use http::header::{ALLOW, CONNECTION, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::net::answer::{self, Body};

/// A request refused: a status, one of the API's four codes, and an Armenian
/// sentence for the user.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    extra: Extra,
}

/// The header that only some refusals have.
#[derive(Debug)]
enum Extra {
    None,
    RetryAfter(u64),
    Allow(&'static str),
    /// The connection closes.
    Close,
}

/// The answer, byte for byte, to a head that does not come to its end: there is no
/// request yet that HTTP could answer.
pub(crate) fn slow_head() -> String {
    let refusal = Refusal::too_slow();
    let shape = json!({ "error": { "code": refusal.code, "message": refusal.message } });
    let body = shape.to_string();
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

    /// The conversation is closed, so that no person can write; the API's table has no code
    /// for this.
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

    /// The sentence is the API's own.
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

    /// What is not the API's is for this machine and its own pages alone; it has no code
    /// in the API's table.
    pub(crate) fn foreign() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Սա հասանելի է միայն այս համակարգչից։",
        )
    }

    /// The API's table has no code for this; a client is to go by the status.
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

    /// The API's table has no code for this either.
    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_input",
            "Հարցումը չափազանց մեծ է։",
        )
    }

    /// Nor for this; what is left of the request may still come, so the connection ends.
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

    /// With the message in place of the object.
    pub(crate) fn into_plain_response(self) -> Response<Body> {
        let error = json!(self.message);
        self.with_error(&error)
    }

    fn with_error(self, error: &Value) -> Response<Body> {
        let shape = json!({ "error": error });
        let mut response = answer::json(self.status, &shape);
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
