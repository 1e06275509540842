//! Answers that are not a reply or not HTTP: how the turn ends, and when the pipe is closed.

use core::time::Duration;

use highchat_embed::{Embed, Output};
use highchat_proto::time::Instant;
use highchat_proto::{ConversationId, Saved, State};

use crate::support::*;

const STREAM: &str = "content-type: text/event-stream\r\n";

/// Runs a turn with this answer. Returns its last update, and when its pipe was closed.
fn told(bytes: &[u8], reads: Cuts) -> (String, String) {
    let mut world = World::new([says(bytes)]);
    world.reads = reads;
    world.send("a");
    // A retry would find no answer in the script.
    world.pass(Duration::from_millis(200));
    let log = world.log();
    let closed = log.lines().find(|line| line.contains("> close 0"));
    let closed = closed.map_or("open", |line| line[..6].trim()).to_owned();
    let end = world.updates().pop().unwrap_or("nothing").to_owned();
    world.run();
    assert_eq!(world.open_pipes(), 0);
    (end, closed)
}

/// Asserts how a turn with this answer ends, for several cuts of the answer.
#[track_caller]
fn assert_told(answer: impl Into<Vec<u8>>, end: &str, closed: &str) {
    let answer = answer.into();
    let shown = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
    // Long answers are cut into longer pieces, to keep the test fast.
    let short = 1 + answer.len() / 4096;
    for reads in [Cuts::default(), Cuts::every(short), Cuts::every(1000)] {
        let (found, when) = told(&answer, reads.clone());
        assert!(
            found.contains(end),
            "{found} instead of {end} in {reads:?}: {shown}"
        );
        assert_eq!(when, closed, "{reads:?}: {shown}");
    }
}

#[test]
fn an_answer_that_is_not_a_reply_is_reported_with_its_cause() {
    let error = r#"{"error":{"code":"not_found","message":"Ոչ"}}"#;
    let json = "content-type: application/json\r\n";
    for (answer, end) in [
        (
            answer("404 Not Found", json, error),
            // The reason phrase is the crate `http`'s.
            if cfg!(feature = "http") {
                "404 Not Found (not_found): Ոչ"
            } else {
                "404 (not_found): Ոչ"
            },
        ),
        (
            answer("500 Oops", "content-type: text/html\r\n", "<h1>"),
            "500",
        ),
        (answer("502 Bad Gateway", "", ""), "502"),
        (
            answer("302 Found", "location: http://other.example/\r\n", ""),
            "302",
        ),
        (answer("307 Again", "location: /v2\r\n", "moved"), "307"),
        ("HTTP/1.1 304 Not Modified\r\n\r\n".into(), "304"),
        ("HTTP/1.1 204 No Content\r\n\r\n".into(), "204"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".into(),
            "101",
        ),
        (answer("200 OK", json, error), "Ոչ"),
        (
            answer("200 OK", "content-type: text/plain\r\n", "hello"),
            "text/plain",
        ),
        (
            answer("200 OK", "content-encoding: gzip\r\n", "\u{1f}\u{8b}"),
            "gzip",
        ),
    ] {
        assert_told(answer, end, "0.0");
    }
    // The turn goes on, so the pipe is kept.
    let refusal = answer("429 Too Many", "retry-after: 7\r\n", "");
    assert_told(refusal, "Message delayed: RateLimited", "open");
}

#[test]
fn a_refusal_is_read_in_any_framing() {
    let error = r#"{"error":{"code":"not_found","message":"Ոչ"}}"#;
    let chunks = chunked("", error, 5);
    let chunks = String::from_utf8(chunks)
        .unwrap()
        .replacen("200 OK", "404 No", 1);
    assert_told(chunks, "(not_found): Ոչ", "0.0");
    let mut world = World::new([answers(
        format!("HTTP/1.0 404 No\r\n\r\n{error}"),
        Ending::Ends,
    )]);
    world.send("a");
    world.run();
    let end = world.updates().pop().unwrap().to_owned();
    assert!(end.ends_with("(not_found): Ոչ"), "{end}");
}

#[test]
fn an_answer_that_is_not_http_fails_at_once_without_a_resend() {
    let lost = "failed: no answer came: the connection was lost";
    for answer in [
        &b"* OK IMAP4 ready\r\n"[..],
        b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64",
        b"HTTP/2.0 200 OK\r\n",
        b"HTTP/1.1 2x0 OK\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
    ] {
        assert_told(answer, lost, "0.0");
    }
}

