//! `sse-core`, a decoder without a stream, for any `Buf`.

use sse_core::{MessageEvent, SseDecoder, SseEvent};

use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct SseCore;

fn decode(chunks: impl Feed, mut take: impl FnMut(MessageEvent)) {
    let limit = (16 << 20).try_into().expect("it is not zero");
    let mut decoder = SseDecoder::with_limit(limit);
    for mut chunk in chunks {
        while let Some(Ok(event)) = decoder.next(&mut chunk) {
            if let SseEvent::Message(message) = event {
                take(message);
            }
        }
    }
}

impl Decode for SseCore {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |message| {
            witness.frame(message.event.as_bytes(), message.data.as_bytes());
        });
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |message| {
            json::read(&message.event, &message.data, witness);
        });
    }
}
