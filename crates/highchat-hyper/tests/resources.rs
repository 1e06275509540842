//! The descriptors and threads of sessions. This file has one test, so that no other one runs
//! in its process.
#![cfg(target_os = "linux")]

use highchat_hyper::{Client, Message, Session, Update};
use highchat_testing::trials::hold_resources;

mod support;
use support::endpoint;

#[test]
fn a_session_leaves_no_descriptor_and_no_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    hold_resources(|url, config, is_whole| {
        let mut session = Session::new(Client::with_config(endpoint(url), config));
        session.send(Message::new("Մարդ կա՞ 🙋").unwrap()).unwrap();
        runtime.block_on(async move {
            while let Some(update) = session.next().await {
                if matches!(update, Update::Message(_)) && !is_whole {
                    break;
                }
            }
            session
        })
    });
}
