//! The sessions for devices, each with one scripted pipe after the other, in virtual time.

use core::cell::RefCell;
use core::future::{Future, pending, poll_fn, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use allocation_counter::measure;
use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use highchat_embed::Embed;
use highchat_embed::device::{
    AlwaysReady, AsyncNetwork, AsyncSession, Clock, Network, Next, READ_BUFFER, Session, Timer,
};
use highchat_proto::time::Instant;
use highchat_proto::{Endpoint, Message, Rating, Update};

mod support;
use support::*;

const NOW: Instant = Instant::ORIGIN;

/// What a pipe does, one call of the session after the other. A pipe whose script is over stays
/// silent, and takes what is written.
#[derive(Clone, Debug)]
enum Act {
    /// A write takes this many bytes.
    Takes(usize),
    /// A write takes all bytes and then waits for ever; only for an async pipe.
    Holds,
    /// It is not ready to write until the clock shows this time.
    IsFullUntil(Instant),
    WriteFails,
    FlushFails,
    Reads(Vec<u8>),
    /// These bytes can be read after the next write.
    Answers(Vec<u8>),
    /// A read returns this error.
    ReadFails(ErrorKind),
    Ends,
}

/// A network that plays a script for each pipe, and its clock.
#[derive(Clone)]
struct Net(Rc<RefCell<Played>>);

struct Played {
    now: Instant,
    /// What each pipe does; `None`: it cannot be opened.
    pipes: VecDeque<Option<VecDeque<Act>>>,
    /// What was written to each pipe.
    written: Vec<Vec<u8>>,
    flushes: usize,
    reads: usize,
    is_open: bool,
    /// What happens with the open pipe next.
    acts: VecDeque<Act>,
    /// The earliest time that the async session waits for.
    sleeps_until: Option<Instant>,
}

impl Net {
    fn new(pipes: impl IntoIterator<Item = Option<Vec<Act>>>) -> Self {
        let pipes = pipes.into_iter().map(|acts| acts.map(VecDeque::from));
        Self(Rc::new(RefCell::new(Played {
            now: NOW,
            pipes: pipes.collect(),
            written: Vec::new(),
            flushes: 0,
            reads: 0,
            is_open: false,
            acts: VecDeque::new(),
            sleeps_until: None,
        })))
    }

    fn session(&self) -> Session<Self, Self> {
        let embed = Embed::new(endpoint("https://chat.example"), seeded());
        Session::new(embed, self.clone(), self.clone())
    }

    fn async_session(&self) -> AsyncSession<Self, Self> {
        let embed = Embed::new(endpoint("https://chat.example"), seeded());
        AsyncSession::new(embed, self.clone(), self.clone())
    }

    /// The first line of each request that was written.
    fn requests(&self) -> Vec<String> {
        let played = self.0.borrow();
        let texts = played
            .written
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes));
        let lines = texts.flat_map(|text| {
            let lines = text.lines().filter(|line| line.ends_with(" HTTP/1.1"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        lines.collect()
    }

    fn open(&self) -> Result<Pipe, ErrorKind> {
        let mut played = self.0.borrow_mut();
        assert!(!played.is_open, "a second pipe");
        let Some(acts) = played.pipes.pop_front().flatten() else {
            return Err(ErrorKind::ConnectionRefused);
        };
        played.acts = acts;
        played.is_open = true;
        played.written.push(Vec::new());
        Ok(Pipe(self.clone()))
    }
}

impl Played {
    /// Removes the next act if it is one that this call performs.
    fn act(&mut self, is_meant: impl FnOnce(&Act) -> bool) -> Option<Act> {
        let is_meant = self.acts.front().is_some_and(is_meant);
        is_meant.then(|| self.acts.pop_front()).flatten()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(usize, bool), ErrorKind> {
        let is_meant = |act: &Act| matches!(act, Act::Takes(_) | Act::Holds | Act::WriteFails);
        let act = self.act(is_meant);
        let len = match act {
            Some(Act::WriteFails) => return Err(ErrorKind::ConnectionReset),
            Some(Act::Takes(len)) => len.min(bytes.len()),
            _ => bytes.len(),
        };
        let written = self.written.last_mut().expect("a pipe is open");
        written.extend_from_slice(&bytes[..len]);
        if let Some(Act::Answers(bytes)) = self.act(|act| matches!(act, Act::Answers(_))) {
            self.acts.push_front(Act::Reads(bytes));
        }
        Ok((len, matches!(act, Some(Act::Holds))))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.flushes += 1;
        match self.act(|act| matches!(act, Act::FlushFails)) {
            Some(_) => Err(ErrorKind::ConnectionReset),
            None => Ok(()),
        }
    }

    fn is_readable(&self) -> bool {
        let next = self.acts.front();
        next.is_some_and(|act| matches!(act, Act::Reads(_) | Act::ReadFails(_) | Act::Ends))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.reads += 1;
        match self.acts.pop_front() {
            Some(Act::Reads(mut bytes)) => {
                let len = buffer.len().min(bytes.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                bytes.drain(..len);
                if !bytes.is_empty() {
                    self.acts.push_front(Act::Reads(bytes));
                }
                Ok(len)
            }
            Some(Act::ReadFails(error)) => Err(error),
            Some(Act::Ends) => Ok(0),
            other => panic!("nothing to read: {other:?}"),
        }
    }
}

impl Clock for Net {
    fn now(&self) -> Instant {
        self.0.borrow().now
    }
}

impl Timer for Net {
    fn sleep_until(&self, when: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            let mut played = self.0.borrow_mut();
            if when <= played.now {
                return Poll::Ready(());
            }
            let earlier = played.sleeps_until.filter(|earlier| *earlier < when);
            played.sleeps_until = earlier.or(Some(when));
            Poll::Pending
        })
    }
}

struct Pipe(Net);

impl Drop for Pipe {
    fn drop(&mut self) {
        self.0.0.borrow_mut().is_open = false;
    }
}

impl ErrorType for Pipe {
    type Error = ErrorKind;
}

impl Network for Net {
    type Pipe = Pipe;
    type Error = ErrorKind;

    fn open(&mut self, endpoint: &Endpoint, until: Instant) -> Result<Pipe, ErrorKind> {
        assert_eq!((endpoint.host(), endpoint.port()), ("chat.example", 443));
        assert!(until > self.now());
        Self::open(self)
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        assert_eq!(buffer.len(), READ_BUFFER);
        self.0.0.borrow_mut().read(buffer)
    }
}

impl ReadReady for Pipe {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(self.0.0.borrow().is_readable())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.0.0.borrow_mut().write(bytes).map(|(len, _)| len)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.0.borrow_mut().flush()
    }
}

impl WriteReady for Pipe {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        let mut played = self.0.0.borrow_mut();
        let now = played.now;
        if let Some(Act::IsFullUntil(when)) = played.acts.front() {
            if now < *when {
                return Ok(false);
            }
            played.acts.pop_front();
        }
        Ok(true)
    }
}

impl AsyncNetwork for Net {
    type Pipe = Pipe;
    type Error = ErrorKind;

    fn open(&mut self, _: &Endpoint) -> impl Future<Output = Result<Pipe, ErrorKind>> {
        ready(Self::open(self))
    }
}

impl embedded_io_async::Read for Pipe {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| match self.0.0.borrow().is_readable() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.0.0.borrow_mut().read(buffer)
    }
}

