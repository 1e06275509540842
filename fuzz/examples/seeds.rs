//! Writes the numbered seeds of each target to `seeds/`: `cargo run --example seeds`.
//!
//! Seeds with other names were found by fuzzing, and stay.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use highchat_testing::oracles::sse::cases;

/// A folder of numbered seeds.
struct Seeds {
    folder: PathBuf,
    count: usize,
}

impl Seeds {
    fn of(target: &str) -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(target);
        fs::create_dir_all(&folder)?;
        for seed in fs::read_dir(&folder)? {
            let seed = seed?;
            let name = seed.file_name();
            if name
                .to_str()
                .is_some_and(|name| name.parse::<u16>().is_ok())
            {
                fs::remove_file(seed.path())?;
            }
        }
        Ok(Self { folder, count: 0 })
    }

    fn add(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let name = format!("{:02}", self.count);
        self.count += 1;
        fs::write(self.folder.join(name), parts.concat())
    }
}

/// The places of cuts in the form of an input.
fn cuts(places: &[u16]) -> Vec<u8> {
    let mut cuts: Vec<u8> = places
        .iter()
        .flat_map(|place| [&[1][..], &place.to_le_bytes()].concat())
        .collect();
    cuts.push(0);
    cuts
}

fn main() -> io::Result<()> {
    streams()?;
    events()?;
    pages()?;
    waits()?;
    scripts()?;
    texts()?;
    answers()?;
    pipes()
}

/// Streams of the conformance table. Most cases are only a line long, so three cases share a seed.
fn streams() -> io::Result<()> {
    let (mut decode, mut limits) = (Seeds::of("decode")?, Seeds::of("limits")?);
    let streams: Vec<_> = cases::all().into_iter().map(|case| case.input).collect();
    for (index, streams) in streams.chunks(3).enumerate() {
        let stream = streams.concat();
        let len = u16::try_from(stream.len()).expect("short streams");
        let (cut, second) = (cuts(&[len / 3, len / 2]), (len / 4).to_le_bytes());
        decode.add(&[&cut, &[64], &second, &stream])?;
        // A limit that only some of the streams exceed.
        let limit = [u8::try_from(index % 24).expect("below 24")];
        limits.add(&[&limit, &cut, &second, &stream])?;
    }
    // A stream that is longer than the decoder's first storage.
    let long = [
        b"id: 7\ndata: ",
        &b"0123456789abcdef".repeat(300)[..],
        b"\r\n\r\ndata: x\n\n",
    ];
    decode.add(&[&cuts(&[4000, 4096]), &[255], &[0, 0], &long.concat()])
}

