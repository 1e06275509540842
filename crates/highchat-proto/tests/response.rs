//! `Answer`: error responses, pages of messages, and responses to ratings.

use core::time::Duration;

use highchat_proto::failure::{ApiError, ErrorCode, ResponseError};
use highchat_proto::http::Answer;
use highchat_proto::{Config, Credentials, Endpoint, Head, State};

/// The key, which no error may show.
const KEY: &str = "hc_secret";

fn endpoint() -> Endpoint {
    Endpoint::new("https://chat.example", Credentials::key(KEY).unwrap()).unwrap()
}

fn head(status: u16, headers: &[(&str, &str)]) -> Head {
    let mut head = Head::new(status);
    for (name, value) in headers {
        head.header(name, value.as_bytes());
    }
    head
}

fn chat_error(head: &Head, body: &str) -> ResponseError {
    let mut answer =
        Answer::to_chat(head.clone(), &endpoint(), &Config::default()).expect("not a reply stream");
    if answer.wants_more() {
        answer.handle_body(body.as_bytes());
    }
    answer.into_chat_error()
}

fn api(error: ResponseError) -> ApiError {
    match error {
        ResponseError::Api(error) => error,
        other => panic!("{other:?}"),
    }
}

fn page(head: &Head, body: &str) -> Result<highchat_proto::Page, ResponseError> {
    let mut answer = Answer::to_messages(head.clone(), &endpoint(), &Config::default());
    if answer.wants_more() {
        answer.handle_body(body.as_bytes());
    }
    answer.into_page()
}

#[test]
fn only_a_200_event_stream_without_encoding_is_a_reply() {
    let stream = "text/event-stream";
    for (status, headers, is_reply) in [
        (200, vec![("content-type", stream)], true),
        (
            200,
            vec![("content-type", "Text/Event-Stream ; charset=utf-8")],
            true,
        ),
        (
            200,
            vec![("content-type", stream), ("content-encoding", "identity")],
            true,
        ),
        (
            200,
            vec![("content-type", stream), ("content-encoding", "")],
            true,
        ),
        (
            200,
            vec![("Content-Type", stream), ("CONTENT-TYPE", "text/html")],
            true,
        ),
        (
            200,
            vec![("content-type", "text/html"), ("content-type", stream)],
            false,
        ),
        (
            200,
            vec![
                ("content-type", stream),
                ("content-encoding", "identity"),
                ("content-encoding", "gzip"),
            ],
            false,
        ),
        (
            200,
            vec![("content-type", stream), ("content-encoding", "gzip")],
            false,
        ),
        (
            200,
            vec![
                ("content-type", stream),
                ("content-encoding", "identity, br"),
            ],
            false,
        ),
        (200, vec![("content-type", "text/event-streams")], false),
        (200, vec![("content-type", "application/json")], false),
        (200, vec![], false),
        (201, vec![("content-type", stream)], false),
        (204, vec![("content-type", stream)], false),
        (302, vec![("content-type", stream)], false),
        (500, vec![("content-type", stream)], false),
    ] {
        let answer = Answer::to_chat(head(status, &headers), &endpoint(), &Config::default());
        assert_eq!(answer.is_none(), is_reply, "{status} {headers:?}");
    }
}

#[test]
fn a_response_that_is_not_a_reply_gives_the_reason() {
    let html = [("content-type", "text/html")];
    let gzip = [
        ("content-type", "text/event-stream"),
        ("content-encoding", "gzip"),
    ];
    let html_error = ResponseError::NotEventStream(Some("text/html".into()));
    for (head, error) in [
        (head(200, &html), html_error),
        (head(200, &[]), ResponseError::NotEventStream(None)),
        (
            head(200, &gzip),
            ResponseError::ContentEncoding("gzip".into()),
        ),
        (head(204, &[]), ResponseError::Status(204)),
        (head(201, &html), ResponseError::Status(201)),
        (head(307, &html), ResponseError::Redirect(307)),
    ] {
        assert_eq!(chat_error(&head, "<p>"), error);
    }
}

