//! One exchange: a connection of its own, a request, the head of its answer, and the body.

use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use bytes::Bytes;
use highchat_proto::Failure;
use highchat_proto::failure::Cause;
use highchat_proto::time::Instant;
use http::{Method, Request, response};
use ureq::{Agent, BodyReader};

use crate::watch::Watch;

/// What is read from the connection at a time, at most.
const BUFFER_LEN: usize = 16 * 1024;

/// The head of an answer, and its body to be read.
pub(crate) struct Exchange {
    pub(crate) head: response::Parts,
    body: BufReader<BodyReader<'static>>,
    watch: Arc<Watch>,
}

impl Exchange {
    /// Sends a request and waits for the head of its answer. `place` is what an error names.
    pub(crate) fn open(
        agent: &Agent,
        watch: Arc<Watch>,
        place: impl Fn() -> String,
        request: Request<Bytes>,
    ) -> Result<Self, Failure> {
        let answer = match *request.method() {
            Method::GET => agent.run(request.map(|_| ())),
            _ => agent.run(request.map(Vec::from)),
        };
        // The error that ureq would only put a word before.
        let answer = answer.map_err(|error| {
            let is_late = matches!(error, ureq::Error::Timeout(_));
            let cause = Cause::of(&error.into_io());
            match watch.request_left() {
                true if is_late => Failure::TimedOut,
                true => Failure::Unanswered(cause),
                false => Failure::NotSent(cause.at(&place())),
            }
        })?;
        let (head, body) = answer.into_parts();
        let body = BufReader::with_capacity(BUFFER_LEN, body.into_reader());
        Ok(Self { head, body, watch })
    }

    /// Waits for the next bytes until then; none at the end of the body. Where that is
    /// past already, what is there is read.
    pub(crate) fn read(&mut self, until: Option<Instant>) -> io::Result<&[u8]> {
        self.watch.set_deadline(until);
        self.body.consume(self.body.buffer().len());
        self.body.fill_buf()
    }
}
