//! A terminal, with somebody who looks at it.

use core::num::NonZero;
use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use rexpect::process::{PtyProcess, Signal, WaitStatus};

/// What a program asks to learn where its cursor is.
const WHERE: &[u8] = b"\x1b[6n";
const ROWS: NonZero<u16> = NonZero::new(24).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(80).unwrap();
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";
pub(crate) const CTRL_Z: &str = "\u{1a}";
pub(crate) const UP: &str = "\u{1b}[A";

/// A program on a terminal of 24 rows and 80 columns.
pub(crate) struct Terminal {
    process: PtyProcess,
    keys: File,
    seen: Arc<Seen>,
}

struct Seen {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
}

impl Terminal {
    /// Runs it there; its environment is what the command's is.
    pub(crate) fn run(command: &Command) -> Self {
        let mut sized = Command::new("sh");
        sized
            .args(["-c", "stty rows 24 cols 80 echo; exec \"$0\" \"$@\""])
            .arg(command.get_program())
            .args(command.get_args())
            .env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => sized.env(name, value),
                None => sized.env_remove(name),
            };
        }
        let process = PtyProcess::new(sized).unwrap();
        let seen = Arc::new(Seen {
            parser: Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)),
            changed: Condvar::new(),
        });
        let output = process.get_file_handle().unwrap();
        let keys = process.get_file_handle().unwrap();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || look(output, &seen)
        });
        Self {
            process,
            keys,
            seen,
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen, without its empty rows, is so; and returns its rows.
    pub(crate) fn until(&self, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let parser = self.seen.parser.lock().unwrap();
        let (parser, waited) = self
            .seen
            .changed
            .wait_timeout_while(parser, PATIENCE, |parser| !is_so(&rows(parser)))
            .unwrap();
        let rows = rows(&parser);
        assert!(!waited.timed_out(), "it never was so: {rows:#?}");
        rows
    }

    /// Waits until a row begins so.
    pub(crate) fn until_row(&self, start: &str) -> Vec<String> {
        self.until(|rows| rows.iter().any(|row| row.starts_with(start)))
    }

    /// Waits for an empty line to type on.
    pub(crate) fn until_prompt(&self) -> Vec<String> {
        self.until(|rows| rows.last().is_some_and(|row| row == ">"))
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Whether the terminal takes whole lines, as a program should leave it.
    pub(crate) fn takes_lines(&self) -> bool {
        takes_lines(self.keys.try_clone().unwrap())
    }

    /// The exit status, and whether the terminal takes whole lines again.
    pub(crate) fn end(self) -> (i32, bool) {
        let start = Instant::now();
        let status = loop {
            match self.process.status().unwrap() {
                WaitStatus::Exited(_, status) => break status,
                WaitStatus::StillAlive if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                status => {
                    let rows = rows(&self.seen.parser.lock().unwrap());
                    panic!("{status:?}: {rows:#?}");
                }
            }
        };
        (status, takes_lines(self.keys))
    }
}

fn takes_lines(terminal: File) -> bool {
    let modes = Command::new("stty")
        .arg("-a")
        .stdin(Stdio::from(terminal))
        .output()
        .unwrap();
    let modes = String::from_utf8(modes.stdout).unwrap();
    assert!(modes.contains("icanon"), "{modes}");
    modes.contains(" icanon")
}

fn rows(parser: &vt100::Parser) -> Vec<String> {
    let contents = parser.screen().contents();
    let rows = contents.lines().map(|row| row.trim_end().to_string());
    rows.filter(|row| !row.is_empty()).collect()
}

/// Reads what is printed, and answers where the cursor is.
fn look(mut output: File, seen: &Seen) {
    let mut keys = output.try_clone().unwrap();
    let mut chunk = [0; 4096];
    let mut read = Vec::new();
    while let Ok(len @ 1..) = output.read(&mut chunk) {
        read.extend_from_slice(&chunk[..len]);
        let mut parser = seen.parser.lock().unwrap();
        while let Some(at) = read.windows(WHERE.len()).position(|bytes| bytes == WHERE) {
            parser.process(&read[..at]);
            read.drain(..at + WHERE.len());
            let (row, column) = parser.screen().cursor_position();
            // In one piece, or what is pressed at that time stands in between.
            let answer = format!("\u{1b}[{};{}R", row + 1, column + 1);
            let _ = keys.write_all(answer.as_bytes());
        }
        // The question may still be on its way.
        let begun = (1..WHERE.len())
            .rev()
            .find(|len| read.ends_with(&WHERE[..*len]));
        let whole = read.len() - begun.unwrap_or(0);
        parser.process(&read[..whole]);
        read.drain(..whole);
        drop(parser);
        seen.changed.notify_all();
    }
}
