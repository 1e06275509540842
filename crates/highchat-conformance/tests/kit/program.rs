//! The program `highchat-conformance`, with a client in another process.
//!
//! The client is a test of this file, run again by the program. It answers over descriptor 3,
//! because the test harness writes to the standard output.

use std::collections::HashMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use highchat_conformance::Driver;
use highchat_proto::failure::ResponseError;
use highchat_proto::{
    Config, Credentials, Endpoint, Failure, Message, Rating, Saved, TurnEnd, Update,
};
use serde_json::{Value, json};

use crate::minimal::Session;

/// Set in the process with the client, to what the client does.
const CLIENT: &str = "HIGHCHAT_TEST_CLIENT";

/// Runs the program with options, and with a client that does this.
fn judge(client: &str, options: &[&str]) -> Output {
    let test = env::current_exe().unwrap();
    let shell = format!(
        "exec {} --exact program::the_client --nocapture 3>&1 1>&2",
        test.display()
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_highchat-conformance"));
    command.args(options).args(["--", "sh", "-c", &shell]);
    command.env(CLIENT, client).output().unwrap()
}

/// The client in the other process.
#[test]
fn the_client() {
    let Ok(client) = env::var(CLIENT) else {
        return;
    };
    let answers = OpenOptions::new().write(true).open("/dev/fd/3").unwrap();
    let answers = Arc::new(Mutex::new(answers));
    if client == "mumbles" {
        writeln!(answers.lock().unwrap(), "Բարև 👋").unwrap();
    }
    let mut sessions: HashMap<u64, Sender<Value>> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let number = command["session"].as_u64().unwrap();
        if client == "ends" {
            return;
        }
        if command["do"] == "close" {
            sessions.remove(&number);
            continue;
        }
        let sender = sessions.entry(number).or_insert_with(|| {
            let (sender, commands) = channel();
            let answers = Arc::clone(&answers);
            thread::spawn(move || serve(&commands, &answers));
            sender
        });
        sender.send(command).unwrap();
    }
}

/// Carries out the commands of a session until it is closed.
fn serve(commands: &Receiver<Value>, answers: &Mutex<File>) {
    let mut session = None;
    for command in commands {
        let mut answer = json!({});
        if command["do"] == "open" {
            session = Some(open(&command));
        } else if let Some(session) = &mut session {
            answer = carry_out(session, &command);
        }
        if let Some(session) = &session {
            let status = session.status();
            answer["status"] = json!({
                "id": status.id.as_ref().map(|id| id.as_str()),
                "state": status.state.as_str(),
                "isPolling": status.is_polling,
                "turnInProgress": status.turn_in_progress,
            });
        }
        answer["session"] = command["session"].clone();
        // The program may have ended.
        let _ = writeln!(answers.lock().unwrap(), "{answer}");
    }
}

fn open(command: &Value) -> Session {
    let options = &command["options"];
    let credentials = match (options["key"].as_str(), options["slug"].as_str()) {
        (Some(key), _) => Credentials::key(key).unwrap(),
        (None, Some(slug)) => Credentials::slug(slug).unwrap(),
        (None, None) => Credentials::none(),
    };
    let endpoint = Endpoint::new(options["baseUrl"].as_str().unwrap(), credentials).unwrap();
    let settings = &options["settings"];
    let time =
        |value: &Value| core::time::Duration::from_secs_f64(value.as_f64().unwrap() / 1000.0);
    let mut config = Config::default();
    config.response_timeout = time(&settings["responseTimeout"]);
    config.idle_timeout = time(&settings["idleTimeout"]);
    config.progress_timeout = time(&settings["progressTimeout"]);
    config.settle_timeout = time(&settings["settleTimeout"]);
    config.poll_interval = time(&settings["pollInterval"]);
    config.poll_backoff_limit = time(&settings["pollBackoffLimit"]);
    for (at, delay) in config.rate_limit_delays.iter_mut().enumerate() {
        *delay = time(&settings["rateLimitDelays"][at]);
    }
    for (at, delay) in config.not_sent_delays.iter_mut().enumerate() {
        *delay = time(&settings["notSentDelays"][at]);
    }
    for (at, delay) in config.recovery_delays.iter_mut().enumerate() {
        *delay = time(&settings["recoveryDelays"][at]);
    }
    let saved = command["saved"].as_str();
    let saved = saved.map(|saved| serde_json::from_str::<Saved>(saved).unwrap());
    Session::open(endpoint, config, saved)
}

fn carry_out(session: &mut Session, command: &Value) -> Value {
    match command["do"].as_str().unwrap() {
        "send" => {
            session.send(Message::new(command["text"].as_str().unwrap()).unwrap());
            json!({ "accepted": true })
        }
        "next" => json!({ "update": session.next().map(|update| show(&update)) }),
        "cancel" => {
            session.cancel();
            json!({})
        }
        "rate" => {
            let rating = if command["rating"] == 1 {
                Rating::Up
            } else {
                Rating::Down
            };
            session.rate(rating, command["comment"].as_str().unwrap());
            json!({ "accepted": true })
        }
        "save" => json!({ "saved": serde_json::to_string(&session.save()).unwrap() }),
        other => json!({ "failed": format!("{other} is unknown") }),
    }
}

