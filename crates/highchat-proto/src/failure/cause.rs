//! The cause of a failed connection, as text.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::error::Error;
use core::fmt;

/// The cause of a failure, as the driver reports it: one line for a person, such as
/// `Connection refused (os error 111)`, or [`UNKNOWN`](Self::UNKNOWN).
///
/// A line longer than [`MAX_LEN`](Self::MAX_LEN) bytes is cut. Untrusted text: it may contain
/// text from the other side of the connection. Source: our decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cause(Option<Box<str>>);

impl Cause {
    /// The cause is unknown.
    pub const UNKNOWN: Self = Self(None);
    /// The length limit of the line, in bytes.
    pub const MAX_LEN: usize = 300;
    /// The number of nested sources that are read from an error.
    const MAX_DEPTH: usize = 16;

    /// Joins an error and its sources into one line. A source whose text is already in the line
    /// is left out, because many errors contain the text of their source.
    #[must_use]
    pub fn of(error: &dyn Error) -> Self {
        let mut line = String::new();
        let chain = core::iter::successors(Some(error), |error| (**error).source());
        for error in chain.take(Self::MAX_DEPTH) {
            let text = error.to_string();
            if text.contains(&line) {
                line = text;
            } else if !line.contains(&text) {
                line = line + ": " + &text;
            }
        }
        Self::from(&*line)
    }

    /// Puts a place before the cause, such as the host and port that could not be reached:
    /// `chat.example:443: Connection refused (os error 111)`.
    #[must_use]
    pub fn at(&self, place: &str) -> Self {
        if self.0.is_none() {
            Self::from(place)
        } else {
            Self::from(&*format!("{place}: {self}"))
        }
    }

    /// The line; empty if the cause is unknown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Writes `what`, and then the cause if it is known.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        f.write_str(what)?;
        if self.0.is_none() {
            return Ok(());
        }
        write!(f, ": {self}")
    }
}

impl From<&str> for Cause {
    fn from(line: &str) -> Self {
        let fits = |end: &usize| line.is_char_boundary(*end);
        let end = (0..=Self::MAX_LEN.min(line.len())).rev().find(fits);
        let line = &line[..end.unwrap_or(0)];
        Self((!line.is_empty()).then(|| line.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Says(&'static str, Option<Box<Self>>);

    impl fmt::Display for Says {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Says {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self.1.as_deref()?)
        }
    }

    fn said(words: &[&'static str]) -> Cause {
        let chain = words
            .iter()
            .rev()
            .fold(None, |source, word| Some(Box::new(Says(word, source))));
        Cause::of(&*chain.unwrap())
    }

    #[test]
    fn the_text_of_each_source_appears_once() {
        for (words, line) in [
            (&["refused"][..], "refused"),
            (&["connect", "tcp", "refused"], "connect: tcp: refused"),
            (&["connect: refused", "refused"], "connect: refused"),
            (&["refused", "refused (111)"], "refused (111)"),
            (&["a", "a", "b", "a"], "a: b"),
        ] {
            assert_eq!(said(words).as_str(), line, "{words:?}");
        }
    }

    #[test]
    fn an_error_may_borrow() {
        #[derive(Debug)]
        struct Refused<'a>(&'a str);

        impl fmt::Display for Refused<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} է", self.0)
            }
        }

        impl Error for Refused<'_> {}

        let place = String::from("գիծը զբաղված 📞");
        assert_eq!(Cause::of(&Refused(&place)).as_str(), "գիծը զբաղված 📞 է");
    }

    #[test]
    fn a_place_is_put_before_the_cause_or_stands_alone() {
        let refused = Cause::from("refused");
        assert_eq!(refused.at("[::1]:80").as_str(), "[::1]:80: refused");
        assert_eq!(Cause::default().at("[::1]:80").as_str(), "[::1]:80");
        let long = Cause::from(&*"ա".repeat(Cause::MAX_LEN));
        assert_eq!(long.at("chat.example:443").as_str().len(), Cause::MAX_LEN);
    }

    #[test]
    fn a_long_cause_is_cut_at_a_character_boundary() {
        let long = "ա".repeat(Cause::MAX_LEN);
        let cause = Cause::from(&*format!("a{long}"));
        assert_eq!(cause.as_str().len(), Cause::MAX_LEN - 1);
        assert_eq!(Cause::from(&*long).as_str().len(), Cause::MAX_LEN);
    }
}
