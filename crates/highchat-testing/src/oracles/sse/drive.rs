//! Drives a decoder, and says what came of it in a form that can be compared.

use core::fmt;

use highchat_proto::sse::{DecodeError, Decoder, Frame};

/// A frame that outlives its decoder.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The type.
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

/// All that a stream leaves behind.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The events, in order.
    pub dispatched: Vec<Event>,
    /// The last event ID.
    pub last_event_id: Vec<u8>,
    /// In milliseconds.
    pub reconnection_time: Option<u64>,
    /// The event at the end that had no blank line, its last line counted as one.
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

/// The two ways to take a step.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// `Decoder::decode`, which returns the frame.
    Decode,
    /// `Decoder::advance`, and `Decoder::frame` after it.
    Advance,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Decode, Self::Advance];
}

/// Pushes one chunk through, collecting the events; an error comes with how much of
/// the chunk was taken before it.
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

/// What the decoder says of itself between two chunks, with the events so far.
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
