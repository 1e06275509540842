//! The key, which no failure shows.

use alloc::borrow::Cow;
use core::fmt;

use bytes::Bytes;

use crate::api::Text;

/// The key of an endpoint, which no error and no log shows, even if the service repeats it.
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
    /// What stands in its place.
    const MASK: &str = "…";

    /// The key that is hidden; `None`: there is none.
    pub(crate) const fn new(key: Option<Bytes>) -> Self {
        Self(key)
    }

    /// The text with `…` in place of the key.
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

    /// As [`hide`](Self::hide), for a text of the service.
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
