//! One exchange: a request on a connection, the head of the answer, and the body.

use core::mem;
use core::time::Duration;
use std::io::{self, BufRead, ErrorKind, Write};

use highchat_connect::blocking::{Closer, Connection, Connector};
use highchat_http1::{Answer, Part, ResponseHead};
use highchat_proto::failure::Cause;
use highchat_proto::http::Request;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Failure};

use crate::clock::Clock;

/// The unread body of an answer. Dropping it closes its connection.
pub(crate) struct Body {
    connection: Connection,
    answer: Answer,
    /// The number of buffered bytes of the last part, which are not consumed yet.
    used: usize,
    /// Whether the body is over and HTTP allows another exchange on its connection.
    is_reusable: bool,
}

/// Sends a request on the kept connection if there is one, otherwise on a new one, and waits for
/// the head of the answer. The request and the head must be done before `until`. `closer` can
/// close the connection from another thread.
pub(crate) fn open(
    connector: &Connector,
    clock: Clock,
    until: Instant,
    request: &Request,
    closer: &Closer,
    kept: Option<Connection>,
) -> Result<(ResponseHead, Body), Failure> {
    let (bytes, mut answer) = Answer::to(request);
    if let Some(connection) = kept {
        let mut body = Body::on(connection, answer);
        let until = until.min(clock.now() + Config::REUSE_TIMEOUT);
        if let Ok(head) = body.ask(&bytes, clock.left(Some(until))) {
            return Ok((head, body));
        }
        // The connection was stale. This request may be repeated.
        answer = body.answer;
        answer.restart();
    }
    let connection = connector.connect(closer)?;
    let mut body = Body::on(connection, answer);
    match body.ask(&bytes, clock.left(Some(until))) {
        Ok(head) => Ok((head, body)),
        Err(error) if is_timeout(&error) => Err(Failure::TimedOut),
        // A failed write may still have sent some bytes.
        Err(error) => Err(Failure::Unanswered(Cause::of(&error))),
    }
}

impl Body {
    const fn on(connection: Connection, answer: Answer) -> Self {
        Self {
            connection,
            answer,
            used: 0,
            is_reusable: false,
        }
    }

    /// Waits up to `time` from `now` for the next bytes, and passes them to `handle`. Returns its
    /// result, or `None` at the end of the body. With no time left, it reads only what has already
    /// arrived.
    pub(crate) fn read<T>(
        &mut self,
        now: std::time::Instant,
        time: Duration,
        handle: impl FnOnce(&[u8]) -> T,
    ) -> io::Result<Option<T>> {
        self.connection.set_time_left_at(now, time);
        self.part(|part| match part {
            Part::Body(piece) => Some(handle(piece)),
            Part::Head(_) | Part::Over(_) => None,
        })
    }

    /// The connection, if it can carry another exchange.
    pub(crate) fn into_connection(mut self) -> Option<Connection> {
        self.connection.consume(self.used);
        let is_clean = self.is_reusable && self.connection.buffer().is_empty();
        is_clean.then_some(self.connection)
    }

    /// Sends the request, and waits for the head of the answer.
    fn ask(&mut self, bytes: &[u8], time: Duration) -> io::Result<ResponseHead> {
        self.connection.set_time_left(time);
        self.connection.write_all(bytes)?;
        let head = self.part(|part| match part {
            Part::Head(head) => Some(head),
            Part::Body(_) | Part::Over(_) => None,
        })?;
        head.ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Reads the next part of the answer, and returns what `handle` makes of it. At the end, `handle`
    /// gets [`Part::Over`]. If the connection's end is the end, `handle` is not called.
    fn part<T>(&mut self, handle: impl FnOnce(Part<'_>) -> Option<T>) -> io::Result<Option<T>> {
        self.connection.consume(mem::take(&mut self.used));
        let mut input = self.connection.buffer();
        loop {
            let len = input.len();
            if let Some(part) = self.answer.read(&mut input).map_err(io::Error::other)? {
                self.used = len - input.len();
                self.is_reusable = matches!(part, Part::Over(true));
                return Ok(handle(part));
            }
            self.connection.consume(len);
            input = self.connection.fill_buf()?;
            if input.is_empty() {
                let is_whole = self.answer.ends_with_its_pipe();
                return is_whole
                    .then_some(None)
                    .ok_or(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Whether a read or write ended because its time was over.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}
