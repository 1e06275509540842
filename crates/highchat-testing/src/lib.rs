//! Test support for all crates of the project; never published.
//!
//! | module | content | feature |
//! | --- | --- | --- |
//! | `life` | a life: everything that happens to one conversation, as plain data | `world` |
//! | `world` | plays a life, and compares what a client shows with what is true | `world` |
//! | `net` | HTTP/1.1 as bytes, and a life's service on loopback | `world`, except `answer` |
//! | `trials` | the conformance kit over each adapter; connections, TLS and proxies | `trials` |
//! | `player` | a conversation in virtual time: scripts, restarts, other polling | none |
//! | `remote` | a client in another process, for lives | `trials` and `world` |
//! | `standing` | what a client says of its conversation | none |
//! | `oracles` | independent decoders, test cases, cuts, hostile bytes | none; `embed` |
//!
//! The feature `proptest` adds random streams and scripts.
//!
//! Imports go one way: `player` imports `oracles`, `world` imports `life`, `net` imports
//! `world`. `remote` imports `world`, and `trials` only `standing`, which imports nothing.

#![forbid(unsafe_code)]

#[cfg(feature = "world")]
pub mod life;
pub mod net;
pub mod oracles;
pub mod player;
#[cfg(all(feature = "trials", feature = "world"))]
pub mod remote;
pub mod standing;
#[cfg(feature = "trials")]
pub mod trials;
#[cfg(feature = "world")]
pub mod world;
