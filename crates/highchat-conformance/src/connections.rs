//! Counts the connections that a client opens for a handoff with an hour of polls.

use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use highchat_proto::{Config, Endpoint, Message, Rating, Update};

use crate::capability::Capability;
use crate::mismatch::{Findings, Mismatch, compare};
use crate::scenario::Opener;
use crate::words::{HUMAN, META, answer, page, read_request, reply};

/// The number of polls in an hour, with the default interval of 4 s.
const POLLS: usize = 900;
/// The number of polls for a service that lets a client wait.
const FEW_POLLS: usize = 20;

/// What the service does with a connection after its answers.
#[derive(Clone, Copy, Debug)]
enum After {
    /// It keeps the connection.
    Keep,
    /// It announces that each answer is the last, and closes the connection.
    Announce,
    /// It closes the connection after this number of answers, without an announcement.
    CloseSilently(usize),
    /// Once, after this number of answers, it never reads from a connection again and keeps it open, as
    /// if the network between had changed.
    Vanish(usize),
}

/// A handoff against a kind of service, which counts the connections. The client must need no
/// more of them than the service demands, and must send the message once. The limits are our
/// decision.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTrial {
    name: &'static str,
    service: &'static str,
    after: After,
    polls: usize,
    rates: bool,
    /// The most connections of a client that keeps the connection of a message.
    connections: usize,
    /// More connections of a client that closes the connection of a message, and of a request
    /// that it sends again, after the answer.
    for_messages: usize,
}

/// The connection trials.
pub const CONNECTION_TRIALS: &[ConnectionTrial] = &[
    ConnectionTrial {
        name: "an hour of polls",
        service: "it keeps its connections",
        after: After::Keep,
        polls: POLLS,
        rates: false,
        connections: 1,
        for_messages: 1,
    },
    ConnectionTrial {
        name: "polls and a rating",
        service: "it keeps its connections",
        after: After::Keep,
        polls: FEW_POLLS,
        rates: true,
        // The head of its answer decides a rating, and the rest is not waited for. So the
        // connection may be unable to carry another request.
        connections: 2,
        for_messages: 1,
    },
    ConnectionTrial {
        name: "an announced end",
        service: "it announces that each answer is the last of its connection",
        after: After::Announce,
        polls: FEW_POLLS,
        rates: true,
        connections: FEW_POLLS + 2,
        for_messages: 0,
    },
    ConnectionTrial {
        name: "a silent end, rarely",
        service: "it closes each connection after 100 answers, without an announcement",
        after: After::CloseSilently(100),
        polls: POLLS,
        rates: false,
        connections: POLLS.div_ceil(100) + 1,
        for_messages: 0,
    },
    ConnectionTrial {
        name: "a silent end, each time",
        service: "it closes each connection after its answer, without an announcement",
        after: After::CloseSilently(1),
        polls: FEW_POLLS,
        rates: true,
        connections: FEW_POLLS + 2,
        for_messages: 0,
    },
    ConnectionTrial {
        name: "a connection that vanishes",
        service: "once, it never reads from a connection again after 5 answers",
        after: After::Vanish(5),
        polls: FEW_POLLS,
        rates: false,
        connections: 2,
        // A request that is sent again has a connection like a message's.
        for_messages: 2,
    },
];

impl ConnectionTrial {
    /// The name of the row.
    #[must_use]
    pub fn name(&self) -> String {
        format!("connections/{}", self.name)
    }

    /// What the service does, in words.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// Whether the conversation is rated during the handoff.
    #[must_use]
    pub const fn rates(&self) -> bool {
        self.rates
    }

    /// The most connections that the client may open. `for_messages`: it closes the connection
    /// of a message, and of a request that it sends again, after the answer.
    #[must_use]
    pub const fn limit(&self, for_messages: bool) -> usize {
        let more = if for_messages { self.for_messages } else { 0 };
        self.connections + more
    }

