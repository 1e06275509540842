//! Each fault of the sandbox, and each possible reading of the API's text.

use highchat_testing::trials::drivers::device::DeviceSession;
use highchat_testing::trials::drivers::embed::EmbedSession;
use highchat_testing::trials::{
    ALIKE, IN_A_THREAD, TRIALS, converse, converse_by_ask, hold, hold_readings,
};

#[test]
fn each_fault_has_the_outcome_that_the_rules_ask_for() {
    hold(TRIALS, converse::<EmbedSession>);
}

#[test]
fn each_fault_in_a_thread_has_the_outcome_that_the_rules_ask_for() {
    hold(IN_A_THREAD, converse::<EmbedSession>);
}

#[test]
fn a_cut_reply_is_never_completed_with_one_that_begins_alike() {
    hold(ALIKE, converse::<EmbedSession>);
}

#[test]
fn each_reading_of_the_api_will_do() {
    hold_readings(converse::<EmbedSession>);
}

/// The same faults, with a `Collector` in the driver's own loop.
#[test]
fn asking_has_the_same_outcome_for_each_fault() {
    hold(TRIALS, converse_by_ask::<EmbedSession>);
}

/// The same faults, with the session for devices.
#[test]
fn each_fault_has_the_same_outcome_on_a_device() {
    hold(TRIALS, converse::<DeviceSession>);
}

#[test]
fn each_fault_in_a_thread_has_the_same_outcome_on_a_device() {
    hold(IN_A_THREAD, converse::<DeviceSession>);
}
