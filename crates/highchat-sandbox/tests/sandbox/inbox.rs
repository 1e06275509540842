use highchat_sandbox::{Author, InboxError, Person, Sandbox, State};
use serde_json::{Value, json};

use crate::client::{Answer, Call, quick, say, say_in, transcript};

fn without_person() -> Sandbox {
    quick().person(Person::absent()).start().unwrap()
}

fn list(sandbox: &Sandbox) -> Vec<Value> {
    let answer = Call::local("GET", "/sandbox/inbox").send(sandbox);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["conversations"].as_array().unwrap().clone()
}

fn act(sandbox: &Sandbox, id: &str, act: &str) -> Answer {
    Call::local("POST", format!("/sandbox/inbox/{id}/{act}")).send(sandbox)
}

fn reply(sandbox: &Sandbox, id: &str, body: &Value) -> Answer {
    Call::local("POST", format!("/sandbox/inbox/{id}/reply"))
        .json(body)
        .send(sandbox)
}

#[test]
fn a_person_takes_over_answers_and_hands_back() {
    let sandbox = without_person();
    let id = say(&sandbox, "/human").conversation_id();

    let taken = act(&sandbox, &id, "take-over").json();
    assert_eq!(taken["conversation"]["taken_over"], true);
    assert_eq!(taken["conversation"]["waiting_since"], Value::Null);
    let replied = reply(&sandbox, &id, &json!({ "text": "Բարև ձեզ" })).json();
    assert_eq!(replied["messages"][1]["author"], "person");
    let (state, messages) = transcript(&sandbox, &id);
    assert_eq!(state, "human");
    assert_eq!(messages[1], ("assistant".to_owned(), "Բարև ձեզ".to_owned()));
    assert_eq!(say_in(&sandbox, &id, "ա").names(), ["meta", "human"]);

    let back = act(&sandbox, &id, "hand-back").json();
    assert_eq!(back["conversation"]["state"], "bot");
    assert_eq!(back["conversation"]["taken_over"], false);
    assert_eq!(
        say_in(&sandbox, &id, "ա").names(),
        ["meta", "delta", "done"]
    );
}

#[test]
fn a_conversation_with_the_bot_can_be_taken_over_and_closed() {
    let sandbox = without_person();
    let id = say(&sandbox, "ա").conversation_id();

    reply(&sandbox, &id, &json!({ "text": "Կարո՞ղ եմ օգնել" }));
    assert_eq!(say_in(&sandbox, &id, "ա").names(), ["meta", "human"]);
    let closed = act(&sandbox, &id, "close").json();

    assert_eq!(closed["conversation"]["state"], "closed");
    assert_eq!(transcript(&sandbox, &id).0, "closed");
    assert_eq!(say_in(&sandbox, &id, "ա").last()["state"], "bot");
}

#[test]
fn the_longest_waiting_user_is_first_in_the_list() {
    let sandbox = without_person();
    let first = say(&sandbox, "/human").conversation_id();
    let quiet = say(&sandbox, "ա").conversation_id();
    let second = say(&sandbox, "/pending").conversation_id();
    let lively = say(&sandbox, "բ").conversation_id();
    say_in(&sandbox, &first, "գ");

    let ids: Vec<_> = list(&sandbox)
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();

    assert_eq!(ids, [first, second, lively, quiet]);
    let waiting: Vec<_> = sandbox.inbox().waiting();
    assert_eq!(waiting.len(), 2);
}

