//! Reads query strings.

/// Returns the first value of a parameter, decoded.
pub(crate) fn value(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
