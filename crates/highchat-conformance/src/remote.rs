//! A client in another process, such as a page in a browser or a program in another language.
//!
//! The process reads a command a line from its standard input, and writes an answer a line to
//! its standard output. Both are JSON objects in UTF-8. What it writes to its standard error is
//! passed on. It ends at the end of its input.
//!
//! `session` is the number of the session that a command is for, and each answer repeats it. Each
//! command except `close` has exactly one answer, and a session has at most one command at a
//! time. Several sessions run side by side, and an answer may overtake those of other sessions.
//!
//! | `do` | with | the answer has |
//! | --- | --- | --- |
//! | `open` | `options`, and what was `saved`, if the session continues | |
//! | `send` | `text` | `accepted`: whether the message is sent now |
//! | `next` | | the next `update`, or `null` if there is nothing to wait for |
//! | `cancel` | | |
//! | `rate` | `rating`, 1 or 0, and `comment` | `accepted` |
//! | `save` | | `saved`: the JSON text of a `highchat_proto::Saved` |
//! | `close` | | no answer |
//!
//! Each answer also has the `status` of the conversation: its `id` or `null`, its `state`, and
//! whether it `isPolling` and has a `turnInProgress`. If a command cannot be carried out, the
//! answer has `failed`, a text, and the row fails.
//!
//! `options` has the `baseUrl`; a `key`, a `slug` or neither; and `settings` with the names of
//! the npm package `@highchat/client`, times in milliseconds: `responseTimeout`, `idleTimeout`,
//! `progressTimeout`, `settleTimeout`, `attempts`, `rateLimitDelays`, `retryAfterLimit`,
//! `notSentDelays`, `recoveryDelays`, `pollInterval`, `pollBackoffLimit`, `replyLimit`,
//! `eventLimit`, `errorLimit` and `pageLimit`. The trials need these values to be fast.
//!
//! An `update` has a `type`. Other types, and fields that are not named here, are ignored:
//!
//! | `type` | with |
//! | --- | --- |
//! | `meta` | `conversation_id` |
//! | `delta` | `append`: the text to append |
//! | `recovered` | `append`: the rest of a cut reply; `text`: the whole; `message_id` |
//! | `human` | `message` |
//! | `state` | `state` |
//! | `message` | a message that a poll found, as in the API: `id`, `role`, `content`, `created_at` |
//! | `turn_ended` | `end`: `done`, `human`, `recovered`, `cancelled` or `failed`, then with `error` |
//! | `delayed` | `seconds`, and `reason`: `rate_limited`, `not_sent` or `transient` |
//! | `rated`, `rating_failed`, `handoff_failed` | the last two with `error` |
//!
//! An `error` has a `message` and a `class`: `UnreachableError` (not sent), `NoAnswerError`,
//! `RefusedError` (an HTTP status, with `status`, and `code` and `retryAfter` if there are),
//! `NotAReplyError` (a 200 that is no event stream), `IncompleteError` (a part of the reply
//! came) or `ServiceError` (an `error` event). If it has `mayHaveBeenTaken` or `canBeSentAgain`,
//! they must be what the class means.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::failure::{Cause, Cut, ResponseError};
use highchat_proto::http::Answer;
use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Failure, Head, Message, Rating,
    RequestId, Saved, State, TurnEnd, TurnId, Update,
};
use serde_json::{Value, json};

use crate::driver::{Driver, Status};

/// The time limit of an answer. It is longer than any answer takes, also the one to `next`.
const PATIENCE: Duration = Duration::from_secs(90);

/// The longest line of an answer, in bytes: several times the largest event that is allowed.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;

/// A process with a client. It is killed when this value and all of its sessions are dropped.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    commands: Mutex<ChildStdin>,
    answers: Arc<Mutex<Answers>>,
    sessions: AtomicU64,
}

