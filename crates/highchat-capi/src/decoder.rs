//! The decoder of event streams.

use highchat_proto::sse;

use crate::guard::Handle;
use crate::status::Status;
use crate::text::Bytes;

/// Storage of this many bytes is enough for a decoder itself. Every byte more is room for an
/// event.
pub const DECODER_SIZE: usize = 320;

/// A decoder of event streams. It belongs to the caller, who frees it with
/// `highchat_decoder_free`, or who owns its storage.
pub struct Decoder {
    pub(crate) is_broken: bool,
    pub(crate) decoder: sse::Decoder<'static>,
    /// Whether the library allocated it.
    #[cfg(feature = "std")]
    pub(crate) is_owned: bool,
}

/// One event of the stream, unparsed. It is valid until the next call with the same decoder, and
/// only as long as the input from which it was decoded.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    /// The event type. It is empty for the standard's default, `message`.
    pub event: Bytes,
    /// The data: the values of the `data` lines, joined by LF. It may be invalid UTF-8.
    pub data: Bytes,
    /// The last event ID of the stream. It is empty if there is none.
    pub id: Bytes,
}

impl Handle for Decoder {
    fn broken(&mut self) -> &mut bool {
        &mut self.is_broken
    }
}

impl Decoder {
    pub(crate) fn decode(&mut self, input: &mut &[u8]) -> Result<Frame, Status> {
        match self.decoder.decode(input) {
            Ok(Some(frame)) => Ok(Frame::of(frame)),
            Ok(None) => Err(Status::Nothing),
            Err(_) => Err(Status::EventTooLong),
        }
    }

    pub(crate) fn finish(&mut self) -> Result<Frame, Status> {
        self.decoder.finish().map(Frame::of).ok_or(Status::Nothing)
    }
}

impl Frame {
    fn of(frame: sse::Frame<'_>) -> Self {
        Self {
            event: Bytes::of(frame.event()),
            data: Bytes::of(frame.data()),
            id: Bytes::of(frame.id()),
        }
    }
}
