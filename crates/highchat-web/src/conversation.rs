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
    Config, Conversation, ConversationId, Credentials, Endpoint, Failure, Head, Message, Output,
    Rating, Request, RequestId, Saved, Update, VisitorRef,
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
/// [`poll`]: send a request. The result is a line each for its id, method and URL, a line for each
/// header (`name: value`), an empty line, and its body.
pub const TRANSMIT: u32 = 1;
/// [`poll`]: drop a request. The result is its id.
pub const ABORT: u32 = 2;
/// [`poll`]: show an update. The result is a line with a sum of the flags below, and after a
/// space the milliseconds that the service asks to wait; a line with the update as JSON; and the
/// text to append.
pub const UPDATE: u32 = 3;

/// [`UPDATE`]: the update has a text to append.
pub const HAS_TEXT: u32 = 1;
/// [`UPDATE`]: the conversation is another one now.
pub const IS_REPLACED: u32 = 2;
/// [`UPDATE`]: after this failure, the message may have been taken.
pub const MAY_BE_TAKEN: u32 = 4;
/// [`UPDATE`]: after this failure, the message can be sent again.
pub const CAN_BE_SENT_AGAIN: u32 = 8;
/// [`UPDATE`]: the text of this failure is the service's own.
pub const HAS_SENTENCE: u32 = 16;
/// [`UPDATE`]: the service asks to wait.
pub const HAS_RETRY_AFTER: u32 = 32;

/// [`status`]: a turn is in progress.
pub const TURN_IN_PROGRESS: u32 = 1;
/// [`status`]: a person's messages are polled for.
pub const IS_POLLING: u32 = 2;
/// [`status`]: the conversation has an id.
pub const HAS_ID: u32 = 4;

/// One session: the settings until it is opened, and then the conversation.
#[derive(Debug, Default)]
struct Session {
    config: Option<Config>,
    credentials: Option<Credentials>,
    visitor: Option<VisitorRef>,
    saved: Option<Saved>,
    conversation: Option<Conversation>,
    /// The time of the last [`WAIT`].
    deadline: Option<Instant>,
}

impl Session {
    const fn new() -> Self {
        Self {
            config: None,
            credentials: None,
            visitor: None,
            saved: None,
            conversation: None,
            deadline: None,
        }
    }
}

thread_local! {
    static SESSION: RefCell<Session> = const { RefCell::new(Session::new()) };
}

fn with<T: Default>(use_it: impl FnOnce(&mut Session, &mut Buffers) -> T) -> T {
    let (mut use_it, mut result) = (Some(use_it), T::default());
    with_both(&mut |session, buffers| {
        if let Some(use_it) = use_it.take() {
            result = use_it(session, buffers);
        }
    });
    result
}

