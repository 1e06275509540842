//! What the fuzz targets hold, apart from libFuzzer, so that the seeds run as a test on
//! any toolchain.
//!
//! Oracles and players are those of highchat-proto's tests, and of highchat-embed's.

#![forbid(unsafe_code)]

#[path = "../../crates/highchat-proto/tests/support/cuts.rs"]
mod cuts;
#[path = "../../crates/highchat-proto/tests/support/drive.rs"]
mod drive;
#[path = "../../crates/highchat-proto/tests/support/sse_follow.rs"]
mod follow;
#[path = "../../crates/highchat-proto/tests/support/sse_hold.rs"]
mod hold;
#[path = "../../crates/highchat-embed/tests/support/hostile.rs"]
mod hostile;
#[path = "../../crates/highchat-proto/tests/support/limit.rs"]
mod limit;
#[path = "../../crates/highchat-proto/tests/support/naive.rs"]
mod naive;
#[path = "../../crates/highchat-proto/tests/support/sse_plain.rs"]
mod plain;
#[expect(dead_code, reason = "scripts are played step by step")]
#[path = "../../crates/highchat-proto/tests/support/conversation_player.rs"]
mod player;
#[path = "../../crates/highchat-proto/tests/support/conversation_replay.rs"]
mod replay;
#[path = "../../crates/highchat-proto/tests/support/conversation_restart.rs"]
mod restart;
// The file alone: the program's crate brings a TLS stack and a terminal, and each crate takes
// its time to be instrumented.
#[path = "../../crates/highchat-cli/src/sanitise.rs"]
mod sanitiser;
#[path = "../../crates/highchat-proto/tests/support/conversation_steps.rs"]
mod steps;
#[allow(
    dead_code,
    reason = "the words of the service, without the world's log"
)]
#[path = "../../crates/highchat-proto/tests/support/world.rs"]
mod world;

mod fields;
mod json;
mod naive_event;
mod naive_page;
mod pieces;
mod script;

pub mod conversation;
pub mod decode;
pub mod embed;
pub mod event;
pub mod limits;
pub mod page;
pub mod retry_after;
pub mod sanitise;
pub mod target;
