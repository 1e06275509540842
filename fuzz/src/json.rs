//! A naive JSON parser after RFC 8259. Its tree keeps every detail of the text.

use core::iter::Peekable;
use core::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(String),
    Text(Text),
    Array(Vec<Self>),
    /// The members in order, repeated names included.
    Object(Vec<(Text, Self)>),
}

/// A string in UTF-16 units, because an escape may be a lone surrogate half.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) units: Vec<u16>,
}

impl Text {
    /// The text with U+FFFD for each lone surrogate half.
    pub(crate) fn lossy(&self) -> String {
        String::from_utf16_lossy(&self.units)
    }

    /// The text, or `None` if it has a lone surrogate half.
    pub(crate) fn strict(&self) -> Option<String> {
        String::from_utf16(&self.units).ok()
    }
}

impl Json {
    /// Parses a text. It accepts only what the RFC allows, and control characters in strings.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut rest = text.chars().peekable();
        let json = value(&mut rest)?;
        blank(&mut rest);
        rest.next().is_none().then_some(json)
    }

    /// The depth of nested arrays and objects.
    pub(crate) fn depth(&self) -> usize {
        let within = match self {
            Self::Array(items) => items.iter().map(Self::depth).max(),
            Self::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => return 0,
        };
        1 + within.unwrap_or(0)
    }

    /// Whether the condition is true for this value or for a value inside it.
    pub(crate) fn any(&self, condition: &impl Fn(&Self) -> bool) -> bool {
        condition(self)
            || match self {
                Self::Array(items) => items.iter().any(|item| item.any(condition)),
                Self::Object(members) => members.iter().any(|(_, value)| value.any(condition)),
                _ => false,
            }
    }

    /// All strings, the names of members included.
    pub(crate) fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Text(text) => vec![text],
            Self::Array(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Object(members) => members
                .iter()
                .flat_map(|(name, value)| [vec![name], value.texts()].concat())
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn blank(rest: &mut Peekable<Chars<'_>>) {
    while rest
        .next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
        .is_some()
    {}
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Option<Json> {
    blank(rest);
    match *rest.peek()? {
        'n' => word(rest, "null").then_some(Json::Null),
        't' => word(rest, "true").then_some(Json::Bool(true)),
        'f' => word(rest, "false").then_some(Json::Bool(false)),
        '"' => text(rest).map(Json::Text),
        '[' => list(rest, ']', value).map(Json::Array),
        '{' => list(rest, '}', member).map(Json::Object),
        _ => number(rest).map(Json::Number),
    }
}

fn word(rest: &mut Peekable<Chars<'_>>, word: &str) -> bool {
    word.chars().all(|letter| rest.next() == Some(letter))
}

/// Parses items between brackets, separated by commas.
fn list<T>(
    rest: &mut Peekable<Chars<'_>>,
    end: char,
    item: impl Fn(&mut Peekable<Chars<'_>>) -> Option<T>,
) -> Option<Vec<T>> {
    rest.next();
    let mut items = Vec::new();
    blank(rest);
    if rest.next_if_eq(&end).is_some() {
        return Some(items);
    }
    loop {
        items.push(item(rest)?);
        blank(rest);
        match rest.next()? {
            ',' => {}
            last if last == end => return Some(items),
            _ => return None,
        }
    }
}

fn member(rest: &mut Peekable<Chars<'_>>) -> Option<(Text, Json)> {
    blank(rest);
    let name = text(rest)?;
    blank(rest);
    rest.next_if_eq(&':')?;
    Some((name, value(rest)?))
}

fn text(rest: &mut Peekable<Chars<'_>>) -> Option<Text> {
    rest.next_if_eq(&'"')?;
    let mut text = Text::default();
    loop {
        let unit = match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                plain @ ('"' | '\\' | '/') => plain as u16,
                'b' => 0x08,
                'f' => 0x0C,
                'n' => 0x0A,
                'r' => 0x0D,
                't' => 0x09,
                'u' => {
                    let mut unit = 0;
                    for _ in 0..4 {
                        unit = unit * 16 + rest.next()?.to_digit(16)?;
                    }
                    u16::try_from(unit).expect("four digits")
                }
                _ => return None,
            },
            plain => {
                text.units
                    .extend_from_slice(plain.encode_utf16(&mut [0; 2]));
                continue;
            }
        };
        text.units.push(unit);
    }
}

fn number(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut literal = String::new();
    literal.extend(rest.next_if_eq(&'-'));
    match rest.next_if(char::is_ascii_digit)? {
        '0' => literal.push('0'),
        digit => {
            literal.push(digit);
            digits(rest, &mut literal);
        }
    }
    if let Some(point) = rest.next_if_eq(&'.') {
        literal.push(point);
        digits(rest, &mut literal).then_some(())?;
    }
    if let Some(exponent) = rest.next_if(|c| matches!(c, 'e' | 'E')) {
        literal.push(exponent);
        literal.extend(rest.next_if(|c| matches!(c, '+' | '-')));
        digits(rest, &mut literal).then_some(())?;
    }
    Some(literal)
}

/// Appends digits to the literal. Returns whether there was at least one.
fn digits(rest: &mut Peekable<Chars<'_>>, literal: &mut String) -> bool {
    let before = literal.len();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        literal.push(digit);
    }
    literal.len() > before
}
