//! The ways to cut a stream into chunks, as a connection does.

use core::fmt;
use core::slice::Iter;
use core::str::FromStr;

use crate::workload::Workload;

/// The places where a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// The stream is one chunk.
    Whole,
    /// Each chunk has this number of bytes, which is at least 1.
    Size(usize),
    /// Each chunk has one event, as a service writes them.
    Event,
}

impl Cut {
    /// All cuts that are measured.
    pub const ALL: [Self; 7] = [
        Self::Whole,
        Self::Size(16 << 10),
        Self::Size(1400),
        Self::Event,
        Self::Size(64),
        Self::Size(7),
        Self::Size(1),
    ];

    /// Passes the chunks of a workload to a visitor.
    pub(crate) fn visit<V: Visit>(self, workload: &Workload, visitor: V) -> V::Output {
        let bytes = workload.bytes;
        match self {
            Self::Whole => visitor.visit(bytes.chunks(bytes.len())),
            Self::Size(size) => visitor.visit(bytes.chunks(size)),
            Self::Event => visitor.visit(Events {
                bytes,
                start: 0,
                ends: workload.ends.iter(),
            }),
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Event => f.write_str("event"),
            Self::Size(size) => size.fmt(f),
        }
    }
}

impl FromStr for Cut {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "whole" => Ok(Self::Whole),
            "event" => Ok(Self::Event),
            size => match size.parse() {
                Ok(0) | Err(_) => Err(format!("no cut is called {name}")),
                Ok(size) => Ok(Self::Size(size)),
            },
        }
    }
}

/// An iterator over chunks that any peer can be driven by.
pub(crate) trait Feed:
    Iterator<Item = &'static [u8]> + Send + Sync + Unpin + 'static
{
}

impl<I: Iterator<Item = &'static [u8]> + Send + Sync + Unpin + 'static> Feed for I {}

/// A generic function over any iterator of chunks. It is compiled for each iterator, so that the
/// choice of a cut costs no time for each chunk.
pub(crate) trait Visit {
    /// The result of the function.
    type Output;

    /// Calls the function.
    fn visit<F: Feed>(self, chunks: F) -> Self::Output;
}

/// Chunks of one event each.
struct Events {
    bytes: &'static [u8],
    start: usize,
    ends: Iter<'static, usize>,
}

impl Iterator for Events {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let end = *self.ends.next()?;
        let chunk = &self.bytes[self.start..end];
        self.start = end;
        Some(chunk)
    }
}
