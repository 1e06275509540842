//! `highchat proxy`, and the other commands through it.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::{fs, thread};

use highchat_sandbox::{Playback, Step};

mod support;
use support::*;

/// Longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_secs(20);

/// A proxy in a process of its own, killed when it is dropped.
struct Proxy {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Receiver<String>,
    base_url: String,
}

impl Proxy {
    fn start(base_url: &str, arguments: &[&str]) -> Self {
        let mut command = highchat(["proxy", "--listen", "127.0.0.1:0", "--base-url", base_url]);
        command.args(arguments).env_remove("CREDENTIALS_DIRECTORY");
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let base_url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap()
            .into();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, log) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines() {
                // A test that is over reads no more.
                let _ = tell.send(line.unwrap());
            }
        });
        Self {
            child,
            stdout,
            log,
            base_url,
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for a line of the log with that in it.
    fn logs(&self, text: &str) -> String {
        loop {
            let line = self
                .log
                .recv_timeout(LONG)
                .expect("another line of the log");
            assert!(!line.contains(KEY), "{line}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The rest of its standard output, and its exit status.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code())
    }

    /// A command through it, without a key.
    fn through(&self, command: &str, arguments: &[&str]) -> Run {
        let mut command = highchat([command, "--base-url", &self.base_url, "--no-key"]);
        command.args(arguments);
        run(command)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(name: &str, text: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(std::process::id().to_string());
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_commands_work_through_it_without_a_key() {
    let sandbox = quick_sandbox();
    let key = file("commands", KEY);
    let secret = file("commands-secret", "a secret of 16 bytes and more");
    let proxy = Proxy::start(
        sandbox.base_url(),
        &[
            "--key-file",
            key.to_str().unwrap(),
            "--secret-file",
            secret.to_str().unwrap(),
        ],
    );

    let asked = proxy.through(
        "ask",
        &["--json", "--wait", "--poll-interval", "0.1", "/human"],
    );

    assert_eq!(asked.status, Some(0), "{asked:?}");
    assert!(asked.stdout.contains("Ես Արամն եմ"), "{}", asked.stdout);
    let end: serde_json::Value =
        serde_json::from_str(asked.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(end["state"], "bot");
    let id = end["conversation_id"].as_str().unwrap();
    let rated = proxy.through("rate", &[id, "up"]);
    assert_eq!(rated.status, Some(0), "{rated:?}");
    let own = id.rsplit_once('.').unwrap().0;
    assert_eq!(sandbox.rating(own).unwrap().rating, 1);
    let foreign = proxy.through("watch", &[own]);
    assert_eq!(foreign.status, Some(6), "{foreign:?}");
}

#[test]
fn each_request_is_a_line_without_texts_ids_and_keys() {
    let service = play(stream(&format!(
        "{}{}{DONE}",
        meta("c1"),
        delta("secret text")
    )));
    let key = file("log", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    let asked = proxy.through("ask", &["hidden words"]);

    assert_eq!(asked.status, Some(0), "{asked:?}");
    let line = proxy.logs("127.0.0.1 chat 200 ");
    assert!(line.contains(" whole ") && line.ends_with('B'), "{line}");
    for text in ["secret", "hidden", "c1"] {
        assert!(!line.contains(text), "{line}");
    }
}

#[test]
fn a_refused_key_is_loud_for_the_operator_and_read_again_at_sighup() {
    let refusal = refusal("401 Unauthorized", "", "unauthenticated", "no");
    let reply = stream(&format!("{}{}{DONE}", meta("c1"), delta("a")));
    let service = play_each([refusal, reply]);
    let key = file("reload", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    let asked = proxy.through("ask", &["--attempts", "1", "a"]);
    assert_eq!(asked.status, Some(8), "{asked:?}");
    proxy.logs("REFUSES THE KEY");
    fs::write(&key, "hc_the_next").unwrap();
    proxy.signal("-HUP");
    proxy.logs("the key was read again");
    let asked = proxy.through("ask", &["a"]);
    assert_eq!(asked.status, Some(0), "{asked:?}");

    let sent = String::from_utf8(service.requests().remove(1)).unwrap();
    assert!(
        sent.contains("authorization: Bearer hc_the_next\r\n"),
        "{sent}"
    );
}

#[test]
fn at_sigterm_it_ends_and_says_nothing_more() {
    let service = play("");
    let key = file("term", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    proxy.signal("-TERM");

    assert_eq!(proxy.end(), (String::new(), Some(143)));
}

#[test]
fn a_stream_may_finish_after_sigterm_and_a_second_one_ends_it_at_once() {
    let held = vec![
        Step::send(stream(&format!("{}{}", meta("c1"), delta("a")))),
        Step::Hold,
    ];
    let service = Playback::start([held]).unwrap();
    let key = file("twice", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);
    let mut asking = highchat(["ask", "--base-url", &proxy.base_url, "--no-key", "a"]);
    let mut asking = asking.stdout(Stdio::piped()).spawn().unwrap();
    asking
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut [0])
        .unwrap();

    proxy.signal("-INT");
    proxy.logs("ending");
    let address = proxy.base_url.trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).is_ok(), "the stream goes on");
    proxy.signal("-TERM");

    assert_eq!(proxy.end().1, Some(143));
    assert!(service.wait_for_close(0, LONG));
    // It would look for the rest of the reply.
    asking.kill().unwrap();
    asking.wait().unwrap();
}

#[test]
fn the_key_may_be_in_the_environment_or_among_the_credentials() {
    let reply = || stream(&format!("{}{DONE}", meta("c1")));
    let service = play_each([reply(), reply()]);
    let credential = file("highchat-key", KEY);
    let directory = credential.parent().unwrap().to_str().unwrap();
    for (name, value) in [("HIGHCHAT_KEY", KEY), ("CREDENTIALS_DIRECTORY", directory)] {
        let base_url = service.base_url();
        let mut command = highchat(["proxy", "--listen=127.0.0.1:0", "--base-url", base_url]);
        command.env_remove("CREDENTIALS_DIRECTORY").env(name, value);
        let proxy = Proxy::spawn(command);
        assert_eq!(proxy.through("ask", &["a"]).status, Some(0), "{name}");
    }
    for request in service.requests() {
        let request = String::from_utf8(request).unwrap();
        assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")));
    }
}

#[test]
fn out_of_descriptors_it_goes_on_once_there_are_some() {
    let reply = stream(&format!("{}{DONE}", meta("c1")));
    let service = play(reply);
    let key = file("starved", KEY);
    let program = highchat(["proxy"]);
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 24; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args([
            "proxy",
            "--listen=127.0.0.1:0",
            "--base-url",
            service.base_url(),
        ])
        .args(["--key-file", key.to_str().unwrap()])
        .stdin(Stdio::null());
    let proxy = Proxy::spawn(command);
    let address = proxy.base_url.trim_start_matches("http://").to_owned();
    let mut held: Vec<_> = (0..48)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    // The first of them has an answer, the last one waits for a descriptor.
    for number in [0, 47] {
        let stream = &mut held[number];
        let soon = Some(Duration::from_millis(300));
        stream.set_read_timeout(soon).unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).unwrap();
    }
    assert_eq!(held[0].read(&mut [0]).unwrap(), 1);
    assert!(held[47].read(&mut [0]).is_err());

    drop(held);

    let asked = proxy.through("ask", &["a"]);
    assert_eq!(asked.status, Some(0), "{asked:?}");
}

#[test]
fn wrong_usage_is_told_without_the_key() {
    let key = file("usage", KEY);
    let key = key.to_str().unwrap();
    let short = file("short", "short");
    let short = short.to_str().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&[], "no key"),
        (&["--key-file", "/nonexistent/key"], "/nonexistent/key"),
        (
            &["--key-file", key, "--base-url", "http://chat.example"],
            "--insecure-http",
        ),
        (&["--key-file", key, "--secret-file", short], "16 bytes"),
        (&["--key-file", key, "--allow-origin", "*"], "origin"),
        (&["--key-file", key, "--trust", "x"], "network"),
        (&["--key-file", key, "--prefix", "x"], "prefix"),
        (
            &["--key-file", key, "--visitor-header", "x-visitor"],
            "--trust",
        ),
    ];
    for (arguments, told) in cases {
        let mut command = highchat(["proxy", "--listen", "127.0.0.1:0"]);
        command.args(arguments).env_remove("CREDENTIALS_DIRECTORY");
        let run = run(command);
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(run.stderr.contains(told), "{run:?}");
        assert!(
            run.stdout.is_empty() && !run.stderr.contains(KEY),
            "{run:?}"
        );
    }
}
