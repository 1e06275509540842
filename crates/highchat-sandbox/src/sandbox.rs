//! The sandbox and its builder.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::api::access::Access;
use crate::api::rating::Rating;
use crate::clock::TimeScale;
use crate::conversation::person::Person;
use crate::conversation::store::Conversations;
use crate::fault::Faults;
use crate::inbox::Inbox;
use crate::journal::Request;
use crate::script::Script;
use crate::service::Service;
use crate::v1::endpoints::Endpoints;
use crate::v1::reading::{Reading, Readings};
use crate::v1::reply::Pace;
use crate::verdict::Verdict;
use crate::{pages, server};

/// A running HighChat service on a port of 127.0.0.1. It stops when it is dropped.
///
/// It runs on its own thread, so you can start it from blocking and from async code. Dropping it
/// closes all connections at once and waits for the thread to end.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use core::time::Duration;
/// use highchat_sandbox::Sandbox;
///
/// let sandbox = Sandbox::builder().token_delay(Duration::ZERO).start()?;
/// println!("listening on {}", sandbox.base_url());
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    addr: SocketAddr,
    base_url: String,
    service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a service with the defaults of [`Builder`] on a free port.
    ///
    /// It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// No port is free, or the thread cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL for clients: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address on which it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A key that it accepts: the first key of the builder.
    #[must_use]
    pub fn key(&self) -> &str {
        self.service.endpoints().access().key()
    }

    /// The slug that it accepts.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.service.endpoints().access().slug()
    }

    /// An endpoint with the base URL and a key, for the clients of this project.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use highchat_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::start()?;
    /// let endpoint = sandbox.endpoint();
    /// assert_eq!(endpoint.base_url(), sandbox.base_url());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The first [`Builder::key`] cannot be sent: it is empty, or has characters other than
    /// visible ASCII.
    #[cfg(feature = "proto")]
    #[must_use]
    pub fn endpoint(&self) -> highchat_proto::Endpoint {
        use highchat_proto::{Credentials, Endpoint};

        let credentials = Credentials::key(self.key()).expect("a key that can be sent");
        Endpoint::new(&self.base_url, credentials).expect("an address of this machine")
    }

    /// The URL of the chat page, for a browser: `http://127.0.0.1:PORT/c/SLUG`.
    #[must_use]
    pub fn chat_url(&self) -> String {
        format!("{}{}", self.base_url, pages::chat_path(self.slug()))
    }

    /// The URL of the inbox page, for a browser: `http://127.0.0.1:PORT/inbox`.
    #[must_use]
    pub fn inbox_url(&self) -> String {
        format!("{}/inbox", self.base_url)
    }

    /// The inbox: lists users who wait, and answers instead of the built-in [`Person`].
    #[must_use]
    pub fn inbox(&self) -> Inbox<'_> {
        Inbox::new(self.service.endpoints().conversations())
    }

    /// The requests so far, oldest first: all complete requests, including refused ones and
    /// preflights. Requests to the pages, the inbox and the control API are not included.
    ///
    /// The newest 1000 are stored.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.service.journal().requests()
    }

    /// Sets the faults of the next reply that has no faults yet. Refusals come before the reply,
    /// one for each attempt of the client. Faults of polls apply to the next polls of any
    /// conversation.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use highchat_sandbox::{Fault, Sandbox};
    ///
    /// let sandbox = Sandbox::start()?;
    /// sandbox.inject([Fault::TooManySeconds, Fault::CrLf]);
    /// // The next message is refused. When it is sent again, its reply has CR LF.
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject(&self, faults: impl Into<Faults>) {
        self.service.endpoints().plan().inject(faults.into());
    }

    /// Waits until `condition` is true for the requests so far. Returns `false` if that takes
    /// longer than `timeout`.
    ///
    /// It checks when a request arrives, when it is answered, and when its answer ends.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use core::time::Duration;
    /// use highchat_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::start()?;
    /// let ended = sandbox.wait_until(Duration::ZERO, |requests| {
    ///     requests.iter().all(|request| request.ended.is_some())
    /// });
    /// assert!(ended, "there are no requests, so all have ended");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, condition: impl Fn(&[Request]) -> bool) -> bool {
        self.service.journal().wait(timeout, condition)
    }

    /// Judges the client by its requests so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.service.verdict()
    }

    /// Records that the client has cancelled its requests. If it does not close their connections
    /// soon, the [verdict](Self::verdict) has a finding.
    pub fn note_cancel(&self) {
        self.service.journal().cancelled();
    }

    /// The latest rating of a conversation.
    #[must_use]
    pub fn rating(&self, conversation_id: &str) -> Option<Rating> {
        self.service
            .endpoints()
            .conversations()
            .rating(conversation_id)
    }

    /// The number of reply streams that are open now.
    ///
    /// It falls when a reply ends and when a client leaves. So a test can check that dropping a
    /// reply ends the exchange.
    #[must_use]
    pub fn open_replies(&self) -> usize {
        self.service.endpoints().open_replies()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails if the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // The thread has reported its own panic. A second panic in `drop` would abort.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Sandbox`].
///
/// The default of the rate limit and the poll interval are from the API's text. The other defaults
/// are our decisions.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use highchat_sandbox::Sandbox;
///
/// let sandbox = Sandbox::builder().key("hc_one").key("hc_two").rate_limit(2).start()?;
/// assert_eq!(sandbox.key(), "hc_one");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Builder {
    port: u16,
    keys: Vec<String>,
    slug: String,
    token_delay: Duration,
    ping_interval: Duration,
    rate_limit: u32,
    poll_interval: Duration,
    patience: Duration,
    time_scale: u32,
    person: Person,
    faults: Faults,
    readings: Readings,
    script: Script,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            keys: Vec::new(),
            slug: "demo".to_owned(),
            token_delay: Duration::from_millis(40),
            ping_interval: Duration::from_secs(15),
            rate_limit: 30,
            poll_interval: Duration::from_secs(4),
            patience: Duration::from_secs(10),
            time_scale: 1,
            person: Person::default(),
            faults: Faults::default(),
            readings: Readings::default(),
            script: Script::new(),
        }
    }
}

