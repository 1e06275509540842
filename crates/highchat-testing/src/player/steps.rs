//! What happens to a conversation, step by step: what its user does, what the service and
//! the network answer, and how time passes.

use highchat_proto::Rating;
use highchat_proto::failure::TransportFailure;

use crate::oracles::cuts::{Bytes, Cuts, Place};

/// Something that happens to a conversation.
#[derive(Clone, Debug)]
pub enum Step {
    /// The user sends a message.
    Send,
    /// The user rates the conversation.
    Rate(Rating),
    /// The user cancels the turn.
    Cancel,
    /// The user asks for messages now.
    CheckNow,
    /// What comes of a request, piece by piece.
    Comes(Target, Vec<Part>),
    /// Time passes.
    Time(Time),
}

/// The request that something comes of.
#[derive(Clone, Debug)]
pub enum Target {
    /// The newest message.
    Chat,
    /// A poll, or a search for a reply.
    Messages(Place),
    /// The newest rating.
    Rating,
    /// Any that is live.
    Any(Place),
    /// One that ended, or was aborted, or never was.
    Dead(Place),
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub enum Part {
    /// Its head.
    Head(Head),
    /// Some of its body, in chunks.
    Body(Bytes, Cuts),
    /// Its end.
    End,
    /// The exchange fails.
    Failure(TransportFailure),
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// How time passes.
#[derive(Clone, Debug)]
pub enum Time {
    /// To what is waited for, and that many milliseconds more.
    Due(u64),
    /// Up to shortly before it, in percent; and the driver asks all the same.
    Early(u32),
    /// On, with nothing asked: the driver comes late.
    Sleep(u64),
    /// The same, and the driver says that it reads again.
    Away(u64),
}

/// In a page: the text of the reply so far.
pub const SO_FAR: char = '@';
