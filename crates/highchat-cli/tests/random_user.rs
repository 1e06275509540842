//! A user at a terminal who types, edits, pastes, resizes and interrupts at random while
//! replies stream and a person writes.
//!
//! The screen is compared with a model: the printed rows, and below them the line after all
//! keys. Each message must be sent as it was typed.
//!
//! `HIGHCHAT_RANDOM_SECONDS` sets how long the user types (default 5).
//! `HIGHCHAT_RANDOM_SEED` sets the seed (default: from the clock). If the screen is wrong,
//! the test prints both, and the last actions.

use core::num::NonZero;
use core::ops::Range;
use core::time::Duration;
use std::time::{Instant, SystemTime};

use highchat_sandbox::{Person, Rule, Sandbox, Script};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

mod support;
use support::*;

use terminal::*;

const CALL_A_PERSON: &str = "մարդ";
const REPLY: &str = "Պատասխանը երկար է և գալիս է մաս առ մաս 👋 մինչև վերջ։";
/// A message that contains this has a reply that takes seconds.
const LONG_REPLY: &str = "⏳";
/// The sandbox's reply while a person has the conversation.
const PASSED_ON: &str = "Հաղորդագրությունը փոխանցված է մեր աշխատակցին։ Սպասեք պատասխանի։";

/// After how many steps the terminal gets another size.
const STEPS_PER_SIZE: u64 = 40;
const MAX_LETTERS: usize = 150;

/// SplitMix64 (public domain).
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Random letters, words, emoji and marks, which may combine with their neighbours.
    fn text(&mut self) -> String {
        const PIECES: [&str; 24] = [
            "ա",
            "բ",
            "ինչ",
            "պե՞ս",
            "Ողջույն",
            "և",
            "։",
            " ",
            " ",
            "e",
            "hello",
            "👋",
            "👋🏽",
            "👨‍👩‍👧",
            "🇦🇲",
            "❤️",
            "1️⃣",
            "漢字",
            "か",
            "\u{301}",
            "\u{200d}",
            "\u{1f1e6}",
            "😀",
            "ե\u{301}",
        ];
        (0..=self.below(6)).map(|_| self.one_of(&PIECES)).collect()
    }
}

/// The model of the edited line.
#[derive(Default)]
struct Line {
    text: String,
    cursor: usize,
    removed: String,
    history: Vec<String>,
    /// The index of the shown history line, and the text that was typed before.
    shown: Option<(usize, String)>,
}

impl Line {
    /// All offsets between two letters.
    fn places(&self) -> Vec<usize> {
        let starts = self.text.grapheme_indices(true).map(|(at, _)| at);
        starts.chain([self.text.len()]).collect()
    }

    fn move_to(&mut self, place: usize) {
        self.cursor = self.places().into_iter().find(|at| *at >= place).unwrap();
    }

    fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.move_to(self.cursor + text.len());
    }

    fn before(&self) -> usize {
        let places = self.places().into_iter();
        places.rev().find(|at| *at < self.cursor).unwrap_or(0)
    }

    fn after(&self) -> usize {
        let next = self.places().into_iter().find(|at| *at > self.cursor);
        next.unwrap_or(self.text.len())
    }

    fn word_before(&self) -> usize {
        let mut place = self.cursor;
        let mut is_in_word = false;
        for (at, c) in self.text[..self.cursor].char_indices().rev() {
            if c.is_whitespace() && is_in_word {
                return place;
            }
            is_in_word |= !c.is_whitespace();
            place = at;
        }
        0
    }

    fn word_after(&self) -> usize {
        let mut is_in_word = false;
        for (at, c) in self.text[self.cursor..].char_indices() {
            if c.is_whitespace() && is_in_word {
                return self.cursor + at;
            }
            is_in_word |= !c.is_whitespace();
        }
        self.text.len()
    }

    fn line_start(&self) -> usize {
        let before = &self.text[..self.cursor];
        before.rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self) -> usize {
        let newline = self.text[self.cursor..].find('\n');
        newline.map_or(self.text.len(), |newline| self.cursor + newline)
    }

    fn delete(&mut self, part: Range<usize>) -> String {
        let start = part.start;
        let deleted = self.text.drain(part).collect();
        self.move_to(start);
        deleted
    }

    fn remove(&mut self, part: Range<usize>) {
        if !part.is_empty() {
            self.removed = self.delete(part);
        }
    }

    fn show(&mut self, index: usize) {
        let typed = self.shown.take();
        let typed = typed.map_or_else(|| self.text.clone(), |(_, typed)| typed);
        self.text = self.history[index].clone();
        self.cursor = self.text.len();
        self.shown = Some((index, typed));
    }

    fn show_older(&mut self) {
        let before = self.shown.as_ref().map(|(index, _)| *index);
        if let Some(index) = before.unwrap_or(self.history.len()).checked_sub(1) {
            self.show(index);
        }
    }

    fn show_newer(&mut self) {
        let Some((index, typed)) = self.shown.take() else {
            return;
        };
        if index + 1 < self.history.len() {
            self.shown = Some((index, typed));
            self.show(index + 1);
        } else {
            self.text = typed;
            self.cursor = self.text.len();
        }
    }

    /// Empties the line. If it was sent, it is added to the history.
    fn take(&mut self, is_sent: bool) -> String {
        self.cursor = 0;
        let text = core::mem::take(&mut self.text);
        self.shown = None;
        if is_sent && !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
        }
        text
    }

    /// The rows of the line, and the row and column of its cursor.
    fn rows(&self, columns: usize) -> (Vec<String>, (usize, usize)) {
        let mut drawn = String::from("> ");
        let (mut row, mut column) = (0, 2);
        let mut cursor = None;
        for (at, letter) in self.text.grapheme_indices(true) {
            if letter == "\n" {
                if at == self.cursor {
                    cursor = Some((row, column.min(columns - 1)));
                }
                drawn.push_str("\r\n. ");
                (row, column) = (row + 1, 2);
                continue;
            }
            let one_by_one: usize = letter.chars().filter_map(UnicodeWidthChar::width).sum();
            let width = letter
                .width()
                .max(one_by_one + letter.matches('\u{fe0f}').count());
            let (letter, width) = if width > columns {
                ("?", 1)
            } else {
                (letter, width)
            };
            if column + width > columns {
                drawn.push_str("\r\n");
                (row, column) = (row + 1, 0);
            }
            if at == self.cursor {
                cursor = Some((row, column));
            }
            drawn.push_str(letter);
            column += width;
            if column < columns {
                drawn.push_str(&format!("\u{1b}[{}G", column + 1));
            }
        }
        let cursor = cursor.unwrap_or_else(|| {
            if column == columns {
                (row + 1, 0)
            } else {
                (row, column)
            }
        });
        let mut rows = rows_of(&drawn, columns);
        rows.resize(row.max(cursor.0) + 1, String::new());
        (rows, cursor)
    }
}

/// The rows of a text on an empty terminal.
fn rows_of(text: &str, columns: usize) -> Vec<String> {
    let size = [200, columns].map(|n| NonZero::new(u16::try_from(n).unwrap()).unwrap());
    let mut parser = vt100::Parser::new(size[0], size[1], 0);
    parser.process(text.as_bytes());
    trimmed(parser.screen().rows(0, size[1].get()))
}

struct User {
    random: Random,
    seed: u64,
    sandbox: Sandbox,
    terminal: Terminal,
    rows: usize,
    columns: usize,
    line: Line,
    /// The rows above the line since the screen was last cleared.
    printed: Vec<String>,
    sent: Vec<String>,
    conversation: String,
    is_handed_over: bool,
    written: usize,
    interruptions: usize,
    done: Vec<String>,
}

impl User {
    fn start(seed: u64) -> Self {
        let script = Script::new()
            .rule(Rule::text(CALL_A_PERSON).replies(REPLY).hands_over())
            .rule(Rule::contains(LONG_REPLY).replies("բառ ".repeat(3000)))
            .rule(Rule::contains("").replies(REPLY));
        let sandbox = Sandbox::builder()
            .key(KEY)
            .rate_limit(0)
            .token_delay(Duration::from_millis(2))
            .person(Person::absent())
            .script(script)
            .start()
            .unwrap();
        let command = to("chat", sandbox.base_url(), &["--poll-interval=0.03"]);
        let terminal = Terminal::run_sized(&command, (24, 80));
        terminal.until_prompt();
        let mut user = Self {
            random: Random(seed),
            seed,
            sandbox,
            terminal,
            rows: 24,
            columns: 80,
            line: Line::default(),
            printed: Vec::new(),
            sent: Vec::new(),
            conversation: String::new(),
            is_handed_over: false,
            written: 0,
            interruptions: 0,
            done: Vec::new(),
        };
        user.clear();
        user.line.insert("սկիզբ");
        user.press("սկիզբ");
        user.send();
        user.conversation = user.sandbox.inbox().conversations()[0].id.to_string();
        user
    }

