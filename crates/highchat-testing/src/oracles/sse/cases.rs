//! The conformance table: streams, and the result of each after the WHATWG standard (HTML,
//! section 9.2), written by hand.

#![expect(missing_docs, reason = "the name of each group describes it")]

use super::drive::{Event, Outcome};

/// A stream and its expected result.
pub struct Case {
    /// What the stream shows.
    pub name: &'static str,
    /// The stream.
    pub input: Vec<u8>,
    /// The expected result.
    pub expected: Outcome,
}

/// A case that expects no event. The methods add expectations.
fn case(name: &'static str, input: impl AsRef<[u8]>) -> Case {
    Case {
        name,
        input: input.as_ref().to_vec(),
        expected: Outcome::default(),
    }
}

fn event(event: impl AsRef<[u8]>, data: impl AsRef<[u8]>, id: impl AsRef<[u8]>) -> Event {
    Event {
        event: event.as_ref().to_vec(),
        data: data.as_ref().to_vec(),
        id: id.as_ref().to_vec(),
    }
}

impl Case {
    /// Adds an event without a type and an id.
    fn message(self, data: impl AsRef<[u8]>) -> Self {
        self.event("", data, "")
    }

    fn event(
        mut self,
        name: impl AsRef<[u8]>,
        data: impl AsRef<[u8]>,
        id: impl AsRef<[u8]>,
    ) -> Self {
        self.expected.dispatched.push(event(name, data, id));
        self
    }

    fn last_id(mut self, id: impl AsRef<[u8]>) -> Self {
        self.expected.last_event_id = id.as_ref().to_vec();
        self
    }

    fn retry(mut self, milliseconds: u64) -> Self {
        self.expected.reconnection_time = Some(milliseconds);
        self
    }

    fn unfinished(
        mut self,
        name: impl AsRef<[u8]>,
        data: impl AsRef<[u8]>,
        id: impl AsRef<[u8]>,
    ) -> Self {
        self.expected.unfinished = Some(event(name, data, id));
        self
    }
}

pub fn the_examples_of_the_standard() -> Vec<Case> {
    vec![
        case(
            "messages of one and of two lines",
            "data: This is the first message.\n\n\
             data: This is the second message, it\n\
             data: has two lines.\n\n\
             data: This is the third message.\n\n",
        )
        .message("This is the first message.")
        .message("This is the second message, it\nhas two lines.")
        .message("This is the third message."),
        case(
            "typed events",
            "event: add\ndata: 73857293\n\n\
             event: remove\ndata: 2153\n\n\
             event: add\ndata: 113411\n\n",
        )
        .event("add", "73857293", "")
        .event("remove", "2153", "")
        .event("add", "113411", ""),
        case("a stock quote", "data: YHOO\ndata: +2\ndata: 10\n\n").message("YHOO\n+2\n10"),
        case(
            "a comment, an id, an id taken back, a value that begins with a space",
            ": test stream\n\n\
             data: first event\nid: 1\n\n\
             data:second event\nid\n\n\
             data:  third event\n\n",
        )
        .event("", "first event", "1")
        .event("", "second event", "")
        .event("", " third event", ""),
        case(
            "empty data, an empty line of data, a block that no blank line ends",
            "data\n\ndata\ndata\n\ndata:\n",
        )
        .message("")
        .message("\n")
        .unfinished("", "", ""),
        case(
            "with and without a space after the colon",
            "data:test\n\ndata: test\n\n",
        )
        .message("test")
        .message("test"),
    ]
}

