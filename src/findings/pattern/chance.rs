//! How often chance alone would make onsets as alike: the permutation test.

use super::load::Variable;
use super::spread::spread;

/// Draws of the test.
pub(super) const DRAWS: u32 = 4999;

/// The seed of the draws: fixed, so that anybody gets the same.
pub(super) const SEED: u64 = 421;

/// The share of draws, the observed onsets counted as one, in which onsets at random
/// minutes are at least as alike as the `observed` spread. `pools` holds, for each wave,
/// the variable's values in the minutes in which it might have begun.
///
/// None where a wave had no such minute: then nothing can be said.
pub(super) fn chance(variable: Variable, observed: f64, pools: &[Vec<f64>]) -> Option<f64> {
    if pools.len() < 2 || pools.iter().any(Vec::is_empty) {
        return None;
    }
    let mut random = Random(SEED);
    let mut drawn = vec![0.0; pools.len()];
    let mut as_close = 1_u32;
    for _ in 0..DRAWS {
        for (value, pool) in drawn.iter_mut().zip(pools) {
            *value = pool.get(random.below(pool.len())).copied().unwrap_or_default();
        }
        if spread(variable, &drawn) <= observed {
            as_close += 1;
        }
    }
    Some(f64::from(as_close) / f64::from(DRAWS + 1))
}

/// SplitMix64 (Steele, Lea, Flood 2014): ten lines that never change.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, each as likely as the other to within one in 2^32.
    pub(super) const fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_its_published_numbers() {
        let mut random = Random(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        let mut counts = [0_u32; 7];
        for _ in 0..7000 {
            counts[random.below(7)] += 1;
        }
        assert!(counts.iter().all(|n| (900..1100).contains(n)), "{counts:?}");
    }

    #[test]
    fn chance_is_that_of_dice() {
        let minutes: Vec<f64> = (0..10).map(f64::from).collect();
        // Three launches of ten minutes each: the same minute in all has chance 1 in 100.
        let same = chance(Variable::Delay, 0.0, &[minutes.clone(), minutes.clone(), minutes.clone()]);
        assert!(same.is_some_and(|p| (p - 0.01).abs() < 0.005), "{same:?}");
        // Within nine minutes they always are.
        assert_eq!(chance(Variable::Delay, 9.0, &[minutes.clone(), minutes.clone()]), Some(1.0));
        assert_eq!(chance(Variable::Delay, 0.0, &[minutes.clone(), Vec::new()]), None);
        assert_eq!(chance(Variable::Delay, 0.0, &[minutes]), None);
    }
}
