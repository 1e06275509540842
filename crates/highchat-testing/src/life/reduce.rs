//! Reduces a failing life to a simpler one that still fails.

use crate::life::{Act, After, Habits, Life, Meta, Order, PageFault, Stored};

/// Returns a simpler life that still fails. Any further simplification would make it pass.
pub fn reduce(mut life: Life, fails: impl Fn(&Life) -> bool) -> Life {
    loop {
        let shorter = candidates(&life).into_iter().find(|shorter| fails(shorter));
        match shorter {
            Some(shorter) => life = shorter,
            None => return life,
        }
    }
}

/// All lives that are one step simpler.
fn candidates(life: &Life) -> Vec<Life> {
    let mut simpler = Vec::new();
    let mut with = |change: &dyn Fn(&mut Life)| {
        let mut changed = life.clone();
        change(&mut changed);
        if changed != *life {
            simpler.push(changed);
        }
    };
    for at in 0..life.acts.len() {
        with(&|life| {
            life.acts.remove(at);
        });
    }
    with(&|life| life.network.delay = 0);
    with(&|life| life.network.pieces = 0);
    for at in 0..life.pages.len() {
        with(&|life| {
            life.pages.remove(at);
        });
        with(&|life| life.pages[at] = PageFault::None);
    }
    let habits: [&dyn Fn(&mut Habits); 16] = [
        &|habits| habits.lists_users = true,
        &|habits| habits.after = After::Exclusive,
        &|habits| habits.order = Order::Oldest,
        &|habits| habits.page_len = None,
        &|habits| habits.trims = false,
        &|habits| habits.greets = None,
        &|habits| habits.meta = Meta::Each,
        &|habits| habits.gives_ids = true,
        &|habits| habits.gives_states = true,
        &|habits| habits.gives_times = true,
        &|habits| (habits.events_ahead, habits.clock_off) = (0, 0),
        &|habits| habits.seconds = false,
        &|habits| habits.stores_human = false,
        &|habits| habits.odd = false,
        &|habits| habits.copycat = false,
        &|habits| habits.chatty = false,
    ];
    for change in habits {
        with(&|life| change(&mut life.habits));
    }
    for at in 0..life.acts.len() {
        match &life.acts[at] {
            Act::Turn(turn) => {
                let turns: [&dyn Fn(&mut crate::life::Turn); 9] = [
                    &|turn| turn.fault = None,
                    &|turn| turn.interrupt = None,
                    &|turn| turn.tries.clear(),
                    &|turn| turn.listed_after = 0,
                    &|turn| turn.stored = Stored::AtEnd,
                    &|turn| turn.gap = 20,
                    &|turn| turn.deltas = 3,
                    &|turn| (turn.text, turn.beginning) = (0, 0),
                    &|turn| turn.person.clear(),
                ];
                for change in turns {
                    with(&|life| {
                        if let Act::Turn(turn) = &mut life.acts[at] {
                            change(turn);
                        }
                    });
                }
                for person in 0..turn.person.len() {
                    with(&|life| {
                        if let Act::Turn(turn) = &mut life.acts[at] {
                            turn.person.remove(person);
                        }
                    });
                }
            }
            Act::Pause(_) => with(&|life| life.acts[at] = Act::Pause(100)),
            _ => {}
        }
    }
    simpler
}
