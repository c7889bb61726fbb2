//! Simulated days with known truth: what is called what, end to end from loads to words.

#![expect(clippy::expect_used, reason = "tests")]

use super::Verdict;
use super::chance::Random;
use super::claim::Claim;
use super::load::{Basis, Loads, Variable};
use super::onset::Onset;
use super::trials::{Ground, Known};
use super::words::{Short, Word};
use crate::case::Launch;
use crate::time::{Minute, Window};

/// What makes failures begin.
#[derive(Clone, Copy)]
enum Cause {
    /// Two hundred connections, give or take 4 %.
    Connections,
    /// Eleven minutes after the launch, give or take one.
    Delay,
    /// Any minute of the launch.
    Random,
}

/// A launch: how fast it rises, how high, and how many messages go over one connection.
#[derive(Clone, Copy)]
struct Plan {
    ramp: f64,
    peak: f64,
    messages: f64,
}

/// The first launch, and the way from one to the next.
const FIRST: i32 = 60;
const EVERY: i32 = 120;
const LASTS: i32 = 45;

fn plans(random: &mut Random, launches: usize, are_alike: bool) -> Vec<Plan> {
    let mut between = |low: f64, high: f64| low + (high - low) * random.below(1000) as f64 / 1000.0;
    let plan = Plan { ramp: 20.0, peak: 320.0, messages: 8.0 };
    (0..launches)
        .map(|_| {
            let other = Plan { ramp: between(8.0, 40.0), peak: between(260.0, 420.0), messages: between(4.0, 20.0) };
            if are_alike { plan } else { other }
        })
        .collect()
}

/// What the tool sees of a day.
struct Day {
    loads: Loads,
    launches: Vec<Launch>,
    onsets: Vec<Onset>,
    waves: Vec<Window>,
}

impl Day {
    fn ground(&self) -> Ground {
        Ground::new(self.loads.clone(), &self.launches, &self.onsets, &self.waves, true)
    }

    fn verdict(&self) -> Verdict {
        Verdict::of(&self.ground(), &self.onsets)
    }

    fn claim(&self, variable: Variable) -> Claim {
        Claim::of(&self.ground(), variable).expect("known at each onset")
    }

    /// The same day with other launches stated.
    fn stating(self, launches: Vec<Launch>) -> Self {
        let onset = |o: &Onset| Onset::of(&self.loads, &launches, o.first, o.first.start(), true);
        let onsets = self.onsets.iter().map(onset).collect();
        Self { onsets, launches, ..self }
    }
}

/// A day of launches; beside each plan, whether it may end in a wave.
fn day(seed: u64, cause: Cause, plans: &[(Plan, bool)]) -> Day {
    let mut random = Random(seed);
    let mut noise = |share: f64| 1.0 + share * (random.below(2001) as f64 / 1000.0 - 1.0);
    let window = Window::new(Minute::new(0), Minute::new(FIRST + EVERY * plans.len() as i32));
    let mut connections: Vec<f64> = window.minutes().map(|_| 10.0 * noise(0.2)).collect();
    let mut attempts: Vec<f64> = window.minutes().map(|_| 60.0 * noise(0.2)).collect();
    let (mut launches, mut firsts) = (Vec::new(), Vec::new());
    for (i, (plan, may_fail)) in plans.iter().enumerate() {
        let from = FIRST + EVERY * i as i32;
        launches.push(Launch { at: Minute::new(from).start(), name: None, messages: None });
        let mut begun = None;
        let point = 200.0 * noise(0.04);
        let delay = (10.0 + noise(1.0)).round() as i32;
        let at_random = (f64::from(LASTS) * noise(1.0) / 2.0) as i32;
        for minute in from..from + LASTS {
            let open = plan.peak * (f64::from(minute - from) / plan.ramp).min(1.0) * noise(0.02);
            let trips = match cause {
                Cause::Connections => open >= point,
                Cause::Delay => minute - from >= delay,
                Cause::Random => minute - from >= at_random.min(LASTS - 1),
            };
            if *may_fail && trips {
                begun = begun.or(Some(minute));
            }
            // Throttled, fewer connections stay open, and retries come on top.
            let (fewer, more) = if begun.is_some_and(|b| minute > b) { (0.6, 1.4) } else { (1.0, 1.0) };
            connections[minute as usize] += open * fewer;
            attempts[minute as usize] += open * plan.messages * more;
        }
        firsts.extend(begun.map(Minute::new));
    }
    let known = |values: Vec<f64>| values.into_iter().map(Some).collect();
    let loads = Loads::new(window, Some((Basis::Measured, known(connections))), known(attempts));
    let onsets = firsts.iter().map(|first| Onset::of(&loads, &launches, *first, first.start(), true)).collect();
    let waves = firsts.iter().map(|f| Window::new(*f, f.plus(8))).collect();
    Day { loads, launches, onsets, waves }
}

fn verdicts(days: u64, launches: usize, cause: Cause, are_alike: bool) -> Vec<Verdict> {
    let of_day = |seed: u64| {
        let plans = plans(&mut Random(seed ^ 0xabcd), launches, are_alike);
        let plans: Vec<_> = plans.into_iter().map(|p| (p, true)).collect();
        day(seed, cause, &plans).verdict()
    };
    (0..days).map(of_day).collect()
}

