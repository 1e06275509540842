//! How a run ends: the exit status, and the `outcome` of `--json`.

use std::process::ExitCode;

use highchat_proto::failure::ResponseError;
use highchat_proto::{Failure, TurnEnd};

/// The exit status. It is part of the program's public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The whole reply was shown.
    Complete,
    /// A failure without a status of its own.
    Other,
    /// Wrong usage, or input that was refused before anything was sent.
    Usage,
    /// The reply is incomplete, or it is not known whether the service took the message.
    Incomplete,
    /// 401 or 403.
    Unauthenticated,
    /// 429.
    RateLimited,
    /// 404.
    NotFound,
    /// The service could not be reached. It surely did not take the message.
    Unreachable,
    /// The service failed.
    ServiceFailed,
    Interrupted,
    Terminated,
}

/// The `outcome` field of the `end` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Complete,
    Incomplete,
    Failed,
    Cancelled,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Other => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Unauthenticated => 4,
            Self::RateLimited => 5,
            Self::NotFound => 6,
            Self::Unreachable => 7,
            Self::ServiceFailed => 8,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Complete => Outcome::Complete,
            Self::Incomplete => Outcome::Incomplete,
            Self::Interrupted | Self::Terminated => Outcome::Cancelled,
            _ => Outcome::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl From<&TurnEnd> for Exit {
    fn from(end: &TurnEnd) -> Self {
        match end {
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered => Self::Complete,
            TurnEnd::Cancelled => Self::Interrupted,
            TurnEnd::Failed(error) => error.into(),
            _ => Self::Other,
        }
    }
}

impl From<&Failure> for Exit {
    fn from(error: &Failure) -> Self {
        match error {
            Failure::NotSent(_) => Self::Unreachable,
            Failure::Unanswered(_) | Failure::TimedOut | Failure::Cut(_) => Self::Incomplete,
            Failure::Refused(error) => error.into(),
            Failure::Service(_) => Self::ServiceFailed,
            _ => Self::Other,
        }
    }
}

impl From<&ResponseError> for Exit {
    fn from(error: &ResponseError) -> Self {
        let ResponseError::Api(error) = error else {
            return Self::ServiceFailed;
        };
        match error.status {
            401 | 403 => Self::Unauthenticated,
            404 => Self::NotFound,
            429 => Self::RateLimited,
            _ => Self::ServiceFailed,
        }
    }
}
