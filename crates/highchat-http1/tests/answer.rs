//! One exchange without a conversation: answers that are cut in every way, framing, limits and
//! faults.

use core::fmt::Write as _;

use highchat_http1::{Answer, Part};
use highchat_proto::{ChatRequest, Credentials, Endpoint, Message, Request};

fn of_known_length(status: &str, headers: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {len}\r\n\r\n{body}")
}

fn chunked(headers: &str, body: &str, len: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n");
    let mut bytes = head.into_bytes();
    for chunk in body.as_bytes().chunks(len) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend([chunk, b"\r\n"].concat());
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

const BODY: &str = "event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn request(base_url: &str) -> Request {
    let endpoint = Endpoint::new(base_url, Credentials::slug("demo").unwrap()).unwrap();
    endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋").unwrap()))
}

fn answer() -> Answer {
    Answer::to(&request("https://chat.example")).1
}

/// The result of reading an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    status: u16,
    fields: String,
    body: Vec<u8>,
    /// Whether the pipe can be used again, if the answer ended by its own framing.
    over: Option<bool>,
    is_broken: bool,
    ends_with_its_pipe: bool,
    /// The number of bytes that were not read, because the answer was over or broken.
    left: usize,
}

/// Reads an answer in pieces of one length.
fn read(bytes: &[u8], len: usize) -> Seen {
    let (mut answer, mut seen) = (answer(), Seen::default());
    let mut at = 0;
    'pieces: for piece in bytes.chunks(len) {
        let mut input = piece;
        at += piece.len();
        loop {
            match answer.read(&mut input) {
                Ok(Some(Part::Head(head))) => {
                    seen.status = head.status();
                    for (name, value) in head.fields() {
                        writeln!(seen.fields, "{name}={}", value.escape_ascii()).unwrap();
                    }
                }
                Ok(Some(Part::Body(piece))) => {
                    assert!(!piece.is_empty());
                    seen.body.extend_from_slice(piece);
                }
                Ok(Some(Part::Over(is_reusable))) => {
                    seen.over = Some(is_reusable);
                    seen.left = bytes.len() - at + input.len();
                    break 'pieces;
                }
                Ok(None) => {
                    assert!(input.is_empty(), "more is needed, but not all was read");
                    break;
                }
                Err(_) => {
                    seen.is_broken = true;
                    assert!(
                        answer.read(&mut &b"x"[..]).is_err(),
                        "the fault is repeated"
                    );
                    break 'pieces;
                }
            }
        }
    }
    seen.ends_with_its_pipe = answer.ends_with_its_pipe();
    assert_eq!(answer.is_unanswered(), bytes.is_empty());
    seen
}

/// Reads an answer whole and in pieces, and asserts that the result is the same.
#[track_caller]
fn read_any(bytes: impl AsRef<[u8]>) -> Seen {
    let bytes = bytes.as_ref();
    let whole = read(bytes, bytes.len().max(1));
    for len in [1, 2, 3, 10, 1400] {
        assert_eq!(read(bytes, len), whole, "pieces of {len}");
    }
    whole
}

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let text = BODY.repeat(300);
    for (bytes, status, body, over) in [
        (
            of_known_length("200 OK", "", &text).into_bytes(),
            200,
            &*text,
            Some(true),
        ),
        (chunked("", &text, 77), 200, &text, Some(true)),
        (
            [hints.as_bytes(), &chunked("", BODY, 1)].concat(),
            200,
            BODY,
            Some(true),
        ),
        (
            format!("HTTP/1.0 200 OK\r\n\r\n{text}").into_bytes(),
            200,
            &text,
            None,
        ),
        (
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            204,
            "",
            Some(true),
        ),
        (
            b"HTTP/1.1 302 Found\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n".to_vec(),
            302,
            "",
            Some(true),
        ),
    ] {
        let seen = read_any(bytes);
        assert_eq!((seen.status, seen.over), (status, over));
        assert_eq!(seen.body, body.as_bytes());
        assert_eq!(seen.ends_with_its_pipe, over.is_none());
        assert_eq!((seen.left, seen.is_broken), (0, false));
    }
}

