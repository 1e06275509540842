//! The module with the decoder of event streams alone.
//!
//! The page calls [`push`] with a chunk, and then [`next`] until it returns [`NOTHING`]. At the
//! end of the stream it calls [`finish`].

use core::cell::RefCell;

use highchat_proto::sse::{Decoder, Frame};

use crate::buffers;

/// All of the chunk was read.
pub const NOTHING: u32 = 0;
/// The result holds an event: its type, and then its data.
pub const EVENT: u32 = 1;
/// An event is longer than the limit. So is the answer to every later call.
pub const TOO_LONG: u32 = 2;

/// The decoder, and the chunk that it reads.
#[derive(Default)]
struct Reader {
    decoder: Option<Decoder<'static>>,
    chunk: Vec<u8>,
    /// How much of the chunk was read.
    read: usize,
    event_len: usize,
}

thread_local! {
    static READER: RefCell<Reader> = const {
        RefCell::new(Reader { decoder: None, chunk: Vec::new(), read: 0, event_len: 0 })
    };
}

/// Begins a stream. An event may have `limit` bytes at most.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn begin(limit: usize) {
    READER.set(Reader {
        decoder: Some(Decoder::growing(limit)),
        ..Reader::default()
    });
}

/// Takes the argument as the next chunk of the stream.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn push() {
    READER.with_borrow_mut(|reader| {
        buffers::with(|buffers| core::mem::swap(&mut reader.chunk, &mut buffers.input));
        reader.read = 0;
    });
}

/// Reads the chunk up to the end of the next event. Returns [`NOTHING`], [`EVENT`] or
/// [`TOO_LONG`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn next() -> u32 {
    READER.with_borrow_mut(|reader| {
        let Some(decoder) = &mut reader.decoder else {
            return NOTHING;
        };
        let mut input = &reader.chunk[reader.read..];
        let decoded = decoder.decode(&mut input);
        match decoded {
            Ok(None) => {
                reader.read = reader.chunk.len();
                NOTHING
            }
            Ok(Some(frame)) => {
                reader.event_len = show(frame);
                reader.read = reader.chunk.len() - input.len();
                EVENT
            }
            Err(_) => TOO_LONG,
        }
    })
}

/// Ends the stream. Returns [`EVENT`] if the last event had no blank line after it, otherwise
/// [`NOTHING`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn finish() -> u32 {
    READER.with_borrow_mut(|reader| {
        let last = reader.decoder.as_mut().and_then(Decoder::finish);
        match last.map(show) {
            Some(event_len) => {
                reader.event_len = event_len;
                EVENT
            }
            None => NOTHING,
        }
    })
}

/// The length of the type of the event in the result, in bytes. Its data follow.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn event_len() -> usize {
    READER.with_borrow(|reader| reader.event_len)
}

/// Copies an event to the result. Returns the length of its type.
fn show(frame: Frame<'_>) -> usize {
    buffers::with(|buffers| {
        buffers.output.clear();
        buffers.output.extend_from_slice(frame.event());
        buffers.output.extend_from_slice(frame.data());
    });
    frame.event().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(chunk: &[u8]) {
        buffers::with(|buffers| buffers.input = chunk.to_vec());
        push();
    }

    fn shown() -> (String, String) {
        let output = buffers::with(|buffers| buffers.output.clone());
        let (event, data) = output.split_at(event_len());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(event), text(data))
    }

    #[test]
    fn events_are_decoded_one_by_one_over_chunks_and_the_last_without_its_blank_line() {
        begin(1 << 20);
        give("event: delta\ndata: Բարև 👋\n\ndata: ե".as_bytes());
        assert_eq!(next(), EVENT);
        assert_eq!(shown(), ("delta".into(), "Բարև 👋".into()));
        assert_eq!(next(), NOTHING);
        give("րկու\n\nevent: done\ndata: {}".as_bytes());
        assert_eq!(next(), EVENT);
        assert_eq!(shown(), (String::new(), "երկու".into()));
        assert_eq!(next(), NOTHING);
        assert_eq!(finish(), EVENT);
        assert_eq!(shown(), ("done".into(), "{}".into()));
    }

    #[test]
    fn an_event_longer_than_the_limit_is_refused_at_every_later_call() {
        begin(8);
        give("data: Բարև ձեզ 👋\n\ndata: x\n\n".as_bytes());
        assert_eq!([next(), next()], [TOO_LONG; 2]);
        begin(8);
        give(b"data: x\n\n");
        assert_eq!(next(), EVENT);
    }
}
