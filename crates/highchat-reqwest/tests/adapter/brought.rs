//! Clients that are brought, with everything on that must be off: what is promised nevertheless.

use core::time::Duration;

use highchat_reqwest::proto::failure::ResponseError;
use highchat_reqwest::{
    AskError, Client, Config, ConversationId, Failure, MessagesRequest, Session,
};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::brisk;
use highchat_testing::trials::words::{DONE, HEAD, META, answer, delta};
use reqwest::{ClientBuilder, StatusCode, redirect, retry};

use crate::support::*;

const REDIRECTS: [&str; 5] = [
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
];

/// The lines of the requests that came, without their version.
fn lines(service: &Playback) -> Vec<String> {
    let requests = service.requests().into_iter();
    let line = |request: Vec<u8>| {
        let text = String::from_utf8(request).unwrap();
        text.split(" HTTP").next().unwrap().to_owned()
    };
    requests.map(line).collect()
}

fn redirect_to(status: &str, location: &str) -> Step {
    Step::send(answer(status, &format!("location: {location}\r\n"), ""))
}

fn unchecked(base_url: &str, builder: ClientBuilder) -> Client {
    let client = builder.build().unwrap();
    Client::with_unchecked_client(endpoint(base_url), brisk(), client)
}

#[tokio::test]
async fn a_redirect_that_was_followed_is_never_taken_for_the_answer() {
    for status in REDIRECTS {
        let other = Playback::start([vec![whole_reply()]]).unwrap();
        let location = format!("{}/v1/chat", other.base_url());
        let service = Playback::start([vec![redirect_to(status, &location)]]).unwrap();
        let client = unchecked(service.base_url(), builder());
        let failure = client.chat(&request()).await.unwrap_err();
        assert!(
            failure.may_have_been_taken() || status.starts_with("30"),
            "{status}"
        );
        assert!(
            failure.to_string().contains("redirect"),
            "{status}: {failure}"
        );
        assert_eq!(lines(&service), ["POST /v1/chat"], "{status}");
        // The message is not repeated, whatever the status asks for.
        let followed = !matches!(failure, Failure::Refused(_));
        let expected: &[&str] = if followed { &["GET /v1/chat"] } else { &[] };
        assert_eq!(lines(&other), expected, "{status}");
        let sent = other.requests().concat();
        assert!(!String::from_utf8_lossy(&sent).contains(KEY), "{status}");
    }
}

#[tokio::test]
async fn a_builder_that_follows_redirects_does_so_no_more() {
    for status in REDIRECTS {
        let other = Playback::start([vec![whole_reply()]]).unwrap();
        let service = Playback::start([vec![redirect_to(status, other.base_url())]]).unwrap();
        let endpoint = endpoint(service.base_url());
        let client = Client::with_builder(endpoint, Config::default(), |_| {
            builder().redirect(redirect::Policy::limited(5))
        });
        let refused = client.chat(&request()).await;
        let code = status[..3].parse().unwrap();
        let error = ResponseError::Redirect(code);
        let is_refused = matches!(&refused, Err(Failure::Refused(found)) if *found == error);
        assert!(is_refused, "{refused:?}");
        assert_eq!(other.connections(), 0, "{status}");
    }
}

/// The connection error comes after the message was sent.
#[tokio::test]
async fn a_connection_that_is_refused_after_a_redirect_does_not_mean_not_sent() {
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let scripts = [(); 3].map(|()| vec![redirect_to("302 Found", &gone)]);
    let service = Playback::start(scripts).unwrap();
    let mut session = Session::new(unchecked(service.base_url(), builder()));
    let failed = session.ask(message()).await.unwrap_err();
    let is_unanswered = matches!(
        failed,
        AskError::Failed {
            error: Failure::Unanswered(_),
            ..
        }
    );
    assert!(is_unanswered, "{failed:?}");
    assert_eq!(lines(&service), ["POST /v1/chat"]);
}

