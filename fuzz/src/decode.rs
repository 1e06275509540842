//! The decoder against the naive one, the plain one, and itself.

use arbitrary::Arbitrary;
use highchat_proto::sse::Decoder;
use highchat_testing::oracles::sse::drive::{Event, Outcome, Way, feed, outcome_so_far};
use highchat_testing::oracles::sse::follow::{ROOM, each_decoder, follow};
use highchat_testing::oracles::sse::{naive, plain};

use crate::pieces::Pieces;

/// Two streams that follow each other, and how they are cut.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    cuts: Pieces,
    limit: u8,
    /// How long the second stream is.
    second: u16,
    streams: &'a [u8],
}

/// Whatever the cuts, the way and the storage, the decoder gives behind each piece and at
/// the end what the naive one gives: the frames, the last event ID, the reconnection time,
/// the event that was cut; after `finish`, after a reset, and in a decoder that knows
/// nothing but whole streams or single bytes. And it gives what the plain one gives for the
/// same pieces, with any limit: the errors and their places as well.
pub fn hold(input: &Input<'_>) {
    let second = usize::from(input.second) % (input.streams.len() + 1);
    let (first, second) = input.streams.split_at(input.streams.len() - second);
    let (first_cut, second_cut) = (input.cuts.of(first), input.cuts.of(second));
    for limit in [ROOM, usize::from(input.limit)] {
        plain::compare(&first_cut, limit);
    }
    let mut used = Decoder::with_limit(ROOM);
    each_decoder(|decoder, way, at| {
        let earlier = follow(decoder, &Outcome::default(), &first_cut, way, at);
        follow(
            decoder,
            &earlier,
            &second_cut,
            way,
            &format!("{at}, second stream"),
        );

        decoder.reset();
        whole_and_by_bytes(decoder, way, first);
        whole_and_by_bytes(&mut used, way, first);
        // Left in the middle of something for the next way.
        let _ = feed(&mut used, way, second, &mut Vec::new());
        used.reset();
    });
}

/// The stream in one piece and in pieces of one byte, with a reset behind each.
fn whole_and_by_bytes(decoder: &mut Decoder<'_>, way: Way, stream: &[u8]) {
    let expected = naive::decode(stream);
    for size in [stream.len().max(1), 1] {
        let mut events = Vec::new();
        for chunk in stream.chunks(size) {
            let fed = feed(decoder, way, chunk, &mut events);
            assert_eq!(fed, Ok(()), "in pieces of {size}");
        }
        let mut outcome = outcome_so_far(decoder, &events);
        outcome.unfinished = decoder.finish().map(Event::from);
        assert_eq!(outcome, expected, "in pieces of {size}");
        decoder.reset();
        let nothing = outcome_so_far(decoder, &[]);
        assert_eq!(nothing, Outcome::default(), "after a reset");
    }
}
