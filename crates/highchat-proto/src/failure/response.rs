//! Answers that are not what was requested.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use core::fmt;
use core::time::Duration;

/// The `code` of an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `invalid_input`: an empty message, or one that is too long.
    InvalidInput,
    /// `unauthenticated`: the key or the slug is missing or invalid, or the hosted page is disabled.
    Unauthenticated,
    /// `not_found`: the conversation is unknown.
    NotFound,
    /// `rate_limited`: more than 30 messages a minute for this key or bot.
    RateLimited,
    /// A code that the API's text does not name.
    Other(Box<str>),
}

impl ErrorCode {
    /// The codes that the API's text names.
    pub const KNOWN: [Self; 4] = [
        Self::InvalidInput,
        Self::Unauthenticated,
        Self::NotFound,
        Self::RateLimited,
    ];

    /// The code as the service writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Unauthenticated => "unauthenticated",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::Other(code) => code,
        }
    }
}

impl From<&str> for ErrorCode {
    fn from(code: &str) -> Self {
        match code {
            "invalid_input" => Self::InvalidInput,
            "unauthenticated" => Self::Unauthenticated,
            "not_found" => Self::NotFound,
            "rate_limited" => Self::RateLimited,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An error answer of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. It is 200 if the service sent an error with a 200.
    pub status: u16,
    /// The error's code, if the body has one.
    pub code: Option<ErrorCode>,
    /// A sentence for the user, if the body has one. Untrusted text.
    pub message: Option<Box<str>>,
    /// The time that the service asks to wait before the next request.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// Whether the status is 4xx: the request is at fault.
    #[must_use]
    pub const fn is_client_error(&self) -> bool {
        matches!(self.status, 400..=499)
    }

    /// Whether the status is 5xx: the service is at fault.
    #[must_use]
    pub const fn is_server_error(&self) -> bool {
        matches!(self.status, 500..=599)
    }
}

/// With the feature `http`, the reason phrase follows the status, as in `404 Not Found`.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", Status(self.status))?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl core::error::Error for ApiError {}

/// An answer that is not what was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The service answered with an error.
    Api(ApiError),
    /// A redirect. It is never followed, because it would take the key elsewhere.
    Redirect(u16),
    /// A status that has no meaning for our requests, such as 204.
    Status(u16),
    /// A 200 to a message, with a body that is neither an event stream nor an error.
    NotEventStream(Option<Box<str>>),
    /// The body has an encoding that was not requested. If the status is an error, the result
    /// is [`Api`](Self::Api) instead, without code and message.
    ContentEncoding(Box<str>),
    /// A page of messages that the API's text does not allow.
    InvalidPage,
    /// A page of messages longer than [`Config::page_limit`](crate::config::Config::page_limit).
    TooLong,
    /// A page of messages that is incomplete: the connection was lost, or a timeout passed.
    BrokenOff,
}

impl ResponseError {
    /// The kind in one word: `refused` for an error of the service, otherwise `not_a_reply`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Api(_) => "refused",
            Self::Redirect(_)
            | Self::Status(_)
            | Self::NotEventStream(_)
            | Self::ContentEncoding(_)
            | Self::InvalidPage
            | Self::TooLong
            | Self::BrokenOff => "not_a_reply",
        }
    }

    /// A sentence for the user: the service's own, if it sent one. Untrusted text.
    #[must_use]
    pub fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Api(ApiError {
                message: Some(message),
                ..
            }) => Cow::Borrowed(message),
            Self::Api(error) => {
                Cow::Owned(format!("the service answered {}", Status(error.status)))
            }
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The HTTP status of `Api`, `Redirect` and `Status`; `None` for the others.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Api(ApiError { status, .. }) | Self::Redirect(status) | Self::Status(status) => {
                Some(*status)
            }
            _ => None,
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => error.fmt(f),
            Self::Redirect(status) => {
                write!(
                    f,
                    "the service answered {}; redirects are not followed",
                    Status(*status)
                )
            }
            Self::Status(status) => {
                let status = Status(*status);
                write!(f, "the service answered {status}, which is no reply")
            }
            Self::NotEventStream(Some(content_type)) => {
                write!(
                    f,
                    "the service answered {content_type:?}, which is no event stream"
                )
            }
            Self::NotEventStream(None) => {
                f.write_str("the service answered something that is no event stream")
            }
            Self::ContentEncoding(encoding) => {
                write!(
                    f,
                    "the service answered in an encoding ({encoding:?}) not asked for"
                )
            }
            Self::InvalidPage => f.write_str("the service's page of messages cannot be read"),
            Self::TooLong => f.write_str("the service's page of messages is longer than the limit"),
            Self::BrokenOff => f.write_str("the service's page of messages is incomplete"),
        }
    }
}

impl core::error::Error for ResponseError {}

/// An HTTP status as text, with its reason phrase if the feature `http` is on.
struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        #[cfg(feature = "http")]
        if let Some(reason) = http::StatusCode::from_u16(self.0)
            .ok()
            .and_then(|status| status.canonical_reason())
        {
            write!(f, " {reason}")?;
        }
        Ok(())
    }
}
