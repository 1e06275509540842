//! Runs each target on its seeds.

use std::fs;
use std::path::Path;

use highchat_fuzz::target;

#[test]
fn every_target_passes_on_its_seeds() {
    for (name, run) in target::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(name);
        let seeds: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|seed| seed.expect("it can be listed").path())
            .collect();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            let bytes = fs::read(&seed).expect("it can be read");
            run(&bytes).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
        }
    }
}
