//! A conversation over pipes in memory and in virtual time. A script plays the service, and a
//! log records everything that happens.
#![allow(dead_code, unused_imports, reason = "no test needs all of it")]

use core::fmt::{self, Write};
use core::time::Duration;
use std::collections::VecDeque;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Credentials, Endpoint, Message};
pub(crate) use highchat_testing::trials::in_short;
pub(crate) use highchat_testing::trials::words::*;

pub(crate) const KEY: &str = "hc_very_secret";

/// An answer in chunks of one length.
pub(crate) fn chunked(headers: &str, body: &str, len: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n");
    let mut bytes = head.into_bytes();
    for chunk in body.as_bytes().chunks(len) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend([chunk, b"\r\n"].concat());
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// Longer than any conversation that ends.
const LONG: Duration = Duration::from_secs(86_400);

/// What happens to a pipe after an answer was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Stays,
    Ends,
    Fails,
}

/// What the service does with a request.
#[derive(Clone)]
pub(crate) enum Turn {
    /// Answers when the request is complete.
    Answers(Vec<u8>, Ending),
    /// Cannot be reached; only for a new pipe.
    IsAway,
    /// Never accepts the connection; only for a new pipe.
    IsSilent,
    /// Loses the pipe after this many bytes of the request.
    Hangs(usize),
}

/// Shows bytes as text, for the report of a failed property.
impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(bytes, ending) => {
                write!(f, "{ending:?} after \"{}\"", bytes.escape_ascii())
            }
            Self::IsAway => f.write_str("IsAway"),
            Self::IsSilent => f.write_str("IsSilent"),
            Self::Hangs(at) => write!(f, "Hangs({at})"),
        }
    }
}

pub(crate) fn answers(bytes: impl Into<Vec<u8>>, ending: Ending) -> Turn {
    Turn::Answers(bytes.into(), ending)
}

pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> Turn {
    answers(bytes, Ending::Stays)
}

/// The lengths of the pieces that bytes are cut into, repeated; no cuts if it is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts {
    lens: Vec<usize>,
    next: usize,
}

impl Cuts {
    pub(crate) fn every(len: usize) -> Self {
        Self::of(vec![len])
    }

    pub(crate) fn of(lens: Vec<usize>) -> Self {
        Self { lens, next: 0 }
    }

    fn cut(&mut self, len: usize) -> usize {
        let Some(cut) = self.lens.get(self.next) else {
            return len;
        };
        self.next = (self.next + 1) % self.lens.len();
        (*cut).clamp(1, len)
    }
}

/// The service's end of a pipe.
struct Line {
    id: PipeId,
    received: Vec<u8>,
    to_read: VecDeque<u8>,
    ending: Ending,
}

pub(crate) struct World {
    pub(crate) embed: Embed,
    pub(crate) now: Instant,
    pub(crate) writes: Cuts,
    pub(crate) reads: Cuts,
    script: VecDeque<Turn>,
    lines: Vec<Line>,
    log: String,
    /// Every whole request, byte for byte.
    pub(crate) requests: Vec<Vec<u8>>,
    /// All written bytes of each pipe, in the order in which the pipes were opened.
    pub(crate) written: Vec<(PipeId, Vec<u8>)>,
}

/// The default configuration, with a seed that makes the delays repeatable.
pub(crate) fn seeded() -> Config {
    let mut config = Config::default();
    config.seed = Some(0);
    config
}

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key(KEY).unwrap()).unwrap()
}

impl World {
    pub(crate) fn new(script: impl IntoIterator<Item = Turn>) -> Self {
        let endpoint = endpoint("https://chat.example/prefix");
        Self::over(Embed::new(endpoint, seeded()), script)
    }

    pub(crate) fn over(embed: Embed, script: impl IntoIterator<Item = Turn>) -> Self {
        Self {
            embed,
            now: Instant::ORIGIN,
            writes: Cuts::default(),
            reads: Cuts::default(),
            script: script.into_iter().collect(),
            lines: Vec::new(),
            log: String::new(),
            requests: Vec::new(),
            written: Vec::new(),
        }
    }

    fn say(&mut self, line: &str) {
        let seconds = self.now.since_origin().as_secs_f64();
        writeln!(self.log, "{seconds:5.1} {line}").unwrap();
    }

    pub(crate) fn log(&self) -> String {
        self.log.clone()
    }

    /// Clears the log.
    pub(crate) fn forget(&mut self) {
        self.log.clear();
    }

    /// The log's lines about updates, without their times.
    pub(crate) fn updates(&self) -> Vec<&str> {
        let lines = self.log.lines().map(|line| line[6..].trim());
        lines.filter(|line| !line.starts_with('>')).collect()
    }

