//! Counts the system calls and the instructions of the clients.

use std::process::{Command, id};
use std::{env, fs};

use highchat_benches::report::Table;

use crate::clients::Client;
use crate::service::Task;
use crate::{Failure, Service, command};

/// Counts for the tasks whose events and polls come one at a time.
pub(crate) fn print() -> Result<(), Failure> {
    let mut table = Table::new(["count", "system calls", "instructions"]);
    for task in [Task::Events, Task::Polls] {
        let (step, steps) = task.steps();
        let (_service, place) = Service::start(task)?;
        for client in Client::ALL {
            let run = Run {
                arguments: ["run", client.name(), task.name(), &place],
                complete: client.complete(task),
            };
            let calls = run.system_calls()? as f64 / steps as f64;
            let instructions = run.instructions()? as f64 / steps as f64;
            table.push([
                format!("{}, for each {step}", client.name()),
                format!("{calls:.1}"),
                format!("{instructions:.0}"),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// A run of this program below another one.
struct Run<'a> {
    arguments: [&'a str; 4],
    /// What it prints after a complete task.
    complete: usize,
}

impl Run<'_> {
    fn system_calls(&self) -> Result<u64, Failure> {
        let report = env::temp_dir().join(format!("highchat-adapters-{}", id()));
        let mut strace = command("strace");
        strace.args(["-f", "-c", "-o"]).arg(&report);
        let traced = self.below(strace);
        let summary = fs::read_to_string(&report);
        // A report that was never written is no further problem.
        let _ = fs::remove_file(report);
        traced?;
        // Percent, seconds, microseconds for each call, calls, perhaps errors, and the word.
        let summary = summary?;
        let total = summary.lines().find(|line| line.ends_with(" total"));
        let calls = total.and_then(|line| line.split_whitespace().nth(3));
        Ok(calls.ok_or("strace counted nothing")?.parse()?)
    }

    fn instructions(&self) -> Result<u64, Failure> {
        let mut valgrind = command("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        let report = self.below(valgrind)?;
        let collected = report.rsplit_once("Collected : ");
        let count = collected.and_then(|(_, rest)| rest.split_whitespace().next());
        Ok(count.ok_or("valgrind counted nothing")?.parse()?)
    }

    /// Runs below `tool`. Returns the tool's report.
    fn below(&self, mut tool: Command) -> Result<String, Failure> {
        let output = tool
            .arg(env::current_exe()?)
            .args(self.arguments)
            .output()?;
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(report.into());
        }
        let done: usize = String::from_utf8(output.stdout)?.trim().parse()?;
        if done == self.complete {
            Ok(report)
        } else {
            Err("the task is not complete".into())
        }
    }
}
