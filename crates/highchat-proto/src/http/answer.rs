//! What the service answers, apart from the reply stream.

use core::time::Duration;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::response::Parts;
use serde_json::Value;

use super::credentials::Secret;
use super::endpoint::Endpoint;
use super::retry_after::retry_after;
use crate::api::{Page, escape_controls};
use crate::config::Config;
use crate::failure::{ApiError, ErrorCode, ResponseError};

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

    /// An answer to [`MessagesRequest`](crate::MessagesRequest).
    #[must_use]
    pub fn to_messages(head: &Parts, endpoint: &Endpoint, config: &Config) -> Self {
        let limit = if head.status.is_success() {
            config.page_limit
        } else {
            config.error_limit
        };
        Self::new(head, endpoint, limit)
    }

    /// An answer to [`RatingRequest`](crate::RatingRequest).
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
