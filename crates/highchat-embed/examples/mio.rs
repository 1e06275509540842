//! Many conversations on one thread, over the non-blocking sockets of mio.
//!
//! It sends the arguments as a message in `HIGHCHAT_COUNT` conversations (default: 100) and
//! prints the reply in the first one. At the end it reports how many conversations succeeded
//! and how much memory each took. It reads the credentials from `HIGHCHAT_KEY` or
//! `HIGHCHAT_SLUG`, and the URL of the service from `HIGHCHAT_BASE_URL`: an `http://` URL of
//! this machine, because this example has no TLS.

use core::net::SocketAddr;
use std::collections::HashMap;
use std::io::{self, Read, Sink, Write};
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Endpoint, Message};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

pub(crate) mod support;
use support::{Clock, Screen, is_timeout};

fn main() -> ExitCode {
    support::run(false, |endpoint, message, screen| {
        let count = env::var("HIGHCHAT_COUNT").ok();
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(100);
        let before = memory("VmRSS:");
        let good = talk(endpoint, &message, count, screen)?;
        eprintln!("{good} of {count} conversations succeeded");
        if let (Some(before), Some(peak)) = (before, memory("VmHWM:")) {
            let each = peak.saturating_sub(before) / count.max(1);
            eprintln!("at most {each} bytes of memory per conversation");
        }
        Ok(())
    })
}

/// Sends the message in `count` conversations and shows the first one. Returns how many
/// succeeded.
pub(crate) fn talk(
    endpoint: Endpoint,
    message: &Message,
    count: usize,
    screen: &mut Screen<impl Write>,
) -> io::Result<usize> {
    let mut addresses = (endpoint.host(), endpoint.port()).to_socket_addrs()?;
    let (endpoint, config) = (Arc::new(endpoint), Arc::new(Config::default()));
    let mut crowd = Crowd {
        clock: Clock::start(),
        poll: Poll::new()?,
        address: addresses.next().ok_or(io::ErrorKind::NotFound)?,
        talks: Vec::new(),
        lines: HashMap::new(),
        next: Token(0),
    };
    for owner in 0..count {
        let mut embed = Embed::new(Arc::clone(&endpoint), Arc::clone(&config));
        let sent = embed.send(message.clone(), crowd.clock.now());
        sent.map_err(io::Error::other)?;
        crowd.talks.push(Talk {
            embed,
            due: None,
            screen: Screen::new(io::sink()),
        });
        crowd.drain(owner, screen)?;
    }
    crowd.run(screen)?;
    let others = crowd.talks.iter().skip(1).map(|talk| talk.screen.status);
    let good = others.chain([screen.status]).filter(|status| *status == 0);
    Ok(good.count())
}

/// One of the conversations, the time until which it waits, and its output.
struct Talk {
    embed: Embed,
    due: Option<Instant>,
    screen: Screen<Sink>,
}

/// A socket of one of the conversations.
struct Line {
    owner: usize,
    pipe: PipeId,
    stream: TcpStream,
    is_open: bool,
}

struct Crowd {
    clock: Clock,
    poll: Poll,
    address: SocketAddr,
    talks: Vec<Talk>,
    lines: HashMap<Token, Line>,
    next: Token,
}

impl Crowd {
    fn run(&mut self, screen: &mut Screen<impl Write>) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        while let Some(due) = self.talks.iter().filter_map(|talk| talk.due).min() {
            let wait = Some(self.clock.until(due));
            match self.poll.poll(&mut events, wait) {
                Err(error) if is_timeout(&error) => continue,
                polled => polled?,
            }
            for event in &events {
                if let Some(owner) = self.handle(event.token()) {
                    self.drain(owner, screen)?;
                }
            }
            let now = self.clock.now();
            for owner in 0..self.talks.len() {
                let talk = &mut self.talks[owner];
                if talk.due.is_some_and(|due| due <= now) {
                    talk.embed.handle_timeout(now);
                    self.drain(owner, screen)?;
                }
            }
        }
        Ok(())
    }

    /// Reads and writes a socket that may be ready. Returns the conversation that owns it.
    fn handle(&mut self, token: Token) -> Option<usize> {
        let line = self.lines.get_mut(&token)?;
        let (owner, pipe) = (line.owner, line.pipe);
        let embed = &mut self.talks[owner].embed;
        match line.advance(embed, self.clock) {
            Ok(true) => {}
            Ok(false) => {
                self.lines.remove(&token);
                embed.handle_end(pipe, self.clock.now());
            }
            Err(error) => {
                self.lines.remove(&token);
                embed.handle_failure(pipe, Cause::of(&error), self.clock.now());
            }
        }
        Some(owner)
    }

    /// Does everything that a conversation asks for, until it waits.
    fn drain(&mut self, owner: usize, screen: &mut Screen<impl Write>) -> io::Result<()> {
        loop {
            let talk = &mut self.talks[owner];
            match talk.embed.poll_output() {
                Output::Open(pipe) => {
                    let opened = self.open(owner, pipe);
                    self.lose_where_failed(owner, pipe, &opened);
                }
                Output::Write(pipe) => {
                    let is_meant = |line: &&mut Line| line.owner == owner && line.pipe == pipe;
                    if let Some(line) = self.lines.values_mut().find(is_meant) {
                        let written = line.write(&mut talk.embed, self.clock);
                        self.lose_where_failed(owner, pipe, &written);
                    }
                }
                Output::Close(pipe) => self.close(owner, pipe),
                Output::Update => match talk.embed.update() {
                    Some(update) if owner == 0 => screen.show(&update)?,
                    Some(update) => talk.screen.show(&update)?,
                    None => {}
                },
                Output::Wait(when) => {
                    talk.due = when;
                    return Ok(());
                }
            }
        }
    }

    fn close(&mut self, owner: usize, pipe: PipeId) {
        let is_other = |line: &Line| line.owner != owner || line.pipe != pipe;
        self.lines.retain(|_, line| is_other(line));
    }

    fn lose_where_failed(&mut self, owner: usize, pipe: PipeId, done: &io::Result<()>) {
        if let Err(error) = done {
            self.close(owner, pipe);
            let (cause, now) = (Cause::of(error), self.clock.now());
            self.talks[owner].embed.handle_failure(pipe, cause, now);
        }
    }

    fn open(&mut self, owner: usize, pipe: PipeId) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        let token = self.next;
        self.next = Token(token.0 + 1);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, token, interest)?;
        let line = Line {
            owner,
            pipe,
            stream,
            is_open: false,
        };
        self.lines.insert(token, line);
        Ok(())
    }
}

impl Line {
    /// Reads and writes as much as possible. Returns `false` if the service closed the
    /// connection.
    fn advance(&mut self, embed: &mut Embed, clock: Clock) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        if !self.is_open {
            match self.stream.peer_addr() {
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(true),
                address => address?,
            };
            self.is_open = true;
            embed.handle_opened(self.pipe, clock.now());
        }
        self.write(embed, clock)?;
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(len) => embed.handle_read(self.pipe, &buffer[..len], clock.now()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes as many of the announced bytes as the socket takes.
    fn write(&mut self, embed: &mut Embed, clock: Clock) -> io::Result<()> {
        while !embed.bytes(self.pipe).is_empty() {
            match self.stream.write(embed.bytes(self.pipe)) {
                Ok(len) => embed.handle_written(self.pipe, len, clock.now()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A memory figure of this process, in bytes, as Linux reports it. Returns `None` on other
/// systems.
fn memory(name: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
