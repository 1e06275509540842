//! What Redis gets to see: no key, no address, no name, no id and no text; and nothing for ever.

use core::time::Duration;

use highchat_proxy::Secret;
use highchat_sandbox::Step;
use highchat_testing::trials::words::page_of;

use crate::server::RedisServer;
use crate::share_among;
use crate::support::*;

#[test]
fn redis_sees_no_secret_and_keeps_nothing_for_ever() {
    let redis = RedisServer::start();
    let page = page_of("human", &[("human", "Գաղտնիք 🤫")]);
    let chat = format!("{STREAM}{META}{}{DONE}", delta("Գաղտնիք 🤫"));
    let service = play([vec![Step::send(chat)], vec![Step::send(page)]]);
    let [proxy] = share_among(&redis, service.base_url(), 30, |config| {
        config.heal = true;
        // Each entry is there for a minute.
        config.messages_a_visitor = 1;
        config.polls_a_visitor = 1;
        config.poll_memory = Duration::from_secs(60);
        config.secret = Some(Secret::new(SECRET).unwrap());
        config.visitor_header = Some("x-user".parse().unwrap());
    });
    let by = |call: Call| {
        let call = call.header("x-forwarded-for", "192.0.2.77");
        call.header("x-user", "anahit").send(&proxy)
    };
    let answer = by(Call::chat("Իմ գաղտնիքը 🤫"));
    assert_eq!(answer.status, 200);
    let id = answer.events()[0].1["conversation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(by(Call::messages(&id)).status, 200);
    until(|| {
        let names = redis.ask(&["--scan", "--pattern", "*:conversation:*"]);
        names.len() == 1 && redis.ask(&["hexists", &names[0], "saved"]) == ["1"]
    });

    let names = redis.ask(&["--scan"]);

    let kinds = [
        "answer:",
        "conversation:",
        "held",
        "messages:",
        "need",
        "part",
        "polls:",
        "seen",
        "state",
        "times",
    ];
    for kind in kinds {
        let is_kind = |name: &&String| name.contains(&format!("}}:{kind}"));
        assert_eq!(names.iter().filter(is_kind).count(), 1, "{kind}: {names:?}");
    }
    let mut seen = names.join("\n");
    for name in &names {
        let left: i64 = redis.ask(&["pttl", name])[0].parse().unwrap();
        assert_ne!(left, -1, "{name} stays for ever");
        seen += &match redis.ask(&["type", name])[0].as_str() {
            "hash" => redis.ask(&["--raw", "hgetall", name]),
            "zset" => redis.ask(&["--raw", "zrange", name, "0", "-1"]),
            _ => redis.ask(&["--raw", "get", name]),
        }
        .join("\n");
    }
    let hash = names[0]
        .split_once('{')
        .unwrap()
        .1
        .split_once('}')
        .unwrap()
        .0;
    assert!(
        names
            .iter()
            .all(|name| name.starts_with(&format!("highchat:{{{hash}}}:")))
    );
    for secret in [
        KEY,
        "192.0.2.77",
        "anahit",
        "c1.",
        "\"c1\"",
        &id,
        "գաղտնիք",
        "Գաղտնիք",
        "🤫",
        "conversation_id",
    ] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
