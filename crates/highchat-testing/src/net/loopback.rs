//! The service of a life on loopback sockets, in scaled real time. It is for clients that have
//! their own sockets and their own clock.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use fastrand::Rng;
use highchat_proto::Config;
use socket2::SockRef;

use crate::net::http1::{self, Encoder};
use crate::world::step::{Step, Steps};
use crate::world::{Asked, World};

/// How many times faster than real time a life runs.
pub const SCALE: u32 = 200;
/// Longer than any operation on this machine should take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest `retry-after` that a client waits for, in seconds: `Config::retry_after_limit`.
const LONGEST_RETRY: u16 = 120;

/// Converts a duration of a life into real time.
#[must_use]
pub fn real(of_life: Duration) -> Duration {
    of_life / SCALE
}

/// The configuration with all its times in scaled real time.
#[must_use]
pub fn scaled(mut config: Config) -> Config {
    let times = [
        &mut config.response_timeout,
        &mut config.idle_timeout,
        &mut config.progress_timeout,
        &mut config.settle_timeout,
        &mut config.keep_alive,
        &mut config.retry_after_limit,
        &mut config.poll_interval,
        &mut config.poll_backoff_limit,
    ];
    let times = times.into_iter().chain(&mut config.rate_limit_delays);
    let times = times.chain(&mut config.not_sent_delays);
    for time in times.chain(&mut config.recovery_delays) {
        *time = real(*time);
    }
    config
}

/// The service of one life. It listens until it is dropped.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    rng: Mutex<Rng>,
    origin: Instant,
    control: Mutex<Control>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Control {
    /// The number of requests so far.
    exchanges: u64,
    /// The exchanges whose last step was written. When the client sends another request, it has
    /// read them.
    written: Vec<u64>,
    /// The addresses of the clients that connected.
    accepted: HashSet<SocketAddr>,
    /// The number of connections whose first request was not read yet, and of requests that were
    /// read and are not taken yet.
    unread: usize,
    /// The number of calls of [`Service::settle`].
    settled: u64,
    /// The service must not listen now.
    is_down: bool,
    is_listening: bool,
    is_over: bool,
}

/// The end of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// It was written completely, and its connection can carry another one.
    Kept,
    /// It was written completely, and ends with its connection.
    Closed,
    /// It was not written completely.
    Cut,
}