#[test]
fn the_fields_of_a_head_are_joined_trimmed_and_in_order() {
    let seen = read_any(
        "\r\n\nHTTP/1.1 200\r\nA: 1\r\nb:\t 2 \t\nA:\r\n \r\n\t3,\r\n  4 \r\nempty:\r\n\
         content-length:\r\n 0\r\n\r\nrest",
    );
    assert_eq!(seen.fields, "A=1\nb=2\nA=3, 4\nempty=\ncontent-length=0\n");
    assert_eq!((seen.over, seen.left), (Some(true), "rest".len()));
}

#[test]
fn an_incomplete_answer_is_never_over() {
    for whole in [
        chunked("", BODY, 7),
        of_known_length("200 OK", "", BODY).into(),
    ] {
        for len in 0..whole.len() {
            let seen = read(&whole[..len], 5);
            assert_eq!((seen.over, seen.is_broken), (None, false), "{len}");
            assert!(!seen.ends_with_its_pipe, "{len}");
            assert!(BODY.as_bytes().starts_with(&seen.body), "{len}");
        }
    }
}

#[test]
fn framing_follows_rfc_9112_section_6_3() {
    // Each with what follows the head: a body of `body`, no body, or a fault.
    for (head, expected) in [
        ("1.1 200 OK\r\ncontent-length: 2\r\n", "body of 2"),
        (
            "1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n",
            "body of 2",
        ),
        ("1.1 200 OK\r\ncontent-length: 2 , 2\r\n", "body of 2"),
        ("1.1 200 OK\r\ncontent-length: 2, 3\r\n", "fault"),
        (
            "1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n",
            "fault",
        ),
        ("1.1 200 OK\r\ncontent-length: +2\r\n", "fault"),
        ("1.1 200 OK\r\ncontent-length: 2,\r\n", "fault"),
        ("1.1 200 OK\r\ncontent-length:\r\n", "fault"),
        ("1.1 200 OK\r\ncontent-length: 0x2\r\n", "fault"),
        (
            "1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n",
            "fault",
        ),
        // Transfer-Encoding takes precedence over Content-Length.
        (
            "1.1 200 OK\r\ncontent-length: 7\r\ntransfer-encoding: Chunked\r\n",
            "chunks",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: identity, chunked\r\n",
            "chunks",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: identity\r\ncontent-length: 2\r\n",
            "body of 2",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: identity\r\n",
            "until closed",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: chunked, identity\r\n",
            "fault",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n",
            "fault",
        ),
        (
            "1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n",
            "fault",
        ),
        ("1.1 200 OK\r\ntransfer-encoding: chunked,\r\n", "fault"),
        ("1.1 200 OK\r\ntransfer-encoding:\r\n", "fault"),
        ("1.1 200 OK\r\ntransfer-encoding: gzip\r\n", "fault"),
        ("1.1 200 OK\r\ntransfer-encoding: xchunked\r\n", "fault"),
        (
            "1.0 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n",
            "fault",
        ),
        ("1.0 200 OK\r\ncontent-length: 2\r\n", "body of 2, closed"),
        (
            "1.0 200 OK\r\ncontent-length: 2\r\nconnection: x, Keep-Alive\r\n",
            "body of 2",
        ),
        (
            "1.1 200 OK\r\ncontent-length: 2\r\nconnection: x\r\nconnection: y,Close\r\n",
            "body of 2, closed",
        ),
        ("1.1 200 OK\r\n", "until closed"),
        ("1.1 204 No\r\ncontent-length: 2\r\n", "no body"),
        ("1.1 304 No\r\ntransfer-encoding: chunked\r\n", "no body"),
        ("1.1 304 No\r\n", "no body"),
        ("1.1 101 Other\r\ncontent-length: 2\r\n", "no body, closed"),
        ("1.1 204 No\r\ncontent-length: x\r\n", "fault"),
    ] {
        let bytes = format!("HTTP/{head}\r\n2\r\nab\r\n0\r\n\r\n");
        let seen = read_any(bytes);
        let what = match &*seen.body {
            _ if seen.is_broken => "fault",
            b"" => "no body",
            b"2\r" => "body of 2",
            b"ab" => "chunks",
            b"2\r\nab\r\n0\r\n\r\n" if seen.ends_with_its_pipe => "until closed",
            _ => panic!("{seen:?}"),
        };
        let closed = if seen.over == Some(false) {
            ", closed"
        } else {
            ""
        };
        assert_eq!(format!("{what}{closed}"), expected, "{head}");
    }
}

