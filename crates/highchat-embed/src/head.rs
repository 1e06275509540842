//! The head of an answer, out of bytes that are cut anywhere.

use core::fmt;

use http::response;
use ureq_proto::Error;
use ureq_proto::client::Call;
use ureq_proto::client::state::RecvResponse;

/// The most that a head may have, in bytes, interim heads before it included (our
/// decision, and that of the other adapters).
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// How much of the first line is looked at before it is whole: enough to see that no HTTP
/// is spoken there.
const PROTOCOL_LEN: usize = "HTTP/1.1".len();

/// What came is no HTTP/1 answer, or breaks a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no HTTP/1, or beyond its limits")
    }
}

impl core::error::Error for Broken {}

impl From<Error> for Broken {
    fn from(_: Error) -> Self {
        Self
    }
}

/// A head that is awaited.
///
/// It is looked at line by line: so the work is bounded by the number of lines, which is
/// limited too, and what comes of it does not depend on the cuts.
pub(crate) struct Head {
    call: Call<RecvResponse>,
    bytes: Vec<u8>,
    taken: usize,
}

impl Head {
    pub(crate) const fn new(call: Call<RecvResponse>) -> Self {
        Self {
            call,
            bytes: Vec::new(),
            taken: 0,
        }
    }

    /// Whether a byte of an answer came.
    pub(crate) const fn has_begun(&self) -> bool {
        self.taken > 0
    }

    /// Takes what belongs to the head out of `input`; the head, once it is whole.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<response::Parts>, Broken> {
        while !input.is_empty() {
            let line_end = input.iter().position(|byte| *byte == b'\n');
            let (line, rest) = input.split_at(line_end.map_or(input.len(), |end| end + 1));
            *input = rest;
            self.taken = self.taken.saturating_add(line.len());
            if self.taken > HEAD_LIMIT {
                return Err(Broken);
            }
            // Empty lines before a head are skipped; kept, they would be looked at again
            // with every further one.
            let is_empty = self.bytes.is_empty() && line.iter().all(|byte| b"\r\n".contains(byte));
            if is_empty {
                continue;
            }
            let known = self.bytes.len();
            self.bytes.extend_from_slice(line);
            let whole = match line_end {
                Some(_) => self.bytes.len(),
                None if known < PROTOCOL_LEN => self.bytes.len().min(PROTOCOL_LEN),
                None => continue,
            };
            match self.call.try_response(&self.bytes[..whole], false) {
                Ok((_, Some(answer))) => return Ok(Some(answer.into_parts().0)),
                Ok((0, None)) => {}
                // An interim head; ureq-proto wants a 100 without headers, HTTP does not.
                Ok((_, None)) | Err(Error::HeadersWith100) => self.bytes.clear(),
                Err(_) => return Err(Broken),
            }
        }
        Ok(None)
    }

    /// What is to come after a head that was whole.
    pub(crate) fn into_call(self) -> Call<RecvResponse> {
        self.call
    }
}
