//! Random answers, valid and mutated, cut anywhere: hyper and ureq-proto read the same.
//!
//! Where this crate deliberately differs, `Difference` names it with the reason.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use bytes::Bytes;
use highchat_http1::{Answer, Part};
use highchat_proto::{ConversationId, Credentials, Endpoint, MessagesRequest};
use http_body_util::{BodyExt, Empty};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

/// How an answer was read. After the last byte the service closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Whole(Whole),
    /// The answer is invalid or incomplete.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Whole {
    status: u16,
    is_1_0: bool,
    /// Names in lower case, sorted; values of one name in their order.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// `None` if the reader does not report it.
    is_reusable: Option<bool>,
}

impl Whole {
    fn new(status: u16, is_1_0: bool) -> Self {
        Self {
            status,
            is_1_0,
            fields: Vec::new(),
            body: Vec::new(),
            is_reusable: None,
        }
    }

    fn with_fields<'a>(mut self, fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        // hyper keeps one space for a fold, and all white space inside a line.
        let joined = |value: &[u8]| {
            let words = value.split(u8::is_ascii_whitespace);
            let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
            words.join(&b' ')
        };
        self.fields = fields
            .map(|(name, value)| (name.to_ascii_lowercase(), joined(value)))
            .collect();
        self.fields.sort_by(|(name, _), (other, _)| name.cmp(other));
        self
    }

    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let name = name.to_owned();
        let fields = self.fields.iter();
        let fields = fields.filter(move |(other, _)| *other == name);
        fields.map(|(_, value)| &value[..])
    }
}

// ---- the three readers ----

fn ours(pieces: &[&[u8]]) -> Outcome {
    let credentials = Credentials::slug("demo").unwrap();
    let endpoint = Endpoint::new("https://chat.example", credentials).unwrap();
    let id = ConversationId::new("c").unwrap();
    let (_, mut answer) = Answer::to(&endpoint.messages(&MessagesRequest::new(id)));
    let mut whole = Whole::new(0, false);
    for piece in pieces {
        let mut input = *piece;
        loop {
            match answer.read(&mut input) {
                Ok(Some(Part::Head(head))) => {
                    let body = core::mem::take(&mut whole.body);
                    whole = Whole::new(head.status(), false).with_fields(head.fields());
                    whole.body = body;
                    whole.is_1_0 =
                        http::response::Parts::from(head).version == http::Version::HTTP_10;
                }
                Ok(Some(Part::Body(piece))) => whole.body.extend_from_slice(piece),
                Ok(Some(Part::Over(is_reusable))) => {
                    whole.is_reusable = Some(is_reusable);
                    return Outcome::Whole(whole);
                }
                Ok(None) => break,
                Err(_) => return Outcome::Failed,
            }
        }
    }
    if answer.ends_with_its_pipe() {
        whole.is_reusable = Some(false);
        return Outcome::Whole(whole);
    }
    Outcome::Failed
}

fn whole_of<T>(response: &http::Response<T>) -> Whole {
    let is_1_0 = response.version() == http::Version::HTTP_10;
    let fields = response.headers().iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
    Whole::new(response.status().as_u16(), is_1_0).with_fields(fields)
}

