//! Words as a shell takes them.

use std::borrow::Cow;

/// A word that a shell reads as it is, quoted where it must be: what stands in a hint is
/// pasted, and an id is the service's text.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:+/@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
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
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), shown);
        }
    }
}
