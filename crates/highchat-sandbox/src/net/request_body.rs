//! Reads the body of a request, up to a limit.

use core::time::Duration;
use std::io;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// The largest body that is accepted, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How many bytes of a body that is too large are read, so that the client can read the refusal:
/// closing a socket with unread bytes resets the connection.
const MAX_DISCARDED: usize = 1024 * 1024;

/// The body of a request.
pub(crate) enum RequestBody {
    Whole(Bytes),
    /// The body is too large. These are its first bytes.
    TooLarge(Bytes),
    /// The body did not end in time. These are its bytes so far.
    TooSlow(Bytes),
}

impl RequestBody {
    /// Reads a body to its end, at most for `time_limit`.
    ///
    /// # Errors
    ///
    /// The client has left, so there is nobody to answer.
    pub(crate) async fn read(mut body: Incoming, time_limit: Duration) -> io::Result<Self> {
        let mut bytes = BytesMut::new();
        let read = async {
            let mut length = 0_usize;
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(io::Error::other)?;
                let Some(data) = frame.data_ref() else {
                    continue;
                };
                let room = MAX_BODY - bytes.len();
                bytes.extend_from_slice(&data[..data.len().min(room)]);
                length += data.len();
                if length > MAX_DISCARDED {
                    break;
                }
            }
            Ok::<_, io::Error>(length > MAX_BODY)
        };
        let is_too_large = tokio::time::timeout(time_limit, read).await;
        let bytes = bytes.freeze();
        Ok(match is_too_large {
            Ok(Ok(false)) => Self::Whole(bytes),
            Ok(Ok(true)) => Self::TooLarge(bytes),
            Ok(Err(error)) => return Err(error),
            Err(_) => Self::TooSlow(bytes),
        })
    }

    /// The bytes that were read.
    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Whole(bytes) | Self::TooLarge(bytes) | Self::TooSlow(bytes) => bytes,
        }
    }
}
