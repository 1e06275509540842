//! What can go wrong with an exchange, by what it means for the message.

use core::error::Error;
use core::fmt;
use std::boxed::Box;
use std::string::String;

use super::cause::Cause;
use super::cut::Cut;
use super::response::ResponseError;

/// Why an exchange with the service gave no whole answer.
///
/// The variants are by what is known of the message, because `POST /v1/chat` cannot be
/// repeated safely: only [`NotSent`](Self::NotSent) means that it was surely not taken,
/// and a [`Refused`](Self::Refused) with 429 that the service turned it away. Whatever
/// else happened, it may have been taken, and must not be sent again by a program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The service could not be reached; nothing of the request left.
    NotSent(Box<dyn Error + Send + Sync>),
    /// The request was sent, in part or whole, and no answer came: a lost connection,
    /// or [`Config::response_timeout`](crate::Config::response_timeout).
    Interrupted(Box<dyn Error + Send + Sync>),
    /// The service answered something else than what was asked for.
    Refused(ResponseError),
    /// The reply began and is not whole.
    Cut(Cut),
}

impl Failure {
    /// The service could not be reached: [`NotSent`](Self::NotSent), with the
    /// [place](crate::Endpoint::authority) before the cause.
    #[must_use]
    pub fn not_sent(
        place: impl Into<String>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let (place, cause) = (place.into(), cause.into());
        Self::NotSent(Unreachable { place, cause }.into())
    }
}

/// A place that could not be reached, and why as its source.
#[derive(Debug)]
struct Unreachable {
    place: String,
    cause: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

/// With all that is known of the cause.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => {
                Cause::of(&**cause).write(f, "the service could not be reached")
            }
            Self::Interrupted(cause) => Cause::of(&**cause).write(f, "no answer came"),
            Self::Refused(error) => error.fmt(f),
            Self::Cut(cut) => cut.fmt(f),
        }
    }
}

/// Without a source: the text has it already. The causes are in the variants.
impl Error for Failure {}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        Self::Refused(error)
    }
}

impl From<Cut> for Failure {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Loss;
    use std::io;
    use std::string::ToString;

    #[test]
    fn what_could_not_be_reached_is_named() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let failure = Failure::not_sent("chat.example:443", refused);
        let expected = "chat.example:443: connection refused";
        assert_eq!(Loss::from(&failure).cause.as_str(), expected);
        let expected = "the service could not be reached: chat.example:443: connection refused";
        assert_eq!(failure.to_string(), expected);
    }

    #[test]
    fn a_failure_says_its_root_cause_once() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        // Says and gives the error in it.
        let wrapped = io::Error::other(io::Error::other(refused));
        let failure = Failure::NotSent(wrapped.into());
        let expected = "the service could not be reached: connection refused";
        assert_eq!(failure.to_string(), expected);
        assert!(failure.source().is_none(), "or a report would say it again");
    }
}
