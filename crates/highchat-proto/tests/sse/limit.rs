//! The limit of the decoder: the bytes that count, the byte that exceeds it, and the error.

use highchat_proto::sse::Decoder;
use highchat_testing::oracles::sse::drive::Way;
use highchat_testing::oracles::sse::hold::{each_decoder, expected, hold, hold_after_an_id, push};
use highchat_testing::oracles::sse::limit;
use highchat_testing::oracles::streams::{config, cuts, stream};
use proptest::prelude::*;

#[test]
fn only_values_and_the_lf_between_data_lines_count() {
    // The stream, the limit, and the place of the byte that does not fit, computed by hand.
    for (name, limit, stream, at) in [
        ("data that fits", 3, &b"data:abc\n\n"[..], None),
        ("data that does not", 2, b"data:abc\n\n", Some(7)),
        ("the first byte of data", 0, b"data:abc\n\n", Some(5)),
        (
            "the space behind the colon does not count",
            3,
            b"data: abc\n\n",
            None,
        ),
        ("nor does it move what does", 2, b"data: abc\n\n", Some(8)),
        ("a second space counts", 3, b"data:  abc\n\n", Some(9)),
        (
            "an empty event needs no room",
            0,
            b"data\n\ndata:\n\ndata: \n\n",
            None,
        ),
        ("the LF between data lines", 3, b"data:a\ndata:b\n\n", None),
        (
            "it does not fit at the colon",
            1,
            b"data:a\ndata:b\n\n",
            Some(11),
        ),
        (
            "or where the line ends without one",
            0,
            b"data\ndata\r\n",
            Some(9),
        ),
        ("the value behind it", 2, b"data:a\ndata:b\n\n", Some(12)),
        ("CR LF count as one", 3, b"data:a\r\ndata:b\r\n\r\n", None),
        (
            "an event name counts",
            3,
            b"event:ab\ndata:cd\n\n",
            Some(15),
        ),
        ("and alone", 1, b"event:ab\n\n", Some(7)),
        ("an id counts", 3, b"id:ab\ndata:cd\n\n", Some(12)),
        ("and alone", 1, b"id:ab\n\n", Some(4)),
        ("behind the data too", 3, b"data:cd\nid:ab\n\n", Some(12)),
        ("all together fit", 6, b"data:cd\nid:ab\nevent:ef\n\n", None),
        (
            "all together do not",
            5,
            b"data:cd\nid:ab\nevent:ef\n\n",
            Some(21),
        ),
        (
            "an id from before counts",
            3,
            b"id:ab\ndata\n\ndata:cd\n\n",
            Some(18),
        ),
        (
            "one from a block without data too",
            3,
            b"id:ab\n\ndata:cd\n\n",
            Some(13),
        ),
        (
            "beside the one that replaces it",
            3,
            b"id:ab\ndata\n\nid:cd\n\n",
            Some(16),
        ),
        (
            "which counts alone from then on",
            4,
            b"id:ab\n\nid:cd\n\ndata:ef\n\n",
            None,
        ),
        (
            "an empty id takes it back for the next event",
            2,
            b"id:ab\n\nid\n\ndata:cd\n\n",
            None,
        ),
        ("not for its own", 2, b"id:ab\n\nid\ndata:cd\n\n", Some(15)),
        (
            "a replaced event name counts",
            3,
            b"event:ab\nevent:cd\ndata\n\n",
            Some(16),
        ),
        (
            "a replaced id counts",
            3,
            b"id:ab\nid:cd\ndata\n\n",
            Some(10),
        ),
        (
            "the next event begins anew",
            3,
            b"data:abc\n\ndata:def\n\nevent:ghi\n\ndata:jkl\n\n",
            None,
        ),
        (
            "after a block without data too",
            3,
            b"event:abc\n\ndata:def\n\n",
            None,
        ),
        ("comments do not count", 0, b":abc\n: abc\n\n", None),
        (
            "unknown fields do not",
            0,
            b"abc\nabc:abc\ndatas:abc\n\n",
            None,
        ),
        (
            "a retry does not",
            0,
            b"retry:1234567890\nretry:abc\n\n",
            None,
        ),
        (
            "an id with NUL does not",
            3,
            b"id:abc\0\nid:abc\0abc\nid:abc\n\n",
            None,
        ),
        (
            "but what is before it is read first",
            2,
            b"id:abc\0\n\n",
            Some(5),
        ),
        (
            "a value that fits exactly, and the end",
            3,
            b"data:abc",
            None,
        ),
        (
            "a byte order mark does not count",
            3,
            b"\xEF\xBB\xBFdata:abc\n\n",
            None,
        ),
        (
            "nor does it hide a byte",
            2,
            b"\xEF\xBB\xBFdata:abc\n\n",
            Some(10),
        ),
    ] {
        assert_eq!(
            limit::exceeded_at(stream, limit, 0),
            at,
            "{name}, limit {limit}: the naive count"
        );
        each_decoder(limit, |decoder, way, with| {
            for cut in 0..=stream.len() {
                decoder.reset();
                let with = format!("{name}, {with}, cut at byte {cut}");
                let chunks = [&stream[..cut], &stream[cut..]];
                let pushed = push(decoder, &chunks, way, &with);
                assert_eq!(pushed, (at, expected(stream, limit).1), "{with}");
            }
            decoder.reset();
            let with = format!("{name}, {with}, each byte alone");
            let chunks: Vec<&[u8]> = stream.chunks(1).collect();
            let pushed = push(decoder, &chunks, way, &with);
            assert_eq!(pushed, (at, expected(stream, limit).1), "{with}");
        });
    }
}

