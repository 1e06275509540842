//! A terminal emulator that runs a program and reads its screen.

use core::num::NonZero;
use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use rexpect::process::{PtyProcess, Signal, WaitStatus};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{WaitOptions, waitpid};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};

/// The request for the cursor position. This terminal never answers it.
const CURSOR_REQUEST: &[u8] = b"\x1b[6n";
/// How many rows above the screen are kept.
const SCROLLBACK: usize = 1000;
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";
pub(crate) const CTRL_Z: &str = "\u{1a}";
pub(crate) const UP: &str = "\u{1b}[A";

/// Rows and columns.
pub(crate) type Size = (u16, u16);

/// A program on a terminal that answers no requests.
pub(crate) struct Terminal {
    process: PtyProcess,
    keys: File,
    seen: Arc<SharedScreen>,
}

struct SharedScreen {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
}

impl SharedScreen {
    /// A failed test may have poisoned the lock.
    fn parser(&self) -> MutexGuard<'_, vt100::Parser> {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal {
    /// Runs the command on a terminal of 24 rows and 80 columns, with the command's
    /// environment.
    pub(crate) fn run(command: &Command) -> Self {
        Self::run_sized(command, (24, 80))
    }

    pub(crate) fn run_sized(command: &Command, (rows, columns): Size) -> Self {
        let mut sized = Command::new("sh");
        let script = format!("stty rows {rows} cols {columns} echo; exec \"$0\" \"$@\"");
        sized
            .args(["-c", &script])
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
        let [rows, columns] = [rows, columns].map(|n| NonZero::new(n).unwrap());
        let seen = Arc::new(SharedScreen {
            parser: Mutex::new(vt100::Parser::new(rows, columns, SCROLLBACK)),
            changed: Condvar::new(),
        });
        let output = process.get_file_handle().unwrap();
        let keys = process.get_file_handle().unwrap();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || read_output(output, &seen)
        });
        Self {
            process,
            keys,
            seen,
        }
    }

    /// Changes the terminal's size while the program is stopped, so that the emulator
    /// applies the size between the same two bytes as the program.
    pub(crate) fn resize(&mut self, (rows, columns): Size) {
        let program = tcgetpgrp(&self.keys).unwrap();
        self.signal(Signal::SIGSTOP);
        waitpid(Some(program), WaitOptions::UNTRACED).unwrap();
        let mut parser = self.seen.parser();
        while is_readable(&self.keys, Some(0)) && read(&self.keys, &mut parser) {}
        let [new_rows, new_columns] = [rows, columns].map(|n| NonZero::new(n).unwrap());
        parser.screen_mut().set_size(new_rows, new_columns);
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.keys, size).unwrap();
        drop(parser);
        self.signal(Signal::SIGCONT);
    }

    pub(crate) fn press_bytes(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the rows that are not empty match. Returns them.
    pub(crate) fn until(&self, matches: impl Fn(&[String]) -> bool) -> Vec<String> {
        let shown = self.shows(|parser| matches(&rows(parser)));
        let rows = self.with_parser(rows);
        assert!(shown, "the screen never matched: {rows:#?}");
        rows
    }

    /// Waits until the screen matches. Returns `false` if it does not in time.
    pub(crate) fn shows(&self, matches: impl Fn(&vt100::Parser) -> bool) -> bool {
        let parser = self.seen.parser();
        let waited = self
            .seen
            .changed
            .wait_timeout_while(parser, PATIENCE, |parser| !matches(parser));
        !waited.unwrap().1.timed_out()
    }

    /// Reads the current screen.
    pub(crate) fn with_parser<T>(&self, look: impl FnOnce(&vt100::Parser) -> T) -> T {
        look(&self.seen.parser())
    }

    /// Waits until the screen or the scrollback contains the text, ignoring white space and
    /// row ends.
    pub(crate) fn until_letters(&self, text: &str) {
        let letters = |text: &str| text.replace(char::is_whitespace, "");
        let text = letters(text);
        let is_there = self.shows(|parser| letters(&all_rows(parser).concat()).contains(&text));
        assert!(is_there, "no {text:?}: {:#?}", self.with_parser(all_rows));
    }

    /// Forgets the rows above the screen.
    pub(crate) fn forget_scrollback(&self) {
        let mut parser = self.seen.parser();
        let (rows, columns) = parser.screen().size();
        let state = parser.screen().state_formatted();
        *parser = vt100::Parser::new(rows, columns, SCROLLBACK);
        parser.process(state.as_bytes());
    }

    /// Waits until a row begins with the text.
    pub(crate) fn until_row(&self, start: &str) -> Vec<String> {
        self.until(|rows| rows.iter().any(|row| row.starts_with(start)))
    }

    /// Waits for an empty prompt.
    pub(crate) fn until_prompt(&self) -> Vec<String> {
        self.until(|rows| rows.last().is_some_and(|row| row == ">"))
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Whether the program is running.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.process.status(), Some(WaitStatus::StillAlive))
    }

    /// Whether the terminal is in line mode, as it is before and after the program.
    pub(crate) fn is_in_line_mode(&self) -> bool {
        is_in_line_mode(self.keys.try_clone().unwrap())
    }

    /// Waits for the end. Returns the exit status, and whether the terminal is in line mode
    /// again.
    pub(crate) fn end(self) -> (i32, bool) {
        let start = Instant::now();
        let status = loop {
            match self.process.status().unwrap() {
                WaitStatus::Exited(_, status) => break status,
                WaitStatus::StillAlive if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                status => {
                    let rows = rows(&self.seen.parser());
                    panic!("{status:?}: {rows:#?}");
                }
            }
        };
        (status, is_in_line_mode(self.keys))
    }
}

