use core::fmt;

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The text of the HighChat API.
    Api,
    /// The HTML standard, section 9.2: server-sent events.
    EventStream,
    /// RFC 9110 and RFC 9112: HTTP.
    Http,
    /// A decision of this project, because no text says it.
    OurDecision,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Api => "the API's text",
            Self::EventStream => "the HTML standard, section 9.2",
            Self::Http => "RFC 9110 and RFC 9112",
            Self::OurDecision => "our decision",
        })
    }
}

/// A rule, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reason {
    pub(crate) why: &'static str,
    pub(crate) source: Source,
}

impl Reason {
    pub(crate) const fn new(source: Source, why: &'static str) -> Self {
        Self { why, source }
    }
}

/// A rule that this project decided.
pub(crate) const fn ours(why: &'static str) -> Reason {
    Reason::new(Source::OurDecision, why)
}
