//! The command `/fault NAMES`, and the list of all faults.

use super::{Fault, Faults, Layer, UnknownFault};

/// A message that begins with `/fault`: names of faults, and optionally another command whose
/// reply has these faults. Examples: `/fault cut`, `/fault cr-lf,one-byte`,
/// `/fault stall /long 100`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultCommand<'a> {
    pub(crate) faults: Faults,
    /// The other command.
    pub(crate) rest: Option<&'a str>,
}

impl<'a> FaultCommand<'a> {
    /// Returns `None` for a message that does not begin with `/fault`, and `Some(Ok(None))` for
    /// one without names.
    pub(crate) fn parse(message: &'a str) -> Option<Result<Option<Self>, UnknownFault>> {
        let names = message.trim().strip_prefix("/fault")?;
        if !names.is_empty() && !names.starts_with(char::is_whitespace) {
            return None;
        }
        let (names, rest) = match names.find('/') {
            Some(start) => (&names[..start], Some(&names[start..])),
            None => (names, None),
        };
        let faults = names.parse::<Faults>();
        Some(faults.map(|faults| (!faults.is_empty()).then_some(Self { faults, rest })))
    }

    /// Returns the faults that a message asks for.
    pub(crate) fn faults(message: &str) -> Faults {
        match FaultCommand::parse(message) {
            Some(Ok(Some(command))) => command.faults,
            _ => Faults::default(),
        }
    }

    /// Whether all faults are faults of polls. Clients poll only in a handoff.
    pub(crate) fn is_of_polls(&self) -> bool {
        let polls = [Layer::Poll, Layer::Page];
        let mut layers = self.faults.iter().map(|injection| injection.fault.layer());
        layers.all(|layer| polls.contains(&layer))
    }
}

/// Returns all faults, one on each line with its description.
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
    fn another_command_may_follow_the_names() {
        for (message, faults, rest) in [
            ("/fault cut", "cut", None),
            (" /fault  cr-lf one-byte\n", "cr-lf,one-byte", None),
            ("/fault 429x2 /long 9", "429x2", Some("/long 9")),
        ] {
            let command = FaultCommand::parse(message).unwrap().unwrap().unwrap();
            assert_eq!(command.faults.to_string(), faults);
            assert_eq!(command.rest, rest);
        }
        assert_eq!(FaultCommand::parse("/fault"), Some(Ok(None)));
        assert_eq!(FaultCommand::parse("/fault /long 3"), Some(Ok(None)));
        let wrong = "cats".parse::<Faults>().unwrap_err();
        for message in ["/fault cats", "/fault cut cats", "/fault cats /long 3"] {
            assert_eq!(
                FaultCommand::parse(message),
                Some(Err(wrong.clone())),
                "{message}"
            );
        }
        assert_eq!(FaultCommand::parse("/faults"), None);
        assert_eq!(FaultCommand::parse("fault cut"), None);
    }
}
