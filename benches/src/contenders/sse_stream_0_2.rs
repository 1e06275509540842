//! `sse-stream` 0.2, which has another parser than 0.3 and uses the same streams.

use core::convert::Infallible;

use sse_stream_0_2::Sse;

use super::polling::{Ready, drain};
use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct SseStream02;

fn decode(chunks: impl Feed, mut take: impl FnMut(&str, &str)) {
    let chunks = Ready(chunks.map(Ok::<_, Infallible>));
    drain(
        sse_stream_0_2::SseStream::from_bytes_stream(chunks),
        |item| {
            if let Ok(Sse {
                event,
                data: Some(data),
                ..
            }) = item
            {
                take(event.as_deref().unwrap_or("message"), &data);
            }
        },
    );
}

impl Decode for SseStream02 {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event, data| {
            witness.frame(event.as_bytes(), data.as_bytes());
        });
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event, data| json::read(event, data, witness));
    }
}
