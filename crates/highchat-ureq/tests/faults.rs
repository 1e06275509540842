//! Every fault of the sandbox, and every reading of the API's text.

use highchat_proto::endpoint::{Credentials, Endpoint};
use highchat_proto::message::Message;
use highchat_sandbox::Sandbox;
use highchat_trials::{Seen, Trial};
use highchat_ureq::{Client, Session};

/// Sends the message, and follows what comes of it to its end.
fn send(trial: &Trial, sandbox: &Sandbox) -> Seen {
    let credentials = Credentials::key(sandbox.key()).unwrap();
    let endpoint = Endpoint::new(sandbox.base_url(), credentials).unwrap();
    let mut session = Session::new(Client::with_config(endpoint, trial.config()));
    session
        .send(Message::new(trial.message()).unwrap())
        .unwrap();
    let mut seen = Seen::default();
    while let Some(update) = session.next() {
        seen.note(&update);
    }
    seen
}

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    highchat_trials::hold(send);
}

#[test]
fn each_reading_of_the_api_will_do() {
    highchat_trials::hold_readings(send);
}
