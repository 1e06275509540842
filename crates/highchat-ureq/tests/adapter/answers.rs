//! What the three calls return for each answer that is not the expected one, over a socket.

use highchat_proto::failure::{ApiError, ResponseError};
use highchat_proto::{Config, Event};
use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure};

use crate::support::*;

/// Returns a refusal as a line of text.
fn told(failure: &Failure) -> String {
    match failure {
        Failure::Refused(ResponseError::Api(ApiError {
            status,
            code,
            message,
            retry_after,
            ..
        })) => {
            let mut told = format!("api {status}");
            if let Some(code) = code {
                told += &format!(" {code}");
            }
            if let Some(message) = message {
                told += &format!(" {message:?}");
            }
            if let Some(retry_after) = retry_after {
                told += &format!(" after {retry_after:?}");
            }
            told
        }
        Failure::Refused(ResponseError::Redirect(status)) => {
            format!("redirect {status}")
        }
        Failure::Refused(ResponseError::Status(status)) => format!("status {status}"),
        Failure::Refused(other) => format!("{other:?}"),
        other => panic!("{other:?}"),
    }
}

struct Case {
    name: &'static str,
    answer: String,
    chat: &'static str,
    messages: &'static str,
    rate: &'static str,
}

fn case(name: &'static str, answer: String, all: &'static str) -> Case {
    Case {
        name,
        answer,
        chat: all,
        messages: all,
        rate: all,
    }
}

