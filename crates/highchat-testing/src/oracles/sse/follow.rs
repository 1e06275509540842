//! Compares the decoder with the naive decoder after each chunk.

use highchat_proto::sse::Decoder;

use super::drive::{Event, Outcome, Way, feed, outcome_so_far};
use super::naive;

/// A limit that is more than any stream of the tests needs, in bytes.
pub const ROOM: usize = 64 * 1024;

/// Calls `run` with a decoder for each storage and each way, and a description of it.
pub fn each_decoder(mut run: impl FnMut(&mut Decoder<'_>, Way, &str)) {
    for way in Way::ALL {
        let mut owned = Decoder::with_limit(ROOM);
        run(&mut owned, way, &format!("owned storage, by {way:?}"));
        let mut storage = vec![0xAA; ROOM];
        let mut borrowed = Decoder::with_buffer(&mut storage);
        let at = format!("the caller's storage, by {way:?}");
        run(&mut borrowed, way, &at);
    }
}

/// Decodes the chunks and compares the decoder with the naive one after each chunk and at the
/// end. `earlier` is the outcome of the stream before. Returns the outcome.
pub fn follow(
    decoder: &mut Decoder<'_>,
    earlier: &Outcome,
    chunks: &[&[u8]],
    way: Way,
    at: &str,
) -> Outcome {
    let stream = chunks.concat();
    let mut events = Vec::new();
    let mut pushed = 0;
    for chunk in chunks {
        let fed = feed(decoder, way, chunk, &mut events);
        assert_eq!(fed, Ok(()), "{at}, chunk after byte {pushed}");
        pushed += chunk.len();
        let mut expected = naive::decode_after(earlier, &stream[..pushed]);
        expected.unfinished = None;
        let outcome = outcome_so_far(decoder, &events);
        assert_eq!(outcome, expected, "{at}, cut at byte {pushed}");
    }
    let mut outcome = outcome_so_far(decoder, &events);
    outcome.unfinished = decoder.finish().map(Event::from);
    let expected = naive::decode_after(earlier, &stream);
    assert_eq!(outcome, expected, "{at}, at the end");
    let mut after = outcome_so_far(decoder, &events);
    after.unfinished.clone_from(&outcome.unfinished);
    assert_eq!(after, outcome, "{at}, after `finish`");
    outcome
}
