//! Cut replies that the proxy makes whole: the visitor gets the rest of the reply as if nothing
//! had happened, or an `error` event.

use core::time::Duration;
use std::io::Read as _;

use highchat_proxy::{Config, Secret};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::words::{self, HUMAN, page_of};
use serde_json::json;

use crate::faults::{events, text_in};
use crate::support::*;

const MESSAGE: &str = "Որտե՞ղ է իմ պատվերը 📦";
const REPLY: &str = "Ձեր պատվերը ճանապարհին է 🚚 և վաղը կհասնի";
const BEGUN: &str = "Ձեր պատվերը ";
const NEXT: &str = "Շնորհակալ եմ 🙏";

/// The page that has the message and its reply.
fn page() -> String {
    page_of("bot", &[("user", MESSAGE), ("assistant", REPLY)])
}

/// A stream that ends without `done` after `events`.
fn cut_after(events: &str) -> Vec<Step> {
    vec![Step::send(format!("{STREAM}{META}{events}"))]
}

fn start(service: &Playback, set: impl FnOnce(&mut Config)) -> TestProxy {
    TestProxy::start(service.base_url(), |config| {
        config.heal = true;
        set(config);
    })
}

/// Plays the scripts and sends the message. Returns the visitor's answer and the requests.
fn ask(
    scripts: impl IntoIterator<Item = Vec<Step>>,
    set: impl FnOnce(&mut Config),
) -> (Answer, Vec<String>) {
    let service = play(scripts);
    let proxy = start(&service, set);
    let answer = Call::chat(MESSAGE).send(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 0);
    (answer, first_lines(&service))
}

/// The methods and the targets of the requests that the service got.
fn first_lines(service: &Playback) -> Vec<String> {
    let requests = service.requests().into_iter();
    let lines = requests.map(|request| String::from_utf8(request).expect("UTF-8"));
    lines
        .map(|request| request.split(" HTTP").next().expect("a line").to_owned())
        .collect()
}

fn names(body: &str) -> Vec<String> {
    events(body).into_iter().map(|(name, _)| name).collect()
}

const POST: &str = "POST /v1/chat";
const SEARCH: &str = "GET /v1/conversations/c1/messages";

#[test]
fn the_rest_of_a_cut_reply_follows_as_a_delta_and_a_done_with_its_id_its_state_and_its_time() {
    let cut = cut_after(&format!("{}event: delta\ndata: {{\"te", delta(BEGUN)));

    let (answer, asked) = ask([cut, vec![Step::send(page())]], |_| ());

    let rest = REPLY.strip_prefix(BEGUN).expect("the reply begins so");
    let done = json!({
        "message_id": REPLY, "state": "bot", "ts": "2026-06-14T10:00:06Z",
    });
    let begun = format!("{META}{}{COMMENT}", delta(BEGUN));
    let end = answer.body.strip_prefix(&begun).expect("the first part");
    let end = events(end);
    assert_eq!(
        end[0],
        ("delta".to_owned(), json!({ "text": rest }).to_string())
    );
    assert_eq!(end[1].0, "done");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&end[1].1).expect("JSON"),
        done
    );
    assert_eq!(end.len(), 2);
    assert_eq!(asked, [POST, SEARCH]);
}

#[test]
fn a_reply_that_is_cut_at_any_byte_after_its_first_delta_arrives_whole_and_once() {
    let events = format!(
        "{META}{}: հ\n\n{}{}",
        delta(BEGUN),
        delta("ճանապարհին է 🚚 ").replace('\n', "\r\n"),
        delta("և վաղը կհասնի"),
    );
    let first = META.len() + delta(BEGUN).len();
    let cuts: Vec<usize> = (first..=events.len()).collect();
    let scripts = cuts.iter().flat_map(|cut| {
        let bytes = [STREAM.as_bytes(), &events.as_bytes()[..*cut]].concat();
        [vec![Step::Send(bytes)], vec![Step::send(page())]]
    });
    let service = play(scripts.collect::<Vec<_>>());
    // A proxy of its own for each: all these conversations have the same id.
    for (number, cut) in cuts.iter().enumerate() {
        let proxy = start(&service, |config| {
            config.recovery_delays = [Duration::from_millis(1); 4];
            separate(config);
        });
        let answer = Call::chat(MESSAGE).send(&proxy);
        assert_eq!(text_in(&answer.body), REPLY, "cut at {cut}: {answer:?}");
        assert_eq!(names(&answer.body).last().expect("an end"), "done");
        assert_eq!(service.connections(), 2 * (number + 1), "cut at {cut}");
    }
}

