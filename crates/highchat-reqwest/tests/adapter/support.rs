//! Helpers for the tests of this crate.
#![allow(dead_code, reason = "no test needs all of it")]

use highchat_reqwest::{ChatRequest, Credentials, Endpoint, Message};
use highchat_sandbox::Step;
use highchat_testing::trials::words::{DONE, HEAD, META, delta};

pub(crate) const KEY: &str = "hc_secret_of_the_tests";

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key(KEY).unwrap()).unwrap()
}

pub(crate) fn message() -> Message {
    Message::new("Ողջույն 🙂").unwrap()
}

pub(crate) fn request() -> ChatRequest {
    ChatRequest::new(message())
}

pub(crate) fn whole_reply() -> Step {
    Step::send([HEAD, META, &delta("Բարև 👋"), DONE].concat())
}

/// A builder as a program has it, with reqwest's own defaults.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    // reqwest's default TLS asks for a provider, and takes the one of the process.
    #[cfg(feature = "rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
