//! `highchat sandbox`: runs a local service.

use core::fmt::Write;
use core::time::Duration;
use std::fs;
use std::io;
use std::path::Path;

use highchat_sandbox::{Fault, Person, Reading, Sandbox, Script};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::exit::Exit;
use crate::options::{SandboxOptions, Who};
use crate::signals::Stop;
use crate::{check, standard};

pub(crate) fn run(options: SandboxOptions) -> Exit {
    let ran = if options.list_faults || options.list_readings {
        list(&options)
    } else {
        serve(options)
    };
    match ran {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
        Err(error) => {
            standard::err(&format!("error: the sandbox cannot run: {error}\n"));
            Exit::Other
        }
    }
}

/// Raises the limit of open files: each stream needs a descriptor, and many systems allow a
/// process only 1024 by default.
fn allow_many_streams() {
    const WANTED: u64 = 8192;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < WANTED) {
        limit.current = Some(limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED)));
        // If the system refuses, further connections wait to be accepted.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

fn read(path: &Path) -> Result<Script, String> {
    let json = fs::read_to_string(path).map_err(|error| error.to_string())?;
    Script::parse(&json).map_err(|error| error.to_string())
}

/// Prints the names of faults or readings, one per line, with their meaning.
fn list(options: &SandboxOptions) -> io::Result<Exit> {
    let mut list = String::new();
    if options.list_faults {
        for fault in Fault::ALL {
            let amount = fault.amount().map(|amount| format!("[:{amount}]"));
            let name = format!("{}{}", fault.name(), amount.unwrap_or_default());
            let _ = writeln!(list, "{name:<24} {}", fault.line());
        }
    }
    if options.list_readings {
        for reading in Reading::ALL {
            let _ = writeln!(list, "{:<24} {}", reading.name(), reading.line());
        }
    }
    standard::out(&list)?;
    Ok(Exit::Complete)
}

fn serve(options: SandboxOptions) -> io::Result<Exit> {
    let port = options.port.unwrap_or(if options.check { 0 } else { 8787 });
    let mut builder = Sandbox::builder()
        .port(port)
        .slug(options.slug)
        .token_delay(Duration::from_millis(options.token_delay))
        .ping_interval(Duration::from_millis(options.ping_interval))
        .rate_limit(options.rate_limit)
        .time_scale(options.time_scale)
        .person(match options.person {
            Who::BuiltIn => Person::default(),
            Who::Inbox => Person::absent(),
        });
    if let Some(interval) = options.poll_interval {
        builder = builder.poll_interval(interval);
    }
    for key in options.key {
        builder = builder.key(key);
    }
    if let Some(path) = options.script {
        match read(&path) {
            Ok(script) => builder = builder.script(script),
            Err(message) => {
                let path = path.display();
                standard::err(&format!(
                    "error: the script {path} cannot be used: {message}\n"
                ));
                return Ok(Exit::Usage);
            }
        }
    }
    for faults in options.fault {
        builder = builder.fault(faults);
    }
    for reading in options.reading {
        builder = builder.reading(reading);
    }
    allow_many_streams();
    let mut stop = Stop::catch()?;
    let sandbox = builder
        .start()
        .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))?;
    if options.check {
        return check::run(&sandbox, &options.command, stop);
    }
    standard::out(&format!("listening on {}\n", sandbox.base_url()))?;
    standard::err(&format!(
        "chat page: {}\ninbox:     {}\n",
        sandbox.chat_url(),
        sandbox.inbox_url()
    ));
    Ok(stop.wait())
}