fn by_ureq(mut input: &[u8]) -> Option<Whole> {
    let request = http::Request::get("https://chat.example/")
        .body(())
        .unwrap();
    let mut call = Call::new(request).unwrap().proceed();
    call.write(&mut [0; 1024]).unwrap();
    let Ok(Some(SendRequestResult::RecvResponse(mut call))) = call.proceed() else {
        panic!("a GET has no body")
    };
    let response = loop {
        let (used, response) = Call::<RecvResponse>::try_response(&mut call, input, false).ok()?;
        input = &input[used..];
        match response {
            Some(response) => break response,
            None if used == 0 => return None,
            None => {}
        }
    };
    let mut whole = whole_of(&response);
    let is_reusable = match call.proceed()? {
        RecvResponseResult::RecvBody(mut call) => {
            let is_until_closed = call.body_mode() == ureq_proto::BodyMode::CloseDelimited;
            let mut room = [0; 4096];
            loop {
                let (used, len) = call.read(input, &mut room).ok()?;
                input = &input[used..];
                whole.body.extend_from_slice(&room[..len]);
                if used == 0 || input.is_empty() {
                    break;
                }
            }
            match call.can_proceed() {
                true => match call.proceed()? {
                    RecvBodyResult::Cleanup(call) => !call.must_close_connection(),
                    RecvBodyResult::Redirect(call) => !call.must_close_connection(),
                },
                false if is_until_closed => false,
                false => return None,
            }
        }
        RecvResponseResult::Redirect(call) => !call.must_close_connection(),
        RecvResponseResult::Cleanup(call) => !call.must_close_connection(),
    };
    whole.is_reusable = Some(is_reusable);
    Some(whole)
}

/// The connection of a service that answers when it was asked, and then closes.
struct Played {
    pieces: std::vec::IntoIter<Bytes>,
    was_asked: bool,
}

impl hyper::rt::Read for Played {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut room: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.was_asked {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(piece) = self.pieces.next() {
            room.put_slice(&piece);
        }
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Played {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.was_asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn by_hyper(pieces: &[&[u8]]) -> Option<Whole> {
    let pieces = pieces.iter().filter(|piece| !piece.is_empty());
    let pieces: Vec<_> = pieces.map(|piece| Bytes::copy_from_slice(piece)).collect();
    let played = Played {
        pieces: pieces.into_iter(),
        was_asked: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let handshake = hyper::client::conn::http1::Builder::new()
            .allow_obsolete_multiline_headers_in_responses(true)
            .handshake(played);
        let (mut sender, connection) = handshake.await.unwrap();
        let connection = tokio::spawn(connection);
        let request = http::Request::get("/").header("host", "chat.example");
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let answered = async {
            let response = sender.send_request(request).await.ok()?;
            let mut whole = whole_of(&response);
            whole.body = response.into_body().collect().await.ok()?.to_bytes().into();
            Some(whole)
        };
        let whole = answered.await;
        connection.abort();
        whole
    })
}

// ---- deliberate differences ----

/// Why this crate reports a fault for an answer that another reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    /// A transfer coding other than `chunked`, or after it. The request asked for none, so the
    /// body could not be decoded; hyper and ureq show the encoded bytes.
    TransferCoding,
    /// Invalid framing of an answer that has no body: it shows a broken service.
    FramingWithoutABody,
    /// An invalid `content-length` beside chunks, which hyper ignores.
    InvalidLength,
    /// A chunk's size in another form than digits, spaces and an extension, or with more than
    /// 16 digits or 20 bytes.
    SizeLine,
}

/// The reason why an answer that another reader accepts is a fault here.
fn stricter(bytes: &[u8], theirs: &Whole) -> Option<Difference> {
    let codings: Vec<_> = theirs
        .values("transfer-encoding")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let last = codings.len().saturating_sub(1);
    let is_known = |(at, coding): (usize, &&[u8])| {
        coding.eq_ignore_ascii_case(b"identity")
            || at == last && coding.eq_ignore_ascii_case(b"chunked")
    };
    let are_known = codings.iter().enumerate().all(is_known);
    let has_body = !matches!(theirs.status, 101 | 204 | 304);
    if !has_body {
        return Some(Difference::FramingWithoutABody);
    }
    if !are_known || theirs.is_1_0 && !codings.is_empty() {
        return Some(Difference::TransferCoding);
    }
    let lengths = theirs.values("content-length");
    let mut lengths = lengths.flat_map(|value| value.split(|byte| *byte == b','));
    let is_number = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    if !codings.is_empty() && !lengths.all(|value| is_number(value.trim_ascii())) {
        return Some(Difference::InvalidLength);
    }
    let chunked = Chunked::new(naive_body(bytes));
    chunked.has_odd_size_line.then_some(Difference::SizeLine)
}

/// A naive reading of a chunked body that is whole in memory.
struct Chunked<'a> {
    has_odd_size_line: bool,
    /// What follows the last chunk.
    trailers: &'a [u8],
}

