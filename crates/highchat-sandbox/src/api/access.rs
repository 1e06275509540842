//! The two ways of authentication in the API's text: key and slug.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::net::query;
use crate::net::refusal::Refusal;

/// The keys and the slug that are accepted.
pub(crate) struct Access {
    keys: Vec<String>,
    slug: String,
}

/// The credential of a request. Each credential has its own rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Credential {
    /// The key at this index of the list.
    Key(usize),
    Slug,
}

impl Access {
    /// `keys` must not be empty.
    pub(crate) fn new(keys: Vec<String>, slug: String) -> Self {
        Self { keys, slug }
    }

    pub(crate) fn key(&self) -> &str {
        &self.keys[0]
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    pub(crate) fn slug(&self) -> &str {
        &self.slug
    }

    /// Returns the credential of a request. If the request has an `Authorization` header, only
    /// the header counts: with a wrong key, a right slug does not help.
    pub(crate) fn credential(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<Credential, Refusal> {
        let found = match headers.get(AUTHORIZATION) {
            Some(value) => bearer(value.as_bytes()).and_then(|key| {
                let place = self.keys.iter().position(|known| known.as_bytes() == key);
                place.map(Credential::Key)
            }),
            None => query::value(query, "slug")
                .filter(|slug| *slug == self.slug)
                .map(|_| Credential::Slug),
        };
        found.ok_or_else(Refusal::unauthenticated)
    }
}

/// Returns the key in the value of an `Authorization` header. The case of the scheme does not
/// matter.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| key.trim_ascii())
}
