//! The errors of an exchange and of a turn.
//!
//! ```text
//!                      nothing sent   connection lost   no answer in time   another answer     reply cut
//!   driver ──▶ TransportFailure::NotSent  ::Interrupted         │           ResponseError         Cut
//!                           │                  │                │                 │                │
//!   Failure ────────▶    NotSent           Unanswered        TimedOut          Refused            Cut
//!                           │                  └───────┬────────┘                 │                │
//!   the message  ────▶ surely not taken        may have been taken       as the status says   may have been
//! ```
//!
//! [`Failure`] says why there is no whole answer. Clients return it, a failed turn ends with
//! it, and updates carry it. [`TransportFailure`] is what a driver reports to a
//! [`Conversation`](crate::Conversation).

mod cause;
mod response;
mod secret;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

use crate::api::InvalidEvent;
use crate::json::{Content, Object};
use crate::sse::DecodeError;

pub use self::cause::Cause;
pub use self::response::{ApiError, ErrorCode, ResponseError};
pub use self::secret::Secret;

/// Why an exchange or a turn has no whole answer.
///
/// The variants say what is known about the message, because `POST /v1/chat` cannot be
/// repeated safely. [`may_have_been_taken`](Self::may_have_been_taken) says whether a program
/// must not send the message again.
///
/// It is serialised as `kind`, `message` and, if known, `status` and `code`, as the program's
/// `--json` prints an error. Source: our decision.
///
/// ```
/// use highchat_proto::Failure;
/// use highchat_proto::failure::Cause;
///
/// let failure = Failure::NotSent(Cause::from("Connection refused"));
/// assert!(!failure.may_have_been_taken());
/// assert_eq!(failure.kind(), "unreachable");
/// assert_eq!(failure.to_string(), "the service could not be reached: Connection refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The service could not be reached. No byte of the request was sent.
    NotSent(Cause),
    /// The connection was lost after the request was sent, or a part of it, and before an
    /// answer came.
    Unanswered(Cause),
    /// No answer came within
    /// [`Config::response_timeout`](crate::config::Config::response_timeout).
    TimedOut,
    /// The service answered, but not with what was requested.
    Refused(ResponseError),
    /// The reply began, but only a part of it came.
    Cut(Cut),
    /// The service failed with an `error` event. This is its text, or ours if the event has
    /// none.
    Service(Box<str>),
}

impl Failure {
    /// Whether the service may have taken the message. False if no byte of it was sent, or if
    /// the service answered 4xx.
    #[must_use]
    pub fn may_have_been_taken(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Refused(ResponseError::Api(error)) => !error.is_client_error(),
            Self::Unanswered(_)
            | Self::TimedOut
            | Self::Refused(_)
            | Self::Cut(_)
            | Self::Service(_) => true,
        }
    }

    /// Whether the message can be sent again without any risk that it is taken twice: no byte
    /// of it was sent, or the service answered 429.
    #[must_use]
    pub fn can_be_sent_again(&self) -> bool {
        matches!(self, Self::NotSent(_)) || self.status() == Some(429)
    }

    /// The kind of failure in one word: `unreachable`, `no_answer`, `refused`, `not_a_reply`,
    /// `incomplete` or `failed`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "unreachable",
            Self::Unanswered(_) | Self::TimedOut => "no_answer",
            Self::Refused(error) => error.kind(),
            Self::Cut(_) => "incomplete",
            Self::Service(_) => "failed",
        }
    }

    /// A sentence for the user: the service's own, if it sent one. Untrusted text.
    #[must_use]
    pub fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Refused(error) => error.sentence(),
            Self::Service(message) => Cow::Borrowed(message),
            Self::NotSent(_) | Self::Unanswered(_) | Self::TimedOut | Self::Cut(_) => {
                Cow::Owned(self.to_string())
            }
        }
    }

    /// The service gave up with an `error` event that had this sentence, if it had one.
    pub(crate) fn of_error_event(message: Option<&str>) -> Self {
        let message = message.unwrap_or("the service could not answer, and gave no reason");
        Self::Service(message.into())
    }

    /// The status, if the service answered with an error.
    pub(crate) fn status(&self) -> Option<u16> {
        self.api().map(|error| error.status)
    }

    /// The service's error, if it answered with one.
    pub(crate) const fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Refused(ResponseError::Api(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether the service may have stored a reply anyway.
    pub(crate) fn may_have_a_reply(&self) -> bool {
        match self {
            Self::Unanswered(_) | Self::TimedOut | Self::Cut(_) => true,
            Self::Refused(ResponseError::Api(error)) => error.is_server_error(),
            Self::NotSent(_) | Self::Refused(_) | Self::Service(_) => false,
        }
    }

    /// Whether the same request may succeed a little later. Use it only for requests that can
    /// be repeated without harm.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Unanswered(_) | Self::TimedOut => true,
            Self::Refused(ResponseError::Api(error)) => {
                error.status == 429 || error.is_server_error()
            }
            Self::Refused(ResponseError::BrokenOff) => true,
            Self::Refused(_) | Self::Cut(_) | Self::Service(_) => false,
        }
    }

    /// Whether a repeated request cannot succeed, because the conversation or the key is
    /// refused.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.status(), Some(401 | 403 | 404))
    }
}

