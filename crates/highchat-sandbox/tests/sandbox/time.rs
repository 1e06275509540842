//! Time scales: the sandbox's time runs faster than real time.

use core::time::Duration;

use highchat_sandbox::{Fault, Person, Sandbox};
use jiff::Timestamp;
use serde_json::json;

use crate::client::{Answer, Call, eventually, quick, say, transcript};

fn fast(times: u32) -> Sandbox {
    quick().time_scale(times).start().unwrap()
}

/// Sends a message as a correct client does.
fn send(sandbox: &Sandbox, message: &str) -> Answer {
    let call = Call::chat(&json!({ "message": message }));
    call.header("content-type", "application/json")
        .send(sandbox)
}

#[test]
fn a_handoff_has_its_length_in_the_services_time_and_is_short_in_real_time() {
    let person = Person::absent()
        .says(Duration::from_secs(600), "Բարև ձեզ 👋")
        .says(Duration::from_secs(3600), "Ահա պատասխանը։")
        .hands_back(Duration::from_secs(7200));
    let sandbox = quick()
        .person(person)
        .time_scale(1_000_000)
        .start()
        .unwrap();
    let human = say(&sandbox, "/human");
    let id = human.conversation_id();

    assert!(eventually(|| transcript(&sandbox, &id).0 == "bot"));

    let page = Call::messages(&id).send(&sandbox).json();
    let time = |text: &serde_json::Value| text.as_str().unwrap().parse::<Timestamp>().unwrap();
    let began = time(&human.last()["ts"]);
    let said = page["messages"].as_array().unwrap()[1..].iter();
    let after: Vec<_> = said
        .map(|message| began.duration_until(time(&message["created_at"])).as_secs())
        .collect();
    assert_eq!(after, [600, 3600]);
    assert!(time(&page["ts"]) > time(&page["messages"][2]["created_at"]));
}

#[test]
fn default_retry_after_is_scaled_and_an_amount_is_not() {
    for (faults, waits) in [
        ("429-seconds", 0),
        ("429-seconds:7", 7),
        ("429-date", 0),
        ("429-date:7", 7),
    ] {
        let sandbox = fast(50);
        sandbox.inject(faults.parse::<highchat_sandbox::Faults>().unwrap());

        let refused = send(&sandbox, "Բարև 👋");

        assert_eq!(refused.status, 429, "{faults}");
        let retry_after = refused.header("retry-after").unwrap();
        let seconds: u64 = retry_after.parse().unwrap_or_else(|_| {
            let date = |text| httpdate::parse_http_date(text).unwrap();
            let now = date(refused.header("date").unwrap());
            date(retry_after).duration_since(now).unwrap().as_secs()
        });
        assert_eq!(seconds, waits, "{faults}");
        assert_eq!(send(&sandbox, "Բարև 👋").status, 200);
        let is_good = sandbox.verdict().is_good();
        assert_eq!(is_good, waits == 0, "{faults}: {}", sandbox.verdict());
    }
}

#[test]
fn a_refused_poll_may_be_repeated_at_once() {
    let sandbox = fast(50);
    sandbox.inject(Fault::Poll429);
    let id = send(&sandbox, "/human").conversation_id();

    let refused = Call::messages(&id).send(&sandbox);
    let page = Call::messages(&id).send(&sandbox);

    assert_eq!(refused.header("retry-after"), Some("0"));
    assert_eq!((refused.status, page.status), (429, 200));
    sandbox.verdict().assert_good();
}

#[test]
fn the_rate_limit_is_scaled_and_its_retry_after_is_enough() {
    let sandbox = quick().rate_limit(1).time_scale(100).start().unwrap();
    assert_eq!(send(&sandbox, "ա").status, 200);

    let refused = send(&sandbox, "Բարև 👋");
    let taken = send(&sandbox, "Բարև 👋");

    assert_eq!(refused.header("retry-after"), Some("0"));
    assert_eq!((refused.status, taken.status), (429, 200));
    sandbox.verdict().assert_good();
}

#[test]
fn delays_of_words_and_pings_are_scaled() {
    let sandbox = Sandbox::builder()
        .token_delay(Duration::from_secs(400))
        .ping_interval(Duration::from_secs(50))
        .time_scale(1000)
        .start()
        .unwrap();

    assert_eq!(
        say(&sandbox, "/long 2").names(),
        ["meta", "ping", "delta", "ping", "delta", "done"]
    );
    assert!(say(&sandbox, "/slow").names().contains(&"ping".to_owned()));
}

#[test]
fn the_default_delay_of_a_slow_head_is_scaled_and_an_amount_is_not() {
    let sandbox = fast(100);
    let slowness = |fault: &str| {
        let began = std::time::Instant::now();
        assert_eq!(say(&sandbox, fault).status, 200);
        began.elapsed()
    };

    assert!(slowness("/fault slow-head") < Duration::from_secs(3));
    assert!(slowness("/fault slow-head:300") >= Duration::from_millis(300));
}
