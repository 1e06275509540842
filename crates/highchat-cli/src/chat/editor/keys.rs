//! Decodes the bytes of a terminal into keys.

use core::mem;

/// The parameter that begins a paste, and the sequence that ends it.
const PASTE: &[u8] = b"200";
const PASTE_END: &[u8] = b"\x1b[201~";

/// The most bytes of a paste that are kept. It is far more than the longest message, so
/// sending a paste that was cut is refused.
const MAX_PASTE: usize = 1 << 20;

/// The most bytes of a control sequence's parameters that are kept.
const MAX_PARAMETERS: usize = 16;

/// One key, or one paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Character(char),
    /// A pasted text. Its lines are separated by `\n`, and it does not end with one.
    Paste(String),
    /// A control character, as the letter that is pressed together with Ctrl.
    Ctrl(char),
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    DeleteWordLeft,
    DeleteWordRight,
}

/// Decodes bytes, in pieces of any size, into keys.
///
/// ```text
///           ESC              [                 letter or ~
///   Plain ───────▶ Escape ───────▶ Control ──────────────────▶ Plain
///    │ ▲             │ O                │ 200 ~
///    │ │             └───▶ Shift        └─────▶ Paste ── ESC [ 201 ~ ──▶ Plain
///    │ └ last byte      (one letter)
///    └─ first byte ──▶ Letter
/// ```
#[derive(Default)]
pub(super) struct Keys {
    position: Position,
}

#[derive(Default)]
enum Position {
    #[default]
    Plain,
    /// Inside a character of several bytes.
    Letter(Vec<u8>),
    Escape,
    /// Inside a control sequence, with its parameters so far.
    Control(Vec<u8>),
    /// After ESC O; one letter follows.
    Shift,
    /// After ESC [ [, a function key of the Linux console; one letter follows.
    Function,
    Paste(Vec<u8>),
}

impl Keys {
    /// Decodes one byte. Returns the keys that this byte completes.
    pub(super) fn push(&mut self, byte: u8) -> Vec<Key> {
        let mut keys = Vec::new();
        self.position = match mem::take(&mut self.position) {
            Position::Plain => plain(byte, &mut keys),
            Position::Letter(letter) => in_letter(letter, byte, &mut keys),
            Position::Escape => after_escape(byte, &mut keys),
            Position::Control(parameters) => in_control(parameters, byte, &mut keys),
            Position::Shift => {
                match moved(byte, false) {
                    Some(key) => keys.push(key),
                    None => log::debug!("an unknown key"),
                }
                Position::Plain
            }
            Position::Function => Position::Plain,
            Position::Paste(text) => in_paste(text, byte, &mut keys),
        };
        keys
    }

    /// Whether the bytes so far could be typed by hand: Esc, and perhaps one more key.
    pub(super) fn has_open_escape(&self) -> bool {
        match &self.position {
            Position::Escape | Position::Shift => true,
            Position::Control(parameters) => parameters.is_empty(),
            _ => false,
        }
    }

    /// Ends the open escape sequence after a timeout: its bytes were typed by hand.
    pub(super) fn end_escape(&mut self) -> Option<Key> {
        if !self.has_open_escape() {
            return None;
        }
        match mem::take(&mut self.position) {
            Position::Shift => Some(Key::Character('O')),
            Position::Control(_) => Some(Key::Character('[')),
            _ => None,
        }
    }
}

fn plain(byte: u8, keys: &mut Vec<Key>) -> Position {
    match byte {
        b'\x1b' => return Position::Escape,
        b'\r' | b'\n' => keys.push(Key::Enter),
        b'\t' => keys.push(Key::Character('\t')),
        b'\x08' | b'\x7f' => keys.push(Key::Backspace),
        b'\x01'..=b'\x1a' => keys.push(Key::Ctrl(char::from(byte - 1 + b'a'))),
        0..b' ' => {}
        b' '..=b'~' => keys.push(Key::Character(char::from(byte))),
        _ => return in_letter(Vec::new(), byte, keys),
    }
    Position::Plain
}

fn in_letter(mut letter: Vec<u8>, byte: u8, keys: &mut Vec<Key>) -> Position {
    letter.push(byte);
    match core::str::from_utf8(&letter) {
        Ok(text) => keys.extend(text.chars().map(Key::Character)),
        Err(error) if error.error_len().is_none() => return Position::Letter(letter),
        Err(_) => {
            keys.push(Key::Character(char::REPLACEMENT_CHARACTER));
            // The byte that ends the invalid character may begin another key.
            if letter.len() > 1 {
                return plain(byte, keys);
            }
        }
    }
    Position::Plain
}

