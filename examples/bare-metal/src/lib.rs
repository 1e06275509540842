//! The common part of the programs: the recorded reply, the printing of sizes, and the parts of the
//! device with a serial line.

#![no_std]

#[cfg(feature = "device")]
pub mod clock;
#[cfg(feature = "device")]
pub mod heap;
#[cfg(feature = "device")]
pub mod modem;
pub mod recording;
pub mod report;
pub mod stack;
#[cfg(feature = "device")]
pub mod uart;
