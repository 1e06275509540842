//! Finds what a request asks for by its method and path: one of the three endpoints, or a
//! health check.

use highchat_proto::ConversationId;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::config::prefix::Prefix;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Chat,
    Messages(ConversationId),
    Rating(ConversationId),
    /// A CORS preflight request to an endpoint.
    Preflight,
    Health,
    Ready,
}

impl Route {
    /// Returns `None` if nothing is served at this path by this method.
    pub(crate) fn find(prefix: Option<&Prefix>, method: &Method, path: &str) -> Option<Self> {
        if matches!(*method, Method::GET | Method::HEAD) {
            match path {
                "/healthz" => return Some(Self::Health),
                "/readyz" => return Some(Self::Ready),
                _ => {}
            }
        }
        let below = |prefix: &str| path.strip_prefix(prefix)?.strip_prefix("/v1/");
        let path = below("").or_else(|| below(&prefix?.0))?;
        let segments: Vec<&str> = path.splitn(4, '/').collect();
        let (expected, route) = match segments[..] {
            ["chat"] => (Method::POST, Self::Chat),
            ["conversations", id, "messages"] => (Method::GET, Self::Messages(conversation(id)?)),
            ["conversations", id, "rating"] => (Method::POST, Self::Rating(conversation(id)?)),
            _ => return None,
        };
        match method {
            &Method::OPTIONS => Some(Self::Preflight),
            method => (method == expected).then_some(route),
        }
    }

    /// The name of the route in the log and in the metrics, without ids.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages(_) => "messages",
            Self::Rating(_) => "rating",
            Self::Preflight => "preflight",
            Self::Health => "healthz",
            Self::Ready => "readyz",
        }
    }
}

fn conversation(segment: &str) -> Option<ConversationId> {
    let id = percent_decode_str(segment).decode_utf8().ok()?;
    ConversationId::new(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoints_are_served_under_v1_and_under_the_prefix() {
        let prefix: Prefix = "/api/chat/".parse().unwrap();
        let find = |method: Method, path: &str| Route::find(Some(&prefix), &method, path);
        let id = || ConversationId::new("a/b").unwrap();
        for base in ["", "/api/chat"] {
            let at = |path: &str| format!("{base}{path}");
            assert_eq!(find(Method::POST, &at("/v1/chat")), Some(Route::Chat));
            assert_eq!(
                find(Method::GET, &at("/v1/conversations/a%2Fb/messages")),
                Some(Route::Messages(id()))
            );
            assert_eq!(
                find(Method::POST, &at("/v1/conversations/a%2Fb/rating")),
                Some(Route::Rating(id()))
            );
            for path in ["/v1/chat", "/v1/conversations/c/rating"] {
                assert_eq!(find(Method::OPTIONS, &at(path)), Some(Route::Preflight));
            }
        }
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(find(method.clone(), "/healthz"), Some(Route::Health));
            assert_eq!(find(method, "/readyz"), Some(Route::Ready));
        }
    }

    #[test]
    fn other_methods_and_paths_have_no_route() {
        let cases = [
            ("GET", "/v1/chat"),
            ("PUT", "/v1/chat"),
            ("POST", "/v1/chat/"),
            ("POST", "/v1/chat/x"),
            ("POST", "//v1/chat"),
            ("POST", "/other/v1/chat"),
            ("OPTIONS", "/v1/admin"),
            ("OPTIONS", "*"),
            ("GET", "/v1/conversations/messages"),
            ("GET", "/v1/conversations//messages"),
            ("GET", "/v1/conversations/../messages"),
            ("GET", "/v1/conversations/%2e%2e/messages"),
            ("GET", "/v1/conversations/%ff/messages"),
            ("GET", "/v1/conversations/a/b/messages"),
            ("POST", "/v1/conversations/a/messages"),
            ("GET", "/v1/conversations/a/messages/x"),
            ("POST", "/healthz"),
            ("HEAD", "/v1/conversations/a/messages"),
            ("GET", "/metrics"),
            ("GET", "/"),
            ("GET", ""),
        ];
        for (method, path) in cases {
            let method = method.parse().unwrap();
            assert_eq!(Route::find(None, &method, path), None, "{method} {path}");
        }
    }
}
