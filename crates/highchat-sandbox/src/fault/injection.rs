//! Faults with an amount and a number of times, and lists of them.

use core::fmt;
use core::str::FromStr;

use super::{Fault, Layer};

/// A fault with an amount and a number of times.
///
/// As text it is `NAME` or `NAME:AMOUNT`, optionally followed by `xTIMES`: `cut:200`, `429x2`,
/// `429-seconds:3x2`.
///
/// ```
/// use highchat_sandbox::Fault;
///
/// let refused = Fault::TooManySeconds.with(3).times(2);
/// assert_eq!(refused.to_string(), "429-seconds:3x2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    pub(crate) fault: Fault,
    pub(crate) amount: Option<u64>,
    pub(crate) times: Option<u32>,
}

impl Fault {
    /// The fault with an amount in the unit of [`amount`](Self::amount). A fault without a unit
    /// ignores the amount.
    #[must_use]
    pub const fn with(self, amount: u64) -> Injection {
        Injection {
            fault: self,
            amount: Some(amount),
            times: None,
        }
    }
}

impl Injection {
    /// Sets the number of requests that a refusal or a failure of polls applies to. By default
    /// it applies to one request, or to all requests if it was set with
    /// [`Builder::fault`](crate::Builder::fault). Other faults ignore this number.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The fault.
    #[must_use]
    pub const fn fault(self) -> Fault {
        self.fault
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            amount: None,
            times: None,
        }
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.name())?;
        if let Some(amount) = self.amount {
            write!(f, ":{amount}")?;
        }
        if let Some(times) = self.times {
            write!(f, "x{times}")?;
        }
        Ok(())
    }
}

impl FromStr for Injection {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let wrong = |problem| UnknownFault::new(text, problem);
        let (rest, times) = match text.rsplit_once('x') {
            Some((rest, times)) if is_number(times) => {
                let times = times.parse().map_err(|_| wrong(Problem::Number))?;
                (rest, Some(times))
            }
            _ => (text, None),
        };
        let (name, amount) = match rest.split_once(':') {
            Some((name, amount)) => (name, Some(amount)),
            None => (rest, None),
        };
        let fault = Fault::ALL.iter().find(|fault| fault.name() == name);
        let fault = *fault.ok_or_else(|| wrong(Problem::Name))?;
        if amount.is_some() && fault.amount().is_none() {
            return Err(wrong(Problem::Amount));
        }
        let number = |amount: &str| is_number(amount).then(|| amount.parse().ok()).flatten();
        let number = |amount| number(amount).ok_or_else(|| wrong(Problem::Number));
        let amount = amount.map(number).transpose()?;
        Ok(Self {
            fault,
            amount,
            times,
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The error for a text that is not a fault, or has an invalid amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    text: String,
    problem: Problem,
}

/// What is wrong with the text of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// There is no fault with this name.
    Name,
    /// The fault has no amount.
    Amount,
    /// The amount or the number of times is not a number.
    Number,
}

/// How much of the text the error shows, in characters.
const MAX_SHOWN: usize = 40;

impl UnknownFault {
    fn new(text: &str, problem: Problem) -> Self {
        Self {
            text: text.chars().take(MAX_SHOWN).collect(),
            problem,
        }
    }

    /// The error as a sentence for the user of the chat.
    pub(crate) fn sentence(&self) -> String {
        let Self { text, problem } = self;
        match problem {
            Problem::Name => format!("«{text}» անունով վնասվածք չկա։"),
            Problem::Amount => format!("«{text}». այս վնասվածքը չափ չունի։"),
            Problem::Number => {
                format!("«{text}». այստեղ պետք է թիվ լինի, օրինակ՝ cut:200 կամ 429x2։")
            }
        }
    }
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a fault", self.text)?;
        match self.problem {
            Problem::Name => Ok(()),
            Problem::Amount => f.write_str(": this fault has no amount"),
            Problem::Number => f.write_str(": expected a number, for example cut:200 or 429x2"),
        }
    }
}

impl core::error::Error for UnknownFault {}

/// Faults that apply together to one reply and to the polls after it.
///
/// As text it is a list of faults, separated by commas or spaces. Refusals come first, one for
/// each request, in the given order. The other faults apply to the reply after them.
///
/// ```
/// use highchat_sandbox::{Fault, Faults};
///
/// let faults: Faults = "429-seconds,cr-lf one-byte".parse()?;
/// assert_eq!(
///     faults,
///     Faults::from([Fault::TooManySeconds, Fault::CrLf, Fault::OneByte])
/// );
/// # Ok::<(), highchat_sandbox::UnknownFault>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Injection>);

impl Faults {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Injection> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.find(fault).is_some()
    }

    pub(crate) fn find(&self, fault: Fault) -> Option<Injection> {
        self.iter().find(|injection| injection.fault == fault)
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Returns the faults of these layers.
    pub(crate) fn of(&self, layers: &[Layer]) -> Self {
        self.iter()
            .filter(|injection| layers.contains(&injection.fault.layer()))
            .collect()
    }

    /// Returns the fault of the `n`th request, counted from 0, if the faults apply one after the
    /// other, each as often as its number of times (default: once).
    pub(crate) fn nth(&self, n: u32) -> Option<Injection> {
        let mut end = 0_u32;
        self.iter().find(|injection| {
            end = end.saturating_add(injection.times.unwrap_or(1));
            n < end
        })
    }
}

impl FromIterator<Injection> for Faults {
    fn from_iter<I: IntoIterator<Item = Injection>>(injections: I) -> Self {
        Self(injections.into_iter().collect())
    }
}

impl<I: Into<Injection>> From<I> for Faults {
    fn from(injection: I) -> Self {
        Self(vec![injection.into()])
    }
}

impl<I: Into<Injection>, const N: usize> From<[I; N]> for Faults {
    fn from(injections: [I; N]) -> Self {
        injections.into_iter().map(Into::into).collect()
    }
}

impl FromStr for Faults {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let names = text.split(|c: char| c == ',' || c.is_whitespace());
        names
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, injection) in self.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{injection}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_can_be_parsed() {
        for text in [
            "cut",
            "cut:200",
            "429x2",
            "429-seconds:3x2,cr-lf,one-byte",
            "",
        ] {
            assert_eq!(text.parse::<Faults>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_error_names_the_invalid_fault() {
        let number = ": expected a number, for example cut:200 or 429x2";
        for (text, why) in [
            ("cuts", ""),
            ("x2", ""),
            ("cuts:3", ""),
            ("cut:", number),
            ("cut:-1", number),
            ("cut:x", number),
            ("cut:99999999999999999999", number),
            ("429x99999999999", number),
            ("cr-lf:3", ": this fault has no amount"),
        ] {
            let error = format!("cr-lf {text}").parse::<Faults>().unwrap_err();
            assert_eq!(error.to_string(), format!("{text:?} is not a fault{why}"));
        }
    }

    #[test]
    fn refusals_apply_to_one_request_after_the_other() {
        let faults: Faults = "429x2,500-html".parse().unwrap();
        let met: Vec<_> = (0..4)
            .map(|n| faults.nth(n).map(Injection::fault))
            .collect();

        assert_eq!(
            met,
            [
                Some(Fault::TooMany),
                Some(Fault::TooMany),
                Some(Fault::Html500),
                None
            ]
        );
    }
}
