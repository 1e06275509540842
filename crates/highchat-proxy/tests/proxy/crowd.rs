//! Hundreds of visitors at the same time, each with a fault. Some of them leave early.

use core::time::Duration;

use highchat_hyper::{Client, Session};
use highchat_proto::Message;
use highchat_proxy::Secret;
use highchat_sandbox::{Misstep, Sandbox};
use highchat_testing::trials::{BehindTheProxy as _, Outcome, Seen, TRIALS, Trial};
use tokio::task::JoinSet;

use crate::alone::{Resources, is_alone};
use crate::support::*;
use crate::trials::endpoint;

const VISITORS: usize = 300;

/// Sends a message as one visitor, who leaves after the time in `leaves` if there is one.
/// Returns what the visitor saw.
async fn visit(base_url: String, trial: Trial, message: String, leaves: Option<Duration>) -> Seen {
    let client = Client::with_config(endpoint(&base_url), trial.config());
    let mut session = Session::new(client);
    session.send(Message::new(message).unwrap()).unwrap();
    let mut seen = Seen::default();
    let visit = async {
        while let Some(update) = session.next().await {
            seen.note(&update);
        }
    };
    match leaves {
        Some(soon) => drop(tokio::time::timeout(soon, visit).await),
        None => visit.await,
    }
    seen
}

#[test]
fn hundreds_of_visitors_with_every_fault_get_the_right_outcome_and_nothing_is_left_open() {
    if !is_alone(
        "crowd::hundreds_of_visitors_with_every_fault_get_the_right_outcome_and_nothing_is_left_open",
    ) {
        return;
    }
    let trials: Vec<Trial> = TRIALS
        .iter()
        // Without trials in which a client sends again or polls.
        .filter(|trial| trial.posts == 1 && trial.outcome != Outcome::HandedOver)
        .map(|trial| trial.behind_the_proxy())
        .collect();
    let sandbox = Sandbox::builder().key(KEY).rate_limit(0);
    let sandbox = sandbox.token_delay(Duration::from_millis(2));
    // The clients of the trials poll faster than the sandbox allows by default.
    let sandbox = sandbox.poll_interval(Duration::ZERO);
    let sandbox = sandbox.start().unwrap();
    let proxy = TestProxy::start(sandbox.base_url(), |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
        config.heal = true;
        config.streams_a_visitor = VISITORS;
        config.connections_a_visitor = 2 * VISITORS;
    });
    let base = Resources::now();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let mut visitors = JoinSet::new();
        for number in 0..VISITORS {
            let trial = trials[number % trials.len()];
            // All messages differ, so that a message that was sent twice can be found.
            let words = 3 + number / trials.len();
            let message = format!("/fault {} /long {words}", trial.faults);
            let leaves = number % 3 == 0 || trial.proxy_waits();
            let leaves = leaves.then(|| Duration::from_millis(37 * number as u64 % 200));
            let base_url = proxy.base_url();
            visitors.spawn(async move {
                let seen = visit(base_url, trial, message, leaves).await;
                (trial, seen, leaves.is_none())
            });
        }
        while let Some(visited) = visitors.join_next().await {
            let (trial, seen, has_stayed) = visited.unwrap();
            if has_stayed || seen.outcome.is_some() {
                assert_eq!(seen.outcome, Some(trial.outcome), "{}", trial.faults);
            }
        }
    });

    until(|| proxy.counter("highchat_proxy_requests ") == 0);
    assert_eq!(proxy.counter("highchat_proxy_streams "), 0);
    let mut sent: Vec<_> = sandbox.requests();
    sent.retain(|request| request.path == "/v1/chat");
    sent.sort_by(|a, b| a.body.cmp(&b.body));
    let twice = sent.windows(2).find(|two| two[0].body == two[1].body);
    assert!(twice.is_none(), "{twice:?}");
    // So many visitors in one process close their connections late if the machine is busy. The end of
    // this test checks that all are closed.
    let verdict = sandbox.verdict();
    let mut findings = verdict.findings().iter();
    let found = findings.find(|finding| finding.misstep != Misstep::KeptOpen);
    assert!(found.is_none(), "{verdict}");
    until(|| Resources::now() == base);
}
