//! Both adapters through the proxy, unchanged and without a key, with every fault of the
//! sandbox behind it and with every reading of the API's text.

use std::sync::Mutex;
use std::thread;

use highchat_proto::{Credentials, Endpoint};
use highchat_proxy::{Config, Secret};
use highchat_sandbox::Sandbox;
use highchat_testing::trials::drivers::{hyper::HyperSession, ureq::UreqSession};
use highchat_testing::trials::{
    ALIKE, IN_A_THREAD, Seen, TRIALS, Trial, converse_at, hold, hold_readings, untried,
};

use crate::alone::{Held, is_alone};
use crate::support::*;

/// Sends the messages by way of the address, and follows each reply to its end.
type Adapter = fn(&Trial, &Sandbox, &str) -> Seen;

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::none()).unwrap()
}

fn by_hyper(trial: &Trial, sandbox: &Sandbox, base_url: &str) -> Seen {
    converse_at::<HyperSession>(trial, sandbox, &endpoint(base_url))
}

fn by_ureq(trial: &Trial, sandbox: &Sandbox, base_url: &str) -> Seen {
    converse_at::<UreqSession>(trial, sandbox, &endpoint(base_url))
}

/// A proxy with the clocks of a row; the answer to a poll is remembered for half the time
/// between polls, as it is with the defaults.
fn front(trial: &Trial, sandbox: &Sandbox, secret: Option<&Secret>) -> Through {
    let client = trial.config();
    Through::with_key(sandbox.key(), sandbox.base_url(), |config| {
        config.keepalive = trial.proxy_keepalive();
        config.response_timeout = trial.proxy_patience();
        config.idle_timeout = trial.proxy_patience();
        config.progress_timeout = trial.proxy_patience();
        config.settle_timeout = client.settle_timeout;
        config.poll_memory = client.poll_interval / 2;
        config.secret = secret.cloned();
        // A visitor as quick as that is still below the limits.
        let usual = Config::default();
        config.messages_in_all = usual.messages_in_all;
        config.messages_a_visitor = usual.messages_a_visitor;
        config.polls_a_visitor = usual.polls_a_visitor;
    })
}

/// Holds an adapter to all that the proxy makes of the tables; then nothing is left of it,
/// though every proxy still runs.
fn hold_through(test: &str, send: Adapter, secret: Option<&Secret>) {
    if !is_alone(test) {
        return;
    }
    let rows = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE).copied();
    let patient = rows.clone().filter(|row| row.waits);
    let trials: Vec<Trial> = rows
        .map(Trial::behind_the_proxy)
        .chain(patient.map(Trial::behind_a_patient_proxy))
        .collect();
    assert_eq!(untried(&trials, &[]), [""; 0]);
    // What is set up once is not counted.
    drop(Through::to("http://127.0.0.1:1", |_| ()));
    let base = Held::now();
    let one = Through::to("http://127.0.0.1:1", |_| ());
    let resting = base.with(trials.len(), Held::now());
    drop(one);
    let proxies = Mutex::new(Vec::new());

    hold(&trials, |trial, sandbox| {
        let through = front(trial, sandbox, secret);
        let seen = send(trial, sandbox, &through.base_url());
        until(|| through.counted("highchat_proxy_requests ") == 0);
        assert_eq!(through.counted("highchat_proxy_streams "), 0);
        proxies.lock().unwrap().push(through);
        seen
    });

    until(|| Held::now() == resting);
    let proxies = proxies.into_inner().unwrap();
    proxies.iter().for_each(|through| through.server.drain());
    proxies
        .into_iter()
        .for_each(|through| through.server.wait());
    until(|| Held::now() == base);
}

#[test]
fn each_fault_behind_it_has_the_outcome_that_the_rules_ask_for_by_hyper() {
    hold_through(
        "trials::each_fault_behind_it_has_the_outcome_that_the_rules_ask_for_by_hyper",
        by_hyper,
        None,
    );
}

#[test]
fn each_fault_behind_it_has_the_outcome_that_the_rules_ask_for_by_ureq() {
    let secret = Secret::new(SECRET).unwrap();
    hold_through(
        "trials::each_fault_behind_it_has_the_outcome_that_the_rules_ask_for_by_ureq",
        by_ureq,
        Some(&secret),
    );
}

#[test]
fn each_reading_of_the_api_will_do_behind_it() {
    let secret = Secret::new(SECRET).unwrap();
    let adapters: [(Adapter, _); 2] = [(by_hyper, Some(&secret)), (by_ureq, None)];
    thread::scope(|scope| {
        for (send, secret) in adapters {
            scope.spawn(move || {
                hold_readings(|trial, sandbox| {
                    send(trial, sandbox, &front(trial, sandbox, secret).base_url())
                });
            });
        }
    });
}
