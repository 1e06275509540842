//! Checks the text that the program prints of a service's text.

use arbitrary::Arbitrary;
use highchat_sanitise::{Sanitiser, sanitise};

use crate::pieces::Pieces;

/// A text and its cuts.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    cuts: Pieces,
    /// The text. Invalid UTF-8 becomes U+FFFD.
    text: &'a [u8],
}

/// Checks that no control sequence for a terminal is printed with any cuts, that only characters of
/// the text are printed and in its order, that a text without control characters is unchanged, and
/// that no line is lost.
pub fn hold(input: &Input<'_>) {
    let text = &*String::from_utf8_lossy(input.text);
    let mut sanitiser = Sanitiser::default();
    let mut shown = String::new();
    for piece in input.cuts.of_text(text) {
        sanitiser.push(piece, &mut shown);
        assert!(!shown.contains(is_forbidden), "{shown:?} is printed");
    }
    assert_eq!(shown, sanitise(text), "the cuts do not matter");
    let mut came = text.chars();
    assert!(
        shown.chars().all(|shown| came.any(|came| came == shown)),
        "{shown:?}"
    );
    if !text.contains(is_forbidden) {
        assert_eq!(shown, text, "there is nothing to remove");
    }
    sanitiser.push("\nthe next line", &mut shown);
    assert!(shown.ends_with("\nthe next line"), "{shown:?}");
    let lines = |text: &str| text.matches(['\n', '\t']).count();
    assert_eq!(lines(text) + 1, lines(&shown), "newlines and tabs stay");
}

/// The README's words: "escape sequences and other control characters (but newline and
/// tab), C1 and bidirectional overrides".
fn is_forbidden(character: char) -> bool {
    match u32::from(character) {
        0x09 | 0x0A => false,
        0x00..=0x1F | 0x7F..=0x9F => true,
        // LRE, RLE, PDF, LRO, RLO; LRI, RLI, FSI, PDI.
        0x202A..=0x202E | 0x2066..=0x2069 => true,
        _ => false,
    }
}
