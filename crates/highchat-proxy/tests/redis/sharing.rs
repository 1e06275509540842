//! What several proxies share: the limits of a visitor, places in the line, answers to polls, and
//! what the search for a cut reply must know.

use core::time::Duration;

use highchat_proxy::Redis;
use highchat_sandbox::Step;
use highchat_testing::trials::words::page_of;
use serde_json::json;

use crate::relay::Relay;
use crate::server::RedisServer;
use crate::support::*;
use crate::{PATIENT, share, share_among};

const MESSAGE: &str = "Որտե՞ղ է իմ պատվերը 📦";
const REPLY: &str = "Ձեր պատվերը ճանապարհին է 🚚 և վաղը կհասնի";
const BEGUN: &str = "Ձեր պատվերը ";

fn whole() -> Vec<Step> {
    vec![Step::send(format!(
        "{STREAM}{META}{}{DONE}",
        delta("Բարև 👋")
    ))]
}

fn cut() -> Vec<Step> {
    vec![Step::send(format!("{STREAM}{META}{}", delta(BEGUN)))]
}

fn page(answer: String) -> Vec<Step> {
    vec![Step::send(answer)]
}

/// One more message in the conversation of [`META`].
fn next_message(message: &str) -> Call {
    let body = json!({ "message": message, "conversation_id": "c1" });
    Call::post("/v1/chat", &body)
}

/// The names of the events of a reply.
fn names(body: &str) -> Vec<&str> {
    let lines = body.lines();
    lines
        .filter_map(|line| line.strip_prefix("event: "))
        .collect()
}

/// How many messages have a time, at all proxies.
fn places(redis: &RedisServer) -> usize {
    let names = redis.ask(&["--scan", "--pattern", "*:times"]);
    let count = names.first().map(|name| redis.ask(&["zcard", name]));
    count.map_or(0, |count| count[0].parse().unwrap())
}

/// Waits until Redis knows how the last turn of each proxy ended.
fn settle(proxies: &[TestProxy]) {
    until(|| {
        proxies
            .iter()
            .all(|proxy| proxy.counter("highchat_proxy_requests ") == 0)
    });
    // Calls are answered in order, and a rating makes a call.
    for proxy in proxies {
        Call::messages("other").send(proxy);
    }
}

#[test]
fn a_visitor_has_one_limit_at_all_proxies() {
    let redis = RedisServer::start();
    let service = play(vec![whole(); 6]);
    let [first, second] = share_among(&redis, service.base_url(), 0, |config| {
        config.messages_a_visitor = 4;
        config.visitor_header = Some("x-user".parse().unwrap());
    });
    let by = |name: &str, proxy: &TestProxy| {
        let call = Call::chat("Բարև 👋").header("x-forwarded-for", "192.0.2.1");
        call.header("x-user", name).send(proxy)
    };

    assert_eq!(by("ani", &first).status, 200);
    assert_eq!(by("ani", &second).status, 200);
    for proxy in [&first, &second] {
        let refused = by("ani", proxy);
        assert_eq!(refused.refusal(), (429, "rate_limited".to_owned()));
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=15).contains(&wait), "{wait}");
    }
    assert_eq!(by("aram", &first).status, 200);
    assert_eq!(by("", &second).status, 200, "by address");
    assert_eq!(by("", &first).status, 200);
    assert_eq!(by("", &second).status, 429);
    assert_eq!(service.connections(), 5);
}

#[test]
fn polls_and_ratings_have_one_limit_at_all_proxies() {
    let redis = RedisServer::start();
    let service = play(vec![page(page_of("human", &[])); 3]);
    let [first, second] = share_among(&redis, service.base_url(), 0, |config| {
        config.polls_a_visitor = 4;
    });
    assert_eq!(Call::messages("c1").send(&first).status, 200);
    assert_eq!(Call::messages("c2").send(&second).status, 200);
    assert_eq!(Call::messages("c3").send(&first).status, 429);
    assert_eq!(Call::messages("c4").send(&second).status, 429);
    assert_eq!(service.connections(), 2);
}

