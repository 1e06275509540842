//! Compares the CPU time of the adapters with their HTTP clients.
//!
//! `adapters [ROUNDS]` runs a session that reads a long reply over loopback, and a loop that only
//! reads the body. They run in turns, each in its own process. It prints the medians of the
//! clients' CPU time, user and system, from the request to the end of the reply. The service is
//! another process and does not count.
//!
//! In the first comparison the reply comes one event at a time, as a model writes it. This is the
//! usual work of a session. In the second one the reply of 8 MiB comes at once, and the session
//! must decode it, but the loop does not.

mod clients;
mod service;

use core::time::Duration;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use highchat_benches::report::{Table, verdict};

use crate::clients::Client;
use crate::service::Pace;

type Failure = Box<dyn core::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["serve", pace] => pace.parse().and_then(service::serve),
        ["read", client, pace, address] => read(client, pace, address),
        [] => compare(15),
        [rounds] => rounds
            .parse()
            .map_err(Failure::from)
            .and_then(|rounds: usize| compare(rounds.max(1))),
        _ => Err("adapters [ROUNDS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Reads one reply in this process and prints the nanoseconds.
fn read(client: &str, pace: &str, address: &str) -> Result<(), Failure> {
    let workload = pace.parse::<Pace>()?.workload();
    let took = clients::cpu_time(client.parse()?, &workload, address)?;
    println!("{}", took.as_nanos());
    Ok(())
}

/// The process of the service, which is killed when it is dropped.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // An error means that the process has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn compare(rounds: usize) -> Result<(), Failure> {
    let mut table = Table::new([
        "CPU time",
        "ours",
        "body only",
        "ratio",
        "must",
        "stretch",
        "reached",
    ]);
    for pace in Pace::ALL {
        let medians = race(pace, rounds)?;
        for (pair, clients) in medians.chunks(2).zip(Client::ALL.chunks(2)) {
            let ratio = pair[0].as_secs_f64() / pair[1].as_secs_f64();
            table.push([
                format!("{}, {}", clients[0].name(), pace.name()),
                format!("{:.1?}", pair[0]),
                format!("{:.1?}", pair[1]),
                format!("{ratio:.2}×"),
                "≤ 1.15×".into(),
                "≤ 1.05×".into(),
                verdict(ratio <= 1.15, ratio <= 1.05).into(),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// Runs all clients in turns. Returns the median of each.
fn race(pace: Pace, rounds: usize) -> Result<[Duration; 4], Failure> {
    let this = std::env::current_exe()?;
    let mut serve = Command::new(&this);
    serve.args(["serve", pace.name()]).stdout(Stdio::piped());
    let mut service = Service(serve.spawn()?);
    let mut address = String::new();
    let listening = service.0.stdout.take().ok_or("the service has no output")?;
    BufReader::new(listening).read_line(&mut address)?;

    let mut times = Client::ALL.map(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for (client, times) in Client::ALL.iter().zip(&mut times) {
            let read = ["read", client.name(), pace.name(), address.trim()];
            let output = Command::new(&this).args(read).output()?;
            if !output.status.success() {
                let problem = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!("{}: {problem}", client.name()).into());
            }
            let nanos: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
            // The first round is for warming up.
            if round > 0 {
                times.push(Duration::from_nanos(nanos));
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}
