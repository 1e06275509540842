//! The conformance kit: each fault of the sandbox, each possible reading of the API's text, the
//! scenarios and the connections.

use highchat_testing::trials::drivers::device::DeviceSession;
use highchat_testing::trials::drivers::embed::EmbedSession;
use highchat_testing::trials::{Capability, Check, check_by_ask};

/// The driver has one pipe, so it has one exchange at a time.
#[test]
fn a_loop_over_one_pipe_is_conformant() {
    Check::new(EmbedSession::open)
        .without(Capability::SeveralExchanges)
        .run()
        .assert_conformant();
}

/// The same faults, with a `Collector` in the driver's own loop.
#[test]
fn asking_is_conformant() {
    check_by_ask(EmbedSession::open).run().assert_conformant();
}

#[test]
fn the_session_for_devices_is_conformant() {
    Check::new(DeviceSession::open)
        .without(Capability::SeveralExchanges)
        .without(Capability::Seed)
        .run()
        .assert_conformant();
}
