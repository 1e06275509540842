//! A conversation over a byte pipe, and a service and a driver that do whatever they like.

use highchat_testing::oracles::hostile;

/// Whatever they do: nothing breaks, no message goes out twice, and every turn ends once.
pub fn hold(input: &[u8]) {
    hostile::drive(input);
}
