//! Runs the program, and builds answers of a service.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file uses a part of this module"
)]

pub(crate) mod proxy;
pub(crate) mod terminal;

use core::time::Duration;
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

use highchat_sandbox::{Person, Playback, Sandbox, Step};
pub(crate) use highchat_testing::trials::words::{DONE, HEAD, answer, delta};

pub(crate) const KEY: &str = "hc_very_secret";

pub(crate) fn meta(id: &str) -> String {
    format!("event: meta\ndata: {{\"conversation_id\":\"{id}\"}}\n\n")
}

/// A stream of events that ends when the connection closes.
pub(crate) fn stream(events: &str) -> String {
    format!("{HEAD}{events}")
}

/// An error in the API's format.
pub(crate) fn refusal(status: &str, headers: &str, code: &str, message: &str) -> String {
    let body = format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"{message}\"}}}}");
    let headers = format!("content-type: application/json\r\n{headers}");
    answer(status, &headers, &body)
}

/// A page of messages, each with a role and a text, one second apart.
pub(crate) fn page(state: &str, messages: &[(&str, &str)]) -> String {
    let messages: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(n, (role, content))| {
            serde_json::json!({
                "id": format!("p{n}"),
                "role": role,
                "content": content,
                "created_at": format!("2026-06-14T10:00:{:02}Z", n + 1),
            })
        })
        .collect();
    let body = serde_json::json!({
        "state": state,
        "messages": messages,
        "ts": "2026-06-14T10:01:00Z",
    });
    answer(
        "200 OK",
        "content-type: application/json\r\n",
        &body.to_string(),
    )
}

/// Starts a service that plays one answer per connection, in order.
pub(crate) fn play_each(answers: impl IntoIterator<Item = String>) -> Playback {
    let scripts = answers
        .into_iter()
        .map(|answer| vec![Step::Send(answer.into_bytes())]);
    Playback::start(scripts.collect::<Vec<_>>()).unwrap()
}

/// The request lines that the service received, in order.
pub(crate) fn request_lines(service: &Playback) -> Vec<String> {
    service
        .requests()
        .iter()
        .map(|request| {
            let request = String::from_utf8_lossy(request);
            let line = request.lines().next().unwrap_or_default();
            line.trim_end_matches(" HTTP/1.1").to_string()
        })
        .collect()
}

/// Starts a service that plays these bytes on its first connection.
pub(crate) fn play(bytes: impl Into<String>) -> Playback {
    Playback::start(vec![vec![Step::Send(bytes.into().into_bytes())]]).unwrap()
}

/// The program, without the environment variables that it reads.
pub(crate) fn highchat<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highchat"));
    for name in [
        "HIGHCHAT_KEY",
        "HIGHCHAT_KEY_FILE",
        "HIGHCHAT_SLUG",
        "HIGHCHAT_BASE_URL",
        "HIGHCHAT_CONVERSATION",
        "HIGHCHAT_VISITOR",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUEST_METHOD",
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "NO_PROXY",
        "no_proxy",
        "HIGHCHAT_LOG",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        // The tests emulate xterm, whatever terminal they run in.
        "ALACRITTY_WINDOW_ID",
        "KITTY_WINDOW_ID",
        "KONSOLE_VERSION",
        "TERM_PROGRAM",
        "TMUX",
        "VTE_VERSION",
        "WEZTERM_PANE",
        "WT_SESSION",
    ] {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A command of the program that talks to this service with a key.
pub(crate) fn to(command: &str, base_url: &str, arguments: &[&str]) -> Command {
    let mut command = highchat([command, "--base-url", base_url, "--key", KEY]);
    command.args(arguments);
    command
}

/// `highchat ask` that talks to this service with a key.
pub(crate) fn ask(service: &Playback, arguments: &[&str]) -> Command {
    to("ask", service.base_url(), arguments)
}

/// A sandbox with this key. Its person writes two messages quickly and hands back.
pub(crate) fn quick_sandbox() -> Sandbox {
    let person = Person::absent()
        .says(Duration::from_millis(300), "Ես Արամն եմ")
        .says(Duration::from_millis(600), "Ցտեսություն")
        .hands_back(Duration::from_millis(1200));
    Sandbox::builder()
        .key(KEY)
        .token_delay(Duration::ZERO)
        .rate_limit(0)
        .person(person)
        .start()
        .unwrap()
}

/// The output and the exit status of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn run(mut command: Command) -> Run {
    command.output().unwrap().into()
}

/// Runs the command with this standard input.
pub(crate) fn run_with_input(mut command: Command, input: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // The program may have refused the first part.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

/// The body of the request on the service's first connection.
pub(crate) fn body(service: &Playback) -> String {
    let request = String::from_utf8(service.requests().remove(0)).unwrap();
    request.split_once("\r\n\r\n").unwrap().1.into()
}

/// Waits until the condition holds. Fails after 30 s.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the condition never held"
        );
        thread::sleep(Duration::from_millis(5));
    }
}
