//! `highchat sandbox --check`: runs a client program against the sandbox and judges it.

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

/// How often to check whether the program has ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How long the program's connections may stay open after it has ended.
const CONNECTION_GRACE: Duration = Duration::from_secs(1);

/// Runs the program to its end and reports what it did wrong.
///
/// # Errors
///
/// The program's end cannot be waited for.
pub(crate) fn run(sandbox: &Sandbox, command: &[OsString], mut stop: Stop) -> io::Result<Exit> {
    let Some((program, arguments)) = command.split_first() else {
        standard::err("error: --check needs a command after --\n");
        return Ok(Exit::Usage);
    };
    let child = Command::new(program)
        .args(arguments)
        // With a key file or a slug of the user, the program would not use the sandbox's
        // key.
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
        // After the program has ended, nobody receives the signal.
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
    // The program may have ended by itself.
    let _ = child.kill();
    child.wait().map(drop)
}

fn judge(sandbox: &Sandbox, status: ExitStatus) -> Exit {
    // If a connection is still open after that, the verdict says so.
    let _ = sandbox.wait_until(CONNECTION_GRACE, |requests| {
        requests.iter().all(|request| request.ended.is_some())
    });
    let verdict = sandbox.verdict();
    standard::err(&format!("the command ended with {status}\n{verdict}\n"));
    if verdict.requests() == 0 {
        standard::err("error: the command sent no request, so there is nothing to judge\n");
    }
    if verdict.is_good() && verdict.requests() > 0 {
        Exit::Complete
    } else {
        Exit::Other
    }
}
