//! The endpoint's key, which no error text shows.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;

use crate::api::Text;

/// The key of an endpoint, to be hidden in error texts and logs, even if the service repeats it.
/// A clone is cheap.
///
/// ```
/// use highchat_proto::failure::Secret;
/// use highchat_proto::{Credentials, Endpoint};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let secret = Secret::from(&endpoint);
/// assert_eq!(secret.hide("անհայտ բանալի՝ hc_xxx 🔑"), "անհայտ բանալի՝ … 🔑");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Secret(Option<Bytes>);

impl Secret {
    /// The text that replaces the key.
    const MASK: &str = "…";

    /// Hides this key; `None` hides nothing.
    pub(crate) const fn new(key: Option<Bytes>) -> Self {
        Self(key)
    }

    /// Returns the text with `…` in place of the key.
    #[must_use]
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let key = self
            .0
            .as_deref()
            .and_then(|key| core::str::from_utf8(key).ok());
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Cow::Borrowed(text);
        };
        let (mut hidden, mut rest) = (String::new(), text);
        while let Some(at) = place_of(key, rest) {
            hidden.push_str(&rest[..at]);
            hidden.push_str(Self::MASK);
            rest = &rest[at + key.len()..];
        }
        if rest.len() == text.len() {
            return Cow::Borrowed(text);
        }
        hidden.push_str(rest);
        Cow::Owned(hidden)
    }

    /// Like [`hide`](Self::hide), for a text from the service.
    pub(crate) fn hide_in<'t>(&self, text: Text<'t>) -> Text<'t> {
        match self.hide(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden.into(),
        }
    }
}

/// The place of the key in the text. The search of `str` would need several times as much code,
/// which counts on a page and on a device; a key is short, and so are the texts.
fn place_of(key: &str, text: &str) -> Option<usize> {
    let mut parts = text.as_bytes().windows(key.len());
    parts.position(|part| part == key.as_bytes())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_in_a_text_is_hidden() {
        let secret = Secret::new(Some(Bytes::from_static(b"hc_1")));
        for (text, hidden) in [
            ("hc_1", "…"),
            ("hc_1hc_1 👋 hc_1", "…… 👋 …"),
            ("բանալի hc_hc_1", "բանալի hc_…"),
            ("hc_", "hc_"),
            ("", ""),
        ] {
            assert_eq!(secret.hide(text), hidden);
        }
        assert!(matches!(secret.hide("Բարև"), Cow::Borrowed("Բարև")));
        let none = Secret::new(Some(Bytes::new()));
        assert_eq!(none.hide("Բարև 👋"), "Բարև 👋");
    }
}
