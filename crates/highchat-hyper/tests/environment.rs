//! What the environment says of the way to the service: proxies, and whom to trust.
//!
//! The environment belongs to a process, so each client here has one of its own: this
//! program again, started to run [`the_client`] alone.

use highchat_hyper::{Client, Failure};
use highchat_proto::{Credentials, Endpoint};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::proxies::{BASE_URL, hold_proxies, hold_socks, outcome};

mod support;
use support::*;

fn whole_reply() -> Step {
    Step::send([HEAD, &delta("Բարև 👋"), DONE].concat())
}

/// Asks the service of the environment, and prints what came of it: a process of its own
/// for the other tests. If the environment names none, one is there that answers.
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
fn nobody_is_trusted_but_whom_the_program_or_the_environment_names() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |base_url: &str, roots| {
        let client = Client::new(endpoint(base_url)).with_roots(&roots)?;
        Ok(runtime.block_on(ask(&client)))
    };
    highchat_testing::trials::tls::hold_roots(ask, "the_client");
}

#[test]
fn the_environment_names_the_way_as_curl_reads_it() {
    hold_proxies("the_client");
}

#[test]
fn a_socks_proxy_finds_the_name_and_carries_the_request() {
    hold_socks("the_client");
}

#[test]
fn a_service_on_this_machine_is_reached_directly() {
    for name in ["HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        for value in ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "quic://x"] {
            let service = Playback::start([vec![whole_reply()]]).unwrap();
            let outcome = outcome("the_client", service.base_url(), &[(name, value)]);
            assert_eq!(outcome, "whole: Բարև 👋", "{name}={value}");
        }
    }
}
