//! Checks the limit of the decoder with the naive decoder and the naive computation of the
//! limit.

use highchat_proto::sse::{DecodeError, Decoder};

use super::drive::{Event, Outcome, Way, feed, outcome_so_far};
use super::{limit, naive};

/// Calls `run` with a decoder for each storage and each way, and a description of it.
pub fn each_decoder(limit: usize, mut run: impl FnMut(&mut Decoder<'_>, Way, &str)) {
    for way in Way::ALL {
        let at = format!("limit {limit}, by {way:?}, owned storage");
        run(&mut Decoder::with_limit(limit), way, &at);
        let at = format!("limit {limit}, by {way:?}, the caller's storage");
        run(&mut Decoder::with_buffer(&mut vec![0xAA; limit]), way, &at);
    }
}

/// Decodes the chunks. Returns the byte at which the limit was exceeded, if it was, and the
/// outcome up to there. Checks that the decoder repeats its error for any later input.
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

/// The byte at which a stream exceeds the limit, if it does, and the outcome of the naive
/// decoder up to there.
pub fn expected(stream: &[u8], limit: usize) -> (Option<usize>, Outcome) {
    let at = limit::exceeded_at(stream, limit, 0);
    let mut outcome = naive::decode(&stream[..at.unwrap_or(stream.len())]);
    outcome.unfinished = None;
    (at, outcome)
}

/// Checks decoders with this limit on a stream, and after a reset on the stream `next`.
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

/// Checks decoders that begin a stream with a last event ID of 4 bytes from the stream before
/// `finish`. The limit is at least 4.
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
