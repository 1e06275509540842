//! A minimal adapter over `std::net::TcpStream`, and its report: one exchange at a time, each on
//! a connection of its own, without TLS. Replace `highchat-http1` and the socket by your HTTP
//! client.

use core::hash::BuildHasher;
use core::time::Duration;
use std::collections::VecDeque;
use std::hash::RandomState;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant as Clock;

use highchat_conformance::{Capability, Check, Driver, Status};
use highchat_http1::{Answer, Part};
use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Endpoint, Message, Output, Rating, Request, RequestId, Saved, Update,
};

fn main() -> ExitCode {
    let report = check().run();
    println!("{report}");
    ExitCode::from(u8::from(!report.is_conformant()))
}

/// Judges the adapter. What it leaves out is declared, and is in the report.
pub fn check() -> Check {
    Check::new(Session::open)
        .without(Capability::SeveralExchanges)
        .without(Capability::KeptConnections)
}

/// A conversation, the request under way, and the requests that wait for it to end.
pub struct Session {
    endpoint: Arc<Endpoint>,
    conversation: Conversation,
    connect_timeout: Duration,
    start: Clock,
    live: Option<(RequestId, TcpStream, Answer)>,
    waiting: VecDeque<(RequestId, Request)>,
}

impl Session {
    /// Opens a session: a new one, or one that continues what was saved.
    pub fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let (endpoint, connect_timeout) = (Arc::new(endpoint), config.connect_timeout());
        let conversation = match saved {
            None => Conversation::new(Arc::clone(&endpoint), config),
            Some(saved) => {
                Conversation::resume(Arc::clone(&endpoint), config, saved, Instant::ORIGIN)
            }
        };
        Self {
            endpoint,
            conversation: conversation.with_seed(RandomState::new().hash_one(0)),
            connect_timeout,
            start: Clock::now(),
            live: None,
            waiting: VecDeque::new(),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.start.elapsed())
    }

    /// Begins the next exchange, or waits until this time for an input of the one under way.
    /// Returns `false` if there is nothing to wait for.
    fn wait(&mut self, until: Option<Instant>) -> bool {
        if self.live.is_none() {
            if let Some((id, request)) = self.waiting.pop_front() {
                match self.transmit(&request) {
                    Ok((stream, answer)) => self.live = Some((id, stream, answer)),
                    Err(failure) => self.conversation.handle_failure(id, failure, self.now()),
                }
                return true;
            }
        }
        let wait = until.map(|until| until.saturating_duration_since(self.now()));
        // A timeout of zero is an error.
        let wait = wait.map(|wait| wait.max(Duration::from_millis(1)));
        match (self.live.take(), wait) {
            (None, None) => return false,
            (None, Some(wait)) => sleep(wait),
            (Some(live), wait) => self.read(live, wait),
        }
        self.conversation.handle_timeout(self.now());
        true
    }

    /// Connects and sends a request. A message needs a fresh connection; here each has one.
    fn transmit(&self, request: &Request) -> Result<(TcpStream, Answer), TransportFailure> {
        let connect = || {
            let mut places = (self.endpoint.host(), self.endpoint.port()).to_socket_addrs()?;
            let place = places.next().ok_or(ErrorKind::NotFound)?;
            TcpStream::connect_timeout(&place, self.connect_timeout)
        };
        // The cause names the place, for the person who looks for the error.
        let place = self.endpoint.authority();
        let not_sent = |error: io::Error| TransportFailure::NotSent(Cause::of(&error).at(&place));
        let mut stream = connect().map_err(not_sent)?;
        let (bytes, answer) = Answer::to(request);
        let written = stream.write_all(&bytes);
        written.map_err(|error| TransportFailure::Interrupted(Cause::of(&error)))?;
        Ok((stream, answer))
    }

    /// Reads a piece of the answer, and keeps the exchange if more may come.
    fn read(&mut self, live: (RequestId, TcpStream, Answer), wait: Option<Duration>) {
        let (id, mut stream, mut answer) = live;
        let mut buffer = [0; 16 * 1024];
        let read = stream.set_read_timeout(wait);
        let read = read.and_then(|()| stream.read(&mut buffer));
        let now = self.now();
        let lost = |cause| TransportFailure::Interrupted(cause);
        let mut input = match read {
            Ok(0) if answer.ends_with_its_pipe() => return self.conversation.handle_end(id, now),
            Ok(0) => {
                let failure = lost(Cause::from("the connection was closed"));
                return self.conversation.handle_failure(id, failure, now);
            }
            Ok(len) => &buffer[..len],
            Err(error) if is_timeout(&error) => &[],
            Err(error) => {
                let failure = lost(Cause::of(&error));
                return self.conversation.handle_failure(id, failure, now);
            }
        };
        loop {
            match answer.read(&mut input) {
                Ok(Some(Part::Head(head))) => self.conversation.handle_response(id, &head, now),
                Ok(Some(Part::Body(piece))) => self.conversation.handle_body(id, piece, now),
                Ok(Some(Part::Over(_))) => return self.conversation.handle_end(id, now),
                Ok(None) => break,
                Err(broken) => {
                    let failure = lost(Cause::of(&broken));
                    return self.conversation.handle_failure(id, failure, now);
                }
            }
        }
        self.live = Some((id, stream, answer));
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

impl Driver for Session {
    fn send(&mut self, message: Message) {
        let sent = self.conversation.send(message, self.now());
        sent.expect("the turn before is over");
    }

    fn next(&mut self) -> Option<Update<'static>> {
        loop {
            match self.conversation.poll_output() {
                Output::Transmit(id, request) => self.waiting.push_back((id, request)),
                Output::Abort(id) => {
                    self.waiting.retain(|(waiting, _)| *waiting != id);
                    self.live = self.live.take().filter(|(live, ..)| *live != id);
                }
                Output::Update => {
                    if let Some(update) = self.conversation.update() {
                        return Some(update.into_owned());
                    }
                }
                Output::Wait(until) => {
                    if !self.wait(until) {
                        return None;
                    }
                }
            }
        }
    }

    fn status(&self) -> Status {
        (&self.conversation).into()
    }

    fn cancel(&mut self) {
        self.conversation.cancel(self.now());
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let now = self.now();
        let rated = self.conversation.rate(rating, Some(comment.into()), now);
        rated.expect("the conversation has begun");
    }

    fn save(&self) -> Saved {
        self.conversation.save()
    }
}
