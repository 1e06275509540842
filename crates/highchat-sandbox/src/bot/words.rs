//! Splits a message into words, and makes them independent of spelling, case and punctuation.

/// Returns the words of a text as they were written, without the punctuation around them and
/// without the Armenian marks inside them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || is_inside_word(c)))
        .map(|word| word.replace(is_accent, ""))
        .map(|word| word.trim_matches(is_inside_word).to_owned())
        .filter(|word| !word.is_empty())
}

/// Returns the form of a word for comparisons.
pub(crate) fn plain(word: &str) -> String {
    // The letter և becomes two letters in capitals and in the older spelling.
    word.to_lowercase().replace("եւ", "և").replace("եվ", "և")
}

/// Returns the form of a text in which phrases are searched: plain words with a space on both
/// sides. So `" hi "` finds a word, and `" ժամ"` finds all words that begin with it.
pub(crate) fn phrase(text: &str) -> String {
    words(text).fold(" ".to_owned(), |mut phrase, word| {
        phrase.push_str(&plain(&word));
        phrase.push(' ');
        phrase
    })
}

/// Whether a character is an Armenian mark for a question, an exclamation or emphasis. These
/// marks follow the stressed vowel, in the middle of a word.
fn is_accent(c: char) -> bool {
    matches!(c, '՛' | '՜' | '՞')
}

fn is_inside_word(c: char) -> bool {
    is_accent(c) || matches!(c, '\'' | '’' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_matter() {
        assert_eq!(
            phrase("Բարև, ի՞նչ ժամերի եք աշխատում"),
            " բարև ինչ ժամերի եք աշխատում "
        );
        assert_eq!(phrase("ԲԱՐԵՎ։ Բարեւ՜"), " բարև բարև ");
        assert_eq!(phrase("«What's—that?»"), " what's that ");
        assert_eq!(phrase(" \n…"), " ");
    }
}
