//! A naive reader of answers: it has all bytes at once, and reads them line by line, straight
//! from RFC 9112.

/// How an answer goes on after its last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// More bytes are needed.
    Incomplete,
    /// The body ends when the service closes the connection.
    UntilClosed,
    /// It is over. Whether the connection can be used again.
    Over(bool),
    Broken,
}

/// A read answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: Option<u16>,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// The number of bytes after the end.
    pub(crate) left: usize,
}

/// Reads an answer that is shorter than every limit of a head and of trailers.
pub(crate) fn read(bytes: &[u8]) -> Seen {
    let mut seen = Seen {
        status: None,
        fields: Vec::new(),
        body: Vec::new(),
        end: End::Incomplete,
        left: 0,
    };
    let mut rest = bytes;
    let is_1_0 = match head(&mut rest, &mut seen) {
        Ok(Some(is_1_0)) => is_1_0,
        Ok(None) => return seen,
        Err(()) => {
            seen.end = End::Broken;
            return seen;
        }
    };
    let Ok(framing) = framing(&seen, is_1_0) else {
        // The head is not shown, because nobody knows where its body ends.
        (seen.status, seen.fields) = (None, Vec::new());
        seen.end = End::Broken;
        return seen;
    };
    let has = |option: &str| {
        elements(&seen.fields, "connection").any(|it| it.eq_ignore_ascii_case(option.as_bytes()))
    };
    let is_kept = seen.status != Some(101) && !has("close") && (!is_1_0 || has("keep-alive"));
    match framing {
        Framing::Nothing => seen.end = End::Over(is_kept),
        Framing::Length(len) => {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let is_whole = rest.len() >= len;
            let (body, after) = rest.split_at(len.min(rest.len()));
            (seen.body, rest) = (body.to_vec(), after);
            if is_whole {
                seen.end = End::Over(is_kept);
            }
        }
        Framing::UntilClosed => {
            (seen.body, rest) = (rest.to_vec(), &[]);
            seen.end = End::UntilClosed;
        }
        Framing::Chunked => {
            seen.end = match chunks(&mut rest, &mut seen.body) {
                Ok(true) => End::Over(is_kept),
                Ok(false) => End::Incomplete,
                Err(()) => End::Broken,
            };
        }
    }
    if let End::Over(_) = seen.end {
        seen.left = rest.len();
    }
    seen
}

enum Framing {
    Nothing,
    Length(u64),
    Chunked,
    UntilClosed,
}

/// Removes a line with its LF. Returns `None` if it is incomplete.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end + 1);
    *rest = after;
    let line = &line[..end];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether the version is HTTP/1.0, or `None` if the head is incomplete.
fn head(rest: &mut &[u8], seen: &mut Seen) -> Result<Option<bool>, ()> {
    loop {
        let Some(status_line) = line(rest) else {
            let start = &rest[..rest.len().min(8)];
            let is_possible = [&b"HTTP/1.0"[..], b"HTTP/1.1", b"\r"];
            let is_possible = is_possible.iter().any(|it| it.starts_with(start));
            return if is_possible { Ok(None) } else { Err(()) };
        };
        if status_line.is_empty() {
            continue;
        }
        let version = status_line.strip_prefix(b"HTTP/1.").ok_or(())?;
        let (status, is_1_0) = match version {
            [minor @ b'0'..=b'1', b' ', status @ ..] => (status, *minor == b'0'),
            _ => return Err(()),
        };
        let (code, reason) = status.split_at_checked(3).ok_or(())?;
        if !code.iter().all(u8::is_ascii_digit) || code[0] == b'0' {
            return Err(());
        }
        if !(reason.is_empty() || reason[0] == b' ') || !reason.iter().all(is_text) {
            return Err(());
        }
        let code = core::str::from_utf8(code).expect("digits");
        let code: u16 = code.parse().expect("three digits");
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        loop {
            let Some(line) = line(rest) else {
                return Ok(None);
            };
            if line.is_empty() {
                break;
            }
            if !line.iter().all(is_text) {
                return Err(());
            }
            if let [b' ' | b'\t', ..] = line {
                let (_, value) = fields.last_mut().ok_or(())?;
                let text = line.trim_ascii();
                if !value.is_empty() && !text.is_empty() {
                    value.push(b' ');
                }
                value.extend(text);
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or(())?;
            let (name, value) = line.split_at(colon);
            let is_token =
                |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            if name.is_empty() || !name.iter().all(is_token) {
                return Err(());
            }
            let name = core::str::from_utf8(name).expect("ASCII").to_owned();
            fields.push((name, value[1..].trim_ascii().to_vec()));
        }
        if !(100..200).contains(&code) || code == 101 {
            (seen.status, seen.fields) = (Some(code), fields);
            return Ok(Some(is_1_0));
        }
    }
}

/// Whether a byte may be in a reason or a value.
fn is_text(byte: &u8) -> bool {
    *byte == b'\t' || !byte.is_ascii_control()
}

fn elements<'a>(fields: &'a [(String, Vec<u8>)], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let fields = fields
        .iter()
        .filter(move |(other, _)| other.eq_ignore_ascii_case(name));
    let elements = fields.flat_map(|(_, value)| value.split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii)
}

