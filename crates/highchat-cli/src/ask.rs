//! `highchat ask`: one message, one reply.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_proto::id::{ConversationId, VisitorRef};
use highchat_proto::request::ChatRequest;
use highchat_ureq::Client;

use crate::connection::{Connection, variable};
use crate::exit::Exit;
use crate::input;
use crate::options::AskOptions;
use crate::report::{Report, usage_error};
use crate::signals;

pub(crate) fn run(options: &AskOptions) -> Exit {
    let prepared = Connection::open(&options.service)
        .and_then(|connection| Ok((connection, conversation(options)?, visitor(options)?)));
    let (connection, conversation, visitor) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return usage_error(options.output.color, &message),
    };
    let report = Arc::new(Mutex::new(Report::new(
        &options.output,
        conversation.clone(),
    )));
    if let Err(error) = signals::end_on_signal(Arc::clone(&report)) {
        eprintln!("error: signals cannot be watched: {error}");
        return Exit::Other;
    }
    let exit = ask(options, &connection, conversation, visitor, &report)
        .and_then(|exit| lock(&report).end(exit).map(|()| exit));
    match exit {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
        Err(error) => {
            eprintln!("error: standard output cannot be written: {error}");
            Exit::Other
        }
    }
}

/// Sends the message and tells what comes; fails only where that cannot be told.
fn ask(
    options: &AskOptions,
    connection: &Connection,
    conversation: Option<ConversationId>,
    visitor: Option<VisitorRef>,
    report: &Mutex<Report>,
) -> io::Result<Exit> {
    let message = match input::message(&options.message) {
        Ok(message) => message,
        Err(problem) => return lock(report).invalid_message(problem),
    };
    let mut request = ChatRequest::new(message);
    request.conversation_id = conversation;
    request.visitor_ref = visitor;
    let client = Client::with_config(connection.endpoint.clone(), options.service.config());
    let mut reply = match client.chat(&request) {
        Ok(reply) => reply,
        Err(failure) => return lock(report).failure(&failure),
    };
    loop {
        match reply.next_event() {
            Ok(Some(event)) => {
                if let Some(exit) = lock(report).event(&event)? {
                    return Ok(exit);
                }
            }
            Ok(None) => return Ok(Exit::Complete),
            Err(failure) => return lock(report).failure(&failure),
        }
    }
}

fn conversation(options: &AskOptions) -> Result<Option<ConversationId>, String> {
    match &options.conversation {
        Some(id) => Ok(Some(id.clone())),
        None if options.service.sandbox => Ok(None),
        None => variable("HIGHCHAT_CONVERSATION")?
            .map(ConversationId::new)
            .transpose()
            .map_err(|error| format!("HIGHCHAT_CONVERSATION: {error}")),
    }
}

fn visitor(options: &AskOptions) -> Result<Option<VisitorRef>, String> {
    match &options.visitor {
        Some(visitor) => Ok(Some(visitor.clone())),
        None => variable("HIGHCHAT_VISITOR")?
            .map(VisitorRef::new)
            .transpose()
            .map_err(|error| format!("HIGHCHAT_VISITOR: {error}")),
    }
}

fn lock(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
