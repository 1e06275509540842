//! The three calls, against a service that follows the API's text.

use core::time::Duration;

use highchat_proto::failure::{ApiError, ErrorCode, ResponseError};
use highchat_proto::{
    ChatRequest, ConversationId, Credentials, Endpoint, Event, Message, MessagesRequest, Rating,
    RatingRequest, State,
};
use highchat_sandbox::Sandbox;
use highchat_ureq::{Client, Failure};

use crate::support::patient;

fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().token_delay(Duration::ZERO).rate_limit(2);
    builder.key("hc_one").start().unwrap()
}

fn clients(sandbox: &Sandbox) -> [Client; 2] {
    let key = Credentials::key(sandbox.key()).unwrap();
    let slug = Credentials::slug(sandbox.slug()).unwrap();
    [key, slug].map(|credentials| {
        let endpoint = Endpoint::new(sandbox.base_url(), credentials).unwrap();
        Client::with_config(endpoint, patient())
    })
}

fn asking(text: &str) -> ChatRequest {
    ChatRequest::new(Message::new(text).unwrap())
}

#[track_caller]
fn refused(failure: Failure) -> ApiError {
    match failure {
        Failure::Refused(ResponseError::Api(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Sends a message. Returns the conversation id, the text of the reply, and the state after
/// it.
fn ask(client: &Client, request: &ChatRequest) -> (ConversationId, String, State) {
    let (mut id, mut whole, mut end) = (None, String::new(), None);
    for event in client.chat(request).unwrap() {
        match event.unwrap() {
            Event::Meta { conversation_id } => id = conversation_id,
            Event::Delta { text } => whole.push_str(&text),
            Event::Done { state, .. } => end = Some(state),
            other => panic!("{other:?}"),
        }
    }
    (id.unwrap(), whole, end.flatten().unwrap())
}

#[test]
fn a_conversation_continues_and_its_messages_can_be_read() {
    let sandbox = sandbox();
    for client in clients(&sandbox) {
        let (id, first, state) = ask(&client, &asking("Իմ անունը Անի է"));
        assert_eq!(state, State::Bot);
        assert!(!first.is_empty());
        let request = asking("Ինչպե՞ս է իմ անունը").with_conversation(id.clone());
        let (same_id, second, _) = ask(&client, &request);
        assert_eq!(same_id, id);
        assert!(second.contains("Անի"), "{second}");

        let page = client.messages(&MessagesRequest::new(id.clone())).unwrap();
        assert_eq!(page.state, Some(State::Bot));
        assert!(page.ts.is_some());
        let said = page
            .messages
            .iter()
            .map(|message| (message.role.as_str(), &*message.content));
        assert_eq!(
            said.collect::<Vec<_>>(),
            [
                ("user", "Իմ անունը Անի է"),
                ("assistant", &*first),
                ("user", "Ինչպե՞ս է իմ անունը"),
                ("assistant", &*second),
            ]
        );
        let after = page.messages[1].created_at.clone().unwrap();
        let request = MessagesRequest::new(id).with_after(after);
        let page = client.messages(&request).unwrap();
        let contents = page.messages.iter().map(|message| &*message.content);
        assert_eq!(
            contents.collect::<Vec<_>>(),
            ["Ինչպե՞ս է իմ անունը", &*second]
        );
    }
}

#[test]
fn a_handoff_ends_a_reply_and_its_state_can_be_read() {
    let sandbox = sandbox();
    let [client, _] = clients(&sandbox);
    let events: Result<Vec<_>, _> = client.chat(&asking("/human")).unwrap().collect();
    let events = events.unwrap();
    let [
        Event::Meta { conversation_id },
        ..,
        Event::Human {
            message: Some(message),
            ..
        },
    ] = &*events
    else {
        panic!("{events:?}");
    };
    assert!(!message.is_empty());
    let id = conversation_id.clone().unwrap();
    let page = client.messages(&MessagesRequest::new(id)).unwrap();
    assert_eq!(page.state, Some(State::Human));
}

#[test]
fn an_error_ends_a_reply_with_its_message() {
    let sandbox = sandbox();
    let [client, _] = clients(&sandbox);
    let events: Result<Vec<_>, _> = client.chat(&asking("/error")).unwrap().collect();
    let events = events.unwrap();
    let Some(Event::Error {
        message: Some(message),
    }) = events.last()
    else {
        panic!("{events:?}");
    };
    assert!(!message.is_empty());
}

#[test]
fn a_rating_reaches_the_service() {
    let sandbox = sandbox();
    let [client, _] = clients(&sandbox);
    let (id, ..) = ask(&client, &asking("Բարև"));
    let request = RatingRequest::new(id.clone(), Rating::Up).with_comment("շատ օգտակար էր");
    client.rate(&request).unwrap();
    client
        .rate(&RatingRequest::new(id.clone(), Rating::Down))
        .unwrap();
    let rated: Vec<_> = sandbox.requests().into_iter().skip(1).collect();
    let bodies: Vec<_> = rated.iter().map(|request| &*request.body).collect();
    assert_eq!(
        bodies,
        [
            r#"{"rating":1,"comment":"շատ օգտակար էր"}"#.as_bytes(),
            br#"{"rating":0}"#,
        ]
    );
    assert!(
        rated
            .iter()
            .all(|request| request.path == format!("/v1/conversations/{id}/rating"))
    );
}

#[test]
fn a_refusal_has_its_code_message_and_retry_after() {
    let sandbox = sandbox();
    let wrong = Credentials::key("hc_wrong").unwrap();
    let stranger = Client::new(Endpoint::new(sandbox.base_url(), wrong).unwrap());
    let nowhere = || ConversationId::new("nowhere").unwrap();
    for failure in [
        stranger.chat(&asking("Բարև")).map(drop).unwrap_err(),
        stranger
            .messages(&MessagesRequest::new(nowhere()))
            .map(drop)
            .unwrap_err(),
        stranger
            .rate(&RatingRequest::new(nowhere(), Rating::Up))
            .unwrap_err(),
    ] {
        let error = refused(failure);
        assert_eq!(error.status, 401);
        assert_eq!(error.code, Some(ErrorCode::Unauthenticated));
        assert!(error.message.is_some());
    }

    let [client, _] = clients(&sandbox);
    for failure in [
        client
            .chat(&asking("a").with_conversation(nowhere()))
            .map(drop)
            .unwrap_err(),
        client
            .messages(&MessagesRequest::new(nowhere()))
            .map(drop)
            .unwrap_err(),
        client
            .rate(&RatingRequest::new(nowhere(), Rating::Up))
            .unwrap_err(),
    ] {
        let error = refused(failure);
        assert_eq!(error.status, 404);
        assert_eq!(error.code, Some(ErrorCode::NotFound));
    }

    ask(&client, &asking("one"));
    ask(&client, &asking("two"));
    let error = refused(client.chat(&asking("three")).unwrap_err());
    assert_eq!(error.status, 429);
    assert_eq!(error.code, Some(ErrorCode::RateLimited));
    assert!(
        error
            .retry_after
            .is_some_and(|wait| wait <= Duration::from_secs(60)),
        "{error:?}"
    );
}
