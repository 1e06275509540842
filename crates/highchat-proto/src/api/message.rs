//! The message that a visitor sends.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer, Error};
#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "serde")]
use super::text::Text;

/// A checked message of a visitor.
///
/// It has 1 to 4000 characters (the API's text). Characters are counted as Unicode scalar
/// values, so nothing is refused that a service would accept that counts UTF-16 units (our
/// decision). A message may consist of white space alone.
///
/// ```
/// use highchat_proto::Message;
///
/// let message = Message::new("Բարև, ի՞նչ ժամերի եք աշխատում")?;
/// assert!(Message::new("").is_err());
/// # Ok::<(), highchat_proto::api::InvalidMessage>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message(String);

/// The error for a text that is empty or too long. It holds the refused text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessage {
    text: String,
    chars: usize,
}

impl Message {
    /// The maximum length of a message, in Unicode scalar values.
    pub const MAX_CHARS: usize = 4000;

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// The text is empty or too long. The error holds the text.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidMessage> {
        let text = text.into();
        match text.chars().count() {
            1..=Self::MAX_CHARS => Ok(Self(text)),
            chars => Err(InvalidMessage { text, chars }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text without copying it.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl FromStr for Message {
    type Err = InvalidMessage;

    fn from_str(text: &str) -> Result<Self, InvalidMessage> {
        Self::new(text)
    }
}

#[cfg(feature = "serde")]
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

impl InvalidMessage {
    /// Returns the refused text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.chars == 0 {
            return f.write_str("a message must not be empty");
        }
        write!(
            f,
            "a message has at most {} characters, this one has {}",
            Message::MAX_CHARS,
            self.chars
        )
    }
}

impl core::error::Error for InvalidMessage {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn characters_are_counted_as_scalar_values() {
        assert!(Message::new("ա".repeat(4000)).is_ok());
        assert!(Message::new("😀".repeat(4000)).is_ok());
        let refused = Message::new("ա".repeat(4001)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a message has at most 4000 characters, this one has 4001"
        );
        assert_eq!(refused.into_text(), "ա".repeat(4001));
    }

    #[test]
    fn white_space_alone_is_accepted_and_an_empty_text_is_refused() {
        assert!(Message::new(" ").is_ok());
        assert_eq!(
            Message::new("").unwrap_err().to_string(),
            "a message must not be empty"
        );
    }
}