fn show(update: &Update<'_>) -> Value {
    match update {
        Update::Meta {
            conversation_id, ..
        } => {
            json!({ "type": "meta", "conversation_id": conversation_id.as_ref().map(|id| id.as_str()) })
        }
        Update::Delta { text } => json!({ "type": "delta", "append": text }),
        Update::Recovered { message, missing } => json!({
            "type": "recovered",
            "append": missing,
            "text": message.content,
            "message_id": message.id,
        }),
        Update::Human { message, .. } => json!({ "type": "human", "message": message }),
        Update::State(state) => json!({ "type": "state", "state": state.as_str() }),
        Update::Message(message) => {
            let mut shown = serde_json::to_value(message).unwrap();
            shown["type"] = "message".into();
            shown
        }
        Update::TurnEnded { end, .. } => {
            let (end, error) = match &**end {
                TurnEnd::Done => ("done", None),
                TurnEnd::Human => ("human", None),
                TurnEnd::Recovered => ("recovered", None),
                TurnEnd::Failed(failure) => ("failed", Some(error(failure))),
                _ => ("cancelled", None),
            };
            json!({ "type": "turn_ended", "end": end, "error": error })
        }
        Update::HandoffFailed { error: failure } => {
            json!({ "type": "handoff_failed", "error": error(failure) })
        }
        Update::Delayed { delay, reason, .. } => json!({
            "type": "delayed",
            "seconds": delay.as_secs_f64(),
            "reason": reason.name(),
        }),
        Update::Rated { .. } => json!({ "type": "rated", "rating": 1 }),
        _ => json!({ "type": "other" }),
    }
}

fn error(failure: &Failure) -> Value {
    let class = match failure {
        Failure::NotSent(_) => "UnreachableError",
        Failure::Cut(_) => "IncompleteError",
        Failure::Service(_) => "ServiceError",
        Failure::Refused(ResponseError::NotEventStream(_) | ResponseError::ContentEncoding(_)) => {
            "NotAReplyError"
        }
        Failure::Refused(_) => "RefusedError",
        _ => "NoAnswerError",
    };
    let status = match failure {
        Failure::Refused(refusal) => refusal.status(),
        _ => None,
    };
    json!({
        "class": class,
        "message": failure.to_string(),
        "status": status,
        "mayHaveBeenTaken": failure.may_have_been_taken(),
        "canBeSentAgain": failure.can_be_sent_again(),
    })
}

#[test]
fn a_client_in_another_process_gets_the_same_report() {
    let options = [
        "--without",
        "several-exchanges",
        "--without",
        "kept-connections",
    ];
    let settings = [
        "--without",
        "seed",
        "--only",
        "fault/",
        "--only",
        "alike/",
        "--json",
    ];
    let output = judge("works", &[&options[..], &settings[..]].concat());
    let report = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let failed: Vec<_> = rows
        .iter()
        .filter(|row| row["result"] == "failed")
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(rows.len() > 80 && report["conformant"] == true);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn scenarios_are_commanded_step_by_step() {
    let rows = [
        "a rating",
        "a handoff",
        "a saved handoff",
        "a cut reply",
        "no service",
        "two turns",
    ];
    let options = rows.map(|row| format!("--only=scenario/{row}"));
    let options: Vec<_> = options
        .iter()
        .map(String::as_str)
        .chain(["--all"])
        .collect();
    let output = judge("works", &options);
    let report = String::from_utf8(output.stdout).unwrap();
    for row in rows {
        let passed = format!("passed  scenario/{row}");
        assert!(
            report.lines().any(|line| line.starts_with(&passed)),
            "{report}"
        );
    }
    assert_eq!(output.status.code(), Some(0), "{report}");
}

#[test]
fn a_client_that_ends_or_writes_something_else_fails_each_row_at_once() {
    for (client, reason) in [
        ("ends", "the client ended"),
        (
            "mumbles",
            "the client wrote a line that is not JSON: \"Բարև 👋\\n\"",
        ),
    ] {
        let output = judge(client, &["--only", "fault/cr-lf"]);
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.contains(reason), "{report}");
        assert!(report.contains("0 passed, 2 failed"), "{report}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn wrong_options_and_a_missing_program_are_no_report() {
    for options in [
        &["--without", "ոչինչ", "true"][..],
        &["--only"],
        &[],
        &["/no/such/program"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highchat-conformance"));
        let output = command.args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn the_help_names_each_option_and_capability() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highchat-conformance"));
    let output = command.arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--only",
        "--without",
        "--by-slug",
        "--fetch",
        "--browser",
        "--json",
        "--all",
    ] {
        assert!(help.contains(option), "{help}");
    }
    let (_, rest) = help.split_once("Capabilities: ").unwrap();
    let (listed, _) = rest.split_once('.').unwrap();
    let listed: Vec<_> = listed.split(',').map(str::trim).collect();
    let all = highchat_conformance::Capability::ALL.iter();
    // A client in another process always has sessions.
    let all = all.map(|capability| capability.name());
    let all: Vec<_> = all.filter(|name| *name != "sessions").collect();
    assert_eq!(listed, all);
    assert_eq!(output.status.code(), Some(0));
}