#[test]
fn a_visitor_who_leaves_one_proxy_gives_the_place_to_a_visitor_of_another() {
    let redis = RedisServer::start();
    let service = play(vec![whole(); 2]);
    let [first, second] = share_among(&redis, service.base_url(), 1, |config| {
        config.queue_patience = PATIENT;
    });
    assert_eq!(Call::chat("Բարև 👋").send(&first).status, 200);
    let waiting = Call::chat("Սպասում եմ ⏳").open(&first);
    until(|| places(&redis) == 2);
    // The next free time is too far in the future.
    assert_eq!(Call::chat("Ես էլ 🙋").send(&second).status, 429);

    drop(waiting);

    until(|| places(&redis) == 1);
    let again = Call::chat("Հիմա ես 🙂").open(&second);
    until(|| places(&redis) == 2);
    assert_eq!(Call::chat("Ուշացա 😕").send(&first).status, 429);
    drop(again);
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_message_does_not_wait_for_the_visitors_of_a_proxy_that_died() {
    let redis = RedisServer::start();
    let service = play(vec![whole(); 2]);
    let [proxy] = share_among(&redis, service.base_url(), 2, |_| ());
    assert_eq!(Call::chat("Բարև 👋").send(&proxy).status, 200);
    let names = redis.ask(&["--scan", "--pattern", "*:times"]);
    let [name] = names.as_slice() else {
        panic!("one list of times: {names:?}");
    };
    let soon = redis.ask(&["time"])[0].parse::<u64>().unwrap() * 1000 + 60_000;
    for number in ["pdead:1", "pdead:2"] {
        redis.ask(&["zadd", name, &soon.to_string(), number]);
    }

    assert_eq!(Call::chat("Կա՞ն տեղեր 🎟").send(&proxy).status, 200);

    assert_eq!(redis.ask(&["zrange", name, "0", "-1"]).len(), 2);
}

#[test]
fn a_proxy_that_leaves_gives_its_part_to_the_others_but_not_what_it_used() {
    let redis = RedisServer::start();
    let service = play(vec![whole(); 10]);
    let [first, second] = share_among(&redis, service.base_url(), 10, |_| ());
    for _ in 0..3 {
        assert_eq!(Call::chat("Բարև 👋").send(&first).status, 200);
    }
    first.server.drain();
    first.server.wait();

    until(|| second.counter("highchat_proxy_redis_messages ") == 7);

    assert_eq!(second.counter("highchat_proxy_redis_proxies "), 1);
    for _ in 0..7 {
        assert_eq!(Call::chat("Բարև 👋").send(&second).status, 200);
    }
    assert_eq!(Call::chat("Բարև 👋").send(&second).status, 429);
    assert_eq!(service.connections(), 10);
}

#[test]
fn a_new_key_has_a_limit_of_its_own() {
    let redis = RedisServer::start();
    let service = play(vec![whole(); 2]);
    let [proxy] = share_among(&redis, service.base_url(), 1, |_| ());
    assert_eq!(Call::chat("Բարև 👋").send(&proxy).status, 200);
    assert_eq!(Call::chat("Բարև 👋").send(&proxy).status, 429);

    proxy.server.proxy().reload_key().unwrap();
    assert_eq!(
        Call::chat("Բարև 👋").send(&proxy).status,
        429,
        "the same key"
    );
    proxy.key_file.write("hc_another_secret");
    proxy.server.proxy().reload_key().unwrap();

    assert_eq!(Call::chat("Բարև 👋").send(&proxy).status, 200);
}

#[test]
fn polls_at_several_proxies_share_one_request_to_the_service() {
    let redis = RedisServer::start();
    let body = page_of(
        "human",
        &[("user", MESSAGE), ("human", "Բարև, ես Արամն եմ 👋")],
    );
    let slow = [vec![Step::Pause(Duration::from_millis(300))], page(body)].concat();
    let service = play([slow]);
    let proxies = share_among::<3>(&redis, service.base_url(), 0, |config| {
        config.poll_memory = LONG;
    });

    let tabs: Vec<_> = proxies
        .iter()
        .map(|proxy| {
            Call::messages("c1")
                .header("connection", "close")
                .open(proxy)
        })
        .collect();
    for mut tab in tabs {
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut tab, &mut answer).unwrap();
        let answer = Answer::parse(&answer);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.starts_with('{'), "{answer:?}");
        assert_eq!(
            answer.json()["messages"][1]["content"],
            "Բարև, ես Արամն եմ 👋"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(service.connections(), 1);
    let shared = proxies
        .iter()
        .map(|proxy| proxy.counter("highchat_proxy_redis_polls_total "));
    assert_eq!(shared.sum::<u64>(), 2);
}

#[test]
fn an_error_is_not_shared_and_another_proxy_asks_again() {
    let redis = RedisServer::start();
    let service = play([vec![], page(page_of("bot", &[]))]);
    let [first, second] = share_among(&redis, service.base_url(), 0, |config| {
        config.poll_memory = LONG;
    });
    assert_eq!(Call::messages("c1").send(&first).status, 502);
    assert_eq!(Call::messages("c1").send(&second).status, 200);
    assert_eq!(Call::messages("c1").send(&first).status, 200);
    assert_eq!(service.connections(), 2);
}

#[test]
fn a_cut_reply_is_completed_if_another_proxy_served_the_turn_before() {
    let redis = RedisServer::start();
    let found = page(page_of("bot", &[("user", MESSAGE), ("assistant", REPLY)]));
    let other = || page(page_of("bot", &[]));
    let service = play([
        whole(),
        other(),
        other(),
        whole(),
        other(),
        other(),
        cut(),
        found,
    ]);
    let proxies = share_among::<2>(&redis, service.base_url(), 0, |config| {
        config.heal = true;
    });
    assert!(
        Call::chat("Բարև 👋")
            .send(&proxies[0])
            .body
            .contains("event: done")
    );
    settle(&proxies);
    assert!(
        next_message("Շնորհակալ եմ 🙏")
            .send(&proxies[1])
            .body
            .contains("event: done")
    );
    settle(&proxies);

    let answer = next_message(MESSAGE).send(&proxies[0]);

    let rest = REPLY.strip_prefix(BEGUN).unwrap();
    assert!(
        answer.body.contains(rest),
        "{} {}",
        answer.body,
        service.connections()
    );
    assert_eq!(names(&answer.body), ["meta", "delta", "delta", "done"]);
}

/// A message of another proxy comes after the first reply of a conversation has begun, and before it
/// is cut. `is_late`: Redis hears of the first turn after that message.
fn assert_not_searched_after_a_newer_message(is_late: bool) {
    let redis = RedisServer::start();
    let reply = format!("{STREAM}{META}{}", delta(BEGUN));
    let service = play([vec![Step::send(reply), Step::Hold], cut()]);
    let to_redis = Relay::start(redis.addr());
    let to_service = Relay::start(service.addr());
    let first = share(&redis, &to_service.base_url(), |config| {
        let url = format!("redis://{}", to_redis.addr());
        config.redis = Some(Redis::new(&url).unwrap().with_patience(LONG));
        config.heal = true;
    });
    let second = share(&redis, service.base_url(), |config| config.heal = true);
    to_service.hold();
    let mut begun = Call::chat(MESSAGE)
        .header("connection", "close")
        .open(&first);
    // The message is admitted.
    until(|| to_service.connections() == 1);
    if is_late {
        to_redis.hold();
    }
    to_service.release();
    read_until(&mut begun, &delta(BEGUN));

    let newer = next_message(MESSAGE).send(&second);

    assert_eq!(names(&newer.body), ["meta", "delta", "error"]);
    to_redis.release();
    to_service.cut();
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut begun, &mut rest).unwrap();
    assert!(rest.contains("event: error"), "{rest}");
    assert_eq!(service.connections(), 2, "no search");
}

#[test]
fn a_cut_reply_is_not_searched_if_another_proxy_got_a_newer_message() {
    assert_not_searched_after_a_newer_message(false);
}

#[test]
fn a_cut_reply_is_not_searched_if_redis_heard_of_a_newer_message_before_it() {
    assert_not_searched_after_a_newer_message(true);
}

#[test]
fn while_redis_is_away_no_cut_reply_is_searched() {
    let mut redis = RedisServer::start();
    let service = play([whole(), cut(), cut()]);
    let proxy = share(&redis, service.base_url(), |config| {
        config.heal = true;
    });
    assert!(
        Call::chat("Բարև 👋")
            .send(&proxy)
            .body
            .contains("event: done")
    );
    redis.kill();
    proxy.until_redis_is_up(false);
    for call in [next_message(MESSAGE), Call::chat(MESSAGE)] {
        assert_eq!(names(&call.send(&proxy).body), ["meta", "delta", "error"]);
    }
    assert_eq!(service.connections(), 3);
}
