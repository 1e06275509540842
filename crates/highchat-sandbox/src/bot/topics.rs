//! The bot's answer to an ordinary message: an answer that it knows, or the message itself.

use crate::bot::memory::{Memory, name_in};
use crate::bot::words::phrase;

/// How much of a message the bot quotes, in characters.
const MAX_QUOTE: usize = 200;

/// The topics: phrases to find in a message, and the answer. The first match counts, so
/// questions come before thanks and goodbyes.
///
/// A space in a phrase stands for the beginning or end of a word. Most Armenian phrases have no
/// space at the end, because words take endings.
const TOPICS: &[(&[&str], &str)] = &[
    (
        &[
            " ժամերի",
            " ժամից",
            " ժամին",
            " ժամն ",
            " աշխատում եք",
            " եք աշխատում",
            " աշխատանքային",
            " բաց եք",
            " փակ եք",
            " եք բաց",
            " եք փակ",
            " hours ",
            " opening",
            " are you open",
            " when do you",
        ],
        "Աշխատում ենք երկուշաբթիից շաբաթ՝ ժամը 10:00-ից 20:00-ն։ Կիրակի օրը փակ ենք։",
    ),
    (
        &[
            " գինը",
            " գինն",
            " գներ",
            " գնացուցակ",
            " արժե",
            " արժի",
            " price",
            " cost",
            " how much ",
        ],
        "Այստեղ ամեն ինչ անվճար է. սա ընդամենը փորձնական ծառայություն է։",
    ),
    (
        &[
            " հասցե",
            " որտեղ ",
            " ուր եք",
            " address",
            " located ",
            " location",
            " where are you",
            " where is ",
        ],
        "Մեր հասցեն է՝ Երևան, Փորձնական փողոց 1։ Իրականում այնտեղ ոչինչ չկա, բայց սուրճը լավն է։",
    ),
    (
        &[
            " հեռախոս",
            " զանգ",
            " էլ փոստ",
            " կապվել",
            " phone",
            " call you",
            " email",
            " contact",
        ],
        "Հեռախոս չունեմ, բայց այստեղ միշտ կապի մեջ եմ։ Մարդու հետ խոսելու համար գրեք /human։",
    ),
    (
        &[
            " օպերատոր",
            " մարդու հետ",
            " կենդանի մարդ",
            " operator",
            " human ",
            " real person",
        ],
        "Մարդու հետ խոսելու համար գրեք /human, և նա կմիանա զրույցին։",
    ),
    (
        &[
            " ով ես ",
            " դու ով",
            " ով եք ",
            " դուք ով",
            " ինչ ես դու",
            " դու ինչ ես",
            " բոտ ես",
            " բոտ եք",
            " highchat",
            " who are you",
            " what are you",
            " are you a bot",
            " your name",
        ],
        "Ես փորձնական բոտ եմ. աշխատում եմ հենց ձեր համակարգչում և իրական ծառայության հետ կապ չունեմ։",
    ),
    (
        &[
            " ինչ կարող ես",
            " ինչ կարող եք",
            " ինչ գիտես",
            " ինչ գիտեք",
            " օգնել",
            " օգնություն",
            " help ",
            " what can you",
        ],
        "Կարող եմ ասել աշխատանքային ժամերը, գները և հասցեն։ Իսկ /help գրելով կտեսնեք, թե էլ ինչ գիտեմ։",
    ),
    (
        &[
            " ոնց ես ",
            " ոնց եք ",
            " ինչպես ես ",
            " ինչպես եք ",
            " ինչ կա ",
            " how are you",
            " what's up ",
        ],
        "Շատ լավ եմ, շնորհակալություն։ Իսկ ինչո՞վ կարող եմ օգնել ձեզ։",
    ),
    (
        &[
            " շնորհակալ",
            " մերսի",
            " ապրես",
            " ապրեք",
            " thank",
            " thx ",
        ],
        "Խնդրեմ, միշտ ուրախ եմ օգնել։",
    ),
    (
        &[
            " ցտեսություն",
            " հաջողություն",
            " հաջող ",
            " առայժմ",
            " bye ",
            " goodbye",
            " see you",
        ],
        "Ցտեսություն, հաճելի օր եմ մաղթում։",
    ),
];

