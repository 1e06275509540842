//! The module with the whole conversation.
//!
//! First come the settings ([`setting`], [`key`] or [`slug`], [`visitor`], [`saved`]), then
//! [`open`]. After that, the page is the driver of a `Conversation` of `highchat-proto`: it
//! passes inputs, and calls [`poll`] until this returns [`WAIT`].
//!
//! A function that can refuse its argument returns [`OK`] or one of the codes below; the result
//! is then a sentence.

use core::cell::RefCell;
use core::fmt::Display;
use core::time::Duration;

use highchat_proto::failure::{ApiError, Cause, ResponseError, TransportFailure};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Credentials, Endpoint, Failure, Head, Message, Output, Rating, RequestId,
    Saved, Update, VisitorRef,
};

use crate::buffers::{self, Buffers};
use crate::settings;

/// The call succeeded.
pub const OK: f64 = 0.0;
/// The argument is not valid: an empty message, an unknown setting, a key with a space.
pub const INVALID: f64 = -1.0;
/// The previous turn, or the previous rating, is not over.
pub const IN_PROGRESS: f64 = -2.0;
/// There is no conversation to rate yet, or [`open`] was not called.
pub const NOTHING_YET: f64 = -3.0;

/// [`poll`]: nothing to do until [`deadline`], or until an input comes.
pub const WAIT: u32 = 0;
/// [`poll`]: send a request. The result is JSON: id, method, URL, headers, body.
pub const TRANSMIT: u32 = 1;
/// [`poll`]: drop a request. The result is JSON: its id.
pub const ABORT: u32 = 2;
/// [`poll`]: show an update. The result is JSON: the update; the text to append; about its
/// failure, whether the message may have been taken, whether it can be sent again, the time that
/// the service asks to wait in seconds, and whether its text is the service's own; and last,
/// whether the conversation is another one now.
pub const UPDATE: u32 = 3;

/// One session: the settings until it is opened, and then the conversation.
#[derive(Debug, Default)]
struct Session {
    config: Config,
    credentials: Option<Credentials>,
    visitor: Option<VisitorRef>,
    saved: Option<Saved>,
    conversation: Option<Conversation>,
    /// The time of the last [`WAIT`].
    deadline: Option<Instant>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

fn with<T>(use_it: impl FnOnce(&mut Session, &mut Buffers) -> T) -> T {
    SESSION.with_borrow_mut(|session| buffers::with(|buffers| use_it(session, buffers)))
}

/// Calls `use_it` with the conversation, if the session is open.
fn with_conversation(use_it: impl FnOnce(&mut Conversation, &mut Buffers)) {
    with(|session, buffers| {
        if let Some(conversation) = &mut session.conversation {
            use_it(conversation, buffers);
        }
    });
}

fn time(now: f64) -> Instant {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and no page lives that long"
    )]
    Instant::from_origin(Duration::from_micros((now * 1000.0) as u64))
}

fn request_id(id: f64) -> RequestId {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ids are counted up from 1, and the page only returns them"
    )]
    RequestId::from_u64(id as u64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no page sends 2^53 requests in its life"
)]
const fn number(id: u64) -> f64 {
    id as f64
}

/// Makes a sentence the result, and returns the code.
fn refuse(buffers: &mut Buffers, code: f64, sentence: &dyn Display) -> f64 {
    buffers.output = sentence.to_string().into_bytes();
    code
}

/// Stores what the argument was read as, or refuses it.
fn store<T, E: Display>(buffers: &mut Buffers, place: &mut Option<T>, read: Result<T, E>) -> f64 {
    match read {
        Ok(value) => {
            *place = Some(value);
            OK
        }
        Err(error) => refuse(buffers, INVALID, &error),
    }
}

/// Sets a setting of `Config`. The argument is its name, in camel case; a delay of several has
/// its place after a dot. A time is in milliseconds, a limit in bytes.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn setting(value: f64) -> f64 {
    with(|session, buffers| {
        let is_set = settings::set(&mut session.config, &buffers.text(), value);
        if is_set {
            return OK;
        }
        refuse(
            buffers,
            INVALID,
            &"no such setting, or not a size or a time",
        )
    })
}

/// Takes the argument as the key.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn key() -> f64 {
    with(|session, buffers| {
        let read = Credentials::key(&buffers.text());
        store(buffers, &mut session.credentials, read)
    })
}

/// Takes the argument as the slug.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn slug() -> f64 {
    with(|session, buffers| {
        let read = Credentials::slug(buffers.text());
        store(buffers, &mut session.credentials, read)
    })
}

