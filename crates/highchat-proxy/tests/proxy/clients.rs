//! The clients of this workspace talk to the proxy without a key and without changes.

use highchat_hyper::{Client, Failure, Session};
use highchat_proto::{
    ChatRequest, Config, Credentials, Endpoint, Event, Message, MessagesRequest, Rating,
    RatingRequest, TurnEnd, Update,
};
use highchat_proxy::Secret;
use highchat_sandbox::Step;
use highchat_testing::trials::words::page_of;

use crate::support::*;

fn client(proxy: &TestProxy) -> Client {
    Client::new(Endpoint::new(&proxy.base_url(), Credentials::none()).unwrap())
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
fn a_client_sends_messages_polls_and_rates_without_a_key() {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
    });
    run(async {
        let client = client(&proxy);
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
fn a_client_does_not_take_a_cut_reply_for_a_complete_one() {
    let cut = format!("{STREAM}{META}{}event: done", delta("a"));
    let service = play([vec![Step::send(cut)]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    run(async {
        let mut reply = client(&proxy).chat(&message("ա")).await.unwrap();
        let mut ended = None;
        while let Some(event) = reply.next_event().await.unwrap() {
            assert!(ended.is_none() && !matches!(event, Event::Done { .. }));
            if let Event::Error { message } = event {
                ended = message.map(|message| message.into_owned());
            }
        }
        assert!(ended.is_some());
    });
}

#[test]
fn a_client_sees_the_services_own_refusal() {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |_| ());
    run(async {
        let id = highchat_proto::ConversationId::new("none").unwrap();
        let failure = client(&proxy)
            .messages(&MessagesRequest::new(id))
            .await
            .unwrap_err();
        let Failure::Refused(error) = failure else {
            panic!("{failure:?}");
        };
        assert_eq!(error.status(), Some(404));
    });
}

#[test]
fn a_reply_that_a_stopped_proxy_cut_is_recovered_through_the_next_proxy() {
    let reply = vec![
        Step::send(format!("{STREAM}{META}{}", delta("ab"))),
        Step::Hold,
    ];
    // The page must show the message too: it proves that the reply belongs to it.
    let page = page_of("bot", &[("user", "ա"), ("assistant", "abc")]);
    let service = play([reply, vec![Step::send(page)]]);
    let start = |listen| {
        TestProxy::start_on(listen, KEY, service.base_url(), |config| {
            config.secret = Some(Secret::new(SECRET).unwrap());
        })
    };
    let first = start(ANY_PORT);
    let addr = first.server.addr();
    let endpoint = Endpoint::new(&first.base_url(), Credentials::none()).unwrap();
    let mut config = Config::default();
    config.recovery_delays = [core::time::Duration::from_millis(100); 4];
    let mut session = Session::new(Client::with_config(endpoint, config));
    let mut proxy = Some(first);
    let mut ended = None;
    run(async {
        session.send(Message::new("ա").unwrap()).unwrap();
        while let Some(update) = session.next().await {
            match update {
                Update::Delta { text } => {
                    assert_eq!(text, "ab");
                    // As if it was killed: without an `error` event.
                    drop(proxy.take());
                    proxy = Some(start(addr));
                }
                Update::Recovered { missing, .. } => assert_eq!(missing, "c"),
                Update::TurnEnded { end, .. } => ended = Some(end.into_owned()),
                _ => {}
            }
        }
    });

    assert_eq!(ended, Some(TurnEnd::Recovered));
    let asked = service.requests();
    let posts = asked.iter().filter(|request| request.starts_with(b"POST "));
    assert_eq!((asked.len(), posts.count()), (2, 1));
}
