//! A client in another process, such as a page in a browser, for the same trials and lives as
//! every adapter.
//!
//! The process reads a command a line from its standard input, and writes an answer a line to
//! its standard output. Both are JSON objects; `session` says whose they are. Each command has
//! one answer. An answer has the `status` of the conversation: its `id`, its `state`, and
//! whether it `isPolling` and has a `turnInProgress`.
//!
//! | `do` | with | the answer has |
//! | --- | --- | --- |
//! | `open` | `options` of the session, and what was `saved`, if it continues | |
//! | `send` | `text` | `accepted` |
//! | `rate` | `rating` | `accepted` |
//! | `cancel` | | |
//! | `save` | | `saved` |
//! | `next` | | the next `update`, or none if there is nothing to wait for |
//! | `close` | | |
//!
//! A client in virtual time has these too, and every command has the time, `now`, in ms:
//!
//! | `do` | with | the answer has |
//! | --- | --- | --- |
//! | `drain` | | `said`: a `request`, an `abort` or an `update` each; `due`, in ms |
//! | `step` | `exchange`, and `head`, `body`, `end` or `lost` | |
//! | `timeout` | | |

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use highchat_proto::failure::{Cause, Cut, ResponseError};
use highchat_proto::http::Answer;
#[cfg(feature = "trials")]
use highchat_proto::session::Collector;
use highchat_proto::time::Instant;
#[cfg(feature = "trials")]
use highchat_proto::{Answered, AskError};
use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Failure, Head, Message, Rating,
    RequestId, Saved, State, TurnEnd, TurnId, Update,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::standing::Standing;
use crate::world::client::{Client, Said};
use crate::world::step::Step;

/// Longer than any answer takes, also the one to `next`.
const PATIENCE: Duration = Duration::from_secs(90);

/// The other process.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    commands: Mutex<ChildStdin>,
    answers: Arc<Mutex<HashMap<u64, Sender<Value>>>>,
    sessions: AtomicU64,
}

