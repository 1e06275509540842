//! Draws the edited line at the bottom of the terminal.
//!
//! The terminal is never asked for its cursor position, because many do not answer. Rows
//! are broken here and not by the terminal, so the number of rows is known, and a redraw
//! can begin at the first one.

use core::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Prefix of the second and later lines of a message.
const NEXT_LINE: &str = ". ";
const PROMPT: Style = AnsiColor::Green.on_default().bold();

/// Turns automatic wrapping off. The terminal may become narrower before it shows text that
/// was laid out for the old width.
const WITHOUT_WRAP: &str = "\x1b[?7l";
const WITH_WRAP: &str = "\x1b[?7h";
/// Erases from the cursor to the end of the screen.
const ERASE: &str = "\x1b[J";

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// The content to draw.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) prompt: &'a str,
    pub(super) text: &'a str,
    /// Offset of the cursor in the text, in bytes.
    pub(super) cursor: usize,
}

/// The state of the last drawing, which the next one erases.
pub(super) struct Drawing {
    is_coloured: bool,
    /// Whether the terminal moves the end of a row to the next row when it becomes
    /// narrower. Other terminals cut the row off.
    reflows_rows: bool,
    /// The width of each row above the cursor's row.
    above: Vec<usize>,
    cursor_column: usize,
    /// The width of the terminal at the last drawing.
    columns: usize,
}

impl Drawing {
    /// Nothing is drawn yet, and the cursor is at the start of an empty row.
    pub(super) const fn new(is_coloured: bool, reflows_rows: bool) -> Self {
        Self {
            is_coloured,
            reflows_rows,
            above: Vec::new(),
            cursor_column: 0,
            columns: 0,
        }
    }

    /// Forgets the last drawing, because other output moved the cursor to the start of an
    /// empty row.
    pub(super) fn forget(&mut self) {
        self.above.clear();
        self.cursor_column = 0;
    }

    /// Draws the line over the last drawing, with a text above it. If the line has more
    /// rows than the terminal, only the rows around the cursor are drawn.
    pub(super) fn draw(&mut self, above: &str, line: &Line<'_>, size: Size) -> String {
        let rows = Rows::new(line, size.columns, self.is_coloured);
        let height = size.rows.max(1);
        let first = (rows.cursor.row + 1).saturating_sub(height);
        let shown = rows.rows.iter().skip(first).take(height);
        let last = first + shown.len() - 1;
        let mut drawn = self.erase(above, size);
        for (number, row) in shown.enumerate() {
            drawn.push_str(if number == 0 { "" } else { "\r\n" });
            drawn.push_str(row);
        }
        drawn.push('\r');
        move_by(&mut drawn, last - rows.cursor.row, 'A');
        move_by(&mut drawn, rows.cursor.column, 'C');
        drawn.push_str(WITH_WRAP);
        self.above = rows.widths[first..rows.cursor.row].to_vec();
        self.cursor_column = rows.cursor.column;
        self.columns = size.columns;
        drawn
    }

    /// Draws the whole line for the last time. The cursor is at the start of the row below
    /// it afterwards.
    pub(super) fn finish(&mut self, line: &Line<'_>, size: Size) -> String {
        let at_end = Line {
            cursor: line.text.len(),
            ..*line
        };
        let rows = Rows::new(&at_end, size.columns, self.is_coloured);
        // The last row may exist only for the cursor.
        let is_extra = rows.cursor.column == 0 && rows.cursor.row > 0;
        let count = rows.rows.len() - usize::from(is_extra);
        let mut drawn = self.erase("", size);
        drawn.push_str(WITH_WRAP);
        for (number, row) in rows.rows[..count].iter().enumerate() {
            drawn.push_str(row);
            // Rows that the terminal wraps by itself are copied from it as one line.
            if number + 1 == count || rows.continued.binary_search(&number).is_err() {
                drawn.push_str("\r\n");
            }
        }
        self.forget();
        drawn
    }

