//! Compares our decoder with the best peer of each cell and with the goals.
//!
//! `ratios [--quick] [--plot FILE.svg]` runs all contenders of a cell in turns and prints tables
//! in Markdown. With `--quick` the times mean nothing; it only checks that everything runs.

mod allocations;
mod goals;
mod machine;
mod memory;
mod standings;

use std::process::ExitCode;

use highchat_benches::workload;

use crate::goals::Goals;
use crate::standings::Standings;

/// How long each contender runs.
#[derive(Clone, Copy)]
struct Effort {
    len: usize,
    rounds: usize,
}

struct Arguments {
    effort: Effort,
    plot: Option<String>,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            effort: Effort {
                len: workload::LEN,
                rounds: 9,
            },
            plot: None,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => {
                    parsed.effort = Effort {
                        len: 256 << 10,
                        rounds: 3,
                    };
                }
                "--plot" => {
                    let file = arguments.next().ok_or("--plot needs a file")?;
                    parsed.plot = Some(file);
                }
                _ => return Err("ratios [--quick] [--plot FILE.svg]".into()),
            }
        }
        Ok(parsed)
    }
}

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    println!("{}\n", machine::describe());
    let standings = Standings::measure(arguments.effort);
    println!("{}", Goals::judge(&standings, arguments.effort));
    println!("{}", standings.table());
    println!("{}\n", goals::conversation(arguments.effort));
    println!("{}", memory::allocations());
    println!("{}", memory::conversation());
    if let Some(file) = arguments.plot {
        let svg = standings.plot().svg();
        std::fs::write(&file, svg).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}
