//! Decodes the stream of one cell TIMES times, for a tool that counts instructions.
//!
//! `count MODE CONTENDER WORKLOAD CUT TIMES` prints the number of events in the stream. The
//! stream has 128 KiB, so that costs that grow with its length are visible.

use std::process::ExitCode;

use highchat_benches::contenders::{self, Mode};
use highchat_benches::cuts::Cut;
use highchat_benches::workload::{Kind, Workload};

const LEN: usize = 128 << 10;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match count(&arguments) {
        Ok(events) => {
            println!("{events}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn count(arguments: &[String]) -> Result<usize, String> {
    let [mode, contender, kind, cut, times] = arguments else {
        return Err("count MODE CONTENDER WORKLOAD CUT TIMES".into());
    };
    let (mode, kind): (Mode, Kind) = (mode.parse()?, kind.parse()?);
    let (contender, cut): (_, Cut) = (contenders::find(contender)?, cut.parse()?);
    let times: usize = times.parse().map_err(|_| "TIMES is not a number")?;
    let workload = Workload::new(kind, LEN);
    contender.check(mode, &workload, cut)?;
    for _ in 0..times {
        contender.run(mode, &workload, cut);
    }
    Ok(workload.events())
}
