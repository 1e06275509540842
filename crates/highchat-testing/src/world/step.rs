//! The steps of an answer, as a client sees them.

/// One step of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request was not sent.
    NotSent,
    /// The head.
    Head(Head),
    /// A part of the body.
    Body(Vec<u8>),
    /// The regular end of the body.
    End,
    /// The connection is lost.
    Lost,
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u16>,
    /// The announced length of the body, including bytes that a fault holds back.
    pub len: usize,
}

impl Head {
    pub(crate) const fn new(status: u16, content_type: &'static str) -> Self {
        Self {
            status,
            content_type,
            retry_after: None,
            len: 0,
        }
    }
}

impl From<Head> for highchat_proto::Head {
    fn from(head: Head) -> Self {
        let mut judged = Self::new(head.status);
        judged.header("content-type", head.content_type.as_bytes());
        if let Some(seconds) = head.retry_after {
            judged.header("retry-after", seconds.to_string().as_bytes());
        }
        judged
    }
}

/// The steps of an answer, each with its time in ms since the life began.
pub type Steps = Vec<(u64, Step)>;