/// Who waits for answers.
#[derive(Debug, Default)]
struct Answers {
    sessions: HashMap<u64, Sender<Value>>,
    /// Why no more answers come.
    over: Option<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// Starts the process. Its standard input and output are piped.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn()?;
        let commands = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let answers = Arc::<Mutex<Answers>>::default();
        let receivers = Arc::clone(&answers);
        thread::spawn(move || {
            let reason = read_answers(BufReader::new(output), &receivers);
            // The sessions notice that no answer will come.
            let mut receivers = lock(&receivers);
            receivers.sessions.clear();
            receivers.over = Some(reason);
        });
        Ok(Self {
            child: Mutex::new(child),
            commands: Mutex::new(commands),
            answers,
            sessions: AtomicU64::new(1),
        })
    }

    fn session(self: &Arc<Self>) -> Remote {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = channel();
        let mut receivers = lock(&self.answers);
        if receivers.over.is_none() {
            receivers.sessions.insert(number, sender);
        }
        Remote {
            process: Arc::clone(self),
            number,
            answers: Mutex::new(answers),
            status: Mutex::new(Value::Null),
        }
    }
}

/// Passes answers on until the client ends or writes something else. Returns the reason.
fn read_answers(mut output: BufReader<ChildStdout>, receivers: &Mutex<Answers>) -> String {
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = output.by_ref().take(LINE_LIMIT);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) => return "the client ended".to_owned(),
            Ok(_) if line.last() != Some(&b'\n') => {
                return "the client ended in a line, or wrote too long a line".to_owned();
            }
            Ok(_) => {}
            Err(error) => return format!("the client cannot be read: {error}"),
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&line) else {
            let line = String::from_utf8_lossy(&line);
            let shown: String = line.chars().take(200).collect();
            return format!("the client wrote a line that is not JSON: {shown:?}");
        };
        let session = answer["session"].as_u64().unwrap_or_default();
        if let Some(receiver) = lock(receivers).sessions.get(&session) {
            // A session that is gone wants no answer.
            let _ = receiver.send(answer);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A session in another process.
#[derive(Debug)]
pub struct Remote {
    process: Arc<Process>,
    number: u64,
    answers: Mutex<Receiver<Value>>,
    status: Mutex<Value>,
}

impl Remote {
    /// Opens a session: a new one, or one that continues what was saved.
    ///
    /// # Panics
    ///
    /// The client fails, does not answer within 90 s, or answers with something else.
    #[must_use]
    pub fn open(
        process: &Arc<Process>,
        endpoint: &Endpoint,
        config: &Config,
        saved: Option<&Saved>,
    ) -> Self {
        let remote = process.session();
        remote.open_again(endpoint, config, saved, 0.0);
        remote
    }

    /// Opens the session again, as after a restart of the client. `now` is the time in ms, for a
    /// client in virtual time.
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    pub fn open_again(
        &self,
        endpoint: &Endpoint,
        config: &Config,
        saved: Option<&Saved>,
        now: f64,
    ) {
        let mut options = credentials(endpoint);
        options["baseUrl"] = endpoint.base_url().into();
        options["settings"] = settings(config);
        let mut command = json!({ "do": "open", "options": options, "now": now });
        if let Some(saved) = saved {
            command["saved"] = serde_json::to_string(saved).expect("plain data").into();
        }
        self.ask(command);
    }

    /// Sends a command of the client's own, a JSON object without `session`. Returns its answer.
    ///
    /// # Panics
    ///
    /// The command is no JSON object, or as for [`open`](Self::open).
    pub fn command(&self, command: &str) -> String {
        let command: Value = serde_json::from_str(command).expect("a command is JSON");
        self.ask(command).to_string()
    }

    /// Sends a command. Returns its answer.
    fn ask(&self, mut command: Value) -> Value {
        command["session"] = self.number.into();
        let written = writeln!(lock(&self.process.commands), "{command}");
        let answers = lock(&self.answers);
        let received = written.map(|()| answers.recv_timeout(PATIENCE));
        let answer = match received {
            Ok(Ok(answer)) => answer,
            Ok(Err(RecvTimeoutError::Timeout)) => {
                panic!("no answer to {command} in {} s", PATIENCE.as_secs())
            }
            Ok(Err(RecvTimeoutError::Disconnected)) | Err(_) => {
                let reason = lock(&self.process.answers).over.clone();
                let reason = reason.unwrap_or_else(|| "the client reads no more".to_owned());
                panic!("{reason}, before its answer to {command}");
            }
        };
        assert!(
            answer["failed"].is_null(),
            "{command}: {}",
            answer["failed"]
        );
        *lock(&self.status) = answer["status"].clone();
        answer
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        lock(&self.process.answers).sessions.remove(&self.number);
        let close = json!({ "session": self.number, "do": "close" });
        // The process may be gone.
        let _ = writeln!(lock(&self.process.commands), "{close}");
    }
}

impl Driver for Remote {
    fn send(&mut self, message: Message) {
        let command = json!({ "do": "send", "text": message.as_str() });
        assert_eq!(self.ask(command)["accepted"], true, "{message:?}");
    }

    fn next(&mut self) -> Option<Update<'static>> {
        loop {
            let answer = self.ask(json!({ "do": "next" }));
            let shown = &answer["update"];
            if shown.is_null() {
                return None;
            }
            let in_progress = answer["status"]["turnInProgress"] == true;
            let update = update(shown, in_progress);
            if update.is_some() {
                return update;
            }
        }
    }

    fn status(&self) -> Status {
        let status = lock(&self.status);
        let id = status["id"].as_str();
        Status {
            id: id.map(|id| ConversationId::new(id).expect("an id")),
            state: State::from(status["state"].as_str().expect("a state")),
            is_polling: status["isPolling"] == true,
            turn_in_progress: status["turnInProgress"] == true,
        }
    }

    fn cancel(&mut self) {
        self.ask(json!({ "do": "cancel" }));
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let rating = u8::from(rating == Rating::Up);
        let command = json!({ "do": "rate", "rating": rating, "comment": comment });
        assert_eq!(self.ask(command)["accepted"], true, "{comment}");
    }

    fn save(&self) -> Saved {
        let answer = self.ask(json!({ "do": "save" }));
        let saved = answer["saved"].as_str().expect("the saved conversation");
        serde_json::from_str(saved).expect("what another client can read")
    }
}

