//! A client over the functions of the C interface, and nothing else: every pointer, number and
//! text goes through them.
#![allow(dead_code, reason = "no test needs all of it")]
#![allow(unsafe_code, reason = "the functions are called as C calls them")]

use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use core::time::Duration;

use highchat_capi as c;
use highchat_capi::Status;
use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::failure::{Cause, Cut, ResponseError};
use highchat_proto::http::Answer;
use highchat_proto::sse::Decoder;
use highchat_proto::time::Instant;
use highchat_proto::{
    ChatMessage, Config, ConversationId, Credentials, Endpoint, Event, Failure, Head, Message,
    MessageId, MessagesRequest, Rating, RequestId, Saved, State, Timestamp, TurnEnd, TurnId,
    Update,
};
use highchat_testing::standing::Standing;

/// A conversation of the C interface, and its endpoint.
pub(crate) struct Raw {
    endpoint: *mut c::Endpoint,
    conversation: *mut c::Conversation,
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: both are handles that nobody else has.
        unsafe {
            c::highchat_conversation_free(self.conversation);
            c::highchat_endpoint_free(self.endpoint);
        }
    }
}

/// The pointer and length of a text, as C passes it.
pub(crate) const fn pointer(text: &str) -> *const c_char {
    text.as_ptr().cast()
}

/// The result that a function writes; the function must succeed.
pub(crate) fn made<T>(call: impl FnOnce(*mut T) -> Status) -> T {
    let mut place = MaybeUninit::uninit();
    assert_eq!(call(place.as_mut_ptr()), Status::Ok);
    // SAFETY: a function that succeeds writes its result.
    unsafe { place.assume_init() }
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().expect("a short time")
}

fn now_ms(now: Instant) -> u64 {
    milliseconds(now.since_origin())
}

/// The credentials of an endpoint, as they are on the wire.
fn credentials(endpoint: &Endpoint) -> (u32, String) {
    let id = ConversationId::new("c").expect("a sound id");
    let request = endpoint.messages(&MessagesRequest::new(id));
    for (name, value) in request.headers() {
        if name == "authorization" {
            let value = core::str::from_utf8(value).expect("ASCII");
            let key = value.strip_prefix("Bearer ").expect("a key");
            return (c::CREDENTIALS_KEY, key.to_owned());
        }
    }
    let slug = request.target().split_once("?slug=");
    let slug = slug.map(|(_, slug)| slug.split('&').next().unwrap_or_default());
    let slug = slug.map(|slug| {
        let decoded = percent_encoding::percent_decode_str(slug).decode_utf8();
        decoded.expect("UTF-8").into_owned()
    });
    slug.map_or((c::CREDENTIALS_NONE, String::new()), |slug| {
        (c::CREDENTIALS_SLUG, slug)
    })
}

fn settings(config: &Config) -> c::Config {
    let mut settings: c::Config = made(|config| {
        // SAFETY: it is a place for the settings.
        unsafe { c::highchat_config_default(config) }
    });
    settings.response_timeout_ms = milliseconds(config.response_timeout);
    settings.idle_timeout_ms = milliseconds(config.idle_timeout);
    settings.progress_timeout_ms = milliseconds(config.progress_timeout);
    settings.settle_timeout_ms = milliseconds(config.settle_timeout);
    settings.keep_alive_ms = milliseconds(config.keep_alive);
    settings.rate_limit_delays_ms = config.rate_limit_delays.map(milliseconds);
    settings.retry_after_limit_ms = milliseconds(config.retry_after_limit);
    settings.not_sent_delays_ms = config.not_sent_delays.map(milliseconds);
    settings.recovery_delays_ms = config.recovery_delays.map(milliseconds);
    settings.poll_interval_ms = milliseconds(config.poll_interval);
    settings.poll_backoff_limit_ms = milliseconds(config.poll_backoff_limit);
    settings.seed = config.seed.unwrap_or_default();
    settings.reply_limit = config.reply_limit;
    settings.event_limit = config.event_limit;
    settings.error_limit = config.error_limit;
    settings.page_limit = config.page_limit;
    settings.attempts = config.attempts;
    settings
}

