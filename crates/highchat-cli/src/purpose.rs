//! The purpose of a run.

/// The command that runs. Hints, notes and signal handling depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Ask,
    Chat,
    Watch,
    Rate,
}
