//! Changes the rows of the table for a client over `fetch`.

use highchat_conformance::{Outcome, Trial};

/// The row for a client whose requests `fetch` sends. It asks for encodings by itself, and
/// decodes them.
pub(crate) fn over_fetch(mut row: Trial) -> Trial {
    if has(&row, "gzip") && row.outcome == Outcome::Failed {
        row.outcome = Outcome::Whole;
        row.text = row.whole();
        row.why = "`fetch` asks for an encoding by itself, and decodes it";
    }
    row
}

/// The row for a client that sees no more of a redirect than that the request failed.
pub(crate) fn without_redirects(mut row: Trial) -> Trial {
    if has(&row, "redirect") && row.outcome == Outcome::Failed {
        row.outcome = Outcome::Unanswered;
        row.why = "a redirect is not followed, and the client does not see that it was one";
    }
    row
}

/// Whether a page in a browser cannot do what the row demands.
pub(crate) fn is_impossible_in_a_browser(row: &Trial) -> bool {
    // Chromium sends a message again by itself if a connection that it used before closes without
    // a byte of an answer, even for a `POST` (`HttpNetworkTransaction::ShouldResendRequest`). The
    // connection was used before, at least for the CORS preflight request. A page cannot see it
    // or prevent it.
    let is_repeated = has(row, "cut:0") || has(row, "reset:0");
    // A date in `Retry-After` is measured against `Date`, which a service must expose to pages of
    // other origins. The API's text does not say that it does.
    is_repeated || has(row, "429-date:2")
}

fn has(row: &Trial, fault: &str) -> bool {
    row.faults.split(',').any(|one| one == fault)
}
