//! The history of typed lines.

/// How many lines are remembered. They are kept in memory only, because messages are
/// private.
const MAX_LINES: usize = 500;

/// The remembered lines, oldest first, and which of them is being shown.
#[derive(Default)]
pub(super) struct History {
    lines: Vec<String>,
    /// The index of the shown line, and the text that was being typed before.
    shown: Option<(usize, String)>,
}

impl History {
    /// Ends browsing: the next [`older`](Self::older) returns the newest line.
    pub(super) fn leave(&mut self) {
        self.shown = None;
    }

    /// Remembers a line, unless it is blank or equal to the last one.
    pub(super) fn remember(&mut self, line: &str) {
        self.leave();
        if line.trim().is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == MAX_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.into());
    }

    /// The line before the shown one.
    pub(super) fn older(&mut self, line: &str) -> Option<&str> {
        let index = match &self.shown {
            Some((index, _)) => index.checked_sub(1)?,
            None => self.lines.len().checked_sub(1)?,
        };
        let typed = self
            .shown
            .take()
            .map_or_else(|| line.into(), |(_, typed)| typed);
        self.shown = Some((index, typed));
        self.lines.get(index).map(String::as_str)
    }

    /// The line after the shown one; after the newest line, the text that was being typed.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (index, typed) = self.shown.take()?;
        match self.lines.get(index + 1) {
            Some(line) => {
                self.shown = Some((index + 1, typed));
                Some(line.clone())
            }
            None => Some(typed),
        }
    }

    /// The index of the newest line before index `before` that contains the term.
    fn find(&self, term: &str, before: usize) -> Option<usize> {
        let lines = self.lines.get(..before)?;
        lines.iter().rposition(|line| line.contains(term))
    }
}

/// A search in the history, from the newest line to the oldest (Ctrl-R).
#[derive(Default)]
pub(super) struct Search {
    term: String,
    found: Option<usize>,
}

impl Search {
    pub(super) fn term(&self) -> &str {
        &self.term
    }

    /// The found line; empty if there is none.
    pub(super) fn line<'a>(&self, history: &'a History) -> &'a str {
        self.found.map_or("", |found| &history.lines[found])
    }

    /// The offset of the term in the found line, in bytes.
    pub(super) fn place(&self, history: &History) -> usize {
        self.line(history).find(&self.term).unwrap_or(0)
    }

    pub(super) fn push(&mut self, text: &str, history: &History) {
        self.term.extend(text.chars().filter(|c| !c.is_control()));
        let before = self.found.map_or(history.lines.len(), |found| found + 1);
        self.found = history.find(&self.term, before);
    }

    pub(super) fn pop(&mut self, history: &History) {
        self.term.pop();
        self.found = if self.term.is_empty() {
            None
        } else {
            history.find(&self.term, history.lines.len())
        };
    }

    /// Moves to the next older match, if there is one.
    pub(super) fn older(&mut self, history: &History) {
        let before = self.found.unwrap_or(history.lines.len());
        self.found = history.find(&self.term, before).or(self.found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &[&str]) -> History {
        let mut history = History::default();
        for line in lines {
            history.remember(line);
        }
        history
    }

    #[test]
    fn older_lines_are_shown_and_the_unfinished_line_comes_back() {
        let mut history = history(&["մեկ", " ", "երկու 👋", "երկու 👋"]);
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("կես"), Some("երկու 👋"));
        assert_eq!(history.older("երկու 👋"), Some("մեկ"));
        assert_eq!(history.older("մեկ"), None);
        assert_eq!(history.newer().as_deref(), Some("երկու 👋"));
        assert_eq!(history.newer().as_deref(), Some("կես"));
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("մեկ"), Some("երկու 👋"));
        history.leave();
        assert_eq!(history.older(""), Some("երկու 👋"));
    }

    #[test]
    fn the_oldest_lines_are_forgotten() {
        let mut history = History::default();
        for number in 0..=MAX_LINES {
            history.remember(&format!("տող {number}"));
        }
        assert_eq!(history.lines.len(), MAX_LINES);
        assert_eq!(history.lines[0], "տող 1");
    }

    #[test]
    fn a_search_goes_from_the_newest_line_to_the_oldest() {
        let history = history(&["բարև 👋", "ցտեսություն", "բարև ձեզ"]);
        let mut search = Search::default();
        search.push("բար", &history);
        assert_eq!(search.line(&history), "բարև ձեզ");
        search.push("և 👋", &history);
        assert_eq!(search.line(&history), "բարև 👋");
        assert_eq!(search.place(&history), 0);
        search.pop(&history);
        search.pop(&history);
        search.older(&history);
        search.older(&history);
        assert_eq!((search.term(), search.line(&history)), ("բարև", "բարև 👋"));
        search.push("չկա", &history);
        assert_eq!(search.line(&history), "");
    }
}
