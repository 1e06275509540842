//! The clients of this workspace through the proxy, unchanged and without a key.

use highchat_hyper::{Client, Failure};
use highchat_proto::endpoint::{Credentials, Endpoint};
use highchat_proto::event::Event;
use highchat_proto::message::Message;
use highchat_proto::request::{ChatRequest, MessagesRequest, Rating, RatingRequest};
use highchat_proxy::Secret;
use highchat_sandbox::Step;

use crate::support::*;

fn client(through: &Through) -> Client {
    Client::new(Endpoint::new(&through.base_url(), Credentials::none()).unwrap())
}

fn message(text: &str) -> ChatRequest {
    ChatRequest::new(Message::new(text).unwrap())
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work);
}

#[test]
fn a_client_talks_polls_and_rates_without_a_key() {
    let sandbox = sandbox();
    let through = Through::to(sandbox.base_url(), |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
    });
    run(async {
        let client = client(&through);
        let mut reply = client
            .chat(&message("Բարև, ի՞նչ ժամերի եք աշխատում"))
            .await
            .unwrap();
        let (mut id, mut text, mut ended) = (None, String::new(), false);
        while let Some(event) = reply.next_event().await.unwrap() {
            match event {
                Event::Meta { conversation_id } => id = conversation_id,
                Event::Delta { text: delta } => text.push_str(&delta),
                Event::Done { .. } => ended = true,
                event => panic!("{event:?}"),
            }
        }
        assert!(ended && text.contains("Աշխատում"), "{text}");
        let id = id.unwrap();
        let page = client
            .messages(&MessagesRequest::new(id.clone()))
            .await
            .unwrap();
        assert_eq!(&*page.messages[1].content, text);
        client
            .rate(&RatingRequest::new(id, Rating::Up))
            .await
            .unwrap();
    });
}

#[test]
fn a_client_takes_no_torso_for_a_reply() {
    let torso = format!("{STREAM}{META}{}event: done", delta("a"));
    let service = play([vec![Step::send(torso)]]);
    let through = Through::to(service.base_url(), |_| ());
    run(async {
        let mut reply = client(&through).chat(&message("ա")).await.unwrap();
        let mut ended = None;
        while let Some(event) = reply.next_event().await.unwrap() {
            assert!(ended.is_none() && !matches!(event, Event::Done { .. }));
            if let Event::Error { message } = event {
                ended = Some(message.into_owned());
            }
        }
        assert!(ended.is_some());
    });
}

#[test]
fn a_client_sees_the_services_own_refusal() {
    let sandbox = sandbox();
    let through = Through::to(sandbox.base_url(), |_| ());
    run(async {
        let id = highchat_proto::id::ConversationId::new("none").unwrap();
        let failure = client(&through)
            .messages(&MessagesRequest::new(id))
            .await
            .unwrap_err();
        let Failure::Refused(error) = failure else {
            panic!("{failure:?}");
        };
        assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    });
}