/// The text includes the cause, if it is known.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => cause.write(f, "the service could not be reached"),
            Self::Unanswered(cause) => cause.write(f, "no answer came: the connection was lost"),
            Self::TimedOut => f.write_str("no answer came in time"),
            Self::Refused(error) => error.fmt(f),
            Self::Cut(cut) => cut.fmt(f),
            Self::Service(message) => f.write_str(message),
        }
    }
}

/// There is no source, because the text already includes it.
impl core::error::Error for Failure {}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        Self::Refused(error)
    }
}

impl From<Cut> for Failure {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}

/// Converts a driver's failure for an exchange that had no answer yet.
impl From<TransportFailure> for Failure {
    fn from(failure: TransportFailure) -> Self {
        match failure {
            TransportFailure::NotSent(cause) => Self::NotSent(cause),
            TransportFailure::Interrupted(cause) => Self::Unanswered(cause),
            TransportFailure::Withdrawn => Self::Unanswered(Cause::UNKNOWN),
        }
    }
}

impl Object for Failure {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        let refusal = match self {
            Self::Refused(error) => Some(error),
            _ => None,
        };
        describe(self.kind(), &self.sentence(), refusal, put);
    }
}

impl Object for ResponseError {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        describe(self.kind(), &self.sentence(), Some(self), put);
    }
}

/// Passes the fields of a failure, with the names of `--json`.
fn describe(
    kind: &str,
    message: &str,
    refusal: Option<&ResponseError>,
    put: &mut dyn FnMut(&'static str, Content<'_>),
) {
    put("kind", Content::Text(kind));
    put("message", Content::Text(message));
    if let Some(status) = refusal.and_then(ResponseError::status) {
        put("status", Content::Number(status.into()));
    }
    if let Some(ResponseError::Api(ApiError {
        code: Some(code), ..
    })) = refusal
    {
        put("code", Content::Text(code.as_str()));
    }
}

#[cfg(feature = "serde")]
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("Failure", self, serializer)
    }
}

#[cfg(feature = "serde")]
impl Serialize for ResponseError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("Failure", self, serializer)
    }
}

/// Why a driver got no answer, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportFailure {
    /// No byte of the request was sent. The service surely did not take it.
    NotSent(Cause),
    /// The connection was lost after the request was sent, or a part of it. The service may
    /// have taken it.
    Interrupted(Cause),
    /// The driver gave the exchange up in favour of a more urgent one. A poll or a rating is
    /// done again. For a message, this is like [`Interrupted`](Self::Interrupted).
    Withdrawn,
}

/// The failure and its cause, for a log.
impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => cause.write(f, "not sent"),
            Self::Interrupted(cause) => cause.write(f, "interrupted"),
            Self::Withdrawn => f.write_str("given up"),
        }
    }
}

/// Converts a client's failure for a conversation over the same adapter.
impl From<Failure> for TransportFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(cause) => Self::NotSent(cause),
            Failure::Unanswered(cause) => Self::Interrupted(cause),
            answered => Self::Interrupted(Cause::from(&*answered.to_string())),
        }
    }
}

