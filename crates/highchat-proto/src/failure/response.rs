//! An answer that is not what was asked for.

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
    /// `unauthenticated`: missing or invalid key or slug, or hosted page disabled.
    Unauthenticated,
    /// `not_found`: unknown conversation.
    NotFound,
    /// `rate_limited`: over 30 messages a minute for this key or bot.
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
        let mut known = Self::KNOWN.into_iter();
        let known = known.find(|known| known.as_str() == code);
        known.unwrap_or_else(|| Self::Other(code.into()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The service said no.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The status; 200 where an error came with it all the same.
    pub status: u16,
    /// Which error, where the body says so.
    pub code: Option<ErrorCode>,
    /// A sentence for the user, where the body has one. Untrusted text.
    pub message: Option<Box<str>>,
    /// How long the service asks to wait before asking again.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// Whether the status says that the request is at fault: 4xx.
    #[must_use]
    pub const fn is_client_error(&self) -> bool {
        matches!(self.status, 400..=499)
    }

    /// Whether the status says that the service is at fault: 5xx.
    #[must_use]
    pub const fn is_server_error(&self) -> bool {
        matches!(self.status, 500..=599)
    }
}

/// The reason phrase follows the status if the feature `http` is on, as in `404 Not Found`.
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

/// An answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The service said no.
    Api(ApiError),
    /// It pointed elsewhere. A redirect is never followed: the key would go with it.
    Redirect(u16),
    /// A status that no request of ours has a use for, such as 204.
    Status(u16),
    /// A 200 to a message that is no event stream, and no error either.
    NotEventStream(Option<Box<str>>),
    /// The body came in an encoding that was not asked for. With a status that says no,
    /// that is an [`Api`](Self::Api) without code and message.
    ContentEncoding(Box<str>),
    /// A page of messages that is not what the API's text says.
    InvalidPage,
    /// A page of messages longer than [`Config::page_limit`](crate::config::Config::page_limit).
    TooLong,
    /// A page of messages that broke off: the connection was lost, or the time was over.
    BrokenOff,
}

impl ResponseError {
    /// `refused`, or `not_a_reply` if the service did not even say no.
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

    /// A sentence for the user: the service's own, if it gave one. Untrusted text.
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

    /// The status of the answer, where it is what was wrong.
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
            Self::BrokenOff => f.write_str("the service's page of messages broke off"),
        }
    }
}

impl core::error::Error for ResponseError {}

/// A status for a person, with its reason phrase if the crate that has them all is there.
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
