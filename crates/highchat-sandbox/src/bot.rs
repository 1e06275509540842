//! The bot: decides what to answer to a message, by topic, from memory, or because the message is
//! a command.

pub(crate) mod command;
pub(crate) mod memory;
pub(crate) mod topics;
pub(crate) mod turn;
pub(crate) mod words;