fn events() -> io::Result<()> {
    let mut seeds = Seeds::of("event")?;
    let data: [(u8, &[&str]); 7] = [
        (
            0,
            &[
                r#"{"text":"Բարև"}"#,
                r#"{"text":"a\u0562\n\"\\\/\b\f\r\t"}"#,
                r#"{"text":"\ud83d\ude00"}"#,
                r#"{"text":"\ude00 a \ud83d"}"#,
                r#"{"text":"\ud83d\ud83d\ude00\u0041"}"#,
                "{\"text\"\n:\t\"a\nb\" }",
                r#"{"n":[1,{"text":2}],"text":"a","x":null,"text2":-1.5e+3}"#,
                r#"{"text":"a","text":"b"}"#,
                r#"{"te\u0078t":"a"}"#,
                r#"{"text":1}"#,
                r#"{"text":"a"} x"#,
                r#"{"text":"a""#,
                r#"["a"]"#,
                r#"{"text":"a","x":1e999,"y":"\ud83d"}"#,
                r#"{"text":"a","\ud83d":1}"#,
                "",
            ],
        ),
        (
            1,
            &[
                r#"{"message_id":"m","state":"bot","ts":"2026-06-14T10:00:00.000Z"}"#,
                r#"{"message_id":"m","state":"pending_human","ts":1781431200}"#,
                r#"{"message_id":"m","state":"asleep","ts":1781431200000.25}"#,
                r#"{"ts":{"a":[true,false,null,1e300]},"state":"closed","message_id":""}"#,
                r#"{"message_id":"m","state":"bot"}"#,
                r#"{"message_id":null,"state":7,"ts":{}}"#,
                r#"{"message_id":1e999,"state":null}"#,
                r#"{"message_id":"m","state":"bot","ts":-9007199254740993}"#,
                r#"{"message_id":"m","state":"bot","ts":1e999}"#,
                r#"{"message_id":"m","state":"bot","ts":"\ud83d"}"#,
                &format!(
                    r#"{{"message_id":"m","state":"bot","ts":{}{}}}"#,
                    "[".repeat(127),
                    "]".repeat(127)
                ),
            ],
        ),
        (
            2,
            &[
                r#"{"conversation_id":"c1"}"#,
                r#"{"conversation_id":""}"#,
                r#"{"conversation_id":null}"#,
                r#"{"conversation_id":".."}"#,
                r#"{"conversation_id":[1,{"a":"\ud83d"}]}"#,
                "{}",
            ],
        ),
        (
            3,
            &[
                r#"{"message":"Մարդը կպատասխանի","ts":"2026-06-14T14:00:00+04:00"}"#,
                r#"{"message":"m","ts":"soon"}"#,
                r#"{"message":null}"#,
                r#"{"message":"m","ts":{"\ud83d":[-1e999,"\ude00"]}}"#,
                "{\"message\":\"m\",\"ts\":\"a\tb\"}",
            ],
        ),
        (
            4,
            &[r#"{"message":"Սխալ"}"#, r#"{"message":["Սխալ"]}"#, "{}"],
        ),
        (5, &["{}", "not json"]),
        (6, &["not json", r#"{"a":[[[{}]]]}"#]),
    ];
    for (name, data) in data {
        for data in data {
            seeds.add(&[&[name], data.as_bytes()])?;
        }
    }
    seeds.add(&[&[0], b"{\"text\":\"a\xFF\xE2\x82b\xED\xA0\xBD\"}"])
}

fn pages() -> io::Result<()> {
    let mut seeds = Seeds::of("page")?;
    let message = r#"{"id":"m1","role":"assistant","content":"Բարև","created_at":"2026-06-14T10:00:00.000Z"}"#;
    let bodies = [
        format!(r#"{{"state":"human","messages":[{message}],"ts":"2026-06-14T10:00:05.000Z"}}"#),
        format!(r#"{{"state":"closed","messages":[{message},{message}],"ts":null}}"#),
        r#"{"state":"bot","messages":null}"#.to_owned(),
        r#"{"state":"asleep"}"#.to_owned(),
        r#"{"error":{"code":"rate_limited","message":"Չափից շատ"}}"#.to_owned(),
        r#"{"error":"no"}"#.to_owned(),
        r#"{"state":"bot","error":"no"}"#.to_owned(),
        format!(r#"{{"state":null,"messages":[null,{message},[],{{"id":""}}],"ts":1e999}}"#),
        message.replace(r#""m1""#, "null"),
        format!(
            r#"{{"messages":[{}]}}"#,
            message.replace("assistant", "\\ud83d")
        ),
        r#"{"state":["bot"],"messages":{"a":1}}"#.to_owned(),
        "<html>".to_owned(),
    ];
    // The numbers of the status, the content type and the encoding.
    for (status, kind, encoding) in [(0, 0, 0), (10, 0, 0), (8, 0, 1), (0, 1, 2)] {
        for body in &bodies {
            let head = [status, kind, encoding];
            seeds.add(&[&head, &[0, 0], &cuts(&[20]), body.as_bytes()])?;
        }
    }
    let broken = bodies[0].as_bytes().iter().map(|byte| match byte {
        0x80..0xC0 => b'x',
        byte => *byte,
    });
    let broken: Vec<_> = broken.collect();
    seeds.add(&[&[0, 0, 0], &[0, 0], &cuts(&[20]), &broken])?;
    seeds.add(&[
        &[0, 0, 0],
        &[1, 80, 0],
        &[1],
        &cuts(&[20]),
        bodies[0].as_bytes(),
    ])
}

fn waits() -> io::Result<()> {
    let mut seeds = Seeds::of("retry_after")?;
    // Four bytes choose a variant of an enum, as a fraction of 2^32. Zeros choose `Raw`.
    for raw in [
        "120",
        "99999999999999999999",
        "",
        "Sun, 06 Nov 1994 08:49:37 GMT\nSun, 06 Nov 1994 08:49:07 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT\nSun, 06 Nov 1994 08:49:07 GMT",
        "Sun Nov  6 08:49:37 1994\nSun Nov  6 08:49:38 1994",
        "Thu, 29 Feb 2024 23:59:60 GMT\nWed, 31 Dec 1969 23:59:59 GMT",
        "soon\nnow",
    ] {
        seeds.add(&[&[0; 8], raw.as_bytes()])?;
    }
    for (form, date) in [(2_u32, 3), (3, 4), (4, 5), (5, 2), (1, 3), (2, 1)] {
        let chosen = |form: u32| [&form_choice(form)[..], &784_111_777_u64.to_le_bytes()].concat();
        seeds.add(&[&chosen(form), &chosen(date)])?;
    }
    Ok(())
}

/// The bytes that choose one of the six forms in the code that `arbitrary` derives.
fn form_choice(form: u32) -> [u8; 4] {
    (((u64::from(form) << 32) / 6 + 1) as u32).to_le_bytes()
}

/// Scripts. A script is a list of choices, and any bytes are a valid script: see `src/script.rs`.
fn scripts() -> io::Result<()> {
    let mut seeds = Seeds::of("conversation")?;
    const SEND: u8 = 0;
    const CHAT: u8 = 6;
    const DUE: [u8; 2] = [14, 0];
    // The parts of the scripts after the configuration and the polling.
    let scripts: [&[&[u8]]; 6] = [
        // A reply: meta, two deltas, done.
        &[&[SEND, CHAT, 4, 4, 7, 0, 0, 1, 2, 8, 1, 0, 3, 0]],
        // A handoff, a poll, and a page with a message.
        &[
            &[SEND, CHAT, 4, 2, 7, 0, 10, 1, 0],
            &DUE,
            &[9, 0, 0, 7, 1, 2, 0, 1, 3, 0, 0],
        ],
        // A message that is refused with 429 and sent again twice.
        &[&[SEND, CHAT, 13], &DUE, &[CHAT, 13], &DUE, &[CHAT, 9, 0, 0]],
        // A reply that is cut and then recovered.
        &[
            &[SEND, CHAT, 0, 2, 7, 0, 0, 0, 0, CHAT, 11, 1],
            &DUE,
            &[9, 0, 0, 7, 1, 2, 0, 3, 3, 2, 0],
        ],
        // A turn that is cancelled, another message, and a rating.
        &[&[
            SEND, CHAT, 0, 1, 0, 0, 0, 4, SEND, CHAT, 4, 1, 8, 1, 0, 2, 0, 3, 0, 11, 9, 1, 0,
        ]],
        // A service that never answers.
        &[&[SEND], &DUE, &DUE, &DUE, &DUE],
    ];
    for script in scripts {
        seeds.add(&[&[1, 0, 3], &script.concat()])?;
        seeds.add(&[&[1, 2, 0, 3, 5], &script.concat()])?;
        // The same with a configuration of very small values.
        let config = [&[0, 7, 3, 1, 0, 0, 0][..], &[3; 40]].concat();
        seeds.add(&[&config, &script.concat()])?;
    }
    Ok(())
}

fn texts() -> io::Result<()> {
    let mut seeds = Seeds::of("sanitise")?;
    for text in [
        "plain բառ 😀\n\tnext",
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}[?1049hx",
        "\u{9b}31mred",
        "\u{1b}]0;title\u{7}x",
        "\u{1b}]52;c;aGk=\u{1b}\\x",
        "\u{9d}0;title\u{9c}x",
        "\u{1b}Pq#0\u{1b}\\x",
        "\u{1b}(Bx\u{1b}cy\u{1b}\u{1b}[31mz",
        "a\rb\u{8}c\u{0}d\u{7f}e\u{85}f",
        "a\u{202e}b\u{2066}c\u{2069}\u{200f}\u{200d}",
        "\u{1b}[31\nx\u{1b}]0;never ends\nx",
        "\u{1b}բ\u{1b}[բ",
        &format!("\u{1b}]{}the rest", "1".repeat(64)),
    ] {
        for places in [&[][..], &[2, 4]] {
            seeds.add(&[&cuts(places), text.as_bytes()])?;
        }
    }
    Ok(())
}

/// Answers in each framing, valid and invalid.
fn answers() -> io::Result<()> {
    let mut seeds = Seeds::of("http1")?;
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
    let chunks = "8\r\nԲարև\r\n4;a=b\r\n👋\r\n0\r\n";
    let text = "HTTP/1.1 200 OK\r\ncontent-length: ";
    for answer in [
        &format!("{chunked}\r\n{chunks}\r\n"),
        &format!("{chunked}connection: close\r\n\r\n{chunks}x: y\r\nz: 1\r\n\r\nrest"),
        &format!("{chunked}content-length: 3\r\n\r\n3\r\nabcd\r\n"),
        &format!("{chunked}\r\n{chunks}x: y\rz"),
        &format!("{chunked}\r\nffffffffffffffff \r\nabc"),
        &format!("{chunked}\r\n+3\r\nabc\r\n"),
        &format!("{chunked}\r\n3;a\nabc\r\n"),
        &format!("{text}12\r\nconnection: x, close\r\n\r\nԲարև👋 and more"),
        &format!("{text}5, 5\r\n\r\nabcde"),
        &format!("{text}5\r\ncontent-length: 6\r\n\r\nabcde"),
        &format!("{text}18446744073709551615\r\n\r\nabcde"),
        &format!("{text}18446744073709551616\r\n\r\nabcde"),
        "HTTP/1.0 200\n\nuntil closed 👋",
        "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "\r\n\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\na: b\r\n\r\nHTTP/1.1 204\r\n\r\n",
        "HTTP/1.1 101 Other\r\nupgrade: x\r\n\r\nrest",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\t \r\n c\r\ncontent-length:\r\n 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 099 Odd\r\n\r\n",
        "HTTP/2 200\r\n",
        "\rHTTP/1.1 200 OK",
        "SSH-2.0-x",
    ] {
        for places in [&[][..], &[9, 17, 40, 50, 52]] {
            seeds.add(&[&cuts(places), answer.as_bytes()])?;
        }
    }
    Ok(())
}

/// Actions of a driver and a service, as the bytes that choose them: a pipe opens (2), everything
/// is written (255), a known piece is read (0 and its number), bytes are read (6, their number,
/// the bytes), the pipe ends (9) or fails (10).
fn pipes() -> io::Result<()> {
    let mut seeds = Seeds::of("embed")?;
    // The numbers of known pieces: heads, `meta`, `delta`, `human`, `done`, pages.
    let answers: [&[u8]; 6] = [
        &[1, 18, 19, 21],
        &[0, 11, 17, 22],
        &[1, 18, 20],
        &[4, 7],
        &[8],
        &[2, 13],
    ];
    for kind in 0..4 {
        for (pieces, end) in answers.iter().zip([9, 10].into_iter().cycle()) {
            let read: Vec<u8> = pieces.iter().flat_map(|piece| [0, *piece]).collect();
            seeds.add(&[&[kind, 2, 255], &read, &[end, 12, 2, 255]])?;
        }
    }
    seeds.add(&[&[0, 2, 255, 6, 15], b"HTTP/1.1 200 OK", &[0, 16, 9]])
}
