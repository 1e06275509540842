//! The names of a type's fields.

use core::fmt::Debug;
use std::collections::BTreeSet;

/// The fields of a struct or of a variant whose `Debug` is derived.
///
/// It names every field, also a private one and one of a `#[non_exhaustive]` type, which no
/// pattern in another crate can hold to be all. So a field that is added is noticed.
pub(crate) fn fields(value: &impl Debug) -> BTreeSet<String> {
    let text = format!("{value:#?}");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| !line.starts_with([' ', ']', '}', ')']));
    names
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A set of names.
pub(crate) fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn each_field_is_named_once_whatever_is_in_it() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "only looked at by Debug")]
    struct Sample {
        text: &'static str,
        nested: Option<(u8, Vec<&'static str>)>,
    }
    let sample = Sample {
        text: "Բարև\n    սխալ: 👋",
        nested: Some((1, vec!["a: b"])),
    };
    assert_eq!(fields(&sample), names(["text", "nested"]));
}
