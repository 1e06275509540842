//! The tests of the decoder: a module for each subject.
#![cfg(feature = "alloc")]

mod conformance;
mod events;
mod fast;
mod limit;
mod properties;
