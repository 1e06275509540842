//! Environment variables for the route to the service: proxies and trusted certificates.
//!
//! The environment belongs to a process, so each client here runs in its own process: this
//! program, started again to run only [`the_client`].

use highchat_hyper::{Client, Failure};
use highchat_proto::{Credentials, Endpoint};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::proxies::{BASE_URL, hold_proxies, hold_socks, outcome};

use crate::support::*;

fn whole_reply() -> Step {
    Step::send([HEAD, &delta("Բարև 👋"), DONE].concat())
}

/// Sends a message to the service that the environment names, and prints the outcome. The
/// other tests run it as a separate process. If the environment names no service, it starts
/// one.
#[tokio::test]
async fn the_client() {
    let named = std::env::var(BASE_URL).ok();
    let service = Playback::start([vec![whole_reply()]]).unwrap();
    let base_url = named.as_deref().unwrap_or(service.base_url());
    let credentials = Credentials::key(KEY).unwrap();
    let endpoint = Endpoint::with_insecure_http(base_url, credentials).unwrap();
    let outcome = ask(&Client::new(endpoint)).await;
    println!("<{outcome}>");
    assert!(named.is_some() || outcome == "whole: Բարև 👋", "{outcome}");
}

async fn ask(client: &Client) -> String {
    match client.chat(&message()).await {
        Ok(mut reply) => {
            let (events, end) = read(&mut reply).await;
            let text = events.into_iter().filter(|it| it != "meta" && it != "done");
            format!(
                "whole: {}{}",
                text.collect::<String>(),
                end.map_or("!", |()| "")
            )
        }
        Err(failure @ Failure::NotSent(_)) => format!("not sent: {failure}"),
        Err(failure) => failure.to_string(),
    }
}

#[cfg(feature = "rustls")]
#[test]
fn only_roots_from_the_program_or_the_environment_are_trusted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |base_url: &str, roots| {
        let client = Client::new(endpoint(base_url)).with_roots(&roots)?;
        Ok(runtime.block_on(ask(&client)))
    };
    highchat_testing::trials::tls::hold_roots(ask, "environment::the_client");
}

#[test]
fn proxy_variables_are_read_as_curl_reads_them() {
    hold_proxies("environment::the_client");
}

#[test]
fn a_socks_proxy_looks_up_the_name_and_carries_the_request() {
    hold_socks("environment::the_client");
}

#[test]
fn a_service_on_this_machine_is_reached_directly() {
    for name in ["HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        for value in ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "quic://x"] {
            let service = Playback::start([vec![whole_reply()]]).unwrap();
            let outcome = outcome(
                "environment::the_client",
                service.base_url(),
                &[(name, value)],
            );
            assert_eq!(outcome, "whole: Բարև 👋", "{name}={value}");
        }
    }
}
