//! Runs a trial against a sandbox of its own, and compares what was seen with what must be seen.

use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use highchat_sandbox::{Person, Reading, Request, Sandbox, Script};
use http::Method;

use crate::mismatch::{Findings, Mismatch, compare};
use crate::seen::{Outcome, Seen};
use crate::source::ours;
use crate::trial::{TEXT, Trial};

/// Sends the messages of a trial, and returns what the client showed for the last one.
pub(crate) type SendTrial = dyn Fn(&Trial, &Sandbox) -> Seen + Send + Sync;

/// How much faster a sandbox's time is than a client's. The 4 s between polls are then the 50 ms
/// of the trials' configuration.
const TIME_SCALE: u32 = 80;

/// The time before each word of a reply that comes word by word.
const WORD_DELAY: Duration = Duration::from_millis(120);

/// The messages of the person in each sandbox.
const LINES: [&str; 3] = ["մեկ", "երկու", "երեք"];

/// How fast a reply comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as the client reads.
    AtOnce,
    /// With a pause before each word. The last words of an incomplete reply may be missing.
    WordByWord,
}

/// How the rows are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) pace: Pace,
    /// The time limit of a row.
    pub(crate) patience: Duration,
}

/// Runs a trial.
pub(crate) fn trial(send: &Arc<SendTrial>, trial: &Trial, conditions: Conditions) -> Findings {
    match sandbox(conditions.pace, &[], trial.script()) {
        Ok(sandbox) => run(send, trial, &sandbox, conditions),
        Err(mismatch) => mismatch.into(),
    }
}

/// Runs a conversation and a handoff with a reading of the API's text.
pub(crate) fn reading(send: &Arc<SendTrial>, reading: Reading, conditions: Conditions) -> Findings {
    let sandbox = match sandbox(conditions.pace, &[reading], Script::new()) {
        Ok(sandbox) => sandbox,
        Err(mismatch) => return mismatch.into(),
    };
    let reason = ours(reading.line());
    let mut findings = Findings::default();
    for trial in [
        Trial::new("no-space", Outcome::Whole, reason).shows(TEXT),
        Trial::new("poll-500", Outcome::HandedOver, reason),
    ] {
        findings.extend(run(send, &trial, &sandbox, conditions));
    }
    findings
}

fn run(
    send: &Arc<SendTrial>,
    trial: &Trial,
    sandbox: &Arc<Sandbox>,
    conditions: Conditions,
) -> Findings {
    let before = sandbox.requests().len();
    let (sending, row, service) = (Arc::clone(send), *trial, Arc::clone(sandbox));
    let seen = bounded(conditions.patience, move || sending(&row, &service));
    let mut findings = match seen {
        Ok(seen) => compare_shown(conditions.pace, trial, &seen),
        Err(mismatch) => mismatch.into(),
    };
    findings.extend(compare_sent(trial, sandbox, before));
    findings
}

/// Runs something that belongs to the client in a thread of its own, at most for this time.
/// After that, the thread is left to itself, because no thread can be stopped.
pub(crate) fn bounded<T: Send + 'static>(
    patience: Duration,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Mismatch> {
    let (sender, receiver) = channel();
    let builder = thread::Builder::new().name("client under test".to_owned());
    let thread = builder.spawn(move || {
        // Nobody waits for a result that comes too late.
        let _ = sender.send(run());
    });
    let thread = match thread {
        Ok(thread) => thread,
        Err(error) => return Err(Mismatch::new(CLIENT, "a thread", error.to_string())),
    };
    match receiver.recv_timeout(patience) {
        Ok(value) => Ok(value),
        Err(RecvTimeoutError::Timeout) => {
            let expected = format!("an end within {} s", patience.as_secs_f64());
            Err(Mismatch::new(CLIENT, expected, "it was still busy"))
        }
        Err(RecvTimeoutError::Disconnected) => {
            let text = thread.join().err().and_then(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            });
            let text = text.unwrap_or_else(|| "no text".to_owned());
            Err(Mismatch::new(
                CLIENT,
                "no panic",
                format!("a panic: {text}"),
            ))
        }
    }
}

const CLIENT: &str = "the client";

fn sandbox(pace: Pace, readings: &[Reading], script: Script) -> Result<Arc<Sandbox>, Mismatch> {
    let seconds = Duration::from_secs;
    let token_delay = match pace {
        Pace::AtOnce => Duration::ZERO,
        Pace::WordByWord => WORD_DELAY * TIME_SCALE,
    };
    let person = Person::absent()
        .says(seconds(8), LINES[0])
        .says(seconds(16), LINES[1])
        .says(seconds(24), LINES[2])
        .hands_back(seconds(72));
    let mut builder = Sandbox::builder()
        .time_scale(TIME_SCALE)
        .token_delay(token_delay)
        .ping_interval(seconds(8))
        .rate_limit(0)
        .script(script)
        .person(person);
    for reading in readings {
        builder = builder.reading(*reading);
    }
    let sandbox = builder.start();
    let unable = |error: std::io::Error| Mismatch::new("the sandbox", "a start", error.to_string());
    sandbox.map(Arc::new).map_err(unable)
}

/// Compares what the client showed.
fn compare_shown(pace: Pace, trial: &Trial, seen: &Seen) -> Findings {
    let mut findings = Findings::default();
    let outcome = seen.outcome.unwrap_or(Outcome::Other);
    findings.note(compare("the outcome", &outcome, &trial.outcome));
    let drops_the_last_words = pace == Pace::WordByWord && trial.outcome == Outcome::Incomplete;
    if !(drops_the_last_words && trial.text.starts_with(&seen.text)) {
        findings.note(compare("the text", &seen.text[..], trial.text));
    }
    if trial.outcome == Outcome::HandedOver {
        if trial.faults == "poll-404" {
            let what = "whether polling ended with an error";
            findings.note(compare(what, &seen.gave_up, &true));
        } else {
            let mut heard = seen.heard.clone();
            heard.sort_unstable();
            let mut lines = LINES;
            lines.sort_unstable();
            findings.note(compare("the person's messages", &heard[..], &lines[..]));
            findings.note(compare("the last state", &seen.state[..], "bot"));
        }
    }
    findings
}

/// Compares what came to the service. The first `before` requests belong to earlier trials.
fn compare_sent(trial: &Trial, sandbox: &Sandbox, before: usize) -> Findings {
    let requests = sandbox.requests();
    // A browser asks for permission first, with `OPTIONS`.
    let is_post = |request: &&Request| request.method == Method::POST && request.path == "/v1/chat";
    let posts = requests.iter().skip(before).filter(is_post).count();
    let mut findings = Findings::messages_sent(posts, trial.posts);
    let verdict = sandbox.verdict();
    let mut known = Vec::new();
    for finding in verdict.findings() {
        // One finding of a kind says enough.
        if known.contains(&finding.misstep) {
            continue;
        }
        known.push(finding.misstep);
        let expected = format!("no request with the finding {}", finding.misstep.name());
        findings.note(Err(Mismatch::new(
            "the requests",
            expected,
            finding.to_string(),
        )));
    }
    findings
}