fn retrying() -> ClientBuilder {
    let policy = retry::for_host("127.0.0.1").no_budget();
    builder().retry(policy.max_retries_per_request(2).classify_fn(|attempt| {
        if attempt.status() == Some(StatusCode::SERVICE_UNAVAILABLE) {
            attempt.retryable()
        } else {
            attempt.success()
        }
    }))
}

#[tokio::test]
async fn a_client_that_retries_sends_a_message_once() {
    let busy = || vec![Step::send(answer("503 Service Unavailable", "", ""))];
    let service = Playback::start([busy(), busy(), busy()]).unwrap();
    let client = unchecked(service.base_url(), retrying());
    let refused = client.chat(&request()).await;
    assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
    assert_eq!(lines(&service), ["POST /v1/chat"]);

    // The policy is in force: a read, which may be repeated, is.
    let service = Playback::start([busy(), busy(), busy()]).unwrap();
    let client = unchecked(service.base_url(), retrying());
    let page = MessagesRequest::new(ConversationId::new("c1").unwrap());
    assert!(client.messages(&page).await.is_err());
    assert_eq!(service.connections(), 3);

    // A builder with that policy loses it.
    let service = Playback::start([busy(), busy(), busy()]).unwrap();
    let endpoint = endpoint(service.base_url());
    let client = Client::with_builder(endpoint, brisk(), |_| retrying());
    assert!(client.messages(&page).await.is_err());
    assert_eq!(service.connections(), 1);
}

#[tokio::test]
async fn timeouts_of_reqwest_do_not_cut_a_reply() {
    let short = Duration::from_millis(50);
    let script = || {
        let begin = [HEAD, META, &delta("Բարև ")].concat();
        let end = [&delta("👋"), DONE].concat();
        vec![Step::send(begin), Step::Pause(short * 6), Step::send(end)]
    };
    let service = Playback::start([script(), script()]).unwrap();
    let brought = unchecked(service.base_url(), builder().timeout(short));
    let built = Client::with_builder(endpoint(service.base_url()), brisk(), |_| {
        builder().timeout(short).read_timeout(short)
    });
    for client in [brought, built] {
        let answered = Session::new(client).ask(message()).await.unwrap();
        assert_eq!(answered.text, "Բարև 👋");
    }
}

/// A client with a pool, over HTTP/1.1: each connection is used once nevertheless.
#[tokio::test]
async fn no_send_of_a_client_with_a_pool_is_lost_to_a_connection_that_died() {
    let reply = [META, &delta("Բարև 👋"), DONE].concat();
    let fields = "content-type: text/event-stream\r\n";
    // The answer allows the connection to be kept, and then the service closes it silently.
    let script = vec![Step::send(answer("200 OK", fields, &reply)), Step::Close];
    let service = Playback::start(vec![script; 200]).unwrap();
    let mut session = Session::new(unchecked(service.base_url(), builder()));
    for at in 0..200 {
        let answered = session.ask(message()).await;
        assert_eq!(answered.unwrap().text, "Բարև 👋", "{at}");
    }
    assert_eq!(service.requests().len(), 200);
    assert_eq!(service.connections(), 200);
}

/// The service keeps the connection open, so only the client can close it.
#[tokio::test]
async fn a_client_with_a_pool_leaves_no_connection_in_it() {
    let page = r#"{"state":"bot","messages":[]}"#;
    let script = vec![Step::send(answer("200 OK", "", page)), Step::Hold];
    let service = Playback::start([script.clone(), script]).unwrap();
    let client = unchecked(service.base_url(), builder());
    let request = MessagesRequest::new(ConversationId::new("c1").unwrap());
    for _ in 0..2 {
        client.messages(&request).await.unwrap();
    }
    assert_eq!(service.connections(), 2);
    let close = tokio::task::spawn_blocking(move || {
        (0..2).all(|at| service.wait_for_close(at, Duration::from_secs(30)))
    });
    assert!(close.await.unwrap());
}