impl<'a> Chunked<'a> {
    fn new(mut body: &'a [u8]) -> Self {
        let mut chunked = Self {
            has_odd_size_line: false,
            trailers: &[],
        };
        while let Some(len) = body.windows(2).position(|window| window == b"\r\n") {
            let line = &body[..len];
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
            let (digits, after) = line.split_at(digits.count());
            let after = after.trim_ascii_start();
            let is_strict = (1..=16).contains(&digits.len())
                && len <= 20
                && (after.is_empty() || after.starts_with(b";"))
                && !line.contains(&b'\n')
                && !line.contains(&b'\r');
            if !is_strict {
                chunked.has_odd_size_line = true;
                break;
            }
            let digits = core::str::from_utf8(digits).unwrap();
            let size = usize::from_str_radix(digits, 16).unwrap();
            let Some(after) = body.get(len + 2..) else {
                break;
            };
            if size == 0 {
                chunked.trailers = after;
                break;
            }
            match after.get(size.saturating_add(2)..) {
                Some(after) => body = after,
                None => break,
            }
        }
        chunked
    }
}

/// What follows the last head.
fn naive_body(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    loop {
        let end = (0..rest.len()).find_map(|at| match &rest[at..] {
            [b'\n', b'\r', b'\n', ..] => Some((at, at + 3)),
            [b'\n', b'\n', ..] => Some((at, at + 2)),
            _ => None,
        });
        let Some((head, body)) = end else {
            return &[];
        };
        let head = rest[..head].trim_ascii_start();
        rest = &rest[body..];
        let is_interim = head.get(9) == Some(&b'1') && head.get(9..12) != Some(b"101");
        if !head.is_empty() && !is_interim {
            return rest;
        }
    }
}

/// Whether ureq-proto may reject a head that is valid: it has a folded line, or is an interim
/// head with fields.
fn ureq_is_stricter(bytes: &[u8]) -> bool {
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    has(b"\n ") || has(b"\n\t") || has(b"HTTP/1.1 1") || has(b"HTTP/1.0 1")
}

/// Whether hyper may reject trailers: it parses them as fields. Here they are skipped.
fn hyper_is_stricter(bytes: &[u8]) -> bool {
    let trailers = Chunked::new(naive_body(bytes)).trailers;
    !trailers.is_empty() && !trailers.starts_with(b"\r\n")
}

// ---- random answers ----

fn field() -> impl Strategy<Value = &'static str> {
    select(vec![
        "content-type: text/event-stream\r\n",
        "Connection: close\r\n",
        "connection: keep-alive\r\n",
        "connection: upgrade, Keep-Alive\r\n",
        "x: a\r\n b\r\n\t c\r\n",
        "x:\r\n y\r\n",
        "x:  \t y \t\n",
        "retry-after:7\r\n",
        "empty:\r\n",
        "latin: \u{e9}\r\n",
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    ])
}

