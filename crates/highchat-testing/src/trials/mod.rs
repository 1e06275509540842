//! Tests that every client of the project must pass: a table of faults, and scenarios.
//!
//! A row of the table has one or more faults, the outcome that the project's rules require,
//! how often the message may be sent, and the reason. A client's test calls [`hold`] with a
//! table and a function that sends messages. Each row then runs against its own sandbox,
//! several rows at a time. [`hold_readings`] does the same with every reading of the API's
//! text. For a client behind the proxy, [`Trial::behind_the_proxy`] changes the rows.
//!
//! A scenario is a conversation over real sockets that must be the same with each adapter. An
//! adapter's test implements [`Talk`], and [`scenarios!`](crate::scenarios) makes a test of
//! each scenario.
//!
//! [`hold_connections`] counts the connections of a long handoff, and [`hold_resources`] what
//! sessions leave behind.
//! [`proxies`] checks which proxy a client uses, and [`tls`] which certificates it trusts.
//! [`words`] has texts of a service for other tests.

mod behind;
mod connections;
pub mod drivers;
mod fetch;
pub mod proxies;
mod resources;
mod runner;
pub mod scenario;
mod seen;
mod table;
mod talk;
pub mod tls;
mod trial;
pub mod words;

pub use connections::{hold_connections, hold_connections_beside_messages};
pub use resources::hold_resources;
pub use runner::{Pace, hold, hold_at, hold_readings, hold_readings_at};
pub use seen::{Outcome, Seen};
pub use table::{ALIKE, IN_A_THREAD, TRIALS, untried};
pub use talk::{Talk, brisk, converse, converse_at, converse_by_ask, word};
pub use trial::{Course, TEXT, Trial};
