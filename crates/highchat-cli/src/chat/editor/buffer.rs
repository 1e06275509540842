//! The text of the edited line and the cursor position in it.

use core::ops::Range;

use unicode_segmentation::GraphemeCursor;

use highchat_sanitise::is_terminal_control;

/// A text with a cursor. The cursor is always between two extended grapheme clusters, which
/// are the letters that a reader sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    text: String,
    /// Offset in bytes.
    cursor: usize,
    /// The text that was removed last; Ctrl-Y inserts it.
    removed: String,
}

impl Buffer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Empties the buffer and returns its text.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        core::mem::take(&mut self.text)
    }

    /// Replaces the text and moves the cursor to its end.
    pub(super) fn set(&mut self, text: &str) {
        self.set_with_cursor(text, text.len());
    }

    /// Replaces the text. `cursor` is an offset in bytes.
    pub(super) fn set_with_cursor(&mut self, text: &str, cursor: usize) {
        self.text.clear();
        self.text.push_str(text);
        self.move_to(cursor);
    }

    /// Inserts a text before the cursor, without the characters that a terminal would obey.
    pub(super) fn insert(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| !is_terminal_control(*c)).collect();
        self.text.insert_str(self.cursor, &text);
        self.move_to(self.cursor + text.len());
    }

    /// Inserts the text that was removed last.
    pub(super) fn insert_removed(&mut self) {
        let text = self.removed.clone();
        self.insert(&text);
    }

    pub(super) fn move_left(&mut self) {
        self.cursor = self.before();
    }

    pub(super) fn move_right(&mut self) {
        self.cursor = self.after();
    }

    pub(super) fn move_word_left(&mut self) {
        self.move_to(self.word_before());
    }

    pub(super) fn move_word_right(&mut self) {
        self.move_to(self.word_after());
    }

    /// Moves to the start of the current line, if the text has several.
    pub(super) fn move_to_line_start(&mut self) {
        self.move_to(self.line_start());
    }

    pub(super) fn move_to_line_end(&mut self) {
        self.move_to(self.line_end());
    }

    /// Moves one line up and keeps the column, counted in letters. Returns `false` in the
    /// first line.
    pub(super) fn move_up(&mut self) -> bool {
        let start = self.line_start();
        let letters = self.letters_before(start);
        if start == 0 {
            return false;
        }
        self.cursor = start - 1;
        self.move_to_line_start();
        self.move_in_line(letters);
        true
    }

    /// Moves one line down. Returns `false` in the last line.
    pub(super) fn move_down(&mut self) -> bool {
        let letters = self.letters_before(self.line_start());
        let end = self.line_end();
        if end == self.text.len() {
            return false;
        }
        self.cursor = end + 1;
        self.move_in_line(letters);
        true
    }

    pub(super) fn delete_left(&mut self) {
        self.delete(self.before()..self.cursor);
    }

    pub(super) fn delete_right(&mut self) {
        self.delete(self.cursor..self.after());
    }

    /// Removes the text before the cursor.
    pub(super) fn remove_to_start(&mut self) {
        self.remove(0..self.cursor);
    }

    /// Removes the text after the cursor.
    pub(super) fn remove_to_end(&mut self) {
        self.remove(self.cursor..self.text.len());
    }

    pub(super) fn remove_word_left(&mut self) {
        self.remove(self.word_before()..self.cursor);
    }

    pub(super) fn remove_word_right(&mut self) {
        self.remove(self.cursor..self.word_after());
    }

    /// Deletes a range and keeps its text for Ctrl-Y.
    fn remove(&mut self, part: Range<usize>) {
        if !part.is_empty() {
            self.removed = self.text[part.clone()].into();
            self.delete(part);
        }
    }

    fn delete(&mut self, part: Range<usize>) {
        let start = part.start;
        self.text.drain(part);
        self.move_to(start);
    }

    /// Moves to `place`, or to the end of the letter if `place` is inside one: after an
    /// insertion or a deletion, characters may combine with their neighbours into one
    /// letter.
    fn move_to(&mut self, place: usize) {
        let mut boundary = GraphemeCursor::new(place, self.text.len(), true);
        self.cursor = match boundary.is_boundary(&self.text, 0) {
            Ok(true) => place,
            _ => next(&self.text, place),
        };
    }

    fn move_in_line(&mut self, letters: usize) {
        let end = self.line_end();
        for _ in 0..letters {
            if self.cursor < end {
                self.move_right();
            }
        }
    }

    fn letters_before(&self, start: usize) -> usize {
        let mut place = start;
        let mut letters = 0;
        while place < self.cursor {
            place = next(&self.text, place);
            letters += 1;
        }
        letters
    }

    fn before(&self) -> usize {
        let mut boundary = GraphemeCursor::new(self.cursor, self.text.len(), true);
        // `prev_boundary` fails only for a partial text, and this text is complete.
        let before = boundary.prev_boundary(&self.text, 0).ok().flatten();
        before.unwrap_or(0)
    }

    fn after(&self) -> usize {
        next(&self.text, self.cursor)
    }

    fn word_before(&self) -> usize {
        let word = self.text[..self.cursor].trim_end();
        let space = word.char_indices().rfind(|(_, c)| c.is_whitespace());
        space.map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn word_after(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let word = rest.trim_start();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        self.cursor + rest.len() - word.len() + end
    }

    fn line_start(&self) -> usize {
        let newline = self.text[..self.cursor].rfind('\n');
        newline.map_or(0, |newline| newline + 1)
    }

    fn line_end(&self) -> usize {
        let newline = self.text[self.cursor..].find('\n');
        newline.map_or(self.text.len(), |newline| self.cursor + newline)
    }
}

