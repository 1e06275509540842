//! The decoder and the typed events through the C interface, with the conformance table.
#![allow(unsafe_code, reason = "the functions are called as C calls them")]

use core::mem::MaybeUninit;

use highchat_capi::*;
use highchat_testing::oracles::sse::cases;
use highchat_testing::oracles::sse::drive::{Event as Dispatched, Outcome};

mod support;
use support::{bytes, made, text};

fn copied(bytes_of_c: Bytes) -> Vec<u8> {
    // SAFETY: the library returned them, and no call followed.
    let bytes = unsafe { bytes(bytes_of_c.ptr, bytes_of_c.len) };
    bytes.expect("they are present").to_vec()
}

fn dispatched(frame: &Frame) -> Dispatched {
    Dispatched {
        event: copied(frame.event),
        data: copied(frame.data),
        id: copied(frame.id),
    }
}

/// Passes chunks to a decoder until its end.
fn outcome(decoder: *mut Decoder, chunks: &[&[u8]]) -> Outcome {
    let mut outcome = Outcome::default();
    for chunk in chunks {
        let (mut input, mut len) = (chunk.as_ptr(), chunk.len());
        let end = chunk.as_ptr_range().end;
        loop {
            let mut frame = MaybeUninit::uninit();
            // SAFETY: the decoder lives, and so do the chunk and the places.
            let status = unsafe {
                highchat_decoder_decode(decoder, &raw mut input, &raw mut len, frame.as_mut_ptr())
            };
            match status {
                // SAFETY: a function that succeeds writes its result.
                Status::Ok => {
                    outcome
                        .dispatched
                        .push(dispatched(unsafe { frame.assume_init_ref() }));
                }
                Status::Nothing => break,
                error => panic!("{error:?}"),
            }
        }
        assert_eq!((input, len), (end, 0), "the whole chunk was taken");
    }
    // SAFETY: the decoder lives, and so do the places.
    unsafe {
        let id = made(|id| highchat_decoder_last_event_id(decoder, id));
        outcome.last_event_id = copied(id);
        let mut time = 0;
        if highchat_decoder_reconnection_time(decoder, &raw mut time) == Status::Ok {
            outcome.reconnection_time = Some(time);
        }
        let mut frame = MaybeUninit::uninit();
        if highchat_decoder_finish(decoder, frame.as_mut_ptr()) == Status::Ok {
            outcome.unfinished = Some(dispatched(frame.assume_init_ref()));
        }
    }
    outcome
}

#[test]
fn each_case_of_the_standard_has_its_result_with_both_storages() {
    // SAFETY: the place is one for a handle.
    let owned = made(|decoder| unsafe { highchat_decoder_new(1 << 16, decoder) });
    for case in cases::all() {
        let each_byte: Vec<&[u8]> = case.input.chunks(1).collect();
        for chunks in [vec![&case.input[..]], each_byte] {
            assert_eq!(outcome(owned, &chunks), case.expected, "{}", case.name);
            // SAFETY: the decoder lives.
            assert_eq!(unsafe { highchat_decoder_reset(owned) }, Status::Ok);

            let mut storage = vec![0xAA; DECODER_SIZE + (1 << 14)];
            // SAFETY: the storage lives longer than the decoder is used.
            let decoder = made(|decoder| unsafe {
                highchat_decoder_init(storage.as_mut_ptr(), storage.len(), decoder)
            });
            assert_eq!(outcome(decoder, &chunks), case.expected, "{}", case.name);
            // SAFETY: a decoder in the caller's storage is ignored.
            unsafe { highchat_decoder_free(decoder) };
        }
    }
    // SAFETY: it was not freed.
    unsafe { highchat_decoder_free(owned) };
}