fn is_in_line_mode(terminal: File) -> bool {
    let modes = Command::new("stty")
        .arg("-a")
        .stdin(Stdio::from(terminal))
        .output()
        .unwrap();
    let modes = String::from_utf8(modes.stdout).unwrap();
    assert!(modes.contains("icanon"), "{modes}");
    modes.contains(" icanon")
}

/// The rows that are not empty, each without the spaces at its end.
pub(crate) fn rows(parser: &vt100::Parser) -> Vec<String> {
    let contents = parser.screen().contents();
    let rows = contents.lines().map(|row| row.trim_end().to_string());
    rows.filter(|row| !row.is_empty()).collect()
}

/// Reads the program's output until the terminal is closed.
fn read_output(output: File, seen: &SharedScreen) {
    while is_readable(&output, None) {
        // The lock covers reading and processing, so that no resize comes between the two.
        let mut parser = seen.parser();
        // A resize may have read it meanwhile, and waits for the lock again while the program is
        // stopped: a read would wait for ever.
        let has_more = !is_readable(&output, Some(0)) || read(&output, &mut parser);
        drop(parser);
        seen.changed.notify_all();
        if !has_more {
            return;
        }
    }
}

fn is_readable(output: &File, timeout: Option<i64>) -> bool {
    let timeout = timeout.map(|tv_sec| Timespec { tv_sec, tv_nsec: 0 });
    let mut ready = [PollFd::new(output, PollFlags::IN)];
    poll(&mut ready, timeout.as_ref()).is_ok_and(|ready| ready > 0)
}

/// Reads the available output. Returns `false` at its end.
fn read(mut output: &File, parser: &mut vt100::Parser) -> bool {
    let mut chunk = [0; 4096];
    let Ok(len @ 1..) = output.read(&mut chunk) else {
        return false;
    };
    let asked = chunk[..len]
        .windows(CURSOR_REQUEST.len())
        .any(|bytes| bytes == CURSOR_REQUEST);
    assert!(!asked, "the program asked for the cursor position");
    parser.process(&chunk[..len]);
    true
}

/// All rows since the scrollback was forgotten, without empty rows at the end.
pub(crate) fn all_rows(parser: &vt100::Parser) -> Vec<String> {
    let mut screen = parser.screen().clone();
    let columns = screen.size().1.get();
    let mut rows = Vec::new();
    for above in (1..=screen.scrollback_len()).rev() {
        screen.set_scrollback(above);
        rows.extend(screen.rows(0, columns).next());
    }
    screen.set_scrollback(0);
    rows.extend(screen.rows(0, columns));
    trimmed(rows.into_iter())
}

/// Removes empty rows at the end, and spaces at the end of each row.
pub(crate) fn trimmed(rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut rows: Vec<_> = rows.map(|row| row.trim_end().to_string()).collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}
