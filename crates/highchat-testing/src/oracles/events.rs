//! Compares the decoder of events with the decoder of frames and the parser of events.

use highchat_proto::sse::Decoder;
use highchat_proto::{Event, EventDecodeError, EventDecoder};

/// What a call returned, and how many bytes it left.
type Step = (Result<Option<Event<'static>>, EventDecodeError>, usize);

/// The steps of a decoder for these chunks, up to the error that ends the stream.
fn steps(
    chunks: &[&[u8]],
    mut decode: impl FnMut(&mut &[u8]) -> Result<Option<Event<'static>>, EventDecodeError>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            let step = decode(&mut input);
            steps.push((step.clone(), input.len()));
            match step {
                Ok(Some(_)) | Err(EventDecodeError::Event(_)) => {}
                Ok(None) => break,
                Err(_) => return steps,
            }
        }
    }
    steps
}

/// Checks that an [`EventDecoder`] has the events and errors of [`Decoder`] and [`Event::parse`], at
/// the same places, and the same unfinished event at the end. It does this for a new decoder and for
/// one that was reset inside of the stream.
///
/// # Panics
///
/// There is a difference.
pub fn compare(chunks: &[&[u8]], limit: usize) {
    let mut frames = Decoder::growing(limit);
    let expected = steps(chunks, |input| match frames.decode(input)? {
        Some(frame) => Ok(Some(Event::parse(frame)?.into_owned())),
        None => Ok(None),
    });
    let last = frames.finish().map(Event::parse);
    let last = last.and_then(Result::ok).map(Event::into_owned);
    let last = last.filter(|event| !matches!(event, Event::Ping | Event::Unknown { .. }));

    let mut events = EventDecoder::with_limit(limit);
    for at in ["new", "reset"] {
        let got = steps(chunks, |input| {
            Ok(events.decode(input)?.map(Event::into_owned))
        });
        assert_eq!(got, expected, "{at}, limit {limit}");
        let unfinished = events.finish().map(Event::into_owned);
        assert_eq!(unfinished, last, "{at}, limit {limit}, at the end");
        steps(
            chunks.split_last().map_or(&[], |(_, before)| before),
            |input| Ok(events.decode(input)?.map(Event::into_owned)),
        );
        events.reset();
    }
}
