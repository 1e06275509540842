//! What the programs share: the reply they read, and what they tell of themselves.

#![no_std]

pub mod recording;
pub mod report;
pub mod stack;
