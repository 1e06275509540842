use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use highchat_proto::{Config, Credentials, Endpoint, Saved};
use highchat_sandbox::{Reading, Sandbox};

use crate::capability::Capability;
use crate::connections::CONNECTION_TRIALS;
use crate::converse::converse;
use crate::driver::Driver;
use crate::report::{Entry, Report, RowResult};
use crate::row::Row;
use crate::runner::{Conditions, Pace, SendTrial};
use crate::scenario::{Opener, SCENARIOS};
use crate::seen::Seen;
use crate::table::{ALIKE, IN_A_THREAD, TRIALS};
use crate::trial::Trial;

/// How many rows run at the same time, if [`Check::at_once`] does not say. Most of their time is
/// waiting.
const AT_ONCE: usize = 16;

/// The time limit of a row, if [`Check::patience`] does not say.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that is needed to judge a client.
pub struct Check {
    client: Client,
    trials: Vec<Trial>,
    without: Vec<Capability>,
    only: Vec<String>,
    is_by_slug: bool,
    at_once: usize,
    conditions: Conditions,
}

/// The client under test.
enum Client {
    Sessions(Arc<Opener>),
    Function(Arc<SendTrial>),
}

impl Check {
    /// Judges a client whose sessions implement [`Driver`]: with each row. `open` opens a
    /// session with a configuration: a new one, or one that continues what was saved.
    pub fn new<D: Driver + 'static>(
        open: impl Fn(Endpoint, Config, Option<Saved>) -> D + Send + Sync + 'static,
    ) -> Self {
        let open = move |endpoint, config, saved| -> Box<dyn Driver> {
            Box::new(open(endpoint, config, saved))
        };
        Self::of(Client::Sessions(Arc::new(open)))
    }

    /// Judges a client that runs a whole trial at a time, for example a program that sends one
    /// message: with each row except the scenarios and the connections.
    ///
    /// `send` sends [`Trial::messages`] to the sandbox with [`Trial::config`], as
    /// [`Trial::course`] says, follows the last turn and its handoff to the end, and returns
    /// what the client showed for the last message. It may panic: the panic fails the row.
    pub fn function(send: impl Fn(&Trial, &Sandbox) -> Seen + Send + Sync + 'static) -> Self {
        Self::of(Client::Function(Arc::new(send))).without(Capability::Sessions)
    }

    fn of(client: Client) -> Self {
        let trials = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE);
        Self {
            client,
            trials: trials.copied().collect(),
            without: Vec::new(),
            only: Vec::new(),
            is_by_slug: false,
            at_once: AT_ONCE,
            conditions: Conditions {
                pace: Pace::AtOnce,
                patience: PATIENCE,
            },
        }
    }

    /// Declares that the client does not support something. The report shows the rows that need
    /// it as not supported.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.without.push(capability);
        self
    }

    /// Runs only rows whose name contains this text, for example `cut` or `scenario/`. After
    /// several calls, one of the texts is enough. The report counts the other rows as left out.
    #[must_use]
    pub fn only(mut self, text: impl Into<String>) -> Self {
        self.only.push(text.into());
        self
    }

    /// Replaces the trials, for a client that something changes on the way, such as a browser's
    /// `fetch` or a proxy. The readings, scenarios and connections stay.
    #[must_use]
    pub fn with_trials(mut self, trials: impl IntoIterator<Item = Trial>) -> Self {
        self.trials = trials.into_iter().collect();
        self
    }

    /// Lets sessions use the sandbox's public slug instead of its key.
    #[must_use]
    pub fn by_slug(mut self) -> Self {
        self.is_by_slug = true;
        self
    }

    /// Lets replies come with a pause before each word, for a client whose HTTP client drops
    /// what it has not passed on yet when a connection is lost, as `fetch` does. An incomplete
    /// reply may then lack its last words.
    #[must_use]
    pub fn word_by_word(mut self) -> Self {
        self.conditions.pace = Pace::WordByWord;
        self
    }

    /// Sets the time limit of a row: 120 s if it is not set. A client that is still busy then
    /// fails the row, and its thread is left behind.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.conditions.patience = patience;
        self
    }

    /// Sets how many rows run at the same time: 16 if it is not set, and at least 1.
    #[must_use]
    pub fn at_once(mut self, rows: usize) -> Self {
        self.at_once = rows.max(1);
        self
    }

    /// Runs the rows, and returns what they found. It takes some 10 s for an adapter without
    /// faults.
    #[must_use]
    pub fn run(&self) -> Report {
        let (rows, left_out): (Vec<Row>, Vec<Row>) = self.rows().into_iter().partition(|row| {
            let mut only = self.only.iter();
            self.only.is_empty() || only.any(|text| row.name.contains(text))
        });
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..self.at_once.min(rows.len()) {
                scope.spawn(|| {
                    loop {
                        let begun = next.fetch_add(1, Ordering::Relaxed);
                        // The last rows take the most time.
                        let Some(at) = rows.len().checked_sub(begun + 1) else {
                            break;
                        };
                        let row = &rows[at];
                        let result = self.result(row);
                        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                        results.push((at, result));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(at, _)| *at);
        let entries = rows.into_iter().zip(results);
        let entries = entries.map(|(row, (_, result))| Entry::new(row, result));
        Report::new(entries.collect(), left_out.len())
    }

    fn result(&self, row: &Row) -> RowResult {
        let missing = row.needs.iter().find(|need| self.without.contains(need));
        if let Some(missing) = missing {
            return RowResult::NotSupported(*missing);
        }
        RowResult::of((row.run)(self.conditions))
    }

    fn rows(&self) -> Vec<Row> {
        let send = match &self.client {
            Client::Function(send) => Arc::clone(send),
            Client::Sessions(open) => {
                let (open, is_by_slug) = (Arc::clone(open), self.is_by_slug);
                Arc::new(move |trial: &Trial, sandbox: &Sandbox| {
                    let endpoint = endpoint(sandbox, is_by_slug);
                    converse(&*open, trial, sandbox, &endpoint)
                })
            }
        };
        let open = match &self.client {
            Client::Function(_) => None,
            Client::Sessions(open) => Some(open),
        };
        let trials = self.trials.iter().map(|row| Row::of_trial(*row, &send));
        let readings = Reading::ALL.iter();
        let readings = readings.map(|row| Row::of_reading(*row, &send));
        let scenarios = SCENARIOS.iter().map(|row| Row::of_scenario(row, open));
        let connections = CONNECTION_TRIALS.iter();
        let connections = connections.map(|row| Row::of_connections(row, open));
        let rows = trials.chain(readings).chain(scenarios);
        rows.chain(connections).collect()
    }
}

fn endpoint(sandbox: &Sandbox, is_by_slug: bool) -> Endpoint {
    if !is_by_slug {
        return sandbox.endpoint();
    }
    let slug = Credentials::slug(sandbox.slug()).expect("the sandbox has a sound slug");
    Endpoint::new(sandbox.base_url(), slug).expect("the sandbox has a sound URL")
}