#[test]
fn the_visitor_gets_comments_while_the_proxy_searches_and_the_search_is_counted() {
    let nothing = page_of("bot", &[("user", MESSAGE)]);
    let service = play([
        cut_after(&delta(BEGUN)),
        vec![Step::send(nothing)],
        vec![Step::Pause(Duration::from_millis(400)), Step::send(page())],
    ]);
    let proxy = start(&service, |config| {
        config.keepalive = Duration::from_millis(50)
    });

    let answer = Call::chat(MESSAGE).send(&proxy);

    assert_eq!(text_in(&answer.body), REPLY);
    assert!(answer.body.matches(COMMENT).count() > 2, "{}", answer.body);
    assert_eq!(first_lines(&service), [POST, SEARCH, SEARCH]);
    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"healed\"}") == 1);
}

#[test]
fn in_doubt_a_cut_reply_ends_with_an_error_event() {
    let doubtful = [
        (
            "a person answers",
            page_of("human", &[("user", MESSAGE), ("assistant", REPLY)]),
        ),
        (
            "it has another beginning",
            page_of("bot", &[("user", MESSAGE), ("assistant", "Ոչ 🙅")]),
        ),
        (
            "the message is not listed",
            page_of("bot", &[("assistant", REPLY)]),
        ),
        (
            "another message follows",
            page_of(
                "bot",
                &[("user", MESSAGE), ("user", NEXT), ("assistant", REPLY)],
            ),
        ),
        (
            "it is older than the message",
            page_of("bot", &[("assistant", REPLY), ("user", MESSAGE)]),
        ),
    ];
    for (why, page) in doubtful {
        let pages = (0..4).map(|_| vec![Step::send(page.clone())]);
        let scripts = [cut_after(&delta(BEGUN))].into_iter().chain(pages);

        let (answer, asked) = ask(scripts, |_| ());

        assert_eq!(names(&answer.body), ["meta", "delta", "error"], "{why}");
        assert_eq!(
            asked.iter().filter(|line| *line == POST).count(),
            1,
            "{why}"
        );
        assert!((2..=5).contains(&asked.len()), "{why}: {asked:?}");
    }
}

#[test]
fn without_any_text_or_without_an_id_nothing_is_searched() {
    for events in [META.to_owned(), delta(BEGUN)] {
        let (answer, asked) = ask([vec![Step::send(format!("{STREAM}{events}"))]], |_| ());
        assert_eq!(names(&answer.body).last().expect("an end"), "error");
        assert_eq!(asked, [POST]);
    }
}

#[test]
fn with_heal_off_a_cut_reply_ends_with_an_error_event_at_once() {
    let (answer, asked) = ask([cut_after(&delta(BEGUN))], |config| config.heal = false);
    assert_eq!(answer.before_error(), format!("{META}{}", delta(BEGUN)));
    assert_eq!(asked, [POST]);
}

#[test]
fn after_human_or_the_services_own_error_nothing_is_searched() {
    let error = format!(
        "event: error\ndata: {}\n\n",
        json!({ "message": "Սխալ 😕" })
    );
    for end in [HUMAN, &error] {
        let (answer, asked) = ask([cut_after(&format!("{}{end}", delta(BEGUN)))], |_| ());
        assert_eq!(answer.body, format!("{META}{}{end}", delta(BEGUN)));
        assert_eq!(asked, [POST]);
    }
}

#[test]
fn an_event_with_invalid_data_is_not_passed_on_and_the_reply_is_completed() {
    for invalid in ["{\"text\":", "{}", "{\"text\":1}"] {
        let events = format!(
            "{}event: delta\ndata: {invalid}\n\n{}",
            delta(BEGUN),
            delta("x")
        );
        let scripts = [cut_after(&events), vec![Step::send(page())]];
        let (answer, _) = ask(scripts, |_| ());
        assert_eq!(
            names(&answer.body),
            ["meta", "delta", "delta", "done"],
            "{invalid}"
        );
        assert_eq!(text_in(&answer.body), REPLY, "{invalid}");
    }
}

#[test]
fn half_a_surrogate_pair_that_was_shown_cannot_be_completed() {
    let half = delta("Ձեր պատվերը ճանապարհին է \\ud83d");
    let pages = (0..4).map(|_| vec![Step::send(page())]);
    let (answer, _) = ask([cut_after(&half)].into_iter().chain(pages), |_| ());
    assert_eq!(names(&answer.body), ["meta", "delta", "error"]);
}

#[test]
fn a_reply_longer_than_the_limit_is_not_searched() {
    let long = delta(&"ա".repeat(200_000));
    let (answer, asked) = ask([cut_after(&long.repeat(3))], |_| ());
    assert_eq!(names(&answer.body).last().expect("an end"), "error");
    assert_eq!(asked, [POST]);
}

