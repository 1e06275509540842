//! The header `include/highchat.h`, which is made from the source.
//!
//! After a change of a function or a type of the border:
//! `HIGHCHAT_WRITE_HEADER=1 cargo test -p highchat-capi --test header`.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::path::Path;
use std::{env, fs};

use cbindgen::{Config, Language, RenameRule, Style};

/// The types of the header, by their names in Rust.
const TYPES: &[&str] = &[
    "Bytes",
    "Config",
    "Conversation",
    "ConversationInfo",
    "Cut",
    "Decoder",
    "DelayReason",
    "Delayed",
    "Endpoint",
    "EndpointInfo",
    "Event",
    "EventKind",
    "Events",
    "Failure",
    "FailureKind",
    "Frame",
    "Output",
    "OutputKind",
    "Refusal",
    "Role",
    "State",
    "Status",
    "Text",
    "TurnEnd",
    "Update",
    "UpdateKind",
];
/// The constants of the header.
const CONSTANTS: &[&str] = &[
    "CREDENTIALS_KEY",
    "CREDENTIALS_NONE",
    "CREDENTIALS_SLUG",
    "DECODER_SIZE",
    "INSECURE_HTTP",
    "NEVER",
    "ONE_PIPE",
    "RATING_DOWN",
    "RATING_UP",
];

const HEAD: &str = "\
/* The HighChat client for C99. This file is made from the Rust source by a test: do not edit it.
 *
 * A pointer that the library gets is valid and of its type, or NULL. A handle is used by one
 * thread at a time. Texts and bytes that the library returns belong to the library; each says how
 * long it is valid. A text is UTF-8, a pointer and a length, without a NUL at its end unless its
 * comment says so. Times are milliseconds on a clock of the caller that never goes back.
 *
 * With HIGHCHAT_DECODER_ONLY, this is the header of the library that has only the decoder. */";

/// `EventKind` becomes `highchat_event_kind`.
fn name_in_c(name: &str) -> String {
    let mut in_c = String::from("highchat");
    for character in name.chars() {
        if character.is_uppercase() {
            in_c.push('_');
        }
        in_c.push(character.to_ascii_lowercase());
    }
    in_c
}

fn header() -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        documentation: true,
        include_guard: Some("HIGHCHAT_H".into()),
        header: Some(HEAD.into()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(Into::into).into(),
        after_includes: Some(
            "\n#if !defined(HIGHCHAT_DECODER_ONLY)\n#define HIGHCHAT_CONVERSATION\n#endif".into(),
        ),
        usize_is_size_t: true,
        line_length: 100,
        ..Config::default()
    };
    config.enumeration.rename_variants = RenameRule::QualifiedScreamingSnakeCase;
    let renamed = &mut config.export.rename;
    for name in TYPES {
        renamed.insert((*name).into(), name_in_c(name));
    }
    for name in CONSTANTS {
        renamed.insert((*name).into(), format!("HIGHCHAT_{name}"));
    }
    let condition = ("feature = std".into(), "HIGHCHAT_CONVERSATION".into());
    config.defines = [condition].into();
    let bindings = cbindgen::Builder::new()
        .with_crate(env!("CARGO_MANIFEST_DIR"))
        .with_config(config)
        .generate()
        .expect("the source can be read");
    let mut header = Vec::new();
    bindings.write(&mut header);
    joined(&String::from_utf8(header).expect("the source is UTF-8"))
}

/// The header with one condition around neighbours that have the same one.
fn joined(header: &str) -> String {
    let begin = "#if defined(HIGHCHAT_CONVERSATION)\n";
    let mut joined = String::new();
    // Whether each open condition was written.
    let mut open = Vec::new();
    for line in header.split_inclusive('\n') {
        let is_nested = open.contains(&(true, true));
        let is_written = match line.trim_start() {
            line if line == begin => {
                open.push((true, !is_nested));
                !is_nested
            }
            line if line.starts_with("#if") => {
                open.push((false, true));
                true
            }
            line if line.starts_with("#endif") => open.pop().is_none_or(|(_, written)| written),
            _ => true,
        };
        if is_written {
            joined.push_str(line);
        }
    }
    assert!(open.is_empty(), "each condition ends");
    joined.replace(&format!("#endif\n\n{begin}"), "\n")
}

#[test]
fn the_header_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/highchat.h");
    let made = header();
    if env::var_os("HIGHCHAT_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let shipped = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shipped == made,
        "include/highchat.h is not current: run \
         HIGHCHAT_WRITE_HEADER=1 cargo test -p highchat-capi --test header"
    );
    for name in TYPES {
        assert!(
            made.contains(&name_in_c(name)),
            "{name} is not in the header"
        );
    }
}

#[test]
fn every_status_of_the_header_has_a_sentence_of_its_own() {
    let header = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/include/highchat.h"));
    let header = header.expect("it is shipped");
    let mut sentences = BTreeSet::new();
    let mut count = 0;
    for line in header.lines() {
        let Some((_, value)) = line
            .split_once("HIGHCHAT_STATUS_")
            .filter(|(before, _)| before.trim().is_empty())
        else {
            continue;
        };
        let (name, number) = value.split_once(" = ").expect("a number");
        let number = number.trim_end_matches(',').parse().expect("a number");
        let sentence = highchat_capi::highchat_status_text(number);
        // SAFETY: it has a NUL at its end and is valid for ever.
        #[expect(unsafe_code, reason = "the library returns a pointer")]
        let sentence = unsafe { CStr::from_ptr(sentence) }.to_str().expect("ASCII");
        assert_ne!(sentence, "unknown status", "{name}");
        sentences.insert(sentence);
        count += 1;
    }
    assert!(count > 25, "the header has statuses");
    assert_eq!(sentences.len(), count, "no two are the same");
}
