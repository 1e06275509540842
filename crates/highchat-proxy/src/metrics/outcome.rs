//! The outcome of a stream, for the log and the counters.

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With `done`, `human` or the service's own `error`.
    Whole,
    /// Cut, and then completed by a search.
    Healed,
    /// The visitor left.
    Left,
    /// The connection to the service was cut, or sent something unusable.
    Cut,
    /// The service sent nothing for too long.
    Silent,
    /// The service refused the message after the stream had begun.
    Refused,
    /// The proxy was stopped.
    Ended,
}

impl Outcome {
    pub(crate) const ALL: [Self; 7] = [
        Self::Whole,
        Self::Healed,
        Self::Left,
        Self::Cut,
        Self::Silent,
        Self::Refused,
        Self::Ended,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Healed => "healed",
            Self::Left => "left",
            Self::Cut => "cut",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }
}
