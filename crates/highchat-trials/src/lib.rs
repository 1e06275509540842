//! What each client of the project is to make of each fault, as one table.
//!
//! Each row is a fault (or several), the outcome that the project's rules ask for, how
//! often the message may be sent, and why. A client's test gives [`hold`] a table and a
//! way to send messages, and each row is tried against a sandbox of its own, some at a
//! time; [`hold_readings`] does so with every reading of the API's text. Behind the proxy the
//! rows are those that [`Trial::behind_the_proxy`] makes of them.

#![forbid(unsafe_code)]

mod behind;
mod bench;
mod seen;
mod table;
mod trial;

pub use bench::{hold, hold_readings};
pub use seen::{Outcome, Seen};
pub use table::{IN_A_THREAD, TRIALS, untried};
pub use trial::{TEXT, Trial};