impl Process {
    /// Starts the process.
    ///
    /// # Panics
    ///
    /// The program cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().expect("the program starts");
        let commands = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let answers = Arc::<Mutex<HashMap<u64, Sender<Value>>>>::default();
        let receivers = Arc::clone(&answers);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let answer: Value = serde_json::from_str(&line)
                    .unwrap_or_else(|_| panic!("the client wrote {line:?}"));
                let session = answer["session"].as_u64().unwrap_or_default();
                let receivers = receivers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(receiver) = receivers.get(&session) {
                    // A session that is gone wants no answer.
                    let _ = receiver.send(answer);
                }
            }
            // The sessions notice that no answer will come.
            receivers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        });
        Self {
            child: Mutex::new(child),
            commands: Mutex::new(commands),
            answers,
            sessions: AtomicU64::new(1),
        }
    }

    fn session(self: &Arc<Self>) -> Remote {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = channel();
        let mut receivers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.insert(number, sender);
        Remote {
            process: Arc::clone(self),
            number,
            answers: Mutex::new(answers),
            status: Mutex::new(Value::Null),
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

/// A session in the other process.
#[derive(Debug)]
pub struct Remote {
    process: Arc<Process>,
    number: u64,
    answers: Mutex<Receiver<Value>>,
    status: Mutex<Value>,
}

impl Remote {
    /// Opens a session, new or saved.
    #[must_use]
    pub fn open(
        process: &Arc<Process>,
        endpoint: &Endpoint,
        config: &Config,
        saved: Option<&Saved>,
    ) -> Self {
        let remote = process.session();
        remote.open_with(endpoint, config, saved, Instant::ORIGIN);
        remote
    }

    fn open_with(&self, endpoint: &Endpoint, config: &Config, saved: Option<&Saved>, now: Instant) {
        let mut options = credentials(endpoint);
        options["baseUrl"] = endpoint.base_url().into();
        options["settings"] = settings(config);
        let mut command = json!({ "do": "open", "options": options, "now": ms(now) });
        if let Some(saved) = saved {
            command["saved"] = serde_json::to_string(saved).expect("plain data").into();
        }
        self.ask(command);
    }

    /// Sends a command. Returns its answer.
    fn ask(&self, mut command: Value) -> Value {
        command["session"] = self.number.into();
        {
            let mut commands = self.process.commands.lock();
            let commands = commands.as_mut().expect("no thread panicked with it");
            writeln!(commands, "{command}").expect("the client reads");
        }
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match answers.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => panic!("no answer to {command}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the client ended before {command}"),
        };
        assert!(answer["failed"].is_null(), "{command}: {answer}");
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = answer["status"].clone();
        answer
    }

    fn status(&self, field: &str) -> Value {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status[field].clone()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let mut commands = self.process.commands.lock();
        let commands = commands.as_mut().expect("no thread panicked with it");
        let close = json!({ "session": self.number, "do": "close" });
        // The process may be gone.
        let _ = writeln!(commands, "{close}");
    }
}

impl Standing for Remote {
    fn id(&self) -> Option<ConversationId> {
        let id = self.status("id");
        id.as_str()
            .map(|id| ConversationId::new(id).expect("an id"))
    }

    fn state(&self) -> State {
        State::from(self.status("state").as_str().expect("a state"))
    }

    fn is_polling(&self) -> bool {
        self.status("isPolling") == true
    }

    fn turn_in_progress(&self) -> bool {
        self.status("turnInProgress") == true
    }

    fn save(&self) -> Saved {
        let answer = self.ask(json!({ "do": "save" }));
        let saved = answer["saved"].as_str().expect("the saved conversation");
        serde_json::from_str(saved).expect("what another client can read")
    }
}

/// The process that a [`RemoteTalk`] is in.
#[cfg(feature = "trials")]
static PROCESS: OnceLock<Arc<Process>> = OnceLock::new();

/// A session in the process that [`talk_in`](Self::talk_in) set, for trials.
#[cfg(feature = "trials")]
#[derive(Debug)]
pub struct RemoteTalk(Remote);

#[cfg(feature = "trials")]
impl RemoteTalk {
    /// Sets the process of all sessions.
    ///
    /// # Panics
    ///
    /// It is set already.
    pub fn talk_in(process: Arc<Process>) {
        PROCESS.set(process).expect("it is set once");
    }

    fn open(endpoint: &Endpoint, config: &Config, saved: Option<&Saved>) -> Self {
        let process = PROCESS.get().expect("it is set");
        Self(Remote::open(process, endpoint, config, saved))
    }
}

#[cfg(feature = "trials")]
impl crate::trials::Talk for RemoteTalk {
    type Conversation = Remote;

    fn begin(endpoint: Endpoint, config: Config) -> Self {
        Self::open(&endpoint, &config, None)
    }

    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self {
        Self::open(&endpoint, &config, Some(&saved))
    }

    fn send(&mut self, message: Message) {
        let command = json!({ "do": "send", "text": message.as_str() });
        assert_eq!(self.0.ask(command)["accepted"], true, "{message:?}");
    }

    fn cancel(&mut self) {
        self.0.ask(json!({ "do": "cancel" }));
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let rating = u8::from(rating == Rating::Up);
        self.0
            .ask(json!({ "do": "rate", "rating": rating, "comment": comment }));
    }

    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool {
        let answer = self.0.ask(json!({ "do": "next" }));
        if answer["update"].is_null() {
            return false;
        }
        show(&update(&answer["update"]));
        true
    }

    fn conversation(&self) -> &Remote {
        &self.0
    }

    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        self.send(message);
        // A session has one turn at a time, so the only end that comes is this turn's.
        let mut collector = Collector::new(TurnId::from_u64(0));
        loop {
            let mut answered = None;
            let goes_on = self.next(|update| {
                let update = match update {
                    Update::TurnEnded { end, .. } => Update::TurnEnded {
                        turn: TurnId::from_u64(0),
                        end: end.clone(),
                    },
                    update => update.clone(),
                };
                answered = collector.handle_update(&update);
            });
            if let Some(answered) = answered {
                return answered;
            }
            assert!(goes_on, "the turn did not end");
        }
    }
}

/// A session in virtual time, for lives.
#[derive(Debug)]
pub struct RemoteLife {
    remote: Remote,
    endpoint: Arc<Endpoint>,
    config: Config,
}

