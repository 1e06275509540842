//! Plays the same inputs again to another conversation.

use std::collections::HashSet;

use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Output, RequestId};

use crate::player::scripted::endpoint;
use crate::player::{Order, Played, Player, line, picture};

/// Takes all outputs up to `Wait`, and returns its deadline.
pub fn drain(
    conversation: &mut Conversation,
    mut each: impl FnMut(&Conversation, Output),
) -> Option<Instant> {
    loop {
        match conversation.poll_output() {
            Output::Wait(when) => return when,
            output => each(conversation, output),
        }
    }
}

/// The outputs of a conversation.
#[derive(Default)]
struct Outputs {
    updates: Vec<String>,
    orders: Vec<Order>,
    handed_out: HashSet<RequestId>,
}

impl Outputs {
    fn take(&mut self, conversation: &Conversation, output: Output) {
        match output {
            Output::Transmit(id, request) => {
                self.handed_out.insert(id);
                self.orders.push(Order::transmit(id, &request));
            }
            Output::Abort(id) => self.orders.push(Order::Abort(id)),
            Output::Update => {
                let update = conversation.update().expect("it was announced");
                self.updates.push(line(&update));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Applies the same inputs. After each input, takes the given number of outputs, or all.
fn replay(config: Config, played: &[Played], taken: &[usize]) -> (Conversation, Outputs) {
    let mut conversation = Conversation::new(endpoint(), config);
    let mut outputs = Outputs::default();
    for (played, taken) in played.iter().zip(taken.iter().cycle()) {
        // A driver can only answer requests that it has received.
        let target = played.input.request();
        if played.is_for_live_request && target.is_some_and(|id| !outputs.handed_out.contains(&id))
        {
            drain(&mut conversation, |c, output| outputs.take(c, output));
        }
        played.input.apply(&mut conversation, played.at);
        for _ in 0..*taken {
            match conversation.poll_output() {
                Output::Wait(_) => break,
                output => outputs.take(&conversation, output),
            }
        }
    }
    drain(&mut conversation, |c, output| outputs.take(c, output));
    (conversation, outputs)
}

/// Checks that the same inputs give the same outputs if the outputs are polled at other
/// times.
pub fn hold_polled_otherwise(config: &Config, player: &Player, taken: &[usize]) {
    let (conversation, outputs) = replay(config.clone(), &player.played, taken);
    assert_eq!(outputs.updates, player.updates);
    // A request that was withdrawn before it was polled is neither sent nor aborted.
    let is_withdrawn = |id| !outputs.handed_out.contains(&id);
    let (kept, withdrawn): (Vec<_>, Vec<_>) = player
        .orders
        .iter()
        .cloned()
        .partition(|order| !is_withdrawn(order.request()));
    assert_eq!(outputs.orders, kept);
    for order in &withdrawn {
        let abort = Order::Abort(order.request());
        assert!(withdrawn.contains(&abort), "{order:?} was lost");
    }
    assert_eq!(picture(&conversation), player.picture());
}
