//! Compares the decoder with the plain decoder after each chunk, on streams whose events mostly
//! have the usual shape and lengths near the size of a block.

use highchat_proto::sse::Decoder;
use highchat_testing::oracles::cuts::Bytes;
use highchat_testing::oracles::sse::plain::compare;
use highchat_testing::oracles::streams::{config, cuts, line_end};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// An event of the usual shape, with any line ends, or one that differs only by a line after its
/// data.
fn usual() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![
        4 => Just([&b"\n"[..]; 3]),
        3 => Just([&b"\r\n"[..]; 3]),
        1 => Just([&b"\r"[..]; 3]),
        2 => [line_end(), line_end(), line_end()],
    ];
    let name = prop_oneof![
        1 => Just(None),
        2 => Just(Some(&b"delta"[..])),
        1 => select(vec!["delt", "delta ", "Delta", "deltas"]).prop_map(|name| Some(name.as_bytes())),
        2 => (0..70_usize).prop_map(|len| Some(&LETTERS[..len])),
    ];
    let more = prop_oneof![
        6 => Just(None),
        1 => select(vec![&b"data: b"[..], b"data", b"id: 7", b"event: x", b": c", b"d"]).prop_map(Some),
    ];
    (name, 0..130_usize, more, end).prop_map(|(name, data, more, ends)| {
        let mut bytes = Vec::new();
        if let Some(name) = name {
            bytes.extend([b"event: ", name, ends[0]].concat());
        }
        let data = &b"0123456789abcdefghijklm".repeat(6)[..data];
        bytes.extend([b"data: ", data, ends[1]].concat());
        if let Some(more) = more {
            bytes.extend([more, ends[1]].concat());
        }
        bytes.extend(ends[2]);
        bytes
    })
}

const LETTERS: &[u8; 78] =
    b"nopqrstuvwxyznopqrstuvwxyznopqrstuvwxyznopqrstuvwxyznopqrstuvwxyznopqrstuvwxyz";

/// A piece of another shape, which sometimes stands between usual events.
pub(super) fn odd() -> impl Strategy<Value = Vec<u8>> {
    select(vec![
        &b": comment\n"[..],
        b":\r\n\r\n",
        b"id: 7\n",
        b"id\n",
        b"retry: 5\n",
        b"event: x\nretry: 9\n",
        b"event: x\n",
        b"event: \n",
        b"event:x\r",
        b"data\n",
        b"data:\n\n",
        b"data: a\ndata: b\n\n",
        b"data: a\nevent: b\n\n",
        b"event: a\nevent: b\ndata: c\n\n",
        b"evening: x\n",
        b"\n",
        b"\r",
        b"\xEF\xBB\xBF",
        b"d",
        b"e",
    ])
    .prop_map(<[u8]>::to_vec)
}

fn stream() -> impl Strategy<Value = Bytes> {
    let mark = select(vec![&b""[..], b"", b"\xEF\xBB\xBF", b"\xEF\xBB"]);
    let piece = prop_oneof![5 => usual(), 1 => odd()];
    (mark, vec(piece, 0..12)).prop_map(|(mark, pieces)| Bytes([mark, &pieces.concat()].concat()))
}

pub(super) fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![
        3 => Just(64 * 1024_usize),
        1 => select(vec![0, 1, 40, 62, 63, 64, 65, 66, 70, 100, 127, 128, 129, 200]),
        1 => 0..260_usize,
    ]
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn the_fast_path_gives_the_same_frames_and_errors_at_the_same_places(
        stream in stream(), cuts in cuts(), limit in limit(),
    ) {
        compare(&cuts.of(&stream.0), limit);
    }

    #[test]
    fn the_fast_path_gives_the_same_frames_in_chunks_of_one_size(
        stream in stream(), size in 1..150_usize, limit in limit(),
    ) {
        compare(&stream.0.chunks(size).collect::<Vec<_>>(), limit);
    }
}

/// Streams of two or three events. Two cuts must not change the result.
const PAIRS: [&[u8]; 7] = [
    b"event: delta\ndata: {\"text\":\"hi\"}\n\nevent: done\ndata: {}\n\n",
    b"event: delta\r\ndata: {\"text\":\"hi\"}\r\n\r\nevent: done\r\ndata: {}\r\n\r\n",
    b"event: delta\rdata: {\"text\":\"hi\"}\r\revent: done\rdata: {}\r\r",
    b"\xEF\xBB\xBFevent: a\ndata: b\n\r\ndata: c\r\n\n: d\n\ndata: e\r\r\ndata: f\n\n",
    b"event: a\nretry: 5\ndata: b\n\nid: 1\ndata: c\n\nevent: d\r\ndata: e\n\r",
    b"event: delta\ndata: a\ndata: b\n\nevent: delta\r\ndata: c\r\nid: 1\r\n\r\nevent: delta\ndata: d\n\r\n: e\n",
    b"event: delta\ndata: {\"text\":\"as long as a block, and then some more of it\"}\n\ndata: x\n\n",
];

#[test]
fn two_cuts_at_any_places_change_nothing() {
    for stream in PAIRS {
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
                for limit in [1024, 64, 20] {
                    compare(&chunks, limit);
                }
            }
        }
    }
}

#[test]
fn a_frame_of_the_usual_shape_borrows_from_the_chunk() {
    let long = [b"event: e\ndata: ", &b"x".repeat(500)[..], b"\n\n"].concat();
    for stream in [
        &b"event: delta\ndata: {}\n\n"[..],
        b"data: x\r\n\r\n",
        &long,
    ] {
        let mut decoder = Decoder::new();
        let frame = decoder.decode(&mut &*stream).unwrap().unwrap();
        assert!(
            stream.as_ptr_range().contains(&frame.data().as_ptr()),
            "\"{}\" was copied",
            stream.escape_ascii()
        );
    }
}

#[test]
fn the_fast_path_is_used_again_after_an_event_of_another_shape() {
    for odd in [
        &b"\xEF\xBB\xBFdata: x\n\n"[..],
        b"id: 1\ndata: x\n\n",
        b": x\n\n",
        b"data: x\r\r",
        b"",
        b"x",
    ] {
        let mut decoder = Decoder::new();
        let _ = decoder.decode(&mut &*odd).unwrap();
        let _ = decoder.decode(&mut &b"\n"[..]).unwrap();
        let usual: &[u8] = b"event: delta\ndata: {}\n\n";
        let frame = decoder.decode(&mut &*usual).unwrap().unwrap();
        assert_eq!(frame.event(), b"delta");
        assert!(
            usual.as_ptr_range().contains(&frame.data().as_ptr()),
            "copied behind \"{}\"",
            odd.escape_ascii()
        );
    }
}
