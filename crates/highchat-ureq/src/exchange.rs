//! One exchange: a connection of its own, a request, the head of its answer, and the body.

use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use bytes::Bytes;
use highchat_proto::failure::Failure;
use highchat_proto::time::Instant;
use http::{Method, Request, response};
use ureq::{Agent, BodyReader};

use crate::watch::Watch;

/// What is read from the connection at a time, at most.
const BUFFER_LEN: usize = 16 * 1024;

/// What one exchange is done with.
pub(crate) struct Line {
    pub(crate) agent: Agent,
    pub(crate) watch: Arc<Watch>,
}

/// The head of an answer, and its body to be read.
pub(crate) struct Exchange {
    pub(crate) head: response::Parts,
    body: BufReader<BodyReader<'static>>,
    watch: Arc<Watch>,
}

impl Line {
    /// Sends a request and waits for the head of its answer.
    pub(crate) fn run(self, request: Request<Bytes>) -> Result<Exchange, Failure> {
        let answer = match *request.method() {
            Method::GET => self.agent.run(request.map(|_| ())),
            _ => self.agent.run(request.map(Vec::from)),
        };
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok(Exchange {
                    head,
                    body: BufReader::with_capacity(BUFFER_LEN, body.into_reader()),
                    watch: self.watch,
                })
            }
            // The error that ureq would only put a word before.
            Err(error) if self.watch.request_left() => {
                Err(Failure::Interrupted(error.into_io().into()))
            }
            Err(error) => Err(Failure::NotSent(error.into_io().into())),
        }
    }
}

impl Exchange {
    /// Waits for the next bytes until then; none at the end of the body. Where that is
    /// past already, what is there is read.
    pub(crate) fn read(&mut self, until: Option<Instant>) -> io::Result<&[u8]> {
        self.watch.set_deadline(until);
        self.body.consume(self.body.buffer().len());
        self.body.fill_buf()
    }
}
