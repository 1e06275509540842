//! Counts the allocations of decoding and the memory of a conversation.

use std::sync::Arc;

use highchat_benches::cells::{Cell, GOALS};
use highchat_benches::contenders::{ALL, Contender, HIGHCHAT, Mode, conversation};
use highchat_benches::report::{Table, verdict};
use highchat_benches::witness::Tally;
use highchat_benches::workload::{Kind, Workload};
use highchat_proto::Config;

use crate::allocations::counted;

/// The allocations per event of all contenders in the cells with a goal, and the cells in which
/// our decoder allocates.
pub(crate) fn allocations() -> String {
    let names = ALL.iter().map(|contender| contender.name);
    let mut table = Table::new(["allocations per event"].into_iter().chain(names));
    for goal in GOALS {
        if goal.cell.kind == Kind::Long {
            continue;
        }
        let each = ALL
            .iter()
            .map(|contender| allocations_each(contender, goal.cell));
        let shown = each.map(|each| format!("{each:.2}"));
        table.push([goal.cell.to_string()].into_iter().chain(shown));
    }
    let cells = [Mode::Framing, Mode::Typed].into_iter().flat_map(Cell::of);
    let cells = cells.filter(|cell| cell.kind != Kind::Long);
    let allocating: Vec<_> = cells
        .filter_map(|cell| {
            let each = allocations_each(&HIGHCHAT, cell);
            (each > 0.0).then(|| format!("{cell}: {each:.2}"))
        })
        .collect();
    let summary = match allocating.as_slice() {
        [] => "Our decoder allocates nothing in every cell whose frames fit in the first buffer."
            .into(),
        cells => format!("Our decoder **does** allocate in: {}.", cells.join("; ")),
    };
    format!("{table}\n{summary}\n")
}

/// The allocations per event, from the difference between two lengths, so that the allocations of
/// a new decoder do not count.
fn allocations_each(contender: &Contender, cell: Cell) -> f64 {
    let [short, long] = [64 << 10, 192 << 10].map(|len| {
        let workload = Workload::new(cell.kind, len);
        let ((), times, _) = counted(|| contender.run(cell.mode, &workload, cell.cut));
        (times, workload.events())
    });
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let each = (long.0.saturating_sub(short.0)) as f64 / (long.1 - short.1) as f64;
    each
}

/// The memory of a conversation that waits for the next delta of a reply.
pub(crate) fn conversation() -> String {
    // Not counted, because many conversations share them.
    let shared = (
        Arc::new(conversation::endpoint()),
        Arc::new(Config::default()),
    );
    let workload = Workload::new(Kind::Ascii, 300);
    let ((conversation, _), _, held) = counted(|| {
        let (mut conversation, id) = conversation::streaming(&shared.0, &shared.1);
        let mut start = 0;
        // All events except `done`, one at a time.
        for &end in &workload.ends[..workload.events() - 1] {
            let event = &workload.bytes[start..end];
            conversation::feed(&mut conversation, id, event, &mut Tally::default());
            start = end;
        }
        (conversation, id)
    });
    let inline = size_of_val(&conversation);
    let heap = usize::try_from(held).expect("it uses memory");
    let all = inline + heap;
    format!(
        "A conversation that waits for a delta uses {all} bytes ({inline} inline, {heap} on the \
         heap); must ≤ 1024, stretch ≤ 512: {}.\n",
        verdict(all <= 1024, all <= 512)
    )
}
