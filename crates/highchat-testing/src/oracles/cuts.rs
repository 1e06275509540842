//! Cuts a stream into chunks.

use core::fmt;

/// Bytes that a failed property test shows as text.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A place in a stream of any length, as a fraction of that length: the number divided by 2^64.
#[derive(Clone, Copy, Debug)]
pub struct Place(pub u64);

impl Place {
    /// The place in a stream of this length, which is not 0. It is less than the length.
    pub const fn index(self, len: usize) -> usize {
        assert!(len > 0);
        ((self.0 as u128 * len as u128) >> 64) as usize
    }
}

/// The places at which a stream is cut.
#[derive(Clone, Debug)]
pub enum Cuts {
    /// Each byte is a chunk.
    EachByte,
    /// Cuts at these places, in any order. Two equal places give an empty chunk.
    At(Vec<Place>),
}

impl Cuts {
    /// The chunks of the stream.
    pub fn of<'a>(&self, stream: &'a [u8]) -> Vec<&'a [u8]> {
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
