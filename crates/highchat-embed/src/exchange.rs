//! One exchange: a request into bytes, an answer out of bytes.

use core::mem;

use bytes::Bytes;
use highchat_proto::exchange::RequestId;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, response};
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvResponseResult, SendRequestResult};

use crate::body::{Body, PIECE};
use crate::head::{Broken, Head};

/// A request and its answer, on whatever pipe.
///
/// ```text
///   Head ── whole ──▶ Body ── over ──▶ Over
///     └─────────── no body ─────────────▲
/// ```
pub(crate) struct Exchange {
    id: RequestId,
    is_repeatable: bool,
    /// The request; its memory is given back once it cannot be asked for again.
    bytes: Vec<u8>,
    written: usize,
    is_written: bool,
    may_have_left: bool,
    answer: Answer,
}

enum Answer {
    Head(Head),
    Body(Body),
    /// Whether the pipe can carry another exchange.
    Over(bool),
}

/// What came of the bytes that were read.
pub(crate) enum Part {
    Head(response::Parts),
    /// So much of the body.
    Body(usize),
    /// The answer is over. Whether HTTP lets the pipe carry another exchange.
    Over(bool),
}

impl Exchange {
    /// `None`: no request that HTTP/1.1 could carry.
    pub(crate) fn new(id: RequestId, request: Request<Bytes>) -> Option<Self> {
        let is_repeatable = request.method() == Method::GET;
        let (bytes, call) = serialize(request)?;
        Some(Self {
            id,
            is_repeatable,
            bytes,
            written: 0,
            is_written: false,
            may_have_left: false,
            answer: Answer::Head(Head::new(call)),
        })
    }

    pub(crate) const fn id(&self) -> RequestId {
        self.id
    }

    /// Whether the same request does no harm a second time.
    pub(crate) const fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// What is still to be written, once it was handed out for that.
    pub(crate) fn unwritten(&self) -> &[u8] {
        if self.may_have_left {
            self.bytes.get(self.written..).unwrap_or_default()
        } else {
            &[]
        }
    }

    /// The bytes are handed out: from here on they may be on their way.
    pub(crate) const fn hand_out(&mut self) {
        self.may_have_left = true;
    }

    pub(crate) const fn may_have_left(&self) -> bool {
        self.may_have_left
    }

    /// So many more bytes left; whether there are more to come.
    pub(crate) fn handle_written(&mut self, len: usize) -> bool {
        self.written = self.written.saturating_add(len).min(self.bytes.len());
        self.is_written |= self.written == self.bytes.len();
        !self.is_written
    }

    /// Whether the whole request was written.
    pub(crate) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// The request will not be written again.
    pub(crate) fn forget_request(&mut self) {
        self.bytes = Vec::new();
        self.written = 0;
    }

    /// Whether nothing came back yet.
    pub(crate) const fn is_unanswered(&self) -> bool {
        match &self.answer {
            Answer::Head(head) => !head.has_begun(),
            Answer::Body(_) | Answer::Over(_) => false,
        }
    }

    /// Begins again, on another pipe; for one that is unanswered.
    pub(crate) const fn rewind(&mut self) {
        self.written = 0;
        self.is_written = false;
        self.may_have_left = false;
    }

    /// Whether the end of the pipe is the end of the answer.
    pub(crate) const fn ends_with_its_pipe(&self) -> bool {
        match &self.answer {
            Answer::Body(body) => body.is_close_delimited(),
            Answer::Head(_) | Answer::Over(_) => false,
        }
    }

    /// Takes what belongs to the answer out of `input`: its next part; `None` where more
    /// input is needed.
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        piece: &mut [u8; PIECE],
    ) -> Result<Option<Part>, Broken> {
        match &mut self.answer {
            Answer::Head(head) => {
                let Some(parts) = head.read(input)? else {
                    return Ok(None);
                };
                match mem::replace(&mut self.answer, Answer::Over(false)) {
                    Answer::Head(head) => self.answer = after(head),
                    Answer::Body(_) | Answer::Over(_) => {}
                }
                Ok(Some(Part::Head(parts)))
            }
            Answer::Body(body) => {
                let len = body.read(input, piece)?;
                if len > 0 {
                    return Ok(Some(Part::Body(len)));
                }
                if !body.is_over() {
                    return Ok(None);
                }
                match mem::replace(&mut self.answer, Answer::Over(false)) {
                    Answer::Body(body) => self.answer = Answer::Over(body.leaves_a_pipe()),
                    Answer::Head(_) | Answer::Over(_) => {}
                }
                self.read(input, piece)
            }
            Answer::Over(leaves_a_pipe) => Ok(Some(Part::Over(*leaves_a_pipe))),
        }
    }
}

fn after(head: Head) -> Answer {
    match head.into_call().proceed() {
        Some(RecvResponseResult::RecvBody(call)) => Answer::Body(Body::new(call)),
        Some(RecvResponseResult::Cleanup(call)) => Answer::Over(!call.must_close_connection()),
        // It is not followed.
        Some(RecvResponseResult::Redirect(call)) => Answer::Over(!call.must_close_connection()),
        None => Answer::Over(false),
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
