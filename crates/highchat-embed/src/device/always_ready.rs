//! Readiness for pipes that do not report it.

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

/// A pipe without [`ReadReady`] and [`WriteReady`], which counts as always ready.
///
/// [`Session::poll`](super::Session::poll) then blocks in the pipe's `read` until a byte comes.
/// So give the pipe a read timeout that returns an error of kind
/// [`TimedOut`](embedded_io::ErrorKind::TimedOut) or
/// [`Interrupted`](embedded_io::ErrorKind::Interrupted), which counts as "no byte yet".
/// Timeouts of the conversation are noticed only when the read returns.
///
/// ```
/// use embedded_io::{Read, ReadReady};
/// use highchat_embed::device::AlwaysReady;
///
/// let mut pipe = AlwaysReady("Բարև".as_bytes());
/// let mut buffer = [0; 2];
/// assert_eq!(pipe.read_ready(), Ok(true));
/// assert_eq!(pipe.read(&mut buffer), Ok(2));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysReady<P>(pub P);

impl<P: ErrorType> ErrorType for AlwaysReady<P> {
    type Error = P::Error;
}

impl<P: Read> Read for AlwaysReady<P> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buffer)
    }
}

impl<P: Write> Write for AlwaysReady<P> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush()
    }
}

impl<P: Read> ReadReady for AlwaysReady<P> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl<P: Write> WriteReady for AlwaysReady<P> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}
