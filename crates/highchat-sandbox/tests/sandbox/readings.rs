use core::time::Duration;

use highchat_sandbox::{Person, Reading, Sandbox};
use serde_json::{Value, json};

use crate::client::{Call, eventually, quick, say, say_in};

fn reading(reading: Reading) -> Sandbox {
    let person = Person::absent().says(Duration::ZERO, "մարդ");
    quick().person(person).reading(reading).start().unwrap()
}

fn page(sandbox: &Sandbox, id: &str, query: &str) -> Value {
    Call::messages(id).query(query).send(sandbox).json()
}

/// Returns the role and text of each message of a page.
fn messages(page: &Value) -> Vec<(&str, &str)> {
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| {
            (
                message["role"].as_str().unwrap(),
                message["content"].as_str().unwrap(),
            )
        })
        .collect()
}

/// Returns a conversation with messages of the user, the bot and a person.
fn conversation(sandbox: &Sandbox) -> String {
    let id = say(sandbox, "/long 1").conversation_id();
    say_in(sandbox, &id, "/human");
    assert!(eventually(|| {
        let page = page(sandbox, &id, "");
        let messages = messages(&page);
        messages.iter().any(|(_, content)| *content == "մարդ")
    }));
    id
}

#[test]
fn after_can_include_messages_at_exactly_this_time() {
    for (sandbox, count) in [
        (reading(Reading::AfterInclusive), 1),
        (quick().start().unwrap(), 0),
    ] {
        let id = say(&sandbox, "/long 1").conversation_id();
        let all = page(&sandbox, &id, "");
        let last = all["messages"][1]["created_at"].as_str().unwrap();
        let shown = page(&sandbox, &id, &format!("after={last}"));
        assert_eq!(messages(&shown).len(), count);
    }
}

#[test]
fn polls_can_show_only_some_authors_and_other_roles() {
    for (choice, shown) in [
        (Reading::OnlyPersonMessages, vec![("assistant", "մարդ")]),
        (
            Reading::NoUserMessages,
            vec![("assistant", "Սա"), ("assistant", "մարդ")],
        ),
        (
            Reading::PersonRole,
            vec![
                ("user", "/long 1"),
                ("assistant", "Սա"),
                ("user", "/human"),
                ("agent", "մարդ"),
            ],
        ),
    ] {
        let sandbox = reading(choice);
        let id = conversation(&sandbox);
        assert_eq!(messages(&page(&sandbox, &id, "")), shown, "{choice:?}");
    }
}

#[test]
fn done_can_follow_human() {
    let sandbox = reading(Reading::DoneAfterHuman);

    let answer = say(&sandbox, "/human");

    assert_eq!(answer.names(), ["meta", "human", "done"]);
    assert_eq!(answer.last()["state"], "pending_human");
    assert_eq!(answer.last()["ts"], answer.events()[1].1["ts"]);
}

#[test]
fn meta_can_come_only_once() {
    let sandbox = reading(Reading::MetaOnce);
    let id = say(&sandbox, "ա").conversation_id();

    assert_eq!(say_in(&sandbox, &id, "բ").names(), ["delta", "done"]);
}

#[test]
fn after_accepts_times_in_each_form() {
    for choice in [
        Reading::TimesWithOffset,
        Reading::TimesInSeconds,
        Reading::TimesInMicroseconds,
        Reading::TimesAsNumbers,
    ] {
        let sandbox = reading(choice);
        let answer = say(&sandbox, "/long 1");
        let ts = &answer.last()["ts"];
        assert_eq!(ts.is_number(), choice == Reading::TimesAsNumbers);
        let all = page(&sandbox, &answer.conversation_id(), "");
        assert_eq!(all["messages"][1]["created_at"], *ts, "{choice:?}");
        let after = ts.to_string().replace('"', "").replace('+', "%2B");
        let shown = page(
            &sandbox,
            &answer.conversation_id(),
            &format!("after={after}"),
        );
        // Without its fraction the time is earlier, so it does not exclude the message.
        if choice != Reading::TimesInSeconds {
            assert_eq!(messages(&shown), [], "{choice:?}");
        }
    }
}

#[test]
fn ids_can_be_digits() {
    let sandbox = reading(Reading::NumericIds);
    let answer = say(&sandbox, "ա");
    let id = answer.conversation_id();
    let message_id = answer.last()["message_id"].as_str().unwrap().to_owned();

    for id in [&id, &message_id] {
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    }
    assert_eq!(page(&sandbox, &id, "")["messages"][1]["id"], *message_id);
}

#[test]
fn heads_and_bodies_of_answers_can_differ() {
    let sandbox = reading(Reading::NoCharset);
    assert_eq!(
        say(&sandbox, "ա").header("content-type"),
        Some("text/event-stream")
    );

    let sandbox = reading(Reading::Rating204);
    let id = say(&sandbox, "ա").conversation_id();
    let rated = Call::rating(&id, &json!({ "rating": 1 })).send(&sandbox);
    assert_eq!((rated.status, &*rated.body), (204, ""));
    assert_eq!(sandbox.rating(&id).unwrap().rating, 1);

    let sandbox = reading(Reading::ErrorAsString);
    let refused = say(&sandbox, "");
    assert_eq!(refused.status, 400);
    assert!(
        refused.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("Հաղորդ")
    );

    let sandbox = quick()
        .rate_limit(1)
        .reading(Reading::NoRetryAfter)
        .start()
        .unwrap();
    say(&sandbox, "ա");
    let refused = say(&sandbox, "ա");
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
}

#[test]
fn accepted_messages_can_differ() {
    let emojis = "🙂".repeat(2001);
    assert_eq!(say(&quick().start().unwrap(), &emojis).status, 200);
    assert_eq!(say(&reading(Reading::Utf16Characters), &emojis).status, 400);

    assert_eq!(say(&quick().start().unwrap(), " \n").status, 200);
    assert_eq!(say(&reading(Reading::BlankIsEmpty), " \n").status, 400);

    let sandbox = reading(Reading::ClosedIsGone);
    let id = say(&sandbox, "/close").conversation_id();
    let refused = say_in(&sandbox, &id, "ա");
    assert_eq!((refused.status, &*refused.code()), (404, "not_found"));
}

#[test]
fn a_done_after_human_counts_as_the_last_event() {
    let sandbox = reading(Reading::DoneAfterHuman);

    let answer = say(&sandbox, "/fault no-last-blank-line /human");

    assert!(answer.body.contains("event: human\n"), "{}", answer.body);
    assert!(
        answer.body.contains("Z\"}\n\nevent: done\n"),
        "{}",
        answer.body
    );
    assert!(answer.body.ends_with("Z\"}\n"), "{}", answer.body);
}
