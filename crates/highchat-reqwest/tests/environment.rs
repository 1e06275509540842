//! Proxies and certificates, which the environment of the process names. A test must not change
//! its own process, so each client here runs in its own process: this program, started again to
//! run only [`the_client`].
#![cfg(feature = "rustls")]

use highchat_reqwest::{ChatRequest, Client, Credentials, Endpoint, Failure, Message};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::proxies::{BASE_URL, hold_proxies, hold_socks, outcome};
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
    highchat_testing::trials::tls::hold_roots(ask, "the_client");
}

#[test]
fn proxy_variables_are_read_as_curl_reads_them() {
    hold_proxies("the_client");
}

#[test]
fn a_socks_proxy_looks_up_the_name_and_carries_the_request() {
    hold_socks("the_client");
}

#[test]
fn a_service_on_this_machine_is_reached_directly() {
    for name in ["HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        let service = Playback::start([vec![whole_reply()]]).unwrap();
        let set = [(name, "http://127.0.0.1:9")];
        let outcome = outcome("the_client", service.base_url(), &set);
        assert_eq!(outcome, "whole: Բարև 👋", "{name}");
    }
}
