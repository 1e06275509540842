//! Parts that the sessions of all adapters share: the commands, and the whole answer to a
//! message.

mod answered;
mod commands;

pub use answered::{Answered, AnsweredBy, AskError, Collector, ReplyCollector};
pub use commands::Commands;
