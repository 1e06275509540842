//! Which command runs, for what depends on it: hints, notes and signals.

/// What the user is about, which decides what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Ask,
    Chat,
    Watch,
    Rate,
}
