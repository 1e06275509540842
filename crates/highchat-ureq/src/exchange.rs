//! One exchange: its own connection, a request, the head of the answer, and the body.

use core::mem;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};

use highchat_connect::blocking::{Closer, Connection, Connector};
use highchat_http1::{Answer, Part, ResponseHead};
use highchat_proto::Failure;
use highchat_proto::failure::Cause;
use highchat_proto::http::Request;
use highchat_proto::time::Instant;

use crate::clock::Clock;

/// The unread body of an answer. Dropping it closes its connection.
pub(crate) struct Body {
    connection: BufReader<Connection>,
    answer: Answer,
    /// The number of buffered bytes that the last part came from.
    used: usize,
}

/// Connects, sends a request and waits for the head of its answer. The request and the head
/// must be done before `until`. `closer` can close the connection from another thread.
pub(crate) fn open(
    connector: &Connector,
    clock: Clock,
    until: Instant,
    request: Request,
    closer: &Closer,
) -> Result<(ResponseHead, Body), Failure> {
    let (bytes, answer) = Answer::to(&request);
    let mut connection = connector.connect(closer)?;
    connection.set_time_left(clock.left(Some(until)));
    let mut body = Body {
        connection: BufReader::new(connection),
        answer,
        used: 0,
    };
    match body.ask(&bytes) {
        Ok(head) => Ok((head, body)),
        Err(error) if is_timeout(&error) => Err(Failure::TimedOut),
        // A failed write may still have sent some bytes.
        Err(error) => Err(Failure::Unanswered(Cause::of(&error))),
    }
}

impl Body {
    /// Waits up to `time` for the next bytes. Returns an empty slice at the end of the body.
    /// With no time left, it reads only what has already arrived.
    pub(crate) fn read(&mut self, time: Duration) -> io::Result<&[u8]> {
        self.connection.get_mut().set_time_left(time);
        let (_, len) = self.part()?;
        Ok(&self.connection.buffer()[self.used - len..self.used])
    }

    fn ask(&mut self, bytes: &[u8]) -> io::Result<ResponseHead> {
        self.connection.get_mut().write_all(bytes)?;
        let (head, _) = self.part()?;
        head.ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Reads the next part of the answer: the head, or bytes of the body. Returns their number,
    /// which is 0 at the end. They are the last of the used bytes in the connection's buffer.
    fn part(&mut self) -> io::Result<(Option<ResponseHead>, usize)> {
        loop {
            self.connection.consume(mem::take(&mut self.used));
            let mut input = self.connection.buffer();
            let len = input.len();
            let part = self.answer.read(&mut input);
            self.used = len - input.len();
            match part.map_err(io::Error::other)? {
                Some(Part::Head(head)) => return Ok((Some(head), 0)),
                Some(Part::Body(piece)) => return Ok((None, piece.len())),
                Some(Part::Over(_)) => return Ok((None, 0)),
                None => self.connection.consume(mem::take(&mut self.used)),
            }
            if self.connection.fill_buf()?.is_empty() {
                return match self.answer.ends_with_its_pipe() {
                    true => Ok((None, 0)),
                    false => Err(ErrorKind::UnexpectedEof.into()),
                };
            }
        }
    }
}

/// Whether a read or write ended because its time was over.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}
