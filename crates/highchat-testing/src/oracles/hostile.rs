//! A driver and a service that act on arbitrary bytes, with checks of what must hold in any
//! case. The fuzz target `embed` and a property test use it.

use core::time::Duration;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, ConversationId, Credentials, Endpoint, Message, Rating, Saved, State, Update,
};

/// Pieces of valid answers, which reach further into the parser than arbitrary bytes.
const PIECES: [&str; 24] = [
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n",
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
    "HTTP/1.1 429 Slow\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 204 None\r\n\r\n",
    "HTTP/1.1 500 Oops\r\n",
    "transfer-encoding: chunked\r\n\r\n",
    "content-length: 10\r\n\r\n",
    "content-length: 43\r\n\r\n{\"state\":\"human\",\"messages\":[],\"ts\":\"2026\"}",
    "content-length: 41\r\n\r\n{\"state\":\"bot\",\"messages\":[],\"ts\":\"2026\"}",
    "connection: close\r\n",
    "\r\n",
    "2b\r\nevent: meta\ndata: {\"conversation_id\":\"c1\"}\n\n\r\n",
    "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n",
    "event: delta\ndata: {\"text\":\"a\"}\n\n",
    "event: human\ndata: {\"message\":\"h\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n",
    "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n",
    "0\r\n\r\n",
    "event: error\ndata: {\"message\":\"e\"}\n\n",
];

/// The rest of the input. Its bytes choose the next actions.
struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

struct Driver {
    embed: Embed,
    now: Instant,
    has_one_pipe: bool,
    /// The pipes in the order of their requests, each with whether it is open.
    pipes: Vec<(PipeId, bool)>,
    newest: Option<PipeId>,
    /// The pipes to which something was written.
    used: Vec<PipeId>,
    /// Whether bytes of the message were written since it was last delayed.
    message_left: bool,
    sent: usize,
    ended: usize,
}

/// Plays a conversation with the actions that `data` chooses, and then lets it end.
///
/// # Panics
///
/// A check fails.
pub fn drive(data: &[u8]) {
    let mut tape = Tape(data);
    let credentials = Credentials::key("hc_secret").expect("a key");
    let endpoint = Endpoint::new("https://chat.example", credentials).expect("a base URL");
    let kind = tape.next();
    let has_one_pipe = kind % 2 == 0;
    let mut embed = if kind % 4 < 2 {
        Embed::new(endpoint, seeded())
    } else {
        // A conversation in a handoff, which polls at once.
        let id = ConversationId::new("c1").expect("an id");
        let saved = Saved::new(id).with_state(State::Human);
        Embed::resume(endpoint, seeded(), saved, Instant::ORIGIN)
    };
    if has_one_pipe {
        embed = embed.with_one_pipe();
    }
    let mut driver = Driver {
        embed,
        now: Instant::ORIGIN,
        has_one_pipe,
        pipes: Vec::new(),
        newest: None,
        used: Vec::new(),
        message_left: false,
        sent: 0,
        ended: 0,
    };
    driver.send();
    while !tape.0.is_empty() {
        driver.drain(&mut tape);
        driver.step(&mut tape);
    }
    driver.finish();
}

impl Driver {
    fn send(&mut self) {
        let message = Message::new("Բարև").expect("a short text");
        if self.embed.send(message, self.now).is_ok() {
            self.sent += 1;
            self.message_left = false;
        }
    }

    /// Does every pending output in the way that the tape chooses. Returns the next deadline.
    fn drain(&mut self, tape: &mut Tape<'_>) -> Option<Instant> {
        loop {
            match self.embed.poll_output() {
                Output::Open(pipe) => self.open(pipe, tape),
                Output::Write(pipe) => self.write(pipe, tape),
                Output::Close(pipe) => {
                    let before = self.pipes.len();
                    self.pipes.retain(|(id, _)| *id != pipe);
                    assert!(
                        self.pipes.len() < before,
                        "a pipe was closed that is not open"
                    );
                    assert_eq!(self.embed.bytes(pipe), b"");
                }
                Output::Update => self.look(),
                Output::Wait(when) => return when,
            }
        }
    }

    fn open(&mut self, pipe: PipeId, tape: &mut Tape<'_>) {
        assert!(self.newest < Some(pipe), "a pipe id was used twice");
        assert!(!self.has_one_pipe || self.pipes.is_empty(), "one pipe");
        assert!(self.pipes.len() < 8, "too many pipes");
        self.newest = Some(pipe);
        match tape.next() % 8 {
            0 => self.embed.handle_failure(pipe, "lost", self.now),
            // It opens later or never.
            1 => self.pipes.push((pipe, false)),
            _ => {
                self.pipes.push((pipe, true));
                self.embed.handle_opened(pipe, self.now);
            }
        }
    }

