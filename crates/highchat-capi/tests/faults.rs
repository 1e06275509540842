//! Each fault of the sandbox, each reading of the API's text, and the scenarios of all adapters,
//! through the C interface.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Instant as Moment;

use highchat_capi::{OutputKind, Status};
use highchat_proto::failure::Cause;
use highchat_proto::session::Collector;
use highchat_proto::time::Instant;
use highchat_proto::{Answered, AskError, Config, Endpoint, Message, Rating, Saved, Update};
use highchat_testing::standing::Standing as _;
use highchat_testing::trials::{self, Ask, Capability, Check, Driver, check_by_ask, status};

mod support;
use support::{Raw, bytes, deadline};

#[test]
fn the_c_interface_is_conformant() {
    Check::new(Session::open)
        .without(Capability::SeveralExchanges)
        .run()
        .assert_conformant();
}

#[test]
fn asking_is_conformant() {
    check_by_ask(Session::open).run().assert_conformant();
}

/// A conversation of the C interface over one blocking socket at a time.
struct Session {
    raw: Raw,
    start: Moment,
    live: Option<(u64, TcpStream)>,
}

impl Driver for Session {
    fn send(&mut self, message: Message) {
        let now = self.now();
        self.raw.send(&message, now).unwrap();
    }

    fn cancel(&mut self) {
        let now = self.now();
        self.raw.cancel(now);
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let now = self.now();
        assert_eq!(self.raw.rate(rating, Some(comment), now), Status::Ok);
    }

    fn next(&mut self) -> Option<Update<'static>> {
        loop {
            match self.step() {
                Step::Update => return Some(self.raw.update().into_owned()),
                Step::Other => {}
                Step::Over => return None,
            }
        }
    }

    fn status(&self) -> trials::Status {
        status(&self.raw)
    }

    fn save(&self) -> Saved {
        self.raw.save()
    }
}

impl Ask for Session {
    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let now = self.now();
        let sent = self.raw.send(&message, now);
        let mut collector = Collector::new(sent.map_err(|_| AskError::InProgress(message))?);
        loop {
            let update = Driver::next(self).expect("the turn ends");
            if let Some(answered) = collector.handle_update(&update) {
                return answered;
            }
        }
    }
}

enum Step {
    Update,
    Other,
    Over,
}

impl Session {
    fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let raw = Raw::new(&endpoint, &config, true, saved, Instant::ORIGIN);
        Self {
            raw,
            start: Moment::now(),
            live: None,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.start.elapsed())
    }

    fn step(&mut self) -> Step {
        let output = self.raw.poll();
        let pipe = output.pipe;
        let now = self.now();
        match output.kind {
            OutputKind::Open => {
                assert!(self.live.is_none(), "one at a time");
                let (host, port) = self.raw.address();
                match TcpStream::connect((host.as_str(), port)) {
                    Ok(stream) => {
                        self.live = Some((pipe, stream));
                        self.raw.handle_opened(pipe, now);
                    }
                    Err(error) => self.fail(pipe, &error),
                }
            }
            OutputKind::Write => {
                let (_, stream) = self.live.as_mut().expect("it is open");
                // SAFETY: they are valid until the next call.
                #[expect(unsafe_code, reason = "the library returns a pointer")]
                let to_write = unsafe { bytes(output.bytes.ptr, output.bytes.len) };
                match stream.write(to_write.expect("bytes to write")) {
                    Ok(len) => self.raw.handle_written(pipe, len, now),
                    Err(error) => self.fail(pipe, &error),
                }
            }
            OutputKind::Close => self.live = None,
            OutputKind::Update => return Step::Update,
            OutputKind::Wait => match deadline(&output) {
                None => return Step::Over,
                Some(when) => self.wait(when),
            },
        }
        Step::Other
    }

    fn fail(&mut self, pipe: u64, error: &std::io::Error) {
        self.live = None;
        let now = self.now();
        self.raw
            .handle_failure(pipe, Cause::of(error).as_str(), now);
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
                    self.raw.handle_end(pipe, now);
                }
                Ok(len) => self.raw.handle_read(pipe, &buffer[..len], now),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => self.fail(pipe, &error),
            }
        } else {
            sleep(wait);
        }
        let now = self.now();
        self.raw.handle_timeout(now);
    }
}