    pub(crate) fn open_pipes(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.embed
            .send(Message::new(text).unwrap(), self.now)
            .unwrap();
    }

    /// Runs until nothing more will become due.
    pub(crate) fn run(&mut self) -> &mut Self {
        self.pass(LONG);
        assert_eq!(self.drain(), None, "it goes on and on:\n{}", self.log);
        self
    }

    /// Runs for this time.
    pub(crate) fn pass(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        loop {
            let when = self.drain();
            if self.read() {
                continue;
            }
            let Some(when) = when.filter(|when| *when <= until) else {
                if time < LONG {
                    self.now = until;
                }
                return self;
            };
            assert!(when > self.now, "a busy loop");
            self.now = when;
            self.embed.handle_timeout(self.now);
        }
    }

    /// Handles all outputs. Returns the time of the final `Output::Wait`.
    pub(crate) fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.embed.poll_output() {
                Output::Open(id) => self.open(id),
                Output::Write(id) => self.write(id),
                Output::Close(id) => {
                    self.say(&format!("> close {id}"));
                    self.lines.retain(|line| line.id != id);
                }
                Output::Update => {
                    let line = in_short(&self.embed.update().expect("it was announced"));
                    self.say(&line);
                }
                Output::Wait(when) => return when,
            }
        }
    }

    fn open(&mut self, id: PipeId) {
        self.say(&format!("> open {id}"));
        match self.script.front() {
            Some(Turn::IsSilent) => {
                self.script.pop_front();
            }
            Some(Turn::IsAway) | None => {
                self.script.pop_front();
                self.embed.handle_failure(id, "lost", self.now);
            }
            Some(_) => {
                self.lines.push(Line {
                    id,
                    received: Vec::new(),
                    to_read: VecDeque::new(),
                    ending: Ending::Stays,
                });
                self.written.push((id, Vec::new()));
                self.embed.handle_opened(id, self.now);
            }
        }
    }

    fn write(&mut self, id: PipeId) {
        let bytes = self.embed.bytes(id);
        assert!(!bytes.is_empty(), "announced, but nothing is there");
        let line = self.lines.iter_mut().find(|line| line.id == id);
        let line = line.expect("it is open");
        let cut = self.writes.cut(bytes.len());
        let (mut len, mut is_lost) = (cut, false);
        if let Some(Turn::Hangs(limit)) = self.script.front() {
            len = cut.min(limit - line.received.len());
            is_lost = line.received.len() + len == *limit;
        }
        line.received.extend(&bytes[..len]);
        let written = self.written.iter_mut().find(|(written, _)| *written == id);
        written.unwrap().1.extend(&bytes[..len]);
        self.embed.handle_written(id, len, self.now);
        if is_lost {
            self.script.pop_front();
            self.lines.retain(|line| line.id != id);
            self.say(&format!("> lost {id}"));
            self.embed.handle_failure(id, "lost", self.now);
        } else if let Some(request) = whole_request(&line.received) {
            line.received.drain(..request.len());
            let first = String::from_utf8_lossy(&request);
            let first = first.lines().next().unwrap().to_owned();
            self.requests.push(request);
            if let Some(Turn::Answers(bytes, ending)) = self.script.pop_front() {
                line.to_read.extend(bytes);
                line.ending = ending;
            }
            self.say(&format!("> {id}: {first}"));
        }
    }

    /// Reads a piece from the first pipe that has bytes or an end. Returns `false` if none has.
    fn read(&mut self) -> bool {
        let is_ready = |line: &&mut Line| !line.to_read.is_empty() || line.ending != Ending::Stays;
        let Some(line) = self.lines.iter_mut().find(is_ready) else {
            return false;
        };
        let id = line.id;
        if !line.to_read.is_empty() {
            let len = self.reads.cut(line.to_read.len());
            let piece: Vec<u8> = line.to_read.drain(..len).collect();
            self.embed.handle_read(id, &piece, self.now);
            return true;
        }
        let ending = line.ending;
        self.lines.retain(|line| line.id != id);
        match ending {
            Ending::Fails => self.embed.handle_failure(id, "lost", self.now),
            Ending::Ends | Ending::Stays => self.embed.handle_end(id, self.now),
        }
        true
    }
}

fn whole_request(received: &[u8]) -> Option<Vec<u8>> {
    let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&received[..head]).into_owned();
    let len = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        (name == "content-length").then(|| value.parse::<usize>().unwrap())
    });
    received
        .get(..head + len.unwrap_or_default())
        .map(<[u8]>::to_vec)
}
