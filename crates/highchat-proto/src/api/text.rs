//! Text of the service, borrowed from its JSON if that is possible.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::ops::Deref;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::json::Unescaped;

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A string of the service. It is like a `Cow<str>`, but it borrows from its JSON if that is
/// possible, also when serde deserializes it.
///
/// JSON may hold a lone half of a surrogate pair (`"\ud83d"`), because services written in
/// JavaScript may cut a pair in two. This is not an error: each lone half is shown as U+FFFD.
/// A reply joins the two halves if they come in two texts that follow each other. Source: our
/// decision.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use highchat_proto::api::Text;
///
/// let text: Text<'_> = serde_json::from_str(r#""a \ud83d b""#)?;
/// assert_eq!(&*text, "a \u{FFFD} b");
/// # }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Text<'a> {
    value: Cow<'a, str>,
    /// The low half that the first U+FFFD stands for.
    first: Option<u16>,
    /// The high half that the last U+FFFD stands for.
    last: Option<u16>,
}

impl<'a> Text<'a> {
    /// Returns the text as a `Cow`.
    #[must_use]
    pub fn into_cow(self) -> Cow<'a, str> {
        self.value
    }

    /// The same text, owned.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text {
            value: Cow::Owned(self.value.into_owned()),
            first: self.first,
            last: self.last,
        }
    }

    /// Text from the bytes of serde_json. They are UTF-8, except that each lone surrogate half
    /// is encoded in three bytes, as if it were a character.
    #[cfg(feature = "serde")]
    fn from_generalized_utf8(mut bytes: &[u8]) -> Self {
        let mut text = Self::default();
        let mut value = String::with_capacity(bytes.len());
        while let Err(error) = core::str::from_utf8(bytes) {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            value.push_str(&String::from_utf8_lossy(valid));
            let half = surrogate(rest);
            if value.is_empty() {
                text.first = half.filter(|half| is_low(*half));
            }
            let len = match half {
                Some(_) => 3,
                None => error.error_len().unwrap_or(rest.len()),
            };
            bytes = &rest[len..];
            if bytes.is_empty() {
                text.last = half.filter(|half| !is_low(*half));
            }
            value.push(REPLACEMENT);
        }
        value.push_str(&String::from_utf8_lossy(bytes));
        text.value = Cow::Owned(value);
        text
    }
}

/// The surrogate half at the front of the bytes, if they begin with one.
#[cfg(feature = "serde")]
fn surrogate(bytes: &[u8]) -> Option<u16> {
    match *bytes {
        [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
            Some(0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F))
        }
        _ => None,
    }
}

#[cfg(feature = "serde")]
const fn is_low(half: u16) -> bool {
    half >= 0xDC00
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.value
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    #[inline]
    fn from(value: Cow<'a, str>) -> Self {
        Self {
            value,
            first: None,
            last: None,
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(value: &'a str) -> Self {
        Cow::Borrowed(value).into()
    }
}

impl From<String> for Text<'_> {
    fn from(value: String) -> Self {
        Cow::<str>::Owned(value).into()
    }
}

impl<'a> From<Unescaped<'a>> for Text<'a> {
    fn from(unescaped: Unescaped<'a>) -> Self {
        Self {
            value: unescaped.text,
            first: unescaped.first,
            last: unescaped.last,
        }
    }
}

#[cfg(feature = "serde")]
impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a string instead of bytes, serde_json refuses a lone surrogate half.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

#[cfg(feature = "serde")]
struct TextVisitor;

#[cfg(feature = "serde")]
impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => self.visit_bytes(bytes),
        }
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
        Ok(Text::from_generalized_utf8(bytes))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(text.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(String::from(text).into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(text.into())
    }
}

/// Joins the two halves of a surrogate pair that was cut between two successive texts.
///
/// A high half at the end of a text is held back until the next text shows whether the low
/// half follows. A text without such a half is not copied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joiner {
    high: Option<u16>,
}

