//! An endpoint from environment variables.

use alloc::string::String;
use core::fmt;

use super::credentials::{Credentials, InvalidCredentials};
use super::endpoint::{Endpoint, InvalidBaseUrl};

/// Why the environment variables do not name an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidVariables {
    /// Neither `HIGHCHAT_KEY` nor `HIGHCHAT_SLUG` is set.
    NoCredentials,
    /// Both are set.
    TwoCredentials,
    /// The key or the slug cannot be used.
    Credentials(InvalidCredentials),
    /// `HIGHCHAT_BASE_URL` cannot be used.
    BaseUrl(InvalidBaseUrl),
}

impl fmt::Display for InvalidVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str("set HIGHCHAT_KEY or HIGHCHAT_SLUG"),
            Self::TwoCredentials => {
                f.write_str("HIGHCHAT_KEY and HIGHCHAT_SLUG are both set: set only one of them")
            }
            Self::Credentials(invalid) => invalid.fmt(f),
            Self::BaseUrl(invalid) => invalid.fmt(f),
        }
    }
}

impl core::error::Error for InvalidVariables {}

impl Endpoint {
    /// The endpoint that the variables `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and
    /// `HIGHCHAT_BASE_URL`, name.
    ///
    /// Without `HIGHCHAT_BASE_URL` it is [`DEFAULT_BASE_URL`](Self::DEFAULT_BASE_URL). The
    /// function `variable` returns the value of an environment variable; an empty value counts
    /// as not set. The program `highchat` uses the same variables.
    ///
    /// ```
    /// use highchat_proto::Endpoint;
    ///
    /// let endpoint = Endpoint::from_variables(|name| match name {
    ///     "HIGHCHAT_SLUG" => Some("demo".into()),
    ///     _ => None, // In a program: `std::env::var(name).ok()`.
    /// })?;
    /// assert_eq!(endpoint.base_url(), Endpoint::DEFAULT_BASE_URL);
    /// # Ok::<(), highchat_proto::http::InvalidVariables>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Neither or both of `HIGHCHAT_KEY` and `HIGHCHAT_SLUG` are set, or a value cannot be used.
    /// No error shows a key.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidVariables> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let credentials = match (variable("HIGHCHAT_KEY"), variable("HIGHCHAT_SLUG")) {
            (Some(key), None) => Credentials::key(&key),
            (None, Some(slug)) => Credentials::slug(slug),
            (None, None) => return Err(InvalidVariables::NoCredentials),
            (Some(_), Some(_)) => return Err(InvalidVariables::TwoCredentials),
        };
        let credentials = credentials.map_err(InvalidVariables::Credentials)?;
        let base_url = variable("HIGHCHAT_BASE_URL");
        let base_url = base_url.as_deref().unwrap_or(Self::DEFAULT_BASE_URL);
        Self::new(base_url, credentials).map_err(InvalidVariables::BaseUrl)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn named(variables: &[(&str, &str)]) -> Result<Endpoint, InvalidVariables> {
        Endpoint::from_variables(|name| {
            let found = variables.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| String::from(*value))
        })
    }

    #[test]
    fn the_variables_give_the_credentials_and_the_base_url() {
        let endpoint = named(&[
            ("HIGHCHAT_KEY", "hc_x"),
            ("HIGHCHAT_SLUG", ""),
            ("HIGHCHAT_BASE_URL", "https://chat.example/a"),
        ]);
        assert_eq!(endpoint.unwrap().base_url(), "https://chat.example/a");
        let endpoint = named(&[("HIGHCHAT_SLUG", "demo"), ("HIGHCHAT_BASE_URL", "")]);
        assert_eq!(endpoint.unwrap().base_url(), Endpoint::DEFAULT_BASE_URL);
    }

    #[test]
    fn ambiguous_and_invalid_variables_are_refused_without_showing_the_key() {
        let refused = |variables| named(variables).unwrap_err();
        assert_eq!(refused(&[]), InvalidVariables::NoCredentials);
        let both = [("HIGHCHAT_KEY", "hc_x"), ("HIGHCHAT_SLUG", "demo")];
        assert_eq!(refused(&both), InvalidVariables::TwoCredentials);
        let error = refused(&[("HIGHCHAT_KEY", "գաղտնի 🔑")]);
        assert!(matches!(error, InvalidVariables::Credentials(_)));
        assert!(!format!("{error} {error:?}").contains("գաղտնի"));
        let error = refused(&[
            ("HIGHCHAT_KEY", "hc_secret"),
            ("HIGHCHAT_BASE_URL", "http://chat.example"),
        ]);
        assert_eq!(error, InvalidVariables::BaseUrl(InvalidBaseUrl::PlainHttp));
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
