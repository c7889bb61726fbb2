//! The words that may be said of a claim of likeness, and what each asks for.

use super::load::Variable;

/// From what speaks against a pattern to what shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    /// Launches went past the point without a wave, or waves began far apart.
    Contradicted,
    /// Anything else.
    NotShown,
    /// Alike in at least two waves, more than chance would have it.
    Consistent,
    /// Alike in at least three, each foretold by the others, and only at Gmail.
    Repeatable,
}

impl Word {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::NotShown => "not shown",
            Self::Consistent => "consistent",
            Self::Repeatable => "repeatable",
        }
    }
}

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grounds {
    pub(super) variable: Variable,
    /// Waves, each on a launch of its own.
    pub(super) waves: usize,
    /// Largest over smallest load; minutes between the longest and the shortest delay.
    pub(super) spread: f64,
    /// How often random onsets would be as alike.
    pub(super) chance: Option<f64>,
    /// Waves that the other waves foretell to within three minutes.
    pub(super) foretold: usize,
    /// Launches that went past the point without a wave.
    pub(super) counter_examples: usize,
    /// Other receivers were clean in the same minutes.
    pub(super) others_clean: bool,
    /// Launches are stated, and no wave began without one.
    pub(super) every_wave_launched: bool,
}

/// What keeps a claim from a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    Waves,
    Spread,
    Chance,
    CounterExamples,
    Foretold,
    Others,
    Launches,
}

/// Spreads up to which values are close, alike, and not yet far apart.
const fn spreads(variable: Variable) -> (f64, f64, f64) {
    match variable {
        Variable::Delay => (5.0, 10.0, 15.0),
        Variable::Connections | Variable::Rate => (1.25, 1.5, 2.0),
    }
}

/// Chances up to which likeness is repeatable, and consistent.
pub(super) const CHANCE: (f64, f64) = (0.01, 0.05);

/// Waves asked for by repeatable, and by consistent.
pub(super) const WAVES: (usize, usize) = (3, 2);

impl Grounds {
    /// The strongest word that holds.
    pub(super) fn word(&self) -> Word {
        if self.short_of_consistent().is_empty() {
            return if self.short_of_repeatable().is_empty() { Word::Repeatable } else { Word::Consistent };
        }
        let (_, _, far) = spreads(self.variable);
        if self.waves >= WAVES.1 && (self.counter_examples >= 2 || self.spread > far) {
            Word::Contradicted
        } else {
            Word::NotShown
        }
    }

    pub(super) fn short_of_consistent(&self) -> Vec<Short> {
        let (_, alike, _) = spreads(self.variable);
        let asked = [
            (self.waves >= WAVES.1, Short::Waves),
            (self.spread <= alike, Short::Spread),
            (self.counter_examples <= self.waves / 4, Short::CounterExamples),
            (self.chance.is_some_and(|p| p <= CHANCE.1), Short::Chance),
        ];
        unmet(&asked)
    }

    pub(super) fn short_of_repeatable(&self) -> Vec<Short> {
        let (close, ..) = spreads(self.variable);
        let may_miss = usize::from(self.waves > WAVES.0);
        let asked = [
            (self.waves >= WAVES.0, Short::Waves),
            (self.every_wave_launched, Short::Launches),
            (self.spread <= close, Short::Spread),
            (self.counter_examples == 0, Short::CounterExamples),
            (self.chance.is_some_and(|p| p <= CHANCE.0), Short::Chance),
            (self.foretold + may_miss >= self.waves, Short::Foretold),
            (self.others_clean, Short::Others),
        ];
        unmet(&asked)
    }
}

fn unmet(asked: &[(bool, Short)]) -> Vec<Short> {
    asked.iter().filter(|(is_met, _)| !is_met).map(|(_, short)| *short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEST: Grounds = Grounds {
        variable: Variable::Connections,
        waves: 3,
        spread: 1.25,
        chance: Some(0.01),
        foretold: 3,
        counter_examples: 0,
        others_clean: true,
        every_wave_launched: true,
    };

    #[test]
    fn repeatable_asks_for_everything() {
        assert_eq!(BEST.word(), Word::Repeatable);
        let short = [
            (Grounds { waves: 2, foretold: 2, ..BEST }, Short::Waves),
            (Grounds { spread: 1.26, ..BEST }, Short::Spread),
            (Grounds { chance: Some(0.0102), ..BEST }, Short::Chance),
            (Grounds { foretold: 2, ..BEST }, Short::Foretold),
            (Grounds { others_clean: false, ..BEST }, Short::Others),
            (Grounds { every_wave_launched: false, ..BEST }, Short::Launches),
            (Grounds { counter_examples: 1, waves: 4, foretold: 4, ..BEST }, Short::CounterExamples),
        ];
        for (grounds, why) in short {
            assert_eq!((grounds.word(), grounds.short_of_repeatable()), (Word::Consistent, vec![why]));
        }
    }

    #[test]
    fn of_more_than_three_waves_one_may_stand_alone() {
        let of = |waves, foretold| Grounds { waves, foretold, ..BEST }.word();
        assert_eq!([of(4, 3), of(4, 2), of(6, 5)], [Word::Repeatable, Word::Consistent, Word::Repeatable]);
    }

    #[test]
    fn consistent_has_limits_of_its_own() {
        let edge = Grounds { waves: 2, spread: 1.5, chance: Some(0.05), foretold: 0, ..BEST };
        assert_eq!(edge.word(), Word::Consistent);
        assert_eq!(Grounds { spread: 1.51, ..edge }.word(), Word::NotShown);
        assert_eq!(Grounds { chance: Some(0.0502), ..edge }.word(), Word::NotShown);
        assert_eq!(Grounds { chance: None, ..edge }.word(), Word::NotShown);
        assert_eq!(Grounds { counter_examples: 1, ..edge }.word(), Word::NotShown);
        assert_eq!(Grounds { counter_examples: 1, waves: 4, ..edge }.word(), Word::Consistent);
        assert_eq!(Grounds { waves: 1, ..edge }.word(), Word::NotShown);
    }

    #[test]
    fn two_counter_examples_or_a_wide_spread_contradict() {
        assert_eq!(Grounds { counter_examples: 2, ..BEST }.word(), Word::Contradicted);
        assert_eq!(Grounds { spread: 2.01, ..BEST }.word(), Word::Contradicted);
        assert_eq!(Grounds { spread: 2.0, ..BEST }.word(), Word::NotShown);
        assert_eq!(Grounds { counter_examples: 2, waves: 8, foretold: 8, ..BEST }.word(), Word::Consistent);
    }

    #[test]
    fn minutes_after_launch_are_judged_by_their_range() {
        let of = |spread| Grounds { variable: Variable::Delay, spread, ..BEST }.word();
        assert_eq!(
            [of(5.0), of(5.1), of(10.0), of(10.1), of(15.0), of(15.1)],
            [Word::Repeatable, Word::Consistent, Word::Consistent, Word::NotShown, Word::NotShown, Word::Contradicted]
        );
    }
}
