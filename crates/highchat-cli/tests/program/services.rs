//! The program with two complete services: the sandbox, and one that shares no code with
//! it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::*;

#[test]
fn ask_talks_to_a_private_sandbox_without_key_and_network() {
    let mut command = highchat(["ask", "--sandbox", "Բարև, ի՞նչ ժամերի եք աշխատում"]);
    // A private sandbox must ignore all of these.
    command
        .env("HIGHCHAT_KEY", "hc_other")
        .env("HIGHCHAT_BASE_URL", "http://chat.invalid")
        .env("HIGHCHAT_CONVERSATION", "other");
    let run = run(command);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stdout.chars().count() > 20, "{:?}", run.stdout);
    assert!(run.stdout.ends_with('\n') && !run.stdout.ends_with("\n\n"));
    assert_eq!(run.stderr, "");
}

/// A service in a separate process, which is stopped on drop.
struct Service {
    child: Child,
    base_url: String,
}

impl Service {
    fn start(mut command: Command, prefix: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base_url = line.trim_end().strip_prefix(prefix).unwrap().into();
        Self { child, base_url }
    }

    /// The reply's text and the id of its conversation.
    fn ask(&self, arguments: &[&str]) -> (String, String) {
        let mut command = highchat(["ask", "--json", "--base-url", &self.base_url]);
        command.args(arguments);
        let run = run(command);
        assert_eq!(run.status, Some(0), "{run:?}");
        let lines: Vec<serde_json::Value> = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let text = lines
            .iter()
            .filter_map(|line| line["text"].as_str())
            .collect();
        let end = lines.last().unwrap();
        (text, end["conversation_id"].as_str().unwrap().into())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_foreign_service_works_by_key_and_by_slug_and_continues_a_conversation() {
    let mut command = Command::new("python3");
    command.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/foreign_service.py"
    ));
    let service = Service::start(command, "");
    for credentials in [["--key", "hc_foreign"], ["--slug", "foreign"]] {
        let (text, id) = service.ask(&[credentials[0], credentials[1], "մեկ"]);
        assert_eq!(text, "Դուք ասացիք՝ մեկ");
        let (text, same) = service.ask(&[
            credentials[0],
            credentials[1],
            "--conversation",
            &id,
            "երկու",
        ]);
        assert_eq!(text, "Դուք ասացիք՝ մեկ, երկու");
        assert_eq!(same, id);
    }
    for (arguments, status) in [
        (["--key", "hc_wrong", "a"], 4),
        (["--slug", "wrong", "a"], 4),
        (["--key", "hc_foreign", "--conversation=gone"], 6),
    ] {
        let mut command = highchat(["ask", "--base-url", &service.base_url]);
        command.args(arguments);
        let run = run_with_input(command, b"a");
        assert_eq!(run.status, Some(status), "{run:?}");
    }
}

#[test]
fn the_sandbox_command_serves_until_sigterm() {
    let sandbox = highchat([
        "sandbox",
        "--port",
        "0",
        "--key",
        "hc_a",
        "--key",
        "hc_b",
        "--slug",
        "s",
        "--token-delay",
        "0",
        "--rate-limit",
        "0",
    ]);
    let mut service = Service::start(sandbox, "listening on ");
    assert!(service.base_url.starts_with("http://127.0.0.1:"));
    let (_, id) = service.ask(&["--key", "hc_a", "իմ անունը Անի է"]);
    let (text, _) = service.ask(&[
        "--key",
        "hc_b",
        "--conversation",
        &id,
        "ինչպե՞ս է իմ անունը",
    ]);
    assert!(text.contains("Անի"), "it remembers: {text}");
    service.ask(&["--slug", "s", "a"]);

    let stopped = Command::new("kill")
        .args(["-TERM", &service.child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert_eq!(service.child.wait().unwrap().code(), Some(143));
}

#[test]
fn the_sandbox_command_prints_the_urls_of_its_pages() {
    let mut command = highchat([
        "sandbox",
        "--port",
        "0",
        "--slug",
        "my shop",
        "--person=inbox",
    ]);
    command.stderr(Stdio::piped());
    let mut service = Service::start(command, "listening on ");
    let hints: Vec<String> = BufReader::new(service.child.stderr.take().unwrap())
        .lines()
        .take(2)
        .map(Result::unwrap)
        .collect();

    let base = &service.base_url;
    assert_eq!(
        hints,
        [
            format!("chat page: {base}/c/my%20shop"),
            format!("inbox:     {base}/inbox")
        ]
    );
}

#[test]
fn a_port_in_use_is_an_error_of_the_sandbox() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = run(highchat(["sandbox", "--port", &port]));
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains(&port), "{}", run.stderr);
}
