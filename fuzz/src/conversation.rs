//! Checks a conversation with any actions of the user, the service and the network.

use core::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};
use highchat_proto::Config;
use highchat_testing::player::Player;
use highchat_testing::player::replay::hold_polled_otherwise;
use highchat_testing::player::restart::hold_over_a_restart;
use highchat_testing::player::steps::Step;

use crate::script;

/// A script, and how the conversation is polled when the script is played again.
pub struct Input {
    /// The configuration, or `None` for the default one.
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

/// The maximum number of steps. A restart is tried after each step, so more steps are slow.
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

/// Checks that every promise of the player holds at every step, and when the service is silent at
/// the end. With the default configuration it also checks that the result does not depend on when
/// the conversation is polled, and that a restart keeps the conversation.
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