impl Joiner {
    /// Whether no half is held back. [`join`](Self::join) then returns a text without lone
    /// halves unchanged.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        self.high.is_none()
    }

    /// The text to show. It begins with the half that was held back, joined to the low half if
    /// there is one. A high half at its end is held back.
    pub(crate) fn join<'a>(&mut self, mut text: Text<'a>) -> Text<'a> {
        if text.value.is_empty() {
            return text;
        }
        let high = self.high.take();
        if high.is_none() && text.last.is_none() {
            return text;
        }
        self.high = text.last.take();
        let mut rest = &*text.value;
        if self.high.is_some() {
            rest = rest.strip_suffix(REPLACEMENT).unwrap_or(rest);
        }
        let mut joined = String::with_capacity(rest.len() + 4);
        if let Some(high) = high {
            match text.first {
                Some(low) => {
                    rest = rest.strip_prefix(REPLACEMENT).unwrap_or(rest);
                    joined
                        .extend(char::decode_utf16([high, low]).map(|c| c.unwrap_or(REPLACEMENT)));
                }
                None => joined.push(REPLACEMENT),
            }
        }
        joined.push_str(rest);
        joined.into()
    }

    /// Ends the texts. Returns U+FFFD if a half was held back.
    pub(crate) fn finish(&mut self) -> Option<Text<'static>> {
        self.high.take().map(|_| String::from(REPLACEMENT).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The text, read as the core and as serde reads it.
    fn parse(json: &str) -> Text<'_> {
        let text = read(json).unwrap();
        #[cfg(feature = "serde")]
        {
            let other: Text<'_> = serde_json::from_str(json).unwrap();
            let parts = |text: &Text<'_>| (text.value.clone().into_owned(), text.first, text.last);
            assert_eq!(parts(&other), parts(&text), "{json}");
        }
        text
    }

    fn read(json: &str) -> Option<Text<'_>> {
        Some(crate::json::Value::read(json).ok()?.text()?.into())
    }

    #[test]
    fn a_plain_string_is_borrowed() {
        assert!(matches!(parse(r#""Բարև""#).value, Cow::Borrowed("Բարև")));
    }

    #[test]
    fn each_lone_half_becomes_one_replacement_character() {
        let cases = [
            (r#""\ud83d""#, "\u{FFFD}"),
            (r#""\ude00""#, "\u{FFFD}"),
            (r#""a\ud83db""#, "a\u{FFFD}b"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            (r#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ud83d\n""#, "\u{FFFD}\n"),
        ];
        for (json, text) in cases {
            assert_eq!(parse(json), text, "{json}");
        }
    }

    #[test]
    fn json_that_is_not_a_string_is_refused() {
        for json in ["1", "null", "[\"a\"]", "[97]", "{}", "\"a"] {
            assert!(read(json).is_none(), "{json}");
            #[cfg(feature = "serde")]
            assert!(serde_json::from_str::<Text<'_>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_two_halves_of_a_pair_in_two_texts_are_joined() {
        let cases: &[(&[&str], &[&str])] = &[
            (&[r#""a\ud83d""#, r#""\ude00b""#], &["a", "😀b"]),
            (&[r#""\ud83d""#, r#""\ude00""#], &["", "😀"]),
            (&[r#""\ud83d""#, r#""""#, r#""\ude00""#], &["", "", "😀"]),
            (
                &[r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ude00""#],
                &["", "😀", "😀"],
            ),
            (&[r#""\ud83d""#, r#""x""#], &["", "\u{FFFD}x"]),
            (
                &[r#""\ud83d""#, r#""\ud83d""#, r#""\ude00""#],
                &["", "\u{FFFD}", "😀"],
            ),
            (&[r#""x""#, r#""\ude00""#], &["x", "\u{FFFD}"]),
            (&[r#""x\ud83d""#], &["x", "\u{FFFD}"]),
        ];
        for (texts, joined) in cases {
            let mut joiner = Joiner::default();
            let mut shown: Vec<_> = texts
                .iter()
                .map(|json| joiner.join(parse(json)).into_cow())
                .collect();
            shown.extend(joiner.finish().map(Text::into_cow));
            assert_eq!(shown, *joined, "{texts:?}");
        }
    }
}
