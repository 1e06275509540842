//! `highchat-proto`: frames borrow from the chunks, and events borrow from the frames.

use highchat_proto::sse::Decoder;
use highchat_proto::{Event, EventDecoder};

use super::Decode;
use crate::cuts::Feed;
use crate::witness::Witness;

/// The limit of the decoder. It is more than the longest event of any workload.
const LIMIT: usize = 16 << 20;

pub(super) struct Highchat;

impl Decode for Highchat {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        let mut decoder = Decoder::with_limit(LIMIT);
        for mut chunk in chunks {
            while let Some(frame) = decoder.decode(&mut chunk).expect("no event is too long") {
                witness.frame(frame.event(), frame.data());
            }
        }
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        let mut decoder = EventDecoder::with_limit(LIMIT);
        for mut chunk in chunks {
            loop {
                match decoder.decode(&mut chunk) {
                    Ok(Some(Event::Delta { text })) => witness.delta(&text),
                    Ok(Some(event)) => record(&event, witness),
                    Ok(None) => break,
                    Err(error) => panic!("the generator writes the API's events: {error}"),
                }
            }
        }
    }
}

/// Passes an event to the witness.
// It is rare in a stream of deltas. Inlined, it would make their loop larger and slower.
#[inline(never)]
pub(super) fn record(event: &Event<'_>, witness: &mut impl Witness) {
    match event {
        Event::Delta { text } => witness.delta(text),
        Event::Ping => witness.ping(),
        Event::Meta { conversation_id } => {
            witness.meta(conversation_id.as_ref().map_or("", |id| id.as_str()));
        }
        Event::Done { message_id, .. } => {
            witness.done(message_id.as_ref().map_or("", |id| id.as_str()));
        }
        _ => {}
    }
}