#[test]
fn a_long_rest_arrives_in_deltas_of_bounded_length() {
    let long = format!("{BEGUN}{}", "Բարև 👋 ".repeat(20_000));
    let message = |role: &str, content: &str, second: u8| {
        let at = format!("2026-06-14T10:00:0{second}Z");
        json!({ "id": role, "role": role, "content": content, "created_at": at })
    };
    let messages = [message("user", MESSAGE, 1), message("assistant", &long, 2)];
    let page = json!({ "state": "bot", "messages": messages }).to_string();
    let page = words::answer("200 OK", "content-type: application/json\r\n", &page);
    let (answer, _) = ask([cut_after(&delta(BEGUN)), vec![Step::send(page)]], |_| ());
    assert!(text_in(&answer.body) == long, "the rest differs");
    let longest = events(&answer.body)
        .iter()
        .map(|(name, data)| if name == "delta" { data.len() } else { 0 })
        .max();
    assert!(longest < Some(17 * 1024), "{longest:?}");
}

#[test]
fn the_key_in_a_completed_reply_is_replaced_in_both_parts() {
    let stored = format!("{BEGUN}{KEY} և {KEY} 🔑");
    let page = page_of("bot", &[("user", MESSAGE), ("assistant", &stored)]);
    let begun = delta(&format!("{BEGUN}hc_very_\\u0073ecret և "));
    let (answer, _) = ask([cut_after(&begun), vec![Step::send(page)]], |_| ());
    assert_eq!(text_in(&answer.body), stored.replace(KEY, "[redacted]"));
    assert!(!answer.body.contains(KEY));
}

#[test]
fn a_conversation_with_a_signed_id_is_searched_by_the_services_own_id() {
    let scripts = [cut_after(&delta(BEGUN)), vec![Step::send(page())]];
    let (answer, asked) = ask(scripts, |config| {
        config.secret = Some(Secret::new(SECRET).expect("a long secret"));
    });
    assert_eq!(text_in(&answer.body), REPLY);
    assert!(!answer.body.contains("\"c1\""));
    assert_eq!(asked, [POST, SEARCH]);
}

/// Sends one more message in the conversation `c1`.
fn chat_on(message: &str) -> Call {
    Call::post(
        "/v1/chat",
        &json!({ "message": message, "conversation_id": "c1" }),
    )
}

fn whole(text: &str) -> Vec<Step> {
    cut_after(&format!("{}{DONE}", delta(text)))
}

/// A page with two turns. The first one is as old as [`DONE`] says.
fn second_page(messages: &[(&str, &str)]) -> Vec<Step> {
    vec![Step::send(page_of("bot", messages))]
}

#[test]
fn the_reply_to_a_later_message_is_searched_after_the_time_of_the_earlier_one() {
    let service = play([
        whole("Բարև 👋"),
        cut_after(&delta(BEGUN)),
        second_page(&[("user", MESSAGE), ("assistant", REPLY)]),
    ]);
    let proxy = start(&service, |_| ());
    Call::chat(NEXT).send(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 0);

    let answer = chat_on(MESSAGE).send(&proxy);

    assert_eq!(text_in(&answer.body), REPLY);
    let asked = first_lines(&service);
    assert_eq!(asked.len(), 3);
    assert!(
        asked[2].starts_with(&format!("{SEARCH}?after=2026-06-14T10")),
        "{asked:?}"
    );
}

#[test]
fn a_conversation_that_did_not_begin_at_this_proxy_is_not_searched() {
    let service = play([cut_after(&delta(BEGUN)), vec![Step::send(page())]]);
    let proxy = start(&service, |_| ());
    let answer = chat_on(MESSAGE).send(&proxy);
    assert_eq!(names(&answer.body), ["meta", "delta", "error"]);
    assert_eq!(first_lines(&service), [POST]);
}

#[test]
fn if_two_messages_of_one_conversation_overlap_neither_reply_is_searched() {
    let service = play([
        vec![
            Step::send(format!("{STREAM}{META}{}", delta(BEGUN))),
            Step::Pause(Duration::from_millis(500)),
        ],
        cut_after(&delta(BEGUN)),
    ]);
    let proxy = start(&service, |_| ());
    let mut first = Call::chat(MESSAGE)
        .header("connection", "close")
        .open(&proxy);
    read_until(&mut first, &delta(BEGUN));

    let second = chat_on(NEXT).send(&proxy);

    assert_eq!(names(&second.body), ["meta", "delta", "error"]);
    let mut rest = String::new();
    first.read_to_string(&mut rest).expect("an end");
    assert!(rest.contains("event: error"), "{rest}");
    assert_eq!(first_lines(&service), [POST, POST]);
}

