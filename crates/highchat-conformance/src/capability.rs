use core::fmt;
use core::str::FromStr;

macro_rules! capabilities {
    ($($capability:ident, $name:literal, $line:literal;)*) => {
        /// Something that a client may leave out. [`Check::without`](crate::Check::without)
        /// declares it, and the report then shows the rows that need it as not supported. All of
        /// this is our decision: the API's text demands no more than to send, read and poll.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Capability {
            $(#[doc = concat!("`", $name, "`: ", $line, ".")] $capability,)*
        }

        impl Capability {
            /// All capabilities.
            pub const ALL: &'static [Self] = &[$(Self::$capability),*];

            /// The name, as in a report and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$capability => $name,)* }
            }

            /// A description in one line.
            #[must_use]
            pub const fn line(self) -> &'static str {
                match self { $(Self::$capability => $line,)* }
            }
        }
    };
}

capabilities! {
    Thread, "thread",
        "it sends several messages in one conversation";
    Cancel, "cancel",
        "it cancels a turn";
    Rate, "rate",
        "it rates a conversation";
    Resume, "resume",
        "it continues a conversation that was saved, or of which only the id is known";
    Seed, "seed",
        "its delays are random, and depend only on `Config::seed` if that is set";
    LongHeads, "long-heads",
        "its HTTP client limits a head only by its length, which is `Config::HEAD_LIMIT`";
    SeveralExchanges, "several-exchanges",
        "it polls while a reply streams";
    KeptConnections, "kept-connections",
        "its polls and ratings share a connection";
    Sessions, "sessions",
        "the kit commands each step of a session; a function that runs whole trials has no steps";
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(name: &str) -> Result<Self, UnknownCapability> {
        let mut all = Self::ALL.iter().copied();
        all.find(|capability| capability.name() == name)
            .ok_or_else(|| UnknownCapability(name.to_owned()))
    }
}

/// The error for a text that is not the name of a [`Capability`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCapability(String);

impl fmt::Display for UnknownCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a capability", self.0)
    }
}

impl core::error::Error for UnknownCapability {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_capability_is_found_by_its_name() {
        for capability in Capability::ALL {
            assert_eq!(capability.name().parse(), Ok(*capability));
        }
        let error = "ոչինչ 🤷".parse::<Capability>().unwrap_err();
        assert_eq!(error.to_string(), "\"ոչինչ 🤷\" is not a capability");
    }
}
