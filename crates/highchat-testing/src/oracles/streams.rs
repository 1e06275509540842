//! Random streams, which mostly look like event streams, and random cuts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::cuts::{Bytes, Cuts, Place};

/// The settings of a property test with this number of cases.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A stream of complete lines, parts of lines and random bytes.
pub fn stream() -> impl Strategy<Value = Bytes> {
    let piece = prop_oneof![
        10 => line(),
        5 => line_end().prop_map(<[u8]>::to_vec),
        3 => token().prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..6),
    ];
    let mark = select(vec![
        &b""[..],
        b"",
        b"",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xEF",
    ]);
    (mark, vec(piece, 0..24)).prop_map(|(mark, pieces)| Bytes([mark, &pieces.concat()].concat()))
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    (name(), separator(), vec(value(), 0..3), line_end())
        .prop_map(|(name, separator, value, end)| [name, separator, &value.concat(), end].concat())
}

fn name() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        8 => Just(&b"data"[..]),
        3 => Just(&b"event"[..]),
        4 => Just(&b"id"[..]),
        3 => Just(&b"retry"[..]),
        1 => select(vec![
            &b""[..], b"dat", b"datas", b"i", b"ids", b"even", b"retr", b"daTa", b"iD", b"Data",
            b" id",
        ]),
    ]
}

fn separator() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        6 => Just(&b":"[..]),
        6 => Just(&b": "[..]),
        1 => select(vec![&b""[..], b":  ", b"::", b" :", b"\t"]),
    ]
}

/// A part of a value.
pub fn value() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        4 => select(vec![&b"a"[..], b"bc", b"a longer value", "é€😀".as_bytes()]),
        3 => select(vec![&b"0"[..], b"7", b"1200", b"99999999999999999999"]),
        2 => token(),
    ]
}

fn token() -> impl Strategy<Value = &'static [u8]> {
    select(vec![
        &b":"[..],
        b" ",
        b"\0",
        b"\t",
        b"x",
        b"1",
        b"data",
        b"data:",
        b"event",
        b"id",
        b"id:",
        b"retry:",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xEF",
        b"\xC3",
        b"\xE2\x82",
        b"\x80",
        b"\xFF",
    ])
}

/// A line end, or LF CR, which is two line ends.
pub fn line_end() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        5 => Just(&b"\n"[..]),
        3 => Just(&b"\r"[..]),
        4 => Just(&b"\r\n"[..]),
        1 => Just(&b"\n\r"[..]),
    ]
}

/// Cuts for any stream.
pub fn cuts() -> impl Strategy<Value = Cuts> {
    prop_oneof![
        1 => Just(Cuts::EachByte),
        5 => vec(place(), 0..10).prop_map(Cuts::At),
    ]
}

/// A place in any stream.
pub fn place() -> impl Strategy<Value = Place> {
    any::<u64>().prop_map(Place)
}
