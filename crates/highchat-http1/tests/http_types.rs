//! Requests and heads of the crate `http`.

use highchat_http1::{Answer, Part};
use http::response::Parts;
use http::{Request, StatusCode, Version};

fn written(request: &Request<&'static str>) -> Option<String> {
    let (bytes, _) = Answer::to_http(request)?;
    Some(String::from_utf8(bytes).expect("texts"))
}

fn get(uri: &str) -> Request<&'static str> {
    Request::get(uri).body("").unwrap()
}

#[test]
fn a_request_of_any_method_is_written_with_its_host_and_length() {
    let post = Request::post("https://chat.example:443/v1/chat?slug=demo")
        .header("Accept", "text/event-stream")
        .header("content-length", "7")
        .body("Բարև 👋");
    let named = Request::delete("http://127.0.0.1:80/x").header("host", "chat.example");
    for (request, expected) in [
        (
            post.unwrap(),
            "POST /v1/chat?slug=demo HTTP/1.1\r\nhost: chat.example\r\naccept: text/event-stream\
             \r\ncontent-length: 13\r\n\r\nԲարև 👋",
        ),
        (
            get("http://chat.example:8080"),
            "GET / HTTP/1.1\r\nhost: chat.example:8080\r\n\r\n",
        ),
        (
            Request::head("http://[::1]:80/x").body("").unwrap(),
            "HEAD /x HTTP/1.1\r\nhost: [::1]\r\n\r\n",
        ),
        (
            Request::get("http://chat.example/x").body("{}").unwrap(),
            "GET /x HTTP/1.1\r\nhost: chat.example\r\ncontent-length: 2\r\n\r\n{}",
        ),
        (
            named.body("").unwrap(),
            "DELETE /x HTTP/1.1\r\nhost: chat.example\r\ncontent-length: 0\r\n\r\n",
        ),
    ] {
        assert_eq!(written(&request).as_deref(), Some(expected));
    }
}

#[test]
fn a_request_that_cannot_be_sent_is_refused() {
    let with = |name, value| Request::post("http://chat.example").header(name, value);
    for request in [
        get("/without-a-host"),
        get("http://user:password@chat.example/"),
        Request::connect("chat.example:443").body("").unwrap(),
        with("transfer-encoding", "chunked").body("").unwrap(),
        with("expect", "100-continue").body("").unwrap(),
        Request::get("http://chat.example/")
            .version(Version::HTTP_2)
            .body("")
            .unwrap(),
    ] {
        assert_eq!(written(&request), None, "{request:?}");
    }
}

/// The parts of an answer: its head, its body, and whether the pipe can be used again.
fn read(request: &Request<&'static str>, mut input: &[u8]) -> (Parts, Vec<u8>, bool) {
    let (_, mut answer) = Answer::to_http(request).unwrap();
    let Ok(Some(Part::Head(head))) = answer.read(&mut input) else {
        panic!("no head")
    };
    let mut body = Vec::new();
    loop {
        match answer.read(&mut input).unwrap() {
            Some(Part::Body(piece)) => body.extend_from_slice(piece),
            Some(Part::Over(is_reusable)) => return (head.into(), body, is_reusable),
            Some(Part::Head(_)) | None => panic!("no end"),
        }
    }
}

#[test]
fn a_head_becomes_parts_with_all_fields() {
    let bytes = "HTTP/1.0 404 No\r\nA: 1\r\nB: \u{e9}\r\na: 2\r\ncontent-length: 2\r\n\r\nok";
    let (parts, body, is_reusable) = read(&get("http://chat.example"), bytes.as_bytes());
    assert_eq!(parts.status, StatusCode::NOT_FOUND);
    assert_eq!(parts.version, Version::HTTP_10);
    let values: Vec<_> = parts.headers.get_all("a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(parts.headers["b"].as_bytes(), "\u{e9}".as_bytes());
    assert_eq!((&*body, is_reusable), (&b"ok"[..], false));
}

#[test]
fn as_many_fields_as_a_head_can_have_become_parts() {
    let of_length = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let room = (64 << 10) - of_length.len();
    let symbols = b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
    let names = symbols
        .iter()
        .flat_map(|a| symbols.iter().map(move |b| [*a, *b]));
    let names = names.flat_map(|[a, b]| symbols.iter().map(move |c| [a, b, *c]));
    // The shortest lines with names that all differ, and the shortest lines of all.
    let different: Vec<u8> = names
        .flat_map(|name| [&name[..], b":\n"].concat())
        .collect();
    for lines in [&different[..], &b"a:\n".repeat(room)] {
        let unit = if lines[1] == b':' { 3 } else { 5 };
        let lines = &lines[..room / unit * unit];
        let (begin, end) = of_length.split_at(of_length.len() - 2);
        let bytes = [begin.as_bytes(), lines, end.as_bytes()].concat();
        let (parts, ..) = read(&get("http://chat.example"), &bytes);
        assert_eq!(parts.headers.len(), room / unit + 1);
    }
}

#[test]
fn an_answer_to_head_has_no_body_and_a_close_of_the_request_counts() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
    let head = Request::head("http://chat.example").body("").unwrap();
    let (_, body, is_reusable) = read(&head, bytes);
    assert_eq!((body.len(), is_reusable), (0, true));
    let closing = Request::get("http://chat.example").header("connection", "x, Close");
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (.., is_reusable) = read(&closing.body("").unwrap(), bytes);
    assert!(!is_reusable);
}
