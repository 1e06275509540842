//! Whole lives of conversations over both sessions for devices, in virtual time.

use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use fastrand::Rng;
use highchat_embed::Embed;
use highchat_embed::device::{AsyncNetwork, AsyncSession, Clock, Network, Next, Session, Timer};
use highchat_proto::session::Commands;
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
fn the_promises_hold_for_a_loop_that_polls() {
    lives("a device that polls", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, Polling::over)
    });
}

#[test]
fn the_promises_hold_for_an_executor_that_drops_its_futures() {
    lives("an async device", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, Awaiting::over)
    });
}

fn play<L: Looping>(life: &Life, tells: bool, over: fn(Embed, &Line) -> L) -> Played {
    let world = World::new(life, tells);
    let (endpoint, config) = (endpoint(), Arc::new(world.config()));
    let line = Line::new(life.seed);
    let embed = Embed::new(Arc::clone(&endpoint), Arc::clone(&config));
    let mut device = Device {
        looping: over(embed, &line),
        over,
        line,
        endpoint,
        config,
    };
    play_to(&mut device, world)
}

/// What a session did.
enum Went {
    /// It reported an update, and goes on.
    On,
    /// It waits until this time.
    Waits(Option<Instant>),
}

/// A session for devices, as the harness drives it.
trait Looping {
    fn conversation(&self) -> &Conversation;
    fn commands(&mut self) -> Commands<'_>;
    fn go_on(&mut self, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Went;
}

struct Polling(Session<Line, Line>);

impl Polling {
    fn over(embed: Embed, line: &Line) -> Self {
        Self(Session::new(embed, line.clone(), line.clone()))
    }
}

impl Looping for Polling {
    fn conversation(&self) -> &Conversation {
        self.0.conversation()
    }

    fn commands(&mut self) -> Commands<'_> {
        self.0.commands()
    }

    fn go_on(&mut self, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Went {
        match self.0.poll() {
            Next::Update(update) => {
                hear(Said::Update(update));
                Went::On
            }
            Next::Wait(until) => Went::Waits(Some(until)),
            Next::Idle => Went::Waits(None),
        }
    }
}

/// A session whose future is dropped whenever it waits.
struct Awaiting(AsyncSession<Line, Line>, Line);

impl Awaiting {
    fn over(embed: Embed, line: &Line) -> Self {
        let session = AsyncSession::new(embed, line.clone(), line.clone());
        Self(session, line.clone())
    }
}

impl Looping for Awaiting {
    fn conversation(&self) -> &Conversation {
        self.0.conversation()
    }

    fn commands(&mut self) -> Commands<'_> {
        self.0.commands()
    }

    fn go_on(&mut self, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Went {
        self.1.0.borrow_mut().sleeps_until = None;
        let mut next = pin!(self.0.next());
        match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(update)) => {
                hear(Said::Update(update));
                Went::On
            }
            Poll::Ready(None) => Went::Waits(None),
            Poll::Pending => Went::Waits(self.1.0.borrow().sleeps_until),
        }
    }
}

/// A session with its line, as a client of the simulated world.
struct Device<L> {
    looping: L,
    over: fn(Embed, &Line) -> L,
    line: Line,
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
}

impl<L: Looping> Client for Device<L> {
    type Conversation = Conversation;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        self.line.set(now);
        self.looping.commands().send(message).is_ok()
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        self.line.set(now);
        self.looping.commands().rate(rating, None).is_ok()
    }

    fn cancel(&mut self, now: Instant) {
        self.line.set(now);
        self.looping.commands().cancel();
    }

    fn conversation(&self) -> &Conversation {
        self.looping.conversation()
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        let (endpoint, config) = (Arc::clone(&self.endpoint), Arc::clone(&self.config));
        let embed = match saved {
            Some(saved) => Embed::resume(endpoint, config, saved, now),
            None => Embed::new(endpoint, config),
        };
        self.looping = (self.over)(embed, &self.line);
        self.line.0.borrow_mut().aborted.clear();
    }

    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        self.line.set(now);
        loop {
            let went = self.looping.go_on(hear);
            let is_answered = self.line.report(hear);
            match went {
                Went::On => {}
                Went::Waits(when) if is_answered || when.is_some_and(|when| when <= now) => {}
                Went::Waits(when) => return when,
            }
        }
    }

    fn handle(&mut self, exchange: u64, step: &Step, now: Instant) {
        self.line.set(now);
        let mut state = self.line.0.borrow_mut();
        let Some(wire) = &mut state.wire else {
            return;
        };
        let Some((number, encoder)) = wire.answer else {
            return;
        };
        if number != exchange {
            return;
        }
        wire.to_read.extend(encoder.encode(step));
        match step {
            Step::End if encoder.closes() => wire.ending = Some(Ok(0)),
            Step::Lost | Step::NotSent => wire.ending = Some(Err(ErrorKind::ConnectionReset)),
            Step::End | Step::Head(_) | Step::Body(_) => {}
        }
        if matches!(step, Step::End | Step::Lost | Step::NotSent) {
            wire.answer = None;
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.line.set(now);
    }
}

/// The network and the clock of a device: one pipe at a time, and a virtual time.
#[derive(Clone)]
struct Line(Rc<RefCell<State>>);

struct State {
    now: Instant,
    rng: Rng,
    wire: Option<Wire>,
    /// The number of exchanges so far.
    exchanges: u64,
    /// Complete requests that were not reported yet.
    requests: Vec<(u64, http1::Request)>,
    /// Exchanges whose pipe was dropped, and that were not reported yet.
    aborted: Vec<u64>,
    sleeps_until: Option<Instant>,
}