pub fn the_cases_of_the_web_platform_tests() -> Vec<Case> {
    let comment = "x".repeat(300);
    vec![
        case(
            "format-bom: only the first one is stripped",
            "\u{FEFF}data:one\n\n\u{FEFF}data:two\n\ndata:three\n\n",
        )
        .message("one")
        .message("three"),
        case(
            "format-bom-2: of two only one is stripped",
            "\u{FEFF}\u{FEFF}data:one\n\ndata:two\n\ndata:three\n\n",
        )
        .message("two")
        .message("three"),
        case(
            "format-comments: short, long, with NUL, with a field inside, with every line end",
            format!(
                "data:a\r:\0\n:\r\ndata:b\n:{comment}\rdata:c\n:data:no\r:{comment}\ndata:d\n\n"
            ),
        )
        .message("a\nb\nc\nd"),
        case(
            "format-data-before-final-empty-line",
            "retry:1200\ndata:before\n\nid:cut\ndata:after",
        )
        .message("before")
        .retry(1200)
        .unfinished("", "after", "cut"),
        case("format-field-data", "data:\n\ndata\ndata\n\ndata:full\n\n")
            .message("")
            .message("\n")
            .message("full"),
        case("format-field-event", "event:named\ndata:x\n\ndata:y\n\n")
            .event("named", "x", "")
            .message("y"),
        case(
            "format-field-event-empty",
            "event: \ndata:x\n\nevent:named\nevent:\ndata:y\n\n",
        )
        .message("x")
        .message("y"),
        case("format-field-id", "id: …\nretry:200\ndata:hello\n\n")
            .event("", "hello", "…")
            .last_id("…")
            .retry(200),
        case(
            "format-field-id-2: an id persists",
            "id: 1\ndata: 1\n\ndata:2\n\n",
        )
        .event("", "1", "1")
        .event("", "2", "1")
        .last_id("1"),
        case(
            "format-field-id-2: another id takes its place, and persists",
            "id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n",
        )
        .event("", "1", "1")
        .event("", "2", "2")
        .event("", "3", "2")
        .last_id("2"),
        case(
            "format-field-id-3: an empty id resets it",
            "id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n",
        )
        .event("", "1", "1")
        .event("", "2", "")
        .event("", "3", ""),
        case(
            "format-field-id-null: NUL alone, first, last, in the middle",
            "id:\0\0\ndata:1\n\nid:\0x\ndata:2\n\nid:x\0\ndata:3\n\nid: x\0y\ndata:4\n\n",
        )
        .message("1")
        .message("2")
        .message("3")
        .message("4"),
        case(
            "format-field-parsing",
            "data:\0\ndata:  two\rData:no\ndata\0:no\ndata:three\r\0data:no\nda-ta:no\rdata_no\n\
             data:four\rdata:\r\n data:no\ndata:five\n\n",
        )
        .message("\0\n two\nthree\nfour\n\nfive"),
        case("format-field-retry: base ten", "retry:03000\ndata:x\n\n")
            .message("x")
            .retry(3000),
        case(
            "format-field-retry-bogus",
            "retry:3000\nretry:1000x\ndata:x\n\n",
        )
        .message("x")
        .retry(3000),
        case("format-field-retry-empty", "retry\ndata:test\n\n").message("test"),
        case(
            "format-field-unknown",
            "data:a\n data\ndata\nunknown:no\nno field at all\n:a comment\ndata:b\n\n",
        )
        .message("a\n\nb"),
        case(
            "format-leading-space: a tab stays, one space goes",
            "data:\ta\rdata: \ndata:b\n\n",
        )
        .message("\ta\n\nb"),
        case(
            "format-newlines: CR LF, LF and CR in one event",
            "data:a\r\ndata\ndata:b\r\n\r",
        )
        .message("a\n\nb"),
        case(
            "format-null-character: an event, and blank lines that give none",
            "data:\0\n\n\n\n",
        )
        .message("\0"),
        case("format-utf-8", "data:ok…\n\n").message("ok…"),
    ]
}