impl embedded_io_async::Write for Pipe {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let (len, holds) = self.0.0.borrow_mut().write(bytes)?;
        if holds {
            pending::<()>().await;
        }
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.0.borrow_mut().flush()
    }
}

fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

fn reads(bytes: impl Into<Vec<u8>>) -> Act {
    Act::Reads(bytes.into())
}

/// Runs a polled session to its end. Returns its updates, each as a word.
fn run<N: Network>(session: &mut Session<N, Net>) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..10_000 {
        match session.poll() {
            Next::Update(update) => words.push(in_short(&update)),
            Next::Wait(until) => {
                let now = &mut session.clock().0.borrow_mut().now;
                *now = until.max(*now);
            }
            Next::Idle => return words,
        }
    }
    panic!("it goes on and on: {:?}", &words[..words.len().min(9)]);
}

/// Runs an async session to its end, whose future is dropped whenever it waits.
fn run_async(session: &mut AsyncSession<Net, Net>, net: &Net) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..10_000 {
        net.0.borrow_mut().sleeps_until = None;
        let mut next = pin!(session.next());
        match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(update)) => words.push(in_short(&update)),
            Poll::Ready(None) => return words,
            Poll::Pending => {
                let mut played = net.0.borrow_mut();
                played.now = played.sleeps_until.expect("it waits for a time");
            }
        }
    }
    panic!("it goes on and on: {:?}", &words[..words.len().min(9)]);
}

