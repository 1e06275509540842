//! Heads of answers, made short for ureq: it takes no more than 128 fields and no folded line,
//! though 64 KiB is the only limit on a head.

use httparse::{EMPTY_HEADER, ParserConfig, Status};

/// What an answer is judged by, and what frames its body.
const KEPT: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "location",
    "retry-after",
    "transfer-encoding",
];

/// A head that was found, in other words.
pub(crate) struct Short {
    /// How long it was.
    pub(crate) len: usize,
    /// What ureq is to see instead.
    pub(crate) bytes: Vec<u8>,
    /// Another head follows.
    pub(crate) is_interim: bool,
}

/// How much of what came was looked at for the end of a head.
#[derive(Default)]
pub(crate) struct Search {
    looked_at: usize,
}

/// What the input begins with.
pub(crate) enum Found {
    Head(Short),
    /// A part of what may become a head.
    Part,
    /// ureq is to say what is wrong with it.
    NoHead,
}

impl Search {
    /// Looks at all the input so far, which is never shorter than it was.
    pub(crate) fn look(&mut self, input: &[u8]) -> Found {
        let is_first_look = self.looked_at == 0;
        // A line's end may come in pieces.
        let from = self.looked_at.saturating_sub(2);
        self.looked_at = input.len();
        // Most of what is no HTTP shows in its first bytes.
        if !is_first_look && !has_empty_line(&input[from..]) {
            return Found::Part;
        }
        match shorten(input) {
            Ok(Some(short)) => Found::Head(short),
            Ok(None) => Found::Part,
            Err(_) => Found::NoHead,
        }
    }
}

fn has_empty_line(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|two| two == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

fn shorten(input: &[u8]) -> Result<Option<Short>, httparse::Error> {
    let lines = input.iter().filter(|byte| **byte == b'\n');
    let mut fields = vec![EMPTY_HEADER; lines.count()];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response(&mut head, input)?;
    let (Status::Complete(len), Some(minor), Some(status)) = (parsed, head.version, head.code)
    else {
        return Ok(None);
    };
    let mut bytes = format!("HTTP/1.{minor} {status:03}\r\n").into_bytes();
    let is_interim = (100..200).contains(&status) && status != 101;
    // ureq takes no 100 with fields, HTTP does.
    if !is_interim {
        for name in KEPT {
            let fields = head.headers.iter();
            let mut values = fields
                .filter(|field| field.name.eq_ignore_ascii_case(name))
                .map(|field| unfolded(field.value));
            match name {
                // ureq is to see all that it may object to.
                "content-length" => values.for_each(|value| push(&mut bytes, name, &value)),
                "connection" | "content-encoding" | "transfer-encoding" => {
                    let values: Vec<_> = values.collect();
                    if !values.is_empty() {
                        push(&mut bytes, name, &values.join(&b", "[..]));
                    }
                }
                _ => {
                    if let Some(value) = values.next() {
                        push(&mut bytes, name, &value);
                    }
                }
            }
        }
    }
    bytes.extend(b"\r\n");
    Ok(Some(Short {
        len,
        bytes,
        is_interim,
    }))
}

fn push(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend(name.bytes().chain(*b": "));
    head.extend(value.iter().chain(b"\r\n"));
}

/// The value of a field that may go over several lines: a line's end, with the white space
/// around it, is a space (RFC 9112, section 5.2).
fn unfolded(value: &[u8]) -> Vec<u8> {
    let lines = value.split(|byte| *byte == b'\n');
    let lines: Vec<_> = lines.map(<[u8]>::trim_ascii).collect();
    lines.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(head: &str) -> String {
        let input = format!("{head}\r\n\r\nբարև");
        let Found::Head(short) = Search::default().look(input.as_bytes()) else {
            panic!("{head}");
        };
        assert_eq!(short.len, head.len() + 4);
        String::from_utf8(short.bytes).unwrap()
    }

    #[test]
    fn a_head_keeps_what_is_judged_and_what_frames_its_body() {
        let head = "HTTP/1.1 429 Շատ է\r\nServer: x\r\nRetry-After: 7\r\nretry-after: 8\r\n\
                    X-A:\r\nTransfer-Encoding: gzip\r\ntransfer-encoding:\r\n\tchunked\r\n\
                    content-length: 1\r\ncontent-length: 2\r\nconnection: close";
        assert_eq!(
            short(head),
            "HTTP/1.1 429\r\nconnection: close\r\ncontent-length: 1\r\ncontent-length: 2\r\n\
             retry-after: 7\r\ntransfer-encoding: gzip, chunked\r\n\r\n"
        );
        let interim = "HTTP/1.1 103 Early Hints\r\ncontent-length: 5";
        assert_eq!(short(interim), "HTTP/1.1 103\r\n\r\n");
        let folded = "HTTP/1.0 200 OK\nContent-Type:\n text/event-stream;\r\n \t charset=utf-8";
        assert_eq!(
            short(folded),
            "HTTP/1.0 200\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"
        );
    }

    #[test]
    fn a_head_is_found_however_it_is_cut() {
        let input = "HTTP/1.1 200 OK\r\nա-բ: x\r\n\r\n";
        assert!(matches!(
            Search::default().look(input.as_bytes()),
            Found::NoHead
        ));
        let input = b"\r\nHTTP/1.1 200 OK\r\ncontent-type: a/b\r\nx:\r\n y\r\n\r\nbody\r\n\r\n";
        let end = input.len() - b"body\r\n\r\n".len();
        for step in 1..=input.len() {
            let mut search = Search::default();
            let mut looked_at = 0;
            let found = loop {
                looked_at = (looked_at + step).min(input.len());
                match search.look(&input[..looked_at]) {
                    Found::Part => assert!(looked_at < end, "{step}"),
                    Found::Head(short) => break short,
                    Found::NoHead => panic!("{step}"),
                }
            };
            assert_eq!(found.len, end, "{step}");
            assert_eq!(found.bytes, b"HTTP/1.1 200\r\ncontent-type: a/b\r\n\r\n");
        }
    }

    #[test]
    fn what_is_no_http_is_seen_at_once() {
        for input in [
            "* OK IMAP4 ready\r\n",
            "HTTP/2",
            "SSH-2.0-x\r\n",
            "\0\0\u{6}",
        ] {
            let found = Search::default().look(input.as_bytes());
            assert!(matches!(found, Found::NoHead), "{input}");
        }
    }
}
