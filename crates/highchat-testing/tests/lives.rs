//! Lives that failed in the past, and new ones.

use std::fs;
use std::path::Path;

use highchat_testing::life::Life;
use highchat_testing::life::reduce::reduce;
use highchat_testing::world::play::{play, story};

#[test]
fn lives_that_failed_in_the_past_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lives");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let life: Life = serde_json::from_str(&text).unwrap();
        let judged = play(&life);
        let shown = || story(&life).join("\n");
        assert!(
            judged.is_ok(),
            "{}: {judged:?}\n{}",
            path.display(),
            shown()
        );
        played += 1;
    }
    assert!(played > 5, "the saved lives were not found");
}

#[test]
fn a_life_gives_the_same_story_each_time() {
    for seed in 0..200 {
        let life = Life::draw(seed);
        let text = serde_json::to_string(&life).unwrap();
        assert_eq!(serde_json::from_str::<Life>(&text).unwrap(), life);
        assert_eq!(story(&life), story(&life), "seed {seed}");
    }
}

#[test]
fn new_lives_pass() {
    for seed in 0..2000 {
        let life = Life::draw(seed);
        if let Err(finding) = play(&life) {
            let shortest = reduce(life, |life| play(life).is_err());
            panic!("seed {seed}: {finding}\n{}", story(&shortest).join("\n"));
        }
    }
}

#[test]
fn a_failing_life_is_reduced() {
    let sends_twice = |life: &Life| {
        let turns = life.acts.iter();
        let turns = turns.filter(|act| matches!(act, highchat_testing::life::Act::Turn(_)));
        turns.count() >= 2
    };
    let long = (0..)
        .map(Life::draw)
        .find(|life| life.acts.len() > 6 && sends_twice(life));
    let shortest = reduce(long.unwrap(), sends_twice);
    assert_eq!(shortest.acts.len(), 2);
    assert!(shortest.pages.is_empty());
}
