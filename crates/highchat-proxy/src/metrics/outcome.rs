//! How a stream ended, for the log and the counters.

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With `done`, `human` or the service's own `error`.
    Whole,
    /// The visitor left.
    Left,
    /// The service's side was cut or made no sense.
    Cut,
    /// The service said nothing for too long.
    Silent,
    /// The service refused, too late for a status.
    Refused,
    /// The proxy ended.
    Ended,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] = [
        Self::Whole,
        Self::Left,
        Self::Cut,
        Self::Silent,
        Self::Refused,
        Self::Ended,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Left => "left",
            Self::Cut => "cut",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }
}
