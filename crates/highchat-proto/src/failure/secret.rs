//! The endpoint's key, which no error text shows.

use alloc::borrow::Cow;
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
        match key {
            Some(key) if text.contains(key) => Cow::Owned(text.replace(key, Self::MASK)),
            _ => Cow::Borrowed(text),
        }
    }

    /// Like [`hide`](Self::hide), for a text from the service.
    pub(crate) fn hide_in<'t>(&self, text: Text<'t>) -> Text<'t> {
        match self.hide(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden.into(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