fn count(verdicts: &[Verdict], is: impl Fn(&Verdict) -> bool) -> usize {
    verdicts.iter().filter(|v| is(v)).count()
}

fn is_repeatable(verdict: &Verdict) -> bool {
    verdict.word == "repeatable"
}

fn names_alone(verdict: &Verdict, is: impl Fn(Variable) -> bool) -> bool {
    matches!(verdict.named.as_slice(), [alone] if is(*alone))
}

/// By chance alone a hundredth of days may look repeatable: so much the test of chance lets pass.
#[test]
fn random_onsets_are_repeatable_no_oftener_than_chance_allows() {
    let mut repeatable = 0;
    for launches in [2, 3, 4, 6] {
        let found = verdicts(150, launches, Cause::Random, false);
        repeatable += count(&found, is_repeatable);
        assert!(count(&found, |v| v.word == "consistent") <= 30, "{launches} launches");
    }
    assert!(repeatable <= 6, "{repeatable} of 600");
}

#[test]
fn two_waves_are_never_repeatable() {
    for cause in [Cause::Connections, Cause::Delay, Cause::Random] {
        assert_eq!(count(&verdicts(40, 2, cause, false), is_repeatable), 0);
        assert_eq!(count(&verdicts(20, 2, cause, true), is_repeatable), 0);
    }
}

#[test]
fn a_number_of_connections_is_found_and_nothing_else_named_alone() {
    for (launches, repeatable, alone) in [(3, 10, 5), (4, 12, 8), (6, 20, 18)] {
        let found = verdicts(30, launches, Cause::Connections, false);
        assert!(count(&found, |v| v.named.contains(&Variable::Connections)) >= 27, "{launches} launches");
        assert!(count(&found, is_repeatable) >= repeatable, "{launches} launches");
        assert!(count(&found, |v| names_alone(v, |v| v == Variable::Connections)) >= alone, "{launches} launches");
        assert_eq!(count(&found, |v| names_alone(v, |v| v != Variable::Connections)), 0, "{launches} launches");
    }
}

#[test]
fn a_delay_is_found_and_nothing_else_named_alone() {
    for launches in [3, 4, 6] {
        let found = verdicts(30, launches, Cause::Delay, false);
        assert!(count(&found, is_repeatable) >= 28, "{launches} launches");
        assert!(count(&found, |v| names_alone(v, |v| v == Variable::Delay)) >= 10, "{launches} launches");
        assert_eq!(count(&found, |v| names_alone(v, |v| v != Variable::Delay)), 0, "{launches} launches");
    }
}

/// Twins: whichever sets the onsets, the others look the same.
#[test]
fn launches_that_are_alike_never_name_one_variable_alone() {
    for (launches, cause) in [(2, Cause::Connections), (3, Cause::Connections), (4, Cause::Delay)] {
        let found = verdicts(30, launches, cause, true);
        assert!(count(&found, |v| v.named.len() > 1) >= 25, "{launches} launches");
        assert_eq!(count(&found, |v| v.named.len() == 1), 0, "{launches} launches");
    }
}

/// Four launches unlike each other, all of which pass two hundred connections.
const UNLIKE: [Plan; 4] = [
    Plan { ramp: 10.0, peak: 300.0, messages: 4.0 },
    Plan { ramp: 36.0, peak: 400.0, messages: 9.0 },
    Plan { ramp: 20.0, peak: 280.0, messages: 20.0 },
    Plan { ramp: 30.0, peak: 240.0, messages: 6.0 },
];

fn with_waves(of: [bool; 4]) -> Day {
    let plans: Vec<_> = UNLIKE.into_iter().zip(of).collect();
    day(1, Cause::Connections, &plans)
}

#[test]
fn four_unlike_launches_that_fail_at_one_load_are_repeatable() {
    let day = with_waves([true; 4]);
    let verdict = day.verdict();
    assert_eq!((verdict.word, verdict.named.as_slice()), ("repeatable", &[Variable::Connections][..]));
    let said = verdict.said(&day.ground(), 0);
    assert!(
        said.sentence.starts_with("Repeatable: in 4 of 4 launches failures began when one sending IP had 2"),
        "{said:?}"
    );
    let point = said.point.expect("a point");
    assert!(point.starts_with("On the way up clean to ") && point.contains("geometric mean"), "{point}");
    assert!(said.chance.is_some_and(|c| c.contains("would appear in 0.")));
    assert_eq!(said.short, None);
    assert_eq!(
        said.caution.as_deref(),
        Some("This is what one sender met under these conditions, not a published limit.")
    );
    assert_eq!(verdict.load(&day.ground()), Variable::Connections);
}

