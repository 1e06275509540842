//! One exchange with the service: a connection of its own, a request, the head of its
//! answer, and the body.
//!
//! HTTP/1.1 is `highchat-http1`'s here: hyper's connection keeps 27 KiB of buffers and
//! queues for as long as it lives, and a proxy holds very many of them that mostly wait.

use core::future::poll_fn;
use core::mem::{self, MaybeUninit};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use bytes::{Buf, Bytes, BytesMut};
use highchat_connect::{Connection, Connector};
use highchat_http1::{Answer, Part};
use highchat_proto::Failure;
use highchat_proto::failure::Cause;
use highchat_proto::http::Request;
use http::response::Parts;
use hyper::rt::{Read, ReadBuf, Write};

/// How much is read at once, in bytes. It is on the stack, since what waits has no buffer.
const READ: usize = 8 * 1024;

/// The body of an answer as it comes. Its connection makes progress only while it is read,
/// and closes with it.
pub(crate) struct Body {
    pipe: Connection,
    /// What is not written yet of the request.
    unsent: Bytes,
    is_flushed: bool,
    answer: Box<Answer>,
    /// The bytes of the body that came with the head.
    ahead: Bytes,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    /// More is to come.
    Open,
    Broken,
    Over,
}

/// Connects, sends a request and waits for the head of its answer.
///
/// Nothing is sent twice. Dropping it closes the connection.
pub(crate) async fn open(
    connector: &Connector,
    request: Request,
) -> Result<(Parts, Body), Failure> {
    let Some((request, answer)) = Answer::to(request) else {
        return Err(Failure::NotSent("HTTP/1.1 cannot carry it".into()));
    };
    let mut body = Body {
        pipe: connector.connect().await?,
        unsent: request.into(),
        is_flushed: false,
        answer: Box::new(answer),
        ahead: Bytes::new(),
        end: End::Open,
    };
    match poll_fn(|cx| body.poll_head(cx)).await {
        Ok(head) => Ok((head, body)),
        Err(error) => Err(Failure::Unanswered(Cause::of(&error))),
    }
}

impl Body {
    /// The next bytes; `None`: it is over, and whole. Nothing is lost where the wait is
    /// given up.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if !self.ahead.is_empty() {
                return Poll::Ready(Some(Ok(mem::take(&mut self.ahead))));
            }
            match self.end {
                End::Open => {}
                End::Broken => {
                    self.end = End::Over;
                    return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
                }
                End::Over => return Poll::Ready(None),
            }
            self.send(cx);
            let mut room = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut room);
            let result = ready!(Pin::new(&mut self.pipe).poll_read(cx, read.unfilled()));
            self.end = match (result, read.filled()) {
                (Ok(()), []) if self.answer.ends_with_its_pipe() => End::Over,
                (Ok(()), []) | (Err(_), _) => End::Broken,
                (Ok(()), input) => {
                    (self.ahead, self.end) = self.body(input);
                    continue;
                }
            };
        }
    }

    pub(crate) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Parts>> {
        self.send(cx);
        let mut piece = [0; Answer::PIECE];
        loop {
            let mut room = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.pipe).poll_read(cx, read.unfilled()))?;
            let mut input = read.filled();
            if input.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            let part = self.answer.read(&mut input, &mut piece);
            // The first part is the head.
            if let Some(Part::Head(head)) = part.map_err(io::Error::other)? {
                (self.ahead, self.end) = self.body(input);
                return Poll::Ready(Ok(head));
            }
        }
    }

    /// The part of the body in these bytes, and whether it ends there.
    fn body(&mut self, mut input: &[u8]) -> (Bytes, End) {
        let mut piece = [0; Answer::PIECE];
        let mut bytes = BytesMut::new();
        let end = loop {
            match self.answer.read(&mut input, &mut piece) {
                Ok(Some(Part::Body(len))) => bytes.extend_from_slice(&piece[..len]),
                Ok(Some(Part::Head(_)) | None) => break End::Open,
                Ok(Some(Part::Over(_))) => break End::Over,
                Err(_) => break End::Broken,
            }
        };
        (bytes.freeze(), end)
    }

    /// Writes of the request as much as the connection takes.
    fn send(&mut self, cx: &mut Context<'_>) {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.pipe).poll_write(cx, &self.unsent) {
                Poll::Ready(Ok(len @ 1..)) => self.unsent.advance(len),
                // Why, the answer may say that came all the same, or the next read.
                Poll::Ready(_) => self.unsent.clear(),
                Poll::Pending => return,
            }
        }
        if !self.is_flushed {
            // Its memory is no longer needed.
            self.unsent = Bytes::new();
            self.is_flushed = Pin::new(&mut self.pipe).poll_flush(cx).is_ready();
        }
    }
}
