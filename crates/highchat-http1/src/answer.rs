//! Turns a request into bytes and reads its answer from bytes.

use core::fmt;
use core::mem;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, response};
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvResponseResult, SendRequestResult};

use crate::body::{Body, PIECE};
use crate::head::{Broken, Head};

/// Reads the answer to one request, without a conversation: for a program that forwards
/// answers.
///
/// ```text
///   Head ── whole ──▶ Body ── over ──▶ Over
///     └─────────── no body ─────────────▲
/// ```
///
/// It buffers only an incomplete head (up to 64 KiB) or an incomplete line between chunks (up
/// to 4 KiB). Its results do not depend on how the bytes are cut, with one exception: if a
/// chunk has no valid end, the bytes read together with the fault are lost. The [crate]'s
/// documentation lists what is supported of HTTP/1.1.
///
/// ```
/// use highchat_http1::{Answer, Part};
/// use bytes::Bytes;
/// use http::Request;
///
/// let request = Request::get("http://chat.example/healthz").body(Bytes::new())?;
/// let (bytes, mut answer) = Answer::to(request).expect("HTTP/1.1 can carry it");
/// assert!(bytes.starts_with(b"GET /healthz HTTP/1.1\r\nhost: chat.example\r\n"));
///
/// let mut piece = [0; Answer::PIECE];
/// let mut input = &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..];
/// let Some(Part::Head(head)) = answer.read(&mut input, &mut piece)? else { panic!() };
/// assert_eq!(head.status, 200);
/// let Some(Part::Body(len)) = answer.read(&mut input, &mut piece)? else { panic!() };
/// assert_eq!(&piece[..len], b"ok");
/// assert!(matches!(answer.read(&mut input, &mut piece)?, Some(Part::Over(true))));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Answer(State);

enum State {
    Head(Head),
    Body(Body),
    /// Whether the pipe can carry another exchange.
    Over(bool),
}

/// The next part of an answer.
#[derive(Debug)]
pub enum Part {
    /// The whole head. Interim heads are skipped.
    Head(response::Parts),
    /// A piece of the body, with its length in bytes.
    Body(usize),
    /// The end of the answer, known from its own framing. The value is `true` if HTTP allows
    /// another exchange on the pipe.
    Over(bool),
}

impl Answer {
    /// The maximum length of a body piece, in bytes (our decision).
    pub const PIECE: usize = PIECE;

    /// Returns the bytes of a request, and the reader of its answer. Returns `None` if
    /// HTTP/1.1 cannot carry the request.
    #[must_use]
    pub fn to(request: impl Into<Request<Bytes>>) -> Option<(Vec<u8>, Self)> {
        let (bytes, call) = serialize(request.into())?;
        Some((bytes, Self(State::Head(Head::new(call)))))
    }

    /// Whether no byte of the answer was read yet. If so, a request that is safe to repeat can
    /// be sent again on another connection.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        match &self.0 {
            State::Head(head) => !head.has_begun(),
            State::Body(_) | State::Over(_) => false,
        }
    }

    /// Whether the answer ends when the service closes the pipe.
    #[must_use]
    pub const fn ends_with_its_pipe(&self) -> bool {
        match &self.0 {
            State::Body(body) => body.is_close_delimited(),
            State::Head(_) | State::Over(_) => false,
        }
    }

    /// Reads the next part of the answer, and removes its bytes from `input`. The bytes of a
    /// body part are in `piece`. Returns `None` if more input is needed.
    ///
    /// # Errors
    ///
    /// The answer is not HTTP/1, or breaks a limit. Nothing more can be read from it.
    pub fn read(
        &mut self,
        input: &mut &[u8],
        piece: &mut [u8; PIECE],
    ) -> Result<Option<Part>, Broken> {
        match &mut self.0 {
            State::Head(head) => {
                let Some(parts) = head.read(input)? else {
                    return Ok(None);
                };
                match mem::replace(&mut self.0, State::Over(false)) {
                    State::Head(head) => self.0 = after(head),
                    State::Body(_) | State::Over(_) => {}
                }
                Ok(Some(Part::Head(parts)))
            }
            State::Body(body) => {
                let len = body.read(input, piece)?;
                if len > 0 {
                    return Ok(Some(Part::Body(len)));
                }
                if !body.is_over() {
                    return Ok(None);
                }
                match mem::replace(&mut self.0, State::Over(false)) {
                    State::Body(body) => self.0 = State::Over(body.leaves_a_pipe()),
                    State::Head(_) | State::Over(_) => {}
                }
                self.read(input, piece)
            }
            State::Over(leaves_a_pipe) => Ok(Some(Part::Over(*leaves_a_pipe))),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

fn after(head: Head) -> State {
    match head.into_call().proceed() {
        Some(RecvResponseResult::RecvBody(call)) => State::Body(Body::new(call)),
        Some(RecvResponseResult::Cleanup(call)) => State::Over(!call.must_close_connection()),
        // Redirects are not followed.
        Some(RecvResponseResult::Redirect(call)) => State::Over(!call.must_close_connection()),
        None => State::Over(false),
    }
}

/// The bytes of a request, and the call that reads its answer.
fn serialize(request: Request<Bytes>) -> Option<(Vec<u8>, Call<RecvResponse>)> {
    let (mut head, body) = request.into_parts();
    if head.method != Method::GET {
        head.headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let mut bytes = vec![0; head_len_bound(&head) + body.len()];
    let mut call = Call::new(Request::from_parts(head, ())).ok()?.proceed();
    let mut len = call.write(&mut bytes).ok()?;
    let call = match call.proceed().ok()?? {
        SendRequestResult::RecvResponse(call) => call,
        SendRequestResult::SendBody(mut call) => {
            let (used, written) = call.write(&body, &mut bytes[len..]).ok()?;
            if used < body.len() {
                return None;
            }
            len += written;
            call.proceed()?
        }
        SendRequestResult::Await100(_) => return None,
    };
    bytes.truncate(len);
    bytes.shrink_to_fit();
    Some((bytes, call))
}

/// An upper bound for the length of this request's head, in bytes.
fn head_len_bound(head: &http::request::Parts) -> usize {
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let authority = head.uri.authority().map_or(0, |it| it.as_str().len());
    let target = head.uri.path_and_query().map_or(0, |it| it.as_str().len());
    let around = "/ HTTP/1.1\r\nhost: \r\n\r\n".len() + head.method.as_str().len() + 1;
    headers.sum::<usize>() + authority + target + around
}