fn refusal(status: &str, headers: &str, code: &str) -> String {
    let body = format!(r#"{{"error":{{"code":"{code}","message":"Ոչ"}}}}"#);
    let headers = format!("content-type: application/json\r\n{headers}");
    answer(status, &headers, &body)
}

fn cases() -> Vec<Case> {
    let json = "content-type: application/json\r\n";
    let html = "content-type: text/html\r\n";
    let gzip = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let page = r#"{"state":"bot","messages":[],"ts":null}"#;
    vec![
        case(
            "400",
            refusal("400 Bad Request", "", "invalid_input"),
            r#"api 400 invalid_input "Ոչ""#,
        ),
        case(
            "401",
            refusal("401 Unauthorized", "", "unauthenticated"),
            r#"api 401 unauthenticated "Ոչ""#,
        ),
        case(
            "401 that asks for a login",
            refusal(
                "401 Unauthorized",
                "www-authenticate: Basic\r\n",
                "unauthenticated",
            ),
            r#"api 401 unauthenticated "Ոչ""#,
        ),
        case(
            "404",
            refusal("404 Not Found", "", "not_found"),
            r#"api 404 not_found "Ոչ""#,
        ),
        case(
            "429",
            refusal("429 Too Many Requests", "", "rate_limited"),
            r#"api 429 rate_limited "Ոչ""#,
        ),
        case(
            "429 with seconds",
            refusal(
                "429 Too Many Requests",
                "retry-after: 7\r\n",
                "rate_limited",
            ),
            r#"api 429 rate_limited "Ոչ" after 7s"#,
        ),
        case(
            "429 with a date",
            refusal(
                "429 Too Many Requests",
                "date: Sun, 14 Jun 2026 10:00:00 GMT\r\n\
                 retry-after: Sun, 14 Jun 2026 10:01:30 GMT\r\n",
                "rate_limited",
            ),
            r#"api 429 rate_limited "Ոչ" after 90s"#,
        ),
        case(
            "500 of HTML",
            answer("500 Oops", html, "<h1>500</h1>"),
            "api 500",
        ),
        case(
            "502 of nothing",
            answer("502 Bad Gateway", "", ""),
            "api 502",
        ),
        case(
            "503 cut short",
            "HTTP/1.1 503 Busy\r\ncontent-length: 100\r\nretry-after: 3\r\n\r\n{\"err".into(),
            "api 503 after 3s",
        ),
        case(
            "503 in an encoding",
            answer("503 Busy", "content-encoding: gzip\r\n", "\u{1f}\u{8b}"),
            "api 503",
        ),
        case("404 without a reason", answer("404", "", ""), "api 404"),
        case(
            "418 in chunks",
            "HTTP/1.1 418 Tea\r\ntransfer-encoding: chunked\r\n\r\n\
             10\r\n{\"error\":\"tea po\r\n3\r\nt\"}\r\n0\r\n\r\n"
                .into(),
            r#"api 418 "tea pot""#,
        ),
        case(
            "304",
            "HTTP/1.1 304 Not Modified\r\n\r\n".into(),
            "redirect 304",
        ),
        case(
            "302 to nowhere",
            answer("302 Found", "", ""),
            "redirect 302",
        ),
        case(
            "101",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".into(),
            "status 101",
        ),
        Case {
            name: "204",
            answer: "HTTP/1.1 204 No Content\r\n\r\n".into(),
            chat: "status 204",
            messages: "status 204",
            rate: "ok",
        },
        Case {
            name: "202",
            answer: answer("202 Accepted", json, page),
            chat: "status 202",
            messages: "ok",
            rate: "ok",
        },
        Case {
            name: "a 201 that is a stream",
            answer: answer("201 Created", "content-type: text/event-stream\r\n", DONE),
            chat: "status 201",
            messages: "InvalidPage",
            rate: "ok",
        },
        Case {
            name: "gzip",
            answer: answer("200 OK", gzip, "\u{1f}\u{8b}"),
            chat: r#"ContentEncoding("gzip")"#,
            messages: r#"ContentEncoding("gzip")"#,
            rate: "ok",
        },
        Case {
            name: "a page",
            answer: answer("200 OK", json, page),
            chat: r#"NotEventStream(Some("application/json"))"#,
            messages: "ok",
            rate: "ok",
        },
        Case {
            name: "a page of HTML",
            answer: answer("200 OK", html, "<h1>Hello</h1>"),
            chat: r#"NotEventStream(Some("text/html"))"#,
            messages: "InvalidPage",
            rate: "ok",
        },
        Case {
            name: "no content type",
            answer: answer("200 OK", "", DONE),
            chat: "NotEventStream(None)",
            messages: "InvalidPage",
            rate: "ok",
        },
        Case {
            name: "an error in a 200",
            answer: refusal("200 OK", "", "rate_limited"),
            chat: r#"api 200 rate_limited "Ոչ""#,
            messages: r#"api 200 rate_limited "Ոչ""#,
            rate: "ok",
        },
        Case {
            name: "an empty reply",
            answer: answer("200 OK", "content-type: text/event-stream\r\n", ""),
            chat: "ok",
            messages: "InvalidPage",
            rate: "ok",
        },
        Case {
            name: "a type with a parameter, in capitals",
            answer: answer(
                "200 OK",
                "Content-Type: Text/Event-Stream; charset=utf-8\r\ncontent-encoding: identity\r\n",
                DONE,
            ),
            chat: "ok",
            messages: "InvalidPage",
            rate: "ok",
        },
    ]
}

#[test]
fn each_answer_has_its_own_failure() {
    for case in cases() {
        let playback = Playback::start(vec![vec![send(case.answer)]; 3]).unwrap();
        let client = client(playback.base_url());
        let name = case.name;
        let told = |failure: Option<Failure>| failure.as_ref().map_or("ok".into(), told);
        assert_eq!(told(client.chat(&chat()).err()), case.chat, "{name}");
        assert_eq!(
            told(client.messages(&messages()).err()),
            case.messages,
            "{name}"
        );
        assert_eq!(told(client.rate(&rating()).err()), case.rate, "{name}");
        // Each call sent only one request.
        assert_eq!(playback.connections(), 3, "{name}");
        assert_eq!(playback.requests().len(), 3, "{name}");
    }
}

#[test]
fn a_redirect_is_never_followed() {
    for status in ["301", "302", "303", "307", "308"] {
        let target = play(vec![send(format!("{HEAD}{DONE}"))]);
        let location = format!("location: {}/v1/chat\r\n", target.base_url());
        let there = answer(&format!("{status} There"), &location, "");
        // A relative location is not followed either, and a body makes no difference.
        let here = answer(&format!("{status} Here"), "location: /v1/chat\r\n", "moved");
        for answer in [there, here] {
            let playback = Playback::start(vec![vec![send(answer)]; 3]).unwrap();
            let client = client(playback.base_url());
            for failure in [
                client.chat(&chat()).map(drop).unwrap_err(),
                client.messages(&messages()).map(drop).unwrap_err(),
                client.rate(&rating()).unwrap_err(),
            ] {
                assert_eq!(told(&failure), format!("redirect {status}"));
            }
            assert_eq!(playback.connections(), 3, "{status}");
        }
        assert_eq!(target.connections(), 0, "{status}");
    }
}

/// The body may be endless, and is not needed.
#[test]
fn a_redirect_or_an_encoded_reply_is_not_read() {
    for head in [
        "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\n\r\n",
    ] {
        let playback = play(vec![send(head), Step::Hold]);
        let client = Client::with_config(endpoint(playback.base_url()), Config::default());
        let failure = client.chat(&chat()).unwrap_err();
        assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
        assert!(playback.wait_for_close(0, BOUND), "{head}");
    }
}

#[test]
fn a_reply_may_come_after_informational_heads() {
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let playback = play(vec![
        send(early),
        pause(20),
        send([HEAD, META, DONE].concat()),
    ]);
    let mut reply = client(playback.base_url()).chat(&chat()).unwrap();
    let (_, ended) = read(&mut reply);
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
}

#[test]
fn a_reply_over_http_1_0_is_read() {
    let head = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let playback = play(vec![send([head, META, &delta("a"), DONE].concat())]);
    let mut reply = client(playback.base_url()).chat(&chat()).unwrap();
    let (text, ended) = read(&mut reply);
    assert_eq!(text, "a");
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
}

#[test]
fn a_page_is_read_in_any_framing() {
    let page = r#"{"state":"human","messages":[{"id":"m2","role":"assistant","content":"Բարև",
        "created_at":"2026-06-14T10:00:00.000Z"}],"ts":"2026-06-14T10:00:05.000Z"}"#;
    let (one, two) = page.as_bytes().split_at(83);
    let mut chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in [one, two] {
        chunks.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    for answer in [
        answer("200 OK", "", page).into_bytes(),
        format!("HTTP/1.1 200 OK\r\n\r\n{page}").into_bytes(),
        chunks,
    ] {
        let playback = play(vec![send(answer)]);
        let page = client(playback.base_url()).messages(&messages()).unwrap();
        assert_eq!(page.state.unwrap().as_str(), "human");
        let contents: Vec<_> = page
            .messages
            .iter()
            .map(|message| &*message.content)
            .collect();
        assert_eq!(contents, ["Բարև"]);
    }
}
