//! Ctrl-C, SIGTERM, SIGHUP and Ctrl-Z.

use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::exit::Exit;
use crate::report::Report;

/// How often, and how far apart, the report is asked for when it is in use: it is held
/// while something is printed, which a reader that stopped reading can make for ever.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// The signals that end the program, from here on caught.
pub(crate) struct Stop(Signals);

impl Stop {
    pub(crate) fn catch() -> io::Result<Self> {
        Signals::new([SIGINT, SIGTERM]).map(Self)
    }

    /// Waits for one of them.
    pub(crate) fn wait(&mut self) -> Exit {
        match self.0.forever().next() {
            Some(SIGTERM) => Exit::Terminated,
            _ => Exit::Interrupted,
        }
    }
}

/// What a signal asks of a server.
pub(crate) enum ServerSignal {
    /// Read again what may have changed.
    Reload,
    End(Exit),
}

/// From here on calls a server with what each signal asks of it.
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

/// On Ctrl-Z lends the terminal to whoever else is there, stops the program, and takes the
/// terminal back when it goes on.
pub(crate) fn stop_on_signal<F: FnOnce()>(lend: impl Fn() -> F + Send + 'static) -> io::Result<()> {
    let mut stops = Signals::new([SIGTSTP])?;
    thread::spawn(move || {
        for signal in stops.forever() {
            let take_back = lend();
            // It can be stopped, or it simply goes on.
            let _ = emulate_default_handler(signal);
            take_back();
        }
    });
    Ok(())
}

/// Dies of the signals that say that the terminal is gone, or that end a program at once,
/// after the terminal was given back.
pub(crate) fn die_on_signal(give_back: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut deaths = Signals::new([SIGHUP, SIGQUIT])?;
    thread::spawn(move || {
        for signal in deaths.forever() {
            give_back();
            // It ends the process, and can do nothing else.
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Ends the program on a signal, with the report's end told where that is possible.
pub(crate) fn end_on_signal(report: Arc<Mutex<Report>>) -> io::Result<()> {
    end_on_signal_unless(report, |_| false)
}

/// Ends the program on a signal, but on one that was made use of.
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
        for _ in 0..TRIES {
            match report.try_lock() {
                Ok(mut report) => {
                    let _ = report.end(exit);
                    break;
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Poisoned(_)) => break,
            }
        }
        std::process::exit(exit.code().into());
    });
    Ok(())
}
