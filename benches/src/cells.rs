//! The cells that are measured, and their goals.

use core::fmt;

use crate::contenders::Mode;
use crate::cuts::Cut;
use crate::workload::Kind;

/// One measurement: a mode, a workload and a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// What is decoded.
    pub mode: Mode,
    /// The kind of the workload.
    pub kind: Kind,
    /// How the workload is cut into chunks.
    pub cut: Cut,
}

impl Cell {
    const fn new(mode: Mode, kind: Kind, cut: Cut) -> Self {
        Self { mode, kind, cut }
    }

    /// Whether the cell is measured. Framing of ASCII has every cut; the other workloads only have
    /// the cuts that may give another ratio.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        match (self.mode, self.kind, self.cut) {
            (_, Kind::OneLine, _) => false,
            (Mode::Framing, Kind::Ascii, _) => true,
            (_, Kind::Long, Cut::Size(size)) => size >= 1400,
            (_, Kind::Long, Cut::Event) => false,
            (_, _, Cut::Size(size)) => matches!(size, 1400 | 64),
            (_, _, Cut::Whole | Cut::Event) => true,
        }
    }

    /// All measured cells of a mode.
    pub fn of(mode: Mode) -> impl Iterator<Item = Self> {
        let cells = Kind::ALL.into_iter().flat_map(move |kind| {
            let of_kind = move |cut| Self::new(mode, kind, cut);
            Cut::ALL.into_iter().map(of_kind)
        });
        cells.filter(Self::is_measured)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.mode, self.kind.name(), self.cut)
    }
}

/// A goal of a cell: how many times faster than the best peer our decoder is.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The cell.
    pub cell: Cell,
    /// The factor that must be reached.
    pub must: f64,
    /// The factor that should be reached.
    pub stretch: f64,
}

const fn goal(mode: Mode, kind: Kind, cut: Cut, must: f64, stretch: f64) -> Goal {
    Goal {
        cell: Cell::new(mode, kind, cut),
        must,
        stretch,
    }
}

/// The goals against the peers.
pub const GOALS: [Goal; 14] = [
    goal(Mode::Framing, Kind::Ascii, Cut::Whole, 4.0, 6.0),
    goal(Mode::Framing, Kind::Ascii, Cut::Size(16 << 10), 4.0, 6.0),
    goal(Mode::Framing, Kind::Ascii, Cut::Size(1400), 4.0, 6.0),
    goal(Mode::Framing, Kind::Ascii, Cut::Event, 4.0, 5.5),
    goal(Mode::Framing, Kind::Ascii, Cut::Size(64), 2.0, 2.6),
    goal(Mode::Framing, Kind::Ascii, Cut::Size(7), 1.1, 1.5),
    goal(Mode::Framing, Kind::Ascii, Cut::Size(1), 1.7, 2.2),
    goal(Mode::Framing, Kind::Long, Cut::Whole, 1.8, 2.1),
    goal(Mode::Typed, Kind::Ascii, Cut::Size(1400), 3.5, 7.0),
    goal(Mode::Typed, Kind::Armenian, Cut::Size(1400), 2.5, 6.0),
    goal(Mode::Typed, Kind::Escaped, Cut::Size(1400), 3.0, 3.5),
    goal(Mode::Typed, Kind::Armenian, Cut::Whole, 2.5, 6.0),
    goal(Mode::Typed, Kind::Ascii, Cut::Event, 3.5, 7.0),
    goal(Mode::Typed, Kind::Armenian, Cut::Event, 2.5, 6.0),
];

/// The cuts for which our speed with CR LF is compared with our speed with LF.
pub const CRLF_CUTS: [Cut; 5] = [
    Cut::Whole,
    Cut::Size(16 << 10),
    Cut::Size(1400),
    Cut::Event,
    Cut::Size(64),
];
