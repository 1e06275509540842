use crate::client::{Call, quick, say, say_in};

#[test]
fn a_page_has_the_messages_of_both_sides_in_order() {
    let sandbox = quick().start().unwrap();
    let first = say(&sandbox, "/long 2");
    let id = first.conversation_id();
    let second = say_in(&sandbox, &id, "/long 3");

    let answer = Call::messages(&id).send(&sandbox);

    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let page = answer.json();
    assert_eq!(page["state"], "bot");
    let messages = page["messages"].as_array().unwrap();
    let shown: Vec<_> = messages
        .iter()
        .map(|message| {
            (
                message["role"].as_str().unwrap(),
                message["content"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("user", "/long 2"),
            ("assistant", "Սա երկար"),
            ("user", "/long 3"),
            ("assistant", "Սա երկար պատասխան"),
        ]
    );
    let times: Vec<&str> = messages
        .iter()
        .map(|message| message["created_at"].as_str().unwrap())
        .chain(page["ts"].as_str())
        .collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert!(
        times
            .iter()
            .all(|time| time.len() == 24 && time.ends_with('Z')),
        "{times:?}"
    );
    for (place, reply) in [(1, first), (3, second)] {
        assert_eq!(messages[place]["id"], reply.last()["message_id"]);
        assert_eq!(messages[place]["created_at"], reply.last()["ts"]);
    }
}

#[test]
fn after_excludes_messages_at_exactly_this_time() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();
    say_in(&sandbox, &id, "բ");
    let all = Call::messages(&id).send(&sandbox).json();
    let all = all["messages"].as_array().unwrap();
    assert_eq!(all.len(), 4);

    for (place, message) in all.iter().enumerate() {
        let time = message["created_at"].as_str().unwrap();
        for after in [
            time.to_owned(),
            time.replace(':', "%3A"),
            time.replace('Z', "%2B00:00"),
        ] {
            let page = Call::messages(&id)
                .query(&format!("after={after}"))
                .send(&sandbox);
            assert_eq!(
                page.json()["messages"].as_array().unwrap(),
                &all[place + 1..]
            );
        }
    }
}

#[test]
fn after_with_the_ts_of_a_page_misses_no_later_message() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();
    let ts = Call::messages(&id).send(&sandbox).json()["ts"]
        .as_str()
        .unwrap()
        .to_owned();
    say_in(&sandbox, &id, "բ");

    let page = Call::messages(&id)
        .query(&format!("after={ts}"))
        .send(&sandbox)
        .json();

    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn an_id_may_be_percent_encoded() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id().replace('-', "%2D");

    assert_eq!(Call::messages(&id).send(&sandbox).status, 200);
}
