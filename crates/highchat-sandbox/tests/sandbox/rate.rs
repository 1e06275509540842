use serde_json::json;

use crate::client::{Call, quick, say, say_in};

#[test]
fn a_message_over_the_limit_is_answered_with_429_and_retry_after() {
    let sandbox = quick().rate_limit(30).start().unwrap();
    for n in 0..30 {
        assert_eq!(say(&sandbox, "ա").status, 200, "{n}");
    }

    let answer = say(&sandbox, "ա");

    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "rate_limited")
    );
    assert_eq!(
        answer.json()["error"]["message"],
        "Չափից շատ հաղորդագրություն. փորձեք մեկ րոպեից"
    );
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[test]
fn each_key_and_the_slug_have_their_own_limit() {
    let sandbox = quick().key("one").key("two").rate_limit(1).start().unwrap();
    let call = Call::chat(&json!({ "message": "ա" }));

    for call in [
        call.clone().authorization("Bearer one"),
        call.clone().authorization("Bearer two"),
        call.without_key().query("slug=demo"),
    ] {
        assert_eq!(call.clone().send(&sandbox).status, 200);
        assert_eq!(call.send(&sandbox).status, 429);
    }
}

#[test]
fn only_accepted_messages_count() {
    let sandbox = quick().rate_limit(2).start().unwrap();

    let id = say(&sandbox, "ա").conversation_id();
    assert_eq!(say(&sandbox, "").status, 400);
    assert_eq!(say_in(&sandbox, "no-such", "ա").status, 404);
    assert_eq!(Call::messages(&id).send(&sandbox).status, 200);
    let rating = Call::rating(&id, &json!({ "rating": 1 }));
    assert_eq!(rating.send(&sandbox).status, 200);
    assert_eq!(say(&sandbox, "ա").status, 200);

    assert_eq!(say(&sandbox, "ա").status, 429);
}

#[test]
fn a_refused_message_is_not_stored() {
    let sandbox = quick().rate_limit(1).start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();

    assert_eq!(say_in(&sandbox, &id, "բ").status, 429);

    assert_eq!(crate::client::transcript(&sandbox, &id).1.len(), 2);
}

#[test]
fn zero_means_no_limit() {
    let sandbox = quick().rate_limit(0).start().unwrap();

    assert!((0..40).all(|_| say(&sandbox, "ա").status == 200));
}
