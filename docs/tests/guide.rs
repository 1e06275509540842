//! The program of the guide `write-an-adapter.md` is an example, which is compiled, and which a
//! test of highchat-conformance runs.

use std::fs;
use std::path::Path;

#[test]
fn the_program_of_the_guide_is_the_minimal_adapter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let guide = read("write-an-adapter.md");
    let example = read("../crates/highchat-conformance/examples/minimal.rs");
    let blocks = guide.split("```rust\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|block| block.split_once("```").unwrap().0)
        .collect();
    let squeeze = |text: &str| text.replace("\n\n", "\n");
    assert_eq!(squeeze(&blocks.concat()), squeeze(&example));
}
