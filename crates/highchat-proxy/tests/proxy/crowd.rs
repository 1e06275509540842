//! Hundreds of visitors at once, each with a fault; some of them leave.

use core::time::Duration;

use highchat_hyper::{Client, Session};
use highchat_proto::Message;
use highchat_proxy::Secret;
use highchat_sandbox::Sandbox;
use highchat_testing::trials::{Outcome, Seen, TRIALS, Trial};
use tokio::task::JoinSet;

use crate::alone::{Held, is_alone};
use crate::support::*;
use crate::trials::endpoint;

const VISITORS: usize = 300;

/// A visitor, who leaves after a while where there is a time for that; how it ended.
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
fn a_crowd_with_every_fault_gets_what_it_should_and_leaves_nothing_behind() {
    if !is_alone("crowd::a_crowd_with_every_fault_gets_what_it_should_and_leaves_nothing_behind") {
        return;
    }
    let trials: Vec<Trial> = TRIALS
        .iter()
        // Refusals that pass are sent again, and a person would be polled.
        .filter(|trial| trial.posts == 1 && trial.outcome != Outcome::HandedOver)
        .map(|trial| trial.behind_the_proxy())
        .collect();
    let sandbox = Sandbox::builder().key(KEY).rate_limit(0);
    let sandbox = sandbox.token_delay(Duration::from_millis(2));
    // The clocks of the trials are faster than a service would like.
    let sandbox = sandbox.poll_interval(Duration::ZERO);
    let sandbox = sandbox.start().unwrap();
    let through = Through::to(sandbox.base_url(), |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
        config.streams_a_visitor = VISITORS;
        config.connections_a_visitor = 2 * VISITORS;
    });
    let base = Held::now();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let mut visitors = JoinSet::new();
        for number in 0..VISITORS {
            let trial = trials[number % trials.len()];
            // No message is like another, so that one that was sent twice would show.
            let words = 3 + number / trials.len();
            let message = format!("/fault {} /long {words}", trial.faults);
            let leaves = number % 3 == 0 || trial.proxy_waits;
            let leaves = leaves.then(|| Duration::from_millis(37 * number as u64 % 200));
            let base_url = through.base_url();
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

    until(|| through.counted("highchat_proxy_requests ") == 0);
    assert_eq!(through.counted("highchat_proxy_streams "), 0);
    let mut sent: Vec<_> = sandbox.requests();
    sent.retain(|request| request.path == "/v1/chat");
    sent.sort_by(|a, b| a.body.cmp(&b.body));
    let twice = sent.windows(2).find(|two| two[0].body == two[1].body);
    assert!(twice.is_none(), "{twice:?}");
    sandbox.verdict().assert_good();
    until(|| Held::now() == base);
}
