//! The separability guard: a variable is named alone only where no other would look as good.

use super::claim::Claim;
use super::load::Variable;
use super::trials::Ground;
use super::words::{Short, Word};

/// The variables to name, all of them or none: each claim that is at least consistent, and each
/// twin of such a claim.
///
/// Two variables are twins when, were the one the cause, the other would be as alike as
/// "consistent" asks at the onsets that follow from it: then the launches cannot tell them
/// apart. Chance is not asked here: a wave changes the load after it, and with it what random
/// minutes would show, and a guard must not rest on that. Only a contradicted variable is out.
pub(super) fn named(ground: &Ground, claims: &[Claim]) -> Vec<Variable> {
    let shown: Vec<&Claim> = claims.iter().filter(|c| c.word >= Word::Consistent).collect();
    let is_named = |claim: &&Claim| match claim.word {
        Word::Contradicted => false,
        Word::NotShown => shown.iter().any(|s| are_twins(ground, s, claim)),
        Word::Consistent | Word::Repeatable => true,
    };
    claims.iter().filter(is_named).map(|c| c.variable).collect()
}

fn are_twins(ground: &Ground, a: &Claim, b: &Claim) -> bool {
    passes_for(ground, a, b.variable) || passes_for(ground, b, a.variable)
}

/// Whether `other` would be alike if `cause` set the onsets.
fn passes_for(ground: &Ground, cause: &Claim, other: Variable) -> bool {
    let predicted = cause.predicted(ground).and_then(|onsets| Claim::supposing(ground, other, &onsets));
    predicted
        .is_some_and(|claim| claim.grounds.short_of_consistent().iter().all(|short| matches!(short, Short::Chance)))
}
