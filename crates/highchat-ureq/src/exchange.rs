//! One exchange: its own connection, a request, the head of the answer, and the body.

use core::time::Duration;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};

use highchat_connect::blocking::{Closer, Connection, Connector};
use highchat_http1::{Answer, Part};
use highchat_proto::Failure;
use highchat_proto::failure::Cause;
use highchat_proto::http::Request;
use highchat_proto::time::Instant;
use http::response;

use crate::clock::Clock;

/// The unread body of an answer. Dropping it closes its connection.
pub(crate) struct Body {
    connection: BufReader<Connection>,
    answer: Answer,
    piece: Box<[u8; Answer::PIECE]>,
}

/// Connects, sends a request and waits for the head of its answer. The request and the head
/// must be done before `until`. `closer` can close the connection from another thread.
pub(crate) fn open(
    connector: &Connector,
    clock: Clock,
    until: Instant,
    request: Request,
    closer: &Closer,
) -> Result<(response::Parts, Body), Failure> {
    let serialized = Answer::to(request);
    let (bytes, answer) = serialized.expect("HTTP/1.1 carries what an endpoint asks");
    let mut connection = connector.connect(closer)?;
    connection.set_time_left(clock.left(Some(until)));
    let mut body = Body {
        connection: BufReader::new(connection),
        answer,
        piece: Box::new([0; Answer::PIECE]),
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
        match self.part()? {
            Part::Body(len) => Ok(&self.piece[..len]),
            Part::Head(_) | Part::Over(_) => Ok(&[]),
        }
    }

    fn ask(&mut self, bytes: &[u8]) -> io::Result<response::Parts> {
        self.connection.get_mut().write_all(bytes)?;
        match self.part()? {
            Part::Head(head) => Ok(head),
            Part::Body(_) | Part::Over(_) => Err(ErrorKind::InvalidData.into()),
        }
    }

    fn part(&mut self) -> io::Result<Part> {
        loop {
            let mut input = self.connection.buffer();
            let len = input.len();
            let part = self.answer.read(&mut input, &mut self.piece);
            let used = len - input.len();
            self.connection.consume(used);
            if let Some(part) = part.map_err(io::Error::other)? {
                return Ok(part);
            }
            if self.connection.fill_buf()?.is_empty() {
                return match self.answer.ends_with_its_pipe() {
                    true => Ok(Part::Over(false)),
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
