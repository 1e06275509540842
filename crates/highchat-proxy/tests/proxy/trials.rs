//! Both adapters talk to the proxy without a key and without changes: with every fault of the
//! sandbox, and with every reading of the API's text.

use std::sync::{Arc, Mutex};
use std::thread;

use highchat_proto::{Credentials, Endpoint};
use highchat_proxy::{Config, Secret};
use highchat_sandbox::Sandbox;
use highchat_testing::trials::drivers::{hyper::HyperSession, ureq::UreqSession};
use highchat_testing::trials::{
    ALIKE, BehindTheProxy as _, Check, IN_A_THREAD, Seen, TRIALS, Trial, converse, untried,
};

use crate::alone::{Resources, is_alone};
use crate::support::*;

/// Sends the messages of a trial to an address, and follows each reply to its end.
type Adapter = fn(&Trial, &Sandbox, &str) -> Seen;

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::none()).unwrap()
}

fn by_hyper(trial: &Trial, sandbox: &Sandbox, base_url: &str) -> Seen {
    converse(HyperSession::open, trial, sandbox, &endpoint(base_url))
}

fn by_ureq(trial: &Trial, sandbox: &Sandbox, base_url: &str) -> Seen {
    converse(UreqSession::open, trial, sandbox, &endpoint(base_url))
}

/// Starts a proxy with the timeouts of a trial. The answer to a poll is reused for half the
/// poll interval, as with the defaults.
fn start_proxy(trial: &Trial, sandbox: &Sandbox, secret: Option<&Secret>) -> TestProxy {
    let client = trial.config();
    TestProxy::with_key(sandbox.key(), sandbox.base_url(), |config| {
        config.keepalive = trial.proxy_keepalive();
        config.response_timeout = trial.proxy_patience();
        config.idle_timeout = trial.proxy_patience();
        config.progress_timeout = trial.proxy_patience();
        config.settle_timeout = client.settle_timeout;
        config.heal = true;
        config.recovery_delays = client.recovery_delays;
        config.poll_memory = client.poll_interval / 2;
        config.secret = secret.cloned();
        // Even the fast clients of the trials stay below the default limits.
        let defaults = Config::default();
        config.messages_in_all = defaults.messages_in_all;
        config.messages_a_visitor = defaults.messages_a_visitor;
        config.polls_a_visitor = defaults.polls_a_visitor;
    })
}

/// Runs all trials with one adapter through a proxy. Then checks that no connection and no task
/// is left, while all proxies still run.
fn check_trials(test: &str, send: Adapter, secret: Option<Secret>) {
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
    // The first proxy also sets up what stays.
    drop(TestProxy::start("http://127.0.0.1:1", |_| ()));
    let base = Resources::without_proxies();
    let one = TestProxy::start("http://127.0.0.1:1", |_| ());
    let resting = base.plus_proxies(trials.len(), Resources::now());
    drop(one);
    let proxies = Arc::new(Mutex::new(Vec::new()));

    let kept = Arc::clone(&proxies);
    let check = Check::function(move |trial, sandbox| {
        let proxy = start_proxy(trial, sandbox, secret.as_ref());
        let seen = send(trial, sandbox, &proxy.base_url());
        until(|| proxy.counter("highchat_proxy_requests ") == 0);
        assert_eq!(proxy.counter("highchat_proxy_streams "), 0);
        kept.lock().unwrap().push(proxy);
        seen
    });
    let check = check.with_trials(trials).only("fault/").only("alike/");
    check.run().assert_conformant();

    until(|| Resources::now() == resting);
    let proxies = core::mem::take(&mut *proxies.lock().unwrap());
    proxies.iter().for_each(|proxy| proxy.server.drain());
    proxies.into_iter().for_each(|proxy| proxy.server.wait());
    until(|| Resources::now() == base);
}

#[test]
fn each_fault_has_the_expected_outcome_through_the_proxy_with_hyper() {
    check_trials(
        "trials::each_fault_has_the_expected_outcome_through_the_proxy_with_hyper",
        by_hyper,
        None,
    );
}

#[test]
fn each_fault_has_the_expected_outcome_through_the_proxy_with_ureq() {
    let secret = Secret::new(SECRET).unwrap();
    check_trials(
        "trials::each_fault_has_the_expected_outcome_through_the_proxy_with_ureq",
        by_ureq,
        Some(secret),
    );
}

#[test]
fn each_reading_of_the_api_works_through_the_proxy() {
    let secret = Secret::new(SECRET).unwrap();
    let adapters: [(Adapter, _); 2] = [(by_hyper, Some(secret)), (by_ureq, None)];
    thread::scope(|scope| {
        for (send, secret) in adapters {
            scope.spawn(move || {
                let check = Check::function(move |trial, sandbox| {
                    let proxy = start_proxy(trial, sandbox, secret.as_ref());
                    send(trial, sandbox, &proxy.base_url())
                });
                check.only("reading/").run().assert_conformant();
            });
        }
    });
}
