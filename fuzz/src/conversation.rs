//! A conversation, whatever its user, the service and the network do.

use core::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};
use highchat_proto::Config;
use highchat_testing::player::Player;
use highchat_testing::player::replay::hold_polled_otherwise;
use highchat_testing::player::restart::hold_over_a_restart;
use highchat_testing::player::steps::Step;

use crate::script;

/// A script, and how it is polled when it is played again.
pub struct Input {
    /// `None`: the defaults.
    config: Option<Config>,
    taken: Vec<usize>,
    steps: Vec<Step>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("config", &self.config)
            .field("taken", &self.taken)
            .field("steps", &self.steps)
            .finish()
    }
}

/// More steps only cost time: a restart is tried behind each.
const MOST_STEPS: usize = 48;

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            config: script::config(input)?,
            taken: script::taken(input)?,
            steps: script::steps(input, MOST_STEPS)?,
        })
    }
}

/// Every promise that `conversation_player` knows holds at every step, and when nothing
/// comes any more; and with the default configuration, what comes out does not depend on when
/// it is polled, and the conversation is kept over a restart.
pub fn hold(input: &Input) {
    let config = input.config.clone().unwrap_or_default();
    let mut player = Player::new(config);
    for step in &input.steps {
        player.step(step);
        if input.config.is_none() {
            hold_over_a_restart(&player);
        }
    }
    if input.config.is_none() {
        hold_polled_otherwise(&Config::default(), &player, &input.taken);
    }
    player.fall_silent();
}