#[test]
fn an_answer_that_is_not_http_or_breaks_a_limit_is_broken() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(64 << 10));
    for bytes in [
        "SSH-2.0-x\r\n",
        "SSH-",
        "HTTP/1.2",
        "HTTP/2 200 OK\r\n",
        "\rHTTP/1.1 200 OK\r\n\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 99 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 200 OK\u{7f}\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n",
        "HTTP/1.1 200 OK\r\nx: y\r\n a\rb\r\n",
        "HTTP/1.1 200 OK\r\nx: y\r\n a\u{c}\r\n",
        "HTTP/1.1 200 OK\r\nx: y\u{0}\r\n",
        "HTTP/1.1 200 OK\r\nx : y\r\n",
        "HTTP/1.1 200 OK\r\n: y\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/3",
        &long,
    ] {
        let seen = read_any(bytes);
        assert!(seen.is_broken, "{bytes:?}");
        assert_eq!(seen.status, 0, "{bytes:?}");
    }
}

#[test]
fn what_came_before_a_fault_in_the_chunks_is_read() {
    let digits = "0".repeat(17) + "\r\n";
    for fault in [
        "zz\r\n",
        "\r\n",
        " 5\r\n",
        "+5\r\n",
        "-1\r\n",
        "5\n",
        "5;a\n",
        "5\rx\n",
        "5 5\r\n",
        &digits,
        "10000000000000000\r\n",
        &format!("5;{}\r\n", "x".repeat(19)),
        &"1".repeat(23),
        "2\r\n👋",
    ] {
        let bytes = format!("{CHUNKED}9\r\nԲարև\n\r\n{fault}");
        let seen = read_any(&bytes);
        assert_eq!((seen.is_broken, seen.over), (true, None), "{fault:?}");
        // The first two bytes of a longer chunk are whole.
        let len = if fault.starts_with("2\r\n") { 11 } else { 9 };
        assert_eq!(seen.body, "Բարև\n👋".as_bytes()[..len], "{fault:?}");
    }
    for end in ["\n", "\r", "\r\r\n", "\n\r\n", " \r\n", ""] {
        let seen = read_any(format!("{CHUNKED}8\r\nԲարև{end}0\r\n\r\n"));
        assert_eq!((seen.is_broken, seen.over), (true, None), "{end:?}");
        assert_eq!(seen.body, "Բարև".as_bytes(), "{end:?}");
    }
}

#[test]
fn a_head_limit_counts_interim_heads_and_no_byte_of_the_body() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n";
    let bytes = [interim, last, "Լավ"].concat();
    let limit = interim.len() + last.len();
    for (limit, is_read) in [(limit, true), (limit - 1, false)] {
        let mut answer = answer().with_head_limit(limit);
        let mut input = bytes.as_bytes();
        let first = answer.read(&mut input);
        assert_eq!(matches!(first, Ok(Some(Part::Head(_)))), is_read, "{limit}");
        assert_eq!(first.is_err(), !is_read, "{limit}");
        if is_read {
            let second = answer.read(&mut input);
            assert!(matches!(second, Ok(Some(Part::Body(body))) if body == "Լավ".as_bytes()));
        }
    }
}

