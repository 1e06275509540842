//! The decoder and its limit.

use arbitrary::Arbitrary;
use highchat_testing::oracles::sse::hold;

use crate::pieces::Pieces;

/// A limit, two streams, and how they are cut.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    limit: u8,
    cuts: Pieces,
    /// How long the second stream is.
    second: u16,
    streams: &'a [u8],
}

/// Whatever the cuts, the way and the storage, the byte that does not fit is the one that
/// the naive count names; what was decoded by then is what the naive decoder gives; the
/// error repeats itself until a reset, and after that the limit is as it was.
pub fn hold(input: &Input<'_>) {
    let limit = usize::from(input.limit);
    let second = usize::from(input.second) % (input.streams.len() + 1);
    let (first, second) = input.streams.split_at(input.streams.len() - second);
    let first = input.cuts.of(first);
    hold::hold(limit, &first, &[second]);
    if limit >= 4 {
        hold::hold_after_an_id(limit, &first);
    }
}
