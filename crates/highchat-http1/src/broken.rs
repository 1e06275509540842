//! The error of an answer.

use core::fmt;

/// The error for an answer that is not HTTP/1 or breaks a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no HTTP/1, or beyond its limits")
    }
}

impl core::error::Error for Broken {}
