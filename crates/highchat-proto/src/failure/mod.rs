//! Every word for what went wrong.

#[cfg(feature = "std")]
mod cause;
mod cut;
#[cfg(feature = "std")]
mod failed;
#[cfg(feature = "std")]
mod response;
#[cfg(feature = "std")]
mod transport;

#[cfg(feature = "std")]
pub use self::{
    cause::Cause,
    failed::Failure,
    response::{ApiError, ErrorCode, ResponseError},
    transport::{Loss, TransportFailure},
};
pub use cut::Cut;
