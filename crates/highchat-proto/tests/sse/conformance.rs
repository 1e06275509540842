//! Compares the decoder with the WHATWG standard (HTML, section 9.2), case by case.
//!
//! The expected results are written by hand in `highchat_testing::oracles::sse::cases`. Each
//! case is decoded as one chunk, cut in two and in three at every place, byte by byte, and with
//! empty chunks between. It is decoded with owned storage, with the caller's storage and by a
//! decoder that was reset, with `decode` and with `advance`. The naive decoder must pass the
//! same cases, because other tests compare the decoder with it.

use highchat_proto::sse::Decoder;
use highchat_testing::oracles::sse::cases;
use highchat_testing::oracles::sse::cases::Case;
use highchat_testing::oracles::sse::drive::{Event, Outcome, Way, feed, outcome_so_far};
use highchat_testing::oracles::sse::naive;

/// Every way to cut the input of a case, with a name.
fn cuts(input: &[u8]) -> Vec<(String, Vec<&[u8]>)> {
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    let spaced = bytes.iter().flat_map(|byte| [&[][..], byte, &[]]).collect();
    let mut cuts = vec![
        ("whole".into(), vec![input]),
        ("each byte alone".into(), bytes),
        ("each byte alone between empty chunks".into(), spaced),
    ];
    for at in 0..=input.len() {
        let (head, tail) = input.split_at(at);
        cuts.push((format!("in two at byte {at}"), vec![head, tail]));
        cuts.push((
            format!("in two at byte {at}, an empty chunk between"),
            vec![head, &[], tail],
        ));
        // A few cases are longer for other reasons; their cuts would be too many.
        for second in (at + 1..input.len()).filter(|_| input.len() <= 256) {
            let (middle, tail) = tail.split_at(second - at);
            cuts.push((
                format!("in three at bytes {at} and {second}"),
                vec![head, middle, tail],
            ));
        }
    }
    cuts
}

fn decode(decoder: &mut Decoder<'_>, chunks: &[&[u8]], way: Way, at: &str) -> Outcome {
    let mut events = Vec::new();
    for chunk in chunks {
        if let Err(error) = feed(decoder, way, chunk, &mut events) {
            panic!("{at}: {error:?}");
        }
    }
    let mut outcome = outcome_so_far(decoder, &events);
    for again in [false, true] {
        let unfinished = decoder.finish().map(Event::from);
        assert_eq!(
            outcome_so_far(decoder, &events),
            Outcome {
                unfinished: None,
                ..outcome.clone()
            },
            "{at}: `finish` shows, and changes nothing else"
        );
        if again {
            assert_eq!(unfinished, None, "{at}: `finish` returns its event once");
        } else {
            outcome.unfinished = unfinished;
        }
    }
    outcome
}

fn conform(cases: &[Case]) {
    const ROOM: usize = 16 * 1024;
    // The old content of the storage must not become part of a value.
    let mut storage = vec![0xAA; ROOM];
    let mut used = Decoder::with_limit(ROOM);
    for case in cases {
        assert_eq!(
            naive::decode(&case.input),
            case.expected,
            "{}: the naive decoder",
            case.name
        );
        for (cut, chunks) in cuts(&case.input) {
            for way in Way::ALL {
                let at = format!("{}, cut {cut}, by {way:?}", case.name);
                let with = format!("{at}, owned storage");
                let outcome = decode(&mut Decoder::with_limit(ROOM), &chunks, way, &with);
                assert_eq!(outcome, case.expected, "{with}");

                let with = format!("{at}, the caller's storage");
                let outcome = decode(&mut Decoder::with_buffer(&mut storage), &chunks, way, &with);
                assert_eq!(outcome, case.expected, "{with}");

                let with = format!("{at}, after a reset");
                used.reset();
                let outcome = decode(&mut used, &chunks, way, &with);
                assert_eq!(outcome, case.expected, "{with}");
                // Leave the decoder inside a line, at another place each time.
                let left = b"retry: 7\rid: old\rdata: old\r\rid: older\revent: old\rdata: old";
                let left = &left[..cut.len() % left.len()];
                feed(&mut used, way, left, &mut Vec::new()).expect("there is room");
            }
        }
    }
}

#[test]
fn the_examples_of_the_standard() {
    conform(&cases::the_examples_of_the_standard());
}

#[test]
fn the_cases_of_the_web_platform_tests() {
    conform(&cases::the_cases_of_the_web_platform_tests());
}

#[test]
fn only_one_byte_order_mark_is_removed() {
    conform(&cases::only_one_byte_order_mark_is_removed());
}

#[test]
fn a_line_ends_with_cr_lf_or_with_lf_or_with_cr() {
    conform(&cases::a_line_ends_with_cr_lf_or_with_lf_or_with_cr());
}

