//! Words as a shell takes them.

use std::borrow::Cow;

use shlex::Quoter;

/// A word that a shell reads as it is, quoted where it must be: what stands in a hint is
/// pasted, and an id is the service's text.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let quoter = Quoter::new().allow_nul(true);
    quoter.quote(word).expect("it refuses nothing but NUL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_obey_is_quoted() {
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
    fn what_is_quoted_is_read_back_as_one_word() {
        for word in ["$`!\\\"'^", "-rf /", "բարև\u{1b}[31m 👋", "a\nb", "\0"] {
            assert_eq!(shlex::split(&quoted(word)), Some(vec![word.to_owned()]));
        }
    }
}
