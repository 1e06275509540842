//! Simulated lives of conversations over in-memory pipes, by HTTP/1.1 and HTTP/2, in virtual
//! time.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use fastrand::Rng;
use h2::{Reason, server};
use highchat_hyper::{BoxError, Client, Connection, Session};
use highchat_testing::life::Life;
use highchat_testing::net::http1::{self, Encoder};
use highchat_testing::world::play::{endpoint, kept};
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::step::{Head, Step, Steps};
use highchat_testing::world::{Asked, Command, World};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

/// The real time limit of a life, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// In ms: timers may be a millisecond late, and a request is read only after it was written.
const TOLERANCE: u64 = 5;
/// Longer than any wait, in ms.
const FOR_EVER: u64 = 24 * 3_600_000;
/// The capacity of a pipe, in bytes.
const PIPE_LEN: usize = 1024;

#[test]
fn the_promises_hold_over_http_1() {
    lives("hyper, HTTP/1.1", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, false)
    });
}

#[test]
fn the_promises_hold_over_http_2() {
    lives("hyper, HTTP/2", 1000, 1, PATIENCE, |life, tells| {
        play(life, tells, true)
    });
}

fn play(life: &Life, tells: bool, is_h2: bool) -> Played {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O");
    runtime.block_on(live(life, tells, is_h2))
}

/// The state of the service, shared by all connections.
struct Service {
    world: Mutex<World>,
    rng: Mutex<Rng>,
    origin: Instant,
    is_h2: bool,
    exchanges: AtomicU64,
    /// Sends the numbers of exchanges whose last step was written.
    written: UnboundedSender<u64>,
}