/// Reads an update, a JSON object as a client writes it. Returns `None` if its type is unknown.
///
/// # Panics
///
/// It is no update.
#[must_use]
pub fn read_update(shown: &str) -> Option<Update<'static>> {
    update(
        &serde_json::from_str(shown).expect("an update is JSON"),
        false,
    )
}

/// The key or the slug of an endpoint, which only its requests show.
fn credentials(endpoint: &Endpoint) -> Value {
    let message = Message::new("Բարև").expect("a short text");
    let request = endpoint.chat(&ChatRequest::new(message));
    let mut headers = request.headers();
    if let Some((_, value)) = headers.find(|(name, _)| *name == "authorization") {
        let value = core::str::from_utf8(value).expect("visible ASCII");
        return json!({ "key": value.trim_start_matches("Bearer ") });
    }
    match request.target().split_once("?slug=") {
        Some((_, slug)) => json!({ "slug": slug }),
        None => json!({}),
    }
}

/// A configuration with the names of the npm package.
fn settings(config: &Config) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    json!({
        "responseTimeout": ms(config.response_timeout),
        "idleTimeout": ms(config.idle_timeout),
        "progressTimeout": ms(config.progress_timeout),
        "settleTimeout": ms(config.settle_timeout),
        "attempts": config.attempts,
        "rateLimitDelays": config.rate_limit_delays.map(ms),
        "retryAfterLimit": ms(config.retry_after_limit),
        "notSentDelays": config.not_sent_delays.map(ms),
        "recoveryDelays": config.recovery_delays.map(ms),
        "pollInterval": ms(config.poll_interval),
        "pollBackoffLimit": ms(config.poll_backoff_limit),
        "replyLimit": config.reply_limit,
        "eventLimit": config.event_limit,
        "errorLimit": config.error_limit,
        "pageLimit": config.page_limit,
    })
}

