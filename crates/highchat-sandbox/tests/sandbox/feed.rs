use core::time::Duration;
use std::net::TcpStream;

use highchat_sandbox::{Person, Sandbox};
use serde_json::Value;

use crate::client::{Call, eventually, quick, read_until, say, say_in, transcript};

/// A person who answers and hands back before anybody can look.
fn instant() -> Sandbox {
    let person = Person::absent()
        .says(Duration::ZERO, "Մեկ։")
        .hands_back(Duration::ZERO);
    quick().person(person).start().unwrap()
}

/// The inbox's live feed, its head read.
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

/// The next event: its name and its data.
fn next(feed: &mut TcpStream) -> (String, Value) {
    read_until(feed, "event: ");
    let name = read_until(feed, "\n").trim_end().to_owned();
    read_until(feed, "data: ");
    let data = read_until(feed, "\n\n");
    (name, serde_json::from_str(&data).unwrap())
}

/// The event that shows a state, or the first after it.
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
fn a_feed_begins_with_all_and_goes_on_with_what_changes() {
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
fn what_the_built_in_person_does_is_told_though_nobody_asks() {
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
fn the_built_in_person_stays_away_while_somebody_watches() {
    let sandbox = instant();
    let mut feed = watch(&sandbox);
    next(&mut feed);

    let id = say(&sandbox, "/human").conversation_id();
    assert_eq!(transcript(&sandbox, &id).0, "human");
    drop(feed);

    // A handoff from before is left to whoever comes back; a new one is not.
    assert!(eventually(|| {
        let id = say(&sandbox, "/human").conversation_id();
        transcript(&sandbox, &id).0 == "bot"
    }));
    assert_eq!(transcript(&sandbox, &id).0, "human");
}

#[test]
fn a_feed_that_was_not_read_tells_how_things_are_then() {
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
