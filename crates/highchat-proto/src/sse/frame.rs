//! A frame: one event of the event stream.

#[cfg(feature = "alloc")]
use alloc::borrow::Cow;
#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt;
use core::str::Utf8Error;

/// One dispatched event. It borrows from the decoder or from the chunk.
///
/// The values are the bytes of the stream, unchanged. The standard decodes the whole stream as
/// UTF-8 first and replaces invalid bytes with U+FFFD. [`data_lossy`](Self::data_lossy) gives
/// exactly the same text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub(super) event: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) id: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The event type. It is empty for the standard's default, `message`.
    #[must_use]
    pub const fn event(&self) -> &'a [u8] {
        self.event
    }

    /// The data: the values of the `data` lines, joined by LF.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The last event ID of the stream at this event: the event's own id, or the id of an
    /// earlier event.
    #[must_use]
    pub const fn id(&self) -> &'a [u8] {
        self.id
    }

    /// The data as text.
    ///
    /// # Errors
    ///
    /// The data is not valid UTF-8. [`data_lossy`](Self::data_lossy) decodes such data as the
    /// standard does.
    pub const fn data_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.data)
    }

    /// The data as text, with U+FFFD for invalid UTF-8, as the standard decodes it. It
    /// allocates only for invalid UTF-8.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn data_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.data)
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Frame {{ event: \"{}\", data: \"{}\", id: \"{}\" }}",
            self.event.escape_ascii(),
            self.data.escape_ascii(),
            self.id.escape_ascii()
        )
    }
}
