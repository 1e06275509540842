//! The text of a reply, as it grows.

use highchat_sanitise::Sanitiser;

/// A text on standard output: safe to show, and with one newline at its end, however many
/// the reply has there.
#[derive(Default)]
pub(super) struct ReplyText {
    sanitiser: Sanitiser,
    is_open: bool,
    /// Newlines that were not shown yet: the last ones of a reply never are.
    newlines: usize,
}

impl ReplyText {
    /// Begins it, though nothing may come of it but its end.
    pub(super) const fn open(&mut self) {
        self.is_open = true;
    }

    /// What is to be shown of a piece of text.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut piece = String::with_capacity(text.len());
        self.sanitiser.push(text, &mut piece);
        self.is_open = true;
        let kept = piece.trim_end_matches('\n').len();
        if kept == 0 {
            self.newlines += piece.len();
            return String::new();
        }
        let behind = piece.len() - kept;
        let before = core::mem::replace(&mut self.newlines, behind);
        piece.truncate(kept);
        piece.insert_str(0, &"\n".repeat(before));
        piece
    }

    /// What ends it, where something was begun.
    pub(super) fn close(&mut self) -> &'static str {
        if core::mem::take(self).is_open {
            "\n"
        } else {
            ""
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_at_the_end_are_one_and_in_between_all_there() {
        let mut reply = ReplyText::default();
        let mut shown = String::new();
        for piece in ["\n", "a\n", "\n\nb", "", "\n\n"] {
            shown += &reply.push(piece);
        }
        shown += reply.close();
        shown += reply.close();
        assert_eq!(shown, "\na\n\n\nb\n");
    }
}
