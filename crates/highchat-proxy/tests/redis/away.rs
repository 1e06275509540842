//! Redis is away: requests go on, with the limits of a visitor divided by the number of proxies.

use core::time::Duration;

use highchat_proxy::{Config, Redis};
use highchat_sandbox::Step;
use highchat_testing::trials::words::page_of;

use crate::server::RedisServer;
use crate::support::*;
use crate::{share, share_among};

fn reply() -> Vec<Step> {
    vec![Step::send(format!(
        "{STREAM}{META}{}{DONE}",
        delta("Բարև 👋")
    ))]
}

fn page() -> Vec<Step> {
    vec![Step::send(page_of("bot", &[]))]
}

/// Soon notices that Redis is away, but not at once if this machine is busy.
fn hasten(config: &mut Config, redis: &RedisServer) {
    let address = Redis::new(&redis.url()).unwrap();
    config.redis = Some(address.with_patience(Duration::from_secs(1)));
}

#[test]
fn without_redis_each_proxy_keeps_to_its_part_and_returns_by_itself() {
    for is_killed in [true, false] {
        let mut redis = RedisServer::start();
        let service = play(vec![reply(); 12]);
        let proxies = share_among::<3>(&redis, service.base_url(), 9, |config| {
            config.messages_a_visitor = 30;
            hasten(config, &redis);
        });
        let losses = |proxy: &TestProxy| proxy.counter("highchat_proxy_redis_losses_total ");
        let losses_before = proxies.each_ref().map(losses);
        if is_killed {
            redis.kill();
        } else {
            redis.stop();
        }
        for (proxy, losses_before) in proxies.iter().zip(losses_before) {
            for _ in 0..3 {
                let answer = Call::chat("Բարև 👋").send(proxy);
                assert!(answer.body.contains("event: done"), "{answer:?}");
            }
            assert_eq!(Call::chat("Բարև 👋").send(proxy).status, 429);
            assert_eq!(losses(proxy), losses_before + 1);
            assert!(proxy.counter("highchat_proxy_redis_missed_total ") >= 3);
        }
        if is_killed {
            redis.restart();
        } else {
            redis.go_on();
        }
        for proxy in &proxies {
            proxy.until_redis_is_up(true);
            // What was used without Redis still counts.
            assert_eq!(Call::chat("Բարև 👋").send(proxy).status, 429);
        }
        assert_eq!(service.connections(), 9);
    }
}

#[test]
fn without_redis_the_limits_of_a_visitor_are_divided_by_the_number_of_proxies() {
    let mut redis = RedisServer::start();
    let service = play([reply(), page(), page()]);
    let proxies = share_among::<3>(&redis, service.base_url(), 0, |config| {
        config.messages_a_visitor = 6;
        config.polls_a_visitor = 12;
    });
    redis.kill();
    let proxy = &proxies[0];
    proxy.until_redis_is_up(false);
    // Three of six messages and six of twelve polls may come at once, at three proxies.
    assert_eq!(Call::chat("Բարև 👋").send(proxy).status, 200);
    let refused = Call::chat("Բարև 👋").send(proxy);
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((20..=30).contains(&wait), "{wait}");
    for status in [200, 200, 429] {
        assert_eq!(Call::messages("c1").send(proxy).status, status);
    }
}

/// Uses up the visitor's messages and polls at two proxies while Redis is reached.
fn use_up(proxies: &[TestProxy; 2]) {
    for proxy in proxies {
        assert_eq!(Call::chat("Բարև 👋").send(proxy).status, 200);
        assert_eq!(Call::messages("c1").send(proxy).status, 200);
    }
    assert_refused(proxies);
}

fn assert_refused(proxies: &[TestProxy; 2]) {
    for proxy in proxies {
        for call in [Call::chat("Էլի ես եմ 🙂"), Call::messages("c1")] {
            let answer = call.send(proxy);
            assert_eq!(answer.refusal(), (429, "rate_limited".to_owned()));
        }
    }
}

/// Two messages and two polls may come at once.
fn limit_visitors(config: &mut Config) {
    config.messages_a_visitor = 4;
    config.polls_a_visitor = 4;
}

