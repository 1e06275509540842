//! Something in pieces.

use arbitrary::Arbitrary;

/// Where it is cut, most often at the byte of that number. In an input each place is a 1 and
/// two bytes, the lower first; a 0 stands behind the last.
#[derive(Arbitrary, Debug)]
pub struct Pieces(Vec<u16>);

/// More cuts than these only cost time: each prefix is read again by an oracle.
const MOST_CUTS: usize = 12;

impl Pieces {
    /// The pieces, empty ones among them where places are equal.
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
