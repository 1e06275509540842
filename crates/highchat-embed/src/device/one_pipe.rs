//! The only pipe of a session, and what must be done with it next.
//!
//! ```text
//!   Closed ── Output::Open ──▶ Opening ── opened ──▶ Open ── end, failure, Output::Close ──▶ Closed
//!                                 └── failed, Output::Close ─────────────────────────────▶ Closed
//! ```

use core::mem;

use embedded_io::{Error, ErrorKind};
use highchat_proto::failure::Cause;
use highchat_proto::time::Instant;

use crate::embed::{Embed, Output};
use crate::pipe::PipeId;

/// The size of a session's read buffer, in bytes. One call of a pipe's `read` returns at most
/// this many.
pub const READ_BUFFER: usize = 512;

/// What the session must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Return the update.
    Update,
    /// Open a pipe until this time, and report it with [`OnePipe::handle_opened`].
    Open(Instant),
    /// Write the bytes, and report it with [`OnePipe::handle_written`]. Something else is due
    /// at this time.
    Write(Instant),
    /// Flush the pipe, and report it with [`OnePipe::handle_flushed`].
    Flush,
    /// Read, at most until this time, and report it with [`OnePipe::handle_read`].
    Read(Instant),
    /// Do nothing until this time.
    Sleep(Instant),
    /// Nothing is under way and nothing will become due.
    Idle,
}

enum Phase<P> {
    Closed,
    Opening(PipeId),
    Open {
        id: PipeId,
        pipe: P,
        is_flushed: bool,
    },
}

pub(super) struct OnePipe<P> {
    embed: Embed,
    phase: Phase<P>,
    buffer: [u8; READ_BUFFER],
    /// Whether a write or a flush began and did not return yet. An async one can be dropped, and
    /// then nobody knows what it wrote.
    is_writing: bool,
    /// Whether the application got an update. The time until its next call does not count
    /// towards the timeouts.
    is_away: bool,
}

impl<P> OnePipe<P> {
    pub(super) const fn new(embed: Embed) -> Self {
        Self {
            embed: embed.with_one_pipe(),
            phase: Phase::Closed,
            buffer: [0; READ_BUFFER],
            is_writing: false,
            is_away: false,
        }
    }

    pub(super) const fn embed(&self) -> &Embed {
        &self.embed
    }

    pub(super) const fn embed_mut(&mut self) -> &mut Embed {
        &mut self.embed
    }

    /// Follows the conversation's outputs up to the next step.
    pub(super) fn step(&mut self, now: Instant) -> Step {
        if mem::take(&mut self.is_writing) {
            self.lose("a write was abandoned", now);
        }
        if mem::take(&mut self.is_away) {
            self.embed.handle_return(now);
        }
        loop {
            match self.embed.poll_output() {
                Output::Open(id) => self.phase = Phase::Opening(id),
                Output::Write(_) => {
                    if let Phase::Open { is_flushed, .. } = &mut self.phase {
                        *is_flushed = false;
                    }
                }
                Output::Close(_) => self.phase = Phase::Closed,
                Output::Update => {
                    self.is_away = true;
                    return Step::Update;
                }
                Output::Wait(when) => return self.pending(when),
            }
        }
    }

    fn pending(&self, when: Option<Instant>) -> Step {
        let Some(when) = when else {
            return Step::Idle;
        };
        match &self.phase {
            Phase::Closed => Step::Sleep(when),
            Phase::Opening(_) => Step::Open(self.embed.open_until().unwrap_or(when)),
            Phase::Open { id, .. } if !self.embed.bytes(*id).is_empty() => Step::Write(when),
            Phase::Open {
                is_flushed: false, ..
            } => Step::Flush,
            Phase::Open { .. } => Step::Read(when),
        }
    }

    /// The open pipe, and the bytes to write to it. The session calls
    /// [`handle_written`](Self::handle_written) or [`handle_flushed`](Self::handle_flushed)
    /// after it; otherwise the pipe counts as lost.
    pub(super) fn begin_write(&mut self) -> Option<(&mut P, &[u8])> {
        match &mut self.phase {
            Phase::Open { id, pipe, .. } => {
                self.is_writing = true;
                Some((pipe, self.embed.bytes(*id)))
            }
            Phase::Closed | Phase::Opening(_) => None,
        }
    }

    /// The pipe was not ready, and nothing was written to it.
    pub(super) const fn forgo_write(&mut self) {
        self.is_writing = false;
    }

    /// The open pipe, and the buffer to read into.
    pub(super) fn begin_read(&mut self) -> Option<(&mut P, &mut [u8])> {
        match &mut self.phase {
            Phase::Open { pipe, .. } => Some((pipe, &mut self.buffer)),
            Phase::Closed | Phase::Opening(_) => None,
        }
    }

    pub(super) fn handle_opened<E>(&mut self, opened: Result<P, E>, now: Instant)
    where
        E: core::error::Error,
    {
        let Phase::Opening(id) = self.phase else {
            return;
        };
        match opened {
            Ok(pipe) => {
                self.phase = Phase::Open {
                    id,
                    pipe,
                    is_flushed: true,
                };
                self.embed.handle_opened(id, now);
            }
            Err(error) => {
                self.phase = Phase::Closed;
                self.embed.handle_failure(id, Cause::of(&error), now);
            }
        }
    }

    pub(super) fn handle_written<E: Error>(&mut self, written: Result<usize, E>, now: Instant) {
        self.is_writing = false;
        match (written, &self.phase) {
            (Ok(0), _) => self.lose("the pipe takes no bytes", now),
            (Ok(len), Phase::Open { id, .. }) => self.embed.handle_written(*id, len, now),
            (Ok(_), Phase::Closed | Phase::Opening(_)) => {}
            (Err(error), _) => self.lose(Cause::of(&error), now),
        }
    }

    pub(super) fn handle_flushed<E: Error>(&mut self, flushed: Result<(), E>, now: Instant) {
        self.is_writing = false;
        match (flushed, &mut self.phase) {
            (Ok(()), Phase::Open { is_flushed, .. }) => *is_flushed = true,
            (Ok(()), Phase::Closed | Phase::Opening(_)) => {}
            (Err(error), _) => self.lose(Cause::of(&error), now),
        }
    }

    /// A write or a flush took too long and was dropped.
    #[cfg(feature = "embedded-io-async")]
    pub(super) fn handle_late_write(&mut self, now: Instant) {
        self.is_writing = false;
        self.lose("no write in time", now);
    }

    /// Applies the result of a read into the buffer.
    pub(super) fn handle_read<E: Error>(&mut self, read: Result<usize, E>, now: Instant) {
        let Phase::Open { id, .. } = self.phase else {
            return;
        };
        match read {
            Ok(0) => {
                self.phase = Phase::Closed;
                self.embed.handle_end(id, now);
            }
            Ok(len) => {
                let bytes = &self.buffer[..len.min(READ_BUFFER)];
                self.embed.handle_read(id, bytes, now);
            }
            // The pipe has a timeout of its own, and no byte came.
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => self.lose(Cause::of(&error), now),
        }
        self.embed.handle_timeout(now);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.embed.handle_timeout(now);
    }

    /// Drops the pipe, which can no longer be used.
    fn lose(&mut self, cause: impl Into<Cause>, now: Instant) {
        match mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Open { id, .. } => self.embed.handle_failure(id, cause, now),
            phase @ (Phase::Closed | Phase::Opening(_)) => self.phase = phase,
        }
    }
}
