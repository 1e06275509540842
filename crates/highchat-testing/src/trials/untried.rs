use highchat_sandbox::{Fault, Injection};

use super::Trial;

/// The faults of the sandbox that neither a row of the table nor the list `left_out` has. The
/// list has a name and a reason for each fault.
#[must_use]
pub fn untried(trials: &[Trial], left_out: &[(&str, &str)]) -> Vec<&'static str> {
    let names = trials.iter().flat_map(|trial| trial.faults.split(','));
    let tried: Vec<Fault> = names
        .filter_map(|name| name.parse().ok())
        .map(Injection::fault)
        .collect();
    let is_left_out = |fault: &Fault| left_out.iter().any(|(name, _)| *name == fault.name());
    let all = Fault::ALL.iter();
    all.filter(|fault| !tried.contains(fault) && !is_left_out(fault))
        .map(|fault| fault.name())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::TRIALS;

    #[test]
    fn a_fault_in_no_row_and_not_left_out_is_returned() {
        let is_cut = |trial: &&Trial| trial.faults.starts_with("cut");
        let cuts: Vec<Trial> = TRIALS.iter().filter(is_cut).copied().collect();
        let missing = untried(&cuts, &[("stall", "it takes long")]);
        assert!(!missing.contains(&"cut") && !missing.contains(&"stall"));
        assert!(missing.contains(&"reset"));
    }
}
