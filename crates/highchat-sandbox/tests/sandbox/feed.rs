use core::time::Duration;
use std::net::TcpStream;

use highchat_sandbox::{Person, Sandbox};
use serde_json::Value;

use crate::client::{Call, eventually, quick, read_until, say, say_in, transcript};

/// Starts a sandbox whose built-in person answers and hands back at once.
fn instant() -> Sandbox {
    let person = Person::absent()
        .says(Duration::ZERO, "Մեկ։")
        .hands_back(Duration::ZERO);
    quick().person(person).start().unwrap()
}

/// Opens the live feed of the inbox, and reads its head.
fn watch(sandbox: &Sandbox) -> TcpStream {
    let mut feed = Call::local("GET", "/sandbox/inbox/live").open(sandbox);
    let head = read_until(&mut feed, "\r\n\r\n").to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(
        head.contains("content-type: text/event-stream; charset=utf-8"),
        "{head}"
    );
    assert!(head.contains("cache-control: no-store"), "{head}");
    assert!(!head.contains("access-control"), "{head}");
    feed
}

/// Reads the next event. Returns its name and data.
fn next(feed: &mut TcpStream) -> (String, Value) {
    read_until(feed, "event: ");
    let name = read_until(feed, "\n").trim_end().to_owned();
    read_until(feed, "data: ");
    let data = read_until(feed, "\n\n");
    (name, serde_json::from_str(&data).unwrap())
}

/// Reads events until the first conversation has this state. Returns that conversation.
fn until(feed: &mut TcpStream, state: &str) -> Value {
    loop {
        let (name, data) = next(feed);
        assert_eq!(name, "changed");
        let entry = &data["conversations"][0];
        if entry["state"] == state {
            return entry.clone();
        }
    }
}

#[test]
fn a_feed_begins_with_all_conversations_and_continues_with_changes() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let quiet = say(&sandbox, "ա").conversation_id();
    let mut feed = watch(&sandbox);

    let (name, data) = next(&mut feed);
    assert_eq!(name, "snapshot");
    assert_eq!(data["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(data["conversations"][0]["id"], quiet.as_str());
    assert_eq!(data["ts"].as_str().unwrap().len(), 24);

    let id = say(&sandbox, "/human").conversation_id();
    let entry = until(&mut feed, "human");
    assert_eq!(entry["id"], id.as_str());
    assert!(entry["waiting_since"].is_string());

    sandbox.inbox().close(&id).unwrap();
    assert_eq!(until(&mut feed, "closed")["id"], id.as_str());
}

#[test]
fn actions_of_the_built_in_person_are_in_the_feed_without_requests() {
    let person = Person::absent()
        .says(Duration::from_millis(1), "Մեկ։")
        .hands_back(Duration::from_millis(300));
    let sandbox = quick().person(person).start().unwrap();
    say(&sandbox, "/human");
    let mut feed = watch(&sandbox);
    assert_eq!(next(&mut feed).0, "snapshot");

    let entry = until(&mut feed, "bot");

    assert_eq!(entry["last_message"]["author"], "person");
}

#[test]
fn the_built_in_person_does_nothing_while_a_feed_is_open() {
    let sandbox = instant();
    let mut feed = watch(&sandbox);
    next(&mut feed);

    let id = say(&sandbox, "/human").conversation_id();
    assert_eq!(transcript(&sandbox, &id).0, "human");
    drop(feed);

    // The earlier handoff stays with the inbox. A new one goes to the built-in person.
    assert!(eventually(|| {
        let id = say(&sandbox, "/human").conversation_id();
        transcript(&sandbox, &id).0 == "bot"
    }));
    assert_eq!(transcript(&sandbox, &id).0, "human");
}

#[test]
fn a_slow_reader_of_a_feed_gets_the_current_state() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let mut feed = watch(&sandbox);
    assert_eq!(next(&mut feed).0, "snapshot");
    let id = say(&sandbox, "/human").conversation_id();
    for n in 0..200 {
        say_in(&sandbox, &id, &n.to_string());
    }

    let mut events = 0;
    loop {
        let (_, data) = next(&mut feed);
        events += 1;
        if data["conversations"][0]["last_message"]["content"] == "199" {
            break;
        }
    }

    assert!(events < 400, "{events} events for 401 changes");
}
