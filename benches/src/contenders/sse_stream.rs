//! `sse-stream` 0.3, which turns a stream of any `Buf`, here of slices, into a stream of events.

use core::convert::Infallible;

use sse_stream::{Sse, SseByteStream};

use super::polling::{Ready, drain};
use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct SseStream;

fn decode(chunks: impl Feed, mut take: impl FnMut(&str, &str)) {
    let chunks = Ready(chunks.map(Ok::<_, Infallible>));
    drain(SseByteStream::new(chunks), |item| {
        if let Ok(Sse {
            event,
            data: Some(data),
            ..
        }) = item
        {
            take(event.as_deref().unwrap_or("message"), &data);
        }
    });
}

impl Decode for SseStream {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event, data| {
            witness.frame(event.as_bytes(), data.as_bytes());
        });
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event, data| json::read(event, data, witness));
    }
}
