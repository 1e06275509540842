//! What each client of the project is to make of each fault, as one table.
//!
//! Each row is a fault (or several), the outcome that the project's rules ask for, how
//! often the message may be sent, and why. A client's test gives [`hold`] or
//! [`hold_readings`] a way to send a message, and the whole table is run against
//! sandboxes of its own, some rows at a time.

#![forbid(unsafe_code)]

mod bench;
mod seen;
mod trial;

pub use bench::{hold, hold_readings};
pub use seen::{Outcome, Seen};
pub use trial::{TEXT, TRIALS, Trial};
