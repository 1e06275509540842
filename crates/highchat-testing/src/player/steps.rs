//! The steps of a script: what the user does, what the service and the network answer, and
//! how time passes.

use highchat_proto::Rating;
use highchat_proto::failure::TransportFailure;

use crate::oracles::cuts::{Bytes, Cuts, Place};

/// A step of a script.
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
    /// Parts of an answer to a request arrive.
    Comes(Target, Vec<Part>),
    /// Time passes.
    Time(Time),
}

/// The request that a part belongs to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The newest message.
    Chat,
    /// A poll, or a search for a lost reply.
    Messages(Place),
    /// The newest rating.
    Rating,
    /// Any live request.
    Any(Place),
    /// A request that has ended, was aborted, or was never transmitted.
    Dead(Place),
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub enum Part {
    /// Its head.
    Head(Head),
    /// A part of the body, in chunks.
    Body(Bytes, Cuts),
    /// The end of the body.
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
    /// To the next deadline, and this many milliseconds more. Then the driver reports a
    /// timeout.
    Due(u64),
    /// To before the next deadline, in percent of the time until it. The driver reports a
    /// timeout too early.
    Early(u32),
    /// By this many milliseconds, and the driver does nothing.
    Sleep(u64),
    /// By this many milliseconds, and then the driver reports that it reads again.
    Away(u64),
}

/// A placeholder in pages for the text of the reply so far.
pub const SO_FAR: char = '@';
