//! Quotes words for a shell.

use std::borrow::Cow;

use shlex::Quoter;

/// Quotes a word so that a shell reads it as it is. Users paste hints into a shell, and the
/// ids in them are text from the service.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let quoter = Quoter::new().allow_nul(true);
    quoter
        .quote(word)
        .expect("only NUL is refused, and it is allowed here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_quoted() {
        for (word, shown) in [
            (
                "2026-06-14T10:00:00.000+04:00",
                "2026-06-14T10:00:00.000+04:00",
            ),
            ("c 1", "'c 1'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", "\"it's\""),
            ("զրույց 😀", "'զրույց 😀'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), shown);
        }
    }

    #[test]
    fn a_shell_reads_a_quoted_word_as_one_word() {
        for word in ["$`!\\\"'^", "-rf /", "բարև\u{1b}[31m 👋", "a\nb", "\0"] {
            assert_eq!(shlex::split(&quoted(word)), Some(vec![word.to_owned()]));
        }
    }
}
