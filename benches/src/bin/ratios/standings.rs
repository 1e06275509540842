//! The results of all contenders in the cells that have a goal.

use highchat_benches::cells::{Cell, GOALS, Goal};
use highchat_benches::contenders::ALL;
use highchat_benches::plot::Plot;
use highchat_benches::race::{Outcome, outcomes};
use highchat_benches::report::{Table, nanos_each, show_outcome};
use highchat_benches::workload::{Kind, Workload};

use crate::Effort;

/// One cell with an outcome for each contender of [`ALL`].
pub(crate) struct Standing {
    pub(crate) goal: Goal,
    pub(crate) events: usize,
    outcomes: Vec<Outcome>,
}

pub(crate) struct Standings(pub(crate) Vec<Standing>);

impl Standing {
    fn measure(goal: Goal, workload: &Workload, effort: Effort) -> Self {
        Self {
            goal,
            events: workload.events(),
            outcomes: outcomes(ALL, goal.cell, workload, effort.rounds),
        }
    }

    /// Our time per event, in nanoseconds.
    pub(crate) fn ours(&self) -> f64 {
        self.nanos(0).expect("our decoder is right")
    }

    /// The fastest peer and its time per event, in nanoseconds.
    pub(crate) fn best_peer(&self) -> (&'static str, f64) {
        let peers = ALL.iter().enumerate().filter(|(_, peer)| !peer.is_ours);
        let times = peers.filter_map(|(at, peer)| Some((peer.name, self.nanos(at)?)));
        times
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .expect("some peer is right")
    }

    fn nanos(&self, at: usize) -> Option<f64> {
        match self.outcomes[at] {
            Outcome::Took(time) => Some(nanos_each(time, self.events)),
            Outcome::Wrong | Outcome::Quadratic => None,
        }
    }

    fn cell(&self) -> Cell {
        self.goal.cell
    }
}

impl Standings {
    /// Runs all cells.
    pub(crate) fn measure(effort: Effort) -> Self {
        let mut workloads: Vec<Workload> = Vec::new();
        for goal in GOALS {
            let kind = goal.cell.kind;
            if workloads.iter().all(|known| known.kind != kind) {
                workloads.push(Workload::new(kind, effort.len));
            }
        }
        let standings = GOALS.into_iter().map(|goal| {
            let of_kind = |known: &&Workload| known.kind == goal.cell.kind;
            let workload = workloads.iter().find(of_kind).expect("it was pushed");
            Standing::measure(goal, workload, effort)
        });
        Self(standings.collect())
    }

    /// The table of the times per event of all contenders in all cells.
    pub(crate) fn table(&self) -> Table {
        let names = ALL.iter().map(|contender| contender.name);
        let mut table = Table::new(["time per event"].into_iter().chain(names));
        for standing in &self.0 {
            let shown = standing
                .outcomes
                .iter()
                .map(|outcome| show_outcome(*outcome, standing.events));
            table.push([standing.cell().to_string()].into_iter().chain(shown));
        }
        table
    }

    /// The times as a bar chart, without the cells of long lines, which take much longer.
    pub(crate) fn plot(&self) -> Plot {
        let short = |standing: &&Standing| standing.cell().kind != Kind::Long;
        let group = |standing: &Standing| {
            let times = (0..ALL.len()).map(|at| standing.nanos(at));
            (standing.cell().to_string(), times.collect())
        };
        Plot {
            title: "Time per event (lower is better; logarithmic)".into(),
            series: ALL.iter().map(|it| it.name.to_owned()).collect(),
            groups: self.0.iter().filter(short).map(group).collect(),
        }
    }
}