#[test]
fn trailers_are_skipped_up_to_their_limits() {
    let trailer = format!("x: {}\r\n", "x".repeat(4000));
    for (trailers, is_broken) in [
        (trailer.repeat(16), false),
        (trailer.repeat(17), true),
        (format!("x: {}\r\n", "x".repeat(4091)), false),
        (format!("x: {}\r\n", "x".repeat(4092)), true),
    ] {
        let seen = read_any(format!("{CHUNKED}2\r\nok\r\n0\r\n{trailers}\r\n"));
        assert_eq!((seen.is_broken, &*seen.body), (is_broken, &b"ok"[..]));
    }
    // Only an empty line with CR LF ends the trailers.
    let seen = read_any(format!("{CHUNKED}0\r\nx: y\r\n\n\r\n"));
    assert_eq!((seen.is_broken, seen.over), (false, None));
}

#[test]
fn sizes_and_extensions_of_chunks_are_read_up_to_their_limits() {
    for size in [
        "5",
        "05",
        "0000000000000005",
        "5;0123456789abcdefgh",
        "5 ",
        "5;",
        "5 ;a=\"b\"",
    ] {
        let seen = read_any(format!(
            "{CHUNKED}{size}\r\nwhole\r\n0;a\r\nx: y\r\n\r\nrest"
        ));
        assert_eq!(
            (&*seen.body, seen.over),
            (&b"whole"[..], Some(true)),
            "{size}"
        );
        assert_eq!(seen.left, "rest".len(), "{size}");
    }
    // A size beyond what any service can send is only a chunk that never ends.
    let seen = read_any(format!("{CHUNKED}ffffffffffffffff\r\nwhole"));
    assert_eq!((&*seen.body, seen.over), (&b"whole"[..], None));
    assert!(!seen.is_broken);
}

#[test]
fn an_answer_that_restarts_begins_again_at_its_head() {
    let whole = of_known_length("200 OK", "", BODY);
    for begun in ["", "HTTP/1.1 50", "* OK\r\n", &whole] {
        let mut answer = answer();
        let mut input = begun.as_bytes();
        while let Ok(Some(Part::Head(_) | Part::Body(_))) = answer.read(&mut input) {}
        answer.restart();
        assert!(answer.is_unanswered(), "{begun}");
        let mut input = whole.as_bytes();
        let head = answer.read(&mut input);
        assert!(matches!(head, Ok(Some(Part::Head(head))) if head.status() == 200));
        let body = answer.read(&mut input);
        assert!(matches!(body, Ok(Some(Part::Body(piece))) if piece == BODY.as_bytes()));
    }
}

#[test]
fn a_proxy_that_reads_the_request_gets_the_whole_url_unless_the_service_has_tls() {
    for (base_url, target) in [
        (
            "http://localhost:81/prefix",
            "http://localhost:81/prefix/v1/chat?slug=demo",
        ),
        ("https://chat.example/prefix", "/prefix/v1/chat?slug=demo"),
    ] {
        let request = request(base_url);
        let (bytes, _) = Answer::to(&request);
        let (for_proxy, answer) = Answer::to_through_proxy(&request);
        assert!(answer.is_unanswered());
        let expected = String::from_utf8(bytes).unwrap();
        let expected = expected.replacen(request.target(), target, 1);
        assert_eq!(String::from_utf8(for_proxy).unwrap(), expected);
    }
}

#[test]
fn a_request_is_written_with_its_host_and_the_length_of_its_body() {
    for (base_url, host) in [
        ("https://chat.example/prefix", "chat.example"),
        ("https://chat.example:443", "chat.example"),
        ("https://chat.example:80", "chat.example:80"),
        ("http://localhost:80", "localhost"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://[::1]:80", "[::1]"),
    ] {
        let request = request(base_url);
        let (bytes, answer) = Answer::to(&request);
        assert!(answer.is_unanswered());
        let sent = String::from_utf8(bytes).unwrap();
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        let mut expected = format!("POST {} HTTP/1.1\r\nhost: {host}\r\n", request.target());
        for (name, value) in request.headers() {
            write!(expected, "{name}: {}\r\n", value.escape_ascii()).unwrap();
        }
        write!(expected, "content-length: {}", body.len()).unwrap();
        assert_eq!(head, expected);
        assert_eq!(body, "{\"message\":\"Բարև 👋\"}");
    }
}
