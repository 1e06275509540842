//! One exchange of a conversation: a request that is written, an answer that is read.

use highchat_http1::{Answer, Broken, Part};
use highchat_proto::RequestId;
use highchat_proto::http::{Method, Request};

/// A request and its answer, on whatever pipe.
pub(crate) struct Exchange {
    id: RequestId,
    is_repeatable: bool,
    /// The request; its memory is given back once it cannot be asked for again.
    bytes: Vec<u8>,
    written: usize,
    is_written: bool,
    may_have_left: bool,
    answer: Answer,
}

impl Exchange {
    /// `None`: no request that HTTP/1.1 could carry.
    pub(crate) fn new(id: RequestId, request: Request) -> Option<Self> {
        let is_repeatable = request.method() == Method::Get;
        let (bytes, answer) = Answer::to(request)?;
        Some(Self {
            id,
            is_repeatable,
            bytes,
            written: 0,
            is_written: false,
            may_have_left: false,
            answer,
        })
    }

    pub(crate) const fn id(&self) -> RequestId {
        self.id
    }

    /// Whether the same request does no harm a second time.
    pub(crate) const fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// What is still to be written, once it was handed out for that.
    pub(crate) fn unwritten(&self) -> &[u8] {
        if self.may_have_left {
            self.bytes.get(self.written..).unwrap_or_default()
        } else {
            &[]
        }
    }

    /// The bytes are handed out: from here on they may be on their way.
    pub(crate) const fn hand_out(&mut self) {
        self.may_have_left = true;
    }

    pub(crate) const fn may_have_left(&self) -> bool {
        self.may_have_left
    }

    /// So many more bytes left; whether there are more to come.
    pub(crate) fn handle_written(&mut self, len: usize) -> bool {
        self.written = self.written.saturating_add(len).min(self.bytes.len());
        self.is_written |= self.written == self.bytes.len();
        !self.is_written
    }

    /// Whether the whole request was written.
    pub(crate) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// The request will not be written again.
    pub(crate) fn forget_request(&mut self) {
        self.bytes = Vec::new();
        self.written = 0;
    }

    /// Whether nothing came back yet.
    pub(crate) const fn is_unanswered(&self) -> bool {
        self.answer.is_unanswered()
    }

    /// Begins again, on another pipe; for one that is unanswered.
    pub(crate) const fn rewind(&mut self) {
        self.written = 0;
        self.is_written = false;
        self.may_have_left = false;
    }

    /// Whether the end of the pipe is the end of the answer.
    pub(crate) const fn ends_with_its_pipe(&self) -> bool {
        self.answer.ends_with_its_pipe()
    }

    /// Takes what belongs to the answer out of `input`: its next part; `None` where more
    /// input is needed.
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        piece: &mut [u8; Answer::PIECE],
    ) -> Result<Option<Part>, Broken> {
        self.answer.read(input, piece)
    }
}