impl Raw {
    pub(crate) fn new(
        endpoint: &Endpoint,
        config: &Config,
        has_one_pipe: bool,
        saved: Option<Saved>,
        now: Instant,
    ) -> Self {
        let base_url = endpoint.base_url();
        let (kind, credentials) = credentials(endpoint);
        // SAFETY: the texts live during the call, and the place is one for a handle.
        let endpoint = made(|endpoint| unsafe {
            c::highchat_endpoint_new(
                pointer(base_url),
                base_url.len(),
                kind,
                pointer(&credentials),
                credentials.len(),
                0,
                endpoint,
            )
        });
        let config = settings(config);
        let flags = if has_one_pipe { c::ONE_PIPE } else { 0 };
        let saved = saved.map(|saved| serde_json::to_string(&saved).expect("plain data"));
        // SAFETY: the endpoint was made, and the text and the settings live during the call.
        let conversation = made(|conversation| unsafe {
            match &saved {
                None => {
                    c::highchat_conversation_new(endpoint, &raw const config, flags, conversation)
                }
                Some(saved) => c::highchat_conversation_resume(
                    endpoint,
                    &raw const config,
                    flags,
                    pointer(saved),
                    saved.len(),
                    now_ms(now),
                    conversation,
                ),
            }
        });
        Self {
            endpoint,
            conversation,
        }
    }

    /// The host and port to connect to.
    pub(crate) fn address(&self) -> (String, u16) {
        // SAFETY: the endpoint lives as long as this value.
        let info = made(|info| unsafe { c::highchat_endpoint_describe(self.endpoint, info) });
        (text(info.host).expect("a host").to_owned(), info.port)
    }

    pub(crate) fn send(&mut self, message: &Message, now: Instant) -> Result<TurnId, Status> {
        let message = message.as_str();
        let mut turn = 0;
        // SAFETY: the conversation lives, and the text and the place live during the call.
        let status = unsafe {
            c::highchat_conversation_send(
                self.conversation,
                pointer(message),
                message.len(),
                now_ms(now),
                &raw mut turn,
            )
        };
        match status {
            Status::Ok => Ok(TurnId::from_u64(turn)),
            refused => Err(refused),
        }
    }

    pub(crate) fn rate(&mut self, rating: Rating, comment: Option<&str>, now: Instant) -> Status {
        // SAFETY: the conversation lives, and the text lives during the call.
        unsafe {
            c::highchat_conversation_rate(
                self.conversation,
                rating.as_number().into(),
                comment.map_or(null(), pointer),
                comment.map_or(0, str::len),
                now_ms(now),
                null_mut(),
            )
        }
    }

    pub(crate) fn cancel(&mut self, now: Instant) {
        // SAFETY: the conversation lives.
        let status = unsafe { c::highchat_conversation_cancel(self.conversation, now_ms(now)) };
        assert_eq!(status, Status::Ok);
    }

    pub(crate) fn poll(&mut self) -> c::Output {
        // SAFETY: the conversation lives, and the place is one for an output.
        made(|output| unsafe { c::highchat_conversation_poll(self.conversation, output) })
    }