#[test]
fn launches_that_go_past_the_point_without_a_wave_speak_against_it() {
    let one = with_waves([true, true, true, false]);
    // The last one reached the point, and not a quarter more: that says nothing.
    let claim = one.claim(Variable::Connections);
    assert_eq!((claim.grounds.counter_examples, claim.word), (0, Word::Repeatable));
    let one = with_waves([true, false, true, true]).claim(Variable::Connections);
    assert_eq!((one.grounds.counter_examples, one.word), (1, Word::NotShown));
    let two = with_waves([false, false, true, true]).claim(Variable::Connections);
    assert_eq!((two.grounds.counter_examples, two.word), (2, Word::Contradicted));
    // Each launch outlives the delay, and has no wave.
    assert_eq!(with_waves([true, false, true, true]).claim(Variable::Delay).grounds.counter_examples, 1);
}

/// A sender with many IPs has less than one connection open on each: that is where any wave begins.
#[test]
fn fewer_than_two_connections_are_no_load() {
    let day = with_waves([true; 4]);
    let Loads { window, connections, .. } = day.loads.clone();
    let scaled = |by: f64| {
        let (basis, open) = connections.clone().expect("known");
        let open = open.iter().map(|n| n.map(|n| n / by)).collect();
        Loads::new(window, Some((basis, open)), window.minutes().map(|m| day.loads.at(Variable::Rate, m)).collect())
    };
    let ground = |loads| Ground::new(loads, &day.launches, &day.onsets, &day.waves, true);
    let (few, many) = (ground(scaled(200.0)), ground(scaled(20.0)));
    assert!(Claim::of(&many, Variable::Connections).is_some() && Claim::of(&few, Variable::Connections).is_none());
    assert_eq!((many.loads.main(), few.loads.main()), (Variable::Connections, Variable::Rate));
}

#[test]
fn without_launches_waves_are_compared_by_load_and_not_called_repeatable() {
    let day = with_waves([true; 4]).stating(Vec::new());
    let ground = day.ground();
    assert_eq!((ground.known, Claim::of(&ground, Variable::Delay)), (Known::Unstated, None));
    let claim = day.claim(Variable::Connections);
    assert_eq!((claim.word, claim.grounds.short_of_repeatable()), (Word::Consistent, vec![Short::Launches]));
    let said = day.verdict().said(&ground, 0);
    assert!(said.sentence.ends_with("no launches are stated, so they are compared by load alone."), "{said:?}");
    // A surge that went past the point is a counter-example, launch or not.
    let surge = with_waves([true, false, true, true]).stating(Vec::new());
    assert_eq!(surge.claim(Variable::Connections).grounds.counter_examples, 1);
}

#[test]
fn a_wave_without_a_launch_or_failing_neighbours_forbid_repeatable() {
    let day = with_waves([true; 4]);
    let launches = day.launches[..3].to_vec();
    let stray = day.stating(launches);
    assert_eq!((stray.ground().known, stray.ground().strays), (Known::Stated, 1));
    assert_eq!(stray.claim(Variable::Connections).grounds.short_of_repeatable(), [Short::Launches]);
    let day = with_waves([true; 4]);
    let ground = Ground::new(day.loads.clone(), &day.launches, &day.onsets, &day.waves, false);
    let claim = Claim::of(&ground, Variable::Connections).expect("known");
    assert_eq!((claim.word, claim.grounds.short_of_repeatable()), (Word::Consistent, vec![Short::Others]));
}

#[test]
fn two_waves_carry_the_sentence_of_chance_unless_a_launch_stayed_clean() {
    let plans = [UNLIKE[0], UNLIKE[1]].map(|p| (p, true));
    let seed = (0..40).find(|s| day(*s, Cause::Connections, &plans).verdict().word == "consistent");
    let day = day(seed.expect("a pair that agrees"), Cause::Connections, &plans);
    let caution = |clean| day.verdict().said(&day.ground(), clean).caution.unwrap_or_default();
    assert!(caution(0).contains("About one random pair of waves in six would look like this."), "{}", caution(0));
    assert!(!caution(1).contains("one random pair"));
    let short = day.verdict().said(&day.ground(), 0).short.unwrap_or_default();
    assert!(short.contains("fewer than three waves"), "{short}");
}

#[test]
fn a_second_wave_after_the_same_launch_is_no_repetition() {
    let mut day = with_waves([true, true, false, false]);
    let launches = day.launches[..1].to_vec();
    day.launches.truncate(1);
    // Both waves within the hour of one launch.
    day.onsets[1] =
        Onset::of(&day.loads, &launches, day.onsets[0].first.plus(20), day.onsets[0].first.plus(20).start(), true);
    day.waves[1] = Window::new(day.onsets[1].first, day.onsets[1].first.plus(8));
    assert_eq!(day.onsets[1].launch.map(|(launch, _)| launch), Some(0));
    assert_eq!((day.verdict().word, day.ground().waves().count()), ("single wave", 1));
}

#[test]
fn a_week_of_launches_is_judged_in_no_time() {
    let plans = plans(&mut Random(7), 84, false).into_iter().map(|p| (p, true)).collect::<Vec<_>>();
    let day = day(7, Cause::Connections, &plans);
    assert!(day.loads.window.len() >= 7 * 1440);
    assert!(day.verdict().named.contains(&Variable::Connections));
}
