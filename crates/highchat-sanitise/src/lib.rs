//! Removes terminal controls from text that comes from a service.
//!
//! A terminal obeys every escape sequence that it receives: a sequence can move the cursor,
//! rename the window, or write to the clipboard. Bidirectional overrides can make a line
//! read as something else. [`Sanitiser`] removes both from a text that arrives in pieces,
//! and keeps every other character.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::String;

/// The longest escape sequence that is removed, in characters. Real sequences have about
/// 20. The rest of a longer one counts as text, so that an endless sequence cannot hide the
/// rest of a reply.
const MAX_SEQUENCE: usize = 64;

/// The position in the text.
///
/// ```text
///            ESC                 [                final
///   Text ─────────▶ Escape ────────────▶ Control ────────▶ Text
///    │  U+009B                 ] P X ^ _
///    ├───────────▶ Control      └──────▶ String ─────────▶ Text
///    └─ U+009D, U+0090 … ──────────────▶ String    BEL, ST
/// ```
#[derive(Clone, Copy, Debug, Default)]
enum Position {
    #[default]
    Text,
    /// After an ESC.
    Escape,
    /// In a control sequence (CSI), after this many characters.
    Control(usize),
    /// In a control string (OSC, DCS, SOS, PM, APC), after this many characters.
    String(usize),
    /// After an ESC in a control string; ESC \ ends the string.
    StringEscape(usize),
}

/// Removes the characters that a terminal would obey from a text that arrives in pieces.
///
/// It removes escape sequences, also if they are split over pieces, control characters
/// except newline and tab, C1 controls, and bidirectional overrides and isolates.
///
/// ```
/// use highchat_sanitise::Sanitiser;
///
/// let mut sanitiser = Sanitiser::default();
/// let mut shown = String::new();
/// for piece in ["red: \u{1b}[3", "1mplain\u{202e}", "\r\n"] {
///     sanitiser.push(piece, &mut shown);
/// }
/// assert_eq!(shown, "red: plain\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sanitiser {
    position: Position,
}

impl Sanitiser {
    /// Appends the safe part of `text` to `shown`.
    pub fn push(&mut self, text: &str, shown: &mut String) {
        for character in text.chars() {
            self.position = self.step(character, shown);
        }
    }

    fn step(&self, character: char, shown: &mut String) -> Position {
        match (self.position, character) {
            // ESC, newline and tab end an unfinished sequence, as on a terminal, so that no
            // line is hidden.
            (Position::Text | Position::Escape | Position::Control(_), '\u{1b}') => {
                Position::Escape
            }
            (_, '\n' | '\t') => text(character, shown),
            (Position::Text, _) => text(character, shown),

            (Position::Escape, '[') => Position::Control(0),
            (Position::Escape, ']' | 'P' | 'X' | '^' | '_') => Position::String(0),
            // Intermediate characters, as in ESC ( B.
            (Position::Escape, ' '..='/') => Position::Escape,
            (Position::Escape, '0'..='~') => Position::Text,
            (Position::Escape, _) => text(character, shown),

            (Position::Control(read), ' '..='?') if read < MAX_SEQUENCE => {
                Position::Control(read + 1)
            }
            (Position::Control(_), '@'..='~') => Position::Text,
            (Position::Control(_), _) => text(character, shown),

            (Position::String(_), '\u{7}' | '\u{9c}') => Position::Text,
            (Position::String(read), '\u{1b}') => Position::StringEscape(read),
            (Position::StringEscape(_), '\\') => Position::Text,
            (Position::String(read) | Position::StringEscape(read), _) => {
                if read < MAX_SEQUENCE {
                    Position::String(read + 1)
                } else {
                    text(character, shown)
                }
            }
        }
    }
}

fn text(character: char, shown: &mut String) -> Position {
    match character {
        '\u{9b}' => return Position::Control(0),
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => return Position::String(0),
        _ if is_terminal_control(character) => {}
        _ => shown.push(character),
    }
    Position::Text
}

/// Whether a terminal obeys this character instead of showing it: a control character
/// except newline and tab, or a bidirectional override or isolate.
#[must_use]
pub fn is_terminal_control(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

/// Returns a complete text without the characters that a terminal would obey.
///
/// ```
/// assert_eq!(highchat_sanitise::sanitise("\u{1b}]0;title\u{7}text"), "text");
/// ```
#[must_use]
pub fn sanitise(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    Sanitiser::default().push(text, &mut shown);
    shown
}

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_controls_are_removed() {
        let cases = [
            ("plain բառ 😀\n\tnext", "plain բառ 😀\n\tnext"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[38;5;196mred\u{1b}[m", "red"),
            ("\u{1b}[?1049hx", "x"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]52;c;aGk=\u{1b}\\x", "x"),
            ("\u{9d}0;title\u{9c}x", "x"),
            ("\u{1b}Pq#0\u{1b}\\x", "x"),
            ("\u{1b}(Bx", "x"),
            ("\u{1b}cx", "x"),
            ("\u{1b}\u{1b}[31mx", "x"),
            ("a\rb\u{8}c\u{0}d\u{7f}e\u{85}f", "abcdef"),
            ("a\u{202e}b\u{2066}c\u{2069}", "abc"),
            ("\u{200f}\u{200d}kept", "\u{200f}\u{200d}kept"),
            ("\u{1b}[31\nx", "\nx"),
            ("\u{1b}]0;never ends\nx", "\nx"),
            ("\u{1b}բ", "բ"),
            ("\u{1b}[բ", "բ"),
        ];
        for (text, shown) in cases {
            assert_eq!(sanitise(text), shown, "{text:?}");
        }
    }

    #[test]
    fn an_endless_sequence_cannot_hide_the_rest() {
        for start in ["\u{1b}]", "\u{1b}[", "\u{1b}P"] {
            let text = format!("{start}{}the rest", "1".repeat(MAX_SEQUENCE));
            assert!(sanitise(&text).ends_with("he rest"), "{start:?}");
        }
    }

    proptest! {
        #[test]
        fn no_control_is_shown_and_the_cuts_do_not_matter(
            pieces in proptest::collection::vec("([\u{1b}\\[\\]0;m\\\\\u{7}\u{9b}\u{9c}\n\r\u{202e}aբ]|\\PC|.){0,12}", 0..6),
        ) {
            let mut sanitiser = Sanitiser::default();
            let mut shown = String::new();
            for piece in &pieces {
                sanitiser.push(piece, &mut shown);
            }
            prop_assert!(!shown.chars().any(is_terminal_control));
            prop_assert_eq!(shown, sanitise(&pieces.concat()));
        }
    }
}
