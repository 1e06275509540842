//! Handles Ctrl-C, SIGTERM, SIGHUP and Ctrl-Z.

use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::exit::Exit;
use crate::report::Report;

/// How often, and at what interval, to try to lock the report. A thread that prints holds
/// the lock, and it holds the lock for ever if the reader of a pipe has stopped reading.
const LOCK_ATTEMPTS: usize = 20;
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// Catches the signals that end the program.
pub(crate) struct Stop(Signals);

impl Stop {
    pub(crate) fn catch() -> io::Result<Self> {
        Signals::new([SIGINT, SIGTERM]).map(Self)
    }

    /// Waits for the next signal.
    pub(crate) fn wait(&mut self) -> Exit {
        match self.0.forever().next() {
            Some(SIGTERM) => Exit::Terminated,
            _ => Exit::Interrupted,
        }
    }
}

/// What a signal means for a server.
pub(crate) enum ServerSignal {
    /// Read the configuration that may have changed.
    Reload,
    End(Exit),
}

/// Calls `server` for each signal, on a thread of its own.
pub(crate) fn watch_for_server(
    mut server: impl FnMut(ServerSignal) + Send + 'static,
) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            server(match signal {
                SIGHUP => ServerSignal::Reload,
                SIGTERM => ServerSignal::End(Exit::Terminated),
                _ => ServerSignal::End(Exit::Interrupted),
            });
        }
    });
    Ok(())
}

/// Handles Ctrl-Z: calls `suspend`, which restores the terminal, then stops the process.
/// When the process continues, calls the function that `suspend` returned.
pub(crate) fn stop_on_signal<F: FnOnce()>(
    suspend: impl Fn() -> F + Send + 'static,
) -> io::Result<()> {
    let mut stops = Signals::new([SIGTSTP])?;
    thread::spawn(move || {
        for signal in stops.forever() {
            let resume = suspend();
            // If the process cannot be stopped, it continues.
            let _ = emulate_default_handler(signal);
            resume();
        }
    });
    Ok(())
}

/// Handles the signals for a lost terminal and for an immediate end: calls `restore`, which
/// restores the terminal, then lets the signal end the process.
pub(crate) fn die_on_signal(restore: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut deaths = Signals::new([SIGHUP, SIGQUIT])?;
    thread::spawn(move || {
        for signal in deaths.forever() {
            restore();
            // This ends the process.
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Ends the program on a signal, and reports the end of the run if possible.
pub(crate) fn end_on_signal(report: Arc<Mutex<Report>>) -> io::Result<()> {
    end_on_signal_unless(report, |_| false)
}

/// Ends the program on a signal, unless `is_used` returns `true` for it.
pub(crate) fn end_on_signal_unless(
    report: Arc<Mutex<Report>>,
    is_used: impl Fn(Exit) -> bool + Send + 'static,
) -> io::Result<()> {
    let mut stop = Stop::catch()?;
    thread::spawn(move || {
        let exit = loop {
            let exit = stop.wait();
            if !is_used(exit) {
                break exit;
            }
        };
        for _ in 0..LOCK_ATTEMPTS {
            match report.try_lock() {
                Ok(mut report) => {
                    let _ = report.end(exit);
                    break;
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_INTERVAL),
                Err(TryLockError::Poisoned(_)) => break,
            }
        }
        std::process::exit(exit.code().into());
    });
    Ok(())
}
