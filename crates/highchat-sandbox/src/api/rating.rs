//! The rating (CSAT) of a conversation.

use serde::Serialize;

/// A rating that a user gave to a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rating {
    /// 1 for 👍, 0 for 👎.
    pub rating: u8,
    /// What the user said about it.
    pub comment: Option<String>,
}
