//! The origin of a page.

use core::fmt;
use core::str::FromStr;

use http::Uri;
use http::header::HeaderValue;

/// An origin as browsers write it, for example `https://shop.example`. It has a port only if
/// that is not the default port of the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub(crate) HeaderValue);

/// The error for a text that is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(());

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an origin is http:// or https:// and a host in lower case, with a port only if it is not the default, and without a path")
    }
}

impl core::error::Error for InvalidOrigin {}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin(()))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin(()));
        };
        let default = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin(())),
        };
        let has_invalid_port = authority.as_str().len() != authority.host().len()
            && authority.port_u16().is_none_or(|port| port == default);
        // Origins are compared as text, so another spelling would never match.
        let is_plain = text == format!("{scheme}://{authority}")
            && text == text.to_ascii_lowercase()
            && !authority.as_str().contains('@');
        if has_invalid_port || !is_plain {
            return Err(InvalidOrigin(()));
        }
        HeaderValue::from_str(text)
            .map(Self)
            .map_err(|_| InvalidOrigin(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_accepted_only_as_browsers_write_it() {
        for text in [
            "https://shop.example",
            "http://localhost:3000",
            "http://[::1]:8080",
        ] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        for text in [
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/page",
            "https://Shop.example",
            "https://shop.example:443",
            "https://user@shop.example",
            "ftp://shop.example",
            "",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
