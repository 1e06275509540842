//! The conformance kit: every fault of the sandbox, every interpretation of the API's text, the
//! scenarios and the connections.

use highchat_testing::trials::drivers::reqwest::ReqwestSession;
use highchat_testing::trials::{Capability, Check, check_by_ask};

#[test]
fn the_adapter_is_conformant() {
    Check::new(ReqwestSession::open)
        // hyper, below reqwest, has limits of its own for the fields of a head.
        .without(Capability::LongHeads)
        .run()
        .assert_conformant();
}

/// Checks what `ask` returns for each fault: the whole answer, a person, or the error with the
/// text that arrived.
#[test]
fn ask_is_conformant() {
    check_by_ask(ReqwestSession::open).run().assert_conformant();
}
