use super::{Fault, Faults, Layer};

/// A message that begins with `/fault`.
///
/// `/fault cut`, `/fault cr-lf,one-byte`, `/fault stall /long 100`: names, and then,
/// where there is one, another magic message that is to be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spell<'a> {
    pub(crate) faults: Faults,
    /// The other message.
    pub(crate) rest: Option<&'a str>,
}

impl<'a> Spell<'a> {
    /// `None`: a message that begins otherwise. `Some(None)`: one that names no fault,
    /// or one that there is not.
    pub(crate) fn parse(message: &'a str) -> Option<Option<Self>> {
        let names = message.trim().strip_prefix("/fault")?;
        if !names.is_empty() && !names.starts_with(char::is_whitespace) {
            return None;
        }
        let (names, rest) = match names.find('/') {
            Some(start) => (&names[..start], Some(&names[start..])),
            None => (names, None),
        };
        let faults: Option<Faults> = names.parse().ok();
        let faults = faults.filter(|faults| !faults.is_empty());
        Some(faults.map(|faults| Self { faults, rest }))
    }

    /// What a message does to its own reply.
    pub(crate) fn faults(message: &str) -> Faults {
        Spell::parse(message)
            .flatten()
            .map_or_else(Faults::default, |spell| spell.faults)
    }

    /// Whether it is of polls alone, which only a handoff brings.
    pub(crate) fn is_of_polls(&self) -> bool {
        let polls = [Layer::Poll, Layer::Page];
        let mut layers = self.faults.iter().map(|injection| injection.fault.layer());
        layers.all(|layer| polls.contains(&layer))
    }
}

/// All names, each with its line.
pub(crate) fn list() -> String {
    let mut list = String::new();
    for fault in Fault::ALL {
        let amount = fault.amount().map(|amount| format!("[:{amount}]"));
        let amount = amount.unwrap_or_default();
        list += &format!("\n{}{amount}: {}", fault.name(), fault.line());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_followed_by_another_message() {
        for (message, faults, rest) in [
            ("/fault cut", "cut", None),
            (" /fault  cr-lf one-byte\n", "cr-lf,one-byte", None),
            ("/fault 429x2 /long 9", "429x2", Some("/long 9")),
        ] {
            let spell = Spell::parse(message).unwrap().unwrap();
            assert_eq!(spell.faults.to_string(), faults);
            assert_eq!(spell.rest, rest);
        }
        assert_eq!(Spell::parse("/fault"), Some(None));
        assert_eq!(Spell::parse("/fault cats"), Some(None));
        assert_eq!(Spell::parse("/fault /long 3"), Some(None));
        assert_eq!(Spell::parse("/faults"), None);
        assert_eq!(Spell::parse("fault cut"), None);
    }
}
