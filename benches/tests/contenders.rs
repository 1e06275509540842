//! Checks that all contenders do the same work, and that a wrong result is noticed.

use highchat_benches::cells::Cell;
use highchat_benches::contenders::{ALL, CONVERSATION, HIGHCHAT, Mode};
use highchat_benches::cuts::Cut;
use highchat_benches::limits;
use highchat_benches::workload::{Kind, Workload};

const LEN: usize = 8 << 10;

#[test]
fn every_contender_is_right_in_every_cell() {
    for kind in Kind::ALL {
        let workload = Workload::new(kind, LEN);
        for mode in [Mode::Framing, Mode::Typed] {
            for cell in Cell::of(mode).filter(|cell| cell.kind == kind) {
                for contender in ALL {
                    let checked = contender.check(mode, &workload, cell.cut);
                    assert_eq!(checked, Ok(()), "{contender:?} in {cell}");
                }
            }
        }
    }
}

#[test]
fn a_conversation_has_an_update_for_every_delta_in_every_cut() {
    for kind in Kind::ALL {
        let workload = Workload::new(kind, LEN);
        for cut in Cut::ALL {
            let checked = CONVERSATION.check(Mode::Typed, &workload, cut);
            assert_eq!(checked, Ok(()), "{} in {cut}", kind.name());
        }
    }
}

#[test]
fn a_missing_event_or_a_wrong_letter_is_noticed() {
    let whole = Workload::new(Kind::Ascii, LEN);
    let shorter = Workload {
        bytes: &whole.bytes[..whole.ends[whole.events() - 2]],
        ..whole.clone()
    };
    let letter = whole.deltas[7].0 + br#"{"text":"_"#.len();
    let mut other = whole.bytes.to_vec();
    other[letter] ^= 1;
    let other = Workload {
        bytes: other.leak(),
        ..whole
    };
    for broken in [shorter, other] {
        for mode in [Mode::Framing, Mode::Typed] {
            let checked = HIGHCHAT.check(mode, &broken, Cut::Whole);
            assert!(checked.is_err(), "{mode}");
        }
    }
}

#[test]
fn every_limit_gives_the_right_result() {
    for kind in Kind::ALL {
        let workload = Workload::new(kind, LEN);
        for limit in limits::ALL {
            let checked = limit.check(&workload);
            assert_eq!(checked, Ok(()), "{} of {}", limit.name, kind.name());
        }
    }
}

#[test]
fn the_mean_length_of_an_event_is_as_documented() {
    let mean = |kind| {
        let workload = Workload::new(kind, 1 << 20);
        (workload.bytes.len() + workload.events() / 2) / workload.events()
    };
    let means = [Kind::Ascii, Kind::Armenian, Kind::Escaped].map(mean);
    assert_eq!(means, [37, 40, 54]);
}

#[test]
fn a_cut_is_parsed_from_its_name() {
    let workload = Workload::new(Kind::Pings, LEN);
    assert_eq!(workload.ends.last(), Some(&workload.bytes.len()));
    for (name, cut) in [
        ("whole", Cut::Whole),
        ("event", Cut::Event),
        ("7", Cut::Size(7)),
    ] {
        assert_eq!((name.parse(), cut.to_string()), (Ok(cut), name.to_owned()));
    }
    assert!("0".parse::<Cut>().is_err());
}