/// Takes the argument as the `visitor_ref` of later messages.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn visitor() -> f64 {
    with(|session, buffers| {
        let read = VisitorRef::new(buffers.text());
        store(buffers, &mut session.visitor, read)
    })
}

/// Takes the argument as a saved conversation: what [`save`] returned.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn saved() -> f64 {
    with(|session, buffers| {
        // Pages are read from text too, so this is the same code for the module.
        let read = serde_json::from_str(&buffers.text());
        store(buffers, &mut session.saved, read)
    })
}

/// Opens the session. The argument is the base URL; an empty one means the service's own.
/// `is_http_allowed` is 1 for `http://` to any host. The seed is for the jitter of all delays,
/// and must be random. Without [`key`] and [`slug`], requests are sent without either, as to a
/// proxy that has the key.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn open(is_http_allowed: u32, seed: f64, now: f64) -> f64 {
    with(|session, buffers| {
        let credentials = session.credentials.take().unwrap_or(Credentials::none());
        let base_url = match &*buffers.text() {
            "" => Endpoint::DEFAULT_BASE_URL.to_owned(),
            base_url => base_url.to_owned(),
        };
        let endpoint = match is_http_allowed {
            0 => Endpoint::new(&base_url, credentials),
            _ => Endpoint::with_insecure_http(&base_url, credentials),
        };
        let endpoint = match endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return refuse(buffers, INVALID, &error),
        };
        let config = session.config.clone();
        let conversation = match session.saved.take() {
            Some(saved) => Conversation::resume(endpoint, config, saved, time(now)),
            None => Conversation::new(endpoint, config),
        };
        let mut conversation = conversation.with_seed(seed.to_bits());
        conversation.set_visitor(session.visitor.take());
        session.conversation = Some(conversation);
        OK
    })
}

/// Sends the argument as a message. Returns the id of the turn, or a code.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn send(now: f64) -> f64 {
    with(|session, buffers| {
        let Some(conversation) = &mut session.conversation else {
            return NOTHING_YET;
        };
        let message = match Message::new(buffers.text()) {
            Ok(message) => message,
            Err(error) => return refuse(buffers, INVALID, &error),
        };
        match conversation.send(message, time(now)) {
            Ok(turn) => number(turn.as_u64()),
            Err(error) => refuse(buffers, IN_PROGRESS, &error),
        }
    })
}

/// Rates the conversation: 1 for up, 0 for down. The argument is the comment, if `has_comment`
/// is 1. Returns the id of the rating, or a code.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn rate(is_up: u32, has_comment: u32, now: f64) -> f64 {
    use highchat_proto::RateError;
    with(|session, buffers| {
        let Some(conversation) = &mut session.conversation else {
            return NOTHING_YET;
        };
        let rating = if is_up == 1 { Rating::Up } else { Rating::Down };
        let comment = (has_comment == 1).then(|| buffers.text().into_owned());
        match conversation.rate(rating, comment, time(now)) {
            Ok(request) => number(request.as_u64()),
            Err(error @ RateError::NoConversation(_)) => refuse(buffers, NOTHING_YET, &error),
            Err(error) => refuse(buffers, IN_PROGRESS, &error),
        }
    })
}

/// Cancels the turn in progress. Its message may have been taken.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn cancel(now: f64) {
    with_conversation(|conversation, _| conversation.cancel(time(now)));
}

/// Polls for a person's messages at once, if polling is on.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn check_now(now: f64) {
    with_conversation(|conversation, _| conversation.check_now(time(now)));
}

/// The head of a response. The argument has a line for each header field: `name: value`.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn response(id: f64, status: u32, now: f64) {
    with_conversation(|conversation, buffers| {
        let mut head = Head::new(u16::try_from(status).unwrap_or_default());
        for line in buffers.text().lines() {
            if let Some((name, value)) = line.split_once(": ") {
                head.header(name, value.as_bytes());
            }
        }
        conversation.handle_response(request_id(id), head, time(now));
    });
}

/// The argument is a chunk of a body.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn body(id: f64, now: f64) {
    with_conversation(|conversation, buffers| {
        conversation.handle_body(request_id(id), &buffers.input, time(now));
    });
}

/// A body ended, and is whole for HTTP.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn end(id: f64, now: f64) {
    with_conversation(|conversation, _| conversation.handle_end(request_id(id), time(now)));
}

