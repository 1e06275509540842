//! `highchat-proto` without its fast path: the plain machine, and each delta through the
//! JSON parser.

use highchat_proto::Event;
use highchat_proto::sse::PlainDecoder;

use super::Decode;
use super::highchat::tell;
use crate::cuts::Feed;
use crate::witness::Witness;

/// Above the longest event of any workload, so that it is no limit.
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
                tell(
                    event.expect("the generator writes the API's events"),
                    witness,
                );
            }
        }
    }
}
