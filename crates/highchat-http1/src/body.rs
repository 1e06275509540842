//! Reads the body of an answer from bytes, however they are cut.

use ureq_proto::BodyMode;
use ureq_proto::client::state::RecvBody;
use ureq_proto::client::{Call, RecvBodyResult};

use crate::head::Broken;

/// The maximum length of a body piece, and of a line between chunks such as a trailer, in
/// bytes (our decision).
pub(crate) const PIECE: usize = 4 * 1024;

/// The body that is being read.
pub(crate) struct Body {
    call: Call<RecvBody>,
    is_close_delimited: bool,
    /// The start of an incomplete line between chunks. ureq-proto accepts only whole lines.
    carry: Vec<u8>,
}

impl Body {
    pub(crate) fn new(mut call: Call<RecvBody>) -> Self {
        // Otherwise whole chunks would be lost if a broken one follows in the same bytes.
        call.stop_on_chunk_boundary(true);
        Self {
            is_close_delimited: call.body_mode() == BodyMode::CloseDelimited,
            call,
            carry: Vec::new(),
        }
    }

    /// Whether the body ends when the service closes the pipe.
    pub(crate) const fn is_close_delimited(&self) -> bool {
        self.is_close_delimited
    }

    /// Whether the body is over by its own framing.
    pub(crate) fn is_over(&self) -> bool {
        !self.is_close_delimited && self.call.can_proceed()
    }

    /// Reads the next bytes of the body into `piece`, and removes them from `input`. Returns
    /// their number, or 0 if there are none.
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        piece: &mut [u8; PIECE],
    ) -> Result<usize, Broken> {
        while !input.is_empty() && !self.is_over() {
            let carried = self.carry.len();
            let (taken, rest) = input.split_at(input.len().min(PIECE - carried));
            if carried > 0 {
                self.carry.extend_from_slice(taken);
            }
            let window = if carried > 0 { &self.carry } else { taken };
            let window_len = window.len();
            let (used, len) = self.call.read(window, piece).map_err(|_| Broken)?;
            if used == 0 {
                if window_len == PIECE {
                    return Err(Broken);
                }
                if carried == 0 {
                    self.carry.extend_from_slice(taken);
                }
                *input = rest;
            } else if used >= carried {
                *input = &input[used - carried..];
                self.carry.clear();
            } else {
                self.carry.truncate(carried);
                self.carry.drain(..used);
            }
            if len > 0 {
                return Ok(len);
            }
        }
        Ok(0)
    }

    /// Whether the pipe can carry another exchange.
    pub(crate) fn leaves_a_pipe(self) -> bool {
        match self.call.proceed() {
            Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
            Some(RecvBodyResult::Redirect(call)) => !call.must_close_connection(),
            None => false,
        }
    }
}
