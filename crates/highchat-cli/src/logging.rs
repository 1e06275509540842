//! The log that `-v` prints on standard error. It never contains a key or the text of a
//! message.

use std::time::Instant;

use highchat_proto::Update;
use highchat_sanitise::sanitise;
use log::{LevelFilter, Log, Metadata, Record};

use log::kv::{self, Key, Value, VisitSource};
use serde_json::{Map, json};

use crate::connection::variable;
use crate::options::LogFormat;
use crate::screen::Screen;

struct Logger {
    screen: Screen,
    start: Instant,
    format: LogFormat,
}

impl Log for Logger {
    /// Only the crates of this workspace: log lines of others may contain headers and
    /// bodies.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("highchat")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = sanitise(&record.args().to_string()).replace('\n', " ");
            let line = match self.format {
                LogFormat::Text => {
                    let seconds = self.start.elapsed().as_secs_f64();
                    format!("[{seconds:8.3}] {text}\n")
                }
                LogFormat::Json => format!("{}\n", json_line(record, &text)),
            };
            self.screen.err(&line);
        }
    }

    fn flush(&self) {}
}

/// A record as a JSON object: the time, the level, the text and the record's own fields.
fn json_line(record: &Record<'_>, text: &str) -> serde_json::Value {
    let mut fields = Fields(Map::new());
    let mut field = |name: &str, value: &str| fields.0.insert(name.into(), json!(value));
    field("time", &jiff::Timestamp::now().to_string());
    field("level", record.level().as_str());
    field("message", text);
    // Inserting into a map cannot fail.
    let _ = record.key_values().visit(&mut fields);
    fields.0.into()
}

/// Collects the fields of a record.
struct Fields(Map<String, serde_json::Value>);

impl<'v> VisitSource<'v> for Fields {
    fn visit_pair(&mut self, key: Key<'v>, value: Value<'v>) -> Result<(), kv::Error> {
        let number = value.to_u64().map(|number| json!(number));
        let number = number.or_else(|| value.to_f64().map(|number| json!(number)));
        let value = number.unwrap_or_else(|| json!(sanitise(&value.to_string())));
        self.0.insert(key.to_string(), value);
        Ok(())
    }
}

/// Starts logging at the level that the flags or the environment ask for.
///
/// # Errors
///
/// A sentence about what is wrong with the environment.
pub(crate) fn start(verbose: u8, screen: &Screen, format: LogFormat) -> Result<(), String> {
    let verbose = match (verbose, variable("HIGHCHAT_LOG")?.as_deref()) {
        (1.., _) => verbose,
        (0, None | Some("0")) => return Ok(()),
        (0, Some("1")) => 1,
        (0, Some("2")) => 2,
        (0, Some(_)) => return Err("HIGHCHAT_LOG must be 0, 1 or 2".into()),
    };
    let logger = Logger {
        screen: screen.clone(),
        start: Instant::now(),
        format,
    };
    // Each process has one run, so no other logger is set.
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(match verbose {
            1 => LevelFilter::Info,
            _ => LevelFilter::Debug,
        });
    }
    Ok(())
}

/// Logs an update, without the text of any message.
pub(crate) fn log_update(update: &Update<'_>) {
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
            "recovered: message {}, {} bytes were missing",
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
            log::info!("{messages} messages of the page could not be read and were skipped");
        }
        Update::Delayed {
            what,
            delay,
            reason,
        } => log::info!("{what:?} delayed by {delay:?}: {reason:?}"),
        _ => {}
    }
}