#[test]
fn the_default_limit_is_a_mebibyte() {
    let mut decoder = Decoder::new();
    for (len, at) in [(1 << 20, None), ((1 << 20) + 1, Some(5 + (1 << 20)))] {
        let stream = [b"data:", &b"x".repeat(len)[..], b"\n\n"].concat();
        decoder.reset();
        let (exceeded, outcome) = push(&mut decoder, &[&stream], Way::Decode, "in one chunk");
        assert_eq!(exceeded, at, "{len} bytes of data");
        let whole = outcome.dispatched.iter().map(|event| event.data.len());
        let fits = at.is_none().then_some(len);
        assert!(whole.eq(fits), "{len} bytes of data");
    }
    assert_eq!(Decoder::DEFAULT_LIMIT, 1 << 20);
}

#[test]
fn the_limit_also_applies_to_the_event_of_finish() {
    // The LF before a last line with only a field name counts only at the end of the stream.
    for (limit, stream, data) in [
        (2, &b"data:a\ndata"[..], Some(&b"a\n"[..])),
        (1, b"data:a\ndata", None),
        (1, b"data:a", Some(b"a")),
        (1, b"data:a\nevent", Some(b"a")),
    ] {
        each_decoder(limit, |decoder, way, with| {
            assert_eq!(push(decoder, &[stream], way, with).0, None, "{with}");
            let finished = decoder.finish().map(|frame| frame.data().to_vec());
            assert_eq!(
                finished.as_deref(),
                data,
                "\"{}\", {with}",
                stream.escape_ascii()
            );
        });
    }
}

/// The smallest limit that the stream does not exceed.
fn need(stream: &[u8]) -> usize {
    (0..)
        .find(|limit| limit::exceeded_at(stream, *limit, 0).is_none())
        .expect("some limit is enough")
}

proptest! {
    #![proptest_config(config(768))]

    #[test]
    fn the_byte_that_does_not_fit_is_the_same_for_any_cuts_and_storage(
        limit in 0_usize..64, stream in stream(), cuts in cuts(), next in stream(),
    ) {
        hold(limit, &cuts.of(&stream.0), &cuts.of(&next.0));
    }

    #[test]
    fn the_smallest_sufficient_limit_is_exact(
        stream in stream(), cuts in cuts(),
    ) {
        let (need, chunks) = (need(&stream.0), cuts.of(&stream.0));
        hold(need, &chunks, &chunks);
        if need > 0 {
            prop_assert!(expected(&stream.0, need - 1).0.is_some());
            hold(need - 1, &chunks, &chunks);
        }
    }

    #[test]
    fn the_last_event_id_still_counts_in_the_stream_after_finish(
        limit in 4_usize..64, stream in stream(), cuts in cuts(),
    ) {
        hold_after_an_id(limit, &cuts.of(&stream.0));
    }
}
