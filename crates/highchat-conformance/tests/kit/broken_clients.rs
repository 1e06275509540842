//! The kit finds faults: each broken client fails exactly the rows that it must fail.
//!
//! The broken clients are the minimal adapter of the example, with one thing wrong.

use core::time::Duration;
use std::thread::sleep;

use highchat_conformance::{
    ALIKE, Capability, Check, Driver, IN_A_THREAD, Outcome, Report, Status, TRIALS, Trial,
};
use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::failure::ResponseError;
use highchat_proto::{
    Config, Credentials, Endpoint, Failure, Message, Rating, Saved, State, TurnEnd, Update,
};
use highchat_sandbox::Reading;

use crate::minimal::Session;

/// What is wrong with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// It sends a message again if the reply was lost.
    SendsTwiceAfterACut,
    /// It shows a cut reply as whole.
    PassesACutReplyOff,
    /// After a 429 it sends again at once.
    IgnoresRetryAfter,
    /// It follows a redirect.
    FollowsRedirects,
    /// It takes `human` for an event like any other.
    IgnoresHuman,
    /// It polls after the bot is back.
    NeverStopsPolling,
    /// It shows a person's message again.
    RepeatsMessages,
    /// It begins a new conversation instead of continuing one.
    ForgetsWhatWasSaved,
    /// It draws a seed although one is set.
    IgnoresTheSeed,
    /// It does not send a rating.
    DropsRatings,
}

/// How often a client polls that should not poll at all.
const POLLS_TOO_MANY: usize = 5;

struct Broken {
    wrong: Wrong,
    endpoint: Endpoint,
    config: Config,
    session: Session,
    sent: Option<Message>,
    /// How often it did the wrong thing for the message.
    times: usize,
    is_handed_over: bool,
    /// An update that is shown again.
    again: Option<Update<'static>>,
}

impl Broken {
    fn check(wrong: Wrong) -> Report {
        let open = move |endpoint: Endpoint, config: Config, saved: Option<Saved>| {
            let saved = saved.filter(|_| wrong != Wrong::ForgetsWhatWasSaved);
            let mut config = config;
            config.seed = config.seed.filter(|_| wrong != Wrong::IgnoresTheSeed);
            let session = Session::open(endpoint.clone(), config.clone(), saved);
            Self {
                wrong,
                endpoint,
                config,
                session,
                sent: None,
                times: 0,
                is_handed_over: false,
                again: None,
            }
        };
        Check::new(open)
            .without(Capability::SeveralExchanges)
            .without(Capability::KeptConnections)
            // Two checks run at a time, and mostly wait.
            .at_once(40)
            .run()
    }

    /// Sends the message again.
    fn repeat(&mut self) {
        self.times += 1;
        let message = self.sent.clone().expect("a message was sent");
        self.session.send(message);
    }

    /// Cancels the turn, without showing that.
    fn drop_turn(&mut self) {
        self.session.cancel();
        while let Some(update) = self.session.next() {
            if matches!(update, Update::TurnEnded { .. }) {
                return;
            }
        }
    }
}

fn end(update: &Update<'_>) -> Option<TurnEnd> {
    match update {
        Update::TurnEnded { end, .. } => Some(end.clone().into_owned()),
        _ => None,
    }
}

fn done() -> Update<'static> {
    Update::TurnEnded {
        turn: highchat_proto::TurnId::from_u64(0),
        end: std::borrow::Cow::Owned(TurnEnd::Done),
    }
}

impl Driver for Broken {
    fn send(&mut self, message: Message) {
        (self.sent, self.times) = (Some(message.clone()), 0);
        self.session.send(message);
    }

