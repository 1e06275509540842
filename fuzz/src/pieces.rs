//! Cuts streams and texts into pieces.

use arbitrary::Arbitrary;

/// The places of the cuts, modulo the length plus 1. In an input each place is a byte 1 and two
/// bytes, the lower one first. A byte 0 ends the places.
#[derive(Arbitrary, Debug)]
pub struct Pieces(Vec<u16>);

/// The maximum number of cuts. An oracle reads each prefix again, so more cuts are slow.
const MOST_CUTS: usize = 12;

impl Pieces {
    /// The pieces of a stream. Two equal places give an empty piece.
    pub(crate) fn of<'a>(&self, stream: &'a [u8]) -> Vec<&'a [u8]> {
        self.cut(stream.len(), |start, end| &stream[start..end])
    }

    /// The pieces of a text, cut between characters.
    pub(crate) fn of_text<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let floor = |place: usize| {
            (0..=place)
                .rev()
                .find(|place| text.is_char_boundary(*place))
                .expect("0 is one")
        };
        self.cut(text.len(), |start, end| &text[floor(start)..floor(end)])
    }

    fn cut<T>(&self, len: usize, piece: impl Fn(usize, usize) -> T) -> Vec<T> {
        let places = self.0.iter().take(MOST_CUTS);
        let mut places: Vec<_> = places
            .map(|place| usize::from(*place) % (len + 1))
            .collect();
        places.sort_unstable();
        places.push(len);
        let mut start = 0;
        let next = |end| piece(core::mem::replace(&mut start, end), end);
        places.into_iter().map(next).collect()
    }
}
