//! The table of goals, with the ones that are reached.

use core::fmt;

use highchat_benches::cells::CRLF_CUTS;
use highchat_benches::contenders::{CONVERSATION, HIGHCHAT, Mode};
use highchat_benches::cuts::Cut;
use highchat_benches::limits::MEMCPY;
use highchat_benches::race::race;
use highchat_benches::report::{Table, nanos_each, show_nanos, verdict};
use highchat_benches::workload::{Kind, Workload};

use crate::Effort;
use crate::standings::{Standing, Standings};

/// A table with a row for each goal.
pub(crate) struct Goals(Table);

impl fmt::Display for Goals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A row of the table: our time and the time that it is compared with.
struct Pair<'a> {
    what: String,
    ours: f64,
    rival: (&'a str, f64),
    ratio: f64,
    must: f64,
    stretch: f64,
    /// Whether the ratio is one of costs, so that less is better.
    is_cost: bool,
}

impl Goals {
    /// Judges the measured cells, and measures the goals that have no peer.
    pub(crate) fn judge(standings: &Standings, effort: Effort) -> Self {
        let mut goals = Self(Table::new([
            "goal", "ours", "rival", "its", "ratio", "must", "stretch", "reached",
        ]));
        for standing in &standings.0 {
            goals.against_peers(standing);
        }
        goals.memcpy(effort);
        for cut in CRLF_CUTS {
            goals.crlf(cut, effort);
        }
        goals.one_line(effort);
        goals
    }

    fn push(&mut self, pair: &Pair<'_>) {
        let reached = |goal: f64| match pair.is_cost {
            true => pair.ratio <= goal,
            false => pair.ratio >= goal,
        };
        let sign = if pair.is_cost { "≤ " } else { "" };
        self.0.push([
            pair.what.clone(),
            show_nanos(pair.ours),
            pair.rival.0.into(),
            show_nanos(pair.rival.1),
            format!("{:.2}×", pair.ratio),
            format!("{sign}{}×", pair.must),
            format!("{sign}{}×", pair.stretch),
            verdict(reached(pair.must), reached(pair.stretch)).into(),
        ]);
    }

    fn against_peers(&mut self, standing: &Standing) {
        let (ours, rival) = (standing.ours(), standing.best_peer());
        self.push(&Pair {
            what: standing.goal.cell.to_string(),
            ours,
            rival,
            ratio: rival.1 / ours,
            must: standing.goal.must,
            stretch: standing.goal.stretch,
            is_cost: false,
        });
    }

    fn memcpy(&mut self, effort: Effort) {
        let long = Workload::new(Kind::Long, effort.len);
        let [ours, copy] = race_two(
            effort,
            &|| HIGHCHAT.run(Mode::Framing, &long, Cut::Whole),
            &|| MEMCPY.run(&long),
        )
        .map(|time| nanos_each(time, long.events()));
        self.push(&Pair {
            what: "framing, long, whole, over memcpy".into(),
            ours,
            rival: (MEMCPY.name, copy),
            ratio: copy / ours,
            must: 0.85,
            stretch: 1.0,
            is_cost: false,
        });
    }

    fn crlf(&mut self, cut: Cut, effort: Effort) {
        let streams = [Kind::Crlf, Kind::Ascii].map(|kind| Workload::new(kind, effort.len));
        for stream in &streams {
            let checked = HIGHCHAT.check(Mode::Framing, stream, cut);
            checked.expect("the decoder reads both line ends");
        }
        let [crlf, lf] = &streams;
        let times = race_two(effort, &|| HIGHCHAT.run(Mode::Framing, crlf, cut), &|| {
            HIGHCHAT.run(Mode::Framing, lf, cut)
        });
        let ours = nanos_each(times[0], crlf.events());
        let rival = nanos_each(times[1], lf.events());
        self.push(&Pair {
            what: format!("framing, crlf, {cut}, over our LF"),
            ours,
            rival: ("our LF", rival),
            ratio: rival / ours,
            must: 0.85,
            stretch: 0.95,
            is_cost: false,
        });
    }

    /// Checks that the time is linear: a byte of a line of 8 MiB costs the same as a byte of a line
    /// of 64 KiB.
    fn one_line(&mut self, effort: Effort) {
        let cut = Cut::Size(7);
        let [long, short] = [effort.len, 64 << 10].map(|len| Workload::new(Kind::OneLine, len));
        let times = effort.len / (64 << 10);
        let [long_time, short_time] =
            race_two(effort, &|| HIGHCHAT.run(Mode::Framing, &long, cut), &|| {
                (0..times).for_each(|_| HIGHCHAT.run(Mode::Framing, &short, cut))
            });
        let ours = nanos_each(long_time, long.bytes.len() >> 10);
        let rival = nanos_each(short_time, (times * short.bytes.len()) >> 10);
        self.push(&Pair {
            what: format!("1 KiB of a line of {} KiB, 7", effort.len >> 10),
            ours,
            rival: ("of one of 64 KiB", rival),
            ratio: ours / rival,
            must: 1.3,
            stretch: 1.1,
            is_cost: true,
        });
    }
}

/// Compares the conversation with the typed decoder. There is no verdict, because the goal is a
/// number of instructions.
pub(crate) fn conversation(effort: Effort) -> String {
    let workload = Workload::new(Kind::Ascii, effort.len);
    let cut = Cut::Size(1400);
    let checked = CONVERSATION.check(Mode::Typed, &workload, cut);
    checked.expect("a conversation has an update for each delta");
    let [ours, rival] = race_two(
        effort,
        &|| CONVERSATION.run(Mode::Typed, &workload, cut),
        &|| HIGHCHAT.run(Mode::Typed, &workload, cut),
    )
    .map(|time| nanos_each(time, workload.events()));
    format!(
        "conversation, ascii, 1400: {}, {:.2}× our typed decoder.",
        show_nanos(ours),
        ours / rival,
    )
}

fn race_two(effort: Effort, one: &dyn Fn(), other: &dyn Fn()) -> [core::time::Duration; 2] {
    let medians = race(&[one, other], effort.rounds);
    [medians[0], medians[1]]
}