#[test]
fn an_error_of_the_service_is_read_in_each_form() {
    let code = |code: &str| Some(ErrorCode::from(code));
    for (status, body, error_code, message) in [
        (
            429,
            r#"{"error":{"code":"rate_limited","message":"մ"}}"#,
            code("rate_limited"),
            Some("մ"),
        ),
        (
            418,
            r#"{"error":{"code":"teapot","message":"m","x":1}}"#,
            code("teapot"),
            Some("m"),
        ),
        (
            400,
            r#"{"error":{"code":"invalid_input"}}"#,
            code("invalid_input"),
            None,
        ),
        (
            400,
            r#"{"error":{"code":7,"message":"m"}}"#,
            None,
            Some("m"),
        ),
        (400, r#"{"error":"plain"}"#, None, Some("plain")),
        (
            200,
            r#"{"error":{"code":"not_found","message":"m"}}"#,
            code("not_found"),
            Some("m"),
        ),
        (
            400,
            "{\"error\":{\"code\":\"c\",\"message\":\"Սխալ\n👋 \\ud83d\",\"x\":1e999}}",
            code("c"),
            Some("Սխալ\n👋 \u{FFFD}"),
        ),
        (401, r#"{"error":null}"#, None, None),
        (500, "<html>oops</html>", None, None),
        (502, "", None, None),
        (403, "[1", None, None),
    ] {
        let error = api(chat_error(&head(status, &[]), body));
        assert_eq!(error.status, status);
        assert_eq!(error.code, error_code, "{body}");
        assert_eq!(error.message.as_deref(), message, "{body}");
    }
}

#[test]
fn an_error_body_is_read_up_to_the_limit() {
    let limit = Config::default().error_limit;
    let json = r#"{"error":"m"}"#;
    for (len, message) in [(limit, Some("m")), (limit + 1, None)] {
        let body = format!("{}{json}", " ".repeat(len - json.len()));
        let error = api(chat_error(&head(500, &[]), &body));
        assert_eq!(error.message.as_deref(), message, "{len}");
    }
    let mut answer = Answer::to_chat(head(500, &[]), &endpoint(), &Config::default()).unwrap();
    answer.handle_body(&vec![b' '; limit]);
    assert!(answer.wants_more());
    answer.handle_body(b" ");
    assert!(!answer.wants_more());
}

#[test]
fn a_body_with_a_content_encoding_is_ignored() {
    let gzip = head(429, &[("content-encoding", "gzip"), ("retry-after", "7")]);
    let config = Config::default();
    for mut answer in [
        Answer::to_chat(gzip.clone(), &endpoint(), &config).unwrap(),
        Answer::to_messages(gzip.clone(), &endpoint(), &config),
        Answer::to_rating(gzip, &endpoint(), &config),
    ] {
        assert!(!answer.wants_more());
        answer.handle_body(br#"{"error":{"code":"rate_limited","message":"m"}}"#);
        let error = api(answer.into_chat_error());
        assert_eq!(error.status, 429);
        assert_eq!((error.code, error.message), (None, None));
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    }
}

#[test]
fn bytes_after_an_interruption_are_ignored() {
    let mut answer = Answer::to_messages(head(200, &[]), &endpoint(), &Config::default());
    answer.handle_body(br#"{"state":"#);
    answer.handle_interruption();
    answer.handle_body(br#""bot"}"#);
    assert_eq!(answer.into_page().unwrap_err(), ResponseError::BrokenOff);
}

#[test]
fn retry_after_is_read_in_each_form() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:00 GMT");
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (headers, wait) in [
        (vec![("retry-after", "17")], seconds(17)),
        (vec![("retry-after", " 0 ")], seconds(0)),
        (
            vec![("retry-after", "99999999999999999999999")],
            seconds(u64::MAX),
        ),
        (
            vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), date],
            seconds(37),
        ),
        (
            vec![("retry-after", "Sunday, 06-Nov-94 08:50:00 GMT"), date],
            seconds(60),
        ),
        (
            vec![("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), date],
            seconds(0),
        ),
        (vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], None),
        (
            vec![("retry-after", "soon"), ("retry-after", "5")],
            seconds(5),
        ),
        (vec![("Retry-After", "6"), ("retry-after", "5")], seconds(6)),
        (
            vec![
                date,
                ("date", "Sun, 06 Nov 1994 08:00:00 GMT"),
                ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ],
            seconds(37),
        ),
        (vec![("retry-after", "soon")], None),
        (vec![("retry-after", "-1")], None),
        (vec![("retry-after", "1.5")], None),
        (vec![("retry-after", "")], None),
        (vec![], None),
    ] {
        let error = api(chat_error(&head(429, &headers), ""));
        assert_eq!(error.retry_after, wait, "{headers:?}");
    }
}

#[test]
fn a_page_keeps_the_order_and_the_values_of_the_service() {
    let page = page(
        &head(200, &[]),
        r#"{"state":"human","extra":[1],"ts":"2026-06-14T10:00:05.000Z","messages":[
            {"id":"m2","role":"assistant","content":"\ud83d","created_at":"2026-06-14T10:00:00.000Z","x":1},
            {"id":"m1","role":"supervisor","content":"b","created_at":null}]}"#,
    )
    .unwrap();
    assert_eq!(page.state, Some(State::Human));
    let messages: Vec<_> = page
        .messages
        .iter()
        .map(|m| {
            (
                m.id.as_str(),
                m.role.as_str(),
                &*m.content,
                m.created_at.is_some(),
            )
        })
        .collect();
    assert_eq!(
        messages,
        [
            ("m2", "assistant", "\u{FFFD}", true),
            ("m1", "supervisor", "b", false)
        ]
    );
}

#[test]
fn a_page_without_messages_is_an_empty_list() {
    for body in [r#"{"state":"bot"}"#, r#"{"state":"bot","messages":null}"#] {
        assert_eq!(page(&head(200, &[]), body).unwrap().messages, []);
    }
}

/// Unreadable entries of the list of messages. Each has one fault.
const UNREADABLE: [&str; 14] = [
    r#"{"role":"assistant","content":"Բարև","created_at":"2026-06-14T10:00:00Z"}"#,
    r#"{"id":null,"role":"assistant","content":"Բարև"}"#,
    r#"{"id":7,"role":"assistant","content":"Բարև"}"#,
    r#"{"id":"","role":"assistant","content":"Բարև"}"#,
    r#"{"id":"o","content":"Բարև"}"#,
    r#"{"id":"o","role":null,"content":"Բարև"}"#,
    r#"{"id":"o","role":["assistant"],"content":"Բարև"}"#,
    r#"{"id":"o","role":"assistant"}"#,
    r#"{"id":"o","role":"assistant","content":null}"#,
    r#"{"id":"o","role":"assistant","content":{"text":"Բարև"}}"#,
    "null",
    r#"["o","assistant","Բարև","2026-06-14T10:00:00Z"]"#,
    r#""Բարև 👋""#,
    "1e999",
];

#[test]
fn an_unreadable_message_is_left_out_and_counted() {
    let good = r#"{"id":"g","role":"assistant","content":"Ողջույն 👋"}"#;
    for bad in UNREADABLE {
        let body = format!(r#"{{"state":"human","messages":[{bad},{good},{bad}]}}"#);
        let page = page(&head(200, &[]), &body).unwrap();
        let read: Vec<_> = page.messages.iter().map(|m| &*m.content).collect();
        assert_eq!((read, page.unreadable), (vec!["Ողջույն 👋"], 2), "{bad}");
    }
}

#[test]
fn a_message_without_a_readable_time_is_kept() {
    for time in ["", r#","created_at":null"#, r#","created_at":1e999"#] {
        let message = format!(r#"{{"id":"m","role":"assistant","content":"Բարև"{time}}}"#);
        let body = format!(r#"{{"state":"human","messages":[{message}]}}"#);
        let page = page(&head(200, &[]), &body).unwrap();
        assert_eq!((page.messages.len(), page.unreadable), (1, 0), "{time}");
        assert_eq!(page.messages[0].created_at, None, "{time}");
    }
}

#[test]
fn a_page_with_an_unescaped_line_end_in_a_text_is_read() {
    let body = "{\"state\":\"human\",\n\"messages\":[{\"id\":\"m\",\"role\":\"assistant\",\
                \"content\":\"Բարև\n🙂\"}]}";
    let page = page(&head(200, &[]), body).unwrap();
    assert_eq!(
        (&*page.messages[0].content, page.unreadable),
        ("Բարև\n🙂", 0)
    );
}

#[test]
fn a_page_is_any_json_object() {
    for body in [
        "{}",
        r#"{"messages":[]}"#,
        r#"{"state":null,"messages":"Բարև","ts":[]}"#,
        r#"{"state":1,"messages":{}}"#,
    ] {
        let page = page(&head(200, &[]), body).unwrap();
        assert_eq!(
            (page.state, page.messages, page.ts),
            (None, vec![], None),
            "{body}"
        );
    }
}

#[test]
fn an_error_never_shows_the_key_even_if_the_service_repeats_it() {
    let message = format!("Բանալին {KEY} սխալ է");
    let shape = format!(r#"{{"error":{{"code":"{KEY}","message":"{message}"}}}}"#);
    let escaped = shape.replace('_', r"\u005f");
    for body in [&shape, &escaped, &format!(r#"{{"error":"{message}"}}"#)] {
        let chat = chat_error(&head(401, &[]), body);
        let mut rating = Answer::to_rating(head(401, &[]), &endpoint(), &Config::default());
        rating.handle_body(body.as_bytes());
        for error in [
            chat,
            page(&head(401, &[]), body).unwrap_err(),
            page(&head(200, &[]), body).unwrap_err(),
            rating.into_rating().unwrap_err(),
        ] {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(KEY), "{shown}");
            assert!(shown.contains("Բանալին … սխալ է"), "{shown}");
        }
    }
    for (name, value) in [("content-type", KEY), ("content-encoding", KEY)] {
        let error = chat_error(&head(200, &[(name, value)]), "");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(KEY) && shown.contains('…'), "{shown}");
    }
}

#[test]
fn a_response_that_is_not_a_page_is_an_error() {
    for (status, body, error) in [
        (200, "", ResponseError::InvalidPage),
        (200, "[]", ResponseError::InvalidPage),
        (200, r#"["bot",[],null]"#, ResponseError::InvalidPage),
        (
            200,
            r#"{"state":"bot","messages":["#,
            ResponseError::InvalidPage,
        ),
        (204, "", ResponseError::Status(204)),
        (301, "", ResponseError::Redirect(301)),
    ] {
        assert_eq!(
            page(&head(status, &[]), body).unwrap_err(),
            error,
            "{status} {body}"
        );
    }
    let in_a_200 = page(
        &head(200, &[]),
        r#"{"error":{"code":"not_found","message":"m"}}"#,
    );
    assert_eq!(api(in_a_200.unwrap_err()).code, Some(ErrorCode::NotFound));
    let too_long = " ".repeat(Config::default().page_limit + 1);
    assert_eq!(
        page(&head(200, &[]), &too_long).unwrap_err(),
        ResponseError::TooLong
    );
}

#[test]
fn any_2xx_status_is_a_successful_rating() {
    for status in [200, 201, 204] {
        let answer = Answer::to_rating(head(status, &[]), &endpoint(), &Config::default());
        assert_eq!(answer.into_rating(), Ok(()));
    }
    for status in [302, 400, 404, 500] {
        let answer = Answer::to_rating(head(status, &[]), &endpoint(), &Config::default());
        let error = answer.into_rating().unwrap_err();
        assert_eq!(error.status(), Some(status));
    }
}
