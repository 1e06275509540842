//! Compares the decoder with the naive decoder, with the plain decoder, with the decoder of events,
//! and with itself.

use arbitrary::Arbitrary;
use highchat_proto::sse::Decoder;
use highchat_testing::oracles::events;
use highchat_testing::oracles::sse::drive::{Event, Outcome, Way, feed, outcome_so_far};
use highchat_testing::oracles::sse::follow::{ROOM, each_decoder, follow};
use highchat_testing::oracles::sse::{naive, plain};

use crate::pieces::Pieces;

/// Two successive streams and their cuts.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    cuts: Pieces,
    limit: u8,
    /// The length of the second stream.
    second: u16,
    streams: &'a [u8],
}

/// Checks that the decoder has the same result as the naive decoder after each piece and at the
/// end: the frames, the last event ID, the reconnection time and the unfinished event. It does
/// this for each way and storage, after `finish`, after a reset, and for the whole stream and byte
/// by byte. With two limits it also checks that the result is that of the plain decoder, with the
/// errors and their places, and that the decoder of events has the events of these frames.
pub fn hold(input: &Input<'_>) {
    let second = usize::from(input.second) % (input.streams.len() + 1);
    let (first, second) = input.streams.split_at(input.streams.len() - second);
    let (first_cut, second_cut) = (input.cuts.of(first), input.cuts.of(second));
    for limit in [ROOM, usize::from(input.limit)] {
        plain::compare(&first_cut, limit);
        events::compare(&first_cut, limit);
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
        // Leaves the decoder inside an event, and resets it there.
        let _ = feed(&mut used, way, second, &mut Vec::new());
        used.reset();
    });
}

/// Decodes the stream in one piece and byte by byte, with a reset after each.
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
