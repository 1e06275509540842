//! `eventsource-stream`, which turns a stream of slices into a stream of events.

use core::convert::Infallible;

use eventsource_stream::{Event, EventStream};

use super::polling::{Ready, drain};
use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct EventsourceStream;

fn decode(chunks: impl Feed, mut take: impl FnMut(Event)) {
    let chunks = Ready(chunks.map(Ok::<_, Infallible>));
    drain(EventStream::new(chunks), |item| {
        if let Ok(event) = item {
            take(event);
        }
    });
}

impl Decode for EventsourceStream {
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
