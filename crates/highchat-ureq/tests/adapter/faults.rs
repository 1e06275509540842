//! The conformance kit: every fault of the sandbox, every interpretation of the API's text, the
//! scenarios and the connections.

use highchat_testing::trials::drivers::ureq::UreqSession;
use highchat_testing::trials::{Check, check_by_ask};

#[test]
fn the_adapter_is_conformant() {
    Check::new(UreqSession::open).run().assert_conformant();
}

/// Checks what `ask` returns for each fault: the whole answer, a person, or the error with the
/// text that arrived.
#[test]
fn ask_is_conformant() {
    check_by_ask(UreqSession::open).run().assert_conformant();
}