#[test]
fn an_entry_has_the_visitor_the_last_message_and_the_rating() {
    let sandbox = without_person();
    let long = "ա".repeat(300);
    let answer = Call::chat(&json!({ "message": "/human", "visitor_ref": "user-42" }));
    let id = answer.send(&sandbox).conversation_id();
    say_in(&sandbox, &id, &long);
    Call::rating(&id, &json!({ "rating": 0, "comment": "դանդաղ" })).send(&sandbox);

    let entry = &list(&sandbox)[0];

    assert_eq!(entry["id"], id.as_str());
    assert_eq!(entry["state"], "human");
    assert_eq!(entry["taken_over"], false);
    assert_eq!(entry["waiting_since"].as_str().unwrap().len(), 24);
    assert_eq!(entry["visitor_ref"], "user-42");
    assert_eq!(entry["messages"], 2);
    assert_eq!(entry["last_message"]["author"], "user");
    assert_eq!(entry["last_message"]["content"], "ա".repeat(200));
    assert_eq!(entry["rating"], json!({ "rating": 0, "comment": "դանդաղ" }));
    let whole = Call::local("GET", format!("/sandbox/inbox/{id}"))
        .send(&sandbox)
        .json();
    assert_eq!(whole["conversation"], *entry);
    assert_eq!(whole["messages"][1]["content"], long);
}

#[test]
fn impossible_actions_are_refused_in_the_apis_error_shape() {
    let sandbox = without_person();
    let id = say(&sandbox, "/human").conversation_id();
    let closed = say(&sandbox, "/close").conversation_id();
    let text = |text: &str| json!({ "text": text });

    for (answer, status, code) in [
        (act(&sandbox, "no-such", "take-over"), 404, "not_found"),
        (reply(&sandbox, "no-such", &text("ա")), 404, "not_found"),
        (act(&sandbox, &closed, "take-over"), 409, "invalid_input"),
        (reply(&sandbox, &closed, &text("ա")), 409, "invalid_input"),
        (act(&sandbox, &closed, "hand-back"), 409, "invalid_input"),
        (reply(&sandbox, &id, &text("")), 400, "invalid_input"),
        (
            reply(&sandbox, &id, &text(&"ա".repeat(4001))),
            400,
            "invalid_input",
        ),
        (reply(&sandbox, &id, &json!({})), 400, "invalid_input"),
        (act(&sandbox, &id, "reply"), 400, "invalid_input"),
        (act(&sandbox, &id, "shout"), 404, "not_found"),
        (act(&sandbox, &id, "close/again"), 404, "not_found"),
        (
            Call::local("POST", "/sandbox/inbox").send(&sandbox),
            405,
            "invalid_input",
        ),
        (
            Call::local("GET", format!("/sandbox/inbox/{id}/close")).send(&sandbox),
            405,
            "invalid_input",
        ),
        (
            Call::local("GET", "/sandbox/inboxs").send(&sandbox),
            404,
            "not_found",
        ),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    assert_eq!(transcript(&sandbox, &id).1.len(), 1);
    let longest = "ա".repeat(4000);
    assert_eq!(reply(&sandbox, &id, &text(&longest)).status, 200);
}

#[test]
fn requests_to_the_inbox_are_not_recorded() {
    let sandbox = without_person();

    list(&sandbox);
    act(&sandbox, "no-such", "close");
    Call::local("GET", "/inbox").send(&sandbox);

    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn a_test_can_act_as_the_person_in_rust() {
    let sandbox = without_person();
    let inbox = sandbox.inbox();
    let id = say(&sandbox, "/pending").conversation_id();

    let waiting = inbox.waiting();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].id, id);
    assert_eq!(waiting[0].state, State::PendingHuman);
    inbox.take_over(&id).unwrap();
    inbox.reply(&id, "Բարև ձեզ").unwrap();
    let transcript = inbox.transcript(&id).unwrap();
    assert!(transcript.entry.taken_over);
    let last = transcript.lines.last().unwrap();
    assert_eq!(
        (last.author, last.content.as_str()),
        (Author::Person, "Բարև ձեզ")
    );
    inbox.hand_back(&id).unwrap();
    assert_eq!(inbox.conversations()[0].state, State::Bot);
    inbox.close(&id).unwrap();

    assert_eq!(inbox.take_over(&id), Err(InboxError::Closed));
    assert_eq!(inbox.reply(&id, ""), Err(InboxError::Text));
    assert_eq!(inbox.close("no-such"), Err(InboxError::UnknownConversation));
}
