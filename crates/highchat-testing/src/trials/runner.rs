use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::thread;

use highchat_sandbox::{Person, Reading, Request, Sandbox, Script};
use http::Method;

use super::seen::{Outcome, Seen};
use super::trial::{Course, TEXT, Trial};

/// How many rows run at the same time. Most of their time is waiting.
const AT_ONCE: usize = 8;

/// How much faster a sandbox's time is than a client's. The 4 s between polls are then the 50 ms
/// of the trials' configuration.
const TIME_SCALE: u32 = 80;

/// The time before each word of a reply that comes word by word.
const WORD_DELAY: Duration = Duration::from_millis(120);

/// How fast a reply comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the client reads.
    AtOnce,
    /// With a pause before each word. If a connection is lost, `fetch` drops what it has not
    /// passed on yet; with the pause, it has passed on the words before the last. So an
    /// incomplete reply may lack its last words.
    WordByWord,
}

/// The messages of the person in each sandbox.
const LINES: [&str; 3] = ["մեկ", "երկու", "երեք"];

/// Checks a client with a table of trials. `send` sends the trial's messages to the sandbox,
/// follows a handoff to its end, and returns what the client showed for the last message.
///
/// # Panics
///
/// A row ends in another way than the table says. The panic names each such row.
pub fn hold(trials: &[Trial], send: impl Fn(&Trial, &Sandbox) -> Seen + Sync) {
    hold_at(Pace::AtOnce, trials, send);
}

/// Does the same as [`hold`], with this pace of a reply.
///
/// # Panics
///
/// A row ends in another way than the table says. The panic names each such row.
pub fn hold_at(pace: Pace, trials: &[Trial], send: impl Fn(&Trial, &Sandbox) -> Seen + Sync) {
    each(trials, |trial| {
        let sandbox = sandbox(pace, &[], trial.script())?;
        let seen = send(trial, &sandbox);
        judge(pace, trial, &sandbox, &seen)
            .map_err(|wrong| format!("{} ({}): {wrong}", trial.name(), trial.why))
    });
}

/// Checks a client with every reading of the API's text. `send` is as for [`hold`].
///
/// # Panics
///
/// The client does not work with a reading. The panic names each such reading.
pub fn hold_readings(send: impl Fn(&Trial, &Sandbox) -> Seen + Sync) {
    hold_readings_at(Pace::AtOnce, send);
}

/// Does the same as [`hold_readings`], with this pace of a reply.
///
/// # Panics
///
/// The client does not work with a reading. The panic names each such reading.
pub fn hold_readings_at(pace: Pace, send: impl Fn(&Trial, &Sandbox) -> Seen + Sync) {
    each(Reading::ALL, |reading| {
        let sandbox = sandbox(pace, &[*reading], Script::new())?;
        for (outcome, text) in [(Outcome::Whole, TEXT), (Outcome::HandedOver, "")] {
            let trial = Trial {
                faults: if outcome == Outcome::Whole {
                    "no-space"
                } else {
                    "poll-500"
                },
                outcome,
                text,
                posts: 1,
                why: reading.line(),
                waits: false,
                proxy_waits: false,
                course: Course::First,
                replies: None,
            };
            let before = sandbox.requests().len();
            let seen = send(&trial, &sandbox);
            judge_from(pace, &trial, &sandbox, &seen, before)
                .map_err(|wrong| format!("{} ({}): {wrong}", reading.name(), reading.line()))?;
        }
        Ok(())
    });
}

/// Runs each row, several at a time.
fn each<T: Sync>(rows: &[T], hold: impl Fn(&T) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(what) = hold(row) {
                        let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                        wrong.push(what);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn sandbox(pace: Pace, readings: &[Reading], script: Script) -> Result<Sandbox, String> {
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
    builder.start().map_err(|error| error.to_string())
}

fn judge(pace: Pace, trial: &Trial, sandbox: &Sandbox, seen: &Seen) -> Result<(), String> {
    judge_from(pace, trial, sandbox, seen, 0)
}

/// Checks a row. The first `before` requests belong to earlier rows.
fn judge_from(
    pace: Pace,
    trial: &Trial,
    sandbox: &Sandbox,
    seen: &Seen,
    before: usize,
) -> Result<(), String> {
    let is = |what: &str, found: String, expected: String| {
        if found == expected {
            Ok(())
        } else {
            Err(format!("{what} is {found}, not {expected}; {seen:?}"))
        }
    };
    let quoted = |text: &dyn core::fmt::Debug| format!("{text:?}");
    is(
        "the outcome",
        quoted(&seen.outcome),
        quoted(&Some(trial.outcome)),
    )?;
    let drops_the_last_words = pace == Pace::WordByWord && trial.outcome == Outcome::Incomplete;
    if !(drops_the_last_words && trial.text.starts_with(&seen.text)) {
        is("the text", quoted(&seen.text), quoted(&trial.text))?;
    }
    let requests = sandbox.requests().split_off(before);
    // A browser asks for permission first, with `OPTIONS`.
    let is_post = |request: &&Request| request.method == Method::POST && request.path == "/v1/chat";
    let posts = requests.iter().filter(is_post);
    is(
        "the number of posts",
        posts.count().to_string(),
        trial.posts.to_string(),
    )?;
    if trial.outcome == Outcome::HandedOver {
        let mut heard = seen.heard.clone();
        heard.sort_unstable();
        let mut lines = LINES.map(str::to_owned).to_vec();
        lines.sort_unstable();
        if trial.faults == "poll-404" {
            is("giving up", quoted(&seen.gave_up), quoted(&true))?;
        } else {
            is("the person's messages", quoted(&heard), quoted(&lines))?;
            is("the last state", seen.state.clone(), "bot".to_owned())?;
        }
    }
    let verdict = sandbox.verdict();
    match verdict.findings().first() {
        Some(finding) => Err(finding.to_string()),
        None => Ok(()),
    }
}
