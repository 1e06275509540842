//! What the user saw.

use highchat_proto::TurnEnd;

/// One turn, as it was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownTurn {
    /// The text of the reply, as it stands on the screen.
    pub(crate) text: String,
    /// How the turn ended, as it was told.
    pub(crate) end: Option<TurnEnd>,
    /// The program went on without it.
    pub(crate) is_abandoned: bool,
}

/// All that is on the screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    pub(crate) turns: Vec<ShownTurn>,
    /// The turn that the user waits for.
    pub(crate) open: Option<usize>,
    /// The numbers of the messages that polling found, in order.
    pub(crate) messages: Vec<u32>,
}

impl Screen {
    pub(crate) fn begin_turn(&mut self) -> usize {
        self.turns.push(ShownTurn::default());
        let number = self.turns.len() - 1;
        self.open = Some(number);
        number
    }

    pub(crate) fn end_turn(&mut self, end: TurnEnd) {
        if let Some(number) = self.open.take() {
            self.turns[number].end = Some(end);
        }
    }

    /// The program forgot all that it knew.
    pub(crate) fn forget(&mut self) {
        if let Some(number) = self.open.take() {
            self.turns[number].is_abandoned = true;
        }
        self.messages.clear();
    }
}
