//! The service's responses, except the reply stream.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::endpoint::Endpoint;
use super::head::Head;
use crate::api::{ErrorBody, Page};
use crate::config::Config;
use crate::failure::{ApiError, ErrorCode, ResponseError, Secret};
use crate::json::Value;

/// A response that is read to its end, up to a limit, and then turned into a result.
///
/// ```text
/// while answer.wants_more() { answer.handle_body(read()); }
/// answer.into_chat_error() | answer.into_page() | answer.into_rating()
/// ```
///
/// If the body breaks off, call [`handle_interruption`](Self::handle_interruption); the result
/// then depends on the part that came. The body is not read at all if the head alone decides:
/// for a redirect, a content encoding, and a successful rating.
///
/// An error never shows the endpoint's key, even if the service repeats the key.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The key to hide if the service repeats it.
    secret: Secret,
    status: u16,
    content_type: Option<Box<str>>,
    encoding: Option<Box<str>>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
    limit: usize,
    is_too_long: bool,
    is_broken_off: bool,
    /// Whether the head alone decides the result, so that the body is not read.
    is_decided: bool,
}

impl Answer {
    /// A response to a message, or `None` if its body is a reply stream
    /// ([`Head::is_reply`]). Use [`Reply`](crate::reply::Reply) for a reply stream, and
    /// [`into_chat_error`](Self::into_chat_error) for any other response.
    #[must_use]
    pub fn to_chat(head: impl Into<Head>, endpoint: &Endpoint, config: &Config) -> Option<Self> {
        let head = head.into();
        (!head.is_reply()).then(|| Self::new(head, endpoint, config.error_limit))
    }

    /// A response to a [`MessagesRequest`](crate::MessagesRequest).
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

    /// A response to a [`RatingRequest`](crate::RatingRequest).
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

    /// Whether more of the body can change the result. If not, more of it is ignored.
    #[must_use]
    pub const fn wants_more(&self) -> bool {
        !self.is_too_long && !self.is_broken_off && !self.is_decided
    }

    /// Adds a piece of the body. Bytes past the limit are dropped.
    pub fn handle_body(&mut self, chunk: &[u8]) {
        if !self.wants_more() {
            return;
        }
        let room = self.limit - self.body.len();
        self.is_too_long |= chunk.len() > room;
        self.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }

    /// Records that the body broke off, because of a lost connection or a time limit.
    pub const fn handle_interruption(&mut self) {
        self.is_broken_off = true;
    }

    /// Returns why a message got no reply.
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

    /// Reads the body as a page of messages.
    ///
    /// # Errors
    ///
    /// The service refused the request, or the body is not a page, is too long or broke off.
    pub fn into_page(self) -> Result<Page, ResponseError> {
        self.check()?;
        if self.status == 204 {
            return Err(ResponseError::Status(self.status));
        }
        if self.is_too_long {
            return Err(ResponseError::TooLong);
        }
        let page = read_json(&self.body, Page::read);
        match page {
            Some(page) if page.state.is_some() => Ok(page),
            // JSON in the error shape is an error, even with a successful status.
            page => match self.api_error() {
                Some(error) => Err(ResponseError::Api(error)),
                None if self.is_broken_off && page.is_none() => Err(ResponseError::BrokenOff),
                None => page.ok_or(ResponseError::InvalidPage),
            },
        }
    }

    /// Returns the result of a rating. Any 2xx status is success; its body does not matter.
    ///
    /// # Errors
    ///
    /// The service refused the rating, or the status is not 2xx.
    pub fn into_rating(self) -> Result<(), ResponseError> {
        if is_success(self.status) {
            return Ok(());
        }
        self.check()
    }

    /// Checks the status and the encoding, which have the same rules for each request.
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

    /// Reads the body in the API's error shape.
    fn api_error(&self) -> Option<ApiError> {
        let body = read_json(&self.body, ErrorBody::read)?;
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

/// Reads the body as JSON. Invalid UTF-8 becomes U+FFFD.
fn read_json<T>(body: &[u8], read: impl FnOnce(Value<'_>) -> Option<T>) -> Option<T> {
    let body = String::from_utf8_lossy(body);
    Value::read(&body).ok().and_then(read)
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

const fn is_redirection(status: u16) -> bool {
    matches!(status, 300..=399)
}
