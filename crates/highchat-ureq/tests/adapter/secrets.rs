//! A key appears only in its request: no output of the library shows it.

use core::error::Error;
use core::fmt::{Debug, Display};

use highchat_proto::failure::Cut;
use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure};

use crate::support::*;

/// A part of the key that no output may contain.
const PART: &str = "hc_very";

#[track_caller]
fn assert_silent(what: &impl Debug) {
    for shown in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(!shown.contains(PART), "{shown}");
    }
}

#[track_caller]
fn assert_failure_is_silent(failure: &Failure) {
    fn assert_silent_error(error: &(impl Debug + Display + ?Sized)) {
        for shown in [
            format!("{error}"),
            format!("{error:?}"),
            format!("{error:#?}"),
        ] {
            assert!(!shown.contains(PART), "{shown}");
        }
    }
    assert_silent_error(failure);
    let mut source = failure.source();
    while let Some(error) = source {
        assert_silent_error(error);
        source = error.source();
    }
}

#[test]
fn no_client_and_no_reply_shows_a_key() {
    let playback = play(vec![send([HEAD, META].concat()), Step::Hold]);
    let client = client(playback.base_url());
    assert_silent(&client);
    let mut reply = client.chat(&chat()).unwrap();
    assert_silent(&reply);
    assert_silent(&reply.next_event().unwrap());
    assert_silent(&reply);
    // The request did contain the key.
    let request = String::from_utf8(playback.requests().remove(0)).unwrap();
    assert!(request.contains(PART), "{request}");
}

#[test]
fn no_failure_shows_a_key() {
    let mut config = patient();
    config.response_timeout = millis(500);
    config.idle_timeout = millis(200);
    config.progress_timeout = millis(300);
    config.event_limit = 100;
    config.page_limit = 100;
    let ask = |base_url: &str, call: fn(&Client) -> Result<(), Failure>| {
        let client = Client::with_config(endpoint(base_url), config.clone());
        let failure = call(&client).unwrap_err();
        assert_failure_is_silent(&failure);
        failure
    };
    fn by_chat(client: &Client) -> Result<(), Failure> {
        client.chat(&chat())?.try_for_each(|event| event.map(drop))
    }
    fn by_messages(client: &Client) -> Result<(), Failure> {
        client.messages(&messages()).map(drop)
    }
    fn by_rate(client: &Client) -> Result<(), Failure> {
        client.rate(&rating())
    }

    for base_url in [
        "http://127.0.0.1:1",
        "https://127.0.0.1:1",
        "http://chat.invalid",
    ] {
        for call in [by_chat, by_messages, by_rate] {
            let failure = ask(base_url, call);
            assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
        }
    }

    let pings = [send(PING), pause(20)].into_iter().cycle().take(200);
    let long = delta(&"x".repeat(200));
    // Text of the service is shown unchanged. It contains no key unless the service puts one
    // there.
    let scripts: Vec<(&str, Vec<Step>)> = vec![
        ("TimedOut", vec![Step::Hold]),
        ("Unanswered", vec![Step::Close]),
        ("Unanswered", vec![Step::Reset]),
        ("Unanswered", vec![send("garbage\r\n\r\n")]),
        ("Refused", vec![send(answer("401 No", "", ""))]),
        (
            "Refused",
            vec![send(answer("302 Found", "location: /\r\n", ""))],
        ),
        ("Refused", vec![send("HTTP/1.1 101 No\r\n\r\n")]),
    ];
    for (expected, script) in scripts {
        for call in [by_chat, by_messages, by_rate] {
            let playback = play(script.clone());
            let failure = ask(playback.base_url(), call);
            assert!(format!("{failure:?}").starts_with(expected), "{failure:?}");
        }
    }
    let chats = [
        vec![send(HEAD), Step::Close],
        vec![send(HEAD), pause(20), Step::Reset],
        vec![send(HEAD), Step::Hold],
        [send(HEAD)].into_iter().chain(pings).collect(),
        vec![send(HEAD), send(long)],
        vec![send(HEAD), send("event: delta\ndata: {}\n\n")],
    ];
    let mut cuts = Vec::new();
    for script in chats {
        let playback = play(script);
        match ask(playback.base_url(), by_chat) {
            Failure::Cut(cut) => cuts.push(cut),
            other => panic!("{other:?}"),
        }
    }
    let (invalid, others) = cuts.split_last().unwrap();
    assert!(matches!(invalid, Cut::InvalidEvent(_)));
    let each = [
        Cut::Truncated,
        Cut::Interrupted,
        Cut::Idle,
        Cut::NoProgress,
        Cut::TooLong,
    ];
    assert_eq!(others, each);

    let refused = [
        answer("200 OK", "content-type: text/html\r\n", "<p>"),
        answer("200 OK", "content-encoding: gzip\r\n", "x"),
        answer("204 No", "", ""),
        answer("200 OK", "", &"x".repeat(200)),
    ];
    for answer in refused {
        let playback = Playback::start(vec![vec![send(answer)]; 2]).unwrap();
        for call in [by_chat, by_messages] {
            let failure = ask(playback.base_url(), call);
            assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
        }
    }
}
