//! Every fault of the sandbox, and every interpretation of the API's text.

use highchat_testing::trials::drivers::reqwest::ReqwestSession;
use highchat_testing::trials::{
    ALIKE, Course, IN_A_THREAD, TRIALS, converse, converse_by_ask, hold, hold_readings,
};

#[test]
fn each_fault_has_the_specified_outcome() {
    hold(TRIALS, converse::<ReqwestSession>);
}

#[test]
fn each_fault_in_a_thread_has_the_specified_outcome() {
    hold(IN_A_THREAD, converse::<ReqwestSession>);
}

#[test]
fn a_cut_reply_is_never_completed_from_another_with_the_same_start() {
    hold(ALIKE, converse::<ReqwestSession>);
}

#[test]
fn each_interpretation_of_the_api_works() {
    hold_readings(converse::<ReqwestSession>);
}

/// Checks what `ask` returns for each fault: the whole answer, a person, or the error with the
/// text that arrived.
#[test]
fn ask_has_the_specified_outcome_for_each_fault() {
    hold(TRIALS, converse_by_ask::<ReqwestSession>);
}

#[test]
fn ask_in_a_thread_has_the_specified_outcome_for_each_fault() {
    let trials: Vec<_> = IN_A_THREAD
        .iter()
        .filter(|trial| trial.course == Course::InAThread)
        .copied()
        .collect();
    hold(&trials, converse_by_ask::<ReqwestSession>);
}
