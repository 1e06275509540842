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
use highchat_testing::trials::{
    ALIKE, IN_A_THREAD, TRIALS, Talk, converse, converse_by_ask, hold, hold_readings,
};

mod support;
use support::{Raw, bytes, deadline};

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    hold(TRIALS, converse::<Session>);
}

#[test]
fn each_fault_in_a_thread_has_the_outcome_that_the_rules_ask_for() {
    hold(IN_A_THREAD, converse::<Session>);
}

#[test]
fn a_cut_reply_is_never_completed_with_one_that_begins_alike() {
    hold(ALIKE, converse::<Session>);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(converse::<Session>);
}

#[test]
fn asking_has_the_same_outcome_for_each_fault() {
    hold(TRIALS, converse_by_ask::<Session>);
}

highchat_testing::scenarios!(Session);

/// A conversation of the C interface over one blocking socket at a time.
struct Session {
    raw: Raw,
    start: Moment,
    live: Option<(u64, TcpStream)>,
}

impl Talk for Session {
    type Conversation = Raw;

    fn begin(endpoint: Endpoint, config: Config) -> Self {
        Self::over(Raw::new(&endpoint, &config, true, None, Instant::ORIGIN))
    }

    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self {
        Self::over(Raw::new(
            &endpoint,
            &config,
            true,
            Some(saved),
            Instant::ORIGIN,
        ))
    }

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

    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool {
        loop {
            match self.step() {
                Step::Update => {
                    show(&self.raw.update());
                    return true;
                }
                Step::Other => {}
                Step::Over => return false,
            }
        }
    }

    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let now = self.now();
        let sent = self.raw.send(&message, now);
        let mut collector = Collector::new(sent.map_err(|_| AskError::InProgress(message))?);
        loop {
            let mut answered = None;
            let goes_on = Talk::next(self, |update| answered = collector.handle_update(update));
            if let Some(answered) = answered {
                return answered;
            }
            assert!(goes_on, "the turn did not end");
        }
    }

    fn conversation(&self) -> &Raw {
        &self.raw
    }
}

enum Step {
    Update,
    Other,
    Over,
}

impl Session {
    fn over(raw: Raw) -> Self {
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
