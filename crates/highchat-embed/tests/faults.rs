//! Every fault of the sandbox, and every reading of the API's text.

use highchat_trials::{ALIKE, IN_A_THREAD, TRIALS, converse, converse_by_ask, hold, hold_readings};

#[path = "support/session.rs"]
mod session;
use session::Session;

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    hold(TRIALS, converse::<Session>);
}

#[test]
fn each_fault_in_a_thread_has_the_outcome_that_the_rules_ask_for() {
    hold(IN_A_THREAD, converse::<Session>);
}

#[test]
fn a_cut_reply_is_never_completed_with_one_that_begins_alike() {
    hold(ALIKE, converse::<Session>);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(converse::<Session>);
}

/// What a collector of a loop of one's own makes of each fault.
#[test]
fn asking_has_the_same_outcome_for_each_fault() {
    hold(TRIALS, converse_by_ask::<Session>);
}
