//! The body of an answer, out of bytes that are cut anywhere.

use ureq_proto::BodyMode;
use ureq_proto::client::state::RecvBody;
use ureq_proto::client::{Call, RecvBodyResult};

use crate::head::Broken;

/// How much of a body is handed on at a time, at most; and the longest line between
/// chunks, a trailer's above all (our decision).
pub(crate) const PIECE: usize = 4 * 1024;

/// A body that is read.
pub(crate) struct Body {
    call: Call<RecvBody>,
    is_close_delimited: bool,
    /// The beginning of a line between chunks: ureq-proto takes whole ones.
    carry: Vec<u8>,
}

impl Body {
    pub(crate) fn new(mut call: Call<RecvBody>) -> Self {
        // What is whole before a chunk that is broken is read all the same.
        call.stop_on_chunk_boundary(true);
        Self {
            is_close_delimited: call.body_mode() == BodyMode::CloseDelimited,
            call,
            carry: Vec::new(),
        }
    }

    /// Whether the body ends where its pipe does.
    pub(crate) const fn is_close_delimited(&self) -> bool {
        self.is_close_delimited
    }

    /// Whether the body is over, as far as its own framing says.
    pub(crate) fn is_over(&self) -> bool {
        !self.is_close_delimited && self.call.can_proceed()
    }

    /// Takes what belongs to the body out of `input`, until `piece` holds some of it: the
    /// length of that; 0 where there is none.
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
