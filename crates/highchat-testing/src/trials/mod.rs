//! What each client of the project is to make of each fault, as one table, and of each
//! scenario.
//!
//! Each row of the table is a fault (or several), the outcome that the project's rules ask
//! for, how often the message may be sent, and why. A client's test gives [`hold`] a table
//! and a way to send messages, and each row is tried against a sandbox of its own, some at
//! a time; [`hold_readings`] does so with every reading of the API's text. Behind the proxy
//! the rows are those that [`Trial::behind_the_proxy`] makes of them.
//!
//! A scenario is a conversation over real sockets that goes the same way whatever adapter
//! has it: an adapter's test says how it is driven ([`Talk`]), and [`scenarios!`](crate::scenarios) does the
//! rest. [`proxies`] holds a client to the way that the environment names,
//! and [`tls`] to whom it trusts. [`words`] are what a service says, for tests of other things.

mod behind;
mod bench;
pub mod drivers;
pub mod proxies;
pub mod scenario;
mod seen;
mod table;
mod talk;
pub mod tls;
mod trial;
pub mod words;

pub use bench::{hold, hold_readings};
pub use seen::{Outcome, Seen};
pub use table::{ALIKE, IN_A_THREAD, TRIALS, untried};
pub use talk::{Talk, brisk, converse, converse_at, converse_by_ask, word};
pub use trial::{Course, TEXT, Trial};
