//! The built-in person, who answers after a handoff if no inbox is open.

use core::time::Duration;

/// The built-in person, who answers after a handoff: messages at fixed times, and a time to hand
/// the conversation back to the bot.
///
/// The default person writes after 3 s and after 6 s, and hands back after 10 s. The times count
/// from the `human` event, or from the `done` with `pending_human`. After a `done`, the
/// conversation becomes `human` with the first message.
///
/// If somebody acts in a conversation at the [`Inbox`](crate::Inbox), the built-in person stops
/// there until the next handoff. If an inbox page is open, handoffs go only to the inbox.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use core::time::Duration;
/// use highchat_sandbox::{Person, Sandbox};
///
/// let person = Person::absent()
///     .says(Duration::from_millis(20), "Բարև ձեզ։")
///     .hands_back(Duration::from_millis(40));
/// let sandbox = Sandbox::builder().person(person).start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Person {
    /// In the order of their times.
    acts: Vec<(Duration, Act)>,
}

/// An action of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Says(String),
    HandsBack,
}

impl Person {
    /// A person who never does anything. After a handoff nothing happens until somebody acts at
    /// the [`Inbox`](crate::Inbox) or the user sends `/close`.
    pub fn absent() -> Self {
        Self { acts: Vec::new() }
    }

    /// Adds a message, the time `after` after the handoff.
    pub fn says(self, after: Duration, text: impl Into<String>) -> Self {
        self.act(after, Act::Says(text.into()))
    }

    /// Hands back to the bot, the time `after` after the handoff. Later messages are not sent.
    pub fn hands_back(self, after: Duration) -> Self {
        self.act(after, Act::HandsBack)
    }

    /// Returns the `n`th action and its time, counted from 0.
    pub(crate) fn nth(&self, n: usize) -> Option<&(Duration, Act)> {
        self.acts.get(n)
    }

    fn act(mut self, after: Duration, act: Act) -> Self {
        let place = self.acts.partition_point(|(time, _)| *time <= after);
        self.acts.insert(place, (after, act));
        self
    }
}

impl Default for Person {
    fn default() -> Self {
        Self::absent()
            .says(
                Duration::from_secs(3),
                "Բարև ձեզ, ես Արամն եմ։ Հիմա կկարդամ ձեր գրածը։",
            )
            .says(
                Duration::from_secs(6),
                "Կարդացի, ամեն ինչ պարզ է։ Շնորհակալություն, որ գրեցիք։ Զրույցը վերադարձնում եմ բոտին։",
            )
            .hands_back(Duration::from_secs(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_sorted_by_time() {
        let person = Person::absent()
            .hands_back(Duration::from_secs(3))
            .says(Duration::from_secs(1), "one")
            .says(Duration::from_secs(2), "two");

        let acts: Vec<_> = (0..4).filter_map(|n| person.nth(n)).cloned().collect();

        assert_eq!(
            acts,
            [
                (Duration::from_secs(1), Act::Says("one".to_owned())),
                (Duration::from_secs(2), Act::Says("two".to_owned())),
                (Duration::from_secs(3), Act::HandsBack),
            ]
        );
    }
}