/// The end of the letter that begins at `place` or contains it.
fn next(text: &str, place: usize) -> usize {
    let mut boundary = GraphemeCursor::new(place, text.len(), true);
    let next = boundary.next_boundary(text, 0).ok().flatten();
    next.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    /// The text with a bar at the cursor.
    fn shown(buffer: &Buffer) -> String {
        let (before, after) = buffer.text().split_at(buffer.cursor());
        format!("{before}|{after}")
    }

    fn buffer(shown: &str) -> Buffer {
        let cursor = shown.find('|').unwrap();
        Buffer {
            text: shown.replace('|', ""),
            cursor,
            removed: String::new(),
        }
    }

    #[test]
    fn each_editing_command_changes_text_and_cursor() {
        type Act = fn(&mut Buffer);
        let cases: [(&str, Act, &str); 24] = [
            ("կե|ս", |b| b.insert("👋🏽"), "կե👋🏽|ս"),
            ("ե|", |b| b.insert("\u{301}"), "ե\u{301}|"),
            ("կ|ս", |b| b.insert("\u{1b}[31m\u{202e}"), "կ[31m|ս"),
            ("ա👨‍👩‍👧|", Buffer::move_left, "ա|👨‍👩‍👧"),
            ("|ե\u{301}ա", Buffer::move_right, "ե\u{301}|ա"),
            ("|ա", Buffer::move_left, "|ա"),
            ("ա|", Buffer::move_right, "ա|"),
            ("ա🇦🇲|", Buffer::delete_left, "ա|"),
            ("|ա", Buffer::delete_left, "|ա"),
            ("|🇦🇲ա", Buffer::delete_right, "|ա"),
            ("ա|", Buffer::delete_right, "ա|"),
            ("մեկ երկու  |", Buffer::move_word_left, "մեկ |երկու  "),
            ("մեկ|  երկու", Buffer::move_word_right, "մեկ  երկու|"),
            ("մեկ երկու |ե", Buffer::remove_word_left, "մեկ |ե"),
            ("մեկ| երկու ե", Buffer::remove_word_right, "մեկ| ե"),
            ("մեկ|ե", Buffer::remove_to_start, "|ե"),
            ("մեկ|ե", Buffer::remove_to_end, "մեկ|"),
            ("ա\nբգ|դ\nե", Buffer::move_to_line_start, "ա\n|բգդ\nե"),
            ("ա\nբ|գդ\nե", Buffer::move_to_line_end, "ա\nբգդ|\nե"),
            ("ա\nբգ|դ", |b| assert!(b.move_up()), "ա|\nբգդ"),
            ("աբգ\nդե|\n", |b| assert!(b.move_up()), "աբ|գ\nդե\n"),
            ("աբ|գ\nդ\nե", |b| assert!(b.move_down()), "աբգ\nդ|\nե"),
            ("աբ|գ", |b| assert!(!b.move_up()), "աբ|գ"),
            ("աբ|գ", |b| assert!(!b.move_down()), "աբ|գ"),
        ];
        for (before, act, after) in cases {
            let mut buffer = buffer(before);
            act(&mut buffer);
            assert_eq!(shown(&buffer), after, "{before}");
        }
    }

    #[test]
    fn removed_text_can_be_inserted_again() {
        let mut buffer = buffer("բարև 👋🏽 աշխարհ|");
        buffer.remove_word_left();
        buffer.remove_word_left();
        // Nothing is after the cursor, so this removes nothing.
        buffer.remove_to_end();
        buffer.insert_removed();
        buffer.insert_removed();
        assert_eq!(shown(&buffer), "բարև 👋🏽 👋🏽 |");
    }

    #[test]
    fn the_cursor_is_never_inside_a_letter() {
        // A letter before a combining mark, and half of a flag before the other half.
        for (before, inserted, after) in [
            ("|\u{301}", "ե", "ե\u{301}|"),
            ("|\u{1f1f2}", "\u{1f1e6}", "\u{1f1e6}\u{1f1f2}|"),
        ] {
            let mut buffer = buffer(before);
            buffer.insert(inserted);
            assert_eq!(shown(&buffer), after);
        }
        let mut joined = buffer("ե|ա\u{301}");
        joined.delete(2..4);
        assert_eq!(shown(&joined), "ե\u{301}|");
    }

    const ACTS: [fn(&mut Buffer); 16] = [
        |b| b.insert("ա"),
        |b| b.insert("\u{301}"),
        |b| b.insert("\u{200d}"),
        |b| b.insert("👩"),
        |b| b.insert("\u{1f1e6}"),
        |b| b.insert("\n"),
        |b| b.insert(" "),
        Buffer::move_left,
        Buffer::move_right,
        Buffer::delete_left,
        Buffer::delete_right,
        Buffer::remove_word_left,
        Buffer::remove_word_right,
        Buffer::insert_removed,
        |b| _ = b.move_up(),
        |b| _ = b.move_down(),
    ];

    proptest! {
        #[test]
        fn the_cursor_is_between_letters_after_any_commands(
            acts in proptest::collection::vec(0..ACTS.len(), 0..100),
        ) {
            let mut buffer = Buffer::default();
            for act in acts {
                ACTS[act](&mut buffer);
                let mut boundaries = buffer.text.grapheme_indices(true).map(|(at, _)| at);
                let end = buffer.cursor == buffer.text.len();
                prop_assert!(end || boundaries.any(|at| at == buffer.cursor), "{:?}", buffer);
            }
        }
    }
}
