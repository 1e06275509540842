//! Every word for what went wrong.
//!
//! ```text
//!                      nothing left   connection lost   no answer in time   another answer     reply cut
//!   driver ──▶ TransportFailure::NotSent  ::Interrupted         │           ResponseError         Cut
//!                           │                  │                │                 │                │
//!   Failure ────────▶    NotSent           Unanswered        TimedOut          Refused            Cut
//!                           │                  └───────┬────────┘                 │                │
//!   the message  ────▶ surely not taken        may have been taken       as the status says   may have been
//! ```
//!
//! [`Failure`] is the one answer to the question why there is no whole answer: clients return
//! it, a turn ends with it, and updates carry it. [`TransportFailure`] is what a driver
//! reports to a [`Conversation`](crate::Conversation).

mod cause;
mod cut;
mod failed;
mod response;
mod transport;

pub use self::{
    cause::Cause,
    failed::Failure,
    response::{ApiError, ErrorCode, ResponseError},
    transport::TransportFailure,
};
pub use cut::Cut;
