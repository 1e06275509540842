use core::fmt;

use serde_json::{Value, json};

use crate::capability::Capability;
use crate::mismatch::{Findings, Mismatch};
use crate::row::Row;
use crate::source::Source;

/// What a [`Check`](crate::Check) found: an entry for each row that was chosen.
///
/// `Display` writes what failed and what is not supported, and a line of counts; with `{:#}`
/// also the rows that passed.
#[derive(Clone, Debug)]
pub struct Report {
    entries: Vec<Entry>,
    left_out: usize,
}

/// A row of a report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The name of the row, for example `fault/cut`.
    pub name: String,
    /// What the service does.
    pub service: String,
    /// What must be seen.
    pub expected: String,
    /// The rule.
    pub why: String,
    /// Where the rule comes from.
    pub source: Source,
    /// What was found.
    pub result: RowResult,
}

/// The result of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowResult {
    /// Everything was as it must be.
    Passed,
    /// Something was different.
    #[non_exhaustive]
    Failed {
        /// What was different, at least one thing.
        mismatches: Vec<Mismatch>,
        /// How many messages came to the service beyond those that must be sent.
        extra_messages: usize,
    },
    /// The row was not run, because the client does without this.
    NotSupported(Capability),
}

impl RowResult {
    pub(crate) fn of(findings: Findings) -> Self {
        let Findings {
            mismatches,
            extra_messages,
        } = findings;
        if mismatches.is_empty() {
            return Self::Passed;
        }
        Self::Failed {
            mismatches,
            extra_messages,
        }
    }
}

impl Entry {
    pub(crate) fn new(row: Row, result: RowResult) -> Self {
        Self {
            name: row.name,
            service: row.service,
            expected: row.expected,
            why: row.why,
            source: row.source,
            result,
        }
    }

    /// Whether the row was run and failed.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        matches!(self.result, RowResult::Failed { .. })
    }

    fn to_json(&self) -> Value {
        let mut row = json!({
            "name": self.name,
            "service": self.service,
            "expected": self.expected,
            "why": self.why,
            "source": self.source.to_string(),
        });
        match &self.result {
            RowResult::Passed => row["result"] = "passed".into(),
            RowResult::Failed {
                mismatches,
                extra_messages,
            } => {
                row["result"] = "failed".into();
                row["mismatches"] = mismatches.iter().map(mismatch).collect();
                row["extra_messages"] = (*extra_messages).into();
            }
            RowResult::NotSupported(capability) => {
                row["result"] = "not supported".into();
                row["capability"] = capability.name().into();
            }
        }
        row
    }
}

fn mismatch(mismatch: &Mismatch) -> Value {
    json!({ "what": mismatch.what, "expected": mismatch.expected, "seen": mismatch.seen })
}

impl Report {
    pub(crate) const fn new(entries: Vec<Entry>, left_out: usize) -> Self {
        Self { entries, left_out }
    }

    /// Whether at least one row passed and none failed. Rows that are not supported or left out
    /// do not count: the report shows them.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.count(|result| *result == RowResult::Passed) > 0 && self.failed().next().is_none()
    }

    /// Checks that the client [is conformant](Self::is_conformant). Call it at the end of a test.
    ///
    /// # Panics
    ///
    /// It is not. The message is the report.
    #[track_caller]
    pub fn assert_conformant(&self) {
        assert!(self.is_conformant(), "\n{self}\n");
    }

    /// All rows that were chosen, in the order of the table.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rows that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.has_failed())
    }

    /// The number of rows that [`Check::only`](crate::Check::only) left out.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many messages came to the service beyond those that must be sent, in all rows: each
    /// may be one that a user did not mean to send again.
    #[must_use]
    pub fn extra_messages(&self) -> usize {
        let of = |entry: &Entry| match entry.result {
            RowResult::Failed { extra_messages, .. } => extra_messages,
            _ => 0,
        };
        self.entries.iter().map(of).sum()
    }

    /// The report as a JSON object, with `conformant`, `extra_messages`, `left_out` and `rows`.
    /// A row has `name`, `service`, `expected`, `why`, `source` and `result`, which is `passed`,
    /// `failed` or `not supported`; if it failed, `mismatches` and `extra_messages`; if it is
    /// not supported, the `capability`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let rows: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        let report = json!({
            "conformant": self.is_conformant(),
            "extra_messages": self.extra_messages(),
            "left_out": self.left_out,
            "rows": rows,
        });
        report.to_string()
    }

    fn count(&self, is_counted: impl Fn(&RowResult) -> bool) -> usize {
        let results = self.entries.iter().map(|entry| &entry.result);
        results.filter(|result| is_counted(result)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            match &entry.result {
                RowResult::Passed if f.alternate() => writeln!(f, "passed  {}", entry.name)?,
                RowResult::Passed => {}
                RowResult::NotSupported(capability) => {
                    writeln!(f, "not supported ({capability})  {}", entry.name)?;
                }
                RowResult::Failed { mismatches, .. } => {
                    writeln!(f, "FAILED  {}", entry.name)?;
                    writeln!(f, "    the service: {}", entry.service)?;
                    writeln!(f, "    must be seen: {}", entry.expected)?;
                    writeln!(f, "    because {} ({})", entry.why, entry.source)?;
                    for mismatch in mismatches {
                        writeln!(f, "  - {mismatch}")?;
                    }
                }
            }
        }
        let passed = self.count(|result| *result == RowResult::Passed);
        let failed = self.failed().count();
        let unsupported = self.entries.len() - passed - failed;
        write!(
            f,
            "{passed} passed, {failed} failed, {unsupported} not supported, {} left out; {} \
             messages too many",
            self.left_out,
            self.extra_messages()
        )
    }
}
