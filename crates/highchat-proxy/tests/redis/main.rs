//! Tests of proxies that share their limits through a real Redis server. They need the program
//! `redis-server`, so `cargo test` runs them only by name; `.ci/steps/redis` does.

mod away;
mod crowd;
mod privacy;
#[path = "../proxy/relay.rs"]
mod relay;
mod server;
mod sharing;
#[allow(dead_code, reason = "the other tests of the proxy use the rest")]
#[path = "../proxy/support.rs"]
mod support;

use core::time::Duration;

use highchat_proxy::{Config, Redis};

use crate::server::RedisServer;
use crate::support::{LONG, TestProxy, until};

/// The address of the server, for proxies that wait for it for as long as it takes. A busy machine
/// may need longer than the default.
fn patient(redis: &RedisServer) -> Redis {
    let redis = Redis::new(&redis.url()).expect("an address");
    redis.with_patience(LONG)
}

/// Starts a proxy that shares its limits, and waits until it reaches Redis.
fn share(redis: &RedisServer, base_url: &str, set: impl FnOnce(&mut Config)) -> TestProxy {
    let proxy = TestProxy::start(base_url, |config| {
        config.redis = Some(patient(redis));
        config.trusted_networks = vec!["127.0.0.0/8".parse().expect("a network")];
        set(config);
    });
    proxy.until_redis_is_up(true);
    proxy
}

/// Starts `COUNT` proxies that share their limits, and waits until each has its part.
fn share_among<const COUNT: usize>(
    redis: &RedisServer,
    base_url: &str,
    limit: u32,
    set: impl Fn(&mut Config),
) -> [TestProxy; COUNT] {
    let proxies = [(); COUNT].map(|()| {
        share(redis, base_url, |config| {
            config.messages_in_all = limit;
            set(config);
        })
    });
    let part = u64::from(limit) / COUNT as u64;
    until(|| {
        let has = |name: &str| proxies.each_ref().map(|proxy| proxy.counter(name));
        has("highchat_proxy_redis_proxies ") == [COUNT as u64; COUNT]
            && has("highchat_proxy_redis_messages ")
                .iter()
                .all(|has| *has >= part)
    });
    proxies
}

/// Long enough for every message of a test to wait.
const PATIENT: Duration = Duration::from_secs(90);
