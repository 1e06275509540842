//! Writes JSON without white space.

use alloc::string::String;
use core::fmt::Write;
use core::time::Duration;

/// A type that is a JSON object.
pub(crate) trait Object {
    /// Passes the name and the content of each field, in order.
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>));
}

/// A function that passes each item of an array, in order.
pub(crate) type Items<'a> = dyn Fn(&mut dyn FnMut(Content<'_>)) + 'a;

/// What a value contains.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    Null,
    Bool(bool),
    Number(u64),
    /// A number of seconds with up to nine fraction digits.
    Seconds(Duration),
    Text(&'a str),
    Object(&'a dyn Object),
    /// An array.
    List(&'a Items<'a>),
}

impl<'a> From<Option<&'a str>> for Content<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// The JSON text of an object.
pub(crate) fn to_string(object: &dyn Object) -> String {
    let mut json = String::new();
    write_object(object, &mut json);
    json
}

fn write_object(object: &dyn Object, json: &mut String) {
    let mut separator = '{';
    object.fields(&mut |name, content| {
        json.push(separator);
        write_string(name, json);
        json.push(':');
        write(content, json);
        separator = ',';
    });
    if separator == '{' {
        json.push(separator);
    }
    json.push('}');
}

fn write(content: Content<'_>, json: &mut String) {
    match content {
        Content::Null => json.push_str("null"),
        Content::Bool(is_true) => json.push_str(if is_true { "true" } else { "false" }),
        Content::Number(number) => write_number(number, json),
        Content::Seconds(time) => {
            write_number(time.as_secs(), json);
            json.push('.');
            let mut nanos = time.subsec_nanos();
            // Each digit, and at least one.
            loop {
                json.push(char::from(b'0' + (nanos / 100_000_000) as u8));
                nanos = nanos % 100_000_000 * 10;
                if nanos == 0 {
                    break;
                }
            }
        }
        Content::Text(text) => write_string(text, json),
        Content::Object(object) => write_object(object, json),
        Content::List(items) => {
            let mut separator = '[';
            items(&mut |content| {
                json.push(separator);
                write(content, json);
                separator = ',';
            });
            if separator == '[' {
                json.push(separator);
            }
            json.push(']');
        }
    }
}

fn write_number(number: u64, json: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = write!(json, "{number}");
}

/// Writes a string. Only what must be escaped is escaped (RFC 8259, section 7).
pub(crate) fn write_string(text: &str, json: &mut String) {
    json.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0C => b'f',
            0..0x20 => 0,
            _ => continue,
        };
        json.push_str(&text[copied..at]);
        copied = at + 1;
        json.push('\\');
        if short == 0 {
            json.push_str(if byte < 0x10 { "u000" } else { "u001" });
            json.push(char::from(b"0123456789abcdef"[usize::from(byte % 16)]));
        } else {
            json.push(char::from(short));
        }
    }
    json.push_str(&text[copied..]);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    fn string(text: &str) -> String {
        let mut json = String::new();
        write_string(text, &mut json);
        json
    }

    fn seconds(time: Duration) -> String {
        let mut json = String::new();
        write(Content::Seconds(time), &mut json);
        json
    }

    #[test]
    fn each_character_is_written_as_serde_json_writes_it() {
        for c in (0..0x0800)
            .chain(0xFFF0..0x1_0010)
            .filter_map(char::from_u32)
        {
            let text = format!("ա{c}👋{c}");
            assert_eq!(
                string(&text),
                serde_json::to_string(&text).unwrap(),
                "{c:?}"
            );
        }
    }

    #[test]
    fn a_time_has_as_many_fraction_digits_as_it_needs_and_at_least_one() {
        for (nanos, json) in [
            (0, "0.0"),
            (1_500_000_000, "1.5"),
            (3_000_000_000, "3.0"),
            (60_000_000_001, "60.000000001"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            assert_eq!(seconds(Duration::from_nanos(nanos)), json);
        }
        assert!(seconds(Duration::MAX).starts_with("18446744073709551615.9"));
    }

    #[test]
    fn empty_arrays_and_objects_are_written() {
        struct Empty;
        impl Object for Empty {
            fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
                put("ա", Content::List(&|_| {}));
                put("բ", Content::Object(&Nothing));
                put(
                    "գ",
                    Content::List(&|put| {
                        put(Content::Null);
                        put(Content::Bool(true));
                    }),
                );
            }
        }
        struct Nothing;
        impl Object for Nothing {
            fn fields(&self, _: &mut dyn FnMut(&'static str, Content<'_>)) {}
        }
        let json = r#"{"ա":[],"բ":{},"գ":[null,true]}"#;
        assert_eq!(to_string(&Empty), json);
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in any::<String>()) {
            prop_assert_eq!(string(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn a_time_is_the_number_that_serde_json_writes(millis in 0..1u64 << 40) {
            let time = Duration::from_millis(millis);
            let expected = serde_json::to_string(&time.as_secs_f64()).unwrap();
            prop_assert_eq!(seconds(time), expected);
        }
    }
}