pub fn only_one_byte_order_mark_is_removed() -> Vec<Case> {
    vec![
        case("before a field", "\u{FEFF}data: a\n\n").message("a"),
        case("alone", "\u{FEFF}"),
        case("before a blank line", "\u{FEFF}\ndata: a\n\n").message("a"),
        case("before a CR LF", "\u{FEFF}\r\ndata: a\n\n").message("a"),
        case("before a comment", "\u{FEFF}: note\ndata: a\n\n").message("a"),
        case("one byte of it, then a field", b"\xEFdata: a\ndata: b\n\n").message("b"),
        case(
            "two bytes of it, then a field",
            b"\xEF\xBBdata: a\ndata: b\n\n",
        )
        .message("b"),
        case("one byte of it, then a line end", b"\xEF\ndata: a\n\n").message("a"),
        case("two bytes of it, then a CR", b"\xEF\xBB\rdata: a\n\n").message("a"),
        case("one byte of it, then a colon", b"\xEF:data: a\ndata: b\n\n").message("b"),
        case("one byte of it, and the end", b"\xEF"),
        case("two bytes of it, and the end", b"\xEF\xBB"),
        case(
            "its bytes out of order",
            b"\xBB\xEF\xBFdata: a\ndata: b\n\n",
        )
        .message("b"),
        case("its last two bytes alone", b"\xBB\xBFdata: a\ndata: b\n\n").message("b"),
        case(
            "a first byte, then all of it",
            b"\xEF\xEF\xBB\xBFdata: a\ndata: b\n\n",
        )
        .message("b"),
        case(
            "two bytes, then all of it",
            b"\xEF\xBB\xEF\xBB\xBFdata: a\ndata: b\n\n",
        )
        .message("b"),
        case(
            "two marks, and the second is a line",
            b"\xEF\xBB\xBF\xEF\xBB\xBF\n\ndata: b\n\n",
        )
        .message("b"),
        case("after a line end", "\n\u{FEFF}data: a\ndata: b\n\n").message("b"),
        case("after a space", " \u{FEFF}data: a\ndata: b\n\n").message("b"),
        case(
            "at the start of a later line",
            "data: a\n\u{FEFF}data: b\n\n",
        )
        .message("a"),
        case(
            "in a value",
            "data: \u{FEFF}a\u{FEFF}\n\ndata:\u{FEFF} b\n\n",
        )
        .message("\u{FEFF}a\u{FEFF}")
        .message("\u{FEFF} b"),
        case("of UTF-16", b"\xFF\xFEdata: a\ndata: b\n\n").message("b"),
    ]
}

pub fn a_line_ends_with_cr_lf_or_with_lf_or_with_cr() -> Vec<Case> {
    vec![
        case("LF", "data: a\ndata: b\n\n").message("a\nb"),
        case("CR", "data: a\rdata: b\r\r").message("a\nb"),
        case("CR LF", "data: a\r\ndata: b\r\n\r\n").message("a\nb"),
        case("a blank line of CR after LF", "data: a\n\rdata: b\n\n")
            .message("a")
            .message("b"),
        case("CR LF is one line end, not two", "data: a\r\ndata: b\n\n").message("a\nb"),
        case("CR, then CR LF", "data: a\r\r\ndata: b\n\n")
            .message("a")
            .message("b"),
        case("CR LF, then LF", "data: a\r\n\ndata: b\n\n")
            .message("a")
            .message("b"),
        case("CR LF, then CR", "data: a\r\n\rdata: b\n\n")
            .message("a")
            .message("b"),
        case("LF, then CR LF", "data: a\n\r\ndata: b\n\n")
            .message("a")
            .message("b"),
        case("three CR", "data: a\r\r\rdata: b\r\r")
            .message("a")
            .message("b"),
        case(
            "a CR LF swallows one LF only",
            "data\r\n\ndata\r\r\n\ndata\n\n",
        )
        .message("")
        .message("")
        .message(""),
        case("CR LF after a comment", ": note\r\ndata: a\r\n\r\n").message("a"),
        case("CR LF after an unknown field", "x: y\r\ndata: a\r\n\r\n").message("a"),
        case("CR LF after a name without colon", "data\r\ndata\r\n\r\n").message("\n"),
        case("CR LF after a colon", "data:\r\ndata: \r\n\r\n").message("\n"),
        case("CR LF after an event name", "event: e\r\ndata: a\r\n\r\n").event("e", "a", ""),
        case(
            "CR LF after an id and a retry",
            "id: 1\r\nretry: 2\r\ndata: a\r\n\r\n",
        )
        .event("", "a", "1")
        .last_id("1")
        .retry(2),
        case(
            "CR LF after an ignored id and an ignored retry",
            "id: \0\r\nretry: x\r\ndata\r\n\r\n",
        )
        .message(""),
        case("CR LF first in the stream", "\r\n\r\ndata: a\r\n\r\n").message("a"),
        case("an end in CR", "data: a\r\r").message("a"),
        case(
            "vertical tab and form feed end no line",
            "data: a\u{B}\u{C}data: b\n\n",
        )
        .message("a\u{B}\u{C}data: b"),
        case(
            "vertical tab and form feed after a name end no line",
            "data\u{B}data: a\n\u{C}data: b\ndata: c\n\n",
        )
        .message("c"),
        case(
            "vertical tab and form feed are no blank line",
            "data: a\n\u{B}\n\u{C}\ndata: b\n\n",
        )
        .message("a\nb"),
        case(
            "line ends of Unicode end no line",
            "data: a\u{85}b\u{2028}c\u{2029}d\n\n",
        )
        .message("a\u{85}b\u{2028}c\u{2029}d"),
        case("NUL ends no line", "data: a\0data: b\n\n").message("a\0data: b"),
    ]
}

