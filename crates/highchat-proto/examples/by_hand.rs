//! A conversation over `std::net::TcpStream`, one exchange at a time. It shows everything that a
//! program without an HTTP client must do.
//!
//! It sends its arguments as a message, prints the reply, and after a handoff prints the
//! person's messages. Set `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and `HIGHCHAT_BASE_URL`. The base
//! URL must be `http://` to this machine, because the example has no TLS.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a driver has the socket and the clock"
)]

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant as Clock;
use std::{env, io};

use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Credentials, Endpoint, Head, Message, Output, Request, RequestId, Update,
};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let credentials = match env::var("HIGHCHAT_SLUG") {
        Ok(slug) => Credentials::slug(slug)?,
        Err(_) => Credentials::key(&env::var("HIGHCHAT_KEY")?)?,
    };
    let endpoint = Arc::new(Endpoint::new(&env::var("HIGHCHAT_BASE_URL")?, credentials)?);
    let words: Vec<_> = env::args().skip(1).collect();

    let start = Clock::now();
    let now = || Instant::from_origin(start.elapsed());
    let mut conversation = Conversation::new(Arc::clone(&endpoint), Config::default());
    conversation.send(Message::new(words.join(" "))?, now())?;

    let mut waiting = VecDeque::new();
    let mut live: Option<(RequestId, TcpStream, AnswerHead)> = None;
    let mut buffer = [0; 16 * 1024];
    loop {
        match conversation.poll_output() {
            Output::Transmit(id, request) => waiting.push_back((id, request)),
            Output::Abort(id) => {
                waiting.retain(|(waiting, _)| *waiting != id);
                live = live.filter(|(live, _, _)| *live != id);
            }
            Output::Update => {
                if let Some(update) = conversation.update() {
                    show(&update)?;
                }
            }
            Output::Wait(when) => {
                let wait = when.map(|when| when.saturating_duration_since(now()));
                match (&mut live, waiting.pop_front(), wait) {
                    (None, Some((id, request)), _) => match transmit(&endpoint, &request) {
                        Ok(stream) => live = Some((id, stream, AnswerHead::default())),
                        Err(failure) => conversation.handle_failure(id, failure, now()),
                    },
                    (None, None, None) => return Ok(()),
                    (None, None, Some(wait)) => {
                        sleep(wait);
                        conversation.handle_timeout(now());
                    }
                    (Some((id, stream, head)), next, wait) => {
                        next.into_iter().for_each(|next| waiting.push_front(next));
                        // A timeout of zero is an error.
                        let wait = wait.map(|wait| wait.max(Duration::from_millis(1)));
                        stream.set_read_timeout(wait)?;
                        let (id, read) = (*id, stream.read(&mut buffer));
                        match read {
                            Ok(0) => {
                                live = None;
                                conversation.handle_end(id, now());
                            }
                            Ok(len) => match head.take(&buffer[..len]) {
                                Ok((whole, body)) => {
                                    if let Some(head) = whole {
                                        conversation.handle_response(id, head, now());
                                    }
                                    conversation.handle_body(id, &body, now());
                                }
                                Err(failure) => {
                                    live = None;
                                    conversation.handle_failure(id, failure, now());
                                }
                            },
                            Err(error) if is_timeout(&error) => conversation.handle_timeout(now()),
                            Err(_) => {
                                live = None;
                                let lost = TransportFailure::Interrupted(Cause::UNKNOWN);
                                conversation.handle_failure(id, lost, now());
                            }
                        }
                    }
                }
            }
        }
    }
}

fn show(update: &Update<'_>) -> Result<(), Box<dyn core::error::Error>> {
    let mut stdout = io::stdout().lock();
    write!(stdout, "{}", update.text().unwrap_or_default())?;
    match update {
        Update::Message(message) if !message.role.is_user() => writeln!(stdout)?,
        Update::TurnEnded { end, .. } => match end.failure() {
            Some(failure) => return Err(failure.to_string().into()),
            None => writeln!(stdout)?,
        },
        _ => {}
    }
    Ok(stdout.flush()?)
}

/// Connects and sends a request. It uses HTTP/1.0, so that the response has no chunks and its
/// body ends with the connection.
fn transmit(endpoint: &Endpoint, request: &Request) -> Result<TcpStream, TransportFailure> {
    let mut stream = TcpStream::connect((endpoint.host(), endpoint.port()))
        .map_err(|error| TransportFailure::NotSent(Cause::of(&error)))?;
    let mut bytes = format!(
        "{} {} HTTP/1.0\r\nhost: {}\r\ncontent-length: {}\r\n",
        request.method(),
        request.target(),
        request.host(),
        request.body().len()
    )
    .into_bytes();
    for (name, value) in request.headers() {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend([b"\r\n", &request.body()[..]].concat());
    stream
        .write_all(&bytes)
        .map_err(|error| TransportFailure::Interrupted(Cause::of(&error)))?;
    Ok(stream)
}

/// A parser for the head of a response that may come in pieces.
#[derive(Default)]
struct AnswerHead {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl AnswerHead {
    /// Takes bytes of the response. Returns the head when it is complete, and the bytes of the
    /// body.
    fn take(&mut self, read: &[u8]) -> Result<(Option<Head>, Vec<u8>), TransportFailure> {
        if self.is_whole {
            return Ok((None, read.to_vec()));
        }
        self.bytes.extend_from_slice(read);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        match parsed.parse(&self.bytes) {
            Ok(httparse::Status::Complete(len)) => {
                let mut head = Head::new(parsed.code.unwrap_or_default());
                for header in parsed.headers {
                    head.header(header.name, header.value);
                }
                let body = self.bytes.split_off(len);
                self.is_whole = true;
                Ok((Some(head), body))
            }
            Ok(httparse::Status::Partial) if self.bytes.len() < 64 * 1024 => Ok((None, Vec::new())),
            _ => Err(TransportFailure::Interrupted(Cause::from("no head"))),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
