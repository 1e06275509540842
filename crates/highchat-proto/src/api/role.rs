//! The author of a message.

use alloc::boxed::Box;
use core::fmt;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer};
#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "serde")]
use super::text::Text;
use crate::json::Value;

/// The author of a message in the list of messages.
///
/// The API names `user` and `assistant`. Any other name is kept unchanged, so that a new
/// service does not break an old client (our decision). A person of the service writes as
/// `assistant` or under another name that the service chooses, so a program shows every
/// message except [`User`](Self::User)'s.
///
/// ```
/// use highchat_proto::Role;
///
/// assert_eq!(Role::from("assistant"), Role::Assistant);
/// assert_eq!(Role::from("operator").as_str(), "operator");
/// assert!(Role::from("user").is_user());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The visitor.
    User,
    /// The bot, or a person who answers in its place.
    Assistant,
    /// A role that the API's text does not name.
    Other(Box<str>),
}

impl Role {
    /// The roles that are known: `assistant` stands in a sample of the API's text, and `user`
    /// is our decision.
    pub const KNOWN: [Self; 2] = [Self::User, Self::Assistant];

    /// The role in a string of JSON; `None` for another type.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        Some(Self::from(&*json.text()?.text))
    }

    /// The name as the service writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Other(name) => name,
        }
    }

    /// Whether the visitor wrote the message. A program usually skips such a message, because
    /// it showed the message when it was sent.
    #[must_use]
    pub const fn is_user(&self) -> bool {
        matches!(self, Self::User)
    }
}

impl From<&str> for Role {
    fn from(name: &str) -> Self {
        match name {
            "user" => Self::User,
            "assistant" => Self::Assistant,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*Text::deserialize(deserializer)?))
    }
}

#[cfg(feature = "serde")]
impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kept_unchanged() {
        for name in ["user", "assistant", "User", "", "օպերատոր 👋"] {
            let role = Role::from(name);
            assert_eq!(role.as_str(), name);
            assert_eq!(role.is_user(), name == "user");
            assert_eq!(matches!(role, Role::Other(_)), !Role::KNOWN.contains(&role));
            let mut json = alloc::string::String::new();
            crate::json::write_string(role.as_str(), &mut json);
            assert_eq!(Role::read(Value::read(&json).unwrap()).unwrap(), role);
            #[cfg(feature = "serde")]
            {
                assert_eq!(serde_json::to_string(&role).unwrap(), json);
                assert_eq!(serde_json::from_str::<Role>(&json).unwrap(), role);
            }
        }
        assert!(Role::read(Value::read("null").unwrap()).is_none());
        #[cfg(feature = "serde")]
        assert!(serde_json::from_str::<Role>("null").is_err());
    }
}
