//! Whole lives of conversations through the C interface, over simulated pipes, in virtual time.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use highchat_capi::{OutputKind, Status};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Endpoint, Message, Rating, Saved};
use highchat_testing::life::Life;
use highchat_testing::net::http1::{self, Encoder};
use highchat_testing::world::World;
use highchat_testing::world::client::{Client, Said};
use highchat_testing::world::play::{endpoint, play_to};
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::step::Step;

mod support;
use support::{Raw, bytes, deadline};

/// The time limit of a life, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_promises_hold_over_several_pipes() {
    lives("C", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, false)
    });
}

#[test]
fn the_promises_hold_over_one_pipe() {
    lives("C with one pipe", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, true)
    });
}

fn play(life: &Life, tells: bool, has_one_pipe: bool) -> Played {
    let world = World::new(life, tells);
    let (endpoint, config) = (endpoint(), Arc::new(world.config()));
    let mut piped = Piped {
        raw: Raw::new(&endpoint, &config, has_one_pipe, None, Instant::ORIGIN),
        endpoint,
        config,
        has_one_pipe,
        rng: Rng::with_seed(life.seed),
        exchanges: 0,
        pipes: BTreeMap::new(),
    };
    play_to(&mut piped, world)
}

/// The service's end of a pipe.
#[derive(Default)]
struct Pipe {
    /// The received part of a request.
    asked: Vec<u8>,
    /// The exchange whose answer is under way, and the encoder of the answer.
    answer: Option<(u64, Encoder)>,
    was_used: bool,
}

/// A conversation of the C interface and its pipes.
struct Piped {
    raw: Raw,
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
    has_one_pipe: bool,
    rng: Rng,
    /// The number of exchanges so far.
    exchanges: u64,
    pipes: BTreeMap<u64, Pipe>,
}

impl Piped {
    /// Takes some of the bytes to write. Returns the request when it is complete.
    fn write(&mut self, id: u64, to_write: &[u8], now: Instant) -> Option<http1::Request> {
        let len = match self.rng.u8(..4) {
            0 => self.rng.usize(1..=to_write.len()),
            _ => to_write.len(),
        };
        let pipe = self.pipes.get_mut(&id).expect("a pipe that is open");
        pipe.asked.extend_from_slice(&to_write[..len]);
        self.raw.handle_written(id, len, now);
        http1::take_request(&mut pipe.asked)
    }
}

impl Client for Piped {
    type Conversation = Raw;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        self.raw.send(&message, now).is_ok()
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        self.raw.rate(rating, None, now) == Status::Ok
    }

    fn cancel(&mut self, now: Instant) {
        self.raw.cancel(now);
    }

    fn conversation(&self) -> &Raw {
        &self.raw
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        self.raw = Raw::new(&self.endpoint, &self.config, self.has_one_pipe, saved, now);
        self.pipes.clear();
    }

    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        loop {
            let output = self.raw.poll();
            let id = output.pipe;
            match output.kind {
                OutputKind::Open => {
                    assert!(!self.has_one_pipe || self.pipes.is_empty(), "a second pipe");
                    if hear(Said::Connect) {
                        self.pipes.insert(id, Pipe::default());
                        self.raw.handle_opened(id, now);
                    } else {
                        self.raw.handle_failure(id, "nobody listens", now);
                    }
                }
                OutputKind::Write => {
                    // SAFETY: they are valid until the next call.
                    #[expect(unsafe_code, reason = "the library returns a pointer")]
                    let to_write = unsafe { bytes(output.bytes.ptr, output.bytes.len) };
                    let to_write = to_write.expect("bytes to write").to_vec();
                    let is_stale = self.pipes[&id].was_used && self.rng.u8(..8) == 0;
                    if is_stale {
                        self.pipes.remove(&id);
                        self.raw.handle_end(id, now);
                    } else if let Some(request) = self.write(id, &to_write, now) {
                        let number = self.exchanges;
                        self.exchanges += 1;
                        let pipe = self.pipes.get_mut(&id).expect("it was written to");
                        pipe.was_used = true;
                        pipe.answer = Some((number, Encoder::draw(&mut self.rng)));
                        hear(Said::Request(number, &request.target, &request.body));
                    }
                }
                OutputKind::Close => {
                    // The service may have closed it already.
                    let answer = self.pipes.remove(&id).and_then(|pipe| pipe.answer);
                    if let Some((number, _)) = answer {
                        hear(Said::Abort(number));
                    }
                }
                OutputKind::Update => {
                    let update = self.raw.update();
                    hear(Said::Update(update));
                }
                OutputKind::Wait => return deadline(&output),
            }
        }
    }

    fn handle(&mut self, exchange: u64, step: &Step, now: Instant) {
        let found = self.pipes.iter_mut().find_map(|(id, pipe)| {
            let (number, encoder) = pipe.answer?;
            (number == exchange).then_some((*id, pipe, encoder))
        });
        let Some((id, pipe, encoder)) = found else {
            return;
        };
        let is_over = matches!(step, Step::End | Step::Lost | Step::NotSent);
        if is_over {
            pipe.answer = None;
        }
        let bytes = encoder.encode(step);
        for piece in http1::pieces(&mut self.rng, &bytes) {
            self.raw.handle_read(id, piece, now);
        }
        match step {
            Step::End if encoder.closes() => {
                self.pipes.remove(&id);
                self.raw.handle_end(id, now);
            }
            Step::Lost | Step::NotSent => {
                self.pipes.remove(&id);
                self.raw.handle_failure(id, "it was reset", now);
            }
            Step::End | Step::Head(_) | Step::Body(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.raw.handle_timeout(now);
    }
}
