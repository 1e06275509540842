//! The text of a reply that is being streamed.

use highchat_sanitise::Sanitiser;

/// Makes a streamed text safe for a terminal and ends it with exactly one newline.
#[derive(Default)]
pub(super) struct ReplyText {
    sanitiser: Sanitiser,
    is_open: bool,
    /// Newlines that were received and not yet shown. Newlines at the end of the reply are
    /// never shown.
    newlines: usize,
}

impl ReplyText {
    /// Opens the line, even if no text follows.
    pub(super) const fn open(&mut self) {
        self.is_open = true;
    }

    /// Returns what to show for the next piece of text.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut piece = String::with_capacity(text.len());
        self.sanitiser.push(text, &mut piece);
        self.is_open = true;
        let kept = piece.trim_end_matches('\n').len();
        if kept == 0 {
            self.newlines += piece.len();
            return String::new();
        }
        let pending = piece.len() - kept;
        let before = core::mem::replace(&mut self.newlines, pending);
        piece.truncate(kept);
        piece.insert_str(0, &"\n".repeat(before));
        piece
    }

    /// Ends the text. Returns the newline if the line was open.
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
    fn a_text_ends_with_one_newline_and_keeps_its_inner_newlines() {
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
