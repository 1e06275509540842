//! Every fault of the sandbox, and every reading of the API's text, as a script sees them.

use highchat_sandbox::Sandbox;
use highchat_testing::trials::{
    ALIKE, Course, Outcome, Seen, TRIALS, Trial, hold, hold_readings, untried,
};
use serde_json::Value;

mod support;
use support::*;

use proxy::Proxy;

/// By its key.
fn send(trial: &Trial, sandbox: &Sandbox) -> Seen {
    ask(trial, sandbox.base_url(), &["--key", sandbox.key()])
}

/// Through `highchat proxy`, which has the key.
fn send_through(trial: &Trial, sandbox: &Sandbox) -> Seen {
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

/// `highchat ask --json`, read back.
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
        let told = run(ask);
        conversation = conversation_id(&told);
        seen = read(&told);
    }
    seen
}

/// The conversation that a run was in.
fn conversation_id(told: &Run) -> Option<String> {
    let end: Value = serde_json::from_str(told.stdout.lines().last()?).unwrap();
    assert_eq!(end["type"], "end", "{told:?}");
    end["conversation_id"].as_str().map(str::to_owned)
}

/// What a run told.
fn read(told: &Run) -> Seen {
    let mut seen = Seen::default();
    let mut is_recovered = false;
    for line in told.stdout.lines() {
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
                assert_eq!(line["exit_code"], told.status.unwrap(), "{told:?}");
                let outcome = outcome(&seen, is_recovered, &string("outcome"), told.status);
                seen.gave_up = seen.outcome.is_some() && told.status != Some(0);
                seen.outcome.get_or_insert(outcome);
            }
            _ => {}
        }
    }
    seen
}

/// The outcome that `end` and the exit status tell together.
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

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    let trials: Vec<Trial> = TRIALS.iter().filter(is_quick).copied().collect();
    hold(&trials, send);
}

/// A run knows a conversation from before by its id alone.
fn is_by_id(trial: &&Trial) -> bool {
    trial.course == Course::ById
}

#[test]
fn a_cut_reply_is_never_completed_with_one_that_begins_alike() {
    let trials: Vec<Trial> = ALIKE.iter().filter(is_by_id).copied().collect();
    assert!(!trials.is_empty());
    hold(&trials, send);
}

#[test]
fn a_cut_reply_behind_the_proxy_is_never_completed_with_one_that_begins_alike() {
    let trials = ALIKE.iter().filter(is_by_id).copied();
    let trials: Vec<Trial> = trials.map(Trial::behind_the_proxy).collect();
    hold(&trials, send_through);
}

/// The pauses of 5 and of 20 s after a 429 that asks for none cannot be made shorter.
fn is_quick(trial: &&Trial) -> bool {
    !trial.faults.starts_with("429x")
}

/// What is not tried behind `highchat proxy`; with its library it is.
const NOT_BEHIND_THE_PROXY: [(&str, &str); 2] = [
    (
        "stall",
        "the 60 s that the proxy waits for a byte are no option",
    ),
    (
        "stall-pings",
        "the 300 s that it waits for progress are none",
    ),
];

#[test]
fn each_fault_behind_the_proxy_has_the_outcome_that_the_rules_ask_for() {
    let trials = TRIALS.iter().filter(is_quick).filter(|trial| !trial.waits);
    let trials: Vec<Trial> = trials.copied().map(Trial::behind_the_proxy).collect();
    assert_eq!(untried(&trials, &NOT_BEHIND_THE_PROXY), [""; 0]);
    hold(&trials, send_through);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(send);
}