pub fn only_the_four_exact_field_names_count() -> Vec<Case> {
    vec![
        case("all four", "retry: 5\nid: 1\nevent: e\ndata: a\n\n")
            .event("e", "a", "1")
            .last_id("1")
            .retry(5),
        case(
            "in another order",
            "data: a\nevent: e\nretry: 5\nid: 1\ndata: b\n\n",
        )
        .event("e", "a\nb", "1")
        .last_id("1")
        .retry(5),
        case("without colon", "event\nid\ndata\nretry\n\n").message(""),
        case(
            "in upper case",
            "DATA: a\nData: a\nEVENT: e\nID: 1\nId: 1\nRETRY: 5\nRetry: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "with a last letter in upper case",
            "datA: a\nevenT: e\niD: 1\nretrY: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "prefixes",
            "d: a\nda: a\ndat: a\ne: e\neven: e\ni: 1\nr: 5\nretr: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "prefixes without colon",
            "d\nda\ndat\ne\neven\ni\nr\nretr\ndata: b\n\n",
        )
        .message("b"),
        case(
            "an extra letter",
            "dataa: a\ndatax: a\nevents: e\nidx: 1\nidd: 1\nretryy: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "an extra letter, without colon",
            "dataa\nevents\nidx\nretryy\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a letter before",
            "xdata: a\nxevent: e\nxid: 1\nxretry: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a space before",
            " data: a\n event: e\n id: 1\n retry: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a space after",
            "data : a\nevent : e\nid : 1\nretry : 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a space after, without colon",
            "data \nevent \nid \nretry \ndata: b\n\n",
        )
        .message("b"),
        case(
            "a space in place of the colon",
            "data a\nevent e\nid 1\nretry 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a tab before and after",
            "\tdata: a\ndata\t: a\nid\t: 1\ndata: b\n\n",
        )
        .message("b"),
        case(
            "a letter left out or changed",
            "dta: a\ndaat: a\nevnt: e\nretri: 5\ndata: b\n\n",
        )
        .message("b"),
        case(
            "one name run into another",
            "datadata: a\ndaevent: e\nidid: 1\neid: 1\ndata: b\n\n",
        )
        .message("b"),
        case(
            "NUL before, in and after",
            "\0data: a\nda\0ta: a\ndata\0: a\nid\0: 1\nevent\0\ndata: b\n\n",
        )
        .message("b"),
        case(
            "broken UTF-8 before",
            b"\xFFdata: a\n\xC3id: 1\n\xE2\x82event: e\ndata: b\n\n",
        )
        .message("b"),
        case(
            "broken UTF-8 in it",
            b"da\xFFta: a\ni\x80d: 1\nev\xE2\x82ent: e\ndata: b\n\n",
        )
        .message("b"),
        case(
            "broken UTF-8 after",
            b"data\xC3: a\nid\xE2\x82: 1\nevent\xF0\x9F\x98: e\ndata: b\n\n",
        )
        .message("b"),
        case("a colon of two bytes", b"data\xC0\xBA a\ndata: b\n\n").message("b"),
        case(
            "full-width letters and colon",
            "ｄａｔａ: a\ndata： a\ndata: b\n\n",
        )
        .message("b"),
        case("quoted", "\"data\": a\n'id': 1\ndata: b\n\n").message("b"),
        case(
            "unknown names",
            "comment: a\nlast-event-id: 1\ntype: e\ndata: b\n\n",
        )
        .message("b"),
        case("no known name at all", "x: y\nz\n\n"),
    ]
}

