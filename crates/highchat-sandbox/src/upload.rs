use core::time::Duration;
use std::io;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// The most bytes of a body that are looked at.
const MAX_BODY: usize = 64 * 1024;

/// The most bytes that are read of one that is too large, so that its client reads the
/// refusal: closing on unread bytes resets the connection.
const MAX_DISCARDED: usize = 1024 * 1024;

/// The body of a request.
pub(crate) enum Upload {
    Whole(Bytes),
    /// More than is taken; this is how it begins.
    TooLarge(Bytes),
}

impl Upload {
    /// Reads a body to its end. A client that breaks off or takes longer than
    /// `patience` is an error: there is nobody to answer.
    pub(crate) async fn read(mut body: Incoming, patience: Duration) -> io::Result<Self> {
        let read = async {
            let mut bytes = BytesMut::new();
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
            let bytes = bytes.freeze();
            Ok(if length > MAX_BODY {
                Self::TooLarge(bytes)
            } else {
                Self::Whole(bytes)
            })
        };
        tokio::time::timeout(patience, read).await?
    }

    /// The bytes there are.
    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Whole(bytes) | Self::TooLarge(bytes) => bytes,
        }
    }
}
