//! The README lists everything, and nothing else.

use highchat_sandbox::{Fault, Misstep, Reading, Script};

const README: &str = include_str!("../README.md");

#[test]
fn every_fault_and_reading_is_listed_with_its_line() {
    for fault in Fault::ALL {
        let amount = fault.amount().map(|amount| format!("[:{amount}]"));
        let name = format!("{}{}", fault.name(), amount.unwrap_or_default());
        let line = format!("| `{name}` | {} |", fault.line());
        assert!(README.lines().any(|listed| listed == line), "{line}");
    }
    for reading in Reading::ALL {
        let line = format!("| `{}` | {} |", reading.name(), reading.line());
        assert!(README.lines().any(|listed| listed == line), "{line}");
    }
}

#[test]
fn every_misstep_is_named() {
    for misstep in Misstep::ALL {
        let name = format!("`{}`", misstep.name());
        assert!(README.contains(&name), "{name}");
    }
}

#[test]
fn the_script_can_be_read() {
    let (_, json) = README.split_once("```json\n").unwrap();
    let (json, _) = json.split_once("```").unwrap();

    assert_ne!(Script::parse(json).unwrap(), Script::new());
}
