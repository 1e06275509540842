//! One exchange of a conversation: it writes a request and reads its answer.

use alloc::vec::Vec;

use highchat_http1::{Answer, Broken, Part};
use highchat_proto::RequestId;
use highchat_proto::http::Request;

/// A request and its answer, independent of the pipe.
pub(crate) struct Exchange {
    id: RequestId,
    may_reuse: bool,
    /// The request; freed when it cannot be written again.
    bytes: Vec<u8>,
    written: usize,
    is_written: bool,
    may_have_left: bool,
    answer: Answer,
    has_head: bool,
}

impl Exchange {
    /// The limit is that of the answer's head, in bytes.
    pub(crate) fn new(
        id: RequestId,
        request: &Request,
        head_limit: usize,
        may_reuse: bool,
    ) -> Self {
        let (bytes, answer) = Answer::to(request);
        Self {
            id,
            may_reuse,
            bytes,
            written: 0,
            is_written: false,
            may_have_left: false,
            answer: answer.with_head_limit(head_limit),
            has_head: false,
        }
    }

    pub(crate) const fn id(&self) -> RequestId {
        self.id
    }

    /// Whether the request may go out on a kept pipe, and again on a new one.
    pub(crate) const fn may_reuse(&self) -> bool {
        self.may_reuse
    }

    /// The bytes that are still to be written; empty before [`release`](Self::release).
    pub(crate) fn unwritten(&self) -> &[u8] {
        if self.may_have_left {
            self.bytes.get(self.written..).unwrap_or_default()
        } else {
            &[]
        }
    }

    /// Releases the bytes to the driver. From now on they may be on the wire.
    pub(crate) const fn release(&mut self) {
        self.may_have_left = true;
    }

    pub(crate) const fn may_have_left(&self) -> bool {
        self.may_have_left
    }

    /// Counts bytes that were written. Returns whether more must be written.
    pub(crate) fn handle_written(&mut self, len: usize) -> bool {
        self.written = self.written.saturating_add(len).min(self.bytes.len());
        self.is_written |= self.written == self.bytes.len();
        !self.is_written
    }

    /// Whether the whole request was written.
    pub(crate) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// Frees the request, which will not be written again.
    pub(crate) fn free_request(&mut self) {
        self.bytes = Vec::new();
        self.written = 0;
    }

    /// Whether the whole head of the answer was read.
    pub(crate) const fn has_head(&self) -> bool {
        self.has_head
    }

    /// Resets an exchange without a head, so that it can start again on another pipe.
    pub(crate) fn restart(&mut self) {
        self.written = 0;
        self.is_written = false;
        self.may_have_left = false;
        self.answer.restart();
    }

    /// Whether the answer ends when the service closes the pipe.
    pub(crate) const fn ends_with_its_pipe(&self) -> bool {
        self.answer.ends_with_its_pipe()
    }

    /// Reads the next part of the answer, and removes its bytes from `input`. Returns `None`
    /// if more input is needed.
    pub(crate) fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Part<'i>>, Broken> {
        let part = self.answer.read(input)?;
        if matches!(part, Some(Part::Head(_))) {
            self.has_head = true;
            if self.is_written {
                self.free_request();
            }
        }
        Ok(part)
    }
}