    fn write(&mut self, pipe: PipeId, tape: &mut Tape<'_>) {
        assert!(self.pipes.contains(&(pipe, true)), "it is open");
        let bytes = self.embed.bytes(pipe);
        assert!(!bytes.is_empty(), "there is nothing to write");
        let len = match tape.next() {
            byte @ 1..=63 => bytes.len().min(byte.into()),
            // The pipe is full and accepts nothing now.
            64..=71 => 0,
            _ => bytes.len(),
        };
        let is_message = bytes.starts_with(b"POST /v1/chat ");
        assert!(
            !is_message || !self.used.contains(&pipe),
            "a message on a pipe that was used before"
        );
        if len > 0 {
            self.used.push(pipe);
        }
        self.message_left |= len > 0 && is_message;
        self.embed.handle_written(pipe, len, self.now);
    }

    fn look(&mut self) {
        match self.embed.update().expect("it was announced") {
            Update::TurnEnded { .. } => self.ended += 1,
            Update::Delayed {
                what: Delayed::Message,
                reason,
                ..
            } => {
                let was_refused = matches!(reason, DelayReason::RateLimited);
                assert!(
                    was_refused || !self.message_left,
                    "a message is sent again that the service may have accepted"
                );
                self.message_left = false;
            }
            _ => {}
        }
        assert!(self.ended <= self.sent, "a turn ended twice");
    }

    fn step(&mut self, tape: &mut Tape<'_>) {
        let op = tape.next();
        let count = self.pipes.len().max(1);
        let pipe = self.pipes.get(usize::from(op / 16) % count).copied();
        let now = self.now;
        match (op % 16, pipe) {
            (0..=5, Some((pipe, _))) => {
                let piece = PIECES[usize::from(tape.next()) % PIECES.len()];
                self.embed.handle_read(pipe, piece.as_bytes(), now);
            }
            (6..=8, Some((pipe, _))) => {
                let len = tape.next();
                self.embed.handle_read(pipe, tape.take(len.into()), now);
            }
            (9, Some((pipe, _))) => {
                self.pipes.retain(|(id, _)| *id != pipe);
                self.embed.handle_end(pipe, now);
            }
            (10, Some((pipe, _))) => {
                self.pipes.retain(|(id, _)| *id != pipe);
                self.embed.handle_failure(pipe, "lost", now);
            }
            (11, Some((pipe, _))) => {
                if let Some(found) = self.pipes.iter_mut().find(|(id, _)| *id == pipe) {
                    found.1 = true;
                }
                self.embed.handle_opened(pipe, now);
                // The pipe accepts bytes again.
                if !self.embed.bytes(pipe).is_empty() {
                    self.write(pipe, tape);
                }
            }
            (12, _) => self.send(),
            (13, _) => match tape.next() % 4 {
                0 => self.embed.cancel(now),
                1 => self.embed.commands(now).check_now(),
                2 => self.embed.handle_return(now),
                _ => drop(self.embed.commands(now).rate(Rating::Up, None)),
            },
            (14, _) => {
                let later = Duration::from_millis(u64::from(tape.next()) * 50);
                self.pass(now + later, tape);
            }
            (_, _) => {
                if let Some(due) = self.drain(tape) {
                    self.pass(due, tape);
                }
            }
        }
    }

    fn pass(&mut self, until: Instant, tape: &mut Tape<'_>) {
        self.now = self.now.max(until);
        self.embed.handle_timeout(self.now);
        if let Some(when) = self.drain(tape) {
            assert!(when > self.now, "the deadline is over: a busy loop");
        }
    }

    /// Stops the service. Every turn must then end.
    fn finish(&mut self) {
        let mut silent = Tape(&[]);
        for _ in 0..200 {
            match self.drain(&mut silent) {
                Some(due) if self.embed.conversation().turn_in_progress() => {
                    self.pass(due, &mut silent);
                }
                _ => break,
            }
        }
        assert_eq!(self.ended, self.sent, "a turn without an end");
        if self.drain(&mut silent).is_none() {
            assert_eq!(self.pipes, [], "a pipe is open, but there is no deadline");
        }
    }
}

/// The default configuration with a fixed seed, so that each run is the same.
fn seeded() -> Config {
    let mut config = Config::default();
    config.seed = Some(0);
    config
}
