//! What happens to a conversation, step by step: what its user does, what the service and
//! the network answer, and how time passes.

use highchat_proto::Rating;
use highchat_proto::failure::TransportFailure;

use crate::cuts::{Bytes, Cuts, Place};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send,
    Rate(Rating),
    Cancel,
    CheckNow,
    /// What comes of a request, piece by piece.
    Comes(Target, Vec<Part>),
    Time(Time),
}

/// The request that something comes of.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Chat,
    Messages(Place),
    Rating,
    /// Any that is live.
    Any(Place),
    /// One that ended, or was aborted, or never was.
    Dead(Place),
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Head(Head),
    Body(Bytes, Cuts),
    End,
    Failure(TransportFailure),
}

#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// How time passes.
#[derive(Clone, Debug)]
pub(crate) enum Time {
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
pub(crate) const SO_FAR: char = '@';