fn framing(seen: &Seen, is_1_0: bool) -> Result<Framing, ()> {
    let codings = elements(&seen.fields, "transfer-encoding");
    let codings: Vec<_> = codings.map(<[u8]>::to_ascii_lowercase).collect();
    let (is_chunked, others) = match codings.split_last() {
        Some((last, others)) if last == b"chunked" => (true, others),
        _ => (false, &codings[..]),
    };
    if others.iter().any(|coding| coding != b"identity") || is_1_0 && !codings.is_empty() {
        return Err(());
    }
    let mut length = None;
    for element in elements(&seen.fields, "content-length") {
        let mut number = 0_u64;
        for byte in element {
            let digit = char::from(*byte).to_digit(10).ok_or(())?;
            let number_before = number.checked_mul(10).ok_or(())?;
            number = number_before.checked_add(digit.into()).ok_or(())?;
        }
        if element.is_empty() || length.is_some_and(|other| other != number) {
            return Err(());
        }
        length = Some(number);
    }
    Ok(match (seen.status, length) {
        (Some(101 | 204 | 304), _) => Framing::Nothing,
        _ if is_chunked => Framing::Chunked,
        (_, Some(length)) => Framing::Length(length),
        (_, None) => Framing::UntilClosed,
    })
}

/// Reads chunks and trailers. Returns whether they are whole.
fn chunks(rest: &mut &[u8], body: &mut Vec<u8>) -> Result<bool, ()> {
    loop {
        // A longer line breaks the limit, wherever it ends.
        let Some(end) = rest.iter().take(22).position(|byte| *byte == b'\n') else {
            return if rest.len() > 22 { Err(()) } else { Ok(false) };
        };
        let (line, after) = rest.split_at(end + 1);
        *rest = after;
        let line = line.strip_suffix(b"\r\n").ok_or(())?;
        let digits = line
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let (digits, extension) = line.split_at(digits);
        let spaces = extension
            .iter()
            .take_while(|byte| b" \t".contains(byte))
            .count();
        let extension = &extension[spaces..];
        if !(1..=16).contains(&digits.len())
            || !(extension.is_empty() || extension[0] == b';')
            || extension.contains(&b'\r')
        {
            return Err(());
        }
        let digits = core::str::from_utf8(digits).expect("digits");
        let size = u64::from_str_radix(digits, 16).expect("at most 16 digits");
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let (data, after) = rest.split_at(size.min(rest.len()));
        body.extend(data);
        *rest = after;
        if data.len() < size || after.is_empty() || after == b"\r" {
            return Ok(false);
        }
        *rest = after.strip_prefix(b"\r\n").ok_or(())?;
    }
    // Trailers: lines that end with CR LF, until an empty one.
    while let Some(at) = rest.iter().position(|byte| *byte == b'\r') {
        match rest.get(at + 1) {
            Some(b'\n') => {}
            Some(_) => return Err(()),
            None => return Ok(false),
        }
        *rest = &rest[at + 2..];
        if at == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
