//! Whole lives of conversations over loopback sockets, in real time that is scaled.

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

/// What a life may take, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many lives are under way at a time: most of the time they wait.
const THREADS: usize = 32;
/// How late a thread may see what happened, in ms of a life.
const TOLERANCE: u64 = 100 * SCALE as u64;
/// After the moment of an act, until a session that did not return is interrupted.
const GRACE: Duration = Duration::from_millis(2);
/// The longest that the session is asked to wait.
const LOOK: Duration = Duration::from_millis(25);
/// A session that has nothing to wait for is asked again after this.
const PAUSE: Duration = Duration::from_millis(1);
/// How often a session may have nothing to wait for, and the user nothing to do.
const MOST_PAUSES: u32 = 5_000;

#[test]
fn the_promises_hold_over_sockets() {
    lives("ureq", 1000, THREADS, PATIENCE, |life, _| {
        Driver::play(life)
    });
}

/// A session, the service, and what happens between them.
struct Driver {
    service: Service,
    client: Client,
    session: Session,
    user: Arc<User>,
}

/// What the user does while the session is asked to wait, from a thread of its own.
#[derive(Default)]
struct User {
    state: Mutex<UserState>,
    changed: Condvar,
}

#[derive(Default)]
struct UserState {
    /// What is to be done, and when, unless the session returns before.
    planned: Option<(Instant, Reach, Canceller)>,
    /// The program was ended.
    was_killed: bool,
    is_over: bool,
}

/// How the user reaches into a session that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Cancel,
    /// Ends the program, which may be in the middle of anything.
    Kill,
    Wake,
}

impl Driver {
    fn play(life: &Life) -> Played {
        // The next time it may go another way.
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
        // Threads of the service keep what is shared alive.
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
            // All that there is to tell comes first.
            let wait = if has_told { Duration::ZERO } else { wait };
            // A program that is ended in the middle of a wait goes on with what it saved before
            // it: all was told by then, and no message waited for another attempt, which the
            // saved turn would call surely not sent.
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
            // A program saves before it waits.
            let saved = self.session.conversation().save();
            let began = Instant::now();
            let update = self.session.next_timeout(wait).update();
            if self.user.stop() {
                // What the session had to say was not shown any more.
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
                // What was cancelled must not come after the next message.
                self.service.settle();
                let command = self.service.world().act(now);
                let saved = self.session.conversation().save();
                self.obey(&command, saved);
            } else if !wait.is_zero() && began.elapsed() < wait {
                // Nothing is waited for.
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

/// Tells the world what is shown.
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
    /// From now on the session is asked to wait.
    fn plan(&self, at: Instant, reach: Reach, canceller: Canceller) {
        let mut state = self.state.lock().expect("no panic holds it");
        state.planned = Some((at, reach, canceller));
        self.changed.notify_all();
    }

    /// The session returned; whether the program was ended meanwhile.
    fn stop(&self) -> bool {
        let mut state = self.state.lock().expect("no panic holds it");
        state.planned = None;
        core::mem::take(&mut state.was_killed)
    }

    fn end(&self) {
        self.state.lock().expect("no panic holds it").is_over = true;
        self.changed.notify_all();
    }

    /// Does what is planned when it is due, until the life is over.
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