#[test]
fn only_the_four_exact_field_names_count() {
    conform(&cases::only_the_four_exact_field_names_count());
}

#[test]
fn a_value_is_everything_after_the_first_colon_except_one_space() {
    conform(&cases::a_value_is_everything_after_the_first_colon_except_one_space());
}

#[test]
fn comments_and_ignored_lines_have_no_effect() {
    conform(&cases::comments_and_ignored_lines_have_no_effect());
}

#[test]
fn a_blank_line_dispatches_an_event_with_data() {
    conform(&cases::a_blank_line_dispatches_an_event_with_data());
}

#[test]
fn an_id_stays_until_another_one_is_set() {
    conform(&cases::an_id_stays_until_another_one_is_set());
}

#[test]
fn a_retry_of_only_digits_sets_the_reconnection_time() {
    conform(&cases::a_retry_of_only_digits_sets_the_reconnection_time());
}

#[test]
fn invalid_utf_8_in_a_value_affects_only_its_line() {
    conform(&cases::invalid_utf_8_in_a_value_affects_only_its_line());
}

#[test]
fn the_end_of_the_stream_dispatches_nothing() {
    conform(&cases::the_end_of_the_stream_dispatches_nothing());
}

#[test]
fn a_frame_comes_with_the_byte_that_ends_its_blank_line() {
    // After each byte, a digit with the number of complete events. A CR does not wait for an LF.
    for (input, expected) in [
        ("data:a\n\n", "00000001"),
        ("data:a\r\r", "00000001"),
        ("data:a\r\r\n", "000000011"),
        ("data:a\r\n\r\n", "0000000011"),
        ("data\n\n\ndata\n\r\n", "00000111111122"),
    ] {
        for way in Way::ALL {
            let (mut decoder, mut events) = (Decoder::new(), Vec::new());
            let mut counts = String::new();
            for byte in input.as_bytes().chunks(1) {
                feed(&mut decoder, way, byte, &mut events).expect("there is room");
                counts.push_str(&events.len().to_string());
            }
            assert_eq!(counts, expected, "{input:?}, each byte alone, by {way:?}");
        }
    }
}

#[test]
fn data_as_text_has_u_fffd_for_each_maximal_part_of_an_invalid_sequence() {
    // The Encoding standard, "UTF-8 decoder", and Unicode, section 3.9, "U+FFFD
    // Substitution of Maximal Subparts".
    for (data, text) in [
        (&b"ok"[..], "ok"),
        (b"", ""),
        ("a é € 😀".as_bytes(), "a é € 😀"),
        ("\u{FEFF}a".as_bytes(), "\u{FEFF}a"),
        (b"\x80", "\u{FFFD}"),
        (b"\xC3", "\u{FFFD}"),
        (b"\xC3(", "\u{FFFD}("),
        (b"A\xC2\xC3\xB1B", "A\u{FFFD}ñB"),
        (b"\xC0\xAF", "\u{FFFD}\u{FFFD}"),
        (b"\xE2\x82", "\u{FFFD}"),
        (b"\xE2\x82x", "\u{FFFD}x"),
        (b"\xE2(\xA1", "\u{FFFD}(\u{FFFD}"),
        (b"\xE0\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xF0\x9F\x98", "\u{FFFD}"),
        (b"\xF0\x9F\x98\xE2\x82", "\u{FFFD}\u{FFFD}"),
        (b"\xF0\x80\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xF1\x80\xC3\xA9", "\u{FFFD}é"),
        (b"\xF4\x90\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xF5\x80", "\u{FFFD}\u{FFFD}"),
        (b"\xFF\xFE", "\u{FFFD}\u{FFFD}"),
        (b"\xE2\x82\ndata:\xAC", "\u{FFFD}\n\u{FFFD}"),
    ] {
        let stream = [b"data:", data, b"\n\n"].concat();
        for cut in 0..=stream.len() {
            let at = format!("\"{}\", cut at byte {cut}", data.escape_ascii());
            let mut decoder = Decoder::new();
            let mut seen = 0;
            for mut chunk in [&stream[..cut], &stream[cut..]] {
                if let Some(frame) = decoder.decode(&mut chunk).expect("there is room") {
                    let as_it_came = core::str::from_utf8(frame.data());
                    assert_eq!(frame.data_lossy(), text, "{at}");
                    assert_eq!(frame.data_str(), as_it_came, "{at}");
                    let unbroken = !text.contains('\u{FFFD}');
                    assert_eq!(frame.data_str().is_ok(), unbroken, "{at}");
                    seen += 1;
                }
            }
            assert_eq!(seen, 1, "{at}: the number of frames");
        }
    }
}