    pub(crate) const fn needs(&self) -> &'static [Capability] {
        if self.rates {
            &[Capability::KeptConnections, Capability::Rate]
        } else {
            &[Capability::KeptConnections]
        }
    }

    /// Runs the trial over plain TCP.
    pub(crate) fn run(&self, open: &Opener) -> Findings {
        let rates = self.rates;
        self.run_over(Ok, true, |port, config| {
            let credentials = highchat_proto::Credentials::none();
            let endpoint = Endpoint::new(&format!("http://127.0.0.1:{port}"), credentials);
            let mut driver = open(endpoint.expect("a sound URL"), config, None);
            driver.send(Message::new("Մարդ կա՞ 🙋").expect("a short text"));
            let (mut texts, mut is_rated) = (Vec::new(), !rates);
            while let Some(update) = driver.next() {
                if let Update::Message(message) = update {
                    texts.push(message.content.to_string());
                }
                if !texts.is_empty() && !is_rated {
                    is_rated = true;
                    driver.rate(Rating::Up, "լավ 👍");
                }
            }
            texts
        })
    }

    /// Runs the trial over connections that `accept` makes of TCP connections, for example with
    /// TLS. `hand_off` sends a message to the service at a port of 127.0.0.1, rates the
    /// conversation when the person's first message comes if [`rates`](Self::rates), and waits
    /// until the bot is back. It returns the person's texts. `for_messages` is as for
    /// [`limit`](Self::limit).
    ///
    /// # Errors
    ///
    /// What the client did in another way than it must.
    ///
    /// # Panics
    ///
    /// No port is free.
    pub fn hold<S: Read + Write>(
        &self,
        accept: impl Fn(TcpStream) -> io::Result<S> + Clone + Send + 'static,
        for_messages: bool,
        hand_off: impl FnOnce(u16, Config) -> Vec<String>,
    ) -> Result<(), Vec<Mismatch>> {
        let findings = self.run_over(accept, for_messages, hand_off);
        findings.into_result().map_err(|found| found.mismatches)
    }

    fn run_over<S: Read + Write>(
        &self,
        accept: impl Fn(TcpStream) -> io::Result<S> + Clone + Send + 'static,
        for_messages: bool,
        hand_off: impl FnOnce(u16, Config) -> Vec<String>,
    ) -> Findings {
        let service = Service::start(self.after, self.polls, accept);
        let config = Config::default().with_poll_interval(Duration::from_millis(5));
        let texts = hand_off(service.port, config);
        let counts = service.counts();
        let mut findings = Findings::messages_sent(counts.messages, 1);
        let expected = ["Բարև ձեզ 👋", "Ցտեսություն 🙂"];
        findings.note(compare("the person's messages", &texts[..], &expected[..]));
        let ratings = usize::from(self.rates);
        findings.note(compare("the ratings", &counts.ratings, &ratings));
        findings.note(compare("the polls", &counts.polls, &self.polls));
        let limit = self.limit(for_messages);
        if counts.connections > limit {
            let expected = format!("at most {limit}");
            let seen = counts.connections.to_string();
            findings.note(Err(Mismatch::new("the connections", expected, seen)));
        }
        findings
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Connections with a request.
    connections: usize,
    messages: usize,
    ratings: usize,
    polls: usize,
}

struct Service {
    port: u16,
    counts: Arc<Mutex<Counts>>,
    is_over: Arc<AtomicBool>,
}

impl Drop for Service {
    /// Ends the thread that accepts connections. The others end with their connections.
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // A connection wakes it.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Service {
    fn start<S: Read + Write>(
        after: After,
        polls: usize,
        accept: impl Fn(TcpStream) -> io::Result<S> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let counts = Arc::<Mutex<Counts>>::default();
        let is_over = Arc::<AtomicBool>::default();
        let (shared, has_ended) = (Arc::clone(&counts), Arc::clone(&is_over));
        thread::spawn(move || {
            let has_vanished = Arc::<AtomicBool>::default();
            for stream in listener.incoming().flatten() {
                if has_ended.load(Ordering::Relaxed) {
                    return;
                }
                let (accept, counts) = (accept.clone(), Arc::clone(&shared));
                let has_vanished = Arc::clone(&has_vanished);
                let has_ended = Arc::clone(&has_ended);
                thread::spawn(move || {
                    let vanish = || {
                        if !has_vanished.swap(true, Ordering::Relaxed) {
                            while !has_ended.load(Ordering::Relaxed) {
                                thread::park_timeout(Duration::from_millis(100));
                            }
                        }
                    };
                    let serve = |stream| serve(stream, after, vanish, polls, &counts);
                    // The client may leave at any time.
                    let _ = accept(stream).and_then(serve);
                });
            }
        });
        Self {
            port,
            counts,
            is_over,
        }
    }

    fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(
    stream: impl Read + Write,
    after: After,
    vanish: impl Fn(),
    polls: usize,
    counts: &Mutex<Counts>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let count = || counts.lock().unwrap_or_else(PoisonError::into_inner);
    for answers in 1.. {
        let Some(request) = read_request(&mut stream)? else {
            return Ok(());
        };
        // An unused connection would count as well, but no client opens one.
        let answer = {
            let mut counts = count();
            counts.connections += usize::from(answers == 1);
            answer_to(&request, polls, &mut counts)
        };
        let answer = match after {
            After::Announce => answer.replacen("\r\n", "\r\nconnection: close\r\n", 1),
            After::Keep | After::CloseSilently(_) | After::Vanish(_) => answer,
        };
        stream.get_mut().write_all(answer.as_bytes())?;
        stream.get_mut().flush()?;
        match after {
            After::Announce => break,
            After::CloseSilently(most) if answers == most => break,
            After::Vanish(most) if answers == most => vanish(),
            After::Keep | After::CloseSilently(_) | After::Vanish(_) => {}
        }
    }
    Ok(())
}

/// The answer to a request, which is counted.
fn answer_to(request: &str, polls: usize, counts: &mut Counts) -> String {
    if request.starts_with("POST /v1/chat ") {
        counts.messages += 1;
        reply(&[META, HUMAN].concat())
    } else if request.contains("/rating ") {
        counts.ratings += 1;
        answer("200 OK", "", "{}")
    } else {
        counts.polls += 1;
        match counts.polls {
            1 => page("human", &[]),
            done if done == polls => page("bot", &["Բարև ձեզ 👋", "Ցտեսություն 🙂"]),
            _ => page("human", &["Բարև ձեզ 👋"]),
        }
    }
}
