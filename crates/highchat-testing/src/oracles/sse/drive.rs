//! Passes bytes to a decoder and returns the result in a form that can be compared.

use core::fmt;

use highchat_proto::sse::{DecodeError, Decoder, Frame};

/// A copy of a frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The event type.
    pub event: Vec<u8>,
    /// The data.
    pub data: Vec<u8>,
    /// The last event ID.
    pub id: Vec<u8>,
}

impl From<Frame<'_>> for Event {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            event: frame.event().to_vec(),
            data: frame.data().to_vec(),
            id: frame.id().to_vec(),
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "(event \"{}\", data \"{}\", id \"{}\")",
            self.event.escape_ascii(),
            self.data.escape_ascii(),
            self.id.escape_ascii()
        )
    }
}

/// The result of decoding a stream.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The events, in order.
    pub dispatched: Vec<Event>,
    /// The last event ID.
    pub last_event_id: Vec<u8>,
    /// The reconnection time, in milliseconds.
    pub reconnection_time: Option<u64>,
    /// The event at the end of the stream without a blank line after it.
    pub unfinished: Option<Event>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}, last event ID \"{}\", reconnection time {:?} ms, unfinished {:?}",
            self.dispatched,
            self.last_event_id.escape_ascii(),
            self.reconnection_time,
            self.unfinished
        )
    }
}

/// The two ways to get the next frame.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// `Decoder::decode`, which returns the frame.
    Decode,
    /// `Decoder::advance`, and `Decoder::frame` after it.
    Advance,
}

impl Way {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Decode, Self::Advance];
}

/// Decodes one chunk and appends its events. An error comes with the number of bytes of the
/// chunk that were read before it.
pub fn feed(
    decoder: &mut Decoder<'_>,
    way: Way,
    chunk: &[u8],
    events: &mut Vec<Event>,
) -> Result<(), (usize, DecodeError)> {
    let mut input = chunk;
    loop {
        let step = match way {
            Way::Decode => decoder
                .decode(&mut input)
                .map(|frame| frame.map(Event::from)),
            Way::Advance => decoder
                .advance(&mut input)
                .map(|ready| ready.map(|ready| decoder.frame(ready).into())),
        };
        match step {
            Ok(Some(event)) => {
                assert_eq!(
                    decoder.last_event_id(),
                    event.id,
                    "the last event ID while {event:?} is shown"
                );
                events.push(event);
            }
            Ok(None) => {
                assert!(input.is_empty(), "no frame, but {} bytes left", input.len());
                return Ok(());
            }
            Err(error) => return Err((chunk.len() - input.len(), error)),
        }
    }
}

/// The outcome between two chunks: the state of the decoder and the events so far.
pub fn outcome_so_far(decoder: &Decoder<'_>, dispatched: &[Event]) -> Outcome {
    Outcome {
        dispatched: dispatched.to_vec(),
        last_event_id: decoder.last_event_id().to_vec(),
        reconnection_time: decoder
            .reconnection_time()
            .map(|time| u64::try_from(time.as_millis()).expect("it came from 64 bits")),
        unfinished: None,
    }
}