impl Service {
    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).expect("a life is not that long")
    }

    fn moment(&self, at: u64) -> Instant {
        self.origin + Duration::from_millis(at)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic holds it")
    }

    fn rng(&self) -> Rng {
        self.rng.lock().expect("no panic holds it").fork()
    }

    /// Records a request. Returns the number of its exchange, and the answer.
    fn take(&self, target: &str, body: &[u8]) -> (u64, Steps) {
        let number = self.exchanges.fetch_add(1, Ordering::Relaxed);
        let asked = Asked { target, body };
        (number, self.world().request(number, &asked, self.now()))
    }

    fn tell_written(&self, number: u64) {
        // The receiver is gone if the life is over.
        let _ = self.written.send(number);
    }

    fn tell_aborted(&self, number: u64) {
        self.world().aborted(number);
    }

    /// Opens a connection, like a connector.
    fn connect(self: &Arc<Self>) -> Result<Connection, BoxError> {
        // Over HTTP/2, the service refuses a request on its stream instead.
        if !self.is_h2 && !self.world().connect(self.now()) {
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        }
        let (end, other) = tokio::io::duplex(PIPE_LEN);
        let is_lost = Arc::new(AtomicBool::new(false));
        let pipe = Pipe {
            io: end,
            is_lost: Arc::clone(&is_lost),
        };
        let service = Arc::clone(self);
        tokio::spawn(async move {
            if service.is_h2 {
                // h2 returns an error if the client leaves early, which is allowed.
                let _ = service.answer_http_2(other, &is_lost).await;
            } else {
                service.answer_http_1(other, &is_lost).await;
            }
        });
        let connection = Connection::new(TokioIo::new(pipe));
        Ok(if self.is_h2 {
            connection.with_http2()
        } else {
            connection
        })
    }

    /// Answers the requests on a connection, until the client or the service closes it.
    async fn answer_http_1(&self, mut io: DuplexStream, is_lost: &AtomicBool) {
        while self.answer_one(&mut io, is_lost).await {
            match self.rng().u8(..8) {
                // The client finds the connection closed.
                0 => return,
                // The client finds nothing: the connection leads nowhere.
                1 => return core::future::pending().await,
                _ => {}
            }
        }
    }

    /// Answers one request. Returns whether the connection can carry another.
    async fn answer_one(&self, io: &mut DuplexStream, is_lost: &AtomicBool) -> bool {
        let mut came = Vec::new();
        let request = loop {
            if let Some(request) = http1::take_request(&mut came) {
                break request;
            }
            if !matches!(io.read_buf(&mut came).await, Ok(1..)) {
                return false;
            }
        };
        let (number, steps) = self.take(&request.target, &request.body);
        let mut rng = self.rng();
        let encoder = Encoder::draw(&mut rng);
        for (at, step) in steps {
            if self.now() < at {
                tokio::select! {
                    biased;
                    () = sleep_until(self.moment(at)) => {}
                    () = closed(io) => {
                        self.tell_aborted(number);
                        return false;
                    }
                }
            }
            if matches!(step, Step::Lost | Step::NotSent) {
                is_lost.store(true, Ordering::Relaxed);
                return false;
            }
            let bytes = encoder.encode(&step);
            for piece in http1::pieces(&mut rng, &bytes) {
                // A client may close the connection before the very end of an answer.
                if io.write_all(piece).await.is_err() && step != Step::End {
                    self.tell_aborted(number);
                    return false;
                }
                tokio::task::yield_now().await;
            }
            if step == Step::End {
                self.tell_written(number);
                return !encoder.closes();
            }
        }
        closed(io).await;
        self.tell_aborted(number);
        false
    }

    /// Answers the requests on a connection, several at a time, until the client or the service
    /// closes it.
    async fn answer_http_2(
        self: &Arc<Self>,
        io: DuplexStream,
        is_lost: &AtomicBool,
    ) -> Result<(), h2::Error> {
        let mut connection = server::handshake(io).await?;
        let live = Arc::<AtomicUsize>::default();
        let (breaking, mut breaks) = unbounded_channel();
        loop {
            let asked = tokio::select! {
                biased;
                Some(way) = breaks.recv() => match way {
                    Break::Drop => {
                        is_lost.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                    Break::GoAway => {
                        connection.abrupt_shutdown(Reason::INTERNAL_ERROR);
                        continue;
                    }
                },
                asked = connection.accept() => asked,
            };
            let Some(asked) = asked else {
                return Ok(());
            };
            let (request, respond) = asked?;
            let (service, live, breaking) = (Arc::clone(self), Arc::clone(&live), breaking.clone());
            live.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                // h2 returns an error if the client leaves early, which is allowed.
                let answered = service.answer_stream(request, respond, &live).await;
                live.fetch_sub(1, Ordering::Relaxed);
                if let Ok(Some(way)) = answered {
                    // The connection is gone if the client has left.
                    let _ = breaking.send(way);
                }
            });
        }
    }

    /// Answers a request on its stream. Returns how the connection must be cut, if at all. With
    /// other streams on it, `live` in all, only the stream is cut: a life has no fault for them.
    async fn answer_stream(
        &self,
        request: Request<h2::RecvStream>,
        mut respond: server::SendResponse<Bytes>,
        live: &AtomicUsize,
    ) -> Result<Option<Break>, h2::Error> {
        let (head, mut stream) = request.into_parts();
        let mut body = Vec::new();
        while let Some(data) = stream.data().await {
            body.extend_from_slice(&data?);
        }
        let target = head
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        let (number, steps) = self.take(target, &body);
        let mut rng = self.rng();
        let mut sending = None;
        for (at, step) in steps {
            if self.now() < at {
                let reset = poll_fn(|cx| match &mut sending {
                    None => respond.poll_reset(cx),
                    Some(stream) => h2::SendStream::poll_reset(stream, cx),
                });
                tokio::select! {
                    biased;
                    () = sleep_until(self.moment(at)) => {}
                    _ = reset => {
                        self.tell_aborted(number);
                        return Ok(None);
                    }
                }
            }
            match (step, &mut sending) {
                (Step::NotSent, _) => {
                    respond.send_reset(Reason::REFUSED_STREAM);
                    return Ok(None);
                }
                (Step::Lost, _) => match rng.u8(first_way(live)..6) {
                    0 => return Ok(Some(Break::Drop)),
                    1 => return Ok(Some(Break::GoAway)),
                    reason => {
                        let reasons = [
                            Reason::INTERNAL_ERROR,
                            Reason::CANCEL,
                            Reason::STREAM_CLOSED,
                            Reason::NO_ERROR,
                        ];
                        let reason = reasons[usize::from(reason - 2)];
                        match &mut sending {
                            None => respond.send_reset(reason),
                            Some(stream) => stream.send_reset(reason),
                        }
                        return Ok(None);
                    }
                },
                (Step::Head(head), _) => {
                    sending = Some(respond.send_response(response(head), false)?);
                }
                (Step::Body(bytes), Some(stream)) => {
                    for piece in http1::pieces(&mut rng, &bytes) {
                        stream.send_data(Bytes::copy_from_slice(piece), false)?;
                    }
                }
                (Step::End, Some(stream)) => {
                    // A client may close the stream before the very end of an answer.
                    let _ = stream.send_data(Bytes::new(), true);
                    self.tell_written(number);
                }
                (Step::Body(_) | Step::End, None) => unreachable!("a head comes first"),
            }
        }
        if let Some(stream) = &mut sending {
            let _ = poll_fn(|cx| stream.poll_reset(cx)).await;
        } else {
            let _ = poll_fn(|cx| respond.poll_reset(cx)).await;
        }
        self.tell_aborted(number);
        Ok(None)
    }
}

/// The first way to cut a stream: the first two would cut the others on the connection too.
fn first_way(live: &AtomicUsize) -> u8 {
    if live.load(Ordering::Relaxed) > 1 {
        2
    } else {
        0
    }
}

/// The way in which the service cuts an HTTP/2 connection.
#[derive(Clone, Copy, Debug)]
enum Break {
    Drop,
    GoAway,
}