    /// The update that was announced, as Rust has it.
    pub(crate) fn update(&mut self) -> Update<'static> {
        // SAFETY: the conversation lives, and the place is one for an update.
        let shown =
            made(|update| unsafe { c::highchat_conversation_update(self.conversation, update) });
        let update = update(&shown);
        assert_eq!(update.text(), text(shown.text), "the text to append");
        update
    }

    pub(crate) fn handle_opened(&mut self, pipe: u64, now: Instant) {
        // SAFETY: the conversation lives.
        let status =
            unsafe { c::highchat_conversation_handle_opened(self.conversation, pipe, now_ms(now)) };
        assert_eq!(status, Status::Ok);
    }

    pub(crate) fn handle_written(&mut self, pipe: u64, len: usize, now: Instant) {
        // SAFETY: the conversation lives.
        let status = unsafe {
            c::highchat_conversation_handle_written(self.conversation, pipe, len, now_ms(now))
        };
        assert_eq!(status, Status::Ok);
    }

    /// The pipe may be gone by now, because an answer ended: the rest of the bytes is late then.
    pub(crate) fn handle_read(&mut self, pipe: u64, bytes: &[u8], now: Instant) {
        // SAFETY: the conversation lives, and the bytes live during the call.
        let status = unsafe {
            c::highchat_conversation_handle_read(
                self.conversation,
                pipe,
                bytes.as_ptr(),
                bytes.len(),
                now_ms(now),
            )
        };
        assert!(
            matches!(status, Status::Ok | Status::UnknownPipe),
            "{status:?}"
        );
    }

    pub(crate) fn handle_end(&mut self, pipe: u64, now: Instant) {
        // SAFETY: the conversation lives.
        let status =
            unsafe { c::highchat_conversation_handle_end(self.conversation, pipe, now_ms(now)) };
        assert!(
            matches!(status, Status::Ok | Status::UnknownPipe),
            "{status:?}"
        );
    }

    pub(crate) fn handle_failure(&mut self, pipe: u64, cause: &str, now: Instant) {
        // SAFETY: the conversation lives, and the text lives during the call.
        let status = unsafe {
            c::highchat_conversation_handle_failure(
                self.conversation,
                pipe,
                pointer(cause),
                cause.len(),
                now_ms(now),
            )
        };
        assert!(
            matches!(status, Status::Ok | Status::UnknownPipe),
            "{status:?}"
        );
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        // SAFETY: the conversation lives.
        let status =
            unsafe { c::highchat_conversation_handle_timeout(self.conversation, now_ms(now)) };
        assert_eq!(status, Status::Ok);
    }

    fn describe(&self) -> c::ConversationInfo {
        // SAFETY: the conversation lives, and the place is one for an answer.
        made(|info| unsafe { c::highchat_conversation_describe(self.conversation, info) })
    }
}

impl Standing for Raw {
    fn id(&self) -> Option<ConversationId> {
        text(self.describe().id).map(|id| ConversationId::new(id).expect("a sound id"))
    }

    fn state(&self) -> State {
        let info = self.describe();
        let state = State::from(text(info.state_text).expect("a state"));
        assert_eq!(info.state, state_in_c(&state));
        state
    }

    fn is_polling(&self) -> bool {
        self.describe().is_polling
    }

    fn turn_in_progress(&self) -> bool {
        self.describe().turn_in_progress
    }

    fn save(&self) -> Saved {
        // SAFETY: the conversation lives, and the place is one for a text.
        let saved =
            made(|saved| unsafe { c::highchat_conversation_save(self.conversation, saved) });
        serde_json::from_str(text(saved).expect("a text")).expect("what was saved")
    }
}

/// The time of an output.
pub(crate) fn deadline(output: &c::Output) -> Option<Instant> {
    let time = Duration::from_millis(output.deadline_ms);
    (output.deadline_ms != c::NEVER).then(|| Instant::from_origin(time))
}

/// A text that the library returned.
pub(crate) fn text<'a>(text: c::Text) -> Option<&'a str> {
    // SAFETY: the library returned it, and the test reads it before its next call.
    let bytes = unsafe { bytes(text.ptr.cast(), text.len) }?;
    Some(core::str::from_utf8(bytes).expect("a text is UTF-8"))
}

/// Bytes that the library returned; `None` if they are absent.
///
/// # Safety
///
/// The library returned them, and no later call made them invalid.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    (!pointer.is_null()).then(|| unsafe { core::slice::from_raw_parts(pointer, len) })
}

const fn state_in_c(state: &State) -> c::State {
    match state {
        State::Bot => c::State::Bot,
        State::PendingHuman => c::State::PendingHuman,
        State::Human => c::State::Human,
        State::Closed => c::State::Closed,
        _ => c::State::Other,
    }
}

fn timestamp(time: c::Text) -> Option<Timestamp> {
    text(time).map(|time| time.parse().expect("a timestamp"))
}

fn message_id(id: c::Text) -> Option<MessageId> {
    text(id).map(|id| MessageId::new(id).expect("a sound id"))
}

fn state(update: &c::Update) -> Option<State> {
    let state = text(update.state_text).map(State::from);
    let in_c = state.as_ref().map_or(c::State::None, state_in_c);
    assert_eq!(update.state, in_c);
    state
}

