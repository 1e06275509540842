//! One request to the service on its own connection, with the head and body of its answer.
//!
//! It uses the HTTP/1.1 code of `highchat-http1`, because an HTTP connection of hyper holds
//! 27 KiB of buffers and queues as long as it is open, and a proxy has very many connections
//! that mostly wait.

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

/// The size of one read, in bytes. The buffer is on the stack, so that a waiting connection
/// has none.
const READ: usize = 8 * 1024;

/// The body of an answer. Its connection makes progress only while the body is read, and
/// closes when the body is dropped.
pub(crate) struct Body {
    pipe: Connection,
    /// The part of the request that is not written yet.
    unsent: Bytes,
    is_flushed: bool,
    answer: Box<Answer>,
    /// The bytes of the body that came with the head.
    ahead: Bytes,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    /// More bytes may arrive.
    Open,
    Broken,
    Over,
}

/// Connects, sends a request and waits for the head of its answer.
///
/// It never sends the request twice. Dropping the future closes the connection.
pub(crate) async fn open(
    connector: &Connector,
    request: Request,
) -> Result<(Parts, Body), Failure> {
    let (request, answer) = Answer::to(&request);
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
    /// Returns the next bytes, or `None` at the proper end of the body. It can be cancelled
    /// without losing bytes.
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
        loop {
            let mut room = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.pipe).poll_read(cx, read.unfilled()))?;
            let mut input = read.filled();
            if input.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            let part = self.answer.read(&mut input);
            // The first part of an answer is the head.
            if let Some(Part::Head(head)) = part.map_err(io::Error::other)? {
                (self.ahead, self.end) = self.body(input);
                return Poll::Ready(Ok(head.into()));
            }
        }
    }

    /// Decodes the part of the body in `input`. Returns it, and whether the body ends there.
    fn body(&mut self, mut input: &[u8]) -> (Bytes, End) {
        let mut bytes = BytesMut::new();
        let end = loop {
            match self.answer.read(&mut input) {
                Ok(Some(Part::Body(piece))) => bytes.extend_from_slice(piece),
                Ok(Some(Part::Head(_)) | None) => break End::Open,
                Ok(Some(Part::Over(_))) => break End::Over,
                Err(_) => break End::Broken,
            }
        };
        (bytes.freeze(), end)
    }

    /// Writes as much of the request as the connection takes.
    fn send(&mut self, cx: &mut Context<'_>) {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.pipe).poll_write(cx, &self.unsent) {
                Poll::Ready(Ok(len @ 1..)) => self.unsent.advance(len),
                // Not an error yet: the service may have answered before it closed. If not, the
                // next read fails.
                Poll::Ready(_) => self.unsent.clear(),
                Poll::Pending => return,
            }
        }
        if !self.is_flushed {
            // Frees the memory of the request.
            self.unsent = Bytes::new();
            self.is_flushed = Pin::new(&mut self.pipe).poll_flush(cx).is_ready();
        }
    }
}
