//! Checks the limit of the decoder.

use arbitrary::Arbitrary;
use highchat_testing::oracles::sse::hold;

use crate::pieces::Pieces;

/// A limit, two streams, and the cuts of the first one.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    limit: u8,
    cuts: Pieces,
    /// The length of the second stream.
    second: u16,
    streams: &'a [u8],
}

/// Checks for each way and storage that the byte that does not fit is the one that the naive
/// computation names, that the frames before it are the naive decoder's, that the error is
/// repeated until a reset, and that the limit is the same after it.
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