/// Sends a message over these pipes with both sessions, which must do the same. Returns the
/// updates and the requests.
fn both(pipes: &[Option<Vec<Act>>]) -> (Vec<String>, Vec<String>) {
    let net = Net::new(pipes.iter().cloned());
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    let words = run(&mut session);

    let async_net = Net::new(pipes.iter().cloned());
    let mut session = async_net.async_session();
    session.send(message("Բարև 👋")).unwrap();
    assert_eq!(run_async(&mut session, &async_net), words);
    assert_eq!(async_net.requests(), net.requests());
    assert_eq!(async_net.0.borrow().written, net.0.borrow().written);
    assert!(!net.0.borrow().is_open && !async_net.0.borrow().is_open);
    (words, net.requests())
}

const POST: &str = "POST /v1/chat HTTP/1.1";

#[test]
fn a_reply_is_shown_however_the_pipe_takes_and_gives_bytes() {
    let answer = reply(&[META, &delta("Բարև 🙂"), DONE].concat());
    for (takes, gives) in [(1, 1), (7, 100), (5000, 5000)] {
        let mut acts = vec![Act::Takes(takes); 5000 / takes];
        let pieces = answer.as_bytes().chunks(gives);
        acts.truncate(if takes == 5000 { 1 } else { 150 / takes });
        acts.extend(pieces.map(reads));
        acts.push(Act::Ends);
        let (words, requests) = both(&[Some(acts)]);
        assert_eq!(words, ["meta", "delta Բարև 🙂", "done", "Done"]);
        assert_eq!(requests, [POST]);
    }
}

#[test]
fn a_message_whose_write_or_flush_failed_is_not_sent_again() {
    for acts in [
        vec![Act::WriteFails],
        vec![Act::Takes(20), Act::WriteFails],
        vec![Act::FlushFails],
    ] {
        let (words, requests) = both(&[Some(acts.clone()), Some(vec![])]);
        let lost = "failed: no answer came: the connection was lost: ConnectionReset";
        assert_eq!(words, [lost], "{acts:?}");
        assert!(requests.len() <= 1, "{acts:?}: {requests:?}");
    }
}

