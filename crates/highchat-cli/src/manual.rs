//! The manual pages and the completion scripts that the package ships, made from the
//! command line's definition.
//!
//! After a change of an option or a help text:
//! `HIGHCHAT_WRITE_MANUAL=1 cargo test -p highchat-cli --lib manual`.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

use crate::options::Options;

/// The content of each file, by its path in the package.
fn generated() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    // The pages of `help` would say what `--help` says.
    let mut command = Options::command().disable_help_subcommand(true);
    command.build();
    pages(&command, &mut files);
    for shell in Shell::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Options::command(), "highchat", &mut script);
        files.insert(
            format!("completions/{}", shell.file_name("highchat")),
            script,
        );
    }
    files
}

/// Adds the page of a command, and one for each command below it.
fn pages(command: &Command, files: &mut BTreeMap<String, Vec<u8>>) {
    let page = Man::new(command.clone())
        .source(concat!("highchat ", env!("CARGO_PKG_VERSION")))
        .manual("HighChat");
    let mut text = Vec::new();
    page.render(&mut text).unwrap();
    files.insert(format!("man/{}", page.get_filename()), text);
    for below in command.get_subcommands() {
        pages(below, files);
    }
}

/// The files in a folder of the package.
fn shipped(folder: &str) -> Vec<String> {
    fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .unwrap()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect()
}

#[test]
fn the_manual_pages_and_completions_are_current() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = generated();
    if env::var_os("HIGHCHAT_WRITE_MANUAL").is_some() {
        for folder in ["man", "completions"] {
            fs::create_dir_all(package.join(folder)).unwrap();
            for file in shipped(folder) {
                fs::remove_file(package.join(file)).unwrap();
            }
        }
        for (file, content) in &files {
            fs::write(package.join(file), content).unwrap();
        }
    }
    let write = "run HIGHCHAT_WRITE_MANUAL=1 cargo test -p highchat-cli --lib manual";
    for (file, content) in &files {
        let shipped = fs::read(package.join(file)).unwrap_or_default();
        assert!(shipped == *content, "{file} is not current: {write}");
    }
    for file in ["man", "completions"].into_iter().flat_map(shipped) {
        assert!(
            files.contains_key(&file),
            "{file} is of no command: {write}"
        );
    }
}

#[test]
fn each_command_has_a_manual_page_with_its_options() {
    let files = generated();
    for (file, parts) in [
        (
            "man/highchat.1",
            &["highchat\\-ask(1)", "highchat\\-proxy(1)"][..],
        ),
        (
            "man/highchat-ask.1",
            &["\\-\\-wait", "HIGHCHAT_KEY", "Exit status"],
        ),
        (
            "man/highchat-sandbox.1",
            &["\\-\\-check", "\\-\\-time\\-scale"],
        ),
        ("man/highchat-completions.1", &["fish"]),
    ] {
        let page = String::from_utf8_lossy(&files[file]);
        for part in parts {
            assert!(page.contains(part), "{file}: {part}\n{page}");
        }
    }
}
