//! Judges a client in another process, such as a page in a browser: with the table of trials,
//! or with lives. How they talk is in `highchat_testing::remote`.

#![expect(clippy::print_stdout, reason = "this program prints what it judged")]

use core::time::Duration;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use highchat_proto::{Credentials, Endpoint};
use highchat_sandbox::Sandbox;
use highchat_testing::remote::{Process, RemoteLife, RemoteTalk};
use highchat_testing::trials::{
    ALIKE, IN_A_THREAD, Pace, Seen, TRIALS, Trial, converse_at, hold_at, hold_readings_at,
};
use highchat_testing::world::World;
use highchat_testing::world::play::{endpoint, play_to};
use highchat_testing::world::run::lives;

const USAGE: &str = "judge [--browser] trials-by-key|trials-by-slug|lives COMMAND…
--browser leaves out the trials in which a browser itself sends the message again.
LIVES and LIVES_FROM set how many lives there are, and the first seed.";

/// The time limit of a life.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let is_browser = arguments.next_if(|it| it == "--browser").is_some();
    let (Some(what), Some(program)) = (arguments.next(), arguments.next()) else {
        println!("usage: {USAGE}");
        return ExitCode::from(2);
    };
    let process = Arc::new(Process::start(Command::new(program).args(arguments)));
    match &*what {
        "trials-by-key" => trials(process, is_browser, |sandbox| sandbox.endpoint()),
        "trials-by-slug" => trials(process, is_browser, |sandbox| {
            let slug = Credentials::slug(sandbox.slug()).expect("a slug");
            Endpoint::new(sandbox.base_url(), slug).expect("an address of this machine")
        }),
        "lives" => lives("remote", 500, 1, PATIENCE, |life, tells| {
            let world = World::new(life, tells);
            let mut client = RemoteLife::new(&process, endpoint(), world.config());
            play_to(&mut client, world)
        }),
        _ => {
            println!("usage: {USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn trials(process: Arc<Process>, is_browser: bool, endpoint: impl Fn(&Sandbox) -> Endpoint + Sync) {
    RemoteTalk::talk_in(process);
    let converse = |trial: &Trial, sandbox: &Sandbox| -> Seen {
        converse_at::<RemoteTalk>(trial, sandbox, &endpoint(sandbox))
    };
    for (name, table) in [
        ("trials", TRIALS),
        ("in a thread", IN_A_THREAD),
        ("alike", ALIKE),
    ] {
        let mut rows: Vec<_> = table.iter().copied().map(Trial::over_fetch).collect();
        rows.retain(|row| !(is_browser && row.is_repeated_by_a_browser()));
        hold_at(Pace::WordByWord, &rows, converse);
        println!("{name}: {} rows", rows.len());
    }
    hold_readings_at(Pace::WordByWord, converse);
    println!("readings of the API's text: all");
}
