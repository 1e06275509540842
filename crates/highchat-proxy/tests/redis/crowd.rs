//! Three proxies, one Redis, and 300 visitors at once: never too many messages in any span, counted
//! at the service, and all are served in turn.

use core::time::Duration;
use std::io::Read as _;
use std::thread;

use highchat_sandbox::{Request, Sandbox};

use highchat_proxy::Redis;

use crate::server::RedisServer;
use crate::support::*;
use crate::{PATIENT, share_among};

const VISITORS: usize = 300;
const LIMIT: usize = 30;

/// Shorter than the minute of the API, so that the test is short.
const SPAN: Duration = Duration::from_secs(4);

/// How far apart messages arrive at the service at least if a span was between them when they were
/// sent. The way of one message can take less time than the way of the one before, by more than a
/// second if this machine is busy. A limit that does not hold lets them through at once.
const SEEN_SPAN: Duration = Duration::from_millis(2400);

/// Soon notices that Redis is away.
const HASTY: Duration = Duration::from_secs(1);

/// Waits until the service has got `count` messages.
fn until_taken(sandbox: &Sandbox, count: usize) {
    let is_enough = |requests: &[Request]| requests.len() >= count;
    assert!(sandbox.wait_until(PATIENT, is_enough), "{count}");
}

/// Sends all messages, lets `trouble` happen, and checks what the service got. Returns by
/// how many places at most a message was served too early or too late.
fn serve(patience: Duration, trouble: impl FnOnce(&mut RedisServer, &dyn Fn(usize))) -> usize {
    let mut redis = RedisServer::start();
    let sandbox = sandbox();
    let proxies = share_among::<3>(&redis, sandbox.base_url(), LIMIT as u32, |config| {
        let address = Redis::new(&redis.url()).unwrap();
        config.redis = Some(address.with_patience(patience));
        config.message_span = SPAN;
        config.queue_patience = PATIENT;
        config.streams_a_visitor = VISITORS;
    });

    // A message is in line when Redis gave it a time, or its proxy did without Redis.
    let until_in_line = |redis: &RedisServer, count: usize| {
        let missed = |proxy: &TestProxy| proxy.counter("highchat_proxy_redis_missed_total ");
        let missed = || proxies.iter().map(missed).sum::<u64>();
        until(|| redis.calls("zadd") + missed() >= count as u64);
    };
    let mut visitors = Vec::new();
    for number in 0..VISITORS {
        if number == LIMIT {
            // The first ones come alone, so that their way to the service does not take long.
            until_taken(&sandbox, LIMIT);
        } else if number % LIMIT == 0 {
            // Otherwise a busy machine decides who comes first.
            until_in_line(&redis, number);
        }
        let call = Call::chat(&format!("Բարև 👋 {number:03}"));
        let call = call.header("connection", "close");
        let mut stream = call.open(&proxies[number % 3]);
        stream.set_read_timeout(Some(PATIENT)).unwrap();
        visitors.push(thread::spawn(move || {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        }));
    }
    trouble(&mut redis, &|count| until_taken(&sandbox, count));
    for visitor in visitors {
        let answer = visitor.join().unwrap();
        assert!(answer.contains("event: done"), "{answer}");
    }

    let requests = sandbox.requests();
    assert_eq!(requests.len(), VISITORS, "none is lost, none is sent twice");
    for (first, next) in requests.iter().zip(&requests[LIMIT..]) {
        let between = next.at - first.at;
        assert!(
            between >= SEEN_SPAN,
            "{} messages in {between:?}",
            LIMIT + 1
        );
    }
    let mut served: Vec<usize> = Vec::new();
    for request in &requests {
        let body = String::from_utf8_lossy(&request.body);
        let (_, number) = body.split_once("👋 ").unwrap();
        served.push(number[..3].parse().unwrap());
    }
    // The visitors of each proxy are served in the order in which they came, except that some come
    // nearly at the same time. Without Redis, proxies may be ahead of each other.
    for proxy in 0..3 {
        let own: Vec<_> = served
            .iter()
            .filter(|number| *number % 3 == proxy)
            .collect();
        for (place, number) in own.iter().enumerate() {
            assert!(
                place.abs_diff(**number / 3) <= LIMIT / 3,
                "{number}: {served:?}"
            );
        }
    }
    let apart = served
        .iter()
        .enumerate()
        .map(|(place, number)| place.abs_diff(*number));
    let apart = apart.max().unwrap();
    served.sort_unstable();
    assert!(served.iter().copied().eq(0..VISITORS));
    apart
}

#[test]
fn three_proxies_keep_one_limit_and_serve_all_visitors_in_turn() {
    let apart = serve(LONG, |_, _| ());
    assert!(apart <= 2 * LIMIT, "{apart}");
}

#[test]
fn the_limit_holds_while_redis_is_killed_and_restarted_empty() {
    serve(HASTY, |redis, until_taken| {
        until_taken(50);
        redis.kill();
        until_taken(120);
        redis.restart();
        until_taken(180);
        redis.kill();
        redis.restart();
    });
}

#[test]
fn the_limit_holds_while_redis_is_stopped_and_goes_on() {
    serve(HASTY, |redis, until_taken| {
        until_taken(50);
        redis.stop();
        until_taken(140);
        redis.go_on();
        until_taken(170);
        redis.stop();
        until_taken(190);
        redis.go_on();
    });
}

/// Before Redis was lost, one proxy had used nearly everything. The others may not use their part
/// until the span is over.
#[test]
fn what_one_proxy_used_before_redis_was_lost_still_counts() {
    let mut redis = RedisServer::start();
    let sandbox = sandbox();
    let proxies = share_among::<3>(&redis, sandbox.base_url(), LIMIT as u32, |config| {
        let address = Redis::new(&redis.url()).unwrap();
        config.redis = Some(address.with_patience(HASTY));
        config.message_span = 2 * SPAN;
        config.queue_patience = PATIENT;
        config.streams_a_visitor = VISITORS;
    });
    let open = |proxy: &TestProxy, count: usize| -> Vec<_> {
        let call = Call::chat("Բարև 👋").header("connection", "close");
        (0..count).map(|_| call.clone().open(proxy)).collect()
    };
    let mut streams = open(&proxies[0], LIMIT);
    until_taken(&sandbox, LIMIT);
    redis.kill();
    until(|| {
        proxies
            .iter()
            .all(|proxy| proxy.counter("highchat_proxy_redis_up ") == 0)
    });
    for proxy in &proxies {
        streams.extend(open(proxy, LIMIT / 3 + 1));
    }
    until_taken(&sandbox, 2 * LIMIT);

    let requests = sandbox.requests();
    for (first, next) in requests.iter().zip(&requests[LIMIT..]) {
        let between = next.at - first.at;
        assert!(
            between >= 2 * SEEN_SPAN,
            "{} messages in {between:?}",
            LIMIT + 1
        );
    }
    // Each proxy takes its part.
    until(|| {
        let has = |proxy: &TestProxy| proxy.counter("highchat_proxy_redis_messages ");
        proxies.iter().map(has).eq([10; 3])
    });
}
