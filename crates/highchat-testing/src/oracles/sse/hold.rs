//! Checks that the decoder keeps its limit, with the naive decoder and the independent
//! count.

use highchat_proto::sse::{DecodeError, Decoder};

use super::drive::{Event, Outcome, Way, feed, outcome_so_far};
use super::{limit, naive};

/// Runs a check with each kind of storage and each way to decode.
pub fn each_decoder(limit: usize, mut run: impl FnMut(&mut Decoder<'_>, Way, &str)) {
    for way in Way::ALL {
        let at = format!("limit {limit}, by {way:?}, owned storage");
        run(&mut Decoder::with_limit(limit), way, &at);
        let at = format!("limit {limit}, by {way:?}, the caller's storage");
        run(&mut Decoder::with_buffer(&mut vec![0xAA; limit]), way, &at);
    }
}

/// Decodes the chunks. Returns the byte at which the limit was exceeded, if it was, and the
/// result up to there. Checks that the error repeats for any later input.
pub fn push(
    decoder: &mut Decoder<'_>,
    chunks: &[&[u8]],
    way: Way,
    at: &str,
) -> (Option<usize>, Outcome) {
    let mut events = Vec::new();
    let mut pushed = 0;
    for chunk in chunks {
        if let Err((taken, error)) = feed(decoder, way, chunk, &mut events) {
            assert_eq!(error, DecodeError::TooLong, "{at}");
            let outcome = outcome_so_far(decoder, &events);
            for again in [&chunk[taken..], b"", b"\n\n", b"data: x\n\n"] {
                let fed = feed(decoder, way, again, &mut events);
                assert_eq!(fed, Err((0, error)), "{at}: the error again");
            }
            assert_eq!(decoder.finish(), None, "{at}: `finish` after an error");
            let fed = feed(decoder, way, b"data: x\n\n", &mut events);
            assert_eq!(fed, Err((0, error)), "{at}: the error after `finish`");
            assert_eq!(
                outcome_so_far(decoder, &events),
                outcome,
                "{at}: nothing changes after an error"
            );
            return (Some(pushed + taken), outcome);
        }
        pushed += chunk.len();
    }
    (None, outcome_so_far(decoder, &events))
}

/// The expected result: the byte that exceeds the limit, and the naive decoder's result up
/// to there.
pub fn expected(stream: &[u8], limit: usize) -> (Option<usize>, Outcome) {
    let at = limit::exceeded_at(stream, limit, 0);
    let mut outcome = naive::decode(&stream[..at.unwrap_or(stream.len())]);
    outcome.unfinished = None;
    (at, outcome)
}

/// Checks a stream with decoders of this limit, then resets them and checks another stream.
pub fn hold(limit: usize, chunks: &[&[u8]], next: &[&[u8]]) {
    let stream = &chunks.concat()[..];
    each_decoder(limit, |decoder, way, with| {
        let pushed = push(decoder, chunks, way, with);
        assert_eq!(pushed, expected(stream, limit), "{with}");
        if pushed.0.is_none() {
            let at_the_end = [stream, b"\n"].concat();
            let fits = limit::exceeded_at(&at_the_end, limit, 0).is_none();
            let unfinished = naive::decode(stream).unfinished.filter(|_| fits);
            let finished = decoder.finish().map(Event::from);
            assert_eq!(finished, unfinished, "{with}: `finish`");
        }
        decoder.reset();
        let with = format!("{with}, after a reset");
        assert_eq!(outcome_so_far(decoder, &[]), Outcome::default(), "{with}");
        let pushed = push(decoder, next, way, &with);
        assert_eq!(pushed, expected(&next.concat(), limit), "{with}");
    });
}

/// Checks a stream with decoders of this limit (at least 4) that keep a last event ID of
/// length 4 from an earlier stream.
pub fn hold_after_an_id(limit: usize, chunks: &[&[u8]]) {
    let stream = &chunks.concat()[..];
    each_decoder(limit, |decoder, way, with| {
        let earlier = push(decoder, &[b"id:1234\n\ndata"], way, with).1;
        assert!(decoder.finish().is_some(), "{with}");
        let at = limit::exceeded_at(stream, limit, 4);
        let until = &stream[..at.unwrap_or(stream.len())];
        let mut outcome = naive::decode_after(&earlier, until);
        outcome.unfinished = None;
        let pushed = push(decoder, chunks, way, with);
        assert_eq!(pushed, (at, outcome), "{with}, second stream");
    });
}