fn message(update: &c::Update) -> ChatMessage {
    let json = serde_json::json!({
        "id": text(update.message_id),
        "role": text(update.role_text),
        "content": text(update.content),
        "created_at": text(update.timestamp),
    });
    let message: ChatMessage = serde_json::from_str(&json.to_string()).expect("a message");
    let role = match message.role {
        highchat_proto::Role::User => c::Role::User,
        highchat_proto::Role::Assistant => c::Role::Assistant,
        _ => c::Role::Other,
    };
    assert_eq!(update.role, role);
    message
}

/// An update of C, as Rust has it. Nothing is lost.
fn update(shown: &c::Update) -> Update<'static> {
    use std::borrow::Cow::Owned;
    let owned = |shown: c::Text| text(shown).expect("a text").to_owned();
    match shown.kind {
        c::UpdateKind::Meta => Update::Meta {
            conversation_id: text(shown.conversation_id)
                .map(|id| Owned(ConversationId::new(id).expect("a sound id"))),
            is_replaced: shown.is_replaced,
        },
        c::UpdateKind::Delta => Update::Delta {
            text: Owned(owned(shown.text)),
        },
        c::UpdateKind::Done => Update::Done {
            message_id: message_id(shown.message_id).map(Owned),
            state: state(shown).map(Owned),
            ts: timestamp(shown.timestamp).map(Owned),
        },
        c::UpdateKind::Human => Update::Human {
            message: text(shown.text).map(|text| Owned(text.to_owned())),
            ts: timestamp(shown.timestamp).map(Owned),
        },
        c::UpdateKind::Unknown => Update::Unknown {
            event: Owned(owned(shown.event)),
            data: Owned(owned(shown.data)),
        },
        c::UpdateKind::Recovering => Update::Recovering {
            error: Owned(failure(&shown.failure)),
        },
        c::UpdateKind::Recovered => Update::Recovered {
            message: Owned(message(shown)),
            missing: Owned(owned(shown.text)),
        },
        c::UpdateKind::TurnEnded => Update::TurnEnded {
            turn: TurnId::from_u64(shown.id),
            end: Owned(match shown.turn_end {
                c::TurnEnd::Done => TurnEnd::Done,
                c::TurnEnd::Human => TurnEnd::Human,
                c::TurnEnd::Recovered => TurnEnd::Recovered,
                c::TurnEnd::Failed => TurnEnd::Failed(failure(&shown.failure)),
                c::TurnEnd::Cancelled => TurnEnd::Cancelled,
                other => panic!("{other:?}"),
            }),
        },
        c::UpdateKind::State => Update::State(Owned(state(shown).expect("a state"))),
        c::UpdateKind::Message => Update::Message(Owned(message(shown))),
        c::UpdateKind::Unreadable => Update::Unreadable {
            messages: shown.count.try_into().expect("a small number"),
        },
        c::UpdateKind::Delayed => Update::Delayed {
            what: match shown.delayed {
                c::Delayed::Message => Delayed::Message,
                c::Delayed::Rating => Delayed::Rating,
                c::Delayed::Poll => Delayed::Poll,
                other => panic!("{other:?}"),
            },
            delay: Duration::from_millis(shown.delay_ms),
            reason: match shown.delay_reason {
                c::DelayReason::RateLimited => DelayReason::RateLimited,
                c::DelayReason::NotSent => DelayReason::NotSent,
                c::DelayReason::Transient => DelayReason::Transient,
                other => panic!("{other:?}"),
            },
        },
        c::UpdateKind::HandoffFailed => Update::HandoffFailed {
            error: Owned(failure(&shown.failure)),
        },
        c::UpdateKind::Rated => Update::Rated {
            request: RequestId::from_u64(shown.id),
            rating: if shown.rating == c::RATING_UP {
                Rating::Up
            } else {
                Rating::Down
            },
        },
        c::UpdateKind::RatingFailed => Update::RatingFailed {
            request: RequestId::from_u64(shown.id),
            error: Owned(failure(&shown.failure)),
        },
        c::UpdateKind::Other => panic!("an update that this version does not have"),
    }
}

