//! The list of targets with their names.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{conversation, decode, embed, event, http1, limits, page, retry_after, sanitise};

/// A target as a function of libFuzzer's bytes.
pub type Run = fn(&[u8]) -> Result<()>;

/// All targets.
pub const ALL: [(&str, Run); 9] = [
    ("decode", |bytes| {
        read(bytes).map(|input| decode::hold(&input))
    }),
    ("limits", |bytes| {
        read(bytes).map(|input| limits::hold(&input))
    }),
    ("event", |bytes| {
        read(bytes).map(|input| event::hold(&input))
    }),
    ("page", |bytes| read(bytes).map(|input| page::hold(&input))),
    ("retry_after", |bytes| {
        read(bytes).map(|input| retry_after::hold(&input))
    }),
    ("conversation", |bytes| {
        read(bytes).map(|input| conversation::hold(&input))
    }),
    ("sanitise", |bytes| {
        read(bytes).map(|input| sanitise::hold(&input))
    }),
    ("http1", |bytes| {
        read(bytes).map(|input| http1::hold(&input))
    }),
    ("embed", |bytes| {
        embed::hold(bytes);
        Ok(())
    }),
];

fn read<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Result<T> {
    T::arbitrary_take_rest(Unstructured::new(bytes))
}
