//! Checks that the README lists all faults, readings and findings.

use highchat_sandbox::{Fault, Misstep, Reading, Script};

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_has_every_fault_and_reading_with_its_description() {
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
fn the_readme_has_every_misstep() {
    for misstep in Misstep::ALL {
        let name = format!("`{}`", misstep.name());
        assert!(README.contains(&name), "{name}");
    }
}

#[test]
fn the_script_in_the_readme_can_be_parsed() {
    let (_, json) = README.split_once("```json\n").unwrap();
    let (json, _) = json.split_once("```").unwrap();

    assert_ne!(Script::parse(json).unwrap(), Script::new());
}
