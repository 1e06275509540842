//! Counts the allocations of the decoder.

#![cfg(feature = "alloc")]

use std::borrow::Cow;

use allocation_counter::{AllocationInfo, measure};
use highchat_proto::sse::Decoder;
use highchat_proto::{Event, EventDecoder};

/// Returns the result of `run` and the count of its allocations.
fn counted<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut value = None;
    let asked = measure(|| value = Some(run()));
    (value.expect("it was run"), asked)
}

/// Decodes the stream in chunks of `size` bytes. Returns the number of frames.
fn decode(decoder: &mut Decoder<'_>, stream: &[u8], size: usize) -> usize {
    let chunks = stream.chunks(size).enumerate();
    chunks
        .map(|(at, chunk)| decode_chunk(decoder, chunk, at))
        .sum()
}

/// Decodes one chunk, with `decode` or with `advance`. Returns the number of frames.
fn decode_chunk(decoder: &mut Decoder<'_>, mut chunk: &[u8], at: usize) -> usize {
    let mut frames = 0;
    if at % 2 == 0 {
        while let Ok(Some(frame)) = decoder.decode(&mut chunk) {
            frames += usize::from(frame.event() != b"none");
        }
    } else {
        while let Ok(Some(ready)) = decoder.advance(&mut chunk) {
            frames += usize::from(decoder.frame(ready).event() != b"none");
        }
    }
    frames
}

const SIZES: [usize; 10] = [1, 2, 3, 5, 16, 63, 256, 1460, 4096, usize::MAX];

/// A stream of events of all kinds, the longest of about 3 KiB, with comments and unknown fields
/// between them.
fn small_events() -> (Vec<u8>, usize) {
    let mut stream = b"\xEF\xBB\xBFretry: 100\n\n".to_vec();
    let mut events = 0;
    for len in (0..3000).step_by(171) {
        let data = "d".repeat(len);
        let longer = "c".repeat(9000);
        stream.extend(format!("event: delta\r\ndata: {data}\r\n\r\n").bytes());
        stream.extend(format!(": {longer}\nunknown: {longer}\n{longer}\n\n").bytes());
        stream.extend(format!("id: {len}\ndata: {data}\ndata\nevent: done\n\n").bytes());
        stream.extend(format!("id: {len}\0\rdata: \rid: x{len}\r\rid: y\r\r").bytes());
        events += 3;
    }
    stream.extend(b"event: cut\ndata: cut");
    (stream, events)
}

#[test]
fn the_counter_counts() {
    let (block, asked) = counted(|| vec![0_u8; 1234]);
    assert_eq!(block.len(), 1234);
    assert_eq!((asked.count_total, asked.bytes_total), (1, 1234));
    let ((), asked) = counted(|| ());
    assert_eq!((asked.count_total, asked.bytes_total), (0, 0));
}

#[test]
fn with_the_callers_storage_nothing_is_ever_allocated() {
    let (stream, events) = small_events();
    let too_long = [b"data: ", &b"x".repeat(5000)[..], b"\n\n"].concat();
    let mut storage = [0; 4096];
    for size in SIZES {
        let asked = measure(|| {
            let mut decoder = Decoder::with_buffer(&mut storage);
            for _ in 0..2 {
                assert_eq!(
                    decode(&mut decoder, &stream, size),
                    events,
                    "chunks of {size}"
                );
                let cut = decoder.finish().expect("the last event was cut");
                assert_eq!(cut.data_str(), Ok("cut"), "chunks of {size}");
                assert_eq!(decode(&mut decoder, &too_long, size), 0, "chunks of {size}");
                assert!(decoder.decode(&mut &b"\n"[..]).is_err(), "chunks of {size}");
                assert_eq!(decoder.finish(), None, "chunks of {size}");
                decoder.reset();
            }
        });
        assert_eq!(asked.count_total, 0, "allocations, chunks of {size}");
    }
}

#[test]
fn with_its_own_storage_nothing_is_allocated_for_events_that_fit_in_the_first_4_kib() {
    let (stream, events) = small_events();
    for size in SIZES {
        let (mut decoder, asked) = counted(Decoder::new);
        let of_one = (asked.count_total, asked.bytes_total);
        assert_eq!(of_one, (1, 4096), "a new decoder's allocations");
        let asked = measure(|| {
            for _ in 0..2 {
                assert_eq!(
                    decode(&mut decoder, &stream, size),
                    events,
                    "chunks of {size}"
                );
                assert!(decoder.finish().is_some(), "chunks of {size}");
                decoder.reset();
            }
        });
        assert_eq!(asked.count_total, 0, "allocations, chunks of {size}");
    }
}

/// Decodes the stream in one chunk. Returns the length of the texts.
fn text_len(events: &mut EventDecoder, stream: &[u8]) -> usize {
    let (mut input, mut len) = (stream, 0);
    while let Ok(Some(event)) = events.decode(&mut input) {
        if let Event::Delta { text } = event {
            len += text.len();
        }
    }
    len
}

#[test]
fn the_decoder_of_events_allocates_nothing_for_deltas_except_once_for_escapes() {
    let deltas = |text: &'static str| {
        let texts = (0..200).map(|len| text.repeat(len));
        texts.map(|text| format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n"))
    };
    for (text, first) in [("ա", 0), (r"\n", 1)] {
        // The longest is first, because the buffer grows with them.
        let deltas: Vec<_> = deltas(text).collect();
        let stream = deltas.iter().rev().map(String::as_str).collect::<String>();
        let (mut events, asked) = counted(EventDecoder::new);
        assert_eq!(asked.count_total, 0, "a new decoder's allocations");
        for expected in [first, 0] {
            let (len, asked) = counted(|| text_len(&mut events, stream.as_bytes()));
            // Both texts have two bytes, and an unescaped line end has one.
            let letter = if first == 0 { 2 } else { 1 };
            assert_eq!(len, letter * (0..200).sum::<usize>());
            assert_eq!(asked.count_total, expected, "{text:?}");
        }
    }
}