/// Calls `use_them` once. It is not generic, so that the module has this code once.
fn with_both(use_them: &mut dyn FnMut(&mut Session, &mut Buffers)) {
    SESSION.with_borrow_mut(|session| buffers::with(|buffers| use_them(session, buffers)));
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
        let is_set = settings::set(
            session.config.get_or_insert_default(),
            &buffers.text(),
            value,
        );
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
        let read = Saved::from_json(&buffers.text());
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
        let config = session.config.clone().unwrap_or_default();
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
        for line in buffers.text().split('\n') {
            if let Some((name, value)) = line.split_once(':') {
                head.header(name, value.trim_ascii().as_bytes());
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
                write_request(&mut buffers.output, id, &request);
                TRANSMIT
            }
            Output::Abort(id) => {
                buffers.output = id.as_u64().to_string().into_bytes();
                ABORT
            }
            Output::Update => {
                if let Some(update) = conversation.update() {
                    write_update(&mut buffers.output, &update);
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
    with_conversation(|conversation, buffers| {
        buffers.output = conversation.save().to_json().into_bytes();
    });
}

/// Makes the state of the conversation the result: its id, and then the name of the state. Returns
/// a sum of the flags above, and the length of the id in bytes times eight.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn status() -> u32 {
    let mut status = 0;
    with_conversation(|conversation, buffers| {
        let id = conversation.id().map(ConversationId::as_str);
        buffers.output.clear();
        buffers.output.extend(id.unwrap_or_default().bytes());
        status = 8 * u32::try_from(buffers.output.len()).unwrap_or_default()
            + flag(TURN_IN_PROGRESS, conversation.turn_in_progress())
            + flag(IS_POLLING, conversation.is_polling())
            + flag(HAS_ID, id.is_some());
        buffers.output.extend(conversation.state().as_str().bytes());
    });
    status
}

const fn flag(flag: u32, is_set: bool) -> u32 {
    if is_set { flag } else { 0 }
}

/// Appends texts. Neither a header nor a URL has a line end in it.
fn write(output: &mut Vec<u8>, texts: &[&[u8]]) {
    for text in texts {
        output.extend_from_slice(text);
    }
}

fn write_request(output: &mut Vec<u8>, id: RequestId, request: &Request) {
    output.clear();
    let method = request.method().as_str().as_bytes();
    let id = id.as_u64().to_string();
    write(
        output,
        &[
            id.as_bytes(),
            b"\n",
            method,
            b"\n",
            request.url().as_bytes(),
            b"\n",
        ],
    );
    for (name, value) in request.headers() {
        write(output, &[name.as_bytes(), b": ", value, b"\n"]);
    }
    write(output, &[b"\n", request.body()]);
}

fn write_update(output: &mut Vec<u8>, update: &Update<'_>) {
    output.clear();
    let failure = failure_of(update);
    let is = |known: fn(&Failure) -> bool| failure.is_some_and(known);
    let retry_after = failure.and_then(retry_after);
    let is_replaced = matches!(
        update,
        Update::Meta {
            is_replaced: true,
            ..
        }
    );
    let flags = flag(HAS_TEXT, update.text().is_some())
        + flag(IS_REPLACED, is_replaced)
        + flag(MAY_BE_TAKEN, is(Failure::may_have_been_taken))
        + flag(CAN_BE_SENT_AGAIN, is(Failure::can_be_sent_again))
        + flag(HAS_SENTENCE, is(has_sentence))
        + flag(HAS_RETRY_AFTER, retry_after.is_some());
    let wait = retry_after.unwrap_or_default();
    let millis = wait.as_secs().saturating_mul(1000);
    let millis = millis.saturating_add(wait.subsec_millis().into());
    let about = format!("{flags} {millis}\n");
    let json = update.to_json();
    let text = update.text().unwrap_or_default();
    write(output, &[&about, &json, "\n", text].map(str::as_bytes));
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
        assert!(request.starts_with("0\nPOST\nhttp://127.0.0.1:8787/v1/chat?slug=demo\naccept: "));
        assert!(
            request.ends_with("\n\n{\"message\":\"Բարև 👋\"}"),
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
                "1 0\n{\"type\":\"delta\",\"text\":\"Ողջույն 😀\"}\nՈղջույն 😀",
                concat!(
                    "20 0\n",
                    r#"{"type":"turn_ended","turn":0,"end":"failed","error":{"kind":"failed","#,
                    r#""message":"the service could not answer, and gave no reason"}}"#,
                    "\n"
                ),
            ]
        );
        assert_eq!((status(), result()), (0, "bot".into()));
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
            result().starts_with("40 3000\n{\"type\":\"turn_ended\","),
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

    #[test]
    fn the_status_has_the_id_the_state_and_what_goes_on() {
        begin();
        give("Բարև");
        send(0.0);
        assert_eq!(poll(), TRANSMIT);
        give("content-type: text/event-stream");
        response(0.0, 200, 0.0);
        give("event: meta\ndata: {\"conversation_id\":\"զ\\n1 👋\"}\n\n");
        body(0.0, 0.0);
        assert_eq!(poll(), UPDATE);
        assert!(
            result().starts_with("0 0\n{\"type\":\"meta\","),
            "{}",
            result()
        );
        let id = "զ\n1 👋";
        let flags = TURN_IN_PROGRESS + HAS_ID;
        assert_eq!(status(), 8 * id.len() as u32 + flags);
        assert_eq!(result(), format!("{id}bot"));
        give("event: done\ndata: {\"state\":\"pending_human\"}\n\n");
        body(0.0, 0.0);
        assert_eq!(status(), 8 * id.len() as u32 + IS_POLLING + HAS_ID);
        assert_eq!(result(), format!("{id}pending_human"));
    }
}
