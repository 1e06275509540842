//! A decoder for Server-Sent Events, which turns bytes into frames.
//!
//! [`Decoder`] follows the WHATWG standard exactly (HTML, section 9.2.5 "Parsing an event
//! stream" and 9.2.6 "Interpreting an event stream"). Its frames do not depend on how the
//! bytes are cut into chunks. It needs neither `std` nor an allocator if it is made with
//! [`Decoder::with_buffer`].
//!
//! ```
//! use highchat_proto::sse::Decoder;
//!
//! let mut buffer = [0; 256];
//! let mut decoder = Decoder::with_buffer(&mut buffer);
//! let mut seen = 0;
//! for chunk in [&b"event: delta\nda"[..], b"ta: {\"text\":\"hi\"}\r\n\r", b"\n: bye\n"] {
//!     let mut input = chunk;
//!     while let Some(frame) = decoder.decode(&mut input)? {
//!         assert_eq!(frame.event(), b"delta");
//!         assert_eq!(frame.data(), br#"{"text":"hi"}"#);
//!         seen += 1;
//!     }
//! }
//! assert_eq!(seen, 1);
//! # Ok::<(), highchat_proto::sse::DecodeError>(())
//! ```

mod buffers;
mod decoder;
mod fast;
mod frame;
mod plain;

pub use decoder::{Decoder, Ready};
pub use frame::Frame;
pub use plain::{DecodeError, PlainDecoder};

#[cfg(feature = "alloc")]
pub(crate) use decoder::ReadyApart;
#[cfg(feature = "alloc")]
pub(crate) use fast::{BLOCK, IS_DELTA_KNOWN, REST, begins, is_line_end, mask_of};
