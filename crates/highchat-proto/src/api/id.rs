//! Ids: the conversation's and the message's from the service, the visitor's from you.

use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer, Error};
#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "serde")]
use super::text::Text;
use crate::json::Value;

/// Why a string cannot be used as an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidId {
    /// It is empty.
    Empty,
    /// It is longer than [`ConversationId::MAX_LEN`] bytes.
    TooLong,
    /// It is `.` or `..`, which would name another resource in a URL path.
    DotSegment,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an id must not be empty"),
            Self::TooLong => write!(f, "an id must not be longer than {} bytes", MAX_ID_LEN),
            Self::DotSegment => f.write_str("an id must not be `.` or `..`"),
        }
    }
}

impl core::error::Error for InvalidId {}

const MAX_ID_LEN: usize = 1024;

/// The id of a conversation, as the `meta` event gives it.
///
/// It is any string of 1 to [`MAX_LEN`](Self::MAX_LEN) bytes except `.` and `..`. In a URL
/// path it is percent-encoded. Source: our decision, because the API's text does not say what
/// an id looks like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(Box<str>);

impl ConversationId {
    /// The maximum length of an id, in bytes.
    pub const MAX_LEN: usize = MAX_ID_LEN;

    /// Checks an id.
    ///
    /// # Errors
    ///
    /// The id is empty, too long, `.` or `..`.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidId> {
        let id = id.into();
        match &*id {
            "" => Err(InvalidId::Empty),
            "." | ".." => Err(InvalidId::DotSegment),
            long if long.len() > MAX_ID_LEN => Err(InvalidId::TooLong),
            _ => Ok(Self(id)),
        }
    }

    /// The id in a string of JSON; `None` if it is not a valid id.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        Self::new(json.text()?.text).ok()
    }

    /// The id as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConversationId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

/// The id of a message, as the service gives it.
///
/// It is only compared, never sent. It is any string of 1 to [`MAX_LEN`](Self::MAX_LEN) bytes
/// (our decision).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// The maximum length of an id, in bytes.
    pub const MAX_LEN: usize = MAX_ID_LEN;

    /// Checks an id.
    ///
    /// # Errors
    ///
    /// The id is empty or too long.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidId> {
        let id = id.into();
        if id.is_empty() {
            return Err(InvalidId::Empty);
        }
        if id.len() > MAX_ID_LEN {
            return Err(InvalidId::TooLong);
        }
        Ok(Self(id))
    }

    /// The id in a string of JSON; `None` if it is not a valid id.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        Self::new(json.text()?.text).ok()
    }

    /// The id as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

/// Your own id of the end user, sent as `visitor_ref`.
///
/// It has at most 200 characters (the API's text). Characters are counted as Unicode scalar
/// values, so nothing is refused that a service would accept that counts UTF-16 units (our
/// decision).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorRef(Box<str>);

/// The error for a visitor reference of more than [`VisitorRef::MAX_CHARS`] characters. It
/// holds the refused text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidVisitorRef(Box<str>);

impl InvalidVisitorRef {
    /// Returns the refused text.
    #[must_use]
    pub fn into_inner(self) -> Box<str> {
        self.0
    }
}

impl fmt::Display for InvalidVisitorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a visitor reference has at most {} characters, this one has {}",
            VisitorRef::MAX_CHARS,
            self.0.chars().count()
        )
    }
}

impl core::error::Error for InvalidVisitorRef {}

impl VisitorRef {
    /// The maximum length of a reference, in Unicode scalar values.
    pub const MAX_CHARS: usize = 200;

    /// Checks a reference.
    ///
    /// # Errors
    ///
    /// The reference is too long. The error holds the text.
    pub fn new(visitor: impl Into<Box<str>>) -> Result<Self, InvalidVisitorRef> {
        let visitor = visitor.into();
        if visitor.chars().count() > Self::MAX_CHARS {
            return Err(InvalidVisitorRef(visitor));
        }
        Ok(Self(visitor))
    }

    /// The reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VisitorRef {
    type Err = InvalidVisitorRef;

    fn from_str(visitor: &str) -> Result<Self, InvalidVisitorRef> {
        Self::new(visitor)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for VisitorRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

macro_rules! display_and_serialize_as_str {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

display_and_serialize_as_str!(ConversationId, MessageId, VisitorRef);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_name_another_resource_is_refused() {
        assert_eq!(ConversationId::new(""), Err(InvalidId::Empty));
        assert_eq!(ConversationId::new(".."), Err(InvalidId::DotSegment));
        assert_eq!(
            ConversationId::new("x".repeat(1025)),
            Err(InvalidId::TooLong)
        );
        assert!(ConversationId::new("x".repeat(1024)).is_ok());
        assert!(ConversationId::new("a/../b").is_ok());
    }

    #[test]
    fn a_visitor_reference_counts_characters_not_bytes() {
        assert!(VisitorRef::new("ա".repeat(200)).is_ok());
        let refused = VisitorRef::new("ա".repeat(201)).unwrap_err();
        assert_eq!(refused.into_inner().chars().count(), 201);
    }
}
