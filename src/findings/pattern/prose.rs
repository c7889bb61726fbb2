//! The pattern in sentences. What was observed is never called the receiver's limit.

use super::chance::DRAWS;
use super::claim::Claim;
use super::load::{Loads, Variable};
use super::spread::range;
use super::trials::{Ground, Known};
use super::words::{Short, Word};
use crate::findings::{Value, grouped};

/// Everything said of a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) sentence: String,
    /// How often random onsets would be as alike.
    pub(super) chance: Option<String>,
    /// Where on the load failures begin, and how closely that is known.
    pub(super) point: Option<String>,
    /// What keeps it from being repeatable.
    pub(super) short: Option<String>,
    pub(super) caution: Option<String>,
}

/// What holds of everything that a sender alone has seen.
const OBSERVED: &str = "This is what one sender met under these conditions, not a published limit.";

/// What a further launch should vary.
pub(super) const VARY: &str = "a launch with another ramp speed, or with other messages per connection, would";

/// The claims that may be named, and the word for all of them together.
pub(super) fn shown(ground: &Ground, word: Word, named: &[&Claim], clean_controls: usize) -> Said {
    let waves = ground.waves().count();
    let began: Vec<String> = named.iter().map(|c| at_onset(c.variable, &c.values, &ground.loads)).collect();
    let began = began.join(", or ");
    let what = if ground.known == Known::Stated { "launches" } else { "waves" };
    let which = if named.len() > 1 {
        format!("; the {what} are too alike to tell which of these counts")
    } else {
        String::new()
    };
    let sentence = match ground.known {
        Known::Stated => format!(
            "{}: in {} of {} launches failures began {began}{which}.",
            first_up(word.text()),
            count(waves),
            count(waves + ground.clean().count()),
        ),
        known => format!(
            "{}: {} waves began {began}{which}; {}, so they are compared by load alone.",
            first_up(word.text()),
            count(waves),
            no_launches(known),
        ),
    };
    let mut caution = Vec::new();
    if named.len() > 1 {
        caution.push(format!("To tell these apart, {VARY} help."));
    }
    if waves == 2 && clean_controls == 0 {
        caution.push("About one random pair of waves in six would look like this.".to_owned());
    }
    caution.push(OBSERVED.to_owned());
    Said {
        sentence,
        chance: chance(ground, named),
        point: point(named),
        short: short(ground, named),
        caution: Some(caution.join(" ")),
    }
}

/// No claim may be named: each with the first thing that it lacks.
pub(super) fn not_shown(ground: &Ground, word: Word, claims: &[Claim]) -> Said {
    let lacks = |c: &Claim| {
        let lack = c.grounds.short_of_consistent().first().map(|short| lack(ground, c, *short)).unwrap_or_default();
        format!("{} {}, {lack}", c.variable.name(), between(c.variable, &c.values))
    };
    let mut lacking = claims.iter().map(lacks).collect::<Vec<_>>().join("; ");
    if claims.is_empty() {
        "neither load nor time after a launch is known at each".clone_into(&mut lacking);
    }
    let waves = count(ground.waves().count());
    let by_load = if ground.known == Known::Stated {
        String::new()
    } else {
        format!(" {}, so they are compared by load alone.", first_up(no_launches(ground.known)))
    };
    let sentence = match word {
        Word::Contradicted => format!("Contradicted: the {waves} waves did not begin alike ({lacking}).{by_load}"),
        _ => format!("Not shown: that the {waves} waves began alike ({lacking}).{by_load}"),
    };
    Said { sentence, ..Said::default() }
}

/// `when one sending IP had 198 to 214 connections to Gmail open (measured)`
pub(super) fn at_onset(variable: Variable, values: &[f64], loads: &Loads) -> String {
    let between = between(variable, values);
    match variable {
        Variable::Connections => {
            let basis = loads.connections.as_ref().map_or("not known how", |(basis, _)| basis.word());
            let connections = if between == "1" { "connection" } else { "connections" };
            format!("when one sending IP had {between} {connections} to Gmail open ({basis})")
        }
        Variable::Rate => {
            format!("when {between} sessions a minute were attempted, retries included (mean of two minutes)")
        }
        Variable::Delay if between == number(variable, 0.0) => "at once after the launch".to_owned(),
        Variable::Delay => format!("{between} minutes after the launch"),
    }
}

fn chance(ground: &Ground, named: &[&Claim]) -> Option<String> {
    let largest = named.iter().filter_map(|c| c.grounds.chance).max_by(f64::total_cmp)?;
    let (most, each) = if named.len() > 1 { ("at most ", ", in each of these alone,") } else { ("", "") };
    let minutes = match ground.known {
        Known::Stated => "random minutes of each launch",
        _ => "random busy minutes around each wave",
    };
    Some(format!(
        "Had failures begun at {minutes}, agreement this close{each} would appear in {most}{} % of cases ({} draws).",
        percent(largest),
        grouped(u64::from(DRAWS))
    ))
}

