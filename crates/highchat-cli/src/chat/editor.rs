//! The line editor at the bottom of the terminal.
//!
//! ```text
//!   bytes            keys            text and cursor            rows
//!   ──────▶ Keys ─────────▶ Buffer ───────────────────▶ Drawing ─────▶ terminal
//!                             ▲ │                          ▲
//!                             │ ▼                          │ text printed meanwhile
//!                       History, Search                  Screen
//! ```

mod buffer;
mod drawing;
mod history;
mod keys;

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGWINCH;
use signal_hook::low_level::pipe;

use super::interrupts::Interrupts;
use super::mode::Mode;
use super::typed::Typed;
use crate::screen::Screen;
use crate::standard;

use buffer::Buffer;
use drawing::{Drawing, Line, Size};
use history::{History, Search};
use keys::{Key, Keys};

const PROMPT: &str = "> ";

/// How long to wait for the rest of a key that begins with Esc. Bytes that come later were
/// typed by hand.
const ESCAPE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// The size that is assumed if the terminal reports none.
const UNKNOWN_SIZE: Size = Size {
    columns: 80,
    rows: 24,
};

/// Reads lines with editing and history. Text printed meanwhile appears above the line.
pub(super) struct Editor {
    screen: Screen,
    mode: Mode,
    /// Readable after text was printed or the terminal's size changed.
    woken: UnixStream,
    keys: Keys,
    /// Keys that were typed after the end of the last line.
    typed_ahead: VecDeque<Key>,
    buffer: Buffer,
    history: History,
    search: Option<Search>,
    drawing: Drawing,
}

