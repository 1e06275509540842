//! Standard input, output and error of the process, without the standard library's handles.
//!
//! The library's handles lose errors that matter here: `eprintln!` panics if standard error
//! cannot be written, standard output ignores a descriptor that is not open for writing,
//! and a non-blocking descriptor causes an error instead of a wait.

use std::io::{self, BufReader, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Prints to standard output.
pub(crate) fn out(text: &str) -> io::Result<()> {
    let stdout = io::stdout().lock();
    write(stdout.as_fd(), text.as_bytes())
}

/// Prints to standard error. Errors are ignored.
pub(crate) fn err(text: &str) {
    let stderr = io::stderr().lock();
    let _ = write(stderr.as_fd(), text.as_bytes());
}

/// Prints the whole output of a command to standard output. Reports an error, except a
/// closed pipe, and returns whether there was none.
pub(crate) fn last_out(text: &str) -> bool {
    match out(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            err(&format!(
                "error: standard output cannot be written: {error}\n"
            ));
            false
        }
        _ => true,
    }
}

/// Standard input. It waits for bytes, even if the descriptor is non-blocking.
pub(crate) struct Input {
    stdin: io::Stdin,
    is_terminal: bool,
}

impl Input {
    pub(crate) fn new() -> BufReader<Self> {
        let stdin = io::stdin();
        let is_terminal = stdin.is_terminal();
        BufReader::new(Self { stdin, is_terminal })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(self.stdin.as_fd(), &mut *buffer) {
                Ok(read) => return Ok(read),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => wait(self.stdin.as_fd(), PollFlags::IN)?,
                // The terminal is gone.
                Err(Errno::IO) if self.is_terminal => return Ok(0),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Writes all bytes, even if the descriptor is non-blocking.
pub(crate) fn write(file: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(file, PollFlags::OUT)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait(file: BorrowedFd<'_>, readiness: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::from_borrowed_fd(file, readiness)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
