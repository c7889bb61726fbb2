//! Whether waves start alike: at the same load, or so long after a launch.
//!
//! - `load` holds what may be alike: open connections, sessions per minute, minutes after a launch.
//! - `onset` measures it where a wave began, and `carried` how many messages a connection carried there.
//! - `trials` are the launches, with a wave or without.
//! - `spread` and `chance` say how alike values are, and how often chance alone would be.
//! - `claim` judges one variable, `words` holds the thresholds, `twins` keeps one variable
//!   from being named where another would look as good.
//! - `controls` had the same chance to fail; `dose` is failures by load.
//! - `prose` and `single` are the sentences, `node` the facts.

mod carried;
mod chance;
mod claim;
mod controls;
mod dose;
mod load;
mod node;
mod onset;
mod prose;
mod single;
#[cfg(test)]
mod simulation;
mod spread;
mod trials;
mod twins;
mod words;

pub(super) use load::{Basis, is_gmail_connections};
pub(super) use node::{launch_name, launches};
pub(super) use onset::Onset;

use super::contrast::Contrast;
use super::{Evident, Incident, first_failure};
use crate::time::Window;
use carried::Carried;
use claim::Claim;
use controls::Control;
use dose::Dose;
use load::{Loads, Variable};
use prose::Said;
use trials::Ground;
use words::Word;

/// What may be said of repetition, and why.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// One for each wave.
    pub(super) onsets: Vec<Onset>,
    word: &'static str,
    /// The variables that waves began alike in; several where they cannot be told apart.
    named: Vec<Variable>,
    claims: Vec<Claim>,
    said: Said,
    controls: Vec<Control>,
    dosed: Variable,
    doses: Vec<Dose>,
}

/// Judges repetition.
pub(super) fn find(evident: &Evident<'_>, incident: &Incident, contrast: &Contrast) -> Pattern {
    let (timeline, launches) = (evident.timeline, &evident.case.launches);
    let waves = incident.windows();
    let seen_first: Vec<_> = incident.waves.iter().filter(|w| !w.in_progress_at_start).map(|w| w.first).collect();
    let loads = Loads::of(timeline, &seen_first);
    let measure = |w: &super::FoundWave| {
        let onset = Onset::of(&loads, launches, w.first, first_failure(evident.tally, w), !w.in_progress_at_start);
        Onset { carried: Carried::at(evident.tally, w.first), ..onset }
    };
    let onsets: Vec<Onset> = incident.waves.iter().map(measure).collect();
    let ground = Ground::new(loads, launches, &onsets, &waves, contrast.others_clean() == Some(true));
    let verdict = Verdict::of(&ground, &onsets);
    let dosed = verdict.load(&ground);
    // Without a wave a dose would only tell noise.
    let doses =
        if waves.is_empty() { Vec::new() } else { dose::doses(timeline, &ground.loads, dosed, incident.yardstick()) };
    let controls = controls(evident, incident, contrast, &ground, dosed);
    let clean = controls.iter().filter(|c| c.is_clean_launch()).count();
    let said = match verdict.word {
        "none" => Said { sentence: "No wave was found, so there is no pattern to show.".to_owned(), ..Said::default() },
        "single wave" => single::said(&ground, &onsets, timeline, &waves, incident.yardstick()),
        _ => verdict.said(&ground, clean),
    };
    Pattern { onsets, word: verdict.word, named: verdict.named, claims: verdict.claims, said, controls, dosed, doses }
}

impl Pattern {
    /// At least consistent.
    pub(super) fn is_shown(&self) -> bool {
        !self.named.is_empty()
    }

    pub(super) const fn word(&self) -> &'static str {
        self.word
    }
}

/// The word, and the claims behind it.
#[derive(Clone, Debug)]
struct Verdict {
    word: &'static str,
    named: Vec<Variable>,
    claims: Vec<Claim>,
}

impl Verdict {
    fn of(ground: &Ground, onsets: &[Onset]) -> Self {
        let none = |word| Self { word, named: Vec::new(), claims: Vec::new() };
        if onsets.is_empty() {
            return none("none");
        }
        if ground.waves().count() < 2 {
            return none("single wave");
        }
        let claims: Vec<Claim> = Variable::ALL.iter().filter_map(|v| Claim::of(ground, *v)).collect();
        let named = twins::named(ground, &claims);
        Self { word: overall(&claims).text(), named, claims }
    }

    /// The load that dose and controls are told by: that which was named, if one was.
    fn load(&self, ground: &Ground) -> Variable {
        self.named.iter().copied().find(|v| v.is_load()).unwrap_or_else(|| ground.loads.main())
    }

    fn said(&self, ground: &Ground, clean_controls: usize) -> Said {
        let named: Vec<&Claim> = self.claims.iter().filter(|c| self.named.contains(&c.variable)).collect();
        let word = overall(&self.claims);
        if named.is_empty() {
            return prose::not_shown(ground, word, &self.claims);
        }
        prose::shown(ground, word, &named, clean_controls)
    }
}

/// Of several claims that hold, nobody knows which one counts, so the weakest word stands for
/// all; where none holds the pattern is contradicted only if every claim is.
fn overall(claims: &[Claim]) -> Word {
    let words = || claims.iter().map(|c| c.word);
    words().filter(|w| *w >= Word::Consistent).min().or_else(|| words().max()).unwrap_or(Word::NotShown)
}

/// The controls printed next to the claim; without a wave there is nothing to control.
fn controls(
    evident: &Evident<'_>,
    incident: &Incident,
    contrast: &Contrast,
    ground: &Ground,
    load: Variable,
) -> Vec<Control> {
    let waves: Vec<Window> = incident.windows();
    if waves.is_empty() {
        return Vec::new();
    }
    let mut controls = controls::receivers(contrast, evident.lanes);
    controls.extend(controls::own_ips(contrast));
    let at_onsets = ground.waves().filter_map(|(trial, begun)| ground.value(load, trial, begun.first));
    let Some(lowest) = at_onsets.min_by(f64::total_cmp) else { return controls };
    let by = controls::ByLoad { ground, timeline: evident.timeline, load, lowest, yardstick: incident.yardstick() };
    controls.extend(by.clean_launches());
    controls.push(by.same_load(&waves));
    controls
}