impl Editor {
    /// Returns an editor if standard input, output and error are a terminal that can move
    /// its cursor.
    pub(super) fn new(screen: &Screen, is_coloured: bool) -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if !io::stdin().is_terminal() || !Screen::is_terminal() || is_dumb {
            return None;
        }
        let editor = Self::begin(screen, is_coloured);
        editor
            .inspect_err(|error| log::info!("no line can be edited here: {error}"))
            .ok()
    }

    fn begin(screen: &Screen, is_coloured: bool) -> io::Result<Self> {
        let mode = Mode::current()?;
        let (waker, woken) = UnixStream::pair()?;
        waker.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        pipe::register(SIGWINCH, waker.try_clone()?)?;
        screen.wake_by(waker);
        Ok(Self {
            screen: screen.clone(),
            mode,
            woken,
            keys: Keys::default(),
            typed_ahead: VecDeque::new(),
            buffer: Buffer::default(),
            history: History::default(),
            search: None,
            drawing: Drawing::new(is_coloured, reflows_rows()),
        })
    }

    /// The terminal's mode.
    pub(super) fn mode(&self) -> Mode {
        self.mode.clone()
    }

    /// Reads the next line and marks the chat as busy.
    ///
    /// # Errors
    ///
    /// The terminal cannot be read or written.
    pub(super) fn read(&mut self, interrupts: &Interrupts) -> io::Result<Typed> {
        self.mode.by_key()?;
        let typed = self.read_by_key()?;
        interrupts.begin();
        // From here on Ctrl-C is a signal. A Ctrl-C from before this point is among the
        // keys.
        self.mode.between_lines()?;
        self.read_ahead()?;
        if matches!(typed, Typed::Line(_)) && self.take_interrupt() {
            interrupts.interrupt(true);
        }
        Ok(typed)
    }

    /// Drops the keys up to and including a Ctrl-C typed after the line. Returns whether
    /// there was one.
    fn take_interrupt(&mut self) -> bool {
        let place = self
            .typed_ahead
            .iter()
            .position(|key| *key == Key::Ctrl('c'));
        if let Some(place) = place {
            self.typed_ahead.drain(..=place);
        }
        place.is_some()
    }

    fn read_by_key(&mut self) -> io::Result<Typed> {
        self.drawing.forget();
        loop {
            while let Some(key) = self.typed_ahead.pop_front() {
                if let Some(typed) = self.press(key)? {
                    return Ok(typed);
                }
            }
            self.draw()?;
            if !self.wait()? {
                return Ok(Typed::End);
            }
        }
    }

    /// Waits for keys, or for text to draw. Returns `false` at the end of the input.
    fn wait(&mut self) -> io::Result<bool> {
        let stdin = io::stdin();
        loop {
            let timeout = self.keys.has_open_escape().then_some(&ESCAPE);
            let mut ready = [
                PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.woken.as_fd(), PollFlags::IN),
            ];
            match poll(&mut ready, timeout) {
                Ok(0) => {
                    self.typed_ahead.extend(self.keys.end_escape());
                    return Ok(true);
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [has_keys, is_woken] = ready.map(|ready| !ready.revents().is_empty());
            if has_keys && !self.read_keys()? {
                return Ok(false);
            }
            if is_woken {
                while matches!(self.woken.read(&mut [0; 64]), Ok(1..)) {}
            }
            if is_woken || !self.typed_ahead.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Reads the keys that have arrived. Returns `false` at the end of the input.
    fn read_keys(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 1024];
        match rustix::io::read(io::stdin().as_fd(), &mut bytes) {
            Ok(0) => return Ok(false),
            Ok(read) => {
                for byte in &bytes[..read] {
                    self.typed_ahead.extend(self.keys.push(*byte));
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Reads the keys that were typed before the terminal's mode changed.
    fn read_ahead(&mut self) -> io::Result<()> {
        const AT_ONCE: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let stdin = io::stdin();
        loop {
            let mut ready = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
            match poll(&mut ready, Some(&AT_ONCE)) {
                // The end of the input is found again when the next line is read.
                Ok(1..) if self.read_keys()? => {}
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Applies a key. Returns the finished line, or the interrupt, if this key completes
    /// one.
    fn press(&mut self, key: Key) -> io::Result<Option<Typed>> {
        if let Some(search) = self.search.take() {
            return self.press_in_search(search, key);
        }
        let buffer = &mut self.buffer;
        match key {
            Key::Character(character) => buffer.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => buffer.insert(&text),
            Key::Enter => return self.finish_line().map(Some),
            Key::Ctrl('c') => {
                self.finish()?;
                self.history.leave();
                let was_empty = self.buffer.take().is_empty();
                return Ok(Some(Typed::Interrupt { was_empty }));
            }
            Key::Ctrl('d') if buffer.text().is_empty() => {
                self.finish()?;
                return Ok(Some(Typed::End));
            }
            Key::Ctrl('d') | Key::Delete => buffer.delete_right(),
            Key::Backspace => buffer.delete_left(),
            Key::Ctrl('b') | Key::Left => buffer.move_left(),
            Key::Ctrl('f') | Key::Right => buffer.move_right(),
            Key::WordLeft => buffer.move_word_left(),
            Key::WordRight => buffer.move_word_right(),
            Key::Ctrl('a') | Key::Home => buffer.move_to_line_start(),
            Key::Ctrl('e') | Key::End => buffer.move_to_line_end(),
            Key::Ctrl('u') => buffer.remove_to_start(),
            Key::Ctrl('k') => buffer.remove_to_end(),
            Key::Ctrl('w') | Key::DeleteWordLeft => buffer.remove_word_left(),
            Key::DeleteWordRight => buffer.remove_word_right(),
            Key::Ctrl('y') => buffer.insert_removed(),
            Key::Up if buffer.move_up() => {}
            Key::Down if buffer.move_down() => {}
            Key::Up | Key::Ctrl('p') => {
                if let Some(line) = self.history.older(buffer.text()) {
                    buffer.set(line);
                }
            }
            Key::Down | Key::Ctrl('n') => {
                if let Some(line) = self.history.newer() {
                    buffer.set(&line);
                }
            }
            Key::Ctrl('r') => self.search = Some(Search::default()),
            Key::Ctrl('l') => {
                standard::out(self.drawing.clear_screen())?;
            }
            Key::Ctrl('z') => {
                // The line stays on the screen; it is drawn again when the program
                // continues.
                self.finish()?;
                kill_current_process_group(Signal::TSTP)?;
            }
            Key::Ctrl(_) => {}
        }
        Ok(None)
    }

    fn press_in_search(&mut self, mut search: Search, key: Key) -> io::Result<Option<Typed>> {
        match key {
            Key::Character(character) => {
                search.push(character.encode_utf8(&mut [0; 4]), &self.history);
            }
            Key::Paste(text) => search.push(&text, &self.history),
            Key::Backspace => search.pop(&self.history),
            Key::Ctrl('r') => search.older(&self.history),
            Key::Ctrl('c' | 'g') => return Ok(None),
            key => {
                let line = search.line(&self.history);
                if !line.is_empty() {
                    let place = search.place(&self.history);
                    self.buffer.set_with_cursor(line, place);
                }
                return self.press(key);
            }
        }
        self.search = Some(search);
        Ok(None)
    }

    fn finish_line(&mut self) -> io::Result<Typed> {
        self.finish()?;
        let line = self.buffer.take();
        self.history.remember(&line);
        Ok(Typed::Line(line))
    }

    /// Draws the line, with the text printed meanwhile above it.
    fn draw(&mut self) -> io::Result<()> {
        let held = self.screen.take_held();
        if held.needs_redraw {
            self.drawing.forget();
        }
        let prompt = self.search.as_ref().map_or_else(
            || PROMPT.into(),
            |search| format!("(search: {}) ", search.term()),
        );
        let drawn = match &self.search {
            None => self
                .drawing
                .draw(&held.text, &line(&self.buffer, &prompt), size()),
            Some(search) => {
                let line = Line {
                    prompt: &prompt,
                    text: search.line(&self.history),
                    cursor: search.place(&self.history),
                };
                self.drawing.draw(&held.text, &line, size())
            }
        };
        standard::out(&drawn)
    }

    /// Draws the line for the last time. The cursor is below it afterwards.
    fn finish(&mut self) -> io::Result<()> {
        let drawn = self.drawing.finish(&line(&self.buffer, PROMPT), size());
        standard::out(&drawn)
    }
}

fn line<'a>(buffer: &'a Buffer, prompt: &'a str) -> Line<'a> {
    Line {
        prompt,
        text: buffer.text(),
        cursor: buffer.cursor(),
    }
}

/// Whether the terminal reflows its rows when it becomes narrower. An unknown terminal
/// counts as one that cuts rows off: a stale row is better than a lost one.
fn reflows_rows() -> bool {
    const CUTS_ROWS: [&str; 2] = ["XTERM_VERSION", "STY"];
    const REFLOWS_ROWS: [&str; 8] = [
        "ALACRITTY_WINDOW_ID",
        "KITTY_WINDOW_ID",
        "KONSOLE_VERSION",
        // Set by macOS Terminal, by editors and by others.
        "TERM_PROGRAM",
        "TMUX",
        "VTE_VERSION",
        "WEZTERM_PANE",
        "WT_SESSION",
    ];
    let is_set = |names: &[&str]| names.iter().any(|name| std::env::var_os(name).is_some());
    is_set(&REFLOWS_ROWS) && !is_set(&CUTS_ROWS)
}

fn size() -> Size {
    let Ok(size) = tcgetwinsize(io::stdout()) else {
        return UNKNOWN_SIZE;
    };
    // A terminal without a window reports 0.
    let or = |given: u16, unknown| if given == 0 { unknown } else { given.into() };
    Size {
        columns: or(size.ws_col, UNKNOWN_SIZE.columns),
        rows: or(size.ws_row, UNKNOWN_SIZE.rows),
    }
}