pub fn a_value_is_everything_after_the_first_colon_except_one_space() -> Vec<Case> {
    vec![
        case("no space", "data:a\n\n").message("a"),
        case("one space", "data: a\n\n").message("a"),
        case("two spaces", "data:  a\n\n").message(" a"),
        case("three spaces", "data:   a\n\n").message("  a"),
        case("a space and no more", "data: \n\n").message(""),
        case("two spaces and no more", "data:  \n\n").message(" "),
        case("spaces at the end stay", "data: a  \n\n").message("a  "),
        case("a tab is no space", "data:\ta\n\n").message("\ta"),
        case("a space, then a tab", "data: \ta\n\n").message("\ta"),
        case("a no-break space is no space", "data:\u{A0}a\n\n").message("\u{A0}a"),
        case("several colons", "data: a: b:c::\n\n").message("a: b:c::"),
        case("a colon first", "data::\n\ndata:: a\n\ndata: :a\n\n")
            .message(":")
            .message(": a")
            .message(":a"),
        case("a field in it", "data: data: a\n\ndata:id: 1\n\n")
            .message("data: a")
            .message("id: 1"),
        case("one space of an event name", "event:  e \ndata\n\n").event(" e ", "", ""),
        case("one space of an id", "id:  1 \ndata\n\n")
            .event("", "", " 1 ")
            .last_id(" 1 "),
        case(
            "colons in an event name and in an id",
            "event: a:b\nid::1\ndata\n\n",
        )
        .event("a:b", "", ":1")
        .last_id(":1"),
        case("JSON", "data: {\"a\": [1, 2]}\n\n").message("{\"a\": [1, 2]}"),
    ]
}

pub fn comments_and_ignored_lines_have_no_effect() -> Vec<Case> {
    vec![
        case("only comments", ": a\n:b\n:\n: \n::\n\n"),
        case("a comment before data", ": a\ndata: b\n\n").message("b"),
        case("between data", "data: a\n: no\ndata: b\n\n").message("a\nb"),
        case("after data", "data: a\n: no\n\n").message("a"),
        case(
            "with a field in it",
            ":data: a\n: data: a\n:id: 1\n:retry: 5\n\ndata: b\n\n",
        )
        .message("b"),
        case("of broken UTF-8", b":\xFF\xC3\n:\xE2\x82\ndata: b\n\n").message("b"),
        case("with NUL", ":\0\n\0:\n\0\ndata: b\n\n").message("b"),
        case("an ignored line between data", "data: a\nx\ndata: b\n\n").message("a\nb"),
        case(
            "longer than the storage",
            format!(":{0}\n{0}\n{0}:{0}\ndata: b\n\n", "y".repeat(400)),
        )
        .message("b"),
    ]
}