#[test]
fn after_a_person_answered_no_reply_of_the_conversation_is_searched() {
    let service = play([
        cut_after(&format!("{}{HUMAN}", delta("a"))),
        cut_after(&delta(BEGUN)),
    ]);
    let proxy = start(&service, |_| ());
    Call::chat(NEXT).send(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 0);
    let answer = chat_on(MESSAGE).send(&proxy);
    assert_eq!(names(&answer.body), ["meta", "delta", "error"]);
    assert_eq!(first_lines(&service), [POST, POST]);
}

#[test]
fn the_remembered_answer_to_a_poll_is_not_used_for_a_search() {
    let old = page_of("bot", &[("user", MESSAGE)]);
    let service = play([
        vec![
            Step::send(format!("{STREAM}{META}{}", delta(BEGUN))),
            Step::Pause(Duration::from_millis(500)),
        ],
        vec![Step::send(old)],
        vec![Step::send(page())],
    ]);
    let proxy = start(&service, |config| config.poll_memory = LONG);
    let mut stream = Call::chat(MESSAGE)
        .header("connection", "close")
        .open(&proxy);
    read_until(&mut stream, &delta(BEGUN));
    let polled = Call::messages("c1").send(&proxy);
    assert_eq!(polled.json()["messages"].as_array().map(Vec::len), Some(1));

    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("an end");

    assert!(rest.contains("event: done"), "{rest}");
    assert_eq!(first_lines(&service), [POST, SEARCH, SEARCH]);
}

#[test]
fn a_search_counts_as_polls_of_the_visitor() {
    let service = play([vec![Step::send(page())], cut_after(&delta(BEGUN))]);
    let proxy = start(&service, |config| config.polls_a_visitor = 1);
    assert_eq!(Call::messages("c1").send(&proxy).status, 200);

    let answer = Call::chat(MESSAGE).send(&proxy);

    assert_eq!(names(&answer.body).last().expect("an end"), "error");
    assert_eq!(first_lines(&service).len(), 2);
}

#[test]
fn when_the_visitor_leaves_the_search_ends() {
    let service = play([cut_after(&delta(BEGUN)), vec![Step::Hold]]);
    let proxy = start(&service, |_| ());
    let mut stream = Call::chat(MESSAGE).open(&proxy);
    read_until(&mut stream, COMMENT);
    assert!(service.wait_for_requests(2, LONG));

    drop(stream);

    assert!(service.wait_for_close(1, LONG));
    until(|| proxy.counter("highchat_proxy_streams ") == 0);
    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"left\"}") == 1);
}

#[test]
fn a_search_goes_on_while_the_proxy_drains_and_ends_when_the_time_is_over() {
    for (is_found, end) in [(true, "event: done"), (false, "event: error")] {
        let last = if is_found {
            vec![Step::Pause(Duration::from_millis(300)), Step::send(page())]
        } else {
            vec![Step::Hold]
        };
        let service = play([cut_after(&delta(BEGUN)), last]);
        let proxy = start(&service, |config| {
            config.drain_timeout = if is_found {
                LONG
            } else {
                Duration::from_millis(200)
            };
        });
        let mut stream = Call::chat(MESSAGE)
            .header("connection", "close")
            .open(&proxy);
        read_until(&mut stream, COMMENT);
        assert!(service.wait_for_requests(2, LONG));

        proxy.server.drain();

        let mut rest = String::new();
        stream.read_to_string(&mut rest).expect("an end");
        assert!(rest.contains(end), "{rest}");
        proxy.server.wait();
    }
}

#[test]
fn a_reply_whose_head_never_comes_is_searched_in_a_known_conversation() {
    let service = play([
        whole("Բարև 👋"),
        vec![Step::Hold],
        second_page(&[("user", MESSAGE), ("assistant", REPLY)]),
        // Without any text, the rule wants to see the reply twice.
        second_page(&[("user", MESSAGE), ("assistant", REPLY)]),
    ]);
    let proxy = start(&service, |config| {
        config.keepalive = Duration::from_millis(50);
        config.response_timeout = Duration::from_millis(400);
    });
    Call::chat(NEXT).send(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 0);

    let answer = chat_on(MESSAGE).send(&proxy);

    assert_eq!(text_in(&answer.body), REPLY, "{}", answer.body);
    let asked = first_lines(&service);
    assert_eq!(asked.iter().filter(|line| *line == POST).count(), 2);
}

#[test]
fn a_rest_for_which_the_proxy_has_no_room_becomes_an_error() {
    let scripts = [cut_after(&delta(BEGUN)), vec![Step::send(page())]];
    // The request still has room.
    let (answer, asked) = ask(scripts, |config| config.held_bytes = 100);
    assert_eq!(names(&answer.body), ["meta", "delta", "error"]);
    assert_eq!(asked, [POST, SEARCH]);
}
