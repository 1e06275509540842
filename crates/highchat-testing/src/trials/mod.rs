//! The conformance kit over every adapter of the project, and more tests over real sockets.
//!
//! The table of trials, the scenarios and the connection trials are in the crate
//! `highchat-conformance`; what tests here need of it is exported again. [`drivers`] has a driver
//! for each adapter. [`check_by_ask`] runs the table through the method `ask` of a session, and
//! [`BehindTheProxy`] changes the rows for a client behind the proxy.
//!
//! [`hold_connections`] counts the connections of a long handoff over TLS, and
//! [`hold_resources`] what sessions leave behind. [`proxies`] checks which proxy a client uses,
//! and [`tls`] which certificates it trusts.

mod ask;
mod behind;
mod connections;
pub mod drivers;
pub mod proxies;
mod resources;
pub mod tls;
mod untried;

pub use ask::{Ask, check_by_ask};
pub use behind::BehindTheProxy;
pub use connections::{hold_connections, hold_connections_beside_messages};
pub use highchat_conformance::{
    ALIKE, Capability, Check, Course, Driver, IN_A_THREAD, Outcome, Seen, Status, TEXT, TRIALS,
    Trial, brisk, converse, in_short, words,
};
pub use resources::hold_resources;
pub use untried::untried;

use crate::standing::Standing;

/// The present values of a conversation.
pub fn status(conversation: &impl Standing) -> Status {
    Status {
        id: conversation.id(),
        state: conversation.state(),
        is_polling: conversation.is_polling(),
        turn_in_progress: conversation.turn_in_progress(),
    }
}
