//! Checks a conversation over byte pipes with any actions of the service and the driver.

use highchat_testing::oracles::hostile;

/// Checks that nothing panics, no message is sent twice, and every turn ends once.
pub fn hold(input: &[u8]) {
    hostile::drive(input);
}