impl RemoteLife {
    /// A client at the beginning of a life.
    #[must_use]
    pub fn new(process: &Arc<Process>, endpoint: Arc<Endpoint>, config: Config) -> Self {
        let remote = Remote::open(process, &endpoint, &config, None);
        Self {
            remote,
            endpoint,
            config,
        }
    }
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

impl Client for RemoteLife {
    type Conversation = Remote;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        let command = json!({ "do": "send", "text": message.as_str(), "now": ms(now) });
        self.remote.ask(command)["accepted"] == true
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        let rating = u8::from(rating == Rating::Up);
        let command = json!({ "do": "rate", "rating": rating, "now": ms(now) });
        self.remote.ask(command)["accepted"] == true
    }

    fn cancel(&mut self, now: Instant) {
        self.remote.ask(json!({ "do": "cancel", "now": ms(now) }));
    }

    fn conversation(&self) -> &Remote {
        &self.remote
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        let (endpoint, config) = (&self.endpoint, &self.config);
        self.remote.open_with(endpoint, config, saved.as_ref(), now);
    }

    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        let answer = self.remote.ask(json!({ "do": "drain", "now": ms(now) }));
        for said in answer["said"].as_array().expect("a list") {
            if let Some(request) = said["request"].as_object() {
                let text = |name: &str| request[name].as_str().unwrap_or_default();
                let number = request["exchange"].as_u64().expect("a number");
                hear(Said::Request(
                    number,
                    text("target"),
                    text("body").as_bytes(),
                ));
            } else if let Some(number) = said["abort"].as_u64() {
                hear(Said::Abort(number));
            } else {
                hear(Said::Update(update(&said["update"])));
            }
        }
        let due = answer["due"].as_f64()?;
        Some(Instant::from_origin(Duration::from_secs_f64(due / 1000.0)))
    }

    fn handle(&mut self, exchange: u64, step: &Step, now: Instant) {
        let mut command = json!({ "do": "step", "exchange": exchange, "now": ms(now) });
        match step {
            Step::Head(head) => {
                command["head"] = json!({
                    "status": head.status,
                    "contentType": head.content_type,
                    "retryAfter": head.retry_after,
                });
            }
            Step::Body(bytes) => command["body"] = json!(bytes),
            Step::End => command["end"] = true.into(),
            // `fetch` does not say whether a request that failed was sent.
            Step::Lost | Step::NotSent => command["lost"] = true.into(),
        }
        self.remote.ask(command);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.remote.ask(json!({ "do": "timeout", "now": ms(now) }));
    }
}

fn ms(now: Instant) -> f64 {
    let micros = u32::try_from(now.since_origin().as_micros() % 1000).unwrap_or_default();
    let millis = u32::try_from(now.since_origin().as_millis()).unwrap_or(u32::MAX);
    f64::from(millis) + f64::from(micros) / 1000.0
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

/// An update from its JSON.
fn update(shown: &Value) -> Update<'static> {
    let text = |name: &str| shown[name].as_str().map(str::to_owned);
    let parsed = |name: &str| shown[name].as_str().map(|it| it.parse().expect("a time"));
    let read_id = |name: &str| shown[name].as_str().map(|_| read(&shown[name]));
    let number = |name: &str| shown[name].as_u64().expect("a number");
    match shown["type"].as_str().expect("a type") {
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
            message_id: read_id("message_id").map(Cow::Owned),
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
            message: Cow::Owned(read(&json!({
                "id": shown["message_id"], "role": "assistant", "content": shown["text"],
            }))),
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
        "message" => Update::Message(Cow::Owned(read(shown))),
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
        // What is left says nothing about a message: `delayed`, `unreadable`, `unknown`.
        _ => Update::Unknown {
            event: shown["type"].to_string().into(),
            data: shown.to_string().into(),
        },
    }
}

/// A value of the API. It is read from text, because a raw value can be read only from text.
fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).expect("a value of the API")
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
    let told = (&shown["mayHaveBeenTaken"], &shown["canBeSentAgain"]);
    let meant = (failure.may_have_been_taken(), failure.can_be_sent_again());
    assert!(*told.0 == meant.0 && *told.1 == meant.1, "{shown}");
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
