//! The common part of the programs: the recorded reply, and the printing of sizes.

#![no_std]

pub mod recording;
pub mod report;
pub mod stack;
