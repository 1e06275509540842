//! A stream in pieces.

use core::fmt;

/// Bytes that a failed property shows as text.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A place in something, whatever its length: that part of 2^64 of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) u64);

impl Place {
    /// Below the length, which is not 0.
    pub(crate) const fn index(self, len: usize) -> usize {
        assert!(len > 0);
        ((self.0 as u128 * len as u128) >> 64) as usize
    }
}

/// How a stream is cut.
#[derive(Clone, Debug)]
pub(crate) enum Cuts {
    EachByte,
    /// Equal places give empty chunks.
    At(Vec<Place>),
}

impl Cuts {
    pub(crate) fn of<'a>(&self, stream: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            Self::EachByte => stream.chunks(1).collect(),
            Self::At(places) => {
                let mut places: Vec<usize> = places
                    .iter()
                    .map(|place| place.index(stream.len() + 1))
                    .collect();
                places.sort_unstable();
                let mut chunks = Vec::new();
                let mut start = 0;
                for place in places {
                    chunks.push(&stream[start..place]);
                    start = place;
                }
                chunks.push(&stream[start..]);
                chunks
            }
        }
    }
}