pub fn a_blank_line_dispatches_an_event_with_data() -> Vec<Case> {
    vec![
        case("only line ends", "\n\r\n\r\r\n\n"),
        case(
            "blank lines before and between",
            "\n\ndata: a\n\n\n\ndata: b\n\n\n",
        )
        .message("a")
        .message("b"),
        case("an event name alone is dropped", "event: e\n\ndata: a\n\n").message("a"),
        case(
            "an event name applies to one event",
            "event: e\ndata: a\n\ndata: b\n\n",
        )
        .event("e", "a", "")
        .message("b"),
        case(
            "the last event name counts",
            "event: long name\nevent: e\ndata: a\nevent: f\n\n",
        )
        .event("f", "a", ""),
        case(
            "an empty event name takes one back",
            "event: e\nevent\ndata: a\n\n",
        )
        .message("a"),
        case("a line of spaces is not blank", "data: a\n \ndata: b\n\n").message("a\nb"),
        case("empty data is data", "event: e\nid: 1\ndata\n\n")
            .event("e", "", "1")
            .last_id("1"),
        case(
            "empty lines of data each give an LF",
            "data\ndata:\ndata: \ndata\n\n",
        )
        .message("\n\n\n"),
        case("empty lines around full ones", "data\ndata: a\ndata\n\n").message("\na\n"),
        case(
            "data around other fields",
            "data: a\nevent: e\ndata: b\nid: 1\ndata: c\n\n",
        )
        .event("e", "a\nb\nc", "1")
        .last_id("1"),
        case(
            "data of one event is not in the next",
            "data: long data\n\ndata: a\n\ndata\n\n",
        )
        .message("long data")
        .message("a")
        .message(""),
    ]
}

pub fn an_id_stays_until_another_one_is_set() -> Vec<Case> {
    vec![
        case(
            "before data and after it",
            "id: 1\ndata: a\n\ndata: b\nid: 2\n\n",
        )
        .event("", "a", "1")
        .event("", "b", "2")
        .last_id("2"),
        case(
            "over events without one",
            "id: 1\ndata: a\n\ndata: b\n\n: c\n\ndata: d\n\n",
        )
        .event("", "a", "1")
        .event("", "b", "1")
        .event("", "d", "1")
        .last_id("1"),
        case(
            "without data, it is the last one at its blank line",
            "id: 1\n\n",
        )
        .last_id("1"),
        case(
            "without data, it is of the next event",
            "id: 1\n\ndata: a\n\n",
        )
        .event("", "a", "1")
        .last_id("1"),
        case("without data, and then another", "id: 1\n\nid: 2\n\n").last_id("2"),
        case("without a blank line, it is not the last one", "id: 1\n"),
        case(
            "without its line end, it is not the last one",
            "id: 1\n\nid: 2",
        )
        .last_id("1"),
        case(
            "of an event that was cut",
            "id: 1\ndata: a\n\nid: 2\ndata: b\n",
        )
        .event("", "a", "1")
        .last_id("1")
        .unfinished("", "b", "2"),
        case(
            "the last of several counts",
            "id: 1\nid: 22\nid: 3\ndata\n\n",
        )
        .event("", "", "3")
        .last_id("3"),
        case(
            "a longer one in place of a shorter",
            "id: 1\ndata\n\nid: 2222\ndata\n\ndata\n\n",
        )
        .event("", "", "1")
        .event("", "", "2222")
        .event("", "", "2222")
        .last_id("2222"),
        case(
            "a shorter one in place of a longer",
            "id: 1111\ndata\n\nid: 2\ndata\n\ndata\n\n",
        )
        .event("", "", "1111")
        .event("", "", "2")
        .event("", "", "2")
        .last_id("2"),
        case(
            "an empty one without colon resets it",
            "id: 1\n\nid\ndata\n\n",
        )
        .message(""),
        case(
            "an empty one after a colon resets it",
            "id: 1\n\nid:\n\ndata\n\n",
        )
        .message(""),
        case("an empty one after a space resets it", "id: 1\n\nid: \n\n"),
        case(
            "an empty one takes back one of the same event",
            "id: 1\nid\ndata\n\n",
        )
        .message(""),
        case(
            "with NUL it is ignored, and the one before stays",
            "id: 1\ndata\n\nid: 2\0\ndata\n\n",
        )
        .event("", "", "1")
        .event("", "", "1")
        .last_id("1"),
        case(
            "with NUL it is ignored, and an earlier one of the event is kept",
            "id: 1\nid: 2\x003\ndata\n\n",
        )
        .event("", "", "1")
        .last_id("1"),
        case(
            "with NUL first, and then one without",
            "id: \x002\nid: 1\ndata\n\n",
        )
        .event("", "", "1")
        .last_id("1"),
        case(
            "with NUL, the data around it stay",
            "data: a\nevent: e\nid: 1\0\ndata: b\n\n",
        )
        .event("e", "a\nb", ""),
        case("with NUL and a cut", "id: 1\n\nid: 2\0").last_id("1"),
        case("of two bytes that are no NUL", b"id: 1\xC0\x80\ndata\n\n")
            .event("", "", b"1\xC0\x80")
            .last_id(b"1\xC0\x80"),
        case(
            "NUL in data and in an event name counts",
            "event: e\0f\ndata: a\0b\n\n",
        )
        .event("e\0f", "a\0b", ""),
        case(
            "of broken UTF-8",
            b"id: \xFF1\xE2\x82\nevent: \x80\ndata\n\n",
        )
        .event(b"\x80", "", b"\xFF1\xE2\x82")
        .last_id(b"\xFF1\xE2\x82"),
    ]
}

