//! Proxies and certificates, which the environment of the process names. A test must not change
//! its own process, so each client here runs in its own process: this program, started again to
//! run only [`the_client`].
#![cfg(feature = "rustls")]

use highchat_reqwest::{ChatRequest, Client, Credentials, Endpoint, Failure, Message};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::proxies::{BASE_URL, hold_socks, outcome};
use highchat_testing::trials::words::{DONE, HEAD, delta};

fn whole_reply() -> Step {
    Step::send([HEAD, &delta("Բարև 👋"), DONE].concat())
}

fn client(base_url: &str) -> Client {
    let credentials = Credentials::key("hc_secret_of_the_tests").unwrap();
    Client::new(Endpoint::with_insecure_http(base_url, credentials).unwrap())
}

async fn ask(client: &Client) -> String {
    let request = ChatRequest::new(Message::new("Ողջույն 🙂").unwrap());
    match client.chat(&request).await {
        Ok(reply) => match reply.collect_text().await {
            Ok(answered) => format!("whole: {answered}"),
            Err(cut) => cut.to_string(),
        },
        Err(failure @ Failure::NotSent(_)) => format!("not sent: {failure}"),
        Err(failure) => failure.to_string(),
    }
}

/// Sends a message to the service that the environment names, and prints the outcome. The
/// other tests run it as a separate process. If the environment names no service, it starts
/// one.
#[tokio::test]
async fn the_client() {
    let named = std::env::var(BASE_URL).ok();
    let service = Playback::start([vec![whole_reply()]]).unwrap();
    let base_url = named.as_deref().unwrap_or(service.base_url());
    let outcome = ask(&client(base_url)).await;
    println!("<{outcome}>");
    assert!(named.is_some() || outcome == "whole: Բարև 👋", "{outcome}");
}

#[test]
fn only_roots_from_the_program_or_the_environment_are_trusted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |base_url: &str, roots| {
        let client = client(base_url).with_roots(&roots)?;
        Ok(runtime.block_on(ask(&client)))
    };
    highchat_testing::trials::tls::hold_roots(ask, "environment::the_client");
}

/// Returns the first line that a proxy gets, and the outcome. The proxy refuses each request.
fn through(base_url: &str, name: &str, more: &[(&str, &str)]) -> (Option<String>, String) {
    let refusal = Step::send("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    let proxy = Playback::start([vec![refusal]]).unwrap();
    let mut variables = vec![(name, proxy.base_url())];
    variables.extend(more);
    let outcome = outcome("environment::the_client", base_url, &variables);
    let line = proxy.requests().into_iter().next().map(|request| {
        let text = String::from_utf8(request).unwrap();
        text.lines().next().unwrap().to_owned()
    });
    (line, outcome)
}

/// reqwest has no tunnel for plain HTTP, so the table of the other adapters does not fit.
#[test]
fn the_proxy_comes_from_the_environment_and_nothing_is_sent_if_it_refuses() {
    let service = "https://chat.invalid";
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (line, outcome) = through(service, name, &[]);
        let tunnel = "CONNECT chat.invalid:443 HTTP/1.1";
        assert_eq!(line.as_deref(), Some(tunnel), "{name}: {outcome}");
        assert!(outcome.starts_with("not sent: "), "{name}: {outcome}");
    }
    for (name, more) in [
        ("HTTP_PROXY", &[][..]),
        ("HTTPS_PROXY", &[("NO_PROXY", "invalid")]),
        ("HTTPS_PROXY", &[("REQUEST_METHOD", "GET")]),
    ] {
        let (line, outcome) = through(service, name, more);
        assert_eq!(line, None, "{name} {more:?}");
        assert!(outcome.starts_with("not sent: "), "{name}: {outcome}");
    }
    // A proxy of plain HTTP reads the request, and answers it.
    let (line, outcome) = through("http://chat.invalid", "HTTP_PROXY", &[]);
    let line = line.unwrap();
    assert_eq!(line, "POST http://chat.invalid/v1/chat HTTP/1.1");
    assert!(outcome.contains("502 Bad Gateway"), "{outcome}");
}

#[test]
fn a_proxy_that_cannot_be_used_means_that_nothing_is_sent() {
    for value in ["quic://127.0.0.1:9", "http://", "ոչ մի 🙈"] {
        let set = [("HTTPS_PROXY", value)];
        let outcome = outcome("environment::the_client", "https://chat.invalid", &set);
        assert!(outcome.starts_with("not sent: "), "{value}: {outcome}");
        let refusal = "HTTPS_PROXY names no proxy that can be used";
        assert!(outcome.ends_with(refusal), "{value}: {outcome}");
    }
}

#[test]
fn a_socks_proxy_looks_up_the_name_and_carries_the_request() {
    hold_socks("environment::the_client");
}

#[test]
fn a_service_on_this_machine_is_reached_directly() {
    for name in ["HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        let service = Playback::start([vec![whole_reply()]]).unwrap();
        let set = [(name, "http://127.0.0.1:9")];
        let outcome = outcome("environment::the_client", service.base_url(), &set);
        assert_eq!(outcome, "whole: Բարև 👋", "{name}");
    }
}

#[test]
fn a_service_without_tls_needs_no_certificates() {
    let service = Playback::start([vec![whole_reply()]]).unwrap();
    let set = [("SSL_CERT_FILE", "/չկա 🙈")];
    let outcome = outcome("environment::the_client", service.base_url(), &set);
    assert_eq!(outcome, "whole: Բարև 👋");
}