#[test]
fn a_reply_may_come_after_interim_heads_and_empty_lines() {
    let early = "\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n\
                 HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\ndate: x\r\n\r\n";
    assert_told(format!("{early}{}", reply(DONE)), "Done", "0.0");
}

#[test]
fn a_reply_of_http_1_0_ends_with_its_pipe() {
    let head = format!("HTTP/1.0 200 OK\r\n{STREAM}\r\n");
    let mut world = World::new([answers([&head, DONE].concat(), Ending::Ends)]);
    world.send("a");
    world.run();
    assert_eq!(world.updates(), ["done", "Done"]);
}

#[test]
fn a_head_has_at_most_64_kib_with_interim_heads_and_empty_lines() {
    let limit = 64 * 1024;
    let head_of = |len: usize| {
        let begin = format!(
            "HTTP/1.1 200 OK\r\n{STREAM}content-length: {}\r\nx: ",
            DONE.len()
        );
        format!("{begin}{}\r\n\r\n", "x".repeat(len - begin.len() - 4))
    };
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let rest = limit - 300 * interim.len();
    for head in [
        head_of(limit),
        format!("{}{}", interim.repeat(300), head_of(rest)),
        format!("{}{}", "\r\n".repeat(300), head_of(limit - 600)),
    ] {
        assert_eq!(head.len(), limit);
        assert_told([&head, DONE].concat(), "Done", "0.0");
        let longer = format!("\n{head}{DONE}");
        assert_told(longer, "the connection was lost", "0.0");
    }
    for endless in ["\r\n", "HTTP/1.1 102 Processing\r\n\r\n"] {
        assert_told(
            endless.repeat(limit / endless.len() + 1),
            "the connection was lost",
            "0.0",
        );
    }
}

#[test]
fn a_device_may_limit_the_head_to_what_its_memory_holds() {
    let head = reply(DONE).find("\r\n\r\n").unwrap() + 4;
    for (limit, end) in [(head, "Done"), (head - 1, "the connection was lost")] {
        for reads in [Cuts::default(), Cuts::every(1), Cuts::every(7)] {
            let embed = Embed::new(endpoint("https://chat.example"), seeded());
            let mut world = World::over(embed.with_head_limit(limit), [says(reply(DONE))]);
            world.reads = reads;
            world.send("Բարև 👋");
            world.run();
            let log = world.log();
            assert!(world.updates().pop().unwrap().contains(end), "{log}");
            assert_eq!(world.requests.len(), 1, "{log}");
        }
    }
}

#[test]
fn a_head_may_have_any_number_of_fields() {
    let head_of = |fields: String| {
        let begin = format!(
            "HTTP/1.1 200 OK\r\n{STREAM}content-length: {}\r\n",
            DONE.len()
        );
        format!("{begin}{fields}\r\n{DONE}")
    };
    let all_different: String = (0..5000).map(|at| format!("x{at}: y\r\n")).collect();
    for fields in [
        "x: y\r\n".repeat(127),
        "x: y\r\n".repeat(10_000),
        "a:\n".repeat(21_000),
        all_different,
    ] {
        assert_told(head_of(fields), "Done", "0.0");
    }
}

#[test]
fn a_line_of_a_head_may_be_folded() {
    let len = DONE.len();
    for head in [
        format!("{STREAM}content-length: {len}\r\nx: a\r\n b\r\n\tc\r\n"),
        format!(
            "content-type:\r\n text/event-stream;\r\n charset=utf-8\r\ncontent-length:\r\n\t{len}\r\n"
        ),
        format!("{STREAM}content-length: {len}\nx: a\n b\n"),
    ] {
        assert_told(
            format!("HTTP/1.1 200 OK\r\n{head}\r\n{DONE}"),
            "Done",
            "0.0",
        );
    }
    // The first line cannot be folded, because there is no line before it.
    let lost = "the connection was lost";
    assert_told(
        format!("HTTP/1.1 200 OK\r\n x: y\r\n\r\n{DONE}"),
        lost,
        "0.0",
    );
}

#[test]
fn invalid_or_too_long_lines_between_chunks_cut_the_reply() {
    let head = format!("HTTP/1.1 200 OK\r\n{STREAM}transfer-encoding: chunked\r\n\r\n");
    let cut = "the reply is incomplete: the connection was lost";
    for framing in [
        "1".repeat(5000),
        format!("1;{}\r\n", "x".repeat(100)),
        "x\r\n".into(),
        "5\r\nabcdefgh\r\n".into(),
        "\r\n".into(),
        format!("0\r\nx: {}", "x".repeat(5000)),
        format!("0\r\nx: {}\r\n\r\n", "x".repeat(5000)),
    ] {
        assert_told(format!("{head}{framing}"), cut, "0.0");
    }
    let events = format!("{:x};a=b\r\n{DONE}\r\n", DONE.len());
    for trailers in [
        "",
        "x: y\r\n",
        &format!("x: {}\r\n", "x".repeat(4000)).repeat(20),
    ] {
        assert_told(format!("{head}{events}0\r\n{trailers}\r\n"), "Done", "0.0");
    }
}