pub fn a_retry_of_only_digits_sets_the_reconnection_time() -> Vec<Case> {
    let zeros = "0".repeat(40);
    let nines = "9".repeat(40);
    vec![
        case("at its line's end", "retry: 10\n").retry(10),
        case("at its line's end, a CR", "retry: 10\r").retry(10),
        case("without space", "retry:10\n").retry(10),
        case("not before its line's end", "retry: 10"),
        case("cut after another one", "retry: 7\nretry: 10").retry(7),
        case("zero", "retry: 0\n").retry(0),
        case("leading zeros", "retry: 0010\n").retry(10),
        case(
            "more leading zeros than any number has digits",
            format!("retry: {zeros}7\n"),
        )
        .retry(7),
        case("the last one counts", "retry: 10\nretry: 9\n\nretry: 8\n").retry(8),
        case("of an event that was cut", "retry: 10\ndata: a\n")
            .retry(10)
            .unfinished("", "a", ""),
        case("the largest of 64 bits", "retry: 18446744073709551615\n").retry(u64::MAX),
        case(
            "one more is the largest too",
            "retry: 18446744073709551616\n",
        )
        .retry(u64::MAX),
        case("ten times the largest", "retry: 184467440737095516150\n").retry(u64::MAX),
        case("many digits", format!("retry: {nines}\n")).retry(u64::MAX),
        case(
            "many digits and a letter",
            format!("retry: 7\nretry: {nines}x\n"),
        )
        .retry(7),
        case("no digit, no colon", "retry: 7\nretry\n").retry(7),
        case("no digit", "retry: 7\nretry:\n").retry(7),
        case("a space and no digit", "retry: 7\nretry: \n").retry(7),
        case("two spaces before", "retry:  10\n"),
        case("a tab before", "retry:\t10\n"),
        case("a space after", "retry: 10 \n"),
        case("a space between", "retry: 1 0\n"),
        case(
            "a letter after, before, between",
            "retry: 1x\nretry: x1\nretry: 1x0\n",
        ),
        case("a sign", "retry: +10\nretry: -10\nretry: -0\n"),
        case(
            "a point, an exponent, a hexadecimal",
            "retry: 1.0\nretry: 1e3\nretry: 0x10\nretry: ff\n",
        ),
        case("a separator", "retry: 1,000\nretry: 1_000\n"),
        case("a second colon", "retry: 10:20\nretry::10\n"),
        case("NUL", "retry: 10\0\nretry: \x0010\n"),
        case(
            "digits of other scripts",
            "retry: ١٠\nretry: １０\nretry: 1٠\n",
        ),
        case("broken UTF-8", b"retry: 10\xFF\nretry: \xB110\n"),
        case(
            "characters around the digits",
            "retry: 1/\nretry: 1:\nretry: /1\n",
        ),
        case(
            "a letter, and the next line counts again",
            "retry: 1x\nretry: 10\n",
        )
        .retry(10),
        case("it gives no event", "retry: 10\n\ndata: a\n\n")
            .message("a")
            .retry(10),
    ]
}