    fn next(&mut self) -> Option<Update<'static>> {
        if let Some(update) = self.again.take() {
            return Some(update);
        }
        loop {
            let Some(update) = self.session.next() else {
                let polls_on = self.wrong == Wrong::NeverStopsPolling && self.is_handed_over;
                if !polls_on || self.times == POLLS_TOO_MANY {
                    return None;
                }
                self.times += 1;
                sleep(self.config.poll_interval);
                let saved = self.session.save().with_state(State::Human);
                let (endpoint, config) = (self.endpoint.clone(), self.config.clone());
                self.session = Session::open(endpoint, config, Some(saved));
                continue;
            };
            let ended = end(&update);
            self.is_handed_over |= ended == Some(TurnEnd::Human);
            let is_first = self.times == 0;
            match (self.wrong, &update, &ended) {
                (
                    Wrong::SendsTwiceAfterACut,
                    _,
                    Some(TurnEnd::Failed(
                        Failure::Cut(_) | Failure::Unanswered(_) | Failure::TimedOut,
                    )),
                ) if is_first => self.repeat(),
                (Wrong::PassesACutReplyOff, Update::Recovering { .. }, _) => {
                    self.drop_turn();
                    return Some(done());
                }
                (Wrong::PassesACutReplyOff, _, Some(TurnEnd::Failed(Failure::Cut(_)))) => {
                    return Some(done());
                }
                (
                    Wrong::IgnoresRetryAfter,
                    Update::Delayed {
                        what: Delayed::Message,
                        reason: DelayReason::RateLimited,
                        ..
                    },
                    _,
                ) => {
                    self.drop_turn();
                    self.repeat();
                }
                (
                    Wrong::FollowsRedirects,
                    _,
                    Some(TurnEnd::Failed(Failure::Refused(ResponseError::Redirect(_)))),
                ) if is_first => {
                    // The place that the sandbox names: another host name of this machine.
                    let base_url = self.endpoint.base_url().replace("127.0.0.1", "localhost");
                    let key = Credentials::key("hc_sandbox").unwrap();
                    let endpoint = Endpoint::new(&base_url, key).unwrap();
                    self.session = Session::open(endpoint, self.config.clone(), None);
                    self.repeat();
                }
                (Wrong::IgnoresHuman, Update::Human { .. }, _) => {}
                (Wrong::IgnoresHuman, _, Some(TurnEnd::Human)) => {
                    let saved = self.session.save().with_state(State::Bot);
                    let (endpoint, config) = (self.endpoint.clone(), self.config.clone());
                    self.session = Session::open(endpoint, config, Some(saved));
                    return Some(done());
                }
                (Wrong::RepeatsMessages, Update::Message(message), _)
                    if !message.role.is_user() =>
                {
                    self.again = Some(update.clone());
                    return Some(update);
                }
                _ => return Some(update),
            }
        }
    }

    fn status(&self) -> Status {
        self.session.status()
    }

    fn cancel(&mut self) {
        self.session.cancel();
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        if self.wrong != Wrong::DropsRatings {
            self.session.rate(rating, comment);
        }
    }

    fn save(&self) -> Saved {
        self.session.save()
    }
}

/// The names of rows of the table that a broken client must fail, and of other rows.
fn names(must_fail: impl Fn(&Trial) -> bool, others: &[&str]) -> Vec<String> {
    let trials = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE);
    let names = trials.filter(|trial| must_fail(trial)).map(Trial::name);
    let others = others.iter().map(|&name| name.to_owned());
    names.chain(others).collect()
}

/// The names of all readings.
fn readings() -> Vec<String> {
    let names = Reading::ALL.iter();
    names.map(|it| format!("reading/{}", it.name())).collect()
}

#[track_caller]
fn assert_fails(wrong: Wrong, mut expected: Vec<String>) -> Report {
    let report = Broken::check(wrong);
    let mut failed: Vec<_> = report.failed().map(|row| row.name.clone()).collect();
    failed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(failed, expected, "\n{report}");
    assert!(!report.is_conformant() && !failed.is_empty());
    report
}

const fn is_handed_over(trial: &Trial) -> bool {
    matches!(trial.outcome, Outcome::HandedOver)
}

#[test]
fn a_client_that_sends_twice_after_a_cut_fails_where_the_reply_stays_lost() {
    let is_lost =
        |trial: &Trial| matches!(trial.outcome, Outcome::Incomplete | Outcome::Unanswered);
    let expected = names(is_lost, &["scenario/silence"]);
    let in_trials = expected.len() - 1;
    let report = assert_fails(Wrong::SendsTwiceAfterACut, expected);
    assert_eq!(
        report.extra_messages(),
        in_trials,
        "each was sent once too often"
    );
}

