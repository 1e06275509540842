//! Formats tables, times and verdicts.

use core::fmt;
use core::time::Duration;

use crate::race::Outcome;

/// A Markdown table whose columns are aligned in the source too.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this head. All columns except the first one have numbers.
    #[must_use]
    pub fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut table = Self::default();
        table.push(head);
        table
    }

    /// Adds a row with as many cells as the head.
    pub fn push(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(head) = self.rows.first() else {
            return Ok(());
        };
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..head.len()).map(width).collect();
        for (at, row) in self.rows.iter().enumerate() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if at == 0 {
                write!(f, "|-{:-<1$}-|", "", widths[0])?;
                for &width in &widths[1..] {
                    write!(f, "-{:-<width$}:|", "")?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// The nanoseconds per item, for a time of `many` items.
#[must_use]
pub fn nanos_each(time: Duration, many: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let many = many as f64;
    time.as_secs_f64() * 1e9 / many
}

/// A time with its unit.
#[must_use]
pub fn show_nanos(nanos: f64) -> String {
    match nanos {
        0.0..10.0 => format!("{nanos:.1} ns"),
        10.0..10_000.0 => format!("{nanos:.0} ns"),
        _ => format!("{:.1} µs", nanos / 1000.0),
    }
}

/// An outcome as text, with the time per event.
#[must_use]
pub fn show_outcome(outcome: Outcome, events: usize) -> String {
    match outcome {
        Outcome::Took(time) => show_nanos(nanos_each(time, events)),
        Outcome::Wrong => "wrong".into(),
        Outcome::Quadratic => "quadratic".into(),
    }
}

/// The name of the higher goal that was reached, or **no**.
#[must_use]
pub fn verdict(is_must: bool, is_stretch: bool) -> &'static str {
    match (is_must, is_stretch) {
        (_, true) => "stretch",
        (true, false) => "must",
        (false, false) => "**no**",
    }
}
