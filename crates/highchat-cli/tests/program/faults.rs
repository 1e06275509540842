//! `highchat ask --json` with every fault of the sandbox and every reading of the API's
//! text.

use highchat_sandbox::Sandbox;
use highchat_testing::trials::{
    ALIKE, BehindTheProxy as _, Check, Course, Outcome, Seen, TRIALS, Trial, untried,
};
use serde_json::Value;

use crate::support::*;

use proxy::Proxy;

/// Runs a trial with the service's key.
fn send(trial: &Trial, sandbox: &Sandbox) -> Seen {
    ask(trial, sandbox.base_url(), &["--key", sandbox.key()])
}

/// Runs a trial through `highchat proxy`, which has the key.
fn send_through_proxy(trial: &Trial, sandbox: &Sandbox) -> Seen {
    let base_url = sandbox.base_url();
    let mut command = highchat(["proxy", "--listen=127.0.0.1:0", "--base-url", base_url]);
    command.args(["--visitor-polls", "0"]);
    command.env("HIGHCHAT_KEY", sandbox.key());
    let proxy = Proxy::spawn(command);
    let seen = ask(trial, &proxy.base_url, &["--no-key"]);
    proxy.signal("-TERM");
    assert_eq!(proxy.end(), (String::new(), Some(143)));
    seen
}

/// Sends the messages of a trial with `highchat ask --json`. Returns what the last run
/// printed.
fn ask(trial: &Trial, base_url: &str, access: &[&str]) -> Seen {
    let mut seen = Seen::default();
    let mut conversation: Option<String> = None;
    for message in trial.messages() {
        let config = trial.config();
        let mut ask = highchat(["ask", "--json", "--wait", "--base-url", base_url]);
        ask.args(access);
        for (option, duration) in [
            ("--idle-timeout", config.idle_timeout),
            ("--progress-timeout", config.progress_timeout),
            ("--response-timeout", config.response_timeout),
            ("--poll-interval", config.poll_interval),
        ] {
            ask.arg(option).arg(duration.as_secs_f64().to_string());
        }
        if let Some(id) = &conversation {
            ask.args(["--conversation", id]);
        }
        ask.arg("--").arg(message);
        let run = run(ask);
        conversation = conversation_id(&run);
        seen = read(&run);
    }
    seen
}

/// The id of the run's conversation.
fn conversation_id(run: &Run) -> Option<String> {
    let end: Value = serde_json::from_str(run.stdout.lines().last()?).unwrap();
    assert_eq!(end["type"], "end", "{run:?}");
    end["conversation_id"].as_str().map(str::to_owned)
}

/// Reads the lines that a run printed.
fn read(run: &Run) -> Seen {
    let mut seen = Seen::default();
    let mut is_recovered = false;
    for line in run.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let string = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        match line["type"].as_str().unwrap() {
            "delta" => seen.text += &string("text"),
            "recovered" => {
                seen.text = string("text");
                is_recovered = true;
            }
            "message" if line["role"] != "user" => seen.heard.push(string("content")),
            "human" => seen.outcome = Some(Outcome::HandedOver),
            "state" => seen.state = string("state"),
            "end" => {
                assert_eq!(line["exit_code"], run.status.unwrap(), "{run:?}");
                let outcome = outcome(&seen, is_recovered, &string("outcome"), run.status);
                seen.gave_up = seen.outcome.is_some() && run.status != Some(0);
                seen.outcome.get_or_insert(outcome);
            }
            _ => {}
        }
    }
    seen
}

/// The outcome, from the outcome in the `end` line and the exit status.
fn outcome(seen: &Seen, is_recovered: bool, end: &str, status: Option<i32>) -> Outcome {
    match (end, status) {
        ("complete", Some(0)) if is_recovered => Outcome::Recovered,
        ("complete", Some(0)) => Outcome::Whole,
        ("incomplete", Some(3)) if seen.text.is_empty() => Outcome::Unanswered,
        ("incomplete", Some(3)) => Outcome::Incomplete,
        ("failed", Some(5)) => Outcome::RateLimited,
        ("failed", Some(8)) => Outcome::Failed,
        _ => Outcome::Other,
    }
}

/// Each run is a process of its own, so it knows an earlier conversation only by its id.
fn is_possible(trial: &&Trial) -> bool {
    matches!(trial.course, Course::First | Course::ById) && is_quick(trial)
}

/// Excludes 429 without Retry-After: its pauses of 5 s and 20 s cannot be shortened.
fn is_quick(trial: &&Trial) -> bool {
    !trial.faults.starts_with("429x")
}

/// The rows of the table that the program can run.
fn trials() -> impl Iterator<Item = Trial> {
    let rows = TRIALS.iter().chain(ALIKE).filter(is_possible);
    rows.copied()
}

#[test]
fn the_program_is_conformant() {
    let check = Check::function(send).with_trials(trials());
    check.run().assert_conformant();
}

/// The faults that are not tried through `highchat proxy`. The tests of highchat-proxy try
/// them.
const NOT_THROUGH_THE_PROXY: [(&str, &str); 2] = [
    ("stall", "the proxy's idle timeout of 60 s is not an option"),
    (
        "stall-pings",
        "the proxy's progress timeout of 300 s is not an option",
    ),
];

#[test]
fn the_program_is_conformant_through_the_proxy() {
    let trials = trials().filter(|trial| !trial.waits);
    let trials: Vec<Trial> = trials.map(Trial::behind_the_proxy).collect();
    assert_eq!(untried(&trials, &NOT_THROUGH_THE_PROXY), [""; 0]);
    let check = Check::function(send_through_proxy).with_trials(trials);
    let report = check.only("fault/").only("alike/").run();
    report.assert_conformant();
}
