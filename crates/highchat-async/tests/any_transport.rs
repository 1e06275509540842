//! A session over a transport in memory, without a runtime: what it does with each input.

use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::{Pending, Ready, pending, ready};
use futures_util::stream::{Iter, Repeat, iter, repeat};
use highchat_async::{Session, Timer, Transport};
use highchat_proto::failure::{Cause, Cut};
use highchat_proto::http::{Head, Request};
use highchat_proto::{
    AskError, ChatRequest, Config, Credentials, Endpoint, Failure, Message, MessagesRequest,
};

const META: &str = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
const DELTA: &str = "event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n";
const DONE: &str = "event: done\ndata: {}\n\n";

type Chunks = Vec<Result<Bytes, Cause>>;

/// Answers the requests in order, and notes them.
#[derive(Clone)]
struct Scripted {
    endpoint: Endpoint,
    config: Config,
    answers: Arc<Mutex<VecDeque<Result<Chunks, Failure>>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Result<Chunks, Failure>>) -> Self {
        let credentials = Credentials::slug("demo").unwrap();
        Self {
            endpoint: Endpoint::new("https://chat.example", credentials).unwrap(),
            config: Config::default(),
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            requests: Arc::default(),
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Scripted {
    type Opening = Ready<Result<(Head, Self::Body), Failure>>;
    type Body = Iter<std::vec::IntoIter<Result<Bytes, Cause>>>;
    type Kept = ();
    type Timer = Jump;
    const NAME: &'static str = "scripted";

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn open(&self, request: Request, (): &()) -> Self::Opening {
        self.requests.lock().unwrap().push(request.to_string());
        let answer = self.answers.lock().unwrap().pop_front();
        ready(answer.expect("a request too many").map(|chunks| {
            let mut head = Head::new(200);
            head.header("content-type", b"text/event-stream");
            (head, iter(chunks))
        }))
    }
}

/// A timer whose waits are over at once; time stands still meanwhile.
struct Jump;

impl Timer for Jump {
    type Sleep = Ready<()>;

    fn start() -> Self {
        Self
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(_: Duration) -> Self::Sleep {
        ready(())
    }
}

/// Polls a future once: nothing here has to wait.
fn now<F: Future>(future: F) -> F::Output {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn chunks(texts: &[&'static str]) -> Chunks {
    let chunk = |text: &&'static str| Ok(Bytes::from_static(text.as_bytes()));
    texts.iter().map(chunk).collect()
}

fn message() -> Message {
    Message::new("Ողջույն 🙂").unwrap()
}

#[test]
fn a_session_needs_no_runtime() {
    let service = Scripted::new([Ok(chunks(&[META, DELTA, DONE]))]);
    let answered = now(Session::new(service.clone()).ask(message())).unwrap();
    assert_eq!(answered.text, "Բարև 👋");
    assert_eq!(service.requests(), ["POST /v1/chat"]);
}

#[test]
fn a_body_that_fails_is_not_a_whole_reply() {
    let mut cut = chunks(&[DELTA]);
    cut.push(Err(Cause::from("կտրվեց 🔌")));
    for end in [cut, chunks(&[DELTA])] {
        let service = Scripted::new([Ok(end)]);
        let failed = now(Session::new(service.clone()).ask(message())).unwrap_err();
        assert_eq!(failed.text(), "Բարև 👋");
        let is_cut = matches!(
            failed,
            AskError::Failed {
                error: Failure::Cut(_),
                ..
            }
        );
        assert!(is_cut, "{failed:?}");
        assert_eq!(service.requests(), ["POST /v1/chat"]);
    }
}

#[test]
fn only_a_message_that_was_surely_not_sent_is_sent_again() {
    let not_sent = Err(Failure::NotSent(Cause::UNKNOWN));
    let service = Scripted::new([not_sent, Ok(chunks(&[DELTA, DONE]))]);
    let answered = now(Session::new(service.clone()).ask(message())).unwrap();
    assert_eq!(answered.text, "Բարև 👋");
    assert_eq!(service.requests().len(), 2);

    let lost = Err(Failure::Unanswered(Cause::from("կորավ 🔌")));
    let service = Scripted::new([lost]);
    let failed = now(Session::new(service.clone()).ask(message())).unwrap_err();
    let is_lost = matches!(
        failed,
        AskError::Failed {
            error: Failure::Unanswered(_),
            ..
        }
    );
    assert!(is_lost, "{failed:?}");
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn one_call_is_one_exchange() {
    let mut cut = chunks(&[DELTA]);
    cut.push(Err(Cause::UNKNOWN));
    let service = Scripted::new([Ok(chunks(&[DELTA, DONE])), Ok(cut)]);
    let request = ChatRequest::new(message());
    let reply = now(highchat_async::chat(&service, &request)).unwrap();
    assert_eq!(now(reply.collect_text()).unwrap().text, "Բարև 👋");
    let reply = now(highchat_async::chat(&service, &request)).unwrap();
    let failed = now(reply.collect_text()).unwrap_err();
    let error = Failure::Cut(Cut::Interrupted);
    let text = "Բարև 👋".into();
    assert_eq!(failed, AskError::Failed { text, error });

    let page = r#"{"state":"bot","messages":[]}"#;
    let service = Scripted::new([Ok(chunks(&[page]))]);
    let request = MessagesRequest::new("c1".parse().unwrap());
    let page = now(highchat_async::messages(&service, &request));
    assert!(page.is_ok(), "{page:?}");
}

/// A service that never answers.
#[derive(Clone)]
struct Silent(Endpoint, Config);

impl Transport for Silent {
    type Opening = Pending<Result<(Head, Self::Body), Failure>>;
    type Body = Iter<std::vec::IntoIter<Result<Bytes, Cause>>>;
    type Kept = ();
    type Timer = Jump;
    const NAME: &'static str = "silent";

    fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    fn config(&self) -> &Config {
        &self.1
    }

    fn open(&self, _: Request, (): &()) -> Self::Opening {
        pending()
    }
}

#[test]
fn a_call_that_is_not_answered_times_out() {
    let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo").unwrap());
    let service = Silent(endpoint.unwrap(), Config::default());
    let reply = now(highchat_async::chat(&service, &ChatRequest::new(message())));
    assert!(matches!(reply, Err(Failure::TimedOut)), "{reply:?}");
    let failed = now(Session::new(service).ask(message())).unwrap_err();
    let is_lost = matches!(
        failed,
        AskError::Failed {
            error: Failure::TimedOut,
            ..
        }
    );
    assert!(is_lost, "{failed:?}");
}

/// A service that sends pings for ever, as fast as the client reads.
#[derive(Clone)]
struct Flood(Endpoint, Config);

impl Transport for Flood {
    type Opening = Ready<Result<(Head, Self::Body), Failure>>;
    type Body = Repeat<Result<Bytes, Cause>>;
    type Kept = ();
    type Timer = Busy;
    const NAME: &'static str = "flood";

    fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    fn config(&self) -> &Config {
        &self.1
    }

    fn open(&self, _: Request, (): &()) -> Self::Opening {
        let mut head = Head::new(200);
        head.header("content-type", b"text/event-stream");
        let pings = "event: ping\ndata: {}\n\n".repeat(10);
        ready(Ok((head, repeat(Ok(pings.into())))))
    }
}

/// A timer for a program that is always busy: each look at the clock takes 1 s, and no wait ends.
#[derive(Default)]
struct Busy(AtomicU64);

impl Timer for Busy {
    type Sleep = Pending<()>;

    fn start() -> Self {
        Self::default()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(_: Duration) -> Self::Sleep {
        pending()
    }
}

#[test]
fn pings_without_a_pause_are_no_progress() {
    let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo").unwrap());
    let service = Flood(endpoint.unwrap(), Config::default());
    let mut reply = now(highchat_async::chat(&service, &ChatRequest::new(message()))).unwrap();
    let mut events = 0;
    let failure = loop {
        match now(reply.next_event()) {
            Ok(event) => assert!(event.is_some()),
            Err(failure) => break failure,
        }
        events += 1;
        assert!(events < 1000, "it does not end");
    };
    assert_eq!(failure, Failure::Cut(Cut::NoProgress));
    let failed = now(Session::new(service).ask(message())).unwrap_err();
    let error = Failure::Cut(Cut::NoProgress);
    let text = String::new();
    assert_eq!(failed, AskError::Failed { text, error });
}