#[test]
fn an_event_that_exactly_fills_the_first_storage_allocates_nothing() {
    // The earlier id, the id, the event type, the LF and the data: 2 + 2 + 3 + 1 + 4088 = 4096.
    let head = b"id:ab\n\nid:cd\nevent:efg\ndata\ndata:".to_vec();
    for (len, expected) in [(4088, 0), (4089, 1)] {
        let stream = [&head[..], &b"x".repeat(len), b"\n\n"].concat();
        for size in SIZES {
            let mut decoder = Decoder::new();
            let (frames, asked) = counted(|| decode(&mut decoder, &stream, size));
            assert_eq!(
                (frames, asked.count_total),
                (1, expected),
                "{len} bytes of data, chunks of {size}"
            );
        }
    }
}

#[test]
fn a_large_event_makes_the_storage_grow_and_the_next_one_uses_it() {
    let event = [b"id: 1\ndata: ", &b"x".repeat(300_000)[..], b"\n\n"].concat();
    for size in SIZES {
        let mut decoder = Decoder::new();
        // The last event ID counts too, so two equal events need equal space only if the first
        // one also follows an id.
        decode(&mut decoder, b"id: 1\n\n", size);
        let (frames, asked) = counted(|| decode(&mut decoder, &event, size));
        let times = asked.count_total;
        assert_eq!(frames, 1, "chunks of {size}");
        // The storage doubles from 4 KiB at most seven times, even if the chunks are small.
        assert!(
            (1..=7).contains(&times),
            "{times} allocations for a large event, chunks of {size}"
        );
        for again in ["the same event again", "and after a reset"] {
            let (frames, asked) = counted(|| decode(&mut decoder, &event, size));
            let found = (frames, asked.count_total);
            assert_eq!(found, (1, 0), "{again}, chunks of {size}");
            decoder.reset();
        }
    }
}

#[test]
fn a_growing_decoder_allocates_for_the_first_event_that_needs_storage() {
    let usual = b"event: delta\ndata: {\"text\":\"a\"}\n\n".repeat(10);
    let odd = [b"data: ", &b"x".repeat(200)[..], b"\n\n"].concat();
    let (mut decoder, asked) = counted(|| Decoder::growing(1000));
    assert_eq!(asked.count_total, 0, "a new decoder's allocations");
    for size in [1, 7, 35, usize::MAX] {
        let (frames, asked) = counted(|| decode(&mut decoder, &usual, size));
        let found = (frames, asked.count_total);
        assert_eq!(found, (10, 0), "usual events, chunks of {size}");
    }
    let (frames, asked) = counted(|| decode(&mut decoder, &odd, 100));
    assert_eq!((frames, asked.count_total, asked.bytes_total), (1, 1, 256));
    let (frames, asked) = counted(|| decode(&mut decoder, &odd, 7));
    assert_eq!((frames, asked.count_total), (1, 0), "the storage is kept");
}

#[test]
fn the_storage_never_grows_past_the_limit() {
    // Three chunks, because each chunk should make the storage grow at most once.
    let id = b"id: 1\n";
    let endless = [b"data: ", &b"x".repeat(300_000)[..]].concat();
    for limit in [0, 1, 100, 4095, 4096, 4097, 5000, 10_000, 65_537, 100_000] {
        for (size, new) in SIZES.into_iter().flat_map(|size| {
            let news: [fn(usize) -> Decoder<'static>; 2] = [Decoder::with_limit, Decoder::growing];
            news.map(|new| (size, new))
        }) {
            let (mut decoder, asked) = counted(|| new(limit));
            // The bytes that one chunk allocates in all are at least as many as are in use at once.
            let mut most = asked.bytes_total;
            let chunks = [&id[..]].into_iter().chain(endless.chunks(size));
            for (at, chunk) in chunks.enumerate() {
                let (frames, asked) = counted(|| decode_chunk(&mut decoder, chunk, at));
                assert_eq!(frames, 0);
                most = most.max(asked.bytes_total);
            }
            let (is_over, asked) = counted(|| decoder.decode(&mut &b"\n"[..]).is_err());
            assert!(is_over, "limit {limit}");
            most = most.max(asked.bytes_total);
            assert!(
                most <= limit as u64,
                "{most} bytes at once with limit {limit}, chunks of {size}"
            );
        }
    }
}

#[test]
fn data_as_text_is_copied_only_if_it_is_not_utf_8() {
    let mut decoder = Decoder::new();
    let mut input = &b"data: \xE2\x82\xAC\n\ndata: \xE2\x82\n\n"[..];
    for (text, allocates) in [("€", false), ("\u{FFFD}", true)] {
        let frame = decoder.decode(&mut input).expect("there is room");
        let frame = frame.expect("two events are there");
        let (data, asked) = counted(|| frame.data_lossy());
        assert_eq!(data, text);
        assert_eq!(matches!(data, Cow::Owned(_)), allocates, "{text:?}");
        assert_eq!(asked.count_total > 0, allocates, "allocations for {text:?}");
    }
}
