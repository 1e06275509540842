//! Simulated lives of conversations over loopback sockets, in scaled real time.

use core::time::Duration;
use std::thread;

use highchat_proto::conversation::DelayReason;
use highchat_reqwest::{Client, Credentials, Endpoint, Failure, Session, Update};
use highchat_testing::life::Life;
use highchat_testing::net::loopback::{SCALE, Service, scaled};
use highchat_testing::world::play::kept;
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::{Command, World};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

/// The real time limit of a life, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// The number of lives that run at a time. Most of them are waiting.
const THREADS: usize = 32;
/// The delay after which a thread may notice an event, in ms of a life.
const TOLERANCE: u64 = 100 * SCALE as u64;
/// The longest wait for an update.
const LOOK: Duration = Duration::from_millis(25);
/// The wait for an update while the service reads.
const STEP: Duration = Duration::from_millis(1);
/// The number of waits without an update and without a planned act after which the life counts
/// as stuck.
const MOST_WAITS: u32 = 1_000;

#[test]
fn the_promises_hold_over_sockets() {
    lives("reqwest", 1000, THREADS, PATIENCE, |life, _| {
        Driver::play(life)
    });
}

/// Runs a session and the service, and passes events between them.
struct Driver {
    service: Service,
    client: Client,
    session: Session,
    runtime: Runtime,
}

impl Driver {
    fn play(life: &Life) -> Played {
        // The world always keeps a story: in real time, the next run of the life may differ.
        let world = World::new(life, true).with_tolerance(TOLERANCE);
        let config = scaled(world.config());
        let service = Service::start(world, life.seed).expect("a socket");
        let credentials = Credentials::slug("demo").expect("a slug");
        let endpoint = Endpoint::new(&service.base_url(), credentials).expect("a base URL");
        let client = Client::with_config(endpoint, config);
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let mut driver = Self {
            service,
            session: Session::new(client.clone()),
            client,
            runtime: runtime.expect("a thread"),
        };
        driver.live();
        let now = driver.service.now();
        let mut world = driver.service.world();
        let story = world.story().to_vec();
        // Threads of the service still hold the shared state, so the world is replaced.
        let over = core::mem::replace(&mut *world, World::new(life, false));
        (over.judge(now), story)
    }

    fn live(&mut self) {
        let mut waits = 0;
        loop {
            self.service.follow_reach();
            let act = self.service.world().next_act();
            let wait = act.map_or(LOOK, |act| self.service.until(act).min(LOOK));
            let is_due = act.is_some() && wait.is_zero();
            if is_due {
                // A cancelled request must not reach the service after the next message.
                self.settle();
            }
            // All updates that are ready come first, and then the wait.
            if self.update_within(Duration::ZERO) || self.update_within(wait) {
                waits = 0;
                continue;
            }
            let now = self.service.now();
            let conversation = self.session.conversation();
            let is_polling = conversation.is_polling();
            let mut world = self.service.world();
            world.look(is_polling, conversation.turn_in_progress(), now);
            world.step(now);
            if world.is_over(is_polling) {
                return;
            }
            if waits > MOST_WAITS {
                world.find(now, "nothing more happens, and the life is not over");
                return;
            }
            drop(world);
            if is_due {
                let command = self.service.world().act(now);
                self.obey(&command);
            }
            waits += u32::from(act.is_none());
        }
    }

    /// Waits until the service has read each request, and lets the session write them meanwhile.
    fn settle(&mut self) {
        thread::scope(|scope| {
            let Self {
                service,
                session,
                runtime,
                ..
            } = self;
            let settling = scope.spawn(|| service.settle());
            while !settling.is_finished() {
                update_within(service, session, runtime, STEP);
            }
        });
    }

    fn update_within(&mut self, wait: Duration) -> bool {
        update_within(&self.service, &mut self.session, &self.runtime, wait)
    }

    fn obey(&mut self, command: &Command) {
        let now = self.service.now();
        match command {
            Command::Send(message) => {
                if self.session.send(message.clone()).is_err() {
                    self.service.world().refused(now, command);
                }
            }
            Command::Cancel => {
                self.service.world().tell(now, || "user: cancels".into());
                self.session.cancel();
            }
            Command::Rate(rating) => {
                let mut world = self.service.world();
                world.tell(now, || format!("user: rates {rating:?}"));
                if self.session.commands().rate(*rating, None).is_ok() {
                    world.rates();
                }
            }
            Command::Restart(restart) => {
                let (saved, len) = kept(*restart, self.session.conversation().save());
                self.session = Session::new(self.client.clone());
                self.service.settle();
                self.service.world().restarted(*restart, len, now);
                if let Some(saved) = saved {
                    self.session = Session::resume(self.client.clone(), saved);
                }
            }
            Command::Nothing => {}
        }
    }
}

/// Waits for an update, and reports it to the world. Drops the wait if none comes in time.
fn update_within(
    service: &Service,
    session: &mut Session,
    runtime: &Runtime,
    wait: Duration,
) -> bool {
    runtime.block_on(async {
        match timeout(wait, session.next()).await {
            Ok(Some(update)) => {
                show(service, &update);
                true
            }
            Ok(None) => {
                sleep(wait).await;
                false
            }
            Err(_) => false,
        }
    })
}

/// Reports an update to the world, and what it says of the way to the service.
fn show(service: &Service, update: &Update<'_>) {
    service.world().update(update, service.now());
    let was_not_reached = match update {
        Update::Delayed { reason, .. } => *reason != DelayReason::RateLimited,
        Update::TurnEnded { end, .. } => matches!(end.failure(), Some(Failure::NotSent(_))),
        _ => false,
    };
    if was_not_reached {
        service.was_not_reached();
    }
}
