use core::fmt;

/// Something that a client did in another way than it must.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The part of the behaviour, for example `the outcome`.
    pub what: String,
    /// What must be seen.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl Mismatch {
    pub(crate) fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        seen: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            seen: seen.into(),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            seen,
        } = self;
        write!(f, "{what}: expected {expected}, seen {seen}")
    }
}

/// Compares what was seen with what must be seen.
pub(crate) fn compare<S, E>(what: &str, seen: &S, expected: &E) -> Result<(), Mismatch>
where
    S: PartialEq<E> + fmt::Debug + ?Sized,
    E: fmt::Debug + ?Sized,
{
    if seen == expected {
        return Ok(());
    }
    Err(Mismatch::new(
        what,
        format!("{expected:?}"),
        format!("{seen:?}"),
    ))
}

/// What a row found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) mismatches: Vec<Mismatch>,
    /// How many messages came to the service beyond those that must be sent.
    pub(crate) extra_messages: usize,
}

impl Findings {
    /// Compares the number of messages that came to the service.
    pub(crate) fn messages_sent(seen: usize, expected: usize) -> Self {
        let mut findings = Self::default();
        findings.note(compare("the number of messages sent", &seen, &expected));
        findings.extra_messages = seen.saturating_sub(expected);
        findings
    }

    pub(crate) fn note(&mut self, held: Result<(), Mismatch>) {
        self.mismatches.extend(held.err());
    }

    /// An error if something was found.
    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.mismatches.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.mismatches.extend(other.mismatches);
        self.extra_messages += other.extra_messages;
    }
}

impl From<Mismatch> for Findings {
    fn from(mismatch: Mismatch) -> Self {
        Self {
            mismatches: vec![mismatch],
            extra_messages: 0,
        }
    }
}
