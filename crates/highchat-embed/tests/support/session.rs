//! A conversation over one blocking socket at a time, for tests that do something in the
//! middle of it.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Instant as Moment;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::config::Config;
use highchat_proto::conversation::{TurnEnd, Update};
use highchat_proto::message::Message;
use highchat_proto::saved::Saved;
use highchat_proto::time::Instant;

use crate::support::{endpoint, word};

pub(crate) struct Session {
    pub(crate) embed: Embed,
    start: Moment,
    live: Option<(PipeId, TcpStream)>,
}

/// Short waits, where waiting is not what is tested.
fn config() -> Config {
    let mut config = Config::default();
    config.poll_interval = Duration::from_millis(50);
    config.recovery_delays = [Duration::from_millis(10); 4];
    config.not_sent_delays = [Duration::from_millis(10); 2];
    config
}

impl Session {
    pub(crate) fn new(base_url: &str) -> Self {
        Self::over(Embed::new(endpoint(base_url), config()))
    }

    pub(crate) fn resume(base_url: &str, saved: Saved) -> Self {
        let now = Instant::ORIGIN;
        Self::over(Embed::resume(endpoint(base_url), config(), saved, now))
    }

    pub(crate) fn over(embed: Embed) -> Self {
        Self {
            embed: embed.with_one_pipe(),
            start: Moment::now(),
            live: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin(self.start.elapsed())
    }

    pub(crate) fn send(&mut self, text: &str) {
        let now = self.now();
        self.embed.send(Message::new(text).unwrap(), now).unwrap();
    }

    /// What happens until nothing more does.
    pub(crate) fn run(&mut self) -> Vec<String> {
        let mut log = Vec::new();
        while self.step() {
            log.extend(self.embed.update().as_ref().map(word));
        }
        log
    }

    /// Sends a message: the text that came of it, and how the turn ended.
    pub(crate) fn turn(&mut self, text: &str) -> (String, TurnEnd) {
        self.send(text);
        let mut reply = String::new();
        while self.step() {
            match self.embed.update() {
                Some(Update::Delta { text }) => reply.push_str(text),
                Some(Update::TurnEnded { end, .. }) => return (reply, end.clone()),
                _ => {}
            }
        }
        panic!("the turn did not end")
    }

    /// Does one thing; `false`: nothing is left to be waited for.
    pub(crate) fn step(&mut self) -> bool {
        let output = self.embed.poll_output();
        let now = self.now();
        match output {
            Output::Open(pipe) => {
                assert!(self.live.is_none(), "one at a time");
                let at = (self.embed.endpoint().host(), self.embed.endpoint().port());
                match TcpStream::connect(at) {
                    Ok(stream) => {
                        self.live = Some((pipe, stream));
                        self.embed.handle_opened(pipe, now);
                    }
                    Err(_) => self.embed.handle_failure(pipe, now),
                }
            }
            Output::Write(pipe) => {
                let (_, stream) = self.live.as_mut().expect("it is open");
                match stream.write(self.embed.bytes(pipe)) {
                    Ok(len) => self.embed.handle_written(pipe, len, now),
                    Err(_) => {
                        self.live = None;
                        self.embed.handle_failure(pipe, now);
                    }
                }
            }
            Output::Close(_) => self.live = None,
            Output::Wait(None) => return false,
            Output::Wait(Some(when)) => self.wait(when),
            _ => {}
        }
        true
    }

    fn wait(&mut self, when: Instant) {
        let wait = when.saturating_duration_since(self.now());
        let wait = wait.max(Duration::from_millis(1));
        if let Some((pipe, stream)) = &mut self.live {
            let pipe = *pipe;
            let mut buffer = [0; 1024];
            stream.set_read_timeout(Some(wait)).unwrap();
            let read = stream.read(&mut buffer);
            let now = self.now();
            match read {
                Ok(0) => {
                    self.live = None;
                    self.embed.handle_end(pipe, now);
                }
                Ok(len) => self.embed.handle_read(pipe, &buffer[..len], now),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => {
                    self.live = None;
                    self.embed.handle_failure(pipe, now);
                }
            }
        } else {
            sleep(wait);
        }
        let now = self.now();
        self.embed.handle_timeout(now);
    }
}
