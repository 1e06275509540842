//! The outcome that each client of the project must have for each fault, as a table, and
//! the scenarios.
//!
//! A row of the table has one or more faults, the outcome that the project's rules require,
//! how often the message may be sent, and the reason. A client's test calls [`hold`] with a
//! table and a function that sends messages. Each row runs against a sandbox of its own,
//! several at the same time. [`hold_readings`] does the same with every reading of the
//! API's text. [`Trial::behind_the_proxy`] gives the row for a client that talks through
//! the proxy.
//!
//! A scenario is a conversation over real sockets that must be the same with every adapter.
//! An adapter's test implements [`Talk`], and [`scenarios!`](crate::scenarios) makes a test
//! of each scenario. [`proxies`] checks how a client uses the proxy that the environment
//! names, and [`tls`] which certificates it trusts. [`words`] has answers of a service for
//! other tests.

mod behind;
pub mod drivers;
pub mod proxies;
mod runner;
pub mod scenario;
mod seen;
mod table;
mod talk;
pub mod tls;
mod trial;
pub mod words;

pub use runner::{hold, hold_readings};
pub use seen::{Outcome, Seen};
pub use table::{ALIKE, IN_A_THREAD, TRIALS, untried};
pub use talk::{Talk, brisk, converse, converse_at, converse_by_ask, word};
pub use trial::{Course, TEXT, Trial};