const GREETINGS: &[&str] = &[
    " բարև",
    " ողջույն",
    " բարի լույս",
    " բարի օր",
    " բարի երեկո",
    " hi ",
    " hello",
    " hey ",
    " good morning",
    " good evening",
    " good afternoon",
];

const ASKS_PREVIOUS: &[&str] = &[
    " ինչ ասացի",
    " ինչ ասեցի",
    " ինչ գրեցի",
    " what did i say",
    " what did i write",
    " what i said",
];

const ASKS_COUNT: &[&str] = &[
    " քանի հաղորդագրություն",
    " քանի անգամ գրեցի",
    " how many messages",
];

const ASKS_NAME: &[&str] = &[
    " իմ անունը ",
    " իմ անունն ",
    " անունս ",
    " my name ",
    " ով եմ ես",
    " who am i",
];

/// Returns the reply to the latest message of a conversation. `memory` must already have it.
pub(crate) fn reply(memory: &Memory, message: &str) -> String {
    let phrase = phrase(message);
    let asks = |phrases: &[&str]| phrases.iter().any(|asked| phrase.contains(asked));
    let answer = if let Some(name) = name_in(message) {
        return format!("Հաճելի է ծանոթանալ, {name}։ Կհիշեմ ձեր անունը։");
    } else if asks(ASKS_PREVIOUS) {
        previous(memory)
    } else if asks(ASKS_COUNT) {
        format!("{}։", nth_message(memory))
    } else if asks(ASKS_NAME) {
        name(memory)
    } else if let Some((_, answer)) = TOPICS.iter().find(|(phrases, _)| asks(phrases)) {
        (*answer).to_owned()
    } else if asks(GREETINGS) {
        "Ինչո՞վ կարող եմ օգնել։".to_owned()
    } else {
        return echo(memory, message);
    };
    if asks(GREETINGS) {
        format!("{} {answer}", greeting(memory))
    } else {
        answer
    }
}

fn greeting(memory: &Memory) -> String {
    match memory.name() {
        Some(name) => format!("Բարև ձեզ, {name}։"),
        None => "Բարև ձեզ։".to_owned(),
    }
}

fn previous(memory: &Memory) -> String {
    match memory.previous() {
        Some(previous) => format!(
            "Դուք ասացիք՝ «{}»։ {}։",
            quote(previous),
            nth_message(memory)
        ),
        None => "Դեռ ոչինչ չեք ասել. սա ձեր առաջին հաղորդագրությունն է։".to_owned(),
    }
}

fn name(memory: &Memory) -> String {
    match memory.name() {
        Some(name) => format!("Ձեր անունը {name} է։"),
        None => "Դեռ չգիտեմ ձեր անունը։ Գրեք, օրինակ՝ «Իմ անունը Անի է»։".to_owned(),
    }
}

fn echo(memory: &Memory, message: &str) -> String {
    let heard = match quote(message) {
        quoted if quoted.is_empty() => "Դուք դատարկ հաղորդագրություն ուղարկեցիք։".to_owned(),
        quoted => format!("Դուք գրեցիք՝ «{quoted}»։"),
    };
    format!(
        "{heard} Սրա պատասխանը չգիտեմ, բայց կարող եմ ասել աշխատանքային ժամերը, գները կամ հասցեն։ {}։",
        nth_message(memory)
    )
}

fn nth_message(memory: &Memory) -> String {
    let count = memory.count();
    let ending = if count == 1 { "ին" } else { "րդ" };
    format!("Սա ձեր {count}-{ending} հաղորդագրությունն է")
}