impl Service {
    /// Starts to listen. If possible it uses its own loopback address, so that no other program
    /// takes its port while the service is down.
    ///
    /// # Errors
    ///
    /// No socket can be opened.
    pub fn start(world: World, seed: u64) -> io::Result<Self> {
        let [a, b, ..] = seed.to_le_bytes();
        // Another process may play the same lives, so the address depends on the process too.
        let [process, ..] = std::process::id().to_le_bytes();
        let own = Ipv4Addr::new(127, 1 + process % 250, b, 1 + a % 254);
        let listener = TcpListener::bind((own, 0));
        let listener = listener.or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            rng: Mutex::new(Rng::with_seed(seed)),
            origin: Instant::now(),
            control: Mutex::new(Control {
                is_listening: true,
                ..Control::default()
            }),
            changed: Condvar::new(),
        });
        let listening = Arc::clone(&shared);
        thread::spawn(move || listening.listen(listener, address));
        Ok(Self { shared, address })
    }

    /// The base URL of the service.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The time since the life began, in milliseconds of the life.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.shared.now()
    }

    /// The real time until a time of the life, in milliseconds of the life.
    #[must_use]
    pub fn until(&self, at: u64) -> Duration {
        self.shared.until(at)
    }

    /// Locks the world.
    ///
    /// # Panics
    ///
    /// Another thread panicked while it had the lock.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Stops or starts to listen, as the world decides about the next connection.
    ///
    /// # Panics
    ///
    /// The listening thread does not answer.
    pub fn follow_reach(&self) {
        let is_down = self.world().is_out_of_reach();
        {
            let mut control = self.shared.control();
            if control.is_down == is_down {
                return;
            }
            control.is_down = is_down;
            self.shared.changed.notify_all();
        }
        if is_down {
            // Wakes the listening thread, which waits for a connection.
            let _ = TcpStream::connect(self.address);
        }
        self.shared
            .wait_until(|control| control.is_listening != is_down);
    }

    /// Records in the world that a connection of the client failed.
    pub fn was_not_reached(&self) {
        let now = self.now();
        self.world().connect(now);
    }

    /// Waits until the service has read each request of the client. Call it only while the client
    /// does not write.
    ///
    /// A kept connection is closed at its next request, as if it had gone stale: the client may
    /// have given up that request, and it must not be taken later.
    ///
    /// # Panics
    ///
    /// The listening thread does not answer.
    pub fn settle(&self) {
        if self.shared.control().is_listening {
            self.knock();
        }
        self.shared.control().settled += 1;
        self.shared.wait_until(|control| control.unread == 0);
    }

    /// Connects and waits until the connection is accepted. All earlier ones are accepted then.
    fn knock(&self) {
        let stream = TcpStream::connect(self.address).expect("the service listens");
        let own = stream.local_addr().expect("a connection has two ends");
        drop(stream);
        self.shared
            .wait_until(|control| control.accepted.remove(&own));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Ok(mut control) = self.shared.control.lock() {
            control.is_over = true;
        }
        self.shared.changed.notify_all();
        // Wakes the listening thread if it waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn now(&self) -> u64 {
        let life = self.origin.elapsed() * SCALE;
        u64::try_from(life.as_millis()).expect("a life is not that long")
    }

    fn until(&self, at: u64) -> Duration {
        let at = self.origin + real(Duration::from_millis(at));
        at.saturating_duration_since(Instant::now())
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic holds it")
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().expect("no panic holds it")
    }

    fn wait_until(&self, mut condition: impl FnMut(&mut Control) -> bool) {
        let waited = self
            .changed
            .wait_timeout_while(self.control(), PATIENCE, |control| !condition(control));
        let (control, timeout) = waited.expect("no panic holds it");
        drop(control);
        assert!(!timeout.timed_out(), "the service does not answer");
    }

    /// Accepts connections until the life is over.
    fn listen(self: &Arc<Self>, first: TcpListener, address: SocketAddr) {
        let mut first = Some(first);
        loop {
            let listener = match first.take() {
                Some(listener) => listener,
                None => bind_again(address),
            };
            self.control().is_listening = true;
            self.changed.notify_all();
            self.accept(&listener);
            drop(listener);
            let mut control = self.control();
            control.is_listening = false;
            self.changed.notify_all();
            let is_down = |control: &mut Control| control.is_down && !control.is_over;
            control = self
                .changed
                .wait_while(control, is_down)
                .expect("no panic holds it");
            if control.is_over {
                return;
            }
        }
    }

    /// Accepts connections until the service must stop listening.
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let Ok((stream, peer)) = listener.accept() else {
                // The client left before it was accepted.
                continue;
            };
            let mut control = self.control();
            control.accepted.insert(peer);
            self.changed.notify_all();
            if control.is_down || control.is_over {
                return;
            }
            control.unread += 1;
            let shared = Arc::clone(self);
            thread::spawn(move || shared.serve(stream));
        }
    }

    /// Answers the requests on a connection, until the client or the service closes it.
    fn serve(&self, mut stream: TcpStream) {
        let mut request = read_request(&mut stream);
        loop {
            let taken = request.map(|request| self.take(&request.target, &request.body));
            let settled = {
                let mut control = self.control();
                control.unread -= 1;
                self.changed.notify_all();
                control.settled
            };
            let Some((number, steps)) = taken else {
                return;
            };
            // A client may leave at any time.
            let ending = self.answer(&mut stream, steps).unwrap_or(Ending::Cut);
            match ending {
                Ending::Kept | Ending::Closed => self.control().written.push(number),
                Ending::Cut => self.world().aborted(number),
            }
            if ending != Ending::Kept {
                return;
            }
            let way = self.rng().u8(..64);
            request = match way {
                0..8 => None,
                _ => read_request(&mut stream),
            };
            let mut control = self.control();
            if request.is_none() || control.settled != settled {
                return;
            }
            if way == 8 {
                // The connection leads nowhere. Waits until the client gives it up.
                drop(control);
                read_request(&mut stream);
                return;
            }
            control.unread += 1;
        }
    }

    fn rng(&self) -> Rng {
        self.rng.lock().expect("no panic holds it").fork()
    }

    fn take(&self, target: &str, body: &[u8]) -> (u64, Steps) {
        let mut world = self.world();
        let (number, written) = {
            let mut control = self.control();
            control.exchanges += 1;
            (control.exchanges, core::mem::take(&mut control.written))
        };
        for written in written {
            world.delivered(written);
        }
        (
            number,
            world.request(number, &Asked { target, body }, self.now()),
        )
    }

    /// Writes a response.
    fn answer(&self, stream: &mut TcpStream, steps: Steps) -> io::Result<Ending> {
        stream.set_nodelay(true)?;
        let mut rng = self.rng();
        let encoder = Encoder::draw(&mut rng);
        for (at, mut step) in steps {
            if self.is_over_by(at) {
                return Ok(Ending::Cut);
            }
            if matches!(step, Step::Lost | Step::NotSent) {
                if rng.bool() {
                    SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?;
                }
                return Ok(Ending::Cut);
            }
            if let Step::Head(head) = &mut step {
                // The header has whole seconds of real time, so a life's time becomes 0 s, or 1 s
                // if it is more than a client waits for.
                let is_long = |seconds: u16| u16::from(seconds > LONGEST_RETRY);
                head.retry_after = head.retry_after.map(is_long);
            }
            let bytes = encoder.encode(&step);
            for piece in http1::pieces(&mut rng, &bytes) {
                let written = stream.write_all(piece);
                // The client may leave before the end of the body, if it has seen the last event.
                if step != Step::End {
                    written?;
                }
            }
            if step == Step::End {
                return Ok(if encoder.closes() {
                    Ending::Closed
                } else {
                    Ending::Kept
                });
            }
        }
        // Nothing more is written. Waits until the client leaves.
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut rest = [0; 64];
        while stream.read(&mut rest)? > 0 {}
        Ok(Ending::Cut)
    }

    /// Waits until this time of the life. Returns whether the life ended before.
    fn is_over_by(&self, at: u64) -> bool {
        let is_on = |control: &mut Control| !control.is_over;
        let waited = self
            .changed
            .wait_timeout_while(self.control(), self.until(at), is_on);
        waited.expect("no panic holds it").0.is_over
    }
}

/// Listens again at an earlier address. Tries repeatedly, because another process may have the
/// port for a moment.
fn bind_again(address: SocketAddr) -> TcpListener {
    let began = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => return listener,
            Err(error) => assert!(began.elapsed() < PATIENCE, "{address}: {error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Reads a request. Returns `None` if the client leaves before the request is complete.
fn read_request(stream: &mut TcpStream) -> Option<http1::Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut came = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(request) = http1::take_request(&mut came) {
            return Some(request);
        }
        match stream.read(&mut piece) {
            Ok(len @ 1..) => came.extend_from_slice(&piece[..len]),
            Ok(0) | Err(_) => return None,
        }
    }
}
