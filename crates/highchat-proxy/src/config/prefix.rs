//! The path of the endpoints.

use core::fmt;
use core::str::FromStr;

/// A path below which the endpoints are served too, for example `/api/chat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(pub(crate) String);

/// The error for a text that is not a [`Prefix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPrefix(());

impl fmt::Display for InvalidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prefix is a path such as /api/chat, of letters, digits and -._~")
    }
}

impl core::error::Error for InvalidPrefix {}

impl FromStr for Prefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let segments = text.strip_prefix('/').ok_or(InvalidPrefix(()))?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_segment =
            |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
        if segments.split('/').all(is_segment) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidPrefix(()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_path_without_escapes_and_empty_segments() {
        for text in ["/a", "/a/b-c/", "/~x"] {
            assert!(text.parse::<Prefix>().is_ok(), "{text}");
        }
        for text in ["", "/", "a", "/a//b", "/a/../b", "/a?b", "/ա", "/%41"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }
}
