//! What is said to a message: by the bot's topics and memory, or because the message is a
//! command.

pub(crate) mod command;
pub(crate) mod memory;
pub(crate) mod topics;
pub(crate) mod turn;
pub(crate) mod words;
