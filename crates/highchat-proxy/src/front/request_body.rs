//! Reads the body of a visitor's request, up to a limit.

use core::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::timeout;

use crate::front::refusal::Refusal;
use crate::limits::held::{Held, HeldBytes};

/// The largest body that is accepted, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How many bytes of a body that is too large are read, so that its sender can read the
/// refusal: closing a socket with unread bytes resets the connection.
const MAX_DISCARDED: usize = 1024 * 1024;

/// A complete body. It counts as held until it is dropped.
#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) bytes: Bytes,
    _held: HeldBytes,
}

/// Reads a body to its end.
///
/// # Errors
///
/// The body is too large, takes longer than `time_limit`, or breaks off, or the proxy holds too
/// many bytes.
pub(crate) async fn read<B>(
    body: B,
    time_limit: Duration,
    held: &Held,
) -> Result<RequestBody, Refusal>
where
    B: Body,
{
    // Without a length, it may be the longest.
    let length = body.size_hint().upper().unwrap_or(u64::MAX);
    let capacity = usize::try_from(length).map_or(MAX_BODY, |length| length.min(MAX_BODY));
    let held = held.take(capacity).ok_or(Refusal::BUSY)?;
    let mut body = core::pin::pin!(body);
    let reading = async {
        let mut bytes = BytesMut::new();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(mut data) = frame.map_err(drop)?.into_data() else {
                continue;
            };
            length = length.saturating_add(data.remaining());
            if length > MAX_DISCARDED {
                break;
            }
            // Once, because a buffer that grows is twice in memory for a moment.
            bytes.reserve(capacity - bytes.len());
            while data.has_remaining() {
                let chunk = data.chunk();
                let (len, room) = (chunk.len(), capacity - bytes.len());
                bytes.extend_from_slice(&chunk[..len.min(room)]);
                data.advance(len);
            }
        }
        Ok::<_, ()>((length <= MAX_BODY).then(|| bytes.freeze()))
    };
    match timeout(time_limit, reading).await {
        Ok(Ok(Some(bytes))) => Ok(RequestBody { bytes, _held: held }),
        Ok(Ok(None)) => Err(Refusal::TOO_LARGE),
        Ok(Err(())) => Err(Refusal::MALFORMED),
        Err(_) => Err(Refusal::TOO_SLOW),
    }
}
