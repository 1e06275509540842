//! The rating (CSAT) of a conversation.

use serde::Serialize;

/// A user's rating of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rating {
    /// 1 for 👍, 0 for 👎.
    pub rating: u8,
    /// The user's comment.
    pub comment: Option<String>,
}
