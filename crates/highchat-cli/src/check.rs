//! `highchat sandbox --check`: a program run against the sandbox, and judged.

use core::time::Duration;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use highchat_sandbox::Sandbox;

use crate::exit::Exit;
use crate::signals::Stop;
use crate::standard;

/// How often it is asked whether the program has ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How long its connections may take to end after it has.
const CONNECTION_GRACE: Duration = Duration::from_secs(1);

/// Runs the program to its end, and reports what it did that it should not have.
///
/// # Errors
///
/// It cannot be waited for.
pub(crate) fn run(sandbox: &Sandbox, command: &[OsString], mut stop: Stop) -> io::Result<Exit> {
    let Some((program, arguments)) = command.split_first() else {
        standard::err("error: --check wants a command behind --\n");
        return Ok(Exit::Usage);
    };
    let child = Command::new(program)
        .args(arguments)
        // Its own way to a service would lead it elsewhere.
        .env_remove("HIGHCHAT_KEY_FILE")
        .env_remove("HIGHCHAT_SLUG")
        .env("HIGHCHAT_BASE_URL", sandbox.base_url())
        .env("HIGHCHAT_KEY", sandbox.key())
        .env(
            "HIGHCHAT_SANDBOX_URL",
            format!("{}/sandbox", sandbox.base_url()),
        )
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            let program = Path::new(program).display();
            standard::err(&format!("error: {program} cannot be started: {error}\n"));
            return Ok(Exit::Usage);
        }
    };
    let (signals, signalled) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits for it once the program has ended.
        let _ = signals.send(stop.wait());
    });
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        match signalled.recv_timeout(CHECK_INTERVAL) {
            Ok(exit) => return end(&mut child).map(|()| exit),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(CHECK_INTERVAL),
        }
    };
    Ok(judge(sandbox, status))
}

fn end(child: &mut Child) -> io::Result<()> {
    // One that has ended meanwhile needs no killing.
    let _ = child.kill();
    child.wait().map(drop)
}

fn judge(sandbox: &Sandbox, status: ExitStatus) -> Exit {
    // What is still open then is judged as that.
    let _ = sandbox.wait_until(CONNECTION_GRACE, |requests| {
        requests.iter().all(|request| request.ended.is_some())
    });
    let verdict = sandbox.verdict();
    standard::err(&format!("the command ended with {status}\n{verdict}\n"));
    if verdict.requests() == 0 {
        standard::err("error: it asked nothing, so there is nothing to judge\n");
    }
    if verdict.is_good() && verdict.requests() > 0 {
        Exit::Complete
    } else {
        Exit::Other
    }
}
