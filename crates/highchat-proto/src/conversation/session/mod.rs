//! What the sessions of all adapters share: the commands, and the whole answer to one message.

mod answered;
mod commands;

pub use answered::{Answered, AnsweredBy, AskError, Collector, ReplyCollector};
pub use commands::Commands;
