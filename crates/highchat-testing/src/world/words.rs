//! The texts of the user, the bot and the person. Many texts have the same beginning, so
//! that a client may confuse them. Each reply and each message of the person is unique.

/// The user's messages. The few texts repeat often.
pub(crate) const QUESTIONS: [&str; 3] = ["Որտե՞ղ է պատվերը 📦", "Այո", "Այո, շնորհակալ եմ 🙏"];

/// The beginnings of replies.
const BEGINNINGS: [&str; 3] = [
    "Պատվերը ճանապարհին է ",
    "Պատվերը ճանապարհին է Երևան, ",
    " Ողջույն 👋 ",
];

/// The text of the middle deltas.
const MIDDLE: &str = "շուտով 🚚 ";

/// The deltas of a reply. Its beginning is common, its end is unique.
pub(crate) fn reply(beginning: u8, deltas: u8, number: usize) -> Vec<String> {
    let beginning = BEGINNINGS[usize::from(beginning) % BEGINNINGS.len()];
    match deltas {
        0 => Vec::new(),
        1 => vec![format!("{beginning}№{number}")],
        deltas => {
            let mut pieces = vec![beginning.to_owned()];
            pieces.extend((2..deltas).map(|_| MIDDLE.to_owned()));
            // Some replies end in white space, which a service may trim.
            let end = if number % 2 == 0 { "\n" } else { "" };
            pieces.push(format!("№{number}{end}"));
            pieces
        }
    }
}

/// A person's message.
pub(crate) fn person(number: usize, is_copycat: bool) -> String {
    let beginning = if is_copycat {
        BEGINNINGS[number % 2]
    } else {
        "Ես օպերատորն եմ 🙂 "
    };
    format!("{beginning}({number})")
}

/// The greeting; it may have the same beginning as a reply.
pub(crate) fn greeting(is_alike: bool) -> String {
    format!(
        "{}№0",
        if is_alike {
            BEGINNINGS[0]
        } else {
            "Բարև ձեզ "
        }
    )
}

/// The text of a `human` event.
pub(crate) fn handed_over(number: usize) -> String {
    format!("Սպասեք օպերատորին 👤 {number}")
}

/// The text of an `error` event.
pub(crate) const ERROR_TEXT: &str = "Ներեցեք, սխալ է տեղի ունեցել";