    fn press(&mut self, keys: &str) {
        self.done.push(format!("{keys:?}"));
        self.terminal.press(keys);
    }

    /// Waits until the screen matches the model.
    fn settle(&self) {
        let (line, cursor) = self.line.rows(self.columns);
        let first = (cursor.0 + 1).saturating_sub(self.rows);
        let last = line.len().min(first + self.rows);
        let mut expected = self.printed.clone();
        expected.extend_from_slice(&line[first..last]);
        let below = last - 1 - cursor.0;
        let expected_rows = trimmed(expected.iter().cloned());
        let matches_model = |parser: &vt100::Parser| {
            let rows = all_rows(parser);
            let (row, column) = parser.screen().cursor_position();
            let hidden = parser.screen().scrollback_len();
            let cursor_row = hidden + usize::from(row);
            rows == expected_rows
                && cursor_row + below + 1 == expected.len()
                && usize::from(column) == cursor.1
        };
        if !self.terminal.shows(matches_model) {
            self.fail(&format!(
                "expected {expected_rows:#?}, the cursor {below} rows above the last row, in \
                 column {}",
                cursor.1
            ));
        }
    }

    /// Fails the test with the last actions and the screen.
    fn fail(&self, problem: &str) -> ! {
        let done = &self.done[self.done.len().saturating_sub(60)..];
        let (rows, cursor) = self.terminal.with_parser(|parser| {
            let cursor = parser.screen().cursor_position();
            (all_rows(parser), cursor)
        });
        panic!(
            "seed {}: {problem}; {}x{}; last actions: {done:#?}; the screen: {rows:#?}, the cursor at \
             {cursor:?}",
            self.seed, self.rows, self.columns
        );
    }

    /// Clears the screen and the printed rows of the model.
    fn clear(&mut self) {
        self.press("\u{c}");
        self.printed.clear();
        let (line, cursor) = self.line.rows(self.columns);
        let first = (cursor.0 + 1).saturating_sub(self.rows);
        let last = line.len().min(first + self.rows);
        let expected = trimmed(line[first..last].iter().cloned());
        let matches_model = |parser: &vt100::Parser| {
            let columns = parser.screen().size().1.get();
            trimmed(parser.screen().rows(0, columns)) == expected
                && parser.screen().cursor_position() == place(cursor.0 - first, cursor.1)
        };
        if !self.terminal.shows(matches_model) {
            self.fail(&format!(
                "the screen is not cleared; expected {expected:#?}, {cursor:?}"
            ));
        }
        self.terminal.forget_scrollback();
    }

    /// Moves the finished line to the printed rows.
    fn keep_line(&mut self, is_sent: bool) -> String {
        self.line.cursor = self.line.text.len();
        let (mut rows, cursor) = self.line.rows(self.columns);
        if cursor.1 == 0 && cursor.0 > 0 {
            rows.pop();
        }
        self.printed.append(&mut rows);
        self.line.take(is_sent)
    }

    fn print(&mut self, text: &str) {
        self.printed.append(&mut rows_of(text, self.columns));
    }

    /// Sends the line and waits until the reply has arrived.
    fn send(&mut self) {
        // These texts have a special meaning, and the history may bring them back.
        if self.line.text.trim() == CALL_A_PERSON {
            self.line.insert("ա");
            self.press("ա");
        }
        if self.line.text.contains(LONG_REPLY) && !self.is_handed_over {
            return self.interrupt();
        }
        let text = self.keep_line(true);
        self.press("\r");
        if !text.is_empty() {
            self.sent.push(text);
            let is_handed_over = self.is_handed_over;
            self.print(if is_handed_over { PASSED_ON } else { REPLY });
        }
        // Text typed meanwhile goes to the next line.
        let ahead = self.type_some();
        self.done.push(format!("typed ahead: {ahead:?}"));
        self.settle();
        self.check_sent();
    }

    fn check_sent(&self) {
        let last = self.last_sent();
        if last.as_ref() != self.sent.last() {
            self.fail(&format!(
                "{last:?} was sent instead of {:?}",
                self.sent.last()
            ));
        }
    }

