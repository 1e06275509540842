//! Counts the connections that a client opens over TLS for a handoff with an hour of polls.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use highchat_proto::Config;
use highchat_proto::http::Roots;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::tls::{Authority, server_config};
use super::words::{HUMAN, META, answer, page, reply};

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
    /// It closes the connection after so many answers, without an announcement.
    CloseSilently(usize),
    /// Once, it never reads from a connection again after so many answers, and keeps it open, as
    /// if the network between had changed.
    Vanish(usize),
}

/// A handoff against each kind of service must need no more connections than the service
/// demands, and must send the message once.
///
/// `hand_off` sends a message to the service at a URL, rates the conversation when the person's
/// first message comes if the last argument is true, and waits until the bot is back. It returns
/// the texts of the person.
///
/// # Panics
///
/// The client opens too many connections, or loses or repeats something.
pub fn hold_connections(hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync) {
    hold(hand_off, 0);
}

/// Like [`hold_connections`], for a client that closes the connection of a message, and of a
/// request that it sends again, after the answer.
///
/// # Panics
///
/// The same.
pub fn hold_connections_beside_messages(
    hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync,
) {
    hold(hand_off, 1);
}

fn hold(hand_off: impl Fn(&str, Roots, Config, bool) -> Vec<String> + Sync, for_messages: usize) {
    let cases = [
        (After::Keep, POLLS, false, 1 + for_messages),
        // The head of its answer decides a rating, and the rest is not waited for. So the
        // connection may be unable to carry another request.
        (After::Keep, FEW_POLLS, true, 2 + for_messages),
        (After::Announce, FEW_POLLS, true, FEW_POLLS + 2),
        (
            After::CloseSilently(100),
            POLLS,
            false,
            POLLS.div_ceil(100) + 1,
        ),
        (After::CloseSilently(1), FEW_POLLS, true, FEW_POLLS + 2),
        // A request that is sent again has a connection like a message's.
        (After::Vanish(5), FEW_POLLS, false, 2 + 2 * for_messages),
    ];
    thread::scope(|scope| {
        for (after, polls, rates, connections) in cases {
            let hand_off = &hand_off;
            scope.spawn(move || {
                let service = Service::start(after, polls);
                let config = Config::default().with_poll_interval(Duration::from_millis(5));
                let texts = hand_off(&service.base_url, service.roots.clone(), config, rates);
                let Counts {
                    connections: opened,
                    messages,
                    ratings,
                    polls: polled,
                } = service.counts();
                assert_eq!(texts, ["Բարև ձեզ 👋", "Ցտեսություն 🙂"], "{after:?}");
                let counted = (messages, ratings, polled);
                assert_eq!(counted, (1, usize::from(rates), polls), "{after:?}");
                assert!(opened <= connections, "{after:?}: {opened}");
            });
        }
    });
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// TLS handshakes.
    connections: usize,
    messages: usize,
    ratings: usize,
    polls: usize,
}

struct Service {
    base_url: String,
    roots: Roots,
    counts: Arc<Mutex<Counts>>,
}

impl Service {
    fn start(after: After, polls: usize) -> Self {
        let authority = Authority::new();
        let (certificate, key) = authority.vouch();
        let config = server_config(certificate, key);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let counts = Arc::<Mutex<Counts>>::default();
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            let has_vanished = Arc::<AtomicBool>::default();
            for stream in listener.incoming().flatten() {
                let (config, counts) = (Arc::clone(&config), Arc::clone(&shared));
                let has_vanished = Arc::clone(&has_vanished);
                // The client may leave at any time.
                thread::spawn(move || {
                    let _ = serve(stream, config, after, &has_vanished, polls, &counts);
                });
            }
        });
        Self {
            base_url: format!("https://localhost:{port}"),
            roots: Roots::Pem(authority.pem().into_bytes().into()),
            counts,
        }
    }

    fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    after: After,
    has_vanished: &AtomicBool,
    polls: usize,
    counts: &Mutex<Counts>,
) -> io::Result<()> {
    let tls = ServerConnection::new(config).expect("a sound configuration");
    let mut stream = BufReader::new(StreamOwned::new(tls, stream));
    let count = || counts.lock().unwrap_or_else(PoisonError::into_inner);
    for answers in 1.. {
        let Some(request) = read(&mut stream)? else {
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
            After::Vanish(most)
                if answers == most && !has_vanished.swap(true, Ordering::Relaxed) =>
            {
                loop {
                    thread::park();
                }
            }
            After::Keep | After::CloseSilently(_) | After::Vanish(_) => {}
        }
    }
    let tls = stream.get_mut();
    tls.conn.send_close_notify();
    tls.flush()
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

/// Reads a request with its body. Returns `None` at the end of the connection.
pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    let mut len = 0;
    loop {
        let start = head.len();
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        let line = head[start..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                len = value.trim().parse().unwrap_or_default();
            }
        }
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body)?;
    Ok(Some(head))
}