impl Builder {
    /// Sets the port of 127.0.0.1. 0, the default, means any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds a key to accept. Without a call the key is `hc_sandbox`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Sets the slug to accept in `?slug=`. Default: `demo`.
    pub fn slug(mut self, slug: impl Into<String>) -> Self {
        self.slug = slug.into();
        self
    }

    /// Sets the delay before each word of a reply. Default: 40 ms. Zero: as fast as the client
    /// reads.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = delay;
        self
    }

    /// Sets the silence after which a stream gets a `ping`. Default: 15 s. Zero: no pings.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets how many messages each key and the slug may send in any 60 s. Default: 30, as in the
    /// API's text. 0: no limit.
    ///
    /// Only accepted messages count. Refused requests and the other two endpoints do not count.
    pub fn rate_limit(mut self, messages: u32) -> Self {
        self.rate_limit = messages;
        self
    }

    /// Sets the poll interval that the [verdict](Sandbox::verdict) expects. Default: 4 s, as in
    /// the API's text.
    ///
    /// It is the time from the answer to a poll to the next poll. The verdict accepts an eighth
    /// less. Use the interval of the client under test. Zero: any interval is accepted.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use core::time::Duration;
    /// use highchat_sandbox::Sandbox;
    ///
    /// let interval = Duration::from_millis(200);
    /// let sandbox = Sandbox::builder().poll_interval(interval).start()?;
    /// // … a client that polls every 200 ms …
    /// sandbox.verdict().assert_good();
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Sets the longest time for the head of a request, for its body, and for a client that
    /// reads nothing while the buffers are full. Default: 10 s.
    ///
    /// If the head or the body takes longer, the sandbox answers 408 and closes the connection.
    /// If the client reads nothing, it closes the connection. It also closes a connection that
    /// has no request for this time.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how many times faster than real time the sandbox's time runs. Default: 1. 0 means 1
    /// too.
    ///
    /// With 60, a minute of the service takes one second. The scale applies to all times of a
    /// script, a [`Person`], this builder and the API's text: `token_delay`, `ping_interval`,
    /// `poll_interval`, `/slow`, the minute of `rate_limit`, the 3 s of
    /// [`Fault::SlowHead`](crate::Fault::SlowHead), and the times in answers (`ts`,
    /// `created_at`). It does not apply to [`patience`](Self::patience), the timeouts of
    /// [`Sandbox`]'s methods, the times of a [`Request`], the header `Date`, and the 5 s of the
    /// finding `kept-open`.
    ///
    /// Clients wait in real time, so `Retry-After` is in real seconds. If the scale is more than
    /// 1, it is rounded down: a 429 that lasts 20 ms has `Retry-After: 0`, and a message that is
    /// sent again at once is accepted. The amount of a fault is in real time: `429-seconds:7` is
    /// 7 s, and `slow-head:500` is half a second.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use highchat_sandbox::{Fault, Sandbox};
    ///
    /// // The built-in person hands back after 0.1 s instead of 10 s, a client may poll every
    /// // 40 ms, and a refused message may be sent again at once.
    /// let sandbox = Sandbox::builder().time_scale(100).start()?;
    /// sandbox.inject(Fault::TooManySeconds);
    /// # Ok(())
    /// # }
    /// ```
    pub fn time_scale(mut self, times: u32) -> Self {
        self.time_scale = times;
        self
    }

    /// Sets the built-in person, who answers after a handoff if no inbox is open.
    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    /// Adds faults to every reply and every poll. Without a number of times, a refusal applies to
    /// every message. With a number, each message is refused that often and then accepted.
    pub fn fault(mut self, faults: impl Into<Faults>) -> Self {
        self.faults.extend(faults.into());
        self
    }

    /// Sets the script: the bot's answers and the faults for certain messages.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// Adds a reading: another behaviour where the API's text allows several.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.readings.add(reading);
        self
    }

    /// Starts the service. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// The port cannot be bound, or the thread cannot be started.
    pub fn start(mut self) -> io::Result<Sandbox> {
        if self.keys.is_empty() {
            self.keys.push("hc_sandbox".to_owned());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let addr = listener.local_addr()?;
        let person = self.script.take_person().unwrap_or(self.person);
        let scale = TimeScale::new(self.time_scale);
        let conversations = match Conversations::new(person, scale) {
            plain if !self.readings.has(Reading::NumericIds) => plain,
            plain => plain.with_numeric_ids(),
        };
        let service = Arc::new(Service::new(Endpoints::new(
            Access::new(self.keys, self.slug),
            self.rate_limit,
            conversations,
            Pace {
                token_delay: self.token_delay,
                ping_interval: self.ping_interval,
                poll_interval: self.poll_interval,
                patience: self.patience,
                scale,
            },
            self.script,
            self.readings,
            addr.port(),
        )));
        service.endpoints().plan().set_always(self.faults);
        let (stop, stopped) = oneshot::channel();
        let (ready, readiness) = mpsc::channel();
        let serving = Arc::clone(&service);
        let thread = thread::Builder::new()
            .name("highchat-sandbox".to_owned())
            .spawn(move || server::run(listener, serving, &ready, stopped))?;
        let sandbox = Sandbox {
            addr,
            base_url: format!("http://{addr}"),
            service,
            stop: Some(stop),
            thread: Some(thread),
        };
        readiness.recv().map_err(|_| {
            io::Error::other("the thread of the service ended while it was starting")
        })??;
        Ok(sandbox)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the keys, because a test may use a real one.
        f.debug_struct("Builder")
            .field("port", &self.port)
            .field("slug", &self.slug)
            .field("token_delay", &self.token_delay)
            .field("ping_interval", &self.ping_interval)
            .field("rate_limit", &self.rate_limit)
            .field("poll_interval", &self.poll_interval)
            .field("patience", &self.patience)
            .field("time_scale", &self.time_scale)
            .field("person", &self.person)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
