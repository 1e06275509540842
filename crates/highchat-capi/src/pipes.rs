//! The pipes that the caller knows, by number.

use std::vec::Vec;

use highchat_embed::PipeId;

use crate::status::Status;

struct Pipe {
    number: u64,
    id: PipeId,
    is_open: bool,
}

/// The pipes between the order to open them and their end. There are never more than
/// `highchat-embed` uses at the same time. Numbers begin with 1 and are not reused.
pub(crate) struct Pipes {
    pipes: Vec<Pipe>,
    last: u64,
}

impl Pipes {
    pub(crate) const fn new() -> Self {
        Self {
            pipes: Vec::new(),
            last: 0,
        }
    }

    pub(crate) fn add(&mut self, id: PipeId) -> u64 {
        self.last += 1;
        self.pipes.push(Pipe {
            number: self.last,
            id,
            is_open: false,
        });
        self.last
    }

    /// The number of a pipe that the caller knows.
    pub(crate) fn number(&self, id: PipeId) -> Option<u64> {
        let pipe = self.pipes.iter().find(|pipe| pipe.id == id)?;
        Some(pipe.number)
    }

    pub(crate) fn open(&mut self, number: u64) -> Result<PipeId, Status> {
        let pipe = self.pipes.iter_mut().find(|pipe| pipe.number == number);
        let pipe = pipe.ok_or(Status::UnknownPipe)?;
        if pipe.is_open {
            return Err(Status::PipeAlreadyOpen);
        }
        pipe.is_open = true;
        Ok(pipe.id)
    }

    /// An open pipe.
    pub(crate) fn find(&self, number: u64) -> Result<PipeId, Status> {
        let pipe = self.pipes.iter().find(|pipe| pipe.number == number);
        let pipe = pipe.ok_or(Status::UnknownPipe)?;
        pipe.is_open.then_some(pipe.id).ok_or(Status::PipeNotOpen)
    }

    /// Removes a pipe that is gone, open or not.
    pub(crate) fn remove(&mut self, number: u64) -> Result<PipeId, Status> {
        let at = self.pipes.iter().position(|pipe| pipe.number == number);
        let at = at.ok_or(Status::UnknownPipe)?;
        Ok(self.pipes.remove(at).id)
    }
}
