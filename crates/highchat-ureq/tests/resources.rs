//! The descriptors and threads of sessions. This file has one test, so that no other one runs
//! in its process.
#![cfg(target_os = "linux")]

use highchat_testing::trials::hold_resources;
use highchat_ureq::{Client, Message, Next, Session, Update};

mod support;
use support::endpoint;

#[test]
fn a_session_leaves_no_descriptor_and_no_thread() {
    hold_resources(|url, config, is_whole| {
        let mut session = Session::new(Client::with_config(endpoint(url), config));
        session.send(Message::new("Մարդ կա՞ 🙋").unwrap()).unwrap();
        loop {
            match session.next() {
                Next::Update(Update::Message(_)) if !is_whole => return session,
                Next::Idle => return session,
                _ => {}
            }
        }
    });
}