/// Returns the beginning of a message on one line.
fn quote(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the last reply of a conversation with these messages from the user.
    fn last_reply(messages: &[&str]) -> String {
        let mut memory = Memory::default();
        for message in messages {
            memory.remember(message);
        }
        reply(&memory, messages[messages.len() - 1])
    }

    #[test]
    fn questions_in_both_languages_are_answered() {
        for (message, part) in [
            ("Բարև, ի՞նչ ժամերի եք աշխատում", "10:00-ից 20:00-ն"),
            ("When are you open? Which hours?", "10:00-ից 20:00-ն"),
            ("ԲԱՐԵՎ", "Բարև ձեզ։ Ինչո՞վ կարող եմ օգնել։"),
            ("hi!", "Բարև ձեզ։ Ինչո՞վ կարող եմ օգնել։"),
            ("Ինչքա՞ն արժե", "անվճար է"),
            ("What's the price?", "անվճար է"),
            ("Որտե՞ղ եք գտնվում", "Փորձնական փողոց 1"),
            ("What is your address?", "Փորձնական փողոց 1"),
            ("Ո՞վ ես դու", "փորձնական բոտ եմ"),
            ("who are you", "փորձնական բոտ եմ"),
            ("Շնորհակալություն", "Խնդրեմ"),
            ("thanks a lot", "Խնդրեմ"),
            ("Ցտեսություն", "Ցտեսություն, հաճելի օր"),
            ("bye", "Ցտեսություն, հաճելի օր"),
        ] {
            let reply = last_reply(&[message]);
            assert!(reply.contains(part), "{message}: {reply}");
        }
    }

    #[test]
    fn a_greeting_before_a_question_is_returned() {
        assert!(last_reply(&["Բարև, ի՞նչ ժամերի եք աշխատում"]).starts_with("Բարև ձեզ։ Աշխատում"));
        assert!(last_reply(&["Ի՞նչ ժամերի եք աշխատում"]).starts_with("Աշխատում"));
    }

    #[test]
    fn a_phrase_inside_a_word_does_not_match() {
        let reply = last_reply(&["history"]);
        assert!(reply.starts_with("Դուք գրեցիք՝ «history»։"), "{reply}");
    }

    #[test]
    fn a_name_is_remembered() {
        assert_eq!(
            last_reply(&["Իմ անունը Անի է"]),
            "Հաճելի է ծանոթանալ, Անի։ Կհիշեմ ձեր անունը։"
        );
        assert_eq!(
            last_reply(&["Իմ անունը Անի է", "լավ", "Ի՞նչ է իմ անունը"]),
            "Ձեր անունը Անի է։"
        );
        assert_eq!(
            last_reply(&["my name is Ani", "Բարև"]),
            "Բարև ձեզ, Ani։ Ինչո՞վ կարող եմ օգնել։"
        );
        assert!(last_reply(&["What is my name?"]).starts_with("Դեռ չգիտեմ"));
    }

    #[test]
    fn the_previous_message_is_remembered() {
        assert_eq!(
            last_reply(&["մեկ", "երկու", "Ի՞նչ ասացի"]),
            "Դուք ասացիք՝ «երկու»։ Սա ձեր 3-րդ հաղորդագրությունն է։"
        );
        assert!(last_reply(&["What did I say?"]).starts_with("Դեռ ոչինչ"));
    }

    #[test]
    fn messages_are_counted() {
        assert_eq!(
            last_reply(&["Քանի՞ հաղորդագրություն եմ գրել"]),
            "Սա ձեր 1-ին հաղորդագրությունն է։"
        );
        assert!(last_reply(&["ա", "բ"]).ends_with("Սա ձեր 2-րդ հաղորդագրությունն է։"));
    }

    #[test]
    fn an_unknown_message_is_quoted() {
        assert!(last_reply(&["կապույտ  փիղ\n"]).starts_with("Դուք գրեցիք՝ «կապույտ փիղ»։ Սրա"));
        assert!(last_reply(&["  "]).starts_with("Դուք դատարկ հաղորդագրություն"));
        assert!(last_reply(&[&"ծ".repeat(4000)]).contains(&format!("«{}…»", "ծ".repeat(200))));
    }
}
