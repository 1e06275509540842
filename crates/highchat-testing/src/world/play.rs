//! Plays a life to a client in virtual time.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BinaryHeap;
use std::sync::{Arc, OnceLock};

use highchat_proto::time::Instant;
use highchat_proto::{Credentials, Endpoint, Saved};

use crate::life::{Life, Restart};
use crate::standing::Standing;
use crate::world::client::{Alone, Client, Said};
use crate::world::step::Step;
use crate::world::{Asked, Command, Finding, World};

/// Plays a life to the protocol without an adapter.
///
/// # Errors
///
/// The first error of the client.
pub fn play(life: &Life) -> Result<(), Finding> {
    let world = World::new(life, false);
    let mut client = Alone::new(endpoint(), world.config());
    play_to(&mut client, world).0
}

/// Plays a life to the protocol without an adapter. Returns the story.
#[must_use]
pub fn story(life: &Life) -> Vec<String> {
    let world = World::new(life, true);
    let mut client = Alone::new(endpoint(), world.config());
    play_to(&mut client, world).1
}

/// The endpoint of the service of every life.
#[must_use]
pub fn endpoint() -> Arc<Endpoint> {
    static ENDPOINT: OnceLock<Arc<Endpoint>> = OnceLock::new();
    let endpoint = ENDPOINT.get_or_init(|| {
        let endpoint =
            Credentials::slug("demo").map(|slug| Endpoint::new("http://localhost", slug));
        Arc::new(endpoint.expect("a slug").expect("a base URL"))
    });
    Arc::clone(endpoint)
}

/// A step that is on its way: its time, its order among steps of the same time, and its
/// exchange.
#[derive(Debug, PartialEq, Eq)]
struct Coming {
    at: u64,
    order: u64,
    exchange: u64,
    step: Step,
    is_last: bool,
}

impl Ord for Coming {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Coming {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Plays a life to any client. Returns the judgement, and the story if it is kept.
pub fn play_to(client: &mut impl Client, mut world: World) -> (Result<(), Finding>, Vec<String>) {
    let mut coming = BinaryHeap::new();
    let mut order = 0;
    let mut now = 0;
    loop {
        let when = client.drain(instant(now), &mut |said| match said {
            Said::Connect => world.connect(now),
            Said::Request(exchange, target, body) => {
                let steps = world.request(exchange, &Asked { target, body }, now);
                let last = steps.len();
                for (n, (at, step)) in steps.into_iter().enumerate() {
                    order += 1;
                    coming.push(Reverse(Coming {
                        at: at.max(now),
                        order,
                        exchange,
                        step,
                        is_last: n + 1 == last,
                    }));
                }
                true
            }
            Said::Abort(exchange) => {
                world.aborted(exchange);
                true
            }
            Said::Update(update) => {
                world.update(&update, now);
                true
            }
        });
        let conversation = client.conversation();
        world.look(
            conversation.is_polling(),
            conversation.turn_in_progress(),
            now,
        );
        world.step(now);
        if world.is_over(conversation.is_polling()) {
            break;
        }
        let due = when.map(|when| {
            let due = when.since_origin();
            u64::try_from(due.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
        });
        let act = world.next_act();
        let step = coming.peek().map(|Reverse(coming)| coming.at);
        let Some(next) = [due, act, step].into_iter().flatten().min() else {
            world.find(
                now,
                "the client waits for nothing, and the life is not over",
            );
            break;
        };
        now = now.max(next);
        if step.is_some_and(|at| at <= now) {
            if let Some(Reverse(coming)) = coming.pop() {
                client.handle(coming.exchange, &coming.step, instant(now));
                if coming.is_last {
                    world.delivered(coming.exchange);
                }
            }
        } else if act.is_some_and(|at| at <= now) {
            let command = world.act(now);
            execute(client, &mut world, &command, now);
        } else {
            client.handle_timeout(instant(now));
        }
    }
    let story = world.story().to_vec();
    let judged = world.judge(now);
    (judged, story)
}

fn execute(client: &mut impl Client, world: &mut World, command: &Command, now: u64) {
    let at = instant(now);
    match command {
        Command::Send(message) => {
            if !client.send(message.clone(), at) {
                world.refused(now, command);
            }
        }
        Command::Cancel => {
            world.tell(now, || "user: cancels".into());
            client.cancel(at);
        }
        Command::Rate(rating) => {
            world.tell(now, || format!("user: rates {rating:?}"));
            if client.rate(*rating, at) {
                world.rates();
            }
        }
        Command::Restart(restart) => {
            let conversation = client.conversation();
            let (saved, len) = kept(*restart, conversation.save());
            client.resume(saved, at);
            world.restarted(*restart, len, now);
        }
        Command::Nothing => {}
    }
}

/// What a program continues with after a restart, from everything that it could save, and
/// the number of bytes of its saved text.
///
/// # Panics
///
/// The saved text cannot be read again.
#[must_use]
pub fn kept(restart: Restart, saved: Saved) -> (Option<Saved>, usize) {
    match restart {
        Restart::Saved => {
            let text = saved.to_json();
            let read = Saved::from_json(&text).expect("what was written");
            (Some(read), text.len())
        }
        Restart::ById => (saved.conversation_id().cloned().map(Saved::new), 0),
    }
}

fn instant(at: u64) -> Instant {
    Instant::from_origin(Duration::from_millis(at))
}