    /// Sends the line and interrupts its reply.
    fn send_and_interrupt(&mut self) {
        if self.is_handed_over {
            return;
        }
        self.line.insert(LONG_REPLY);
        self.press(LONG_REPLY);
        self.interrupt();
    }

    /// Sends the line and stops its reply while it streams, or before it begins.
    fn interrupt(&mut self) {
        // The number makes the message unique.
        let number = format!(" {}", self.interruptions);
        self.interruptions += 1;
        self.type_text(&number);
        let text = self.keep_line(true);
        let is_early = self.random.below(3) == 0;
        self.press(if is_early { "\r\u{3}" } else { "\r" });
        if !is_early {
            let start = Instant::now();
            while self.last_sent().as_ref() != Some(&text) {
                if start.elapsed() > Duration::from_secs(30) {
                    self.fail(&format!("{text:?} was not sent"));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            self.press(CTRL_C);
        }
        let is_noted = |parser: &vt100::Parser| {
            let rows = all_rows(parser);
            let letters = rows.concat().replace(' ', "");
            letters.contains("note:stopped") && rows.last().is_some_and(|row| row == ">")
        };
        if !self.terminal.shows(is_noted) {
            self.fail("no note of the interruption");
        }
        if self.last_sent().as_ref() == Some(&text) {
            self.sent.push(text);
        } else if !is_early {
            self.fail("the message was not sent");
        }
        self.clear();
    }

    fn last_sent(&self) -> Option<String> {
        let requests = self.sandbox.requests();
        let mut chats = requests.iter().rev();
        chats
            .find(|request| request.path == "/v1/chat")
            .map(|request| {
                let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                body["message"].as_str().unwrap().to_string()
            })
    }

    fn type_some(&mut self) -> String {
        let text = self.random.text();
        if self.line.text.graphemes(true).count() > MAX_LETTERS {
            return String::new();
        }
        self.type_text(&text);
        text
    }

    /// Types a text, one character at a time, because a character may combine with the one
    /// before it.
    fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.line.insert(c.encode_utf8(&mut [0; 4]));
        }
        self.press(text);
    }

    fn paste(&mut self) {
        let lines: Vec<_> = (0..=self.random.below(3))
            .map(|_| self.random.text())
            .collect();
        if self.line.text.graphemes(true).count() > MAX_LETTERS {
            return;
        }
        let end = self.random.one_of(&["\n", "\r", "\r\n"]);
        let last = if self.random.below(2) == 0 { end } else { "" };
        self.line.insert(&lines.join("\n"));
        let pasted = format!("\u{1b}[200~{}{last}\u{1b}[201~", lines.join(end));
        // In two pieces. The cut is after the bytes that could be typed by hand, because a
        // pause there would end the escape sequence.
        let bytes = pasted.as_bytes();
        let cut = 3 + self.random.below(bytes.len() - 3);
        self.done.push(format!("{pasted:?} in two pieces at {cut}"));
        self.terminal.press_bytes(&bytes[..cut]);
        if self.random.below(4) == 0 {
            self.write(false);
        }
        self.terminal.press_bytes(&bytes[cut..]);
    }

    /// Lets the person write. Keys may be typed before the message appears.
    fn write(&mut self, is_edited_meanwhile: bool) {
        if !self.is_handed_over {
            return;
        }
        self.written += 1;
        let text = format!("նամակ {} 👋🏽", self.written);
        self.done.push(text.clone());
        let inbox = self.sandbox.inbox();
        inbox.reply(&self.conversation, &*text).unwrap();
        if is_edited_meanwhile {
            for _ in 0..self.random.below(6) {
                self.edit();
            }
        }
        let row = format!("person: {text}");
        self.terminal.until_letters(&row);
        self.print(&row);
    }

    fn resize(&mut self) {
        self.settle();
        let rows = self.random.one_of(&[3, 6, 10, 24, 50]);
        let columns = 9 + self.random.below(100);
        self.done.push(format!("resize to {rows}x{columns}"));
        let size = [rows, columns].map(|n| u16::try_from(n).unwrap());
        self.terminal.resize((size[0], size[1]));
        (self.rows, self.columns) = (rows, columns);
        self.clear();
    }

