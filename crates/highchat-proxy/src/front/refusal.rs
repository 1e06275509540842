//! Error answers of the proxy itself, in the API's error shape, with a sentence for the
//! visitor.

use core::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::json;

/// An error answer of the proxy itself: a status, a code (one of the API's four if one fits)
/// and an Armenian sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    retry_after: Option<Duration>,
}

const UNAVAILABLE: &str = "Զրույցն այս պահին հասանելի չէ։ Փորձեք մի փոքր ուշ։";

impl Refusal {
    pub(crate) const NO_SUCH_PATH: Self = Self::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "Այդպիսի հասցե գոյություն չունի։",
    );
    pub(crate) const NO_SUCH_CONVERSATION: Self =
        Self::new(StatusCode::NOT_FOUND, "not_found", "Զրույցը չի գտնվել։");
    pub(crate) const SLUG: Self = Self::invalid("Այս հասցեն slug չի ընդունում։");
    pub(crate) const MALFORMED: Self = Self::invalid("Հարցումը սխալ է կազմված։");
    pub(crate) const MESSAGE: Self =
        Self::invalid("Հաղորդագրությունը պետք է ունենա 1-ից 4000 նիշ։");
    pub(crate) const RATING: Self = Self::invalid("Գնահատականը պետք է լինի 1 կամ 0։");
    pub(crate) const TIME: Self = Self::invalid("Ժամանակը սխալ է գրված։");
    pub(crate) const TOO_LARGE: Self = Self::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "invalid_input",
        "Հարցումը չափազանց մեծ է։",
    );
    pub(crate) const TOO_SLOW: Self = Self::new(
        StatusCode::REQUEST_TIMEOUT,
        "invalid_input",
        "Հարցումը ժամանակին չհասավ։",
    );
    pub(crate) const HEAD_TOO_LARGE: Self = Self::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "invalid_input",
        "Հարցման վերնագրերը չափազանց մեծ են։",
    );
    pub(crate) const NOT_JSON: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "invalid_input",
        "Հարցումը պետք է լինի JSON։",
    );
    pub(crate) const FOREIGN_ORIGIN: Self = Self::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "Այս կայքին զրույցը հասանելի չէ։",
    );
    /// The service refused the key. The operator must repair that, so the visitor does not
    /// see the reason.
    pub(crate) const MISCONFIGURED: Self =
        Self::new(StatusCode::BAD_GATEWAY, "unavailable", UNAVAILABLE);
    /// The service could not be reached, or its answer cannot be passed on.
    pub(crate) const NO_ANSWER: Self =
        Self::new(StatusCode::BAD_GATEWAY, "unavailable", UNAVAILABLE);
    pub(crate) const TIMED_OUT: Self =
        Self::new(StatusCode::GATEWAY_TIMEOUT, "unavailable", UNAVAILABLE);
    pub(crate) const BUSY: Self = Self {
        retry_after: Some(Duration::from_secs(10)),
        ..Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Չափից շատ միաժամանակյա զրույց կա։ Փորձեք մի փոքր ուշ։",
        )
    };
    pub(crate) const ENDING: Self = Self {
        retry_after: Some(Duration::from_secs(5)),
        ..Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Ծառայությունը վերագործարկվում է։ Փորձեք մի փոքր ուշ։",
        )
    };
    /// The reply was cut. Used only in `error` events of streams.
    pub(crate) const CUT: Self = Self::new(
        StatusCode::BAD_GATEWAY,
        "unavailable",
        "Պատասխանն ընդհատվեց։ Փորձեք մի փոքր ուշ։",
    );

    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
            retry_after: None,
        }
    }

    const fn invalid(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_input", message)
    }

    /// A limit was reached. The sentence is the one in the API's text.
    pub(crate) const fn rate_limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "Չափից շատ հաղորդագրություն. փորձեք մեկ րոպեից",
            )
        }
    }

    /// The answer to input that is not a valid request: with hyper's status for it, or 408 if
    /// the head came too slowly. `None`: the visitor needs no answer.
    pub(crate) fn for_invalid_request(status: Option<StatusCode>, is_slow: bool) -> Option<Self> {
        match status {
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => Some(Self::HEAD_TOO_LARGE),
            Some(status) => Some(Self::MALFORMED.with_status(status)),
            None => is_slow.then_some(Self::TOO_SLOW),
        }
    }

    /// The same refusal with the status of a service's answer whose body cannot be shown.
    pub(crate) const fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) const fn message(&self) -> &'static str {
        self.message
    }

    pub(crate) fn into_response(self) -> Response<String> {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        let mut response = Response::new(body.to_string());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            // Rounded up: a visitor who waits exactly this long must not be refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}