    /// Empties the screen. The next drawing begins at its top.
    pub(super) fn clear_screen(&mut self) -> &'static str {
        self.forget();
        "\x1b[H\x1b[2J"
    }

    /// Erases the last drawing, prints a text in its place and turns wrapping off.
    fn erase(&self, above: &str, size: Size) -> String {
        let mut drawn = String::from("\r");
        move_by(&mut drawn, self.rows_above(size.columns.max(1)), 'A');
        drawn.push_str(ERASE);
        drawn.push_str(above);
        if !above.is_empty() && !above.ends_with('\n') {
            drawn.push('\n');
        }
        drawn.push_str(WITHOUT_WRAP);
        drawn
    }

    /// How many rows of the last drawing are above the cursor if the terminal now has this
    /// width.
    fn rows_above(&self, columns: usize) -> usize {
        if !self.reflows_rows || columns >= self.columns {
            return self.above.len();
        }
        let rows = self
            .above
            .iter()
            .map(|width| width.div_ceil(columns).max(1));
        rows.sum::<usize>() + self.cursor_column / columns
    }
}

fn move_by(drawn: &mut String, steps: usize, direction: char) {
    if steps > 0 {
        let _ = write!(drawn, "\x1b[{steps}{direction}");
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

/// A line, broken into rows.
struct Rows {
    columns: usize,
    rows: Vec<String>,
    /// The width of each row except the last.
    widths: Vec<usize>,
    /// The numbers of the rows that are full and whose text continues in the next row.
    continued: Vec<usize>,
    /// The position of the next letter.
    end: Place,
    cursor: Place,
}

impl Rows {
    fn new(line: &Line<'_>, columns: usize, is_coloured: bool) -> Self {
        let mut rows = Self {
            columns: columns.max(1),
            rows: vec![String::new()],
            widths: Vec::new(),
            continued: Vec::new(),
            end: Place::default(),
            cursor: Place::default(),
        };
        rows.push_prompt(line.prompt, is_coloured);
        let mut cursor = None;
        for (place, letter) in line.text.grapheme_indices(true) {
            let start = rows.push(letter, is_coloured);
            if cursor.is_none() && place + letter.len() > line.cursor {
                cursor = Some(start);
            }
        }
        rows.cursor = cursor.unwrap_or_else(|| {
            if rows.end.column == rows.columns {
                rows.begin_row();
            }
            rows.end
        });
        rows
    }

    fn push_prompt(&mut self, prompt: &str, is_coloured: bool) {
        if is_coloured {
            let _ = write!(self.row(), "{PROMPT}");
        }
        for letter in prompt.graphemes(true) {
            self.push(letter, is_coloured);
        }
        if is_coloured {
            let _ = write!(self.row(), "{PROMPT:#}");
        }
    }

    /// Adds a letter and returns its position.
    fn push(&mut self, letter: &str, is_coloured: bool) -> Place {
        if letter == "\n" {
            let start = Place {
                column: self.end.column.min(self.columns - 1),
                ..self.end
            };
            self.begin_row();
            self.push_prompt(NEXT_LINE, is_coloured);
            return start;
        }
        let (letter, width) = match letter {
            "\t" => ("    ", 4),
            letter => (letter, width(letter)),
        };
        let (letter, width) = if width > self.columns {
            // The letter is wider than a row.
            ("?", 1)
        } else {
            (letter, width)
        };
        if self.end.column + width > self.columns {
            if self.end.column == self.columns {
                self.continued.push(self.end.row);
            }
            self.begin_row();
        }
        let start = self.end;
        self.end.column += width;
        let column = self.end.column;
        let is_certain = letter.chars().nth(1).is_none() && width > 0;
        let is_full = column == self.columns;
        let row = self.row();
        row.push_str(letter);
        if !is_certain && !is_full {
            // The terminal may count fewer columns for this letter, so the column is set
            // explicitly.
            let _ = write!(row, "\x1b[{}G", column + 1);
        }
        start
    }

    fn begin_row(&mut self) {
        self.rows.push(String::new());
        self.widths.push(self.end.column);
        self.end = Place {
            row: self.end.row + 1,
            column: 0,
        };
    }

    fn row(&mut self) -> &mut String {
        &mut self.rows[self.end.row]
    }
}

/// Turns the character before it into an emoji, which is two columns wide.
const AS_EMOJI: char = '\u{fe0f}';

/// The largest number of columns that a terminal may use for a letter. Some terminals show
/// the parts of a combined emoji one after the other, some as one picture.
fn width(letter: &str) -> usize {
    let one_by_one: usize = letter.chars().filter_map(UnicodeWidthChar::width).sum();
    let emojis = letter.chars().filter(|c| *c == AS_EMOJI).count();
    letter.width().max(one_by_one + emojis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZero;
    use proptest::prelude::*;

    /// A terminal emulator in memory.
    struct Screen(vt100::Parser);

    impl Screen {
        fn new(size: Size) -> Self {
            let [rows, columns] =
                [size.rows, size.columns].map(|n| NonZero::new(u16::try_from(n).unwrap()).unwrap());
            Self(vt100::Parser::new(rows, columns, 0))
        }

        /// A terminal turns `\n` into `\r\n`, and so does this.
        fn print(&mut self, drawn: &str) {
            let drawn = drawn.replace("\r\n", "\n").replace('\n', "\r\n");
            self.0.process(drawn.as_bytes());
        }

        fn rows(&self) -> Vec<String> {
            let (_, columns) = self.0.screen().size();
            let rows = self.0.screen().rows(0, columns.get());
            let mut rows: Vec<_> = rows.map(|row| row.trim_end().to_string()).collect();
            while rows.last().is_some_and(String::is_empty) {
                rows.pop();
            }
            rows
        }

        fn cursor(&self) -> (usize, usize) {
            let (row, column) = self.0.screen().cursor_position();
            (row.into(), column.into())
        }
    }

    const SIZE: Size = Size {
        columns: 20,
        rows: 6,
    };

    fn line(text: &str, cursor: usize) -> Line<'_> {
        Line {
            prompt: "> ",
            text,
            cursor,
        }
    }

    #[test]
    fn a_line_is_broken_into_rows_and_the_cursor_is_placed() {
        let full = "ա".repeat(18);
        let more = "ա".repeat(19);
        let wide = "漢".repeat(10);
        for (text, cursor, rows, place) in [
            ("", 0, vec![">"], (0, 2)),
            ("բարև", 8, vec!["> բարև"], (0, 6)),
            ("բարև", 4, vec!["> բարև"], (0, 4)),
            (&full, 36, vec![&*format!("> {full}")], (1, 0)),
            (&full, 34, vec![&*format!("> {full}")], (0, 19)),
            (&more, 38, vec![&*format!("> {full}"), "ա"], (1, 1)),
            (&wide, 30, vec!["> 漢漢漢漢漢漢漢漢漢", "漢"], (1, 2)),
            ("մեկ\nերկու", 17, vec!["> մեկ", ". երկու"], (1, 7)),
            ("մեկ\nերկու", 6, vec!["> մեկ", ". երկու"], (0, 5)),
            ("ե\u{301}ա", 4, vec!["> ե\u{301}ա"], (0, 3)),
            ("👋🏽ա", 8, vec!["> 👋🏽ա"], (0, 6)),
            ("\tա", 1, vec![">     ա"], (0, 6)),
        ] {
            let mut screen = Screen::new(SIZE);
            screen.print(&Drawing::new(false, false).draw("", &line(text, cursor), SIZE));
            assert_eq!(screen.rows(), rows, "{text:?}");
            assert_eq!(screen.cursor(), place, "{text:?} at {cursor}");
        }
    }

    #[test]
    fn wide_letters_at_the_margin_leave_no_stale_row() {
        let size = Size {
            columns: 21,
            rows: 6,
        };
        let text = "漢".repeat(30);
        let mut screen = Screen::new(size);
        let mut drawing = Drawing::new(false, false);
        for end in (0..=text.len())
            .step_by(3)
            .chain((0..text.len()).step_by(3).rev())
        {
            screen.print(&drawing.draw("", &line(&text[..end], end), size));
            let shown = screen.rows().concat().replace(char::is_whitespace, "");
            assert_eq!(shown, format!(">{}", &text[..end]));
        }
        assert_eq!(screen.rows(), [">"]);
    }

    #[test]
    fn printed_text_appears_above_the_line() {
        let mut screen = Screen::new(SIZE);
        let mut drawing = Drawing::new(true, false);
        let text = "ա".repeat(30);
        for above in ["", "person: մեկ\n", "person: երկու\n", "a\nb"] {
            screen.print(&drawing.draw(above, &line(&text, 50), SIZE));
        }
        let mut rows = vec!["person: մեկ", "person: երկու", "a", "b"];
        let halves = [format!("> {}", "ա".repeat(18)), "ա".repeat(12)];
        rows.extend(halves.iter().map(String::as_str));
        assert_eq!(screen.rows(), rows);
        assert_eq!(screen.cursor(), (5, 7));
    }

    #[test]
    fn a_line_taller_than_the_terminal_shows_the_rows_at_the_cursor() {
        let text: Vec<_> = (0..12).map(|n| format!("տող {n}")).collect();
        let text = text.join("\n");
        let mut screen = Screen::new(SIZE);
        let mut drawing = Drawing::new(false, false);
        screen.print(&drawing.draw("", &line(&text, text.len()), SIZE));
        assert_eq!(screen.rows()[0], ". տող 6");
        assert_eq!(screen.rows()[5], ". տող 11");
        screen.print(&drawing.draw("person: վերևում\n", &line(&text, 0), SIZE));
        assert_eq!(screen.rows()[0], "> տող 0");
        assert_eq!(screen.rows()[5], ". տող 5");
        assert_eq!(screen.cursor(), (0, 2));
        screen.print(&drawing.finish(&line(&text, 0), SIZE));
        assert_eq!(screen.rows()[4], ". տող 11");
        assert_eq!(screen.cursor(), (5, 0));
    }

    #[test]
    fn a_finished_line_stays_and_the_cursor_is_below_it() {
        for (text, row) in [
            (String::new(), 1),
            ("ա".repeat(17), 1),
            ("ա".repeat(18), 1),
            ("ա".repeat(19), 2),
            ("ա\n".into(), 2),
        ] {
            let mut screen = Screen::new(SIZE);
            let mut drawing = Drawing::new(false, false);
            screen.print(&drawing.draw("", &line(&text, 0), SIZE));
            screen.print(&drawing.finish(&line(&text, 0), SIZE));
            assert_eq!(screen.cursor(), (row, 0), "{text:?}");
        }
    }

    #[test]
    fn the_terminal_does_not_wrap_rows_while_a_line_is_edited() {
        let text = "ա".repeat(40);
        let mut drawing = Drawing::new(false, false);
        let drawn = drawing.draw("person: վերևում\n", &line(&text, 3), SIZE);
        let (above, row) = drawn.split_once(WITHOUT_WRAP).unwrap();
        assert!(
            !above.contains('ա') && row.ends_with(WITH_WRAP),
            "{drawn:?}"
        );
    }

    #[test]
    fn a_finished_line_is_copied_as_one_line() {
        let text = format!("{}\n{}", "ա".repeat(40), "բ".repeat(4));
        let mut screen = Screen::new(SIZE);
        screen.print(&Drawing::new(false, false).finish(&line(&text, 3), SIZE));
        let expected = format!("> {}\n. բբբբ", "ա".repeat(40));
        assert_eq!(screen.0.screen().contents().trim_end(), expected);
    }

    #[test]
    fn a_letter_wider_than_the_terminal_is_shown_as_a_question_mark() {
        let size = Size {
            columns: 2,
            rows: 1,
        };
        let drawn = Drawing::new(false, false).draw("", &line("ա👋🏽", 2), size);
        let mut screen = Screen::new(size);
        screen.print(&drawn);
        assert_eq!(screen.rows(), ["ա?"]);
        for columns in 0..8 {
            let size = Size { columns, rows: 0 };
            Drawing::new(false, false).draw("", &line("ա漢\n👋🏽", 2), size);
        }
    }

    #[test]
    fn a_terminal_that_reflows_when_narrowed_keeps_no_stale_row() {
        let narrower = Size {
            columns: 8,
            rows: 12,
        };
        let text = "այս տողը մի քիչ երկար է\nեւ երկու տող է";
        for cursor in [0, 20, 36, 50, text.len()] {
            let line = line(text, cursor);
            let mut drawing = Drawing::new(false, true);
            let mut wide = Screen::new(SIZE);
            wide.print(&drawing.draw("person: մեկ\n", &line, SIZE));
            // Emulates a terminal that reflows: each row begins on a new line, and the
            // cursor stays with its letter.
            let mut narrow = Screen::new(narrower);
            let (row, column) = wide.cursor();
            let rows = wide.rows();
            narrow.print(&rows[..row].join("\n"));
            narrow.print("\n");
            let at = narrow.cursor().0 + column / narrower.columns;
            narrow.print(&rows[row..].join("\n"));
            narrow.print(&format!(
                "\x1b[{};{}H",
                at + 1,
                column % narrower.columns + 1
            ));

            narrow.print(&drawing.draw("", &line, narrower));
            let mut fresh = Screen::new(narrower);
            fresh.print("person: մեկ\n");
            fresh.print(&Drawing::new(false, false).draw("", &line, narrower));
            assert_eq!(narrow.rows(), fresh.rows(), "at {cursor}");
            assert_eq!(narrow.cursor(), fresh.cursor(), "at {cursor}");
        }
    }

    /// The text of a screen without the spaces that fill its rows.
    fn letters(text: &str) -> String {
        text.replace(char::is_whitespace, "")
    }

    proptest! {
        /// A redraw gives the same screen as a first drawing, whatever was drawn before.
        #[test]
        fn a_redraw_leaves_nothing_of_the_last_drawing(
            texts in proptest::collection::vec(
                ("(ա|բ|e|\u{301}|漢|👋🏽|👨‍👩‍👧|🇦🇲|❤️|1️⃣|\u{200d}|\t|\n| ){0,40}", 0.0..=1.0),
                1..8,
            ),
            columns in 1_usize..40,
        ) {
            let size = Size { columns, rows: 30 };
            let mut screen = Screen::new(size);
            let mut drawing = Drawing::new(false, false);
            for (text, share) in &texts {
                let letters_before = (text.graphemes(true).count() as f64 * share) as usize;
                let cursor = text.graphemes(true).take(letters_before).map(str::len).sum();
                let line = line(text, cursor);
                screen.print(&drawing.draw("", &line, size));
                let mut fresh = Screen::new(size);
                fresh.print(&Drawing::new(false, false).draw("", &line, size));
                prop_assert_eq!(screen.rows(), fresh.rows());
                prop_assert_eq!(screen.cursor(), fresh.cursor());
                if columns > 8 && !text.contains('\u{200d}') && !text.contains('\u{301}') {
                    let shown = letters(&screen.rows().concat());
                    let expected = format!("> {}", text.replace('\n', ". "));
                    prop_assert_eq!(shown, letters(&expected));
                }
            }
        }
    }
}