fn framing() -> impl Strategy<Value = &'static str> {
    select(vec![
        "transfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\n",
        "Transfer-Encoding:\r\n Chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: gzip\r\n",
        "content-length: 10\r\n",
        "content-length: 10\r\n",
        "content-length: 10, 10\r\n",
        "content-length: 10\r\ncontent-length: 11\r\n",
        "content-length: 1x\r\n",
        "content-length: 0\r\n",
        "",
    ])
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let text = select(vec!["Բարև", "👋", "data: {}\n\n", "a", "\r\n", "0\r\n\r\n"]);
    let extension = select(vec!["", "", "", ";a", ";a=\"b\"", " ", " ;a"]);
    let zeros = select(vec!["", "", "0", "000"]);
    let chunk = (text, extension, zeros).prop_map(|(text, extension, zeros)| {
        let size = text.len();
        format!("{zeros}{size:X}{extension}\r\n{text}\r\n").into_bytes()
    });
    let end = select(vec![
        "0\r\n\r\n",
        "0\r\n\r\n",
        "0;a\r\n\r\n",
        "00\r\nx: y\r\nz: Բ\r\n\r\n",
        "0\r\n",
        "",
    ]);
    let chunks = (vec(chunk, 0..5), end)
        .prop_map(|(chunks, end)| [&chunks.concat(), end.as_bytes()].concat());
    prop_oneof![3 => chunks, 1 => vec(any::<u8>(), 8..14)]
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let early = select(vec![
        "",
        "",
        "",
        "\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
    ]);
    let version = select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
    let status = select(vec![
        "200 OK",
        "200 OK",
        "200",
        "429 Slow",
        "302 Found",
        "204 No",
        "304 No",
        "101 Other",
        "599 ",
    ]);
    let end = select(vec!["\r\n", "\r\n", "\n"]);
    let fields = || vec(field(), 0..3);
    (
        early,
        version,
        status,
        fields(),
        framing(),
        fields(),
        end,
        body(),
    )
        .prop_map(
            |(early, version, status, before, framing, after, end, body)| {
                let head = [early, version, " ", status, "\r\n"].concat();
                let fields = [&before.concat(), framing, &after.concat(), end].concat();
                [head.as_bytes(), fields.as_bytes(), &body].concat()
            },
        )
}

/// A change of some bytes: removed, inserted, or replaced.
fn mutation() -> impl Strategy<Value = (Index, u8, u8)> {
    let byte = select(b"\r\n \t:;,01aF+-x\x00\x7f\xff".to_vec());
    (any::<Index>(), 0..3_u8, byte)
}

fn mutate(mut bytes: Vec<u8>, mutations: &[(Index, u8, u8)]) -> Vec<u8> {
    for (at, kind, byte) in mutations {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match kind {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, *byte),
            _ => bytes[at] = *byte,
        }
    }
    bytes
}

fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places.iter().map(|at| at.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &bytes[pair[0]..pair[1]])
        .collect()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hyper_and_ureq_proto_read_the_same_or_the_difference_has_a_name(
        answer in answer(),
        mutations in vec(mutation(), 0..4),
        places in vec(any::<Index>(), 0..6),
    ) {
        let bytes = mutate(answer, &mutations);
        let pieces = cut(&bytes, &places);
        let ours_whole = ours(&[&bytes]);
        prop_assert_eq!(&ours(&pieces), &ours_whole);
        let single: Vec<_> = bytes.chunks(1).collect();
        prop_assert_eq!(&ours(&single), &ours_whole);
        let readers = [
            ("hyper", by_hyper(&pieces), hyper_is_stricter(&bytes)),
            ("ureq-proto", by_ureq(&bytes), ureq_is_stricter(&bytes)),
        ];
        for (name, theirs, may_be_stricter) in readers {
            match (&ours_whole, theirs) {
                (Outcome::Whole(ours), Some(mut theirs)) => {
                    // ureq ignores a value that is not ASCII, and hyper does not report it.
                    let is_ascii = theirs.values("connection").all(<[u8]>::is_ascii);
                    theirs.is_reusable = theirs.is_reusable.filter(|_| is_ascii);
                    theirs.is_reusable = theirs.is_reusable.or(ours.is_reusable);
                    prop_assert_eq!(ours, &theirs, "{}: {}", name, bytes.escape_ascii());
                }
                (Outcome::Failed, Some(theirs)) => {
                    let reason = stricter(&bytes, &theirs);
                    prop_assert!(reason.is_some(), "{} accepts {}", name, bytes.escape_ascii());
                }
                (Outcome::Whole(_), None) => {
                    prop_assert!(may_be_stricter, "{} rejects {}", name, bytes.escape_ascii());
                }
                (Outcome::Failed, None) => {}
            }
        }
    }
}