/// A request failed. `is_not_sent` is 1 only if surely no byte of it was sent. The argument is
/// the cause, for a person.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn failure(id: f64, is_not_sent: u32, now: f64) {
    with_conversation(|conversation, buffers| {
        let cause = Cause::from(&*buffers.text());
        let failure = match is_not_sent {
            1 => TransportFailure::NotSent(cause),
            _ => TransportFailure::Interrupted(cause),
        };
        conversation.handle_failure(request_id(id), failure, time(now));
    });
}

/// The page reads again after it did not for a while: it was frozen, or its reader was slow.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn back(now: f64) {
    with_conversation(|conversation, _| conversation.handle_return(time(now)));
}

/// Time passed.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn timeout(now: f64) {
    with_conversation(|conversation, _| conversation.handle_timeout(time(now)));
}

/// Returns what the page must do next: [`WAIT`], [`TRANSMIT`], [`ABORT`] or [`UPDATE`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn poll() -> u32 {
    with(|session, buffers| {
        let Some(conversation) = &mut session.conversation else {
            return WAIT;
        };
        match conversation.poll_output() {
            Output::Transmit(id, request) => {
                let text = |bytes| core::str::from_utf8(bytes).unwrap_or_default();
                let headers: Vec<_> = request
                    .headers()
                    .map(|(name, value)| (name, text(value)))
                    .collect();
                let method = request.method().as_str();
                let parts = (
                    id.as_u64(),
                    method,
                    request.url(),
                    headers,
                    text(request.body()),
                );
                write(buffers, &parts);
                TRANSMIT
            }
            Output::Abort(id) => {
                write(buffers, &id.as_u64());
                ABORT
            }
            Output::Update => {
                if let Some(update) = conversation.update() {
                    let failure = failure_of(&update);
                    let seconds = failure.and_then(retry_after).map(|it| it.as_secs_f64());
                    let taken = failure.map(Failure::may_have_been_taken);
                    let again = failure.map(Failure::can_be_sent_again);
                    let replaced = matches!(
                        update,
                        Update::Meta {
                            is_replaced: true,
                            ..
                        }
                    );
                    let about = (taken, again, seconds, failure.is_some_and(has_sentence));
                    write(buffers, &(&update, update.text(), about, replaced));
                }
                UPDATE
            }
            Output::Wait(when) => {
                session.deadline = when;
                WAIT
            }
        }
    })
}

/// The time of the last [`WAIT`]; infinite if there is none.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn deadline() -> f64 {
    with(|session, _| {
        let when = session.deadline.map(Instant::since_origin);
        // Rounded up, so that a driver does not come too early.
        when.map_or(f64::INFINITY, |when| {
            (when.as_secs_f64() * 1e6).ceil() / 1000.0
        })
    })
}

/// Makes what to keep over a reload of the page the result, as JSON.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn save() {
    with_conversation(|conversation, buffers| write(buffers, &conversation.save()));
}

/// Makes the state of the conversation the result, as JSON: its id, who answers, whether a turn
/// is in progress, whether a person's messages are polled for, and after which time.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn status() {
    with_conversation(|conversation, buffers| {
        let parts = (
            conversation.id(),
            conversation.state(),
            conversation.turn_in_progress(),
            conversation.is_polling(),
        );
        write(buffers, &parts);
    });
}

/// Makes a value the result, as JSON.
fn write(buffers: &mut Buffers, value: &impl serde::Serialize) {
    buffers.output.clear();
    // Writing to memory cannot fail, and these values have no map with other keys than text.
    let _ = serde_json::to_writer(&mut buffers.output, value);
}

fn failure_of<'a>(update: &'a Update<'_>) -> Option<&'a Failure> {
    match update {
        Update::TurnEnded { end, .. } => end.failure(),
        Update::Recovering { error }
        | Update::HandoffFailed { error }
        | Update::RatingFailed { error, .. } => Some(error),
        _ => None,
    }
}

/// Whether the text of a failure is the service's own.
const fn has_sentence(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(ResponseError::Api(ApiError { message, .. })) => message.is_some(),
        Failure::Service(_) => true,
        _ => false,
    }
}

