//! Compares the decoder with the naive decoder on random streams that are cut at random places.

use highchat_proto::sse::Decoder;
use highchat_testing::oracles::cuts::{Bytes, Cuts};
use highchat_testing::oracles::sse::drive::{Event, Outcome, Way, feed, outcome_so_far};
use highchat_testing::oracles::sse::follow::{ROOM, each_decoder, follow};
use highchat_testing::oracles::sse::naive;
use highchat_testing::oracles::streams::{config, cuts, line_end, stream, value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A stream of random bytes.
fn noise() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes)
}

/// A stream of few lines. Some are longer than the decoder's first storage.
fn long_stream() -> impl Strategy<Value = Bytes> {
    let value = prop_oneof![
        3 => (0_usize..9000, any::<u8>()).prop_map(|(len, first)| {
            // Neighbouring bytes differ, so that a byte in the wrong place is noticed.
            (0..len).map(|at| b'a' + (first as usize + at * 7 + at / 26) as u8 % 26).collect()
        }),
        1 => value().prop_map(<[u8]>::to_vec),
    ];
    let name = select(vec![
        &b"data:"[..],
        b"data:",
        b"event:",
        b"id:",
        b":",
        b"x:",
    ]);
    let line = (name, value, line_end(), line_end(), any::<bool>()).prop_map(
        |(name, value, end, blank, dispatch)| {
            let blank = if dispatch { blank } else { &[] };
            [name, &value, end, blank].concat()
        },
    );
    vec(line, 1..8).prop_map(|lines| Bytes(lines.concat()))
}

proptest! {
    #![proptest_config(config(768))]

    #[test]
    fn after_each_chunk_the_outcome_is_the_standards(
        stream in stream(), cuts in cuts(),
    ) {
        let chunks = cuts.of(&stream.0);
        each_decoder(|decoder, way, at| {
            follow(decoder, &Outcome::default(), &chunks, way, at);
        });
    }

    #[test]
    fn random_bytes_are_decoded_as_the_standard_says(stream in noise(), cuts in cuts()) {
        let chunks = cuts.of(&stream.0);
        each_decoder(|decoder, way, at| {
            follow(decoder, &Outcome::default(), &chunks, way, at);
        });
    }

    #[test]
    fn a_stream_after_finish_begins_with_the_last_event_id(
        first in stream(), second in stream(), cuts in cuts(),
    ) {
        each_decoder(|decoder, way, at| {
            let (first, second) = (cuts.of(&first.0), cuts.of(&second.0));
            let earlier = follow(decoder, &Outcome::default(), &first, way, at);
            follow(decoder, &earlier, &second, way, &format!("{at}, second stream"));
        });
    }

    #[test]
    fn a_stream_after_reset_begins_without_any_state(
        first in stream(), second in stream(), cuts in cuts(),
    ) {
        each_decoder(|decoder, way, at| {
            let fed = feed(decoder, way, &first.0, &mut Vec::new());
            assert_eq!(fed, Ok(()), "{at}");
            decoder.reset();
            assert_eq!(outcome_so_far(decoder, &[]), Outcome::default(), "{at}");
            let at = format!("{at}, after a reset");
            follow(decoder, &Outcome::default(), &cuts.of(&second.0), way, &at);
        });
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn values_longer_than_the_first_storage_are_complete(stream in long_stream(), cuts in cuts()) {
        let chunks = match cuts {
            // The naive decoder decodes each prefix again, which is too slow after each byte.
            Cuts::EachByte => stream.0.chunks(997).collect(),
            Cuts::At(_) => cuts.of(&stream.0),
        };
        each_decoder(|decoder, way, at| {
            follow(decoder, &Outcome::default(), &chunks, way, at);
        });
    }
}

/// Calls `run` with each stream of up to `len` of the tokens.
fn each_stream_of(tokens: &[&[u8]], len: u32, mut run: impl FnMut(&[u8])) {
    for len in 0..=len {
        for mut number in 0..tokens.len().pow(len) {
            let mut stream = Vec::new();
            for _ in 0..len {
                stream.extend_from_slice(tokens[number % tokens.len()]);
                number /= tokens.len();
            }
            run(&stream);
        }
    }
}

#[test]
fn every_short_stream_is_decoded_as_the_standard_says() {
    let tokens = [
        &b"data"[..],
        b"id",
        b"event",
        b":",
        b" ",
        b"1",
        b"\0",
        b"\r",
        b"\n",
    ];
    let mut decoder = Decoder::with_limit(ROOM);
    let mut events = Vec::new();
    each_stream_of(&tokens, 5, |stream| {
        let expected = naive::decode(stream);
        for size in [stream.len().max(1), 1] {
            decoder.reset();
            events.clear();
            for chunk in stream.chunks(size) {
                let fed = feed(&mut decoder, Way::Decode, chunk, &mut events);
                assert_eq!(fed, Ok(()), "\"{}\"", stream.escape_ascii());
            }
            let mut outcome = outcome_so_far(&decoder, &events);
            outcome.unfinished = decoder.finish().map(Event::from);
            assert_eq!(
                outcome,
                expected,
                "\"{}\" in chunks of {size}",
                stream.escape_ascii()
            );
        }
    });
}

#[test]
fn every_stream_with_bytes_of_a_byte_order_mark_is_decoded_as_the_standard_says() {
    let tokens = [&b"\xEF"[..], b"\xBB", b"\xBF", b"data:1", b"\r", b"\n"];
    each_stream_of(&tokens, 6, |beginning| {
        let stream = [beginning, b"\n\ndata:2\n\n"].concat();
        let expected = naive::decode(&stream);
        for size in [stream.len(), 1] {
            let mut storage = [0xAA; 64];
            let mut decoder = Decoder::with_buffer(&mut storage);
            let mut events = Vec::new();
            for chunk in stream.chunks(size) {
                let fed = feed(&mut decoder, Way::Decode, chunk, &mut events);
                assert_eq!(fed, Ok(()), "\"{}\"", stream.escape_ascii());
            }
            assert_eq!(
                events,
                expected.dispatched,
                "\"{}\" in chunks of {size}",
                stream.escape_ascii()
            );
        }
    });
}
