//! Pages of other origins: those of a list, and no others.

use core::fmt;
use core::str::FromStr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Response, StatusCode, Uri};

use crate::body::Body;
use crate::refusal::Refusal;

/// An origin as browsers write it: `https://shop.example`, with a port where it is not the
/// scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(());

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an origin is http:// or https:// and a host, in small letters, with a port where it is not the usual one, and no path")
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
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin(())),
        };
        let has_odd_port = authority.as_str().len() != authority.host().len()
            && authority.port_u16().is_none_or(|port| port == usual);
        // What a browser would write otherwise would never match.
        let is_plain = text == format!("{scheme}://{authority}")
            && text == text.to_ascii_lowercase()
            && !authority.as_str().contains('@');
        if has_odd_port || !is_plain {
            return Err(InvalidOrigin(()));
        }
        HeaderValue::from_str(text)
            .map(Self)
            .map_err(|_| InvalidOrigin(()))
    }
}

/// The origins whose pages may use the proxy.
#[derive(Clone, Debug)]
pub(crate) struct Cors(Vec<Origin>);

impl Cors {
    pub(crate) const fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// The origin of a request, where it is on the list.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let is_listed = self.0.iter().any(|Origin(listed)| listed == origin);
        is_listed.then(|| origin.clone())
    }

    /// Lets the page read an answer; every answer has this, refusals too, or a browser
    /// would show it nothing but a network error.
    pub(crate) fn mark(&self, headers: &mut HeaderMap, allowed: Option<HeaderValue>) {
        if self.0.is_empty() {
            return;
        }
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("retry-after"),
            );
        }
    }
}

/// The answer to a browser that asks first. `authorization` is among the headers because
/// pages written for the service send one; it goes no further.
pub(crate) fn preflight(allowed: Option<&HeaderValue>) -> Response<Body> {
    if allowed.is_none() {
        return Refusal::FOREIGN_ORIGIN.into_response();
    }
    let mut response = Response::new(Body::whole(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_writes() {
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
