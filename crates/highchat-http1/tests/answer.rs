//! One exchange without a conversation: the bytes that are written, and an answer that is cut
//! in every way.

use bytes::Bytes;
use highchat_http1::{Answer, Broken, Part};
use http::Request;

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

const BODY: &str = "event: delta\ndata: {\"text\":\"Բարև\"}\n\n";

fn get() -> Answer {
    let request = Request::get("http://chat.example/x").body(Bytes::new());
    Answer::to(request.unwrap()).unwrap().1
}

/// Reads an answer in pieces of one length. Returns the status, the body, and whether the
/// answer ended by its own framing.
fn read(bytes: &[u8], len: usize) -> Result<(u16, Vec<u8>, bool), Broken> {
    let (mut answer, mut piece) = (get(), [0; Answer::PIECE]);
    let (mut status, mut body) = (0, Vec::new());
    for mut input in bytes.chunks(len) {
        while let Some(part) = answer.read(&mut input, &mut piece)? {
            match part {
                Part::Head(head) => status = head.status.as_u16(),
                Part::Body(len) => body.extend_from_slice(&piece[..len]),
                Part::Over(_) => return Ok((status, body, true)),
            }
        }
        assert!(input.is_empty(), "what more is needed for is not left");
    }
    let ends = answer.ends_with_its_pipe();
    assert_eq!(ends, bytes.starts_with(b"HTTP/1.0") && status == 200);
    Ok((status, body, false))
}

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let body = BODY.repeat(300).into_bytes();
    let text = BODY.repeat(300);
    for (bytes, expected) in [
        (
            of_known_length("200 OK", "", &text).into_bytes(),
            (200, body.clone(), true),
        ),
        (chunked("", &text, 77), (200, body.clone(), true)),
        (
            [hints.as_bytes(), &chunked("", BODY, 1)].concat(),
            (200, BODY.into(), true),
        ),
        (
            format!("HTTP/1.0 200 OK\r\n\r\n{text}").into_bytes(),
            (200, body, false),
        ),
        (
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            (204, Vec::new(), true),
        ),
        (
            b"HTTP/1.1 302 Found\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n".to_vec(),
            (302, Vec::new(), true),
        ),
    ] {
        for len in [1, 2, 3, 10, 1400, bytes.len()] {
            assert_eq!(read(&bytes, len), Ok(expected.clone()), "pieces of {len}");
        }
    }
}

#[test]
fn an_incomplete_answer_is_never_over() {
    let whole = chunked("", BODY, 7);
    for len in 0..whole.len() {
        let (_, body, is_over) = read(&whole[..len], 5).unwrap();
        assert!(!is_over, "{len}");
        assert!(BODY.as_bytes().starts_with(&body), "{len}");
    }
}

#[test]
fn an_answer_that_is_not_http_or_breaks_a_limit_is_broken() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(64 << 10));
    for bytes in [
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        &long,
    ] {
        for len in [1, 9, bytes.len()] {
            assert!(read(bytes.as_bytes(), len).is_err(), "pieces of {len}");
        }
    }
}

#[test]
fn whole_chunks_before_a_broken_one_are_read() {
    let bytes = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\nzz\r\n";
    for len in [1, 4, bytes.len()] {
        let (mut answer, mut piece, mut body) = (get(), [0; Answer::PIECE], Vec::new());
        let is_broken = bytes.as_bytes().chunks(len).any(|mut input| {
            loop {
                match answer.read(&mut input, &mut piece) {
                    Ok(Some(Part::Body(len))) => body.extend_from_slice(&piece[..len]),
                    Ok(Some(Part::Head(_))) => {}
                    Ok(_) => break false,
                    Err(_) => break true,
                }
            }
        });
        assert!(is_broken, "pieces of {len}");
        assert_eq!(body, b"whole", "pieces of {len}");
    }
}

#[test]
fn a_request_is_written_with_the_length_of_its_body() {
    let request = Request::post("https://chat.example/v1/chat?slug=demo")
        .header("accept", "text/event-stream")
        .body(Bytes::from_static(b"{}"));

    let (bytes, _) = Answer::to(request.unwrap()).unwrap();

    let sent = String::from_utf8(bytes).unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    lines[1..].sort_unstable();
    let expected = [
        "POST /v1/chat?slug=demo HTTP/1.1",
        "accept: text/event-stream",
        "content-length: 2",
        "host: chat.example",
    ];
    assert_eq!(lines, expected);
    assert_eq!(body, "{}");
}
