//! Whole lives of conversations over simulated pipes, in virtual time.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Endpoint, Message, Rating, Saved};
use highchat_testing::life::Life;
use highchat_testing::net::http1::{self, Encoder};
use highchat_testing::world::World;
use highchat_testing::world::client::{Client, Said};
use highchat_testing::world::play::{endpoint, play_to};
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::step::Step;

/// The time limit of a life, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_promises_hold_over_several_pipes() {
    lives("embed", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, false)
    });
}

#[test]
fn the_promises_hold_over_one_pipe() {
    lives("embed with one pipe", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, true)
    });
}

fn play(life: &Life, tells: bool, has_one_pipe: bool) -> Played {
    let world = World::new(life, tells);
    let (endpoint, config) = (endpoint(), Arc::new(world.config()));
    let embed = Embed::new(Arc::clone(&endpoint), Arc::clone(&config));
    let mut piped = Piped {
        embed: if has_one_pipe {
            embed.with_one_pipe()
        } else {
            embed
        },
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
    /// The pipe leads nowhere: the service does not read what is written to it.
    is_silent: bool,
}

/// An [`Embed`] and its pipes.
struct Piped {
    embed: Embed,
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
    has_one_pipe: bool,
    rng: Rng,
    /// The number of exchanges so far.
    exchanges: u64,
    pipes: BTreeMap<PipeId, Pipe>,
}

impl Piped {
    /// Takes some of the bytes to write. Returns the request when it is complete.
    fn write(&mut self, id: PipeId, now: Instant) -> Option<http1::Request> {
        let bytes = self.embed.bytes(id);
        let len = match self.rng.u8(..4) {
            0 => self.rng.usize(1..=bytes.len()),
            _ => bytes.len(),
        };
        let pipe = self.pipes.get_mut(&id).expect("a pipe that is open");
        pipe.asked.extend_from_slice(&bytes[..len]);
        self.embed.handle_written(id, len, now);
        let request = http1::take_request(&mut pipe.asked);
        request.filter(|_| !pipe.is_silent)
    }

    /// Lets a used pipe go stale or silent, sometimes. Returns whether it is lost.
    fn age(&mut self, id: PipeId, now: Instant) -> bool {
        let pipe = self.pipes.get_mut(&id).expect("a pipe that is open");
        if !pipe.was_used || pipe.is_silent {
            return false;
        }
        match self.rng.u8(..8) {
            0 => {}
            // The service gave up just before the request came.
            1 => self.embed.handle_read(id, b"HTTP/1.1 408 Request Ti", now),
            2 => {
                pipe.is_silent = true;
                return false;
            }
            _ => return false,
        }
        self.pipes.remove(&id);
        self.embed.handle_end(id, now);
        true
    }
}

impl Client for Piped {
    type Conversation = Conversation;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        self.embed.send(message, now).is_ok()
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        self.embed.commands(now).rate(rating, None).is_ok()
    }

    fn cancel(&mut self, now: Instant) {
        self.embed.cancel(now);
    }

    fn conversation(&self) -> &Conversation {
        self.embed.conversation()
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        let (endpoint, config) = (Arc::clone(&self.endpoint), Arc::clone(&self.config));
        let embed = match saved {
            Some(saved) => Embed::resume(endpoint, config, saved, now),
            None => Embed::new(endpoint, config),
        };
        self.embed = if self.has_one_pipe {
            embed.with_one_pipe()
        } else {
            embed
        };
        self.pipes.clear();
    }

    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        loop {
            match self.embed.poll_output() {
                Output::Open(id) => {
                    assert!(!self.has_one_pipe || self.pipes.is_empty(), "a second pipe");
                    if hear(Said::Connect) {
                        self.pipes.insert(id, Pipe::default());
                        self.embed.handle_opened(id, now);
                    } else {
                        self.embed.handle_failure(id, "nobody listens", now);
                    }
                }
                Output::Write(id) => {
                    if self.age(id, now) {
                        continue;
                    }
                    if let Some(request) = self.write(id, now) {
                        let number = self.exchanges;
                        self.exchanges += 1;
                        let pipe = self.pipes.get_mut(&id).expect("it was written to");
                        pipe.was_used = true;
                        pipe.answer = Some((number, Encoder::draw(&mut self.rng)));
                        hear(Said::Request(number, &request.target, &request.body));
                    }
                }
                Output::Close(id) => {
                    // The service may have closed it already.
                    let answer = self.pipes.remove(&id).and_then(|pipe| pipe.answer);
                    if let Some((number, _)) = answer {
                        hear(Said::Abort(number));
                    }
                }
                Output::Update => {
                    if let Some(update) = self.embed.update() {
                        hear(Said::Update(update));
                    }
                }
                Output::Wait(when) => return when,
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
            self.embed.handle_read(id, piece, now);
        }
        match step {
            Step::End if encoder.closes() => {
                self.pipes.remove(&id);
                self.embed.handle_end(id, now);
            }
            Step::Lost | Step::NotSent => {
                self.pipes.remove(&id);
                self.embed.handle_failure(id, "it was reset", now);
            }
            Step::End | Step::Head(_) | Step::Body(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.embed.handle_timeout(now);
    }
}