    /// Asks for a person, or lets the person hand back to the bot.
    fn call_or_end_handoff(&mut self) {
        self.settle();
        if self.is_handed_over {
            self.sandbox.inbox().hand_back(&self.conversation).unwrap();
            self.is_handed_over = false;
            self.terminal.until_letters("note: the bot is back");
        } else {
            // Recovery cannot recognise a reply that was stopped before its first text, and
            // would print it as the person's message. A complete reply in between prevents
            // this.
            self.remove_line();
            self.press("ա");
            self.line.insert("ա");
            self.send();
            self.remove_line();
            self.press(CALL_A_PERSON);
            self.line.insert(CALL_A_PERSON);
            self.line.take(true);
            self.press("\r");
            self.sent.push(CALL_A_PERSON.into());
            self.is_handed_over = true;
            self.terminal.until_letters("note: a person answers now");
        }
        self.clear();
    }

    fn remove_line(&mut self) {
        self.press("\u{b}\u{15}");
        self.line.remove(self.line.cursor..self.line.text.len());
        self.line.remove(0..self.line.cursor);
    }

    /// Presses a key that edits the line or moves the cursor.
    fn edit(&mut self) {
        let line = &mut self.line;
        let (keys, apply): (&str, fn(&mut Line)) = match self.random.below(16) {
            0 | 1 => ("\u{1b}[D", |line| line.cursor = line.before()),
            2 => ("\u{6}", |line| line.cursor = line.after()),
            3 | 4 => ("\u{7f}", |line| {
                let part = line.before()..line.cursor;
                line.delete(part);
            }),
            5 => ("\u{1b}[3~", |line| {
                let part = line.cursor..line.after();
                line.delete(part);
            }),
            6 => ("\u{1}", |line| line.move_to(line.line_start())),
            7 => ("\u{5}", |line| line.move_to(line.line_end())),
            8 => ("\u{1b}b", |line| line.move_to(line.word_before())),
            9 => ("\u{1b}[1;5C", |line| line.move_to(line.word_after())),
            10 => ("\u{17}", |line| {
                let part = line.word_before()..line.cursor;
                line.remove(part);
            }),
            11 => ("\u{1b}d", |line| {
                let part = line.cursor..line.word_after();
                line.remove(part);
            }),
            12 if line.text.len() < 1000 => ("\u{19}", |line| {
                let removed = line.removed.clone();
                line.insert(&removed);
            }),
            13 => ("\u{10}", Line::show_older),
            14 => ("\u{e}", Line::show_newer),
            _ => ("\u{b}", |line| {
                let part = line.cursor..line.text.len();
                line.remove(part);
            }),
        };
        apply(line);
        self.press(keys);
    }

    fn drop_line(&mut self) {
        if self.line.text.is_empty() {
            return;
        }
        self.keep_line(false);
        self.press(CTRL_C);
        self.settle();
    }

    fn step(&mut self) {
        match self.random.below(24) {
            0..8 => drop(self.type_some()),
            8..15 => self.edit(),
            15 | 16 => self.paste(),
            17 | 18 => self.write(true),
            19 => self.send(),
            20 => self.send_and_interrupt(),
            21 => self.drop_line(),
            22 => self.settle(),
            _ => self.clear(),
        }
    }
}

fn place(row: usize, column: usize) -> (u16, u16) {
    (row.try_into().unwrap(), column.try_into().unwrap())
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number")),
    )
}

#[test]
fn random_input_loses_no_key_and_the_screen_is_always_right() {
    let seconds = number("HIGHCHAT_RANDOM_SECONDS").unwrap_or(5);
    let seed = number("HIGHCHAT_RANDOM_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap().as_micros().try_into().unwrap()
    });
    println!("HIGHCHAT_RANDOM_SEED={seed} HIGHCHAT_RANDOM_SECONDS={seconds}");
    let start = Instant::now();
    let mut user = User::start(seed);
    let mut steps = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        user.step();
        steps += 1;
        if steps % STEPS_PER_SIZE == 0 {
            user.resize();
        }
        if steps % (3 * STEPS_PER_SIZE) == 0 {
            user.call_or_end_handoff();
        }
    }
    user.settle();
    println!(
        "{steps} steps, {} messages, {} of a person",
        user.sent.len(),
        user.written
    );
    // An unfinished line must be dropped before Ctrl-D can leave.
    user.drop_line();
    user.press(CTRL_D);
    assert_eq!(user.terminal.end(), (0, true));
}
