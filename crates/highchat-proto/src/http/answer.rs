//! What the service answers, apart from the reply stream.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::de::DeserializeOwned;

use super::endpoint::Endpoint;
use super::head::Head;
use crate::api::{ErrorBody, Page, escape_controls};
use crate::config::Config;
use crate::failure::{ApiError, ErrorCode, ResponseError, Secret};

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
    status: u16,
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
    /// ([`Head::is_reply`]), for [`Reply`](crate::reply::Reply). Otherwise the body, if it is
    /// worth reading, says what went wrong.
    #[must_use]
    pub fn to_chat(head: impl Into<Head>, endpoint: &Endpoint, config: &Config) -> Option<Self> {
        let head = head.into();
        (!head.is_reply()).then(|| Self::new(head, endpoint, config.error_limit))
    }

    /// An answer to [`MessagesRequest`](crate::MessagesRequest).
    #[must_use]
    pub fn to_messages(head: impl Into<Head>, endpoint: &Endpoint, config: &Config) -> Self {
        let head = head.into();
        let limit = if is_success(head.status()) {
            config.page_limit
        } else {
            config.error_limit
        };
        Self::new(head, endpoint, limit)
    }

    /// An answer to [`RatingRequest`](crate::RatingRequest).
    #[must_use]
    pub fn to_rating(head: impl Into<Head>, endpoint: &Endpoint, config: &Config) -> Self {
        let mut answer = Self::new(head.into(), endpoint, config.error_limit);
        answer.is_decided |= is_success(answer.status);
        answer
    }

    fn new(head: Head, endpoint: &Endpoint, limit: usize) -> Self {
        let (status, retry_after) = (head.status(), head.retry_after());
        let (content_type, encoding) = head.into_content();
        Self {
            secret: endpoint.secret(),
            status,
            content_type,
            is_decided: encoding.is_some() || is_redirection(status),
            encoding,
            retry_after,
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
            Ok(()) if self.status == 200 => {
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
        if self.status == 204 {
            return Err(ResponseError::Status(self.status));
        }
        if self.is_too_long {
            return Err(ResponseError::TooLong);
        }
        let page: Option<Page> = read_json(&self.body);
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
        if is_success(self.status) {
            return Ok(());
        }
        self.check()
    }

    /// What is wrong with the answer, whatever was asked.
    fn check(&self) -> Result<(), ResponseError> {
        if is_redirection(self.status) {
            return Err(ResponseError::Redirect(self.status));
        }
        if (400..600).contains(&self.status) {
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
        if is_success(self.status) {
            Ok(())
        } else {
            Err(ResponseError::Status(self.status))
        }
    }

    /// The body as the API's error shape.
    fn api_error(&self) -> Option<ApiError> {
        let body: ErrorBody = read_json(&self.body)?;
        let message = body.message.filter(|text| !text.is_empty());
        Some(ApiError {
            status: self.status,
            code: body
                .code
                .map(|code| ErrorCode::from(&*self.secret.hide(&code))),
            message: message.map(|text| self.secret.hide(&text).into()),
            retry_after: self.retry_after,
        })
    }
}

/// The body as JSON, with U+FFFD where it is no UTF-8, and with control characters in its
/// strings if it is none without them.
fn read_json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let body = String::from_utf8_lossy(body);
    let read = serde_json::from_str(&body);
    read.or_else(|error| match escape_controls(&body) {
        Some(escaped) => serde_json::from_str(&escaped),
        None => Err(error),
    })
    .ok()
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

const fn is_redirection(status: u16) -> bool {
    matches!(status, 300..=399)
}