/// Why a reply was cut: only a part of it came.
///
/// The message was taken, or may have been. Do not send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// The body ended before `done`, `human` or `error`, even if it was complete for HTTP.
    Truncated,
    /// The connection was lost.
    Interrupted,
    /// No byte came for [`Config::idle_timeout`](crate::config::Config::idle_timeout).
    Idle,
    /// Only pings came for
    /// [`Config::progress_timeout`](crate::config::Config::progress_timeout).
    NoProgress,
    /// An event was longer than [`Config::event_limit`](crate::config::Config::event_limit).
    TooLong,
    /// A known event had data that the API's text does not allow.
    InvalidEvent(InvalidEvent),
    /// The program ended during the reply, and was started again.
    Restarted,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply is incomplete: ")?;
        match self {
            Self::Truncated => f.write_str("the stream ended before the reply did"),
            Self::Interrupted => f.write_str("the connection was lost"),
            Self::Idle => f.write_str("no data came for too long"),
            Self::NoProgress => f.write_str("only pings came for too long"),
            Self::TooLong => DecodeError::TooLong.fmt(f),
            Self::InvalidEvent(invalid) => invalid.fmt(f),
            Self::Restarted => f.write_str("the program ended while the reply came"),
        }
    }
}

impl core::error::Error for Cut {}

impl From<DecodeError> for Cut {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong => Self::TooLong,
        }
    }
}

impl From<InvalidEvent> for Cut {
    fn from(invalid: InvalidEvent) -> Self {
        Self::InvalidEvent(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::ErrorCode;

    fn api(status: u16, code: Option<&str>, message: Option<&str>) -> Failure {
        Failure::Refused(ResponseError::Api(ApiError {
            status,
            code: code.map(ErrorCode::from),
            message: message.map(Box::from),
            retry_after: None,
        }))
    }

    #[test]
    fn a_message_may_have_been_taken_unless_it_was_not_sent_or_the_answer_is_4xx() {
        let refused = Failure::NotSent(Cause::from("refused"));
        for (failure, may_have_been_taken, can_be_sent_again) in [
            (refused, false, true),
            (Failure::Unanswered(Cause::UNKNOWN), true, false),
            (Failure::TimedOut, true, false),
            (api(400, None, None), false, false),
            (api(429, None, None), false, true),
            (api(500, None, None), true, false),
            (ResponseError::NotEventStream(None).into(), true, false),
            (Cut::Truncated.into(), true, false),
            (Failure::Service("Սխալ 😕".into()), true, false),
        ] {
            let told = (failure.may_have_been_taken(), failure.can_be_sent_again());
            assert_eq!(told, (may_have_been_taken, can_be_sent_again), "{failure}");
        }
    }

    #[test]
    fn a_failure_is_serialised_with_status_code_and_the_services_sentence() {
        for (failure, json) in [
            (
                api(404, Some("not_found"), Some("Զրույցը չի գտնվել 😕")),
                r#"{"kind":"refused","message":"Զրույցը չի գտնվել 😕","status":404,"code":"not_found"}"#,
            ),
            (
                ResponseError::InvalidPage.into(),
                r#"{"kind":"not_a_reply","message":"the service's page of messages cannot be read"}"#,
            ),
            (
                Failure::NotSent(Cause::from("refused")),
                r#"{"kind":"unreachable","message":"the service could not be reached: refused"}"#,
            ),
            (
                Failure::Service("Սխալ 😕".into()),
                r#"{"kind":"failed","message":"Սխալ 😕"}"#,
            ),
            (
                Failure::TimedOut,
                r#"{"kind":"no_answer","message":"no answer came in time"}"#,
            ),
        ] {
            assert_eq!(crate::json::to_string(&failure), json);
            #[cfg(feature = "serde")]
            assert_eq!(serde_json::to_string(&failure).unwrap(), json);
        }
    }

    #[test]
    fn a_clients_failure_converts_to_a_transport_failure() {
        let cause = Cause::from("refused");
        for (failure, reported) in [
            (
                Failure::NotSent(cause.clone()),
                TransportFailure::NotSent(cause.clone()),
            ),
            (
                Failure::Unanswered(cause.clone()),
                TransportFailure::Interrupted(cause),
            ),
            (
                Failure::TimedOut,
                TransportFailure::Interrupted(Cause::from("no answer came in time")),
            ),
        ] {
            assert_eq!(TransportFailure::from(failure), reported);
        }
    }
}
