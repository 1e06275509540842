//! What everybody says. Texts begin alike on purpose, and each reply and each of a person's
//! messages is like no other.

/// What the user sends: the same few texts, again and again.
pub(crate) const QUESTIONS: [&str; 3] = ["Որտե՞ղ է պատվերը 📦", "Այո", "Այո, շնորհակալ եմ 🙏"];

/// What replies begin with.
const BEGINNINGS: [&str; 3] = [
    "Պատվերը ճանապարհին է ",
    "Պատվերը ճանապարհին է Երևան, ",
    " Ողջույն 👋 ",
];

/// What follows, as often as there are deltas.
const MIDDLE: &str = "շուտով 🚚 ";

/// A reply in its deltas: it begins like others, and ends like none.
pub(crate) fn reply(beginning: u8, deltas: u8, number: usize) -> Vec<String> {
    let beginning = BEGINNINGS[usize::from(beginning) % BEGINNINGS.len()];
    match deltas {
        0 => Vec::new(),
        1 => vec![format!("{beginning}№{number}")],
        deltas => {
            let mut pieces = vec![beginning.to_owned()];
            pieces.extend((2..deltas).map(|_| MIDDLE.to_owned()));
            // Some end in white space, which a service may trim.
            let end = if number % 2 == 0 { "\n" } else { "" };
            pieces.push(format!("№{number}{end}"));
            pieces
        }
    }
}

/// What a person writes.
pub(crate) fn person(number: usize, is_copycat: bool) -> String {
    let beginning = if is_copycat {
        BEGINNINGS[number % 2]
    } else {
        "Ես օպերատորն եմ 🙂 "
    };
    format!("{beginning}({number})")
}

/// The greeting.
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
pub(crate) const SORRY: &str = "Ներեցեք, սխալ է տեղի ունեցել";
