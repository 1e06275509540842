//! Simulated lives of conversations over loopback sockets, in scaled real time.

use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::{Credentials, Endpoint, Failure, Saved, Update};
use highchat_testing::life::{Interrupt, Life};
use highchat_testing::net::loopback::{SCALE, Service, scaled};
use highchat_testing::world::play::kept;
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::{Command, World};
use highchat_ureq::{Canceller, Client, Session};

/// The real time limit of a life, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// The number of lives that run at a time. Most of them are waiting.
const THREADS: usize = 32;
/// The delay after which a thread may notice an event, in ms of a life.
const TOLERANCE: u64 = 100 * SCALE as u64;
/// The time after a planned act until a session that has not returned is interrupted.
const GRACE: Duration = Duration::from_millis(2);
/// The longest wait of one call of the session.
const LOOK: Duration = Duration::from_millis(25);
/// The pause before an idle session is called again.
const PAUSE: Duration = Duration::from_millis(1);
/// The number of pauses without any planned act after which the life counts as stuck.
const MOST_PAUSES: u32 = 5_000;

#[test]
fn the_promises_hold_over_sockets() {
    lives("ureq", 1000, THREADS, PATIENCE, |life, _| {
        Driver::play(life)
    });
}

/// Runs a session and the service, and passes events between them.
struct Driver {
    service: Service,
    client: Client,
    session: Session,
    user: Arc<User>,
}

/// Acts for the user, from a separate thread, while the session waits.
#[derive(Default)]
struct User {
    state: Mutex<UserState>,
    changed: Condvar,
}

#[derive(Default)]
struct UserState {
    /// The interruption to make at a given time, unless the session returns before.
    planned: Option<(Instant, Reach, Canceller)>,
    /// Whether the program was killed.
    was_killed: bool,
    is_over: bool,
}

/// The way in which the user interrupts a waiting session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Cancel,
    /// Kills the program at any point.
    Kill,
    Wake,
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
        let user = Arc::new(User::default());
        let reaching = Arc::clone(&user);
        let thread = thread::spawn(move || reaching.reach());
        let mut driver = Self {
            service,
            session: Session::new(client.clone()),
            client,
            user,
        };
        driver.live();
        driver.user.end();
        thread.join().expect("the user's thread does not panic");
        let now = driver.service.now();
        let mut world = driver.service.world();
        let story = world.story().to_vec();
        // Threads of the service still hold the shared state, so the world is replaced.
        let over = core::mem::replace(&mut *world, World::new(life, false));
        (over.judge(now), story)
    }

    fn live(&mut self) {
        let (mut pauses, mut has_told, mut is_delayed) = (0, false, false);
        loop {
            self.service.follow_reach();
            let (act, interrupt) = {
                let world = self.service.world();
                (world.next_act(), world.interrupt())
            };
            let wait = act.map_or(LOOK, |act| self.service.until(act).min(LOOK));
            // First take all updates that are ready.
            let wait = if has_told { Duration::ZERO } else { wait };
            // A program that is killed during a wait continues from the state that it saved
            // before the wait. This is valid only if all updates were shown and no message
            // waits for another attempt: the saved turn would count that message as surely not
            // sent.
            let is_saved = !has_told && !is_delayed;
            let is_killed = matches!(interrupt, Some(Interrupt::Restart(_)));
            if let Some(act) = act.filter(|_| is_saved || !is_killed) {
                let reach = match interrupt {
                    Some(Interrupt::Cancel) => Reach::Cancel,
                    Some(Interrupt::Restart(_)) => Reach::Kill,
                    None => Reach::Wake,
                };
                let at = Instant::now() + self.service.until(act) + GRACE;
                self.user.plan(at, reach, self.session.canceller());
            }
            // A program saves its state before it waits.
            let saved = self.session.conversation().save();
            let began = Instant::now();
            let update = self.session.next_timeout(wait).update();
            if self.user.stop() {
                // The killed program never showed this update.
                let now = self.service.now();
                let command = self.service.world().act(now);
                self.obey(&command, saved);
                continue;
            }
            if let Some(update) = update {
                (pauses, has_told) = (0, true);
                is_delayed = match &update {
                    Update::Delayed { what, .. } => is_delayed || *what == Delayed::Message,
                    Update::Message(_) | Update::State(_) | Update::Unreadable { .. } => is_delayed,
                    _ => false,
                };
                show(&self.service, &update);
                continue;
            }
            has_told = false;
            let now = self.service.now();
            let conversation = self.session.conversation();
            let is_polling = conversation.is_polling();
            {
                let mut world = self.service.world();
                world.look(is_polling, conversation.turn_in_progress(), now);
                world.step(now);
                if world.is_over(is_polling) {
                    return;
                }
                if pauses > MOST_PAUSES {
                    world.find(now, "nothing more happens, and the life is not over");
                    return;
                }
            }
            if act.is_some_and(|act| act <= now) {
                pauses = 0;
                // A cancelled request must not reach the service after the next message.
                self.service.settle();
                let command = self.service.world().act(now);
                let saved = self.session.conversation().save();
                self.obey(&command, saved);
            } else if !wait.is_zero() && began.elapsed() < wait {
                // The session returned early, because it has nothing to wait for.
                pauses += u32::from(act.is_none());
                thread::sleep(PAUSE.min(wait));
            }
        }
    }

    fn obey(&mut self, command: &Command, saved: Saved) {
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
                let (saved, len) = kept(*restart, saved);
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

/// Shows an update, and reports it to the world.
fn show(service: &Service, update: &Update<'_>) {
    let now = service.now();
    service.world().update(update, now);
    let was_not_reached = match update {
        Update::Delayed { reason, .. } => *reason != DelayReason::RateLimited,
        Update::TurnEnded { end, .. } => matches!(end.failure(), Some(Failure::NotSent(_))),
        _ => false,
    };
    if was_not_reached {
        service.was_not_reached();
    }
}

impl User {
    /// Plans an interruption of the wait that starts now.
    fn plan(&self, at: Instant, reach: Reach, canceller: Canceller) {
        let mut state = self.state.lock().expect("no panic holds it");
        state.planned = Some((at, reach, canceller));
        self.changed.notify_all();
    }

    /// Removes the plan after the session returned. Returns whether the program was killed
    /// meanwhile.
    fn stop(&self) -> bool {
        let mut state = self.state.lock().expect("no panic holds it");
        state.planned = None;
        core::mem::take(&mut state.was_killed)
    }

    fn end(&self) {
        self.state.lock().expect("no panic holds it").is_over = true;
        self.changed.notify_all();
    }

    /// Makes each planned interruption when it is due, until the life is over.
    fn reach(&self) {
        let mut state = self.state.lock().expect("no panic holds it");
        while !state.is_over {
            let wait = match &state.planned {
                Some((at, ..)) => at.saturating_duration_since(Instant::now()),
                None => PATIENCE,
            };
            if !wait.is_zero() {
                let waited = self.changed.wait_timeout(state, wait);
                state = waited.expect("no panic holds it").0;
                continue;
            }
            if let Some((_, reach, canceller)) = state.planned.take() {
                match reach {
                    Reach::Cancel => canceller.cancel(),
                    Reach::Kill => {
                        state.was_killed = true;
                        canceller.cancel();
                    }
                    Reach::Wake => canceller.wake(),
                }
            }
        }
    }
}
