use core::time::Duration;

use highchat_sandbox::{Person, Sandbox};

use crate::client::{Call, eventually, quick, say, say_in, transcript};

/// Starts a sandbox whose built-in person answers and hands back within 3 ms.
fn with_fast_person() -> Sandbox {
    let person = Person::absent()
        .says(Duration::from_millis(1), "Մեկ։")
        .says(Duration::from_millis(2), "Երկու։")
        .hands_back(Duration::from_millis(3));
    quick().person(person).start().unwrap()
}

fn state(sandbox: &Sandbox, id: &str) -> String {
    transcript(sandbox, id).0
}

#[test]
fn a_reply_ends_with_human_instead_of_done() {
    let sandbox = quick().person(Person::absent()).start().unwrap();

    let answer = say(&sandbox, "/human");

    assert_eq!(answer.names(), ["meta", "human"]);
    let human = answer.last();
    assert!(
        human["message"]
            .as_str()
            .unwrap()
            .contains("միացավ մեր աշխատակիցը")
    );
    assert_eq!(human["ts"].as_str().unwrap().len(), 24);
    let id = answer.conversation_id();
    assert_eq!(
        transcript(&sandbox, &id),
        (
            "human".to_owned(),
            vec![("user".to_owned(), "/human".to_owned())]
        )
    );
}

#[test]
fn the_person_writes_and_hands_back_to_the_bot() {
    let sandbox = with_fast_person();
    let answer = say(&sandbox, "/human");
    let id = answer.conversation_id();
    let ts = answer.last()["ts"].as_str().unwrap().to_owned();

    assert!(eventually(|| state(&sandbox, &id) == "bot"));

    let page = Call::messages(&id)
        .query(&format!("after={ts}"))
        .send(&sandbox)
        .json();
    let messages = page["messages"].as_array().unwrap();
    let contents: Vec<_> = messages.iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["Մեկ։", "Երկու։"]);
    assert!(
        messages
            .iter()
            .all(|message| message["role"] == "assistant")
    );
    assert_eq!(
        say_in(&sandbox, &id, "բարև").names(),
        ["meta", "delta", "done"]
    );
}

#[test]
fn a_message_to_the_person_is_stored_and_answered_with_human() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let id = say(&sandbox, "/human").conversation_id();

    for message in ["Լսո՞ւմ եք", "/help"] {
        assert_eq!(say_in(&sandbox, &id, message).names(), ["meta", "human"]);
    }

    let (state, messages) = transcript(&sandbox, &id);
    assert_eq!(state, "human");
    let contents: Vec<_> = messages
        .iter()
        .map(|(_, content)| content.as_str())
        .collect();
    assert_eq!(contents, ["/human", "Լսո՞ւմ եք", "/help"]);
}

#[test]
fn after_pending_the_person_takes_over() {
    let person = Person::absent().says(Duration::from_millis(200), "Մեկ։");
    let sandbox = quick().person(person).start().unwrap();

    let answer = say(&sandbox, "/pending");

    assert_eq!(answer.names(), ["meta", "delta", "done"]);
    assert_eq!(answer.last()["state"], "pending_human");
    let id = answer.conversation_id();
    assert!(eventually(|| state(&sandbox, &id) == "human"));
    let (_, messages) = transcript(&sandbox, &id);
    assert_eq!(messages[2], ("assistant".to_owned(), "Մեկ։".to_owned()));
}

#[test]
fn without_a_person_a_conversation_stays_pending() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let id = say(&sandbox, "/pending").conversation_id();

    let answer = say_in(&sandbox, &id, "բարև");

    assert_eq!(answer.names(), ["meta", "delta", "done"]);
    assert_eq!(answer.last()["state"], "pending_human");
    assert_eq!(state(&sandbox, &id), "pending_human");
}

#[test]
fn a_message_opens_a_closed_conversation() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let id = say(&sandbox, "/human").conversation_id();

    assert_eq!(say_in(&sandbox, &id, "/close").last()["state"], "closed");
    assert_eq!(state(&sandbox, &id), "closed");
    assert_eq!(say_in(&sandbox, &id, "բարև").last()["state"], "bot");
    assert_eq!(state(&sandbox, &id), "bot");
}
