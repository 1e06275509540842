//! Compares the CPU time of the adapters with their HTTP clients.
//!
//! `adapters [ROUNDS]` runs a session that reads a long reply over loopback, and a loop that only
//! reads the body. They run in turns, each in its own process. It prints the medians of the
//! clients' CPU time, user and system, from the request to the end of the reply. The service is
//! another process and does not count. The loop of ureq runs twice: without any time limit, as by
//! default, and with a limit for each read.
//!
//! In the first comparison the reply comes one event at a time, as a model writes it. This is the
//! usual work of a session. In the second one the reply of 8 MiB comes at once, and the session
//! must decode it, but the loop does not. In the third one a session in a handoff polls over TLS, and
//! the loop gets the same pages on one kept connection.
//!
//! `adapters count` counts the system calls by strace, and the instructions by valgrind, for each
//! event or poll. The start of the process and the TLS handshake are included.

mod clients;
mod counts;
mod polls;
mod service;

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use highchat_benches::report::{Table, verdict};

use crate::clients::Client;
use crate::service::{Place, Task};

type Failure = Box<dyn core::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["serve", task] => task.parse().and_then(service::serve),
        ["measure", client, task, place] => measure(client, task, place),
        ["run", client, task, place] => run(client, task, place),
        ["count"] => counts::print(),
        [] => compare(15),
        [rounds] => rounds
            .parse()
            .map_err(Failure::from)
            .and_then(|rounds: usize| compare(rounds.max(1))),
        _ => Err("adapters [ROUNDS], or adapters count".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Does a task in this process and prints the nanoseconds.
fn measure(client: &str, task: &str, place: &str) -> Result<(), Failure> {
    let place: Place = place.parse()?;
    let took = clients::cpu_time(client.parse()?, task.parse()?, &place)?;
    println!("{}", took.as_nanos());
    Ok(())
}

/// Does a task in this process, without a clock, because valgrind cannot run that of `measure`.
/// Prints what was done.
fn run(client: &str, task: &str, place: &str) -> Result<(), Failure> {
    let done = clients::run(client.parse()?, task.parse()?, &place.parse()?)?;
    println!("{done}");
    Ok(())
}

/// Starts this program or another one that runs it. Certificates come from the arguments, so a
/// session must not read those that the environment names.
fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove("SSL_CERT_FILE");
    command
}

/// The process of the service, which is killed when it is dropped.
struct Service(Child);

impl Service {
    /// Starts a service. Returns it with its place.
    fn start(task: Task) -> Result<(Self, String), Failure> {
        let mut serve = Command::new(std::env::current_exe()?);
        serve.args(["serve", task.name()]).stdout(Stdio::piped());
        let mut service = Self(serve.spawn()?);
        let mut place = String::new();
        let listening = service.0.stdout.take().ok_or("the service has no output")?;
        BufReader::new(listening).read_line(&mut place)?;
        Ok((service, place.trim().to_owned()))
    }
}

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
        "client alone",
        "ratio",
        "must",
        "stretch",
        "reached",
    ]);
    for task in Task::ALL {
        let medians = race(task, rounds)?;
        let (must, stretch) = task.limits();
        for (session, alone) in Client::PAIRS {
            let (ours, its) = (medians[session as usize], medians[alone as usize]);
            let ratio = ours.as_secs_f64() / its.as_secs_f64();
            table.push([
                format!("{}, {}, over {}", session.name(), task.name(), alone.name()),
                format!("{ours:.1?}"),
                format!("{its:.1?}"),
                format!("{ratio:.2}×"),
                format!("≤ {must}×"),
                format!("≤ {stretch}×"),
                verdict(ratio <= must, ratio <= stretch).into(),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// Runs all clients in turns. Returns the median of each, in the order of [`Client::ALL`].
fn race(task: Task, rounds: usize) -> Result<[Duration; Client::ALL.len()], Failure> {
    let this = std::env::current_exe()?;
    let (_service, place) = Service::start(task)?;

    let mut times = Client::ALL.map(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        // Each round begins with another client, because what ran before has an influence.
        let clients = Client::ALL.into_iter().cycle().skip(round);
        for client in clients.take(Client::ALL.len()) {
            let measure = ["measure", client.name(), task.name(), &place];
            let output = command(&this).args(measure).output()?;
            if !output.status.success() {
                let problem = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!("{}: {problem}", client.name()).into());
            }
            let nanos: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
            // The first round is for warming up.
            if round > 0 {
                times[client as usize].push(Duration::from_nanos(nanos));
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}
