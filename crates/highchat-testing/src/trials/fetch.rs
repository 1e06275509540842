//! Changes the rows of the table for a client over `fetch`.

use super::seen::Outcome;
use super::trial::Trial;

impl Trial {
    /// The row for a client whose requests `fetch` sends. It asks for encodings by itself, and
    /// decodes them.
    #[must_use]
    pub fn over_fetch(mut self) -> Self {
        if self.has("gzip") && self.outcome == Outcome::Failed {
            self.outcome = Outcome::Whole;
            self.text = self.whole();
            self.why = "`fetch` asks for an encoding by itself, and decodes it";
        }
        self
    }

    /// Whether a browser sends the message again by itself.
    ///
    /// Chromium does it if a connection that it used before closes without a byte of an answer,
    /// even for a `POST` (`HttpNetworkTransaction::ShouldResendRequest`). The connection was
    /// used before, at least for the CORS preflight request. A page cannot see it or prevent it.
    #[must_use]
    pub fn is_repeated_by_a_browser(&self) -> bool {
        self.has("cut:0") || self.has("reset:0")
    }

    fn has(&self, fault: &str) -> bool {
        self.faults.split(',').any(|one| one == fault)
    }
}
