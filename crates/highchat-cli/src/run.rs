//! What the runs of all commands that talk to a service have in common.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_proto::{ConversationId, Update};
use highchat_ureq::Client;

use crate::connection::{Connection, roots};
use crate::exit::Exit;
use crate::options::{OutputOptions, ServiceOptions, ThreadOptions};
use crate::report::{Report, usage_error};
use crate::screen::Screen;
use crate::thread::Thread;
use crate::told::Purpose;
use crate::{logging, signals, standard};

/// A run that got past its options.
pub(crate) struct Run {
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    pub(crate) screen: Screen,
    report: Arc<Mutex<Report>>,
}

impl Run {
    /// The run of a command that may begin a conversation.
    pub(crate) fn in_thread(
        (thread, service): (&ThreadOptions, &ServiceOptions),
        output: &OutputOptions,
        purpose: Purpose,
        work: impl FnOnce(&Self, Thread) -> io::Result<Exit>,
    ) -> Exit {
        let thread = match Thread::resolve(thread, service) {
            Ok(thread) => thread,
            Err(message) => return usage_error(output.color, &message),
        };
        let conversation = thread.conversation.clone();
        Self::in_conversation(conversation, (service, output), purpose, |run| {
            work(run, thread)
        })
    }

    /// The run of a command, in the conversation that is known.
    pub(crate) fn in_conversation(
        conversation: Option<ConversationId>,
        (service, output): (&ServiceOptions, &OutputOptions),
        purpose: Purpose,
        work: impl FnOnce(&Self) -> io::Result<Exit>,
    ) -> Exit {
        let run = match Self::begin(service, output, purpose, conversation) {
            Ok(run) => run,
            Err(exit) => return exit,
        };
        // A chat makes use of some.
        if purpose != Purpose::Chat {
            if let Err(error) = signals::end_on_signal(run.shared_report()) {
                standard::err(&format!("error: signals cannot be watched: {error}\n"));
                return Exit::Other;
            }
        }
        run.end(work(&run))
    }

    /// Begins a run; or the status of a wrong usage, which was told.
    fn begin(
        service: &ServiceOptions,
        output: &OutputOptions,
        purpose: Purpose,
        conversation: Option<ConversationId>,
    ) -> Result<Self, Exit> {
        let screen = Screen::default();
        let connection = logging::start(output.verbose, &screen)
            .and_then(|()| Connection::open(service))
            .map_err(|message| usage_error(output.color, &message))?;
        let client = Client::with_config(connection.endpoint.clone(), service.config());
        let client = roots(&service.roots).and_then(|roots| {
            let client = client.with_roots(&roots);
            client.map_err(|error| error.to_string())
        });
        let client = client.map_err(|message| usage_error(output.color, &message))?;
        let report = Report::new(output, purpose, screen.clone(), conversation);
        Ok(Self {
            connection,
            client,
            screen,
            report: Arc::new(Mutex::new(report)),
        })
    }

    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shared_report(&self) -> Arc<Mutex<Report>> {
        Arc::clone(&self.report)
    }

    /// Tells an update, and logs it.
    pub(crate) fn update(&self, update: &Update<'_>) -> io::Result<Option<Exit>> {
        log(update);
        self.report().update(update)
    }

    /// Ends the run, where its outputs did not end before.
    fn end(&self, exit: io::Result<Exit>) -> Exit {
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

fn log(update: &Update<'_>) {
    match update {
        Update::Meta {
            conversation_id: Some(id),
            ..
        } => log::info!("conversation {id}"),
        Update::Delta { text } => log::debug!("delta of {} bytes", text.len()),
        Update::Done {
            message_id, state, ..
        } => log::info!(
            "done: message {}, state {}",
            message_id.as_ref().map_or("unknown", |id| id.as_str()),
            state.as_ref().map_or("unknown", |state| state.as_str()),
        ),
        Update::Human { .. } => log::info!("human"),
        Update::Unknown { event, data } => {
            log::info!("unknown event {event:?}, data of {} bytes", data.len());
        }
        Update::Recovering { error } => log::info!("looking for the reply: {error}"),
        Update::Recovered { message, missing } => log::info!(
            "recovered: message {}, {} bytes of it were missing",
            message.id,
            missing.len()
        ),
        Update::State(state) => log::info!("state {state}"),
        Update::Message(message) => log::debug!(
            "message {} of {:?}, {} bytes",
            message.id,
            message.role,
            message.content.len()
        ),
        Update::Unreadable { messages } => {
            log::info!("{messages} messages of the page could not be read, and were left out");
        }
        Update::Delayed {
            what,
            delay,
            reason,
        } => log::info!("{what:?} delayed by {delay:?}: {reason:?}"),
        _ => {}
    }
}
