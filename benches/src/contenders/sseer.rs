//! `sseer`, which turns a stream of `Bytes` into a stream of events that share the bytes.

use core::convert::Infallible;

use bytes::Bytes;
use sseer::EventStream;
use sseer::event::Event;

use super::polling::{Ready, drain};
use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct Sseer;

fn decode(chunks: impl Feed, mut take: impl FnMut(Event)) {
    // Static `Bytes` have no reference count, so they are the cheapest to split.
    let chunks = Ready(chunks.map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk))));
    drain(EventStream::new(chunks), |item| {
        if let Ok(event) = item {
            take(event);
        }
    });
}

impl Decode for Sseer {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event| {
            witness.frame(event.event.as_bytes(), event.data.as_bytes());
        });
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event| {
            json::read(&event.event, &event.data, witness)
        });
    }
}
