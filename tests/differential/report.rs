//! Compares the verdicts, and says what came of it.

use std::{collections::HashSet, process::ExitCode};

use crate::{
    changes::GOOD,
    differences::{Difference, Party, TABLE},
    samples::Sample,
    verdict::Verdict,
};

/// With fewer it would not be the test that it claims to be.
const FEWEST_TOKENS: usize = 2000;
/// A rule that went wrong would otherwise print a thousand lines.
const MOST_FAILURES: usize = 100;

/// The verdicts on all tokens.
pub(crate) struct Report {
    samples: Vec<Sample>,
    /// In the order of [`Party::ALL`], for each sample.
    verdicts: Vec<[Verdict; 3]>,
}

/// What is right about a token.
enum Finding {
    AllAccept,
    AllRefuse,
    /// As the table says, at this index.
    Differs(usize),
}

impl Report {
    pub(crate) fn new(samples: Vec<Sample>, verdicts: [Vec<Verdict>; 3]) -> Self {
        let [ours, jose, pyjwt] = verdicts.map(|verdicts| {
            assert_eq!(verdicts.len(), samples.len(), "a verdict for each token");
            verdicts.into_iter()
        });
        let verdicts = ours.zip(jose).zip(pyjwt);
        let verdicts = verdicts
            .map(|((ours, jose), pyjwt)| [ours, jose, pyjwt])
            .collect();
        Self { samples, verdicts }
    }

    /// Prints it.
    pub(crate) fn close(self) -> ExitCode {
        let (mut all_accept, mut all_refuse) = (0, 0);
        // For each difference, how many tokens with one change and with two.
        let mut differ = vec![(0, 0); TABLE.len()];
        let mut failures = Vec::new();
        let mut accepted_against_one = Vec::new();
        for (index, sample) in self.samples.iter().enumerate() {
            match self.finding(index) {
                Ok(Finding::AllAccept) => all_accept += 1,
                Ok(Finding::AllRefuse) => all_refuse += 1,
                Ok(Finding::Differs(difference)) => {
                    let (one, two) = &mut differ[difference];
                    *if sample.both.is_none() { one } else { two } += 1;
                    if self.verdicts[index][0].accepts() {
                        accepted_against_one.push(self.line(index));
                    }
                }
                Err(problem) => failures.push(format!("{problem}: {}", self.line(index))),
            }
        }
        let tokens = self.samples.len();
        let distinct: HashSet<_> = self.samples.iter().map(|sample| &sample.token).collect();
        let differing: usize = differ.iter().map(|(one, two)| one + two).sum();
        println!(
            "differential: {tokens} tokens, {} of them distinct",
            distinct.len()
        );
        println!(
            "differential: {all_accept} accepted by all, {all_refuse} refused by all, {differing} known differences"
        );
        for (difference, (one, two)) in TABLE.iter().zip(&differ) {
            let Difference { about, reason, .. } = difference;
            println!(
                "differential: {:>3} + {two:<3} {about}: {}: {reason}",
                one,
                sides(difference)
            );
            if *one == 0 {
                failures.push(format!(
                    "a difference that does not occur: {about}, {}",
                    sides(difference)
                ));
            }
        }
        println!(
            "differential: {} accepted by us and refused by one of the others:",
            accepted_against_one.len()
        );
        for line in &accepted_against_one {
            println!("differential:     {line}");
        }
        let failed = failures.len();
        for failure in failures.iter().take(MOST_FAILURES) {
            println!("differential: FAILED: {failure}");
        }
        if failed > MOST_FAILURES {
            println!("differential: FAILED: and {} more", failed - MOST_FAILURES);
        }
        let enough = distinct.len() >= FEWEST_TOKENS;
        if !enough {
            println!("differential: FAILED: fewer than {FEWEST_TOKENS} distinct tokens");
        }
        println!(
            "differential: {} passed, {failed} failed",
            tokens.saturating_sub(failed)
        );
        if failed == 0 && enough {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn finding(&self, index: usize) -> Result<Finding, &'static str> {
        let sample = &self.samples[index];
        let verdicts = &self.verdicts[index];
        let accepts = self.accepts(index);
        let [ours, peers @ ..] = verdicts;
        if ours.accepts() && !peers.iter().any(Verdict::accepts) {
            return Err("accepted by us alone");
        }
        if let Verdict::Accepted(facts) = ours {
            for peer in peers {
                if matches!(peer, Verdict::Accepted(theirs) if theirs != facts) {
                    return Err("accepted, but read otherwise");
                }
            }
        }
        if sample.about == GOOD && accepts != [true; 3] {
            return Err("a good token that not all accept");
        }
        if let Some([one, other]) = sample.both {
            // Whoever refuses one of two changes refuses both together, and nobody else does.
            let parts = [one, other].map(|part| self.accepts(part));
            let expected = [0, 1, 2].map(|party: usize| parts[0][party] && parts[1][party]);
            if accepts != expected {
                return Err("two changes that are not judged as each of them");
            }
            return match accepts {
                [true, true, true] => Ok(Finding::AllAccept),
                [false, false, false] => Ok(Finding::AllRefuse),
                // The first that is different is what the token is counted as.
                _ => self.finding(if uniform(parts[0]) { other } else { one }),
            };
        }
        match accepts {
            [true, true, true] if sample.about != GOOD => Err("a broken token that all accept"),
            [true, true, true] => Ok(Finding::AllAccept),
            [false, false, false] => Ok(Finding::AllRefuse),
            _ => known(sample.about, accepts, ours.code()).map(Finding::Differs),
        }
    }

    fn accepts(&self, index: usize) -> [bool; 3] {
        self.verdicts[index].each_ref().map(Verdict::accepts)
    }

    /// The token and the verdicts on it.
    fn line(&self, index: usize) -> String {
        let Sample { about, what, .. } = &self.samples[index];
        let verdicts: Vec<_> = Party::ALL
            .iter()
            .zip(&self.verdicts[index])
            .map(|(party, verdict)| format!("{}: {}", party.name(), verdict.code()))
            .collect();
        format!("{about}: {what} ({})", verdicts.join(", "))
    }
}

/// The one difference of the table that it is.
fn known(about: &str, accepts: [bool; 3], ours: &str) -> Result<usize, &'static str> {
    let mut matching = TABLE.iter().enumerate().filter(|(_, difference)| {
        difference.about == about
            && difference.ours.contains(&ours)
            && Party::ALL.map(|party| difference.accepted_by.contains(&party)) == accepts
    });
    match (matching.next(), matching.next()) {
        (None, _) => Err("an unknown difference"),
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => Err("a difference that the table has twice"),
    }
}

fn uniform(accepts: [bool; 3]) -> bool {
    accepts.iter().all(|one| *one == accepts[0])
}

/// Who accepts and who refuses.
fn sides(difference: &Difference) -> String {
    let names = |accepting: bool| {
        let names: Vec<_> = Party::ALL
            .into_iter()
            .filter(|party| difference.accepted_by.contains(party) == accepting)
            .map(Party::name)
            .collect();
        names.join(" and ")
    };
    format!("accepted by {}, refused by {}", names(true), names(false))
}
