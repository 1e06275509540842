//! Judges a HighChat client with a table of faults, and reports what it did wrong.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod capability;
mod check;
mod connections;
mod converse;
mod driver;
mod mismatch;
pub mod remote;
mod report;
mod row;
mod runner;
mod scenario;
mod seen;
mod source;
mod table;
mod trial;
pub mod words;

pub use capability::{Capability, UnknownCapability};
pub use check::Check;
pub use connections::{CONNECTION_TRIALS, ConnectionTrial};
pub use converse::converse;
pub use driver::{Driver, Status, in_short};
pub use mismatch::Mismatch;
pub use report::{Entry, Report, RowResult};
pub use scenario::brisk;
pub use seen::{Outcome, Seen};
pub use source::Source;
pub use table::{ALIKE, IN_A_THREAD, TRIALS};
pub use trial::{Course, TEXT, Trial};
