//! Environment variables for the route to the service: proxies and trusted certificates.
//!
//! The environment belongs to a process, so each client here runs in its own process: this
//! program, started again to run only [`the_client`].

use highchat_proto::Event;
use highchat_sandbox::Step;
use highchat_testing::trials::proxies::{BASE_URL, hold_proxies, hold_socks};
use highchat_testing::trials::tls::hold_roots;
use highchat_ureq::{Client, Failure};

use crate::support::*;

/// Sends a message to the service that the environment names, and prints the outcome. The
/// other tests run it as a separate process. If the environment names no service, it starts
/// one.
#[test]
fn the_client() {
    let named = std::env::var(BASE_URL).ok();
    let service = play(vec![whole_reply()]);
    let base_url = named.as_deref().unwrap_or(service.base_url());
    let outcome = ask(&client(base_url));
    println!("<{outcome}>");
    assert!(named.is_some() || outcome == "whole: Բարև 👋", "{outcome}");
}

fn ask(client: &Client) -> String {
    match client.chat(&chat()) {
        Ok(mut reply) => match read(&mut reply) {
            (text, Ok(Event::Done { .. })) => format!("whole: {text}"),
            (text, other) => format!("{other:?} after {text}"),
        },
        Err(failure @ Failure::NotSent(_)) => format!("not sent: {failure}"),
        Err(Failure::Unanswered(_)) => "interrupted".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
#[cfg_attr(
    not(any(feature = "rustls", feature = "native-roots")),
    ignore = "there is no TLS to trust anybody for"
)]
fn only_roots_from_the_program_or_the_environment_are_trusted() {
    let ask = |base_url: &str, roots| Ok(ask(&client(base_url).with_roots(&roots)?));
    hold_roots(ask, "environment::the_client");
}

/// Returns the outcome of a message to `base_url` with these environment variables.
fn outcome(base_url: &str, variables: &[(&str, &str)]) -> String {
    let outcome =
        highchat_testing::trials::proxies::outcome("environment::the_client", base_url, variables);
    match outcome.split_once(": ") {
        Some(("not sent", _)) => "not sent".into(),
        _ => outcome,
    }
}

#[test]
fn proxy_variables_are_read_as_curl_reads_them() {
    hold_proxies("environment::the_client");
}

#[test]
fn a_socks_proxy_looks_up_the_name_and_carries_the_request() {
    hold_socks("environment::the_client");
}

fn whole_reply() -> Step {
    send([HEAD, META, &delta("Բարև 👋"), DONE].concat())
}

#[test]
fn a_service_on_this_machine_is_reached_directly() {
    for names in [
        &["HTTP_PROXY"][..],
        &["HTTPS_PROXY"],
        &["ALL_PROXY"],
        &["http_proxy", "https_proxy", "all_proxy"],
    ] {
        let service = play(vec![whole_reply()]);
        let proxy = play(vec![send(answer("502 Bad Gateway", "", ""))]);
        let variables: Vec<_> = names.iter().map(|name| (*name, proxy.base_url())).collect();
        assert_eq!(
            outcome(service.base_url(), &variables),
            "whole: Բարև 👋",
            "{names:?}"
        );
        assert_eq!(service.connections(), 1, "{names:?}");
        assert_eq!(proxy.connections(), 0, "{names:?}");
    }
}

/// Sends a message to `base_url` through a proxy that plays `script`. Returns the outcome, and
/// the requests that the proxy received.
fn through(script: Vec<Step>, base_url: &str) -> (String, Vec<String>) {
    let proxy = play(script);
    let outcome = outcome(base_url, &[("ALL_PROXY", proxy.base_url())]);
    assert_eq!(proxy.connections(), 1);
    let requests = proxy.requests().into_iter();
    let requests = requests.map(|request| String::from_utf8(request).unwrap());
    (outcome, requests.collect())
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[test]
fn another_machine_is_reached_through_the_proxy() {
    let script = vec![send(ESTABLISHED), Step::AwaitRequest, whole_reply()];
    let (outcome, requests) = through(script, "http://chat.invalid");
    assert_eq!(outcome, "whole: Բարև 👋");
    let [connect, request] = &*requests else {
        panic!("{requests:?}");
    };
    assert!(
        connect.starts_with("CONNECT chat.invalid:80 HTTP/1.1\r\n"),
        "{connect}"
    );
    assert!(!connect.contains(KEY), "{connect}");
    assert!(
        request.starts_with("POST /v1/chat HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains(KEY), "{request}");
}

#[test]
fn a_failed_proxy_tunnel_means_that_nothing_was_sent() {
    for base_url in ["http://chat.invalid", "https://chat.invalid"] {
        for script in [
            vec![send(answer("502 Bad Gateway", "", ""))],
            vec![send(answer("407 Proxy Authentication Required", "", ""))],
            vec![send("garbage\r\n\r\n")],
            vec![Step::Close],
            vec![Step::Reset],
        ] {
            let (outcome, requests) = through(script.clone(), base_url);
            assert_eq!(outcome, "not sent", "{base_url}: {script:?}");
            assert_eq!(requests.len(), 1);
            assert!(!requests[0].contains(KEY), "{}", requests[0]);
        }
    }
}

#[test]
fn a_failed_tls_handshake_through_a_proxy_means_not_sent() {
    let script = vec![
        send(ESTABLISHED),
        pause(50),
        send("no TLS here\r\n"),
        Step::Hold,
    ];
    let (outcome, requests) = through(script, "https://chat.invalid");
    assert_eq!(outcome, "not sent");
    assert_eq!(requests.len(), 1);
}

#[test]
fn a_request_lost_after_the_tunnel_is_interrupted() {
    let script = vec![send(ESTABLISHED), Step::AwaitRequest, Step::Close];
    let (outcome, requests) = through(script, "http://chat.invalid");
    assert_eq!(outcome, "interrupted");
    assert_eq!(requests.len(), 2);
}
