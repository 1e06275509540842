//! One HTTP/1.1 exchange on an async connection.
//!
//! It uses the HTTP/1.1 code of `highchat-http1`. An HTTP connection of hyper holds 27 KiB of
//! buffers and queues as long as it is open, passes each chunk through a queue to another task,
//! and takes memory for the largest possible head of each answer.

use core::fmt;
use core::future::poll_fn;
use core::mem::{self, MaybeUninit};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind};

use bytes::{Buf, Bytes, BytesMut};
use highchat_http1::{Answer, Part, ResponseHead};
use highchat_proto::Failure;
use highchat_proto::failure::Cause;
use highchat_proto::http::Request;
use hyper::rt::{Read, ReadBuf, Write};

use crate::connection::Connection;
use crate::connector::Connector;

/// The size of one read, in bytes. The buffer is on the stack, so that a waiting connection
/// has none.
const READ: usize = 8 * 1024;

/// A request over HTTP/1.1 whose answer has begun, and the rest of that answer.
///
/// The connection makes progress only while the exchange is polled, which is the backpressure:
/// at most 8 KiB are read ahead. Dropping the exchange closes the connection.
pub struct Exchange {
    connection: Connection,
    /// The part of the request that is not written yet.
    unsent: Bytes,
    progress: Progress,
    answer: Box<Answer>,
    /// The bytes of the body that were read and not returned yet.
    ahead: Bytes,
    end: End,
}

/// What happened to the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// No byte was written.
    Unsent,
    Sending,
    Flushed,
}

#[derive(Clone, Copy)]
enum End {
    /// More bytes may arrive.
    Open,
    Broken(ErrorKind),
    /// Whether the connection can carry another exchange.
    Over(bool),
}

impl Exchange {
    /// Sends a request and waits for the head of its answer. Interim heads are skipped.
    ///
    /// It never sends the request twice. Dropping the future closes the connection. It has no
    /// time limit of its own.
    ///
    /// # Errors
    ///
    /// [`Failure::NotSent`] if no byte of the request was written: the connection was closed, or
    /// bytes were waiting on it that answer nothing. Otherwise [`Failure::Unanswered`].
    pub async fn open(
        connection: Connection,
        request: &Request,
        connector: &Connector,
    ) -> Result<(ResponseHead, Self), Failure> {
        let (request, answer) = if connection.is_proxied() {
            Answer::to_through_proxy(request)
        } else {
            Answer::to(request)
        };
        let mut exchange = Self {
            connection,
            unsent: request.into(),
            progress: Progress::Unsent,
            answer: Box::new(answer),
            ahead: Bytes::new(),
            end: End::Open,
        };
        match poll_fn(|cx| exchange.poll_head(cx)).await {
            Ok(head) => Ok((head, exchange)),
            Err(error) if exchange.progress == Progress::Unsent => Err(connector.not_sent(&error)),
            Err(error) => Err(Failure::Unanswered(Cause::of(&error))),
        }
    }

    /// Returns the next bytes of the body, or `None` at its proper end. An error means that the
    /// body was cut or is not HTTP/1.1; `None` follows it. A dropped wait loses no bytes.
    pub fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if !self.ahead.is_empty() {
                return Poll::Ready(Some(Ok(mem::take(&mut self.ahead))));
            }
            match self.end {
                End::Open => {}
                End::Broken(kind) => {
                    self.end = End::Over(false);
                    return Poll::Ready(Some(Err(kind.into())));
                }
                End::Over(_) => return Poll::Ready(None),
            }
            self.send(cx);
            let mut room = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut room);
            let result = ready!(Pin::new(&mut self.connection).poll_read(cx, read.unfilled()));
            self.end = match (result, read.filled()) {
                (Ok(()), []) if self.answer.ends_with_its_pipe() => End::Over(false),
                (Ok(()), []) => End::Broken(ErrorKind::UnexpectedEof),
                (Err(error), _) => End::Broken(error.kind()),
                (Ok(()), input) => {
                    (self.ahead, self.end) = self.body(input);
                    continue;
                }
            };
        }
    }

    /// Whether the whole body was returned, so that [`poll_body`](Self::poll_body) would return
    /// `None`. It may be known before that call.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ahead.is_empty() && matches!(self.end, End::Over(_))
    }

    /// The connection, if it can carry another exchange: the request was written and the answer
    /// read to its end, HTTP allows it, and no byte came after the answer.
    #[must_use]
    pub fn into_connection(self) -> Option<Connection> {
        let is_reusable = matches!(self.end, End::Over(true)) && self.is_over();
        (is_reusable && self.progress == Progress::Flushed).then_some(self.connection)
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ResponseHead>> {
        // What arrives before the request cannot be its answer.
        if self.progress == Progress::Unsent && !self.connection.is_quiet(cx) {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        }
        self.send(cx);
        loop {
            let mut room = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.connection).poll_read(cx, read.unfilled()))?;
            let mut input = read.filled();
            if input.is_empty() {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            let part = self.answer.read(&mut input);
            // The first part of an answer is the head.
            if let Some(Part::Head(head)) = part.map_err(io::Error::other)? {
                (self.ahead, self.end) = self.body(input);
                return Poll::Ready(Ok(head));
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
                Ok(Some(Part::Over(is_reusable))) => {
                    break End::Over(is_reusable && input.is_empty());
                }
                Err(_) => break End::Broken(ErrorKind::InvalidData),
            }
        };
        (bytes.freeze(), end)
    }

    /// Writes as much of the request as the connection takes.
    fn send(&mut self, cx: &mut Context<'_>) {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.connection).poll_write(cx, &self.unsent) {
                Poll::Ready(Ok(len @ 1..)) => {
                    self.unsent.advance(len);
                    self.progress = Progress::Sending;
                }
                // Not an error yet: the service may have answered before it closed. If not, the
                // next read fails.
                Poll::Ready(_) => return self.unsent.clear(),
                Poll::Pending => return,
            }
        }
        if self.progress == Progress::Sending {
            // Frees the memory of the request.
            self.unsent = Bytes::new();
            if Pin::new(&mut self.connection).poll_flush(cx).is_ready() {
                self.progress = Progress::Flushed;
            }
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
