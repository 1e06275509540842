//! The rows of a check, of every kind.

use std::sync::Arc;

use highchat_sandbox::Reading;

use crate::capability::Capability;
use crate::connections::ConnectionTrial;
use crate::mismatch::Findings;
use crate::runner::{Conditions, SendTrial, bounded, reading, trial};
use crate::scenario::{Opener, Scenario};
use crate::source::Source;
use crate::trial::Trial;

/// Runs a row.
type Run = Box<dyn Fn(Conditions) -> Findings + Send + Sync>;

/// A row that can be run.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) expected: String,
    pub(crate) why: String,
    pub(crate) source: Source,
    pub(crate) needs: Vec<Capability>,
    pub(crate) run: Run,
}

impl Row {
    pub(crate) fn of_trial(row: Trial, send: &Arc<SendTrial>) -> Self {
        let send = Arc::clone(send);
        Self {
            name: row.name(),
            service: row.service(),
            expected: row.expected(),
            why: row.why.to_owned(),
            source: row.source,
            needs: row.needs().to_vec(),
            run: Box::new(move |conditions| trial(&send, &row, conditions)),
        }
    }

    pub(crate) fn of_reading(row: Reading, send: &Arc<SendTrial>) -> Self {
        let send = Arc::clone(send);
        Self {
            name: format!("reading/{}", row.name()),
            service: row.line().to_owned(),
            expected: "a whole reply, and a whole handoff".to_owned(),
            why: "the API's text allows it".to_owned(),
            source: Source::Api,
            needs: Vec::new(),
            run: Box::new(move |conditions| reading(&send, row, conditions)),
        }
    }

    /// Without a way to open sessions, the row cannot be run.
    pub(crate) fn of_scenario(row: &'static Scenario, open: Option<&Arc<Opener>>) -> Self {
        let open = open.cloned();
        Self {
            name: format!("scenario/{}", row.name),
            service: row.service.to_owned(),
            expected: row.expected.to_owned(),
            why: row.reason.why.to_owned(),
            source: row.reason.source,
            needs: [&[Capability::Sessions], row.needs].concat(),
            run: in_sessions(open, |open| (row.run)(open).err().unwrap_or_default()),
        }
    }

    /// Without a way to open sessions, the row cannot be run.
    pub(crate) fn of_connections(
        row: &'static ConnectionTrial,
        open: Option<&Arc<Opener>>,
    ) -> Self {
        let open = open.cloned();
        let limit = row.limit(true);
        Self {
            name: row.name(),
            service: row.service().to_owned(),
            expected: format!("one message, each poll answered, at most {limit} connections"),
            why: "a client opens no more connections than the service demands".to_owned(),
            source: Source::OurDecision,
            needs: [&[Capability::Sessions], row.needs()].concat(),
            run: in_sessions(open, |open| row.run(open)),
        }
    }
}

/// Runs a row that opens sessions.
fn in_sessions(
    open: Option<Arc<Opener>>,
    run: impl Fn(&Opener) -> Findings + Copy + Send + Sync + 'static,
) -> Run {
    Box::new(move |conditions| {
        let open = open.clone().expect("a row without it is not run");
        let findings = bounded(conditions.patience, move || run(&*open));
        findings.unwrap_or_else(Findings::from)
    })
}
