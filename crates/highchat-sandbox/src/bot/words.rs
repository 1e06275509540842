//! A message as words to be recognised, whatever its spelling, case and punctuation.

/// The words of a text as they were written, without the punctuation around them and, in
/// Armenian, inside them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || is_inside_word(c)))
        .map(|word| word.replace(is_accent, ""))
        .map(|word| word.trim_matches(is_inside_word).to_owned())
        .filter(|word| !word.is_empty())
}

/// A word as words are compared.
pub(crate) fn plain(word: &str) -> String {
    // The letter և is written in two in capitals, and in the older spelling always.
    word.to_lowercase().replace("եւ", "և").replace("եվ", "և")
}

/// A text as phrases are looked for in it: plain words with a space on both sides of
/// each, so that `" hi "` finds a word and `" ժամ"` whatever begins like that.
pub(crate) fn phrase(text: &str) -> String {
    words(text).fold(" ".to_owned(), |mut phrase, word| {
        phrase.push_str(&plain(&word));
        phrase.push(' ');
        phrase
    })
}

/// The marks for a question, an exclamation and an emphasis, which Armenian puts on
/// the stressed vowel, in the middle of a word.
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
    fn a_phrase_is_found_whatever_its_case_and_marks() {
        assert_eq!(
            phrase("Բարև, ի՞նչ ժամերի եք աշխատում"),
            " բարև ինչ ժամերի եք աշխատում "
        );
        assert_eq!(phrase("ԲԱՐԵՎ։ Բարեւ՜"), " բարև բարև ");
        assert_eq!(phrase("«What's—that?»"), " what's that ");
        assert_eq!(phrase(" \n…"), " ");
    }
}