fn response(head: Head) -> Response<()> {
    let response = Response::builder()
        .status(head.status)
        .header(CONTENT_TYPE, head.content_type);
    let response = match head.retry_after {
        Some(seconds) => response.header(RETRY_AFTER, seconds),
        None => response,
    };
    response.body(()).expect("a head")
}

/// Waits until the client closes the connection. It sends no request before it has the answer
/// to the one before.
async fn closed(io: &mut DuplexStream) {
    let mut rest = [0; 64];
    let read = io.read(&mut rest).await;
    assert!(!matches!(read, Ok(1..)), "a request before the answer");
}

async fn live(life: &Life, tells: bool, is_h2: bool) -> Played {
    let world = World::new(life, tells).with_tolerance(TOLERANCE);
    let config = world.config();
    let (written, mut writes) = unbounded_channel();
    let service = Arc::new(Service {
        world: Mutex::new(world),
        rng: Mutex::new(Rng::with_seed(life.seed)),
        origin: Instant::now(),
        is_h2,
        exchanges: AtomicU64::new(0),
        written,
    });
    let connecting = Arc::clone(&service);
    let connector = move |_| core::future::ready(connecting.connect());
    let client = Client::with_connector((*endpoint()).clone(), config, connector);
    let mut session = Session::new(client.clone());
    let mut settling = VecDeque::new();
    while let Some(next) = step(&mut session, &service, &mut writes, &mut settling).await {
        match next {
            Next::Update => {}
            Next::Act => obey(&mut session, &client, &service),
            Next::Nothing => {
                let now = service.now();
                service
                    .world()
                    .find(now, "nothing more happens, and the life is not over");
            }
        }
    }
    let now = service.now();
    let mut world = service.world();
    let story = world.story().to_vec();
    // The tasks of the service still hold the shared state, so the world is replaced.
    let over = core::mem::replace(&mut *world, World::new(life, false));
    (over.judge(now), story)
}

/// The next step in a life.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The session returned an update, or an answer was written or read to its end.
    Update,
    /// The user or the person acts.
    Act,
    Nothing,
}

/// Passes an update of the session to the world, or waits for the next step. `None` means that
/// the life is over.
async fn step(
    session: &mut Session,
    service: &Service,
    writes: &mut UnboundedReceiver<u64>,
    settling: &mut VecDeque<(u64, u64)>,
) -> Option<Next> {
    let is_idle = match once(session.next()).await {
        Poll::Ready(Some(update)) => {
            service.world().update(&update, service.now());
            return Some(Next::Update);
        }
        Poll::Ready(None) => true,
        Poll::Pending => false,
    };
    let act = {
        let (mut world, now) = (service.world(), service.now());
        let conversation = session.conversation();
        let is_polling = conversation.is_polling();
        world.look(is_polling, conversation.turn_in_progress(), now);
        world.step(now);
        if world.is_over(is_polling) {
            return None;
        }
        world.next_act()
    };
    let settled = settling.front().map(|(at, _)| *at);
    let until = |at: Option<u64>| sleep_until(service.moment(at.unwrap_or_default()));
    tokio::select! {
        biased;
        update = session.next(), if !is_idle => {
            if let Some(update) = update {
                service.world().update(&update, service.now());
            }
            Some(Next::Update)
        }
        Some(number) = writes.recv() => {
            // Virtual time moves on only after the client has read everything.
            settling.push_back((service.now() + 1, number));
            Some(Next::Update)
        }
        () = until(settled), if settled.is_some() => {
            if let Some((_, number)) = settling.pop_front() {
                service.world().delivered(number);
            }
            Some(Next::Update)
        }
        () = until(act), if act.is_some() => Some(Next::Act),
        () = until(Some(service.now() + FOR_EVER)) => Some(Next::Nothing),
    }
}

fn obey(session: &mut Session, client: &Client, service: &Service) {
    let (mut world, now) = (service.world(), service.now());
    let command = world.act(now);
    match &command {
        Command::Send(message) => {
            if session.send(message.clone()).is_err() {
                world.refused(now, &command);
            }
        }
        Command::Cancel => {
            world.tell(now, || "user: cancels".into());
            session.cancel();
        }
        Command::Rate(rating) => {
            world.tell(now, || format!("user: rates {rating:?}"));
            if session.commands().rate(*rating, None).is_ok() {
                world.rates();
            }
        }
        Command::Restart(restart) => {
            let conversation = session.conversation();
            let (saved, len) = kept(*restart, conversation.save());
            *session = match saved {
                Some(saved) => Session::resume(client.clone(), saved),
                None => Session::new(client.clone()),
            };
            world.restarted(*restart, len, now);
        }
        Command::Nothing => {}
    }
}

/// Polls a future once and drops it.
async fn once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// The client's end of a pipe.
struct Pipe {
    io: DuplexStream,
    /// If true, the end of the pipe reads as a connection error.
    is_lost: Arc<AtomicBool>,
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let is_end = matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before;
        if is_end && self.is_lost.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        read
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
