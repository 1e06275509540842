//! Plays lives from consecutive seeds, and prints the first that fails: its story, reduced
//! to the steps that are needed, and the life as JSON, which can be kept as a test.

#![expect(clippy::print_stdout, reason = "this program prints its findings")]

use core::time::Duration;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use highchat_testing::life::Life;
use highchat_testing::life::reduce::reduce;
use highchat_testing::world::play::{play, story};

const USAGE: &str = "lives [--seeds N] [--from SEED] [--for SECONDS] [--keep-going | --brief]";

fn main() -> ExitCode {
    let mut from = None;
    let mut seeds = u64::MAX;
    let mut limit = None;
    let (mut keep_going, mut is_brief) = (false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok());
        let known = match argument.as_str() {
            "--seeds" => number().map(|number| seeds = number),
            "--from" => number().map(|number| from = Some(number)),
            "--for" => number().map(|number| limit = Some(Duration::from_secs(number))),
            "--keep-going" => {
                keep_going = true;
                Some(())
            }
            "--brief" => {
                is_brief = true;
                Some(())
            }
            _ => None,
        };
        if known.is_none() {
            println!("usage: {USAGE}");
            return ExitCode::from(2);
        }
    }
    if seeds == u64::MAX && limit.is_none() {
        seeds = 100_000;
    }
    let from = from.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs() << 20)
    });
    println!("lives from seed {from}");
    let (mut played, mut failed) = (0, 0);
    let began = Instant::now();
    while played < seeds && limit.is_none_or(|limit| began.elapsed() < limit) {
        let seed = from + played;
        let life = Life::draw(seed);
        played += 1;
        if let Err(finding) = play(&life) {
            failed += 1;
            println!("seed {seed}: {finding}");
            if keep_going {
                continue;
            }
            if !is_brief {
                print_failure(life);
            }
            break;
        }
        if played % 1_000_000 == 0 {
            println!("{played} lives, {failed} with a finding");
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = played as f64 / seconds;
    println!("{played} lives in {seconds:.1} s, {rate:.0} per second; {failed} with a finding");
    ExitCode::from(u8::from(failed > 0))
}

fn print_failure(life: Life) {
    let life = reduce(life, |life| play(life).is_err());
    println!("\nreduced to:\n");
    for line in story(&life) {
        println!("{line}");
    }
    let kept = serde_json::to_string(&life).expect("plain data");
    println!(
        "\nto keep it as a test, save this as a file in crates/highchat-testing/lives:\n\n{kept}"
    );
}