fn after_escape(byte: u8, keys: &mut Vec<Key>) -> Position {
    keys.push(match byte {
        b'[' => return Position::Control(Vec::new()),
        b'O' => return Position::Shift,
        b'b' => Key::WordLeft,
        b'f' => Key::WordRight,
        b'd' => Key::DeleteWordRight,
        b'\x08' | b'\x7f' => Key::DeleteWordLeft,
        // Alt is ignored with every other key.
        _ => return plain(byte, keys),
    });
    Position::Plain
}

fn in_control(mut parameters: Vec<u8>, byte: u8, keys: &mut Vec<Key>) -> Position {
    match byte {
        b'[' if parameters.is_empty() => return Position::Function,
        b' '..=b'?' => {
            if parameters.len() < MAX_PARAMETERS {
                parameters.push(byte);
            }
            return Position::Control(parameters);
        }
        b'@'..=b'~' if byte == b'~' && parameters == PASTE => return Position::Paste(Vec::new()),
        b'@'..=b'~' => {}
        // This byte is not part of any control sequence.
        _ => return plain(byte, keys),
    }
    let parameters = String::from_utf8_lossy(&parameters);
    let (number, modifier) = parameters.split_once(';').unwrap_or((&parameters, ""));
    let key = match (byte, number) {
        (b'~', "1" | "7") => Some(Key::Home),
        (b'~', "4" | "8") => Some(Key::End),
        (b'~', "3") => Some(Key::Delete),
        (b'~', _) => None,
        // With Alt or Ctrl.
        _ => moved(byte, matches!(modifier, "3" | "5")),
    };
    match key {
        Some(key) => keys.push(key),
        None => log::debug!("an unknown key"),
    }
    Position::Plain
}

const fn moved(letter: u8, is_by_word: bool) -> Option<Key> {
    Some(match (letter, is_by_word) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', false) => Key::Right,
        (b'C', true) => Key::WordRight,
        (b'D', false) => Key::Left,
        (b'D', true) => Key::WordLeft,
        (b'H', _) => Key::Home,
        (b'F', _) => Key::End,
        _ => return None,
    })
}

