//! A value in a JSON text that was checked.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::scan;
use super::string::Unescaped;

/// The error for a text that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// The place of the first byte that cannot be there.
    pub(crate) at: usize,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is not JSON from byte {} on", self.at)
    }
}

/// A value of JSON. Its text was checked, so looking into it cannot fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// Checks a whole text.
    ///
    /// The time is linear. It allocates nothing up to a depth of 64 levels, and a bit a level
    /// after that.
    pub(crate) fn read(text: &'a str) -> Result<Self, Invalid> {
        let bytes = text.as_bytes();
        let start = scan::blank(bytes, 0);
        let end = scan::value(bytes, start).map_err(|at| Invalid { at })?;
        match scan::blank(bytes, end) {
            at if at == bytes.len() => Ok(Self(&text[start..end])),
            at => Err(Invalid { at }),
        }
    }

    /// The text of a string; `None` for another type. Each lone surrogate half is U+FFFD.
    pub(crate) fn text(self) -> Option<Unescaped<'a>> {
        let content = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(Unescaped::new(content))
    }

    /// The text of a string without lone surrogate halves.
    pub(crate) fn whole_text(self) -> Option<Cow<'a, str>> {
        let unescaped = self.text()?;
        (!unescaped.has_lone_half).then_some(unescaped.text)
    }

    /// A number, as it is written.
    pub(crate) fn number(self) -> Option<&'a str> {
        let first = self.0.as_bytes()[0];
        (first == b'-' || first.is_ascii_digit()).then_some(self.0)
    }

    /// A whole number without a sign, a fraction or an exponent.
    pub(crate) fn unsigned(self) -> Option<u64> {
        self.number()?.parse().ok()
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        self.0.parse().ok()
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The values of the named fields of an object; other fields do not matter.
    ///
    /// It is `None` for another type, if one of the names occurs twice, and if any field's name
    /// has a lone surrogate half.
    pub(crate) fn fields<const N: usize>(self, names: [&str; N]) -> Option<[Option<Self>; N]> {
        let mut found = [None; N];
        self.find(&names, &mut found)?;
        Some(found)
    }

    fn find(self, names: &[&str], found: &mut [Option<Self>]) -> Option<()> {
        let mut members = self.members(b'{')?;
        while let Some(name) = members.name() {
            let name = name.whole_text()?;
            let value = members.value()?;
            if let Some(place) = names.iter().position(|known| *known == name) {
                if found[place].replace(value).is_some() {
                    return None;
                }
            }
        }
        Some(())
    }

    /// What `read` returns for each item of an array. `None` for another type, and if `read`
    /// returns `None`.
    pub(crate) fn list<T>(self, read: fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        for item in self.items()? {
            list.push(read(item)?);
        }
        Some(list)
    }

    /// The items of an array; `None` for another type.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        self.members(b'[').map(Items)
    }

    /// The items of an array of exactly two.
    pub(crate) fn pair(self) -> Option<[Self; 2]> {
        let mut items = self.items()?;
        let pair = [items.next()?, items.next()?];
        items.next().is_none().then_some(pair)
    }

    fn members(self, bracket: u8) -> Option<Members<'a>> {
        let text = self.0;
        (text.as_bytes()[0] == bracket).then_some(Members { text, at: 1 })
    }
}

/// The items of an array.
pub(crate) struct Items<'a>(Members<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.0.value()
    }
}

/// The names and values between the brackets of an array or object.
struct Members<'a> {
    text: &'a str,
    /// After the opening bracket, or after a value.
    at: usize,
}

impl<'a> Members<'a> {
    /// The name of the next field, as a string.
    fn name(&mut self) -> Option<Value<'a>> {
        let name = self.value()?;
        let bytes = self.text.as_bytes();
        // The colon.
        self.at = scan::blank(bytes, self.at);
        Some(name)
    }

    /// The next value, or the next name.
    fn value(&mut self) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes();
        let mut start = scan::blank(bytes, self.at);
        if let Some(b',' | b':') = bytes.get(start) {
            start = scan::blank(bytes, start + 1);
        }
        // The text was checked, so only the closing bracket is no value.
        let end = scan::value(bytes, start).ok()?;
        self.at = end;
        Some(Value(&self.text[start..end]))
    }
}
