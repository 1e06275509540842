//! `highchat sandbox`: a local service.

use core::time::Duration;
use std::io::{self, Write};

use highchat_sandbox::{Person, Sandbox};

use crate::exit::Exit;
use crate::options::{SandboxOptions, Who};
use crate::signals::Stop;

pub(crate) fn run(options: SandboxOptions) -> Exit {
    match serve(options) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("error: the sandbox cannot run: {error}");
            Exit::Other
        }
    }
}

fn serve(options: SandboxOptions) -> io::Result<Exit> {
    let mut builder = Sandbox::builder()
        .port(options.port)
        .slug(options.slug)
        .token_delay(Duration::from_millis(options.token_delay))
        .ping_interval(Duration::from_millis(options.ping_interval))
        .rate_limit(options.rate_limit)
        .person(match options.person {
            Who::BuiltIn => Person::default(),
            Who::Inbox => Person::absent(),
        });
    for key in options.key {
        builder = builder.key(key);
    }
    let mut stop = Stop::catch()?;
    let sandbox = builder
        .start()
        .map_err(|error| io::Error::new(error.kind(), format!("port {}: {error}", options.port)))?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {}", sandbox.base_url())?;
    stdout.flush()?;
    drop(stdout);
    // Hints, which nobody may be there to read.
    let _ = writeln!(
        io::stderr(),
        "chat page: {}\ninbox:     {}",
        sandbox.chat_url(),
        sandbox.inbox_url()
    );
    Ok(stop.wait())
}
