//! What the service answers, apart from the reply stream.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use http::response::Parts;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::date;
use crate::endpoint::{Endpoint, Secret};
use crate::id::{MessageId, Timestamp};
use crate::object::{Object, escape_controls, readable_or_none};
use crate::state::State;
use crate::text::Text;

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

/// The service said no.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The status; 200 where an error came with it all the same.
    pub status: StatusCode,
    /// Which error, where the body says so.
    pub code: Option<ErrorCode>,
    /// A sentence for the user, where the body has one. Untrusted text.
    pub message: Option<Box<str>>,
    /// How long the service asks to wait before asking again.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status)?;
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
    Redirect(StatusCode),
    /// A status that no request of ours has a use for, such as 204.
    Status(StatusCode),
    /// A 200 to a message that is no event stream, and no error either.
    NotEventStream(Option<Box<str>>),
    /// The body came in an encoding that was not asked for. With a status that says no,
    /// that is an [`Api`](Self::Api) without code and message.
    ContentEncoding(Box<str>),
    /// A page of messages that is not what the API's text says.
    InvalidPage,
    /// A page of messages longer than [`Config::page_limit`].
    TooLong,
    /// A page of messages that broke off: the connection was lost, or the time was over.
    BrokenOff,
}

impl ResponseError {
    /// The status of the answer, where it is what was wrong.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
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
                    "the service answered {status}; redirects are not followed"
                )
            }
            Self::Status(status) => write!(f, "the service answered {status}, which is no reply"),
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

/// An answer that is read to its end, a bounded one.
///
/// What it says of an error never shows the endpoint's key, even if the service repeats it.
///
/// ```text
/// while answer.wants_more() { answer.handle_body(read()); }
/// answer.into_chat_error() | answer.into_page() | answer.into_rating()
/// ```
///
/// A body that breaks off ([`handle_interruption`](Self::handle_interruption)) is judged
/// as far as it came. Where the head says all, which is with a redirect, an encoding that
/// was not asked for and a rating that was taken, none of it is read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What must not be shown, though the service repeats it.
    secret: Secret,
    status: StatusCode,
    content_type: Option<Box<str>>,
    encoding: Option<Box<str>>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
    limit: usize,
    is_too_long: bool,
    is_broken_off: bool,
    /// Whatever the body says, the judgement is made: none of it is read.
    is_decided: bool,
}

impl Answer {
    /// Judges the head that answers a message: `None` if the body is a reply stream
    /// ([`is_reply`]), for [`Reply`](crate::reply::Reply). Otherwise the body, if it is
    /// worth reading, says what went wrong.
    #[must_use]
    pub fn to_chat(head: &Parts, endpoint: &Endpoint, config: &Config) -> Option<Self> {
        (!is_reply(head)).then(|| Self::new(head, endpoint, config.error_limit))
    }

    /// An answer to [`MessagesRequest`](crate::request::MessagesRequest).
    #[must_use]
    pub fn to_messages(head: &Parts, endpoint: &Endpoint, config: &Config) -> Self {
        let limit = if head.status.is_success() {
            config.page_limit
        } else {
            config.error_limit
        };
        Self::new(head, endpoint, limit)
    }

    /// An answer to [`RatingRequest`](crate::request::RatingRequest).
    #[must_use]
    pub fn to_rating(head: &Parts, endpoint: &Endpoint, config: &Config) -> Self {
        let mut answer = Self::new(head, endpoint, config.error_limit);
        answer.is_decided |= head.status.is_success();
        answer
    }

    fn new(head: &Parts, endpoint: &Endpoint, limit: usize) -> Self {
        let encoding = foreign_encoding(&head.headers);
        Self {
            secret: endpoint.secret(),
            status: head.status,
            content_type: text(head.headers.get(CONTENT_TYPE)),
            is_decided: encoding.is_some() || head.status.is_redirection(),
            encoding,
            retry_after: retry_after(&head.headers),
            body: Vec::new(),
            limit,
            is_too_long: false,
            is_broken_off: false,
        }
    }

    /// Whether more of the body would change the judgement. What comes though it would not
    /// is ignored.
    #[must_use]
    pub const fn wants_more(&self) -> bool {
        !self.is_too_long && !self.is_broken_off && !self.is_decided
    }

    /// Takes a piece of the body, up to the limit.
    pub fn handle_body(&mut self, chunk: &[u8]) {
        if !self.wants_more() {
            return;
        }
        let room = self.limit - self.body.len();
        self.is_too_long |= chunk.len() > room;
        self.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }

    /// The body broke off: the connection was lost, or the time was over.
    pub const fn handle_interruption(&mut self) {
        self.is_broken_off = true;
    }

    /// The body as the answer to a message, which is to say, why there is no reply.
    #[must_use]
    pub fn into_chat_error(self) -> ResponseError {
        match self.check() {
            Err(error) => error,
            Ok(()) if self.status == StatusCode::OK => {
                let content_type = self.content_type.as_deref();
                let content_type = content_type.map(|text| self.secret.hide(text).into());
                self.api_error().map_or(
                    ResponseError::NotEventStream(content_type),
                    ResponseError::Api,
                )
            }
            Ok(()) => ResponseError::Status(self.status),
        }
    }

