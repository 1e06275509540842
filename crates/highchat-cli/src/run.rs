//! A run of a command that talks to the service.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_proto::{ConversationId, Update};
use highchat_ureq::Client;

use crate::connection::{Connection, roots};
use crate::exit::Exit;
use crate::options::{LogFormat, OutputOptions, ServiceOptions};
use crate::purpose::Purpose;
use crate::report::{Report, usage_error};
use crate::screen::Screen;
use crate::{logging, signals, standard};

/// A run whose options were accepted.
pub(crate) struct Run {
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    pub(crate) screen: Screen,
    report: Arc<Mutex<Report>>,
}

impl Run {
    /// Begins a run. Signals end it, except the run of `chat`, which handles signals
    /// itself.
    ///
    /// # Errors
    ///
    /// The exit status, after the problem was reported.
    pub(crate) fn begin(
        service: &ServiceOptions,
        output: &OutputOptions,
        purpose: Purpose,
        conversation: Option<ConversationId>,
    ) -> Result<Self, Exit> {
        let usage = |message: String| usage_error(output.color, &message);
        let screen = Screen::default();
        logging::start(output.verbose, &screen, LogFormat::Text).map_err(usage)?;
        let connection = Connection::open(service).map_err(usage)?;
        let roots = roots(&service.roots).map_err(usage)?;
        let client = Client::with_config(connection.endpoint.clone(), service.config())
            .with_roots(&roots)
            .map_err(|error| usage(error.to_string()))?;
        let report = Report::new(output, purpose, screen.clone(), conversation);
        let report = Arc::new(Mutex::new(report));
        if purpose != Purpose::Chat {
            if let Err(error) = signals::end_on_signal(Arc::clone(&report)) {
                standard::err(&format!("error: signals cannot be watched: {error}\n"));
                return Err(Exit::Other);
            }
        }
        Ok(Self {
            connection,
            client,
            screen,
            report,
        })
    }

    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shared_report(&self) -> Arc<Mutex<Report>> {
        Arc::clone(&self.report)
    }

    /// Logs and reports an update. Returns the same as [`Report::update`].
    pub(crate) fn update(&self, update: &Update<'_>) -> io::Result<Option<Exit>> {
        logging::log_update(update);
        self.report().update(update)
    }

    /// Ends the run, unless a signal has ended it. Returns the exit status, and reports an
    /// error of standard output.
    pub(crate) fn end(&self, exit: io::Result<Exit>) -> Exit {
        let ended = exit.and_then(|exit| self.report().end(exit).map(|()| exit));
        match ended {
            Ok(exit) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
            Err(error) => {
                standard::err(&format!(
                    "error: standard output cannot be written: {error}\n"
                ));
                Exit::Other
            }
        }
    }
}
