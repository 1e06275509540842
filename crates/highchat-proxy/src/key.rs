//! The key: reads it, and removes it from the answers that visitors see.

use core::fmt;
use core::ops::Range;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use highchat_proto::Credentials;
use highchat_proto::api::Text;
use highchat_proto::http::InvalidCredentials;
use memchr::memmem::{self, Finder};
use serde_json::Value;

/// Where the key comes from. It is read when the proxy is created, and again at each
/// [`Proxy::reload_key`](crate::Proxy::reload_key).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A file that holds only the key. White space around it is ignored.
    File(PathBuf),
    /// An environment variable with this name.
    Variable(String),
    /// A file with this name in `$CREDENTIALS_DIRECTORY`. The setting `LoadCredential=` of
    /// systemd creates it.
    Credential(String),
}

/// A key: credentials for requests, and the text that no answer may show.
pub(crate) struct Key {
    pub(crate) credentials: Credentials,
    text: String,
    finder: Finder<'static>,
    /// The key has a character that JSON can escape with a backslash before it: `/`, `"` or
    /// `\`.
    has_special: bool,
}

/// The text that replaces the key.
const REPLACEMENT: &str = "[redacted]";

/// Why the key cannot be read. The text of the error never shows a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// The environment variable is not set, or is not UTF-8.
    Variable(String),
    /// The text that was read is not a key.
    Invalid(InvalidCredentials),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "the file {} cannot be read: {error}", path.display())
            }
            Self::Variable(name) => write!(f, "the environment variable {name} is not set"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for KeyError {}

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

impl KeySource {
    pub(crate) fn read(&self) -> Result<Key, KeyError> {
        let text = match self {
            Self::File(path) => read_file(path)?,
            Self::Variable(name) => read_variable(name)?,
            Self::Credential(name) => {
                read_file(&Path::new(&read_variable("CREDENTIALS_DIRECTORY")?).join(name))?
            }
        };
        Key::new(Credentials::key_in(&text)).map_err(KeyError::Invalid)
    }
}

impl Key {
    pub(crate) fn new(text: &str) -> Result<Self, InvalidCredentials> {
        Ok(Self {
            credentials: Credentials::key(text)?,
            text: text.into(),
            finder: Finder::new(text).into_owned(),
            has_special: text.contains(['/', '"', '\\']),
        })
    }

    /// The key itself, to derive others from it.
    #[cfg(feature = "redis")]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the bytes contain the key: the error page of a service may show the request.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes).is_some()
    }

    /// Replaces the key in each JSON string, in every form of escaping. All other bytes stay
    /// as they are. Returns `None` if no string contains the key.
    pub(crate) fn redact(&self, json: &[u8]) -> Option<Vec<u8>> {
        if !self.may_be_in(json) {
            return None;
        }
        let mut redacted = Vec::new();
        let mut rest = json;
        while let Some(string) = next_string(rest) {
            let literal = &rest[string.clone()];
            if let Ok(text) = serde_json::from_slice::<Text<'_>>(literal) {
                if text.contains(&*self.text) {
                    let text = text.replace(&*self.text, REPLACEMENT);
                    redacted.extend_from_slice(&rest[..string.start]);
                    redacted.extend_from_slice(Value::from(text).to_string().as_bytes());
                    rest = &rest[string.end..];
                    continue;
                }
            }
            redacted.extend_from_slice(&rest[..string.end]);
            rest = &rest[string.end..];
        }
        redacted.extend_from_slice(rest);
        (redacted != json).then_some(redacted)
    }

    /// Whether the key begins in `before` and ends in `text`, which follows it. `before` then
    /// becomes the longest beginning of the key with which both texts together end.
    pub(crate) fn ends_in(&self, before: &mut String, text: &str) -> bool {
        let most = self.text.len() - 1;
        let (mut text, mut ends_here) = (text.as_bytes(), false);
        let joined;
        if !before.is_empty() {
            joined = [before.as_bytes(), text].concat();
            ends_here = self.is_in(&joined[..joined.len().min(before.len() + most)]);
            text = &joined;
        }
        let end = &text[text.len().saturating_sub(most)..];
        let is_beginning = |from: &usize| self.text.as_bytes().starts_with(&end[*from..]);
        let mut beginnings = memchr::memchr_iter(self.text.as_bytes()[0], end);
        let from = beginnings.find(is_beginning).unwrap_or(end.len());
        before.clear();
        before.push_str(&self.text[..end.len() - from]);
        ends_here
    }

    /// Returns a body in which the key is replaced as by [`redact`](Self::redact), and logs
    /// an error if there was one to replace.
    pub(crate) fn hide_in(&self, body: Bytes) -> Bytes {
        match self.redact(&body) {
            Some(redacted) => {
                log::error!("THE SERVICE SHOWED THE KEY in an answer; it was replaced");
                redacted.into()
            }
            None => body,
        }
    }

    /// Whether strings of this JSON can contain the key: a fast check before
    /// [`redact`](Self::redact). A key is visible ASCII, so only these escapes can stand for
    /// a part of it, and most texts have none.
    fn may_be_in(&self, json: &[u8]) -> bool {
        self.is_in(json)
            || memchr::memchr(b'\\', json).is_some_and(|first| {
                self.has_special || memmem::find(&json[first..], b"\\u00").is_some()
            })
    }
}

