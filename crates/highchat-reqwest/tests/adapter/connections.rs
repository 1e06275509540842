//! The connections of a handoff over TLS.
#![cfg(feature = "rustls")]

use highchat_reqwest::{Client, Session};
use highchat_testing::trials::drivers::asynchronous::hand_off;
use highchat_testing::trials::hold_connections_beside_messages;

use crate::support::*;

#[test]
fn a_handoff_needs_as_few_connections_as_the_service_allows() {
    hold_connections_beside_messages(|url, roots, config, rates| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = Client::with_config(endpoint(url), config)
            .with_roots(&roots)
            .unwrap();
        runtime.block_on(hand_off(Session::new(client), rates))
    });
}
