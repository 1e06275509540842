//! Every fault of the sandbox, and every reading of the API's text.

use highchat_testing::trials::drivers::hyper::HyperSession;
use highchat_testing::trials::{
    ALIKE, Course, IN_A_THREAD, TRIALS, converse, converse_by_ask, hold, hold_readings,
};

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    hold(TRIALS, converse::<HyperSession>);
}

#[test]
fn each_fault_in_a_thread_has_the_outcome_that_the_rules_ask_for() {
    hold(IN_A_THREAD, converse::<HyperSession>);
}

#[test]
fn a_cut_reply_is_never_completed_with_one_that_begins_alike() {
    hold(ALIKE, converse::<HyperSession>);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(converse::<HyperSession>);
}

/// What `ask` returns for each fault: the whole answer, a person, or why there is none, with
/// what came of the reply.
#[test]
fn asking_has_the_same_outcome_for_each_fault() {
    hold(TRIALS, converse_by_ask::<HyperSession>);
}

#[test]
fn asking_in_a_thread_has_the_same_outcome_for_each_fault() {
    let trials: Vec<_> = IN_A_THREAD
        .iter()
        .filter(|trial| trial.course == Course::InAThread)
        .copied()
        .collect();
    hold(&trials, converse_by_ask::<HyperSession>);
}