pub fn invalid_utf_8_in_a_value_affects_only_its_line() -> Vec<Case> {
    vec![
        case("a lone continuation", b"data: \x80\n\n").message(b"\x80"),
        case("bytes that are never UTF-8", b"data: a\xFF\xFEb\n\n").message(b"a\xFF\xFEb"),
        case("cut at LF", b"data: a\xC3\ndata: \xA9\n\n").message(b"a\xC3\n\xA9"),
        case("cut at CR", b"data: \xE2\x82\rdata: \xAC\r\r").message(b"\xE2\x82\n\xAC"),
        case("cut at CR LF", b"data: \xF0\x9F\x98\r\ndata: \x80\r\n\r\n")
            .message(b"\xF0\x9F\x98\n\x80"),
        case(
            "cut at the end of the event",
            b"data: \xF0\x9F\n\ndata: \x98\x80\n\n",
        )
        .message(b"\xF0\x9F")
        .message(b"\x98\x80"),
        case("cut before the space", b"data:\xE2 a\n\n").message(b"\xE2 a"),
        case("cut at the end of the stream", b"data: \xE2\x82").unfinished("", b"\xE2\x82", ""),
        case(
            "a surrogate, an overlong LF",
            b"data: \xED\xA0\x80\xC0\x8A\n\n",
        )
        .message(b"\xED\xA0\x80\xC0\x8A"),
        case(
            "whole characters of every length",
            "event: é\ndata: a é € 😀\n\n",
        )
        .event("é", "a é € 😀", ""),
    ]
}

pub fn the_end_of_the_stream_dispatches_nothing() -> Vec<Case> {
    vec![
        case("no byte at all", ""),
        case("a line end", "\n"),
        case("a CR", "\r"),
        case("in a name", "data: a\n\ndat").message("a"),
        case("in the name of the first field", "d"),
        case("after a name", "data").unfinished("", "", ""),
        case("after a colon", "data:").unfinished("", "", ""),
        case("after a space", "data: ").unfinished("", "", ""),
        case("after two spaces", "data:  ").unfinished("", " ", ""),
        case("in a value", "data: a").unfinished("", "a", ""),
        case("after a line", "data: a\n").unfinished("", "a", ""),
        case("after a line of CR", "data: a\r").unfinished("", "a", ""),
        case("after a line of CR LF", "data: a\r\n").unfinished("", "a", ""),
        case("after a second name", "data: a\ndata").unfinished("", "a\n", ""),
        case("in a second value", "data: a\ndata: b").unfinished("", "a\nb", ""),
        case("in a comment", "data: a\n: b").unfinished("", "a", ""),
        case("in an unknown name", "data: a\ndatax").unfinished("", "a", ""),
        case("after an event name", "event: e\n"),
        case("in an event name", "data: a\nevent: e").unfinished("e", "a", ""),
        case("after an event without value", "event: e\ndata: a\nevent").unfinished("", "a", ""),
        case("in an id", "data: a\nid: 1").unfinished("", "a", "1"),
        case("after an id without value", "id: 1\ndata: a\nid").unfinished("", "a", ""),
        case("in an id with NUL", "data: a\nid: 1\0").unfinished("", "a", ""),
        case("in a name that begins like an id", "id: 1\ndata: a\ni").unfinished("", "a", "1"),
        case(
            "after an event and half of the next one",
            "id: 1\nevent: e\ndata: a\n\ndata: b",
        )
        .event("e", "a", "1")
        .last_id("1")
        .unfinished("", "b", "1"),
        case("after a whole event", "data: a\n\n").message("a"),
    ]
}

/// All cases.
pub fn all() -> Vec<Case> {
    let groups = [
        the_examples_of_the_standard,
        the_cases_of_the_web_platform_tests,
        only_one_byte_order_mark_is_removed,
        a_line_ends_with_cr_lf_or_with_lf_or_with_cr,
        only_the_four_exact_field_names_count,
        a_value_is_everything_after_the_first_colon_except_one_space,
        comments_and_ignored_lines_have_no_effect,
        a_blank_line_dispatches_an_event_with_data,
        an_id_stays_until_another_one_is_set,
        a_retry_of_only_digits_sets_the_reconnection_time,
        invalid_utf_8_in_a_value_affects_only_its_line,
        the_end_of_the_stream_dispatches_nothing,
    ];
    groups.into_iter().flat_map(|group| group()).collect()
}
