//! Counts the descriptors and threads that sessions leave behind.

use core::time::Duration;
use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;
use std::{fs, thread};

use highchat_proto::Config;

use super::words::{HUMAN, META, page, read_request, reply};

/// The number of sessions that exist at a time.
const SESSIONS: usize = 20;
/// Longer than a thread may take to notice that its connection or its work is over.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sessions must leave neither descriptors nor threads behind: when the bot is back, though the
/// session exists, and when a session is dropped in the middle of a handoff.
///
/// `hand_off` sends a message to the service at a URL. It returns the session when the person's
/// first message comes, or if the last argument is true, when the bot is back. No other test may
/// run in the process. Linux only.
///
/// # Panics
///
/// Something is left.
pub fn hold_resources<S>(mut hand_off: impl FnMut(&str, Config, bool) -> S) {
    let base_url = serve();
    let mut begin = |is_whole| -> Vec<S> {
        let config = Config::default().with_poll_interval(Duration::from_millis(5));
        let sessions = (0..SESSIONS).map(|_| hand_off(&base_url, config.clone(), is_whole));
        sessions.collect()
    };
    let base = Usage::now();
    let ended = begin(true);
    Usage::wait_for(base, "the bot is back");
    drop(ended);
    let dropped = begin(false);
    let most = Usage::now();
    // Both ends of each connection are in this process.
    let least = base.descriptors + 2 * SESSIONS;
    assert!(most.descriptors >= least, "no connection is kept: {most:?}");
    drop(dropped);
    Usage::wait_for(base, "the sessions are dropped");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Usage {
    descriptors: usize,
    threads: usize,
}

impl Usage {
    fn now() -> Self {
        let count = |path| fs::read_dir(path).expect("Linux has it").count();
        Self {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }

    fn wait_for(base: Self, when: &str) {
        let began = Instant::now();
        loop {
            let usage = Self::now();
            if usage == base {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{when}: {usage:?}, not {base:?}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Starts a service with a thread for each connection, and returns its URL.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The client may leave at any time.
            thread::spawn(move || answer(stream));
        }
    });
    format!("http://{address}")
}

/// Hands each message over to a person, who writes at the second poll of a connection. At the
/// third, the bot is back.
fn answer(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut polls = 0;
    while let Some(request) = read_request(&mut stream)? {
        let answer = if request.starts_with("POST ") {
            reply(&[META, HUMAN].concat())
        } else {
            polls += 1;
            match polls {
                1 => page("human", &[]),
                2 => page("human", &["Բարև ձեզ 👋"]),
                _ => page("bot", &["Բարև ձեզ 👋"]),
            }
        };
        stream.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}