#[test]
fn what_a_visitor_sent_before_still_counts_while_redis_is_away_and_after_it_lost_everything() {
    let mut redis = RedisServer::start();
    let service = play([reply(), page(), reply(), page()]);
    let proxies = share_among::<2>(&redis, service.base_url(), 0, limit_visitors);
    use_up(&proxies);
    redis.kill();
    for proxy in &proxies {
        proxy.until_redis_is_up(false);
    }
    assert_refused(&proxies);
    redis.restart();
    for proxy in &proxies {
        proxy.until_redis_is_up(true);
    }
    assert_refused(&proxies);
    assert_eq!(service.connections(), 4);
}

#[test]
fn what_a_visitor_sent_while_redis_was_away_counts_at_every_proxy_after_its_return() {
    let mut redis = RedisServer::start();
    let service = play([reply(), page()]);
    let proxies = share_among::<2>(&redis, service.base_url(), 0, limit_visitors);
    redis.kill();
    for proxy in &proxies {
        proxy.until_redis_is_up(false);
    }
    let [first, _] = &proxies;
    // Half of the allowance is here.
    assert_eq!(Call::chat("Բարև 👋").send(first).status, 200);
    assert_eq!(Call::messages("c1").send(first).status, 200);
    redis.restart();
    for proxy in &proxies {
        proxy.until_redis_is_up(true);
    }
    assert_refused(&proxies);
    assert_eq!(service.connections(), 2);
}

#[test]
fn redis_that_answers_within_the_patience_is_not_away() {
    let redis = RedisServer::start();
    let service = play([reply()]);
    let proxy = share(&redis, service.base_url(), |config| {
        config.messages_a_visitor = 2;
    });
    redis.ask(&["client", "pause", "1500"]);
    assert_eq!(Call::chat("Բարև 👋").send(&proxy).status, 200);
    assert_eq!(Call::chat("Էլի ես եմ 🙂").send(&proxy).status, 429);
    for name in ["losses_total ", "missed_total "] {
        let name = format!("highchat_proxy_redis_{name}");
        assert_eq!(proxy.counter(&name), 0, "{name}");
    }
}

#[test]
fn a_proxy_that_never_reached_redis_sends_no_message_and_answers_polls() {
    let mut redis = RedisServer::start();
    redis.kill();
    let service = play([page()]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.redis = Some(highchat_proxy::Redis::new(&redis.url()).unwrap());
        config.messages_in_all = 30;
    });
    assert_eq!(Call::chat("Բարև 👋").send(&proxy).refusal().0, 429);
    assert_eq!(Call::messages("c1").send(&proxy).status, 200);
    redis.restart();
    proxy.until_redis_is_up(true);
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_login_that_redis_refuses_is_as_if_it_were_away() {
    let redis = RedisServer::start();
    redis.ask(&["config", "set", "requirepass", "գաղտնաբառ"]);
    let service = play([page(), page()]);
    let with = |password: &str| {
        let url = redis
            .url()
            .replace("127.0.0.1", &format!(":{password}@127.0.0.1"));
        TestProxy::start(service.base_url(), |config| {
            config.redis = Some(highchat_proxy::Redis::new(&url).unwrap());
        })
    };
    let wrong = with("wrong");
    assert_eq!(Call::messages("c1").send(&wrong).status, 200);
    let right = with("%D5%A3%D5%A1%D5%B2%D5%BF%D5%B6%D5%A1%D5%A2%D5%A1%D5%BC");
    right.until_redis_is_up(true);
    assert_eq!(wrong.counter("highchat_proxy_redis_up "), 0);
}

/// Redis answers, but it is full: the same as if it were away.
#[test]
fn an_error_of_redis_is_as_if_it_were_away() {
    let redis = RedisServer::start();
    let service = play([reply()]);
    let proxy = share(&redis, service.base_url(), |_| ());
    redis.ask(&["config", "set", "maxmemory", "1"]);
    proxy.until_redis_is_up(false);
    assert!(
        Call::chat("Բարև 👋")
            .send(&proxy)
            .body
            .contains("event: done")
    );
    redis.ask(&["config", "set", "maxmemory", "0"]);
    proxy.until_redis_is_up(true);
}
