//! The sandbox as a value, and its settings.

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

/// A running service on a port of 127.0.0.1; it stops when it is dropped.
///
/// It runs on a thread of its own, so it can be started from blocking and from
/// async code alike. Dropping it closes every connection, whatever was being said
/// on it, and waits for the thread to end.
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
    /// Starts a service with the defaults of [`Builder`] on any free port.
    ///
    /// It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// When no port can be had or no thread be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// The settings to start one with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, as a client wants it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A key it accepts: the first one it was given.
    #[must_use]
    pub fn key(&self) -> &str {
        self.service.endpoints().access().key()
    }

    /// The slug it accepts.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.service.endpoints().access().slug()
    }

    /// Where it listens and a key it accepts, for a client of this project.
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
    /// No client could send the first [`Builder::key`]: it is empty, or has other characters
    /// than visible ASCII.
    #[cfg(feature = "proto")]
    #[must_use]
    pub fn endpoint(&self) -> highchat_proto::Endpoint {
        use highchat_proto::{Credentials, Endpoint};

        let credentials = Credentials::key(self.key()).expect("a key that can be sent");
        Endpoint::new(&self.base_url, credentials).expect("an address of this machine")
    }

    /// The page where a user chats, for a browser: `http://127.0.0.1:PORT/c/SLUG`.
    #[must_use]
    pub fn chat_url(&self) -> String {
        format!("{}{}", self.base_url, pages::chat_path(self.slug()))
    }

    /// The page where a person answers, for a browser: `http://127.0.0.1:PORT/inbox`.
    #[must_use]
    pub fn inbox_url(&self) -> String {
        format!("{}/inbox", self.base_url)
    }

    /// The person's side: to see who waits, and to answer in place of the built-in
    /// [`Person`].
    #[must_use]
    pub fn inbox(&self) -> Inbox<'_> {
        Inbox::new(self.service.endpoints().conversations())
    }

    /// What it was asked, oldest first: every request whose head and body arrived
    /// whole, refused ones and preflights included; not the pages and the inbox, which
    /// are not the API's.
    ///
    /// The newest 1000 are stored.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.service.journal().requests()
    }

    /// Sets the faults of the next reply that has none yet, refusals before it included (a
    /// client that tries again meets them one after the other). Faults of polls happen to
    /// the next polls of any conversation.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use highchat_sandbox::{Fault, Sandbox};
    ///
    /// let sandbox = Sandbox::start()?;
    /// sandbox.inject([Fault::TooManySeconds, Fault::CrLf]);
    /// // The next message is refused; sent again, its reply has CR LF.
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject(&self, faults: impl Into<Faults>) {
        self.service.endpoints().plan().inject(faults.into());
    }

    /// Waits until `fits` is true of the requests so far; `false` if it is not within
    /// `timeout`.
    ///
    /// It looks whenever a request came, was answered, or its answer ended.
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
    /// assert!(ended, "nothing was asked, so everything has ended");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, fits: impl Fn(&[Request]) -> bool) -> bool {
        self.service.journal().wait(timeout, fits)
    }

    /// Whether the client behaved so far, judged by what it sent.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.service.verdict()
    }

    /// Notes that the client wants nothing more of what is under way: it is to leave
    /// soon, or the [verdict](Self::verdict) says so.
    pub fn note_cancel(&self) {
        self.service.journal().cancelled();
    }

    /// The rating last given to a conversation.
    #[must_use]
    pub fn rating(&self, conversation_id: &str) -> Option<Rating> {
        self.service
            .endpoints()
            .conversations()
            .rating(conversation_id)
    }

    /// How many reply streams are being written now.
    ///
    /// It falls when a reply is over and when a client leaves one, so a test can see
    /// that dropping a reply ended the exchange.
    #[must_use]
    pub fn open_replies(&self) -> usize {
        self.service.endpoints().open_replies()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that is gone has stopped already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic over there was reported there; a second one here would abort.
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
/// The values are the API's where its text has one (the rate limit); the others are
/// our decisions.
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
    /// The port of 127.0.0.1 to listen on; 0, the default, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A key to accept; each call adds one. Without any: `hc_sandbox`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// The slug to accept in `?slug=`; `demo` by default.
    pub fn slug(mut self, slug: impl Into<String>) -> Self {
        self.slug = slug.into();
        self
    }

    /// How long to wait before each word of a reply; 40 ms by default. Zero: as
    /// fast as the client reads.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = delay;
        self
    }

    /// How long a stream may be silent before it carries a `ping`; 15 s by default.
    /// Zero: no pings.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// How many messages each key, and the slug, may send in any 60 s; 30 by default,
    /// which is the API's number. 0: no limit.
    ///
    /// Only messages that were taken count: a request that is refused costs nothing,
    /// and neither do the other two endpoints.
    pub fn rate_limit(mut self, messages: u32) -> Self {
        self.rate_limit = messages;
        self
    }

    /// How far apart the [verdict](Sandbox::verdict) wants polls to be; 4 s by default,
    /// which is the API's number.
    ///
    /// It is counted from the answer to a poll to the next poll, and an eighth less is
    /// accepted. Set it to what the client under test is configured with. Zero: polls may
    /// come as fast as they like.
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

    /// How long a client may take over the head of a request, then over its body, and
    /// how long it may leave an answer unread while nothing more of it fits in the
    /// buffers; 10 s by default.
    ///
    /// A client that takes longer is cut off without an answer. A connection that is
    /// kept alive is closed after as long without a request.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many times as fast as the client's clock the sandbox's time runs; 1 by default,
    /// and for 0.
    ///
    /// With 60, a minute of the service is a second of the test. In the sandbox's time
    /// are all waits that a script, a [`Person`], this builder and the API's text name:
    /// `token_delay`, `ping_interval`, `poll_interval`, `/slow`, the minute of
    /// `rate_limit`, the 3 s of [`Fault::SlowHead`](crate::Fault::SlowHead), and the times
    /// in answers (`ts`, `created_at`), which grow as fast. In real time are
    /// [`patience`](Self::patience), the waits of [`Sandbox`]'s methods, the times of a
    /// [`Request`], the header `Date`, and the 5 s after which a verdict says `kept-open`.
    ///
    /// A client waits by its own clock, so `Retry-After` is in real seconds. They are
    /// whole ones, rounded down where the scale is more than 1: a 429 whose second takes
    /// 20 ms has `Retry-After: 0`. A message that comes then is taken. An amount that a
    /// fault is given is sent as it is: `429-seconds:7` is 7 s by the client's clock,
    /// `slow-head:500` half a second.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use highchat_sandbox::{Fault, Sandbox};
    ///
    /// // The built-in person hands back after 0.1 s instead of 10 s, a client may poll
    /// // every 40 ms, and a refused message may come again at once.
    /// let sandbox = Sandbox::builder().time_scale(100).start()?;
    /// sandbox.inject(Fault::TooManySeconds);
    /// # Ok(())
    /// # }
    /// ```
    pub fn time_scale(mut self, times: u32) -> Self {
        self.time_scale = times;
        self
    }

    /// Who answers once a conversation is handed over and nobody is at the inbox.
    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    /// Faults of every reply, or of every poll; each call adds some. A refusal happens to
    /// every message for ever, unless it says how often: then each message is refused that
    /// often, and taken after that.
    pub fn fault(mut self, faults: impl Into<Faults>) -> Self {
        self.faults.extend(faults.into());
        self
    }

    /// What the bot says to which message, and what goes wrong then.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// Another way to read the API's text where it is silent; each call adds one.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.readings.add(reading);
        self
    }

    /// Starts the service; it accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// When the port cannot be had or no thread be started.
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
        readiness
            .recv()
            .map_err(|_| io::Error::other("the service's thread ended while starting"))??;
        Ok(sandbox)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys stay out: what one is called with may be a real one.
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