#[test]
fn the_storage_bounds_an_event_at_every_alignment() {
    let stream = format!("data: {}\n\n", "ա👋".repeat(200));
    for offset in 0..16 {
        let mut storage = vec![0; DECODER_SIZE + 1024 + offset];
        for (room, is_enough) in [(0, false), (256, false), (512, false), (1024 + 512, true)] {
            storage.resize(DECODER_SIZE + room + offset, 0);
            let size = storage.len() - offset;
            let start = storage[offset..].as_mut_ptr();
            // SAFETY: the storage lives longer than the decoder is used.
            let decoder = made(|decoder| unsafe { highchat_decoder_init(start, size, decoder) });
            let (mut input, mut len) = (stream.as_ptr(), stream.len());
            let mut frame = MaybeUninit::uninit();
            // A byte alone first, so that the event cannot be shown in place.
            let mut one = 1;
            // SAFETY: the decoder lives, and so do the stream and the places.
            let status = unsafe {
                highchat_decoder_decode(decoder, &raw mut input, &raw mut one, frame.as_mut_ptr());
                len -= 1;
                highchat_decoder_decode(decoder, &raw mut input, &raw mut len, frame.as_mut_ptr())
            };
            let expected = if is_enough {
                Status::Ok
            } else {
                Status::EventTooLong
            };
            assert_eq!(status, expected, "offset {offset}, room {room}");
        }
        let start = storage[offset..].as_mut_ptr();
        // SAFETY: it is refused before it is used.
        let refused = unsafe {
            let mut decoder = core::ptr::null_mut();
            highchat_decoder_init(start, DECODER_SIZE - 1, &raw mut decoder)
        };
        assert_eq!(refused, Status::StorageTooSmall);
    }
}

/// The events of a reply: how each is shown, in one word and with its texts.
fn shown(events: *mut Events, stream: &str, piece: usize) -> Vec<String> {
    let mut log = Vec::new();
    let mut note = |event: &Event| {
        let texts = [
            event.text,
            event.conversation_id,
            event.message_id,
            event.state_text,
            event.timestamp,
            event.event,
            event.data,
        ];
        let texts: Vec<&str> = texts.into_iter().filter_map(text).collect();
        log.push(format!("{:?} {}", event.kind, texts.join(" ")));
    };
    for chunk in stream.as_bytes().chunks(piece) {
        let (mut input, mut len) = (chunk.as_ptr(), chunk.len());
        loop {
            let mut event = MaybeUninit::uninit();
            // SAFETY: the reader lives, and so do the chunk and the places.
            match unsafe {
                highchat_events_decode(events, &raw mut input, &raw mut len, event.as_mut_ptr())
            } {
                // SAFETY: a function that succeeds writes its result.
                Status::Ok => note(unsafe { event.assume_init_ref() }),
                Status::Nothing => break,
                error => {
                    log.push(format!("{error:?}"));
                    return log;
                }
            }
        }
    }
    let mut event = MaybeUninit::uninit();
    // SAFETY: the reader lives, and a function that succeeds writes its result.
    unsafe {
        if highchat_events_finish(events, event.as_mut_ptr()) == Status::Ok {
            note(event.assume_init_ref());
        }
    }
    log
}

#[test]
fn typed_events_are_the_same_for_any_cut_and_the_last_one_needs_no_blank_line() {
    let stream = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n\
                  event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n\
                  event: delta\ndata: {\"text\":\"մեկ\\nերկու\"}\n\n\
                  event: delta\ndata: { \"text\" : \"\\ud83d\" }\n\n\
                  event: ping\ndata: {}\n\n\
                  event: new\ndata: ?\n\n\
                  event: human\ndata: {\"message\":\"Սպասեք 🙏\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n\
                  event: error\ndata: {\"message\":\"Սխալ 😕\"}\n\n\
                  event: done\ndata: {\"message_id\":\"m1\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n";
    let expected = [
        "Meta c1",
        "Delta Բարև 👋",
        "Delta մեկ\nերկու",
        "Delta \u{FFFD}",
        "Ping ",
        "Unknown new ?",
        "Human Սպասեք 🙏 2026-06-14T10:00:00Z",
        "Error Սխալ 😕",
        "Done m1 bot 2026-06-14T10:00:00Z",
    ];
    // SAFETY: the place is one for a handle.
    let events = made(|events| unsafe { highchat_events_new(1 << 16, events) });
    for piece in [1, 2, 3, 7, 64, stream.len()] {
        assert_eq!(
            shown(events, stream, piece),
            expected,
            "pieces of {piece} bytes"
        );
    }
    assert_eq!(
        shown(events, "event: delta\ndata: ?\n\n", 5),
        ["InvalidEvent"]
    );
    // SAFETY: the reader lives.
    assert_eq!(unsafe { highchat_events_reset(events) }, Status::Ok);
    for cut in [
        "event: delta\ndata: {\"text\":\"մե",
        "event: ping\ndata: {}\n",
        "event: new\ndata: ?\n",
    ] {
        assert_eq!(shown(events, cut, 3), [""; 0], "a cut event is left out");
    }
    // SAFETY: it was not freed.
    unsafe { highchat_events_free(events) };
}
