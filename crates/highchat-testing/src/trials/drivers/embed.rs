//! A session of the crate highchat-embed over one blocking socket at a time. Tests can act
//! between its steps.

use core::hash::BuildHasher;
use core::time::Duration;
use std::hash::RandomState;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Instant as Moment;

use crate::trials::{Ask, Driver, Status};
use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::session::Collector;
use highchat_proto::time::Instant;
use highchat_proto::{Answered, AskError, Config, Endpoint, Message, Rating, Saved, Update};

/// An [`Embed`] and its socket.
pub struct EmbedSession {
    /// The conversation.
    pub embed: Embed,
    start: Moment,
    live: Option<(PipeId, TcpStream)>,
}

impl Driver for EmbedSession {
    fn send(&mut self, message: Message) {
        let now = self.now();
        self.embed.send(message, now).unwrap();
    }

    fn cancel(&mut self) {
        let now = self.now();
        self.embed.cancel(now);
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let now = self.now();
        self.embed
            .commands(now)
            .rate(rating, Some(comment.into()))
            .unwrap();
    }

    fn next(&mut self) -> Option<Update<'static>> {
        while self.step() {
            if let Some(update) = self.embed.update() {
                return Some(update.into_owned());
            }
        }
        None
    }

    fn status(&self) -> Status {
        self.embed.conversation().into()
    }

    fn save(&self) -> Saved {
        self.embed.conversation().save()
    }
}

impl Ask for EmbedSession {
    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let now = self.now();
        let mut collector = Collector::new(self.embed.send(message, now)?);
        loop {
            let update = Driver::next(self).expect("the turn ends");
            if let Some(answered) = collector.handle_update(&update) {
                return answered;
            }
        }
    }
}

impl EmbedSession {
    /// Opens a session, new or saved.
    #[must_use]
    pub fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let embed = match saved {
            None => Embed::new(endpoint, config),
            Some(saved) => Embed::resume(endpoint, config, saved, Instant::ORIGIN),
        };
        // Without the feature `std`, the seed comes from the driver.
        let seed = RandomState::new().hash_one(0);
        Self {
            embed: embed.with_one_pipe().with_seed(seed),
            start: Moment::now(),
            live: None,
        }
    }

    /// The time since the session began.
    pub fn now(&self) -> Instant {
        Instant::from_origin(self.start.elapsed())
    }

    /// Does one step. Returns `false` if there is nothing to wait for.
    pub fn step(&mut self) -> bool {
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
                    Err(error) => self.embed.handle_failure(pipe, Cause::of(&error), now),
                }
            }
            Output::Write(pipe) => {
                let (_, stream) = self.live.as_mut().expect("it is open");
                match stream.write(self.embed.bytes(pipe)) {
                    Ok(len) => self.embed.handle_written(pipe, len, now),
                    Err(error) => {
                        self.live = None;
                        self.embed.handle_failure(pipe, Cause::of(&error), now);
                    }
                }
            }
            Output::Close(_) => self.live = None,
            Output::Wait(None) => return false,
            Output::Wait(Some(when)) => self.wait(when),
            Output::Update => {}
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
                Err(error) => {
                    self.live = None;
                    self.embed.handle_failure(pipe, Cause::of(&error), now);
                }
            }
        } else {
            sleep(wait);
        }
        let now = self.now();
        self.embed.handle_timeout(now);
    }
}