    /// The body as a page of messages.
    ///
    /// # Errors
    ///
    /// The service said no, or its answer is no page, or one that is too long.
    pub fn into_page(self) -> Result<Page, ResponseError> {
        self.check()?;
        if self.status == StatusCode::NO_CONTENT {
            return Err(ResponseError::Status(self.status));
        }
        if self.is_too_long {
            return Err(ResponseError::TooLong);
        }
        let body = String::from_utf8_lossy(&self.body);
        let page: Option<Page> = serde_json::from_str(&body)
            .or_else(|error| match escape_controls(&body) {
                Some(escaped) => serde_json::from_str(&escaped),
                None => Err(error),
            })
            .ok();
        match page {
            Some(page) if page.state.is_some() => Ok(page),
            // JSON of the error shape is that error, whatever the status says.
            page => match self.api_error() {
                Some(error) => Err(ResponseError::Api(error)),
                None if self.is_broken_off && page.is_none() => Err(ResponseError::BrokenOff),
                None => page.ok_or(ResponseError::InvalidPage),
            },
        }
    }

    /// The answer to a rating: any 2xx is success, whatever its body.
    ///
    /// # Errors
    ///
    /// The service said no.
    pub fn into_rating(self) -> Result<(), ResponseError> {
        if self.status.is_success() {
            return Ok(());
        }
        self.check()
    }

    /// What is wrong with the answer, whatever was asked.
    fn check(&self) -> Result<(), ResponseError> {
        if self.status.is_redirection() {
            return Err(ResponseError::Redirect(self.status));
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            return Err(ResponseError::Api(self.api_error().unwrap_or(ApiError {
                status: self.status,
                code: None,
                message: None,
                retry_after: self.retry_after,
            })));
        }
        if let Some(encoding) = &self.encoding {
            let encoding = self.secret.hide(encoding).into();
            return Err(ResponseError::ContentEncoding(encoding));
        }
        if self.status.is_success() {
            Ok(())
        } else {
            Err(ResponseError::Status(self.status))
        }
    }

    /// The body as the API's error shape; `error` may be a string as well (our
    /// decision), which is then the message.
    fn api_error(&self) -> Option<ApiError> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let error = body.get("error")?;
        let (code, message) = match error {
            Value::String(message) => (None, Some(message.as_str())),
            Value::Object(_) => (
                error.get("code").and_then(Value::as_str),
                error.get("message").and_then(Value::as_str),
            ),
            _ => return None,
        };
        Some(ApiError {
            status: self.status,
            code: code.map(|code| ErrorCode::from(&*self.secret.hide(code))),
            message: message
                .filter(|text| !text.is_empty())
                .map(|text| self.secret.hide(text).into()),
            retry_after: self.retry_after,
        })
    }
}

/// Whether the head is that of a reply stream: a 200 of type `text/event-stream` without a
/// content encoding (the standard; and our decision that no encoding is decoded).
#[must_use]
pub fn is_reply(head: &Parts) -> bool {
    let content_type = text(head.headers.get(CONTENT_TYPE));
    head.status == StatusCode::OK
        && foreign_encoding(&head.headers).is_none()
        && content_type.is_some_and(|content_type| is_type(&content_type, "text/event-stream"))
}

/// `Retry-After`: seconds, or a date measured against the response's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = date::unix_seconds(value)?;
    let now = date::unix_seconds(headers.get(DATE)?.to_str().ok()?.trim())?;
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

/// The content encoding, where there is one but `identity`.
fn foreign_encoding(headers: &HeaderMap) -> Option<Box<str>> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
        .map(|coding| String::from_utf8_lossy(coding).into())
}

fn text(value: Option<&http::HeaderValue>) -> Option<Box<str>> {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into())
}

/// Whether the content type is that one. Something on the way may have joined two lines of
/// the field to one with a comma: then all of them must be that type.
fn is_type(content_type: &str, essence: &str) -> bool {
    let mut is_quoted = false;
    let mut types = content_type.split(|character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    });
    types.all(|found| {
        let found = found.split(';').next().unwrap_or_default();
        found.trim().eq_ignore_ascii_case(essence)
    })
}

/// What the messages endpoint gives.
///
/// A page is unreadable only if it is no JSON object. A message that cannot be read is left
/// out and counted, and any other field that cannot be read is `None` (our decision: one
/// odd message must not hide the messages beside it). To be read by `serde_json`, from text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Who answers; `None` if the service did not say.
    pub state: Option<State>,
    /// The messages, in the service's order.
    pub messages: Vec<ChatMessage>,
    /// The service's time; `None` if it cannot be read.
    pub ts: Option<Timestamp>,
    /// How many entries of the list were left out: they are no object, or their `id`,
    /// `role` or `content` is no string.
    pub unreadable: usize,
}

/// A page whose messages are not read yet.
#[derive(Deserialize)]
struct PageForm<'a> {
    #[serde(default, deserialize_with = "readable_or_none")]
    state: Option<State>,
    #[serde(borrow, default, deserialize_with = "readable_or_none")]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(default, deserialize_with = "readable_or_none")]
    ts: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(page: D) -> Result<Self, D::Error> {
        let Object(form) = Object::<PageForm<'de>>::deserialize(page)?;
        let entries = form.messages.unwrap_or_default();
        let messages: Vec<_> = entries
            .iter()
            .filter_map(|entry| serde_json::from_str(entry.get()).ok())
            .map(|Object(message)| message)
            .collect();
        Ok(Self {
            state: form.state,
            unreadable: entries.len() - messages.len(),
            messages,
            ts: form.ts,
        })
    }
}

/// A message as the messages endpoint gives it. All text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Its id.
    pub id: MessageId,
    /// Who wrote it: `user`, `assistant`, or what the service calls it.
    #[serde(deserialize_with = "string")]
    pub role: Box<str>,
    /// What it says.
    #[serde(deserialize_with = "string")]
    pub content: Box<str>,
    /// When it was written; `None` if that is missing or cannot be read.
    #[serde(default, deserialize_with = "readable_or_none")]
    pub created_at: Option<Timestamp>,
}

fn string<'de, D: Deserializer<'de>>(text: D) -> Result<Box<str>, D::Error> {
    Ok(Text::deserialize(text)?.into_cow().into())
}
