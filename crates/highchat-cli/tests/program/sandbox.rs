//! `highchat sandbox` as a command.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use highchat_sandbox::{Fault, Reading};

use crate::support::*;

/// A running sandbox, and its URL.
struct SandboxProcess(Child, String);

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sandbox(arguments: &[&str]) -> SandboxProcess {
    let mut command = highchat(["sandbox", "--port", "0", "--key", KEY, "--token-delay", "0"]);
    command.args(arguments).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let url = line
        .strip_prefix("listening on ")
        .unwrap()
        .trim()
        .to_owned();
    SandboxProcess(child, url)
}

#[test]
fn faults_and_readings_are_listed_one_per_line() {
    let listed = run(highchat(["sandbox", "--list-faults"]));
    assert_eq!(listed.status, Some(0));
    assert_eq!(listed.stdout.lines().count(), Fault::ALL.len());
    for (fault, line) in Fault::ALL.iter().zip(listed.stdout.lines()) {
        assert!(
            line.starts_with(fault.name()) && line.ends_with(fault.line()),
            "{line}"
        );
    }

    let listed = run(highchat(["sandbox", "--list-readings"]));
    assert_eq!(listed.stdout.lines().count(), Reading::ALL.len());
    assert!(listed.stdout.contains("after-inclusive"));
}

#[test]
fn an_unknown_fault_or_reading_is_wrong_usage() {
    for arguments in [["--fault", "cats"], ["--reading", "cats"]] {
        let [option, name] = arguments;
        let told = run(highchat(["sandbox", "--port", "0", option, name]));
        assert_eq!(told.status, Some(2));
        assert!(told.stderr.contains("\"cats\" is no"), "{}", told.stderr);
    }
}

#[test]
fn faults_of_the_command_line_apply_to_every_reply() {
    let service = sandbox(&[
        "--fault",
        "cr-lf,bom",
        "--fault",
        "429x1",
        "--reading",
        "meta-once",
    ]);

    let told = run(to("ask", &service.1, &["--attempts", "1", "/long 3"]));
    assert_eq!(told.status, Some(5), "{}", told.stderr);
    let told = run(to("ask", &service.1, &["/long 3"]));
    assert_eq!(
        (told.status, &*told.stdout),
        (Some(0), "Սա երկար պատասխան\n")
    );
}

#[test]
fn a_private_sandbox_has_faults_too() {
    let told = run(highchat([
        "ask",
        "--sandbox",
        "/fault no-meta,split-pair /long 3",
    ]));
    assert_eq!(told.stdout, "Սա երկար պատասխան🙂\n");
    let told = run(highchat(["ask", "--sandbox", "/fault 500-html"]));
    assert_eq!(told.status, Some(8));
}

#[test]
fn a_script_sets_the_replies_of_the_bot() {
    let path = std::env::temp_dir().join(format!("highchat-script-{}.json", std::process::id()));
    std::fs::write(&path, r#"{"rules": [{"contains": "x", "reply": "y"}]}"#).unwrap();
    let service = sandbox(&["--script", path.to_str().unwrap()]);
    assert_eq!(run(to("ask", &service.1, &["xx"])).stdout, "y\n");

    std::fs::write(&path, "{\n  \"rulez\": []\n}").unwrap();
    let told = run(highchat([
        "sandbox",
        "--port",
        "0",
        "--script",
        path.to_str().unwrap(),
    ]));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(told.status, Some(2));
    assert!(
        told.stderr.contains("unknown field `rulez`"),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("line 2"), "{}", told.stderr);
}

/// Runs `highchat sandbox --check` with these options on this command.
fn check(options: &[&str], command: &[&str]) -> Run {
    let mut check = highchat(["sandbox", "--check", "--token-delay", "0"]);
    check.args(options).arg("--").args(command);
    run(check)
}

/// The judged program is this one.
const HIGHCHAT: &str = env!("CARGO_BIN_EXE_highchat");

#[test]
fn a_correct_client_passes_the_check_with_each_fault() {
    for (faults, status) in [
        ("cr-lf", 0),
        ("cut", 0),
        ("429-seconds", 0),
        ("500-html", 8),
        ("redirect", 8),
        ("no-end", 0),
    ] {
        let message = format!("/fault {faults}");
        let told = check(&[], &[HIGHCHAT, "ask", &message]);
        assert_eq!(told.status, Some(0), "{faults}: {}", told.stderr);
        let ended = format!("the command ended with exit status: {status}\n");
        assert!(told.stderr.contains(&ended), "{faults}: {}", told.stderr);
        assert!(told.stderr.ends_with(", 0 findings\n"), "{}", told.stderr);
    }
}

#[test]
fn a_client_that_polls_too_fast_fails_the_check() {
    let ask = [
        HIGHCHAT,
        "ask",
        "/human",
        "--wait=1",
        "--poll-interval",
        "0.2",
    ];
    let told = check(&[], &ask);

    assert_eq!(told.status, Some(1));
    assert!(
        told.stderr.contains("\npolled-too-fast: a poll came 0."),
        "{}",
        told.stderr
    );
    assert!(
        !told.stdout.is_empty(),
        "the command's own output goes through"
    );
}

#[test]
fn a_client_that_polls_at_the_configured_interval_passes_the_check() {
    for (arguments, wait, interval) in [
        (["--poll-interval", "0.2"], "--wait=1", "0.2"),
        // The person hands back after 0.1 s.
        (["--time-scale", "100"], "--wait", "0.04"),
    ] {
        let ask = [HIGHCHAT, "ask", "/human", wait, "--poll-interval", interval];

        let told = check(&arguments, &ask);

        assert_eq!(told.status, Some(0), "{arguments:?}: {}", told.stderr);
        assert!(told.stderr.ends_with(", 0 findings\n"), "{}", told.stderr);
    }
}

#[test]
fn a_client_that_sends_a_message_twice_fails_the_check() {
    let ask = r#""$0" ask --attempts 1 ա; "$0" ask --attempts 1 ա"#;
    let told = check(&["--fault", "502-empty"], &["sh", "-c", ask, HIGHCHAT]);

    assert_eq!(told.status, Some(1));
    let finding = "sent-twice: a message was sent again after the answer 502";
    assert!(told.stderr.contains(finding), "{}", told.stderr);
}

#[test]
fn a_command_that_sends_nothing_or_cannot_start_is_reported() {
    let told = check(&[], &["true"]);
    assert_eq!(told.status, Some(1));
    assert!(told.stderr.contains("sent no request"), "{}", told.stderr);

    let told = check(&[], &["/no/such/program"]);
    assert_eq!(told.status, Some(2));
    assert!(told.stderr.contains("cannot be started"), "{}", told.stderr);

    let told = run(highchat(["sandbox", "--check"]));
    assert_eq!(told.status, Some(2), "{}", told.stderr);
}

#[test]
fn a_signal_to_the_check_ends_the_command() {
    let mut check = highchat([
        "sandbox",
        "--check",
        "--",
        "sh",
        "-c",
        "echo $$; exec sleep 60",
    ]);
    let mut check = check.stdout(Stdio::piped()).spawn().unwrap();
    let mut pid = String::new();
    let stdout = check.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut pid).unwrap();

    let mut kill = Command::new("kill");
    assert!(kill.arg(check.id().to_string()).status().unwrap().success());

    assert_eq!(check.wait().unwrap().code(), Some(143));
    let mut kill = Command::new("kill");
    let is_alive = kill.args(["-0", pid.trim()]).stderr(Stdio::null());
    assert!(!is_alive.status().unwrap().success(), "{pid}");
}
