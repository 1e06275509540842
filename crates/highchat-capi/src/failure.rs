//! What went wrong, in plain fields.

use std::string::{String, ToString};

use highchat_proto::failure::{self as proto, ResponseError};

use crate::text::Text;
use crate::time::{NEVER, milliseconds};

/// Why there is no whole answer. It says what is known about the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FailureKind {
    /// There is no failure.
    None = 0,
    /// The service could not be reached. The message was surely not taken.
    NotSent = 1,
    /// The connection was lost before an answer came. The message may have been taken.
    Unanswered = 2,
    /// No answer came in time. The message may have been taken.
    TimedOut = 3,
    /// The service answered, but not with what was requested; see `refusal`.
    Refused = 4,
    /// Only a part of the reply came; see `cut`.
    Cut = 5,
    /// The service failed with an `error` event.
    Service = 6,
    /// A failure of a newer version.
    Other = 7,
}

/// What the service answered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// The failure is not a refusal.
    None = 0,
    /// An error in the API's shape, or at least with its status.
    Api = 1,
    /// A redirect, which is never followed.
    Redirect = 2,
    /// A status that has no meaning for our requests.
    Status = 3,
    /// A 200 that is neither an event stream nor an error; `detail` is its content type.
    NotEventStream = 4,
    /// A content encoding that was not requested; `detail` is its name.
    ContentEncoding = 5,
    /// A page of messages that the API's text does not allow.
    InvalidPage = 6,
    /// A page of messages that is longer than the limit.
    TooLong = 7,
    /// A page of messages that is incomplete.
    BrokenOff = 8,
    /// A refusal of a newer version.
    Other = 9,
}

/// Why only a part of a reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cut {
    /// The reply was not cut.
    None = 0,
    /// The body ended before the reply did.
    Truncated = 1,
    /// The connection was lost.
    Interrupted = 2,
    /// No byte came for too long.
    Idle = 3,
    /// Only pings came for too long.
    NoProgress = 4,
    /// An event was longer than the limit.
    TooLong = 5,
    /// An event had data that the API's text does not allow; `detail` is the event's name.
    InvalidEvent = 6,
    /// The program ended during the reply, and was started again.
    Restarted = 7,
    /// A cut of a newer version.
    Other = 8,
}

/// What went wrong. Texts of the service are untrusted.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Failure {
    /// The kind of failure. With `NONE`, no other field means anything.
    pub kind: FailureKind,
    /// What the service answered instead, if the kind is `REFUSED`.
    pub refusal: Refusal,
    /// Why the reply is incomplete, if the kind is `CUT`.
    pub cut: Cut,
    /// The HTTP status of a refusal, or 0.
    pub status: u16,
    /// Whether the service may have taken the message. Do not send it again then.
    pub may_have_been_taken: bool,
    /// Whether the message can be sent again without any risk that it is taken twice.
    pub can_be_sent_again: bool,
    /// The time that the service asks to wait before the next request, or `HIGHCHAT_NEVER`.
    pub retry_after_ms: u64,
    /// The service's code, such as `rate_limited`; absent if there is none.
    pub code: Text,
    /// The service's own sentence, the cause of a lost connection, or what the kind says;
    /// absent if there is none.
    pub detail: Text,
    /// A sentence for the user: the service's own, if it sent one.
    pub sentence: Text,
    /// The whole description, for a log.
    pub description: Text,
}

/// The texts that are made for a failure.
#[derive(Default)]
pub(crate) struct FailureTexts {
    sentence: String,
    description: String,
}

impl Failure {
    pub(crate) const NONE: Self = Self {
        kind: FailureKind::None,
        refusal: Refusal::None,
        cut: Cut::None,
        status: 0,
        may_have_been_taken: false,
        can_be_sent_again: false,
        retry_after_ms: NEVER,
        code: Text::NONE,
        detail: Text::NONE,
        sentence: Text::NONE,
        description: Text::NONE,
    };

    /// The texts live in the failure and in `texts`.
    pub(crate) fn of(failure: &proto::Failure, texts: &mut FailureTexts) -> Self {
        texts.sentence = failure.sentence().into_owned();
        texts.description = failure.to_string();
        let mut described = Self {
            kind: FailureKind::Other,
            may_have_been_taken: failure.may_have_been_taken(),
            can_be_sent_again: failure.can_be_sent_again(),
            sentence: Text::of(&texts.sentence),
            description: Text::of(&texts.description),
            ..Self::NONE
        };
        match failure {
            proto::Failure::NotSent(cause) => {
                described.kind = FailureKind::NotSent;
                described.detail = cause_text(cause);
            }
            proto::Failure::Unanswered(cause) => {
                described.kind = FailureKind::Unanswered;
                described.detail = cause_text(cause);
            }
            proto::Failure::TimedOut => described.kind = FailureKind::TimedOut,
            proto::Failure::Refused(error) => {
                described.kind = FailureKind::Refused;
                described.refuse(error);
            }
            proto::Failure::Cut(cut) => {
                described.kind = FailureKind::Cut;
                described.cut(cut);
            }
            proto::Failure::Service(message) => {
                described.kind = FailureKind::Service;
                described.detail = Text::of(message);
            }
            _ => {}
        }
        described
    }

    fn refuse(&mut self, error: &ResponseError) {
        self.status = error.status().unwrap_or_default();
        self.refusal = match error {
            ResponseError::Api(error) => {
                self.code = Text::some(error.code.as_ref().map(proto::ErrorCode::as_str));
                self.detail = Text::some(error.message.as_deref());
                self.retry_after_ms = error.retry_after.map_or(NEVER, milliseconds);
                Refusal::Api
            }
            ResponseError::Redirect(_) => Refusal::Redirect,
            ResponseError::Status(_) => Refusal::Status,
            ResponseError::NotEventStream(content_type) => {
                self.detail = Text::some(content_type.as_deref());
                Refusal::NotEventStream
            }
            ResponseError::ContentEncoding(encoding) => {
                self.detail = Text::of(encoding);
                Refusal::ContentEncoding
            }
            ResponseError::InvalidPage => Refusal::InvalidPage,
            ResponseError::TooLong => Refusal::TooLong,
            ResponseError::BrokenOff => Refusal::BrokenOff,
            _ => Refusal::Other,
        };
    }

    fn cut(&mut self, cut: &proto::Cut) {
        self.cut = match cut {
            proto::Cut::Truncated => Cut::Truncated,
            proto::Cut::Interrupted => Cut::Interrupted,
            proto::Cut::Idle => Cut::Idle,
            proto::Cut::NoProgress => Cut::NoProgress,
            proto::Cut::TooLong => Cut::TooLong,
            proto::Cut::InvalidEvent(invalid) => {
                self.detail = Text::of(invalid.event());
                Cut::InvalidEvent
            }
            proto::Cut::Restarted => Cut::Restarted,
            _ => Cut::Other,
        };
    }
}

/// The cause, if it is known.
fn cause_text(cause: &proto::Cause) -> Text {
    Text::some(Some(cause.as_str()).filter(|cause| !cause.is_empty()))
}