/// Returns the range of the next JSON string, with its quotes.
fn next_string(json: &[u8]) -> Option<Range<usize>> {
    let start = memchr::memchr(b'"', json)?;
    let mut end = start + 1;
    loop {
        end += memchr::memchr2(b'"', b'\\', json.get(end..)?)?;
        match json[end] {
            b'"' => return Some(start..end + 1),
            // Skips the backslash and the character after it.
            _ => end += 2,
        }
    }
}

fn read_variable(name: &str) -> Result<String, KeyError> {
    env::var(name).map_err(|_| KeyError::Variable(name.into()))
}

/// Reads a file that holds a secret.
pub(crate) fn read_file(path: &Path) -> Result<String, KeyError> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| KeyError::File(path.into(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(key: &str, json: &str) -> Option<String> {
        let key = Key::new(key).unwrap();
        let redacted = key.redact(json.as_bytes())?;
        Some(String::from_utf8(redacted).unwrap())
    }

    #[test]
    fn the_key_is_replaced_in_json_strings_in_every_form_of_escaping() {
        for (key, json, expected) in [
            (
                "hc_a",
                r#"{"text":"Բարև hc_a 👋"}"#,
                r#"{"text":"Բարև [redacted] 👋"}"#,
            ),
            (
                "hc_a",
                r#"{"text":"\u0068c\u005fa"}"#,
                r#"{"text":"[redacted]"}"#,
            ),
            (
                "hc_a",
                r#"{"hc_a":[1.50,"hc_\u0061","x"]}"#,
                r#"{"[redacted]":[1.50,"[redacted]","x"]}"#,
            ),
            (
                "hc_a",
                r#"{"text":"\ud83d hc_a hc_a"}"#,
                "{\"text\":\"\u{fffd} [redacted] [redacted]\"}",
            ),
            ("a/b", r#"{"text":"a\/b"}"#, r#"{"text":"[redacted]"}"#),
            (r#"a"b"#, r#"{"text":"a\"b"}"#, r#"{"text":"[redacted]"}"#),
            (r"a\b", r#"{"text":"a\\b"}"#, r#"{"text":"[redacted]"}"#),
        ] {
            assert_eq!(redacted(key, json).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn a_key_in_any_pieces_is_noticed_with_its_last_piece() {
        let key = Key::new("hc_a-b").unwrap();
        let text = "Բարև 👋 hc_hc_a-b 👋";
        let end = text.find("-b").unwrap() + 2;
        let boundary = |at: &usize| text.is_char_boundary(*at);
        for first in (0..text.len()).filter(boundary) {
            for second in (first..text.len()).filter(boundary) {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let (mut before, mut len) = (String::new(), 0);
                let mut found = Vec::new();
                for piece in pieces {
                    let is_whole = piece.contains("hc_a-b");
                    if key.ends_in(&mut before, piece) && !is_whole {
                        found.push(len + piece.len());
                    }
                    len += piece.len();
                    assert!(before.len() < "hc_a-b".len());
                }
                let is_split = !pieces.iter().any(|piece| piece.contains("hc_a-b"));
                assert_eq!(found.len(), usize::from(is_split), "{pieces:?}");
                assert!(found.iter().all(|at| *at >= end), "{pieces:?}");
            }
        }
    }

    #[test]
    fn json_without_the_key_is_not_changed() {
        for json in [
            r#"{"text":"Բարև 👋"}"#,
            r#"{"text":"\u0532\u0561\u0580\u0587 \n\"hc\"_a"}"#,
            r#"{"text":"\\u0068c_a"}"#,
            r#"{"text":"hc_","more":"a"}"#,
            r#"{"text":"\u0068c_"#,
            r#"""#,
            r#"\u00"#,
            "",
        ] {
            assert_eq!(redacted("hc_a", json), None, "{json}");
        }
    }
}