#[test]
fn a_message_is_sent_again_if_the_pipe_could_not_be_opened() {
    let answer = reply(&[META, &delta("Բարև 🙂"), DONE].concat());
    let (words, requests) = both(&[None, None, Some(vec![reads(answer)])]);
    let expected = [
        "Message delayed: NotSent",
        "Message delayed: NotSent",
        "meta",
    ];
    assert_eq!(words[..3], expected);
    assert_eq!(requests, [POST]);

    let net = Net::new([None, None, None]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    let (mut failure, mut shown) = (String::new(), 0);
    while let Some(more) = next(&mut session, &net, |update| {
        if let Update::TurnEnded { end, .. } = update {
            failure = end.failure().expect("it failed").to_string();
        }
    }) {
        shown += more;
    }
    assert_eq!(shown, 3);
    let expected = "the service could not be reached: chat.example:443: ConnectionRefused";
    assert_eq!(failure, expected);
    assert!(net.requests().is_empty());
}

/// Waits for the next update of a polled session. Returns 1, or `None` when it is idle.
fn next(
    session: &mut Session<Net, Net>,
    net: &Net,
    show: impl FnOnce(&Update<'_>),
) -> Option<usize> {
    for _ in 0..10_000 {
        match session.poll() {
            Next::Update(update) => {
                show(&update);
                return Some(1);
            }
            Next::Wait(until) => {
                let mut played = net.0.borrow_mut();
                played.now = played.now.max(until);
            }
            Next::Idle => return None,
        }
    }
    panic!("it goes on and on");
}

/// The last event has no blank line, so it counts only if the pipe ends in order.
#[test]
fn only_an_orderly_end_of_the_pipe_ends_a_reply() {
    let cut = [HEAD, META, &delta("Բարև"), DONE.trim_end()].concat();
    let (words, _) = both(&[Some(vec![reads(cut.clone()), Act::Ends])]);
    assert_eq!(words, ["meta", "delta Բարև", "done", "Done"]);

    let reset = Act::ReadFails(ErrorKind::ConnectionReset);
    let (words, requests) = both(&[Some(vec![reads(cut), reset])]);
    assert_eq!(words[..2], ["meta", "delta Բարև"]);
    let lost = "failed: the reply is incomplete: the connection was lost";
    assert_eq!(words.last().unwrap(), lost);
    assert_eq!(requests, [POST], "the message is not sent again");
}

#[test]
fn a_read_that_timed_out_or_was_interrupted_counts_as_no_byte_yet() {
    let answer = reply(&[META, &delta("Բարև 🙂"), DONE].concat());
    let mut acts = Vec::new();
    for piece in answer.as_bytes().chunks(50) {
        acts.push(Act::ReadFails(ErrorKind::TimedOut));
        acts.push(Act::ReadFails(ErrorKind::Interrupted));
        acts.push(reads(piece));
    }
    let (words, _) = both(&[Some(acts)]);
    assert_eq!(words, ["meta", "delta Բարև 🙂", "done", "Done"]);
}

#[test]
fn a_full_pipe_is_waited_for_and_each_request_is_flushed_once() {
    let answer = reply(&[META, &delta("Բարև 🙂"), DONE].concat());
    let later = NOW + Duration::from_secs(20);
    let net = Net::new([Some(vec![
        Act::Takes(10),
        Act::IsFullUntil(later),
        reads(answer),
    ])]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    let Next::Wait(until) = session.poll() else {
        panic!("the pipe is full")
    };
    assert!(until > NOW && net.0.borrow().flushes == 0);
    assert_eq!(net.0.borrow().written[0].len(), 10);
    net.0.borrow_mut().now = later;
    assert_eq!(run(&mut session), ["meta", "delta Բարև 🙂", "done", "Done"]);
    assert_eq!(net.0.borrow().flushes, 1);
}

/// A pipe that stays full is given up when the answer is overdue. A part of the message is out.
#[test]
fn a_pipe_that_stays_full_is_given_up() {
    let never = NOW + Duration::from_secs(86_400);
    let net = Net::new([Some(vec![Act::Takes(10), Act::IsFullUntil(never)])]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    assert_eq!(run(&mut session), ["failed: no answer came in time"]);
    assert!(!net.0.borrow().is_open);
}

#[test]
fn one_call_reads_once_and_asks_to_be_called_again_at_once() {
    let pings = [HEAD, &PING.repeat(200)].concat();
    let net = Net::new([Some(vec![reads(pings)])]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    for reads in 1..=3 {
        assert_eq!(session.poll(), Next::Wait(NOW));
        assert_eq!(net.0.borrow().reads, reads);
    }
}

/// The time while the application shows an update is not silence of the service.
#[test]
fn a_slow_application_does_not_end_a_reply() {
    let first = [HEAD, META, &delta("Բարև ")].concat();
    let rest = [delta("🙂").as_str(), DONE].concat();
    // Only a ping can be read at once, which alone does not keep a reply alive.
    let net = Net::new([Some(vec![reads(first), reads(PING), reads(rest)])]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    let mut words = Vec::new();
    while next(&mut session, &net, |update| words.push(in_short(update))).is_some() {
        let mut played = net.0.borrow_mut();
        played.now = played.now + Duration::from_secs(3600);
    }
    let expected = ["meta", "delta Բարև ", "delta 🙂", "done", "Done"];
    assert_eq!(words, expected);
}

#[test]
fn a_write_whose_future_was_dropped_costs_the_pipe_and_is_not_repeated() {
    let net = Net::new([Some(vec![Act::Holds]), Some(vec![])]);
    let mut session = net.async_session();
    session.send(message("Բարև 👋")).unwrap();
    let lost = "failed: no answer came: the connection was lost: a write was abandoned";
    assert_eq!(run_async(&mut session, &net), [lost]);
    assert_eq!(net.requests(), [POST]);
}

#[test]
fn a_write_that_takes_too_long_costs_the_pipe_and_is_not_repeated() {
    let net = Net::new([Some(vec![Act::Holds]), Some(vec![])]);
    let mut session = net.async_session();
    session.send(message("Բարև 👋")).unwrap();
    let mut next = pin!(session.next());
    let mut context = Context::from_waker(Waker::noop());
    assert!(next.as_mut().poll(&mut context).is_pending());
    let late = net.0.borrow().sleeps_until.expect("a write has a limit");
    assert_eq!(late, NOW + seeded().connect_timeout());
    net.0.borrow_mut().now = late;
    let Poll::Ready(Some(Update::TurnEnded { end, .. })) = next.as_mut().poll(&mut context) else {
        panic!("the turn did not end")
    };
    let failure = end.failure().unwrap().to_string();
    assert!(failure.contains("no write in time"), "{failure}");
    assert_eq!(net.requests(), [POST]);
}

#[test]
fn the_polls_of_a_handoff_share_the_pipe() {
    let script = vec![
        reads(reply(&[META, HUMAN].concat())),
        Act::Answers(page("human", &["Բարև"]).into()),
        Act::Answers(page("human", &["Բարև", "Լավ 👍"]).into()),
        Act::Answers(page("bot", &["Բարև", "Լավ 👍"]).into()),
    ];
    let (words, requests) = both(&[Some(script)]);
    let expected = [
        "meta",
        "human wait",
        "state human",
        "Human",
        "assistant: Բարև",
        "assistant: Լավ 👍",
        "state bot",
    ];
    assert_eq!(words, expected);
    assert_eq!(requests.len(), 4, "{requests:?}");
}

#[test]
fn a_pipe_without_readiness_counts_as_always_ready() {
    /// A pipe in memory that gives an answer.
    struct Plain(Vec<u8>);
    impl ErrorType for Plain {
        type Error = ErrorKind;
    }
    impl Read for Plain {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            let len = buffer.len().min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0.drain(..len);
            Ok(len)
        }
    }
    impl Write for Plain {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    struct Plug;
    impl Network for Plug {
        type Pipe = AlwaysReady<Plain>;
        type Error = ErrorKind;
        fn open(&mut self, _: &Endpoint, _: Instant) -> Result<AlwaysReady<Plain>, ErrorKind> {
            let answer = [HEAD, META, &delta("Բարև 🙂"), DONE].concat();
            Ok(AlwaysReady(Plain(answer.into_bytes())))
        }
    }
    let embed = Embed::new(endpoint("https://chat.example"), seeded());
    let mut session = Session::new(embed, Plug, Net::new([]));
    session.send(message("Բարև 👋")).unwrap();
    assert_eq!(run(&mut session), ["meta", "delta Բարև 🙂", "done", "Done"]);
}

#[test]
fn a_session_rates_and_cancels() {
    let answer = reply(&[META, DONE].concat());
    let net = Net::new([
        Some(vec![reads(answer)]),
        Some(vec![reads(support::answer("200 OK", "", "{}"))]),
        Some(vec![reads(HEAD)]),
    ]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    run(&mut session);
    session.commands().rate(Rating::Up, None).unwrap();
    assert_eq!(run(&mut session), ["rated"]);
    session.send(message("Էլի 🙂")).unwrap();
    while !net.0.borrow().is_open || net.0.borrow().reads < 3 {
        assert!(matches!(session.poll(), Next::Wait(_)));
    }
    session.cancel();
    assert_eq!(run(&mut session), ["Cancelled"]);
    assert!(!net.0.borrow().is_open);
    assert!(session.conversation().id().is_some());
}

/// The reply is read piece by piece, and its text is shown.
#[test]
fn neither_session_allocates_while_a_reply_streams() {
    let events = delta("Բարև Ձեզ 🙂").repeat(2000);
    let text = "Բարև Ձեզ 🙂".len();
    let bytes = [HEAD, META, &events].concat();

    let net = Net::new([Some(vec![reads(bytes.clone())])]);
    let mut session = net.session();
    session.send(message("Բարև 👋")).unwrap();
    let mut shown = 0;
    // The conversation collects the text of the reply, and its buffer doubles from time to time.
    let mut poll = |until: usize| {
        while shown < until * text {
            match session.poll() {
                Next::Update(update) => shown += update.text().unwrap_or_default().len(),
                Next::Wait(_) => {}
                Next::Idle => panic!("it goes on"),
            }
        }
    };
    poll(1200);
    assert_eq!(measure(|| poll(1500)).count_total, 0);

    let net = Net::new([Some(vec![reads(bytes)])]);
    let mut session = net.async_session();
    session.send(message("Բարև 👋")).unwrap();
    let mut shown = 0;
    let mut poll = |until: usize| {
        let mut context = Context::from_waker(Waker::noop());
        while shown < until * text {
            match pin!(session.next()).as_mut().poll(&mut context) {
                Poll::Ready(Some(update)) => shown += update.text().unwrap_or_default().len(),
                Poll::Ready(None) | Poll::Pending => panic!("there is more to read"),
            }
        }
    };
    poll(1200);
    assert_eq!(measure(|| poll(1500)).count_total, 0);
}

/// A device calls `poll` thousands of times while it waits for a person.
#[test]
fn a_session_that_waits_allocates_nothing() {
    let net = Net::new([
        Some(vec![reads(reply(&[META, HUMAN].concat()))]),
        Some(vec![]),
    ]);
    let mut session = net.session();
    session.send(message("Մարդ կանչեք 🙏")).unwrap();
    while !matches!(session.poll(), Next::Wait(until) if until > NOW) {}
    let polls = measure(|| {
        for _ in 0..1000 {
            assert!(matches!(session.poll(), Next::Wait(_)));
        }
    });
    assert_eq!(polls.count_total, 0);
    assert!(session.conversation().is_polling());
}

/// Requests, heads and decoders are released. Ids and times are kept.
#[test]
fn a_turn_leaves_little_memory_behind() {
    let turns = 5;
    let answer = reply(&[META, &delta("Բարև Ձեզ 🙂").repeat(500), DONE].concat());
    let net = Net::new((0..=turns).map(|_| Some(vec![reads(answer.clone())])));
    let mut session = net.session();
    let mut turn = || {
        session.send(message("Բարև 👋")).unwrap();
        loop {
            match session.poll() {
                Next::Update(_) | Next::Wait(_) => {}
                Next::Idle => return,
            }
        }
    };
    turn();
    // The harness keeps what was written.
    let mut written = net.0.borrow().written[0].len() * turns;
    written += 1024;
    let kept = measure(|| (0..turns).for_each(|_| turn())).bytes_current;
    let kept = usize::try_from(kept).unwrap_or_default();
    assert!(kept <= written + 300 * turns, "{kept} of {written}");
}
