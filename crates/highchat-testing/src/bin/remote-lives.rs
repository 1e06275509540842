//! Plays lives with a client in another process and in virtual time. How they talk is in
//! `highchat_testing::remote`. The conformance kit's own program, `highchat-conformance`, judges
//! such a client over real sockets.

#![expect(clippy::print_stdout, reason = "this program prints its usage")]

use core::time::Duration;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use highchat_conformance::remote::Process;
use highchat_testing::remote::RemoteLife;
use highchat_testing::world::World;
use highchat_testing::world::play::{endpoint, play_to};
use highchat_testing::world::run::lives;

const USAGE: &str = "remote-lives COMMAND…
LIVES and LIVES_FROM set how many lives there are, and the first seed.";

/// The time limit of a life.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(program) = arguments.next() else {
        println!("usage: {USAGE}");
        return ExitCode::from(2);
    };
    let process = Process::start(Command::new(program).args(arguments));
    let process = Arc::new(process.expect("the program starts"));
    lives("remote", 500, 1, PATIENCE, |life, tells| {
        let world = World::new(life, tells);
        let mut client = RemoteLife::new(&process, endpoint(), world.config());
        play_to(&mut client, world)
    });
    ExitCode::SUCCESS
}