fn retry_after(failure: &Failure) -> Option<Duration> {
    match failure {
        Failure::Refused(ResponseError::Api(ApiError { retry_after, .. })) => *retry_after,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(argument: &str) {
        buffers::with(|buffers| buffers.input = argument.as_bytes().to_vec());
    }

    fn result() -> String {
        buffers::with(|buffers| String::from_utf8(buffers.output.clone()).unwrap())
    }

    fn begin() {
        SESSION.take();
        give("demo");
        assert_eq!(slug(), OK);
        give("http://127.0.0.1:8787");
        assert_eq!(open(0, 0.5, 0.0), OK);
    }

    #[test]
    fn a_turn_is_a_request_a_head_a_body_and_its_updates() {
        begin();
        give("Բարև 👋");
        assert_eq!(send(1.0), 0.0);
        assert_eq!(poll(), TRANSMIT);
        let request = result();
        assert!(request.starts_with(r#"[0,"POST","http://127.0.0.1:8787/v1/chat?slug=demo",[["#));
        assert!(
            request.ends_with(r#","{\"message\":\"Բարև 👋\"}"]"#),
            "{request}"
        );
        assert_eq!((poll(), deadline()), (WAIT, 60_001.0));

        give("content-type: text/event-stream\nretry-after: 3");
        response(0.0, 200, 2.0);
        give("event: delta\ndata: {\"text\":\"Ողջույն 😀\"}\n\nevent: error\ndata: {}\n\n");
        body(0.0, 3.0);
        end(0.0, 4.0);
        let mut shown = Vec::new();
        loop {
            match poll() {
                UPDATE => shown.push(result()),
                WAIT => break,
                other => assert_eq!(other, ABORT),
            }
        }
        assert_eq!(
            shown,
            [
                r#"[{"type":"delta","text":"Ողջույն 😀"},"Ողջույն 😀",[null,null,null,false],false]"#,
                concat!(
                    r#"[{"type":"turn_ended","turn":0,"end":"failed","error":{"kind":"failed","#,
                    r#""message":"the service could not answer, and gave no reason"}},"#,
                    "null,[true,false,null,true],false]"
                ),
            ]
        );
        status();
        assert_eq!(result(), r#"[null,"bot",false,false]"#);
        save();
        let kept = result();
        SESSION.take();
        give(&kept);
        assert_eq!(saved(), OK);
    }

    #[test]
    fn a_refusal_says_how_long_to_wait_and_that_the_message_was_not_taken() {
        begin();
        give("attempts");
        assert_eq!(setting(1.0), OK);
        give("http://127.0.0.1:8787");
        assert_eq!(open(0, 0.5, 0.0), OK);
        give("Բարև 👋");
        send(0.0);
        assert_eq!(poll(), TRANSMIT);
        give("content-type: application/json\nretry-after: 3");
        response(0.0, 429, 0.0);
        give("{}");
        body(0.0, 0.0);
        end(0.0, 0.0);
        assert_eq!(poll(), UPDATE);
        assert!(
            result().ends_with(",null,[false,true,3.0,false],false]"),
            "{}",
            result()
        );
    }

    #[test]
    fn what_cannot_be_accepted_has_a_code_and_a_sentence() {
        SESSION.take();
        give("Բարև");
        assert_eq!(send(0.0), NOTHING_YET);
        give("hc secret");
        assert_eq!(key(), INVALID);
        assert!(!result().contains("secret"), "{}", result());
        for (call, argument) in [
            (saved as extern "C" fn() -> f64, "{}"),
            (visitor, &"ա".repeat(201)),
            (slug, ""),
        ] {
            give(argument);
            assert_eq!(call(), INVALID, "{argument}");
        }
        give("http://chat.example");
        assert_eq!(open(0, 0.5, 0.0), INVALID);
        begin();
        give("");
        assert_eq!(send(0.0), INVALID);
        assert_eq!(rate(1, 0, 0.0), NOTHING_YET);
        give("Բարև");
        assert_eq!(send(0.0), 0.0);
        give("Նորից");
        assert_eq!(send(0.0), IN_PROGRESS);
        assert_eq!(
            result(),
            "the reply to the previous message is not over yet"
        );
        cancel(0.0);
        give("Նորից");
        assert!(send(0.0) > 0.0);
    }

    #[test]
    fn a_request_that_was_surely_not_sent_is_sent_again_and_a_lost_one_is_not() {
        begin();
        give("Բարև");
        send(0.0);
        assert_eq!(poll(), TRANSMIT);
        give("there is no network");
        failure(0.0, 1, 0.0);
        assert_eq!(poll(), UPDATE);
        assert!(result().contains(r#""reason":"not_sent""#), "{}", result());
        assert_eq!(poll(), WAIT);
        let when = deadline();
        assert!((450.0..=550.0).contains(&when), "{when}");
        timeout(when);
        assert_eq!(poll(), TRANSMIT);
        give("it was reset");
        failure(1.0, 0, when);
        assert_eq!(poll(), UPDATE);
        assert!(result().contains(r#""end":"failed","error":{"kind":"no_answer""#));
        assert_eq!((poll(), deadline()), (WAIT, f64::INFINITY));
    }
}
