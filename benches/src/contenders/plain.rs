//! `highchat-proto` without fast paths: the plain decoder, and the JSON parser for each delta.

use highchat_proto::Event;
use highchat_proto::sse::PlainDecoder;

use super::Decode;
use super::highchat::record;
use crate::cuts::Feed;
use crate::witness::Witness;

/// The limit of the decoder. It is more than the longest event of any workload.
const LIMIT: usize = 16 << 20;

pub(super) struct Plain;

impl Decode for Plain {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        let mut decoder = PlainDecoder::with_limit(LIMIT);
        for mut chunk in chunks {
            while let Some(frame) = decoder.decode(&mut chunk).expect("no event is too long") {
                witness.frame(frame.event(), frame.data());
            }
        }
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        let mut decoder = PlainDecoder::with_limit(LIMIT);
        for mut chunk in chunks {
            while let Some(frame) = decoder.decode(&mut chunk).expect("no event is too long") {
                let event = Event::parse(frame);
                record(
                    &event.expect("the generator writes the API's events"),
                    witness,
                );
            }
        }
    }
}
