//! The line that is being typed, at the bottom of the terminal.

use core::sync::atomic::{AtomicBool, Ordering};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use reedline::{
    EditCommand, FileBackedHistory, Highlighter, History, HistoryItem, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, Signal, StyledText,
};
use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

use super::mode::Mode;
use super::typed::Typed;
use crate::screen::Screen;

const PROMPT: &str = "> ";
/// Before the further lines of a message that was pasted.
const NEXT_LINE: &str = ". ";
/// How many lines are remembered; in memory alone, as they are what somebody said.
const HISTORY: usize = 500;

/// How often a terminal may fail to say where its cursor is, in one line.
const LOST_ANSWERS: usize = 3;

/// Reads lines with editing and history, with what happens meanwhile printed above.
pub(super) struct Editor {
    screen: Screen,
    mode: Mode,
    is_coloured: bool,
    history: Vec<String>,
    /// The terminal has said where its cursor is.
    is_proven: bool,
}

/// A line that was given up for a moment.
#[derive(Default)]
struct Draft {
    text: String,
    /// Where the cursor is, in bytes.
    at: usize,
}

impl Editor {
    /// An editor, where there is a terminal on all sides that can move its cursor.
    pub(super) fn new(screen: &Screen, is_coloured: bool) -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if !io::stdin().is_terminal() || !Screen::is_terminal() || is_dumb {
            return None;
        }
        Some(Self {
            screen: screen.clone(),
            mode: Mode::found().ok()?,
            is_coloured,
            history: Vec::new(),
            is_proven: false,
        })
    }

    /// The terminal as it was found.
    pub(super) fn mode(&self) -> Mode {
        self.mode.clone()
    }

    /// Reads what is typed next.
    ///
    /// # Errors
    ///
    /// The terminal is none after all.
    pub(super) fn read(&mut self) -> io::Result<Typed> {
        self.mode.by_key()?;
        let typed = self.read_by_key();
        if typed.is_ok() {
            self.mode.between_lines()?;
        } else {
            self.mode.give_back()?;
        }
        typed
    }

    fn read_by_key(&mut self) -> io::Result<Typed> {
        let mut draft = Draft::default();
        let mut lost_answers = 0;
        loop {
            let is_empty = Arc::new(AtomicBool::new(true));
            let mut editor = self.begin(&draft, Arc::clone(&is_empty))?;
            let signal = match editor.read_line(&Line) {
                Ok(signal) => signal,
                // An answer of the terminal that came in two pieces is not understood; it
                // answered before, and the next one is whole.
                Err(error) if lost_answers < LOST_ANSWERS && self.is_proven => {
                    log::info!("the terminal is asked again: {error}");
                    lost_answers += 1;
                    continue;
                }
                Err(error) => return Err(io::Error::other(error)),
            };
            self.is_proven = true;
            match signal {
                Signal::Success(line) => {
                    self.remember(&line);
                    return Ok(Typed::Line(line));
                }
                Signal::CtrlC => {
                    let was_empty = is_empty.load(Ordering::Relaxed);
                    return Ok(Typed::Interrupt { was_empty });
                }
                Signal::CtrlD => return Ok(Typed::End),
                Signal::ExternalBreak(text) => {
                    let at = editor.current_insertion_point();
                    draft = Draft { text, at };
                    self.print_above(&draft)?;
                }
                _ => {}
            }
        }
    }

    /// reedline prints above a line too, but takes bytes for columns there.
    fn print_above(&self, draft: &Draft) -> io::Result<()> {
        let columns = tcgetwinsize(io::stdout())?.ws_col;
        let up = match rows_above(draft, usize::from(columns)) {
            0 => String::new(),
            rows => format!("\u{1b}[{rows}A"),
        };
        let mut stdout = io::stdout().lock();
        write!(stdout, "\r{up}\u{1b}[J{}", self.screen.take_held())?;
        stdout.flush()
    }

    /// A fresh one each time: one that was interrupted paints over what was printed.
    fn begin(&self, draft: &Draft, is_empty: Arc<AtomicBool>) -> io::Result<Reedline> {
        let mut history = FileBackedHistory::new(HISTORY).map_err(io::Error::other)?;
        for line in &self.history {
            let item = HistoryItem::from_command_line(line);
            history.save(item).map_err(io::Error::other)?;
        }
        let mut editor = Reedline::create()
            .with_history(Box::new(history))
            .with_highlighter(Box::new(Watcher { is_empty }))
            .with_ansi_colors(self.is_coloured)
            .with_break_signal(self.screen.wanted())
            .use_bracketed_paste(true);
        if !draft.text.is_empty() {
            editor.run_edit_commands(&[
                EditCommand::InsertString(draft.text.clone()),
                EditCommand::MoveToPosition {
                    position: draft.at,
                    select: false,
                },
            ]);
        }
        Ok(editor)
    }

    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || self.history.last().is_some_and(|last| last == line) {
            return;
        }
        if self.history.len() == HISTORY {
            self.history.remove(0);
        }
        self.history.push(line.into());
    }
}

/// How many rows there are between the prompt and the cursor.
fn rows_above(draft: &Draft, columns: usize) -> usize {
    let columns = columns.max(1);
    let text = draft.text.get(..draft.at).unwrap_or(&draft.text);
    let mut rows = 0;
    let mut width = PROMPT.width();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            rows += 1 + width.saturating_sub(1) / columns;
            width = NEXT_LINE.width();
        }
        width += line.width();
    }
    rows + width / columns
}

/// Sees whether there is anything on the line.
struct Watcher {
    is_empty: Arc<AtomicBool>,
}

impl Highlighter for Watcher {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        self.is_empty.store(line.is_empty(), Ordering::Relaxed);
        let mut text = StyledText::new();
        text.push((Default::default(), line.into()));
        text
    }
}

/// The prompt.
struct Line;

impl Prompt for Line {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        PROMPT.into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        NEXT_LINE.into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_columns_not_in_bytes() {
        let draft = |text: &str| Draft {
            text: text.into(),
            at: text.len(),
        };
        for (text, rows) in [
            ("", 0),
            ("ա", 0),
            (&"ա".repeat(17), 0),
            (&"ա".repeat(18), 1),
            (&"ա".repeat(38), 2),
            ("a\nb", 1),
            (&format!("{}\nb", "a".repeat(18)), 1),
            (&format!("{}\nb", "a".repeat(19)), 2),
            ("漢字漢字漢字漢字漢字", 1),
        ] {
            assert_eq!(rows_above(&draft(text), 20), rows, "{text}");
        }
        let in_the_middle = Draft {
            text: "ա".repeat(40),
            at: 2,
        };
        assert_eq!(rows_above(&in_the_middle, 20), 0);
    }
}
