//! `highchat proxy` in a separate process.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::{fs, thread};

use crate::support::*;

/// Far longer than anything takes that does not hang.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A proxy in a separate process, which is killed on drop.
pub(crate) struct Proxy {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Receiver<String>,
    pub(crate) base_url: String,
}

impl Proxy {
    pub(crate) fn start(base_url: &str, arguments: &[&str]) -> Self {
        let mut command = highchat(["proxy", "--listen", "127.0.0.1:0", "--base-url", base_url]);
        command.args(arguments).env_remove("CREDENTIALS_DIRECTORY");
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
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
        let (sender, log) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines() {
                // After the test has ended, nobody receives the line.
                let _ = sender.send(line.unwrap());
            }
        });
        Self {
            child,
            stdout,
            log,
            base_url,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Runs a command line as systemd does for a unit.
    pub(crate) fn run(&self, command: &str) {
        let id = self.child.id().to_string();
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", command]).env("MAINPID", id).status();
        assert!(ran.unwrap().success(), "{command}");
    }

    /// Waits for a log line that contains the text.
    pub(crate) fn logs(&self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(LONG).expect("another log line");
            assert!(!line.contains(KEY), "{line}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the end. Returns the rest of standard output and the exit status.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code())
    }

    /// Runs a command through the proxy, without a key.
    pub(crate) fn through(&self, command: &str, arguments: &[&str]) -> Run {
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

pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(std::process::id().to_string());
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}
