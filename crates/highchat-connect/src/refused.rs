//! What an HTTP/2 error says about a request.

use core::error::Error;
use core::iter::successors;

use h2::Reason;

/// Whether an error, or one of its sources, is the service's report over HTTP/2 that it did not
/// process the request (RFC 9113, section 8.7): by REFUSED_STREAM, or by a GOAWAY whose last
/// stream is before the request's. h2 ends a stream with a GOAWAY only in that case.
#[must_use]
pub fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut causes = successors(Some(error), |cause| (*cause).source());
    causes.any(|cause| {
        cause.downcast_ref().is_some_and(|cause: &h2::Error| {
            let is_refusal = cause.is_reset() && cause.reason() == Some(Reason::REFUSED_STREAM);
            cause.is_remote() && (is_refusal || cause.is_go_away())
        })
    })
}
