//! The key: where it comes from, and how it is kept out of what visitors see.

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

/// Where the key is. It is read at the start, and again at each
/// [`Proxy::reload_key`](crate::Proxy::reload_key).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A file that holds the key, and nothing else but white space around it.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Variable(String),
    /// A file of that name in `$CREDENTIALS_DIRECTORY`, as systemd's `LoadCredential=`
    /// puts it there.
    Credential(String),
}

/// A key that was read: for requests, and as text that no answer may show.
pub(crate) struct Key {
    pub(crate) credentials: Credentials,
    text: String,
    finder: Finder<'static>,
    /// It has a character that JSON may escape by a backslash and itself: `/`, `"` or `\`.
    has_special: bool,
}

/// What stands in place of a key.
const REPLACEMENT: &str = "[redacted]";

/// Why there is no key. Never shows one.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// The environment has no such variable, or one that is no UTF-8.
    Variable(String),
    /// What was read is no key.
    Invalid(InvalidCredentials),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "the file {} cannot be read: {error}", path.display())
            }
            Self::Variable(name) => write!(f, "the environment has no {name}"),
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
            Self::File(path) => file(path)?,
            Self::Variable(name) => variable(name)?,
            Self::Credential(name) => {
                file(&Path::new(&variable("CREDENTIALS_DIRECTORY")?).join(name))?
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

    /// Whether bytes hold the key: a service that fails may show what it was sent.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes).is_some()
    }

    /// Replaces the key in each string of JSON, however it is escaped; `None` if no string
    /// shows it. All other bytes stay as they are.
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

    /// Returns an answer with the key replaced as by [`redact`](Self::redact), which is loud.
    pub(crate) fn hide_in(&self, body: Bytes) -> Bytes {
        match self.redact(&body) {
            Some(redacted) => {
                log::error!("THE SERVICE SHOWED THE KEY in an answer, where it was replaced");
                redacted.into()
            }
            None => body,
        }
    }

    /// Whether strings of this JSON can show the key. A key is visible ASCII, so that no
    /// escape but these can stand for a part of it; the texts of most services have none.
    fn may_be_in(&self, json: &[u8]) -> bool {
        self.is_in(json)
            || memchr::memchr(b'\\', json).is_some_and(|first| {
                self.has_special || memmem::find(&json[first..], b"\\u00").is_some()
            })
    }
}

/// The next string of JSON, with its quotes.
fn next_string(json: &[u8]) -> Option<Range<usize>> {
    let start = memchr::memchr(b'"', json)?;
    let mut end = start + 1;
    loop {
        end += memchr::memchr2(b'"', b'\\', json.get(end..)?)?;
        match json[end] {
            b'"' => return Some(start..end + 1),
            // With the character that it escapes.
            _ => end += 2,
        }
    }
}

fn variable(name: &str) -> Result<String, KeyError> {
    env::var(name).map_err(|_| KeyError::Variable(name.into()))
}

/// Reads a file of secrets, a small one.
pub(crate) fn file(path: &Path) -> Result<String, KeyError> {
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
    fn a_key_is_replaced_in_each_string_however_it_is_escaped() {
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
    fn what_shows_no_key_is_not_touched() {
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
