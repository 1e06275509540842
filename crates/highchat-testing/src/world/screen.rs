//! What the user sees.

use highchat_proto::TurnEnd;

/// One turn, as it is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownTurn {
    /// The shown text of the reply.
    pub(crate) text: String,
    /// How the turn ended, as the client reported it.
    pub(crate) end: Option<TurnEnd>,
    /// Whether the program was restarted without this turn.
    pub(crate) is_abandoned: bool,
}

/// Everything on the screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    pub(crate) turns: Vec<ShownTurn>,
    /// The turn whose end the user waits for.
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

    /// The program was restarted without its knowledge.
    pub(crate) fn forget(&mut self) {
        if let Some(number) = self.open.take() {
            self.turns[number].is_abandoned = true;
        }
        self.messages.clear();
    }
}
