//! Every fault of the sandbox, and every reading of the API's text.

use highchat_embed::Embed;
use highchat_proto::endpoint::{Credentials, Endpoint};
use highchat_sandbox::Sandbox;
use highchat_trials::{IN_A_THREAD, Seen, TRIALS, Trial, hold, hold_readings};

#[expect(dead_code, reason = "for those who look into the middle of it")]
#[path = "support/session.rs"]
mod session;
mod support;
use session::Session;

/// Sends the messages, and follows what comes of each to its end.
fn send(trial: &Trial, sandbox: &Sandbox) -> Seen {
    let credentials = Credentials::key(sandbox.key()).unwrap();
    let endpoint = Endpoint::new(sandbox.base_url(), credentials).unwrap();
    let mut session = Session::over(Embed::new(endpoint, trial.config()));
    let mut seen = Seen::default();
    for message in trial.messages() {
        session.send(&message);
        seen = Seen::default();
        while session.step() {
            if let Some(update) = session.embed.update() {
                seen.note(&update);
            }
        }
    }
    seen
}

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    hold(TRIALS, send);
}

#[test]
fn each_fault_in_a_thread_has_the_outcome_that_the_rules_ask_for() {
    hold(IN_A_THREAD, send);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(send);
}