/// The end of the body is awaited for two seconds.
#[test]
fn a_reply_is_over_even_if_its_body_goes_on() {
    let mut world = World::new([says(format!("{HEAD}{DONE}{PING}{PING}"))]);
    world.send("a");
    world.run();
    assert!(
        world.log().ends_with("  0.0 Done\n  2.0 > close 0\n"),
        "{}",
        world.log()
    );
}

#[test]
fn a_reply_that_falls_silent_is_cut_and_its_pipe_closed() {
    let mut world = World::new([says(format!("{HEAD}{}", delta("a")))]);
    world.send("a");
    world.run();
    let log = world.log();
    assert!(log.ends_with("\n 60.0 > close 0\n"), "{log}");
    assert!(log.contains(" 60.0 failed: "), "{log}");
}

/// The service does not want the rest of the request, and the pipe cannot be kept.
#[test]
fn an_answer_before_the_end_of_the_request_counts() {
    let mut world = World::new([]);
    world.send("a");
    let now = world.now;
    let Output::Open(pipe) = world.embed.poll_output() else {
        panic!()
    };
    world.embed.handle_opened(pipe, now);
    assert_eq!(world.embed.bytes(pipe), b"", "not before it is announced");
    assert_eq!(world.embed.poll_output(), Output::Write(pipe));
    world.embed.handle_written(pipe, 10, now);
    let refusal = answer("413 Too Large", "", "");
    world.embed.handle_read(pipe, refusal.as_bytes(), now);
    assert_eq!(world.embed.poll_output(), Output::Update);
    let told = in_short(&world.embed.update().unwrap());
    assert!(told.contains("413"), "{told}");
    assert_eq!(world.embed.poll_output(), Output::Close(pipe));
    assert_eq!(world.embed.poll_output(), Output::Wait(None));
}

#[test]
fn time_spent_in_the_application_does_not_count_as_silence() {
    let mut world = World::new([says([HEAD, META].concat())]);
    world.send("a");
    world.pass(Duration::from_secs(1));
    world.now = world.now + Duration::from_secs(1000);
    world.embed.handle_return(world.now);
    world.embed.handle_timeout(world.now);
    world.drain();
    assert_eq!(world.updates(), ["meta"]);
    world.pass(Duration::from_secs(61));
    let cut = "failed: the reply is incomplete: no data came for too long";
    assert_eq!(world.updates(), ["meta", cut]);
}

#[test]
fn a_pipe_with_a_partly_written_request_is_not_kept() {
    let saved = Saved::new(ConversationId::new("c1").unwrap()).with_state(State::Human);
    let now = Instant::ORIGIN;
    let endpoint = endpoint("https://chat.example");
    let mut embed = Embed::resume(endpoint, seeded(), saved, now);
    let Output::Open(pipe) = embed.poll_output() else {
        panic!()
    };
    embed.handle_opened(pipe, now);
    assert_eq!(embed.poll_output(), Output::Write(pipe));
    embed.handle_written(pipe, 10, now);
    embed.handle_read(pipe, page("human", &[]).as_bytes(), now);
    assert_eq!(embed.poll_output(), Output::Close(pipe));
    assert!(matches!(embed.poll_output(), Output::Wait(Some(_))));
}

/// The service received no request, even if its bytes look like an answer.
#[test]
fn bytes_before_the_request_mean_that_nothing_was_sent() {
    for (is_open, words) in [
        (false, "220 smtp.example\r\n"),
        (true, "220 smtp.example\r\n"),
        (false, HEAD),
        (true, HEAD),
    ] {
        let mut world = World::new([]);
        world.send("a");
        let now = world.now;
        let Output::Open(pipe) = world.embed.poll_output() else {
            panic!()
        };
        if is_open {
            world.embed.handle_opened(pipe, now);
        }
        world.embed.handle_read(pipe, words.as_bytes(), now);
        assert_eq!(world.embed.poll_output(), Output::Update);
        let told = in_short(&world.embed.update().unwrap());
        assert_eq!(told, "Message delayed: NotSent");
        assert_eq!(world.embed.poll_output(), Output::Close(pipe));
    }
}
