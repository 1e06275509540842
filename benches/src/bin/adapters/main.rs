//! What the adapters cost over the HTTP clients they are made on.
//!
//! `adapters [ROUNDS]`: in turns, each in a process of its own, a session that reads a
//! long reply over loopback and a loop that only reads the body. Printed are the medians
//! of the clients' CPU time, of user and system, from the request to the reply's end.
//! The service is another process, so none of it is counted.
//!
//! Once the reply comes as a model writes it, an event at a time, which is what a session
//! is for; once all at once, where the session has all the decoding of 8 MiB to do and
//! the loop has none.

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

/// One reading, in a process of its own: prints its nanoseconds.
fn read(client: &str, pace: &str, address: &str) -> Result<(), Failure> {
    let workload = pace.parse::<Pace>()?.workload();
    let took = clients::cpu_time(client.parse()?, &workload, address)?;
    println!("{}", took.as_nanos());
    Ok(())
}

/// Ends with whoever holds it.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to be ended.
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

/// All clients in turns; the median of each.
fn race(pace: Pace, rounds: usize) -> Result<[Duration; 4], Failure> {
    let this = std::env::current_exe()?;
    let mut serve = Command::new(&this);
    serve.args(["serve", pace.name()]).stdout(Stdio::piped());
    let mut service = Service(serve.spawn()?);
    let mut address = String::new();
    let listening = service.0.stdout.take().ok_or("it has no output")?;
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
            // The first round warms up.
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