/// The bracket of clean and failing loads, and their geometric mean.
fn point(named: &[&Claim]) -> Option<String> {
    let mut open = Vec::new();
    let mut said = Vec::new();
    for claim in named.iter().filter(|c| c.variable.is_load()) {
        let (failing_from, _) = range(&claim.values);
        match claim.clean_up_to {
            // Where the load jumped, its values at onset are no measure of where failures begin.
            Some(clean) if failing_from > WIDE * clean => open.push(bracket(claim, clean, failing_from)),
            clean => {
                let overlap = if clean.is_some_and(|c| c >= failing_from) { ": the two overlap" } else { "" };
                said.extend(clean.map(|c| format!("On the way up {}{overlap}.", bracket(claim, c, failing_from))));
                said.extend(mean(claim));
            }
        }
    }
    if !open.is_empty() {
        let open = open.join("; ");
        said.push(format!("On the way up {open}; no minute of it lies between, so where failures begin is not known."));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// `clean to 191 and failing from 204 (open connections)`
fn bracket(claim: &Claim, clean: f64, failing: f64) -> String {
    let shown = |v| number(claim.variable, v);
    format!("clean to {} and failing from {} ({})", shown(clean), shown(failing), claim.variable.name())
}

fn mean(claim: &Claim) -> Option<String> {
    let (low, high) = claim.interval?;
    let shown = |v| number(claim.variable, v);
    let name = first_up(claim.variable.name());
    let (mean, low, high) = (shown(claim.centre), shown(low), shown(high));
    Some(format!("{name} at onset: geometric mean {mean}, 95 % interval {low} to {high}."))
}

/// Loads further apart than this leave the point between them open.
const WIDE: f64 = 1.5;

/// What keeps each claim that is consistent from being repeatable.
fn short(ground: &Ground, named: &[&Claim]) -> Option<String> {
    let consistent: Vec<_> = named.iter().filter(|c| c.word == Word::Consistent).collect();
    let lacks = |c: &Claim| {
        let lacks = c.grounds.short_of_repeatable().into_iter().map(|short| lack(ground, c, short));
        lacks.collect::<Vec<_>>().join(", ")
    };
    match consistent.as_slice() {
        [] => None,
        [alone] if named.len() == 1 => Some(format!("Not called repeatable: {}.", lacks(alone))),
        several => {
            let said: Vec<_> =
                several.iter().map(|c| format!("{}: {}.", first_up(c.variable.name()), lacks(c))).collect();
            Some(format!("Not called repeatable. {}", said.join(" ")))
        }
    }
}

fn lack(ground: &Ground, claim: &Claim, short: Short) -> String {
    let grounds = &claim.grounds;
    match short {
        Short::Waves => "there are fewer than three waves".to_owned(),
        Short::Launches if ground.known != Known::Stated => no_launches(ground.known).to_owned(),
        Short::Launches => format!("{} of the waves follow no launch", count(ground.strays)),
        Short::Spread if claim.variable == Variable::Delay => {
            format!("they differ by {} minutes", number(claim.variable, grounds.spread))
        }
        Short::Spread if grounds.spread.is_finite() => {
            format!("the largest is {} times the smallest", Value::Number(grounds.spread, 2, String::new()).text())
        }
        Short::Spread => "they begin at nothing".to_owned(),
        Short::CounterExamples if ground.known == Known::Stated => {
            format!("launches that went well past this without a wave: {}", count(grounds.counter_examples))
        }
        Short::CounterExamples => {
            format!("surges that went well past this without a wave: {}", count(grounds.counter_examples))
        }
        Short::Chance => grounds.chance.map_or_else(
            || "there are no other busy minutes to compare with".to_owned(),
            |p| format!("random minutes agree as closely in {} % of cases", percent(p)),
        ),
        Short::Foretold => format!(
            "{} of {} waves began within three minutes of where the others put them",
            count(grounds.foretold),
            count(grounds.waves)
        ),
        Short::Others => "no other receiver is shown to be clean in the same minutes".to_owned(),
    }
}

const fn no_launches(known: Known) -> &'static str {
    match known {
        Known::NotFollowed => "fewer than two waves follow a stated launch",
        Known::Unstated | Known::Stated => "no launches are stated",
    }
}

/// `198 to 214`, or `198`.
fn between(variable: Variable, values: &[f64]) -> String {
    let (low, high) = range(values);
    let (low, high) = (number(variable, low), number(variable, high));
    if low == high { low } else { format!("{low} to {high}") }
}

pub(super) fn number(variable: Variable, value: f64) -> String {
    Value::Number(value, variable.digits(), String::new()).text()
}

fn percent(p: f64) -> String {
    Value::Number(p * 100.0, 2, String::new()).text()
}

fn count(n: usize) -> String {
    grouped(n as u64)
}

fn first_up(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