/// The service's end of the pipe.
#[derive(Default)]
struct Wire {
    /// Whether the service accepted the connection, once it was asked.
    is_up: Option<bool>,
    /// The received part of a request.
    asked: Vec<u8>,
    was_used: bool,
    /// The exchange whose answer is under way, and the encoder of the answer.
    answer: Option<(u64, Encoder)>,
    to_read: VecDeque<u8>,
    /// What a read returns after these bytes.
    ending: Option<Result<usize, ErrorKind>>,
}

impl Line {
    fn new(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(State {
            now: Instant::ORIGIN,
            rng: Rng::with_seed(seed),
            wire: None,
            exchanges: 0,
            requests: Vec::new(),
            aborted: Vec::new(),
            sleeps_until: None,
        })))
    }

    fn set(&self, now: Instant) {
        self.0.borrow_mut().now = now;
    }

    /// Reports what the session did with its pipe. Returns whether the session can go on.
    fn report(&self, hear: &mut dyn FnMut(Said<'_>) -> bool) -> bool {
        let state = &mut *self.0.borrow_mut();
        for number in state.aborted.drain(..) {
            hear(Said::Abort(number));
        }
        for (number, request) in state.requests.drain(..) {
            hear(Said::Request(number, &request.target, &request.body));
        }
        match &mut state.wire {
            Some(wire) if wire.is_up.is_none() => {
                wire.is_up = Some(hear(Said::Connect));
                true
            }
            Some(_) | None => false,
        }
    }
}

impl State {
    /// Makes a wire that the service has not accepted yet.
    fn dial(&mut self) {
        assert!(self.wire.is_none(), "a second pipe");
        self.wire = Some(Wire::default());
    }

    fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().expect("the pipe is open")
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let (is_stale, is_partial) = (self.rng.u8(..8) == 0, self.rng.u8(..4) == 0);
        let len = match is_partial {
            true => self.rng.usize(1..=bytes.len()),
            false => bytes.len(),
        };
        let encoder = Encoder::draw(&mut self.rng);
        let number = self.exchanges;
        let wire = self.wire();
        if wire.was_used && is_stale {
            return Err(ErrorKind::BrokenPipe);
        }
        wire.asked.extend_from_slice(&bytes[..len]);
        if let Some(request) = http1::take_request(&mut wire.asked) {
            wire.was_used = true;
            wire.answer = Some((number, encoder));
            self.exchanges += 1;
            self.requests.push((number, request));
        }
        Ok(len)
    }

    fn is_readable(&mut self) -> bool {
        let wire = self.wire();
        !wire.to_read.is_empty() || wire.ending.is_some()
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.rng.u8(..16) == 0 {
            return Err(ErrorKind::Interrupted);
        }
        let most = buffer.len().min(self.wire().to_read.len());
        if most == 0 {
            return self.wire().ending.expect("it is readable");
        }
        let len = self.rng.usize(1..=most);
        for (to, from) in buffer.iter_mut().zip(self.wire().to_read.drain(..len)) {
            *to = from;
        }
        Ok(len)
    }
}

impl Clock for Line {
    fn now(&self) -> Instant {
        self.0.borrow().now
    }
}

impl Timer for Line {
    fn sleep_until(&self, when: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            let mut state = self.0.borrow_mut();
            if when <= state.now {
                return Poll::Ready(());
            }
            state.sleeps_until = Some(when);
            Poll::Pending
        })
    }
}

/// A pipe. Dropping it closes it.
struct Pipe(Line);

impl Drop for Pipe {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        let wire = state.wire.take().expect("the pipe is open");
        state.aborted.extend(wire.answer.map(|(number, _)| number));
    }
}

impl ErrorType for Pipe {
    type Error = ErrorKind;
}

impl Network for Line {
    type Pipe = Pipe;
    type Error = ErrorKind;

    /// The harness can ask the service only after `open`, so such a pipe is unready until then.
    fn open(&mut self, _: &Endpoint, until: Instant) -> Result<Pipe, ErrorKind> {
        let mut state = self.0.borrow_mut();
        assert!(state.now <= until, "it is too late");
        if state.rng.u8(..16) == 0 {
            return Err(ErrorKind::ConnectionRefused);
        }
        state.dial();
        Ok(Pipe(self.clone()))
    }
}

impl ReadReady for Pipe {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(self.0.0.borrow_mut().is_readable())
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.0.0.borrow_mut().read(buffer)
    }
}

impl WriteReady for Pipe {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        match self.0.0.borrow_mut().wire().is_up {
            None => Ok(false),
            Some(true) => Ok(true),
            Some(false) => Err(ErrorKind::ConnectionRefused),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.0.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl AsyncNetwork for Line {
    type Pipe = Pipe;
    type Error = ErrorKind;

    fn open(&mut self, _: &Endpoint) -> impl Future<Output = Result<Pipe, ErrorKind>> {
        poll_fn(|_| {
            let mut state = self.0.borrow_mut();
            match state.wire.as_ref().map(|wire| wire.is_up) {
                None => state.dial(),
                Some(None) => {}
                Some(Some(true)) => return Poll::Ready(Ok(Pipe(self.clone()))),
                Some(Some(false)) => {
                    state.wire = None;
                    return Poll::Ready(Err(ErrorKind::ConnectionRefused));
                }
            }
            Poll::Pending
        })
    }
}

impl embedded_io_async::Read for Pipe {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| match self.0.0.borrow_mut().is_readable() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.0.0.borrow_mut().read(buffer)
    }
}

impl embedded_io_async::Write for Pipe {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.0.0.borrow_mut().write(bytes)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