fn in_paste(mut text: Vec<u8>, byte: u8, keys: &mut Vec<Key>) -> Position {
    text.push(byte);
    if text.len() > MAX_PASTE + PASTE_END.len() {
        // The rest is still too long for a message.
        text.remove(MAX_PASTE);
    }
    if let Some(pasted) = text.strip_suffix(PASTE_END) {
        let pasted = String::from_utf8_lossy(pasted)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        keys.push(Key::Paste(pasted.trim_end_matches('\n').into()));
        return Position::Plain;
    }
    Position::Paste(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().flat_map(|byte| keys.push(*byte)).collect()
    }

    fn characters(text: &str) -> Vec<Key> {
        text.chars().map(Key::Character).collect()
    }

    #[test]
    fn each_key_is_decoded() {
        for (bytes, key) in [
            ("\r", Key::Enter),
            ("\n", Key::Enter),
            ("\u{7f}", Key::Backspace),
            ("\u{8}", Key::Backspace),
            ("\u{1}", Key::Ctrl('a')),
            ("\u{1a}", Key::Ctrl('z')),
            ("\u{1b}[A", Key::Up),
            ("\u{1b}OA", Key::Up),
            ("\u{1b}[B", Key::Down),
            ("\u{1b}[C", Key::Right),
            ("\u{1b}[D", Key::Left),
            ("\u{1b}[H", Key::Home),
            ("\u{1b}OF", Key::End),
            ("\u{1b}[1~", Key::Home),
            ("\u{1b}[8~", Key::End),
            ("\u{1b}[3~", Key::Delete),
            ("\u{1b}[1;5C", Key::WordRight),
            ("\u{1b}[1;3D", Key::WordLeft),
            ("\u{1b}[1;2D", Key::Left),
            ("\u{1b}b", Key::WordLeft),
            ("\u{1b}f", Key::WordRight),
            ("\u{1b}d", Key::DeleteWordRight),
            ("\u{1b}\u{7f}", Key::DeleteWordLeft),
            ("\t", Key::Character('\t')),
        ] {
            assert_eq!(keys(bytes.as_bytes()), [key], "{bytes:?}");
        }
        assert_eq!(
            keys("աé👋漢\u{301}".as_bytes()),
            characters("աé👋漢\u{301}")
        );
    }

    #[test]
    fn an_unknown_sequence_gives_no_text() {
        for bytes in [
            "\u{1b}[15~",
            "\u{1b}[[A",
            "\u{1b}OP",
            "\u{1b}[12;40R",
            "\u{1b}[?1;2c",
            "\u{1b}[I",
            "\0",
        ] {
            assert_eq!(keys(format!("{bytes}ա").as_bytes()), characters("ա"));
        }
    }

    #[test]
    fn a_key_after_escape_is_not_lost() {
        assert_eq!(keys("\u{1b}ա".as_bytes()), characters("ա"));
        assert_eq!(keys(b"\x1b\r"), [Key::Enter]);
        assert_eq!(keys(b"\x1b[\x03"), [Key::Ctrl('c')]);
        for (typed, character) in [
            ("\u{1b}", None),
            ("\u{1b}[", Some('[')),
            ("\u{1b}O", Some('O')),
        ] {
            let mut keys = Keys::default();
            for byte in typed.bytes() {
                assert_eq!(keys.push(byte), []);
            }
            assert!(keys.has_open_escape());
            assert_eq!(keys.end_escape(), character.map(Key::Character));
            assert_eq!(keys.push(b'A'), characters("A"));
        }
    }

    #[test]
    fn a_paste_whose_start_is_split_by_a_long_pause_is_one_paste() {
        for cut in 3..6 {
            let (first, second) = b"\x1b[200~".split_at(cut);
            let mut keys = Keys::default();
            assert!(first.iter().all(|byte| keys.push(*byte).is_empty()));
            assert_eq!(keys.end_escape(), None);
            let rest = [second, "ա\n".as_bytes(), PASTE_END].concat();
            let pasted: Vec<_> = rest.iter().flat_map(|byte| keys.push(*byte)).collect();
            assert_eq!(pasted, [Key::Paste("ա".into())], "at {cut}");
        }
    }

    #[test]
    fn invalid_utf_8_is_replaced_and_the_next_key_is_kept() {
        assert_eq!(keys(b"\xff\xd5a\xd5\r"), {
            let mut keys = characters("\u{fffd}\u{fffd}a\u{fffd}");
            keys.push(Key::Enter);
            keys
        });
    }

    #[test]
    fn a_paste_is_one_text_without_its_last_line_ends() {
        for (pasted, text) in [
            ("մեկ\nերկու", "մեկ\nերկու"),
            ("մեկ\rերկու\r", "մեկ\nերկու"),
            ("մեկ\r\nերկու\r\n\r\n", "մեկ\nերկու"),
            ("\u{3}\u{1b}[A👋", "\u{3}\u{1b}[A👋"),
            ("", ""),
        ] {
            let bytes = format!("\u{1b}[200~{pasted}\u{1b}[201~ա");
            let expected = [Key::Paste(text.into()), Key::Character('ա')];
            assert_eq!(keys(bytes.as_bytes()), expected, "{pasted:?}");
        }
    }

    #[test]
    fn an_endless_paste_takes_bounded_memory() {
        let mut keys = Keys::default();
        for byte in b"\x1b[200~" {
            keys.push(*byte);
        }
        for _ in 0..MAX_PASTE + 1000 {
            assert_eq!(keys.push(b'a'), []);
        }
        let mut pasted = Vec::new();
        for byte in PASTE_END {
            pasted.extend(keys.push(*byte));
        }
        assert!(matches!(&pasted[..], [Key::Paste(text)] if text.len() == MAX_PASTE));
    }

    proptest! {
        #[test]
        fn text_is_decoded_unchanged(text in "[^\\p{Cc}]*") {
            prop_assert_eq!(keys(text.as_bytes()), characters(&text));
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(
            prop_oneof![Just(0x1b), Just(b'['), Just(b'O'), Just(b'~'), any::<u8>()], 0..64)) {
            let mut keys = Keys::default();
            for byte in bytes {
                keys.push(byte);
            }
            keys.end_escape();
            prop_assert!(!keys.has_open_escape());
        }
    }
}
