//! The bot's memory of a conversation: the user's name and the last messages.

use crate::bot::words::{plain, words};

/// What the bot remembers of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    name: Option<String>,
    previous: Option<String>,
    latest: Option<String>,
    count: u64,
}

impl Memory {
    pub(crate) fn remember(&mut self, message: &str) {
        if let Some(name) = name_in(message) {
            self.name = Some(name);
        }
        self.previous = self.latest.replace(message.to_owned());
        self.count += 1;
    }

    /// The user's name, if the user has said it.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The message before the latest message.
    pub(crate) fn previous(&self) -> Option<&str> {
        self.previous.as_deref()
    }

    /// The number of messages, including the latest.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// Returns the name in `իմ անունը Անի է`, `անունս Անի է`, `իմ անունն է Անի` or `my name is Ani`.
pub(crate) fn name_in(message: &str) -> Option<String> {
    let written: Vec<String> = words(message).collect();
    let compared: Vec<String> = written.iter().map(|word| plain(word)).collect();
    (0..compared.len()).find_map(|start| {
        let rest: Vec<&str> = compared[start..].iter().map(String::as_str).collect();
        let (intro, length) = match rest[..] {
            ["իմ", "անունն", "է", ..] | ["my", "name", "is", ..] => (3, Some(1)),
            ["իմ", "անունը" | "անունն", ..] => (2, None),
            ["անունս", ..] => (1, None),
            _ => return None,
        };
        let length = length.or_else(|| name_before_verb(&rest[intro..]))?;
        let name = written.get(start + intro..start + intro + length)?;
        let asks = matches!(compared[start + intro].as_str(), "ինչ" | "what");
        (!asks).then(|| name.join(" "))
    })
}

/// Returns the number of words before the verb of `… Անի Սարգսյան է`, at most three.
fn name_before_verb(rest: &[&str]) -> Option<usize> {
    rest.iter()
        .take(4)
        .position(|word| *word == "է")
        .filter(|&length| length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_each_form_of_introduction() {
        for (message, name) in [
            ("Իմ անունը Անի է։", Some("Անի")),
            (
                "Բարև, իմ անունը Անի Սարգսյան է, իսկ ձե՞րը",
                Some("Անի Սարգսյան"),
            ),
            ("անունս Գոռ է", Some("Գոռ")),
            ("Իմ անունն է Լիլիթ", Some("Լիլիթ")),
            ("My name is Ani, hello", Some("Ani")),
            ("Ի՞նչ է իմ անունը", None),
            ("Իմ անունը ի՞նչ է", None),
            ("what is my name", None),
            ("իմ անունը", None),
            ("", None),
        ] {
            assert_eq!(name_in(message).as_deref(), name, "{message}");
        }
    }
}