/// A failure of C, as Rust has it, with the same description and the same meaning.
fn failure(shown: &c::Failure) -> Failure {
    let detail = text(shown.detail);
    let cause = Cause::from(detail.unwrap_or_default());
    let failure = match shown.kind {
        c::FailureKind::NotSent => Failure::NotSent(cause),
        c::FailureKind::Unanswered => Failure::Unanswered(cause),
        c::FailureKind::TimedOut => Failure::TimedOut,
        c::FailureKind::Refused => Failure::Refused(refusal(shown)),
        c::FailureKind::Cut => Failure::Cut(cut(shown)),
        c::FailureKind::Service => Failure::Service(detail.expect("a sentence").into()),
        c::FailureKind::None | c::FailureKind::Other => panic!("{shown:?}"),
    };
    assert_eq!(failure.to_string(), text(shown.description).unwrap());
    assert_eq!(failure.sentence(), text(shown.sentence).unwrap());
    assert_eq!(failure.may_have_been_taken(), shown.may_have_been_taken);
    assert_eq!(failure.can_be_sent_again(), shown.can_be_sent_again);
    failure
}

/// A service's refusal can only come from an answer.
fn refusal(shown: &c::Failure) -> ResponseError {
    let detail = text(shown.detail);
    let mut head = Head::new(if shown.status == 0 { 200 } else { shown.status });
    let mut body = String::new();
    match shown.refusal {
        c::Refusal::Api => {
            head.header("content-type", b"application/json");
            if shown.retry_after_ms != c::NEVER {
                assert_eq!(
                    shown.retry_after_ms % 1000,
                    0,
                    "the service says whole seconds"
                );
                let seconds = (shown.retry_after_ms / 1000).to_string();
                head.header("retry-after", seconds.as_bytes());
            }
            let mut error = serde_json::Map::new();
            let fields = [("code", text(shown.code)), ("message", detail)];
            for (name, value) in fields {
                if let Some(value) = value {
                    error.insert(name.into(), value.into());
                }
            }
            body = serde_json::json!({ "error": error }).to_string();
        }
        c::Refusal::Redirect | c::Refusal::Status => {}
        c::Refusal::NotEventStream => {
            if let Some(content_type) = detail {
                head.header("content-type", content_type.as_bytes());
            }
        }
        c::Refusal::ContentEncoding => {
            head.header("content-encoding", detail.expect("a name").as_bytes());
        }
        c::Refusal::InvalidPage => return ResponseError::InvalidPage,
        c::Refusal::TooLong => return ResponseError::TooLong,
        c::Refusal::BrokenOff => return ResponseError::BrokenOff,
        c::Refusal::None | c::Refusal::Other => panic!("{shown:?}"),
    }
    let endpoint = Endpoint::new("https://chat.example", Credentials::none()).expect("a URL");
    let mut answer = Answer::to_chat(head, &endpoint, &Config::default()).expect("it is no reply");
    answer.handle_body(body.as_bytes());
    let error = answer.into_chat_error();
    assert_eq!(error.status().unwrap_or_default(), shown.status);
    error
}

fn cut(shown: &c::Failure) -> Cut {
    match shown.cut {
        c::Cut::Truncated => Cut::Truncated,
        c::Cut::Interrupted => Cut::Interrupted,
        c::Cut::Idle => Cut::Idle,
        c::Cut::NoProgress => Cut::NoProgress,
        c::Cut::TooLong => Cut::TooLong,
        c::Cut::InvalidEvent => {
            let event = text(shown.detail).expect("the event's name");
            let is_json = !text(shown.description).unwrap().ends_with("is not JSON");
            let data = if is_json { "[]" } else { "?" };
            let stream = format!("event: {event}\ndata: {data}\n\n");
            let mut decoder = Decoder::new();
            let frame = decoder.decode(&mut stream.as_bytes()).unwrap().unwrap();
            Cut::InvalidEvent(Event::parse(frame).unwrap_err())
        }
        c::Cut::Restarted => Cut::Restarted,
        c::Cut::None | c::Cut::Other => panic!("{shown:?}"),
    }
}