#[test]
fn a_client_that_shows_a_cut_reply_as_whole_fails_each_row_with_a_cut_reply() {
    let is_cut = |trial: &Trial| matches!(trial.outcome, Outcome::Recovered | Outcome::Incomplete);
    let others = [
        "fault/500-html, in a thread",
        "scenario/a cut reply",
        "scenario/a cut reply after a cancelled one",
        "scenario/silence",
    ];
    let report = assert_fails(Wrong::PassesACutReplyOff, names(is_cut, &others));
    assert_eq!(report.extra_messages(), 0);
}

#[test]
fn a_client_that_ignores_retry_after_fails_the_rows_with_one() {
    let is_later = |trial: &Trial| matches!(trial.faults, "429-seconds:1" | "429-date:2" | "429x3");
    let report = assert_fails(Wrong::IgnoresRetryAfter, names(is_later, &[]));
    let text = report.to_string();
    assert_eq!(text.matches("seen too-soon").count(), 2, "{text}");
}

#[test]
fn a_client_that_follows_redirects_fails_the_rows_with_one() {
    let redirects = names(|trial| trial.faults == "redirect", &[]);
    assert_eq!(redirects.len(), 2);
    assert_fails(Wrong::FollowsRedirects, redirects);
}

#[test]
fn a_client_that_ignores_human_fails_each_handoff() {
    let mut expected = names(is_handed_over, &["scenario/a handoff"]);
    expected.extend(readings());
    assert_fails(Wrong::IgnoresHuman, expected);
}

#[test]
fn a_client_that_never_stops_polling_fails_each_handoff_that_ends() {
    let mut expected = names(is_handed_over, &["scenario/a handoff"]);
    expected.extend(readings());
    let handoffs = expected.len() - 1;
    let report = assert_fails(Wrong::NeverStopsPolling, expected);
    let text = report.to_string();
    let found = text.matches("seen polled-after-end").count();
    assert_eq!(found, handoffs, "{text}");
}

#[test]
fn a_client_that_repeats_messages_fails_each_handoff_with_messages() {
    let has_messages = |trial: &Trial| is_handed_over(trial) && trial.faults != "poll-404";
    let others = ["scenario/a handoff", "scenario/a saved handoff"];
    let mut expected = names(has_messages, &others);
    expected.extend(readings());
    assert_fails(Wrong::RepeatsMessages, expected);
}

#[test]
fn a_client_that_forgets_what_was_saved_fails_the_rows_that_resume() {
    let expected = [
        "alike/cut, by id",
        "alike/reset, by id",
        "alike/stall, restarted",
        "alike/stall,poll-odd-message, restarted",
        "scenario/a saved handoff",
    ];
    assert_fails(Wrong::ForgetsWhatWasSaved, names(|_| false, &expected));
}

#[test]
fn a_client_that_ignores_the_seed_fails_the_row_with_one() {
    let expected = names(|_| false, &["scenario/random delays"]);
    assert_fails(Wrong::IgnoresTheSeed, expected);
}

#[test]
fn a_client_that_drops_ratings_fails_the_row_with_one() {
    assert_fails(
        Wrong::DropsRatings,
        names(|_| false, &["scenario/a rating"]),
    );
}

#[test]
fn a_client_with_a_connection_for_each_request_fails_where_fewer_would_do() {
    let report = Check::new(Session::open).only("connections/").run();
    let failed: Vec<_> = report.failed().map(|row| &*row.name).collect();
    let expected = [
        "connections/an hour of polls",
        "connections/polls and a rating",
        "connections/a silent end, rarely",
        "connections/a connection that vanishes",
    ];
    assert_eq!(failed, expected, "{report}");
    assert_eq!(report.extra_messages(), 0);
}

#[test]
fn a_client_with_one_exchange_at_a_time_does_not_hear_a_person_during_a_reply() {
    let check = Check::new(Session::open).patience(Duration::from_secs(2));
    let report = check.only("scenario/a person during a reply").run();
    let text = report.to_string();
    assert!(text.contains("seen it was still busy"), "{text}");
}
