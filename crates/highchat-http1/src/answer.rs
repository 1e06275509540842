//! A request into bytes, and its answer out of bytes.

use core::fmt;
use core::mem;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, response};
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvResponseResult, SendRequestResult};

use crate::body::{Body, PIECE};
use crate::head::{Broken, Head};

/// The answer to one request, without a conversation: for a program that passes answers on.
///
/// ```text
///   Head ── whole ──▶ Body ── over ──▶ Over
///     └─────────── no body ─────────────▲
/// ```
///
/// It holds no bytes but those of a head (up to 64 KiB) or of a line between chunks (up to
/// 4 KiB) that is cut, and does not depend on the cuts; but of a chunk without an end, what
/// came with the break is lost. What of HTTP/1.1 there is, the [crate] says.
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

/// What came of the bytes that were read.
#[derive(Debug)]
pub enum Part {
    /// The head, whole; interim ones are skipped.
    Head(response::Parts),
    /// So many bytes of the body.
    Body(usize),
    /// The answer is over, and said so itself. Whether HTTP lets the pipe carry another
    /// exchange.
    Over(bool),
}

impl Answer {
    /// How much of a body is given at a time, at most, in bytes (our decision).
    pub const PIECE: usize = PIECE;

    /// A request as it goes over the pipe, and what takes its answer. `None`: no request
    /// that HTTP/1.1 could carry.
    #[must_use]
    pub fn to(request: impl Into<Request<Bytes>>) -> Option<(Vec<u8>, Self)> {
        let (bytes, call) = serialize(request.into())?;
        Some((bytes, Self(State::Head(Head::new(call)))))
    }

    /// Whether no byte of it came yet: the same request can go out again on another connection,
    /// if it does no harm a second time.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        match &self.0 {
            State::Head(head) => !head.has_begun(),
            State::Body(_) | State::Over(_) => false,
        }
    }

    /// Whether the end of the pipe is the end of the answer.
    #[must_use]
    pub const fn ends_with_its_pipe(&self) -> bool {
        match &self.0 {
            State::Body(body) => body.is_close_delimited(),
            State::Head(_) | State::Over(_) => false,
        }
    }

    /// Takes what belongs to the answer out of `input`: its next part, of which `piece`
    /// holds the bytes where it is one of the body; `None` where more input is needed.
    ///
    /// # Errors
    ///
    /// It is no HTTP/1 answer, or breaks a limit: nothing can be read any further.
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
        // It is not followed.
        Some(RecvResponseResult::Redirect(call)) => State::Over(!call.must_close_connection()),
        None => State::Over(false),
    }
}

/// The request as it goes over the pipe, and what takes its answer.
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

/// No head of this request is longer.
fn head_len_bound(head: &http::request::Parts) -> usize {
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let authority = head.uri.authority().map_or(0, |it| it.as_str().len());
    let target = head.uri.path_and_query().map_or(0, |it| it.as_str().len());
    let around = "/ HTTP/1.1\r\nhost: \r\n\r\n".len() + head.method.as_str().len() + 1;
    headers.sum::<usize>() + authority + target + around
}