/// An update from its JSON. What is delayed is the message if a turn is in progress.
fn update(shown: &Value, in_progress: bool) -> Option<Update<'static>> {
    let text = |name: &str| shown[name].as_str().map(str::to_owned);
    let parsed = |name: &str| shown[name].as_str().map(|it| it.parse().expect("a time"));
    // A raw value can be read only from text.
    let raw = |value: &Value| value.to_string();
    // A session has one turn and one rating at a time, so a client need not number them.
    let number = |name: &str| shown[name].as_u64().unwrap_or_default();
    Some(match shown["type"].as_str().expect("a type") {
        "meta" => Update::Meta {
            conversation_id: shown["conversation_id"]
                .as_str()
                .map(|id| Cow::Owned(ConversationId::new(id).expect("an id"))),
            is_replaced: shown["is_replaced"] == true,
        },
        "delta" => Update::Delta {
            text: text("append").expect("a text").into(),
        },
        "done" => Update::Done {
            message_id: serde_json::from_str(&raw(&shown["message_id"]))
                .ok()
                .map(Cow::Owned),
            state: text("state").map(|state| Cow::Owned(State::from(&*state))),
            ts: parsed("ts").map(Cow::Owned),
        },
        "human" => Update::Human {
            message: text("message").map(Cow::Owned),
            ts: parsed("ts").map(Cow::Owned),
        },
        "recovering" => Update::Recovering {
            error: Cow::Owned(failure(&shown["error"])),
        },
        "recovered" => Update::Recovered {
            message: {
                let (id, content) = (&shown["message_id"], &shown["text"]);
                let message = json!({ "id": id, "role": "assistant", "content": content });
                Cow::Owned(serde_json::from_str(&raw(&message)).expect("a message"))
            },
            missing: text("append").expect("a text").into(),
        },
        "turn_ended" => Update::TurnEnded {
            turn: TurnId::from_u64(number("turn")),
            end: Cow::Owned(match shown["end"].as_str().expect("a word") {
                "done" => TurnEnd::Done,
                "human" => TurnEnd::Human,
                "recovered" => TurnEnd::Recovered,
                "cancelled" => TurnEnd::Cancelled,
                _ => TurnEnd::Failed(failure(&shown["error"])),
            }),
        },
        "state" => Update::State(Cow::Owned(State::from(&*text("state").expect("a state")))),
        "message" => {
            let message = serde_json::from_str(&raw(shown)).expect("a message of the API");
            Update::Message(Cow::Owned(message))
        }
        "handoff_failed" => Update::HandoffFailed {
            error: Cow::Owned(failure(&shown["error"])),
        },
        "rated" => Update::Rated {
            request: RequestId::from_u64(number("request")),
            rating: if shown["rating"] == 1 {
                Rating::Up
            } else {
                Rating::Down
            },
        },
        "rating_failed" => Update::RatingFailed {
            request: RequestId::from_u64(number("request")),
            error: Cow::Owned(failure(&shown["error"])),
        },
        "delayed" => Update::Delayed {
            what: if in_progress {
                Delayed::Message
            } else {
                Delayed::Poll
            },
            delay: Duration::try_from_secs_f64(shown["seconds"].as_f64().unwrap_or_default())
                .expect("a span of time"),
            reason: match shown["reason"].as_str() {
                Some("rate_limited") => DelayReason::RateLimited,
                Some("not_sent") => DelayReason::NotSent,
                _ => DelayReason::Transient,
            },
        },
        _ => return None,
    })
}

/// A failure from its JSON: its class, and what it says about the message.
fn failure(shown: &Value) -> Failure {
    let message = shown["message"].as_str().expect("a sentence");
    let failure = match shown["class"].as_str().expect("a class") {
        "UnreachableError" => Failure::NotSent(Cause::from(message)),
        "NoAnswerError" => Failure::Unanswered(Cause::from(message)),
        "IncompleteError" => Failure::Cut(Cut::Truncated),
        "ServiceError" => Failure::Service(message.into()),
        "NotAReplyError" => Failure::Refused(ResponseError::NotEventStream(None)),
        "RefusedError" => Failure::Refused(refusal(shown)),
        other => panic!("{other}: {shown}"),
    };
    for (name, meant) in [
        ("mayHaveBeenTaken", failure.may_have_been_taken()),
        ("canBeSentAgain", failure.can_be_sent_again()),
    ] {
        let is_meant = shown[name].is_null() || shown[name] == meant;
        assert!(is_meant, "{name} is not {meant}: {shown}");
    }
    failure
}

/// A service's refusal can only come from an answer.
fn refusal(shown: &Value) -> ResponseError {
    let status = shown["status"]
        .as_u64()
        .and_then(|it| u16::try_from(it).ok());
    let mut head = Head::new(status.expect("a status"));
    head.header("content-type", b"application/json");
    if let Some(seconds) = shown["retryAfter"].as_u64() {
        head.header("retry-after", seconds.to_string().as_bytes());
    }
    static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
    let endpoint = ENDPOINT
        .get_or_init(|| Endpoint::new("https://chat.example", Credentials::none()).expect("a URL"));
    let answer = Answer::to_chat(head, endpoint, &Config::default());
    let mut answer = answer.expect("it is no reply");
    let error = json!({ "error": { "code": shown["code"], "message": shown["message"] } });
    answer.handle_body(error.to_string().as_bytes());
    answer.into_chat_error()
}
