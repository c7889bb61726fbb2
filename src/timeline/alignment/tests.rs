//! The estimate on simulated days: what it claims, and what it must not.

#![expect(clippy::expect_used, reason = "tests")]

use super::*;

/// What is claimed over all minutes.
fn judge(delivered: &BTreeMap<Minute, f64>, egress: &BTreeMap<Minute, f64>, step: i32) -> Verdict {
    verdict_of(estimate::estimates(delivered, egress, &[]).whole, step)
}

/// Runs of each kind.
const RUNS: u64 = 40;
const DAY: usize = 24 * 60;

/// SplitMix64: the same days on every machine.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.next()).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// When launches leave.
#[derive(Clone, Copy, PartialEq)]
enum Launches {
    Irregular,
    EveryHour,
    None,
}

/// What is simulated: how long, what traffic, and how the node is measured.
#[derive(Clone, Copy)]
struct Simulated {
    minutes: usize,
    launches: Launches,
    /// Standard deviation of the metric's error, as a part of its value.
    noise: f64,
    step: usize,
    /// By how many minutes the metric's clock is ahead.
    ahead: i32,
}

const CLEAN: Simulated = Simulated { minutes: DAY, launches: Launches::Irregular, noise: 0.1, step: 1, ahead: 0 };

impl Simulated {
    /// Accepted messages a minute, over more than both exports cover.
    fn traffic(self, random: &mut Seeded) -> Vec<f64> {
        let length = self.minutes + 2 * FARTHEST as usize;
        let mut rate: Vec<f64> =
            (0..length).map(|i| 100.0 + 40.0 * (i as f64 * std::f64::consts::TAU / DAY as f64).sin()).collect();
        let mut launch = |from: usize, most: f64, fading: f64| {
            for (i, r) in rate.iter_mut().skip(from).take(60).enumerate() {
                *r += most * (-(i as f64) / fading).exp();
            }
        };
        let mut from = 0;
        while from < length && self.launches != Launches::None {
            if self.launches == Launches::EveryHour {
                launch(from, 600.0, 10.0);
                from += 60;
            } else {
                launch(from, 200.0 + 800.0 * random.next(), 5.0 + 15.0 * random.next());
                from += 10 + (-90.0 * (1.0 - random.next()).ln()) as usize;
            }
        }
        rate.into_iter().map(|r| (r + r.sqrt() * random.normal()).round().max(0.0)).collect()
    }

    /// The two exports, both of the same stretch by their own clocks.
    fn exports(self, seed: u64) -> (BTreeMap<Minute, f64>, BTreeMap<Minute, f64>) {
        let mut random = Seeded(seed);
        let traffic = self.traffic(&mut random);
        let export = |ahead: i32, value: &mut dyn FnMut(f64) -> f64| -> Vec<f64> {
            let from = (FARTHEST - ahead) as usize;
            traffic[from..from + self.minutes].iter().map(|v| value(*v)).collect()
        };
        let delivered = export(0, &mut |v| v);
        let sent = export(self.ahead, &mut |v| (v * 320_000.0 + 50_000.0) * (self.noise * random.normal()).exp());
        let averaged = sent.chunks(self.step).flat_map(|c| {
            let mean = c.iter().sum::<f64>() / c.len() as f64;
            std::iter::repeat_n(mean, c.len())
        });
        let dated = |values: Vec<f64>| (0..).map(Minute::new).zip(values).collect();
        (dated(delivered), dated(averaged.collect()))
    }

    /// In how many runs the right thing is claimed, in how many a wrong one; the rest is refused.
    fn claims(self) -> (u64, u64) {
        let (mut right, mut wrong) = (0, 0);
        for seed in 0..RUNS {
            let (delivered, egress) = self.exports(seed);
            let claimed = match judge(&delivered, &egress, self.step as i32) {
                // It says no more than that they agree to the length of a sample.
                Verdict::Aligned(within, _) if within > 1 && self.ahead.abs() < within => Some(self.ahead),
                Verdict::Aligned(..) => Some(0),
                Verdict::Zone(minutes, _) => Some(minutes),
                Verdict::Skew(e) => Some(e.lag),
                Verdict::CannotTell(_) => None,
            };
            right += u64::from(claimed == Some(self.ahead));
            wrong += u64::from(claimed.is_some_and(|lag| lag != self.ahead));
        }
        (right, wrong)
    }
}

fn assert_claims(of: Simulated, what: &str, bounds: [(i32, u64, u64); 4]) {
    for (ahead, right, wrong) in bounds {
        let got = Simulated { ahead, ..of }.claims();
        assert!(got.0 >= right && got.1 <= wrong, "{what}, {ahead} minutes ahead: {got:?}");
    }
}

#[test]
fn a_day_of_bursts_tells_the_offset_to_the_minute() {
    assert_claims(CLEAN, "a day", [(0, RUNS, 0), (3, RUNS, 0), (60, RUNS, 0), (330, RUNS, 0)]);
    assert_claims(Simulated { noise: 0.4, ..CLEAN }, "noisy", [(0, 39, 0), (3, 0, 0), (60, 0, 0), (330, 0, 0)]);
}

#[test]
fn five_minute_samples_tell_zones_and_no_small_offset() {
    assert_claims(Simulated { step: 5, ..CLEAN }, "in fives", [(0, 39, 0), (3, 0, 0), (60, RUNS, 0), (330, RUNS, 0)]);
}

#[test]
fn hours_tell_less_than_a_day() {
    let hours = |n: usize| Simulated { minutes: n * 60, ..CLEAN };
    // Two exports of the same four hours have no minute in common where one is 330 minutes off.
    assert_claims(hours(4), "4 hours", [(0, RUNS, 0), (3, RUNS, 0), (60, 34, 0), (330, 0, 2)]);
    assert_claims(hours(12), "12 hours", [(0, RUNS, 0), (3, RUNS, 0), (60, RUNS, 0), (330, 0, 0)]);
}

#[test]
fn launches_every_hour_tell_nothing() {
    let hourly = Simulated { launches: Launches::EveryHour, ..CLEAN };
    for ahead in [0, 3, 60, 330] {
        assert_eq!(Simulated { ahead, ..hourly }.claims(), (0, 0), "{ahead}");
        let (delivered, egress) = Simulated { ahead, ..hourly }.exports(7);
        let verdict = judge(&delivered, &egress, 1);
        let Verdict::CannotTell(Why::Repeating(e)) = verdict else { panic!("{ahead}: {verdict:?}") };
        assert_eq!((e.second_lag - e.lag) % 60, 0, "{e:?}");
    }
}

#[test]
fn flat_traffic_tells_only_where_it_is_measured_well() {
    let flat = Simulated { launches: Launches::None, ..CLEAN };
    assert_claims(flat, "flat", [(0, RUNS, 0), (3, 38, 0), (60, 38, 0), (330, 38, 0)]);
    for noise in [0.2, 0.4] {
        let unclear = [(0, 0, 0), (3, 0, 0), (60, 0, 0), (330, 0, 0)];
        assert_claims(Simulated { noise, ..flat }, "flat and noisy", unclear);
    }
}

#[test]
fn what_is_short_or_constant_tells_nothing() {
    let (delivered, egress) = Simulated { minutes: 53, ..CLEAN }.exports(1);
    assert_eq!(judge(&delivered, &egress, 1), Verdict::CannotTell(Why::TooShort));
    let constant: BTreeMap<_, _> = egress.keys().map(|m| (*m, 1.0)).collect();
    assert_eq!(judge(&constant, &egress, 1), Verdict::CannotTell(Why::TooShort));
    assert_eq!(judge(&BTreeMap::new(), &egress, 1), Verdict::CannotTell(Why::TooShort));
}

/// Days across a minute as which clocks were set.
#[derive(Clone, Copy)]
struct AcrossAnEdge {
    traffic: Simulated,
    edge: &'static str,
    /// How many minutes lie before the edge.
    before: i32,
}

impl AcrossAnEdge {
    fn edge(self) -> Minute {
        Minute::parse(self.edge).expect("a minute")
    }

    /// Both exports, each minute of the metrics as their own clock has it.
    fn exports(self, seed: u64, ahead: impl Fn(Minute) -> i32) -> (BTreeMap<Minute, f64>, BTreeMap<Minute, f64>) {
        let (delivered, egress) = self.traffic.exports(seed);
        let from = self.edge().plus(-self.before);
        let dated = |minute: &Minute| from.plus(minute.number());
        // Where the hour happens twice, a file that names no zone has two samples for a minute.
        let mut sums: BTreeMap<Minute, (f64, f64)> = BTreeMap::new();
        for (minute, value) in &egress {
            let at = dated(minute);
            let sum = sums.entry(at.plus(ahead(at))).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
        let egress = sums.into_iter().map(|(minute, (sum, n))| (minute, sum / n)).collect();
        (delivered.iter().map(|(minute, value)| (dated(minute), *value)).collect(), egress)
    }

    fn judge(self, seed: u64, zones: Pair, ahead: impl Fn(Minute) -> i32) -> (Verdict, Option<Sides>) {
        let (delivered, egress) = self.exports(seed, ahead);
        sides::judge(&delivered, &egress, self.traffic.step as i32, zones)
    }

    /// In how many runs the edge and both offsets are told as they are, and in how many others.
    fn told(self, zones: Pair, ahead: impl Fn(Minute) -> i32 + Copy) -> (u64, u64) {
        let expected = (self.edge(), (ahead(self.edge().plus(-1)), ahead(self.edge())));
        let (mut right, mut wrong) = (0, 0);
        for seed in 0..FEW_RUNS {
            let (_, sides) = self.judge(seed, zones, ahead);
            let told = sides.and_then(|s| Some((s.edge, s.hour_apart()?)));
            right += u64::from(told == Some(expected));
            wrong += u64::from(told.is_some_and(|told| told != expected));
        }
        (right, wrong)
    }
}

/// Days across an edge are long, and cut in many places.
const FEW_RUNS: u64 = 4;

const IN_UTC: Pair = Pair { logs: Zone::UTC, metrics: Zone::UTC };

/// Both edges in New York, Berlin and London, and minutes east of UTC around them.
const SET: [(&str, i32, i32); 6] = [
    ("2026-03-08T07:00Z", -300, -240),
    ("2026-11-01T06:00Z", -240, -300),
    ("2026-03-29T01:00Z", 60, 120),
    ("2026-10-25T01:00Z", 120, 60),
    ("2026-03-29T01:00Z", 0, 60),
    ("2026-10-25T01:00Z", 60, 0),
];

/// Three days, two and one; the edge in the middle, and late.
const LENGTHS: [(usize, i32); 4] = [(72, 36), (72, 66), (48, 24), (24, 12)];

fn across(edge: &'static str, (hours, before): (usize, i32)) -> AcrossAnEdge {
    AcrossAnEdge { traffic: Simulated { minutes: hours * 60, ..CLEAN }, edge, before: before * 60 }
}

#[test]
fn local_time_taken_for_utc_is_told_on_each_side_of_an_edge() {
    for ((edge, before, after), lengths) in SET.into_iter().zip(LENGTHS.chunks(2).cycle()) {
        for length in lengths.iter().copied() {
            let case = across(edge, length);
            let local = |at: Minute| if at < case.edge() { before } else { after };
            let (right, wrong) = case.told(IN_UTC, local);
            assert_eq!((right, wrong), (FEW_RUNS, 0), "{edge} {length:?}");
        }
    }
}

#[test]
fn a_fixed_offset_is_right_on_one_side_only() {
    let new_york = Zone::parse("America/New_York").expect("a zone");
    for (edge, before, after) in [SET[0], SET[1]] {
        let case = across(edge, LENGTHS[2]);
        // Local time, read with the offset of before or of after.
        for stated in [before, after] {
            let zones = Pair { metrics: Zone::Fixed(stated * 60), ..IN_UTC };
            let apart = |at: Minute| if at < case.edge() { before - stated } else { after - stated };
            assert_eq!(case.told(zones, apart), (FEW_RUNS, 0), "{edge}, read as {stated}");
            let (_, sides) = case.judge(1, zones, apart);
            let offsets = sides.and_then(|s| s.hour_apart()).expect("an hour apart");
            assert_eq!(zone_kept(zones.metrics, case.edge(), offsets), Some(new_york));
        }
        // A clock of a constant offset, read as local time.
        let zones = Pair { metrics: new_york, ..IN_UTC };
        let apart = |at: Minute| if at < case.edge() { -before } else { -after };
        assert_eq!(case.told(zones, |at| apart(at) + before), (FEW_RUNS, 0), "{edge}");
    }
}

#[test]
fn what_is_right_on_both_sides_is_never_told_as_apart() {
    let berlin = Zone::parse("Europe/Berlin").expect("a zone");
    for ((edge, ..), length) in SET.into_iter().zip(LENGTHS) {
        let case = across(edge, length);
        assert_eq!(case.told(IN_UTC, |_| 0), (0, 0), "{edge} {length:?}");
        // One offset on both sides is the whole's to tell.
        assert_eq!(case.told(IN_UTC, |_| 60), (0, 0), "{edge} {length:?}");
        let (whole, _) = case.judge(3, IN_UTC, |_| 60);
        assert!(matches!(whole, Verdict::Zone(60, _)), "{whole:?}");
    }
    // The sides of a zone that a source was read in are told each, and agree.
    let case = across(SET[2].0, LENGTHS[1]);
    let (_, sides) = case.judge(5, Pair { metrics: berlin, ..IN_UTC }, |_| 0);
    let sides = sides.expect("both sides");
    assert_eq!((sides.edge, sides.before.offset(), sides.after.offset()), (case.edge(), Some(0), Some(0)));
    assert_eq!(case.judge(5, IN_UTC, |_| 0).1, None);
    // What is right on one side only is held against no minute of the logs.
    let stands_apart = |sides| {
        let (exhibit, node, verdict) = (String::new(), String::new(), Verdict::CannotTell(Why::TooShort));
        Alignment { exhibit, node, verdict, sides, common: Common::Enough, middle: case.edge() }.stands_apart()
    };
    let (_, late) = case.judge(5, IN_UTC, |at| if at < case.edge() { 0 } else { 60 });
    assert!(late.is_some() && stands_apart(late) && !stands_apart(Some(sides)) && !stands_apart(None));
    // A side of two hours tells nothing, and the other one is not told for it.
    let short = AcrossAnEdge { before: 70 * 60, ..case };
    let (_, sides) = short.judge(5, Pair { metrics: berlin, ..IN_UTC }, |_| 0);
    let sides = sides.expect("both sides");
    assert!(matches!(sides.before, Verdict::Aligned(1, _)), "{sides:?}");
    assert_eq!(sides.after, Verdict::CannotTell(Why::TooShort));
    let away = AcrossAnEdge { edge: "2026-06-14T01:00Z", ..case };
    assert_eq!(away.judge(5, Pair { metrics: berlin, ..IN_UTC }, |_| 0).1, None);
}

#[test]
fn flat_or_hourly_traffic_tells_no_side() {
    for (edge, before, after) in [SET[1], SET[2]] {
        let case = across(edge, LENGTHS[2]);
        let local = |at: Minute| if at < case.edge() { before } else { after };
        let hourly = Simulated { launches: Launches::EveryHour, ..case.traffic };
        let flat = Simulated { launches: Launches::None, noise: 0.4, ..case.traffic };
        for traffic in [hourly, flat] {
            let case = AcrossAnEdge { traffic, ..case };
            assert_eq!(case.told(IN_UTC, local), (0, 0), "{edge}");
            assert_eq!(case.told(IN_UTC, |_| 0), (0, 0), "{edge}");
        }
    }
}

#[test]
fn few_common_minutes_are_told_with_the_shift_that_fits_both_edges() {
    let log = (0..53).map(|m| (Minute::new(m), 1.0)).collect();
    let at = |from: i32, length: i32| common(&log, &(from..from + length).map(Minute::new).collect());
    assert_eq!([at(0, 53), at(1, 53), at(10, 20), at(0, 600)], [Common::Enough; 4]);
    assert_eq!(at(60, 53), Common::Few { minutes: 0, of: 53, shift: Some(60) });
    assert_eq!(at(-30, 54), Common::Few { minutes: 24, of: 53, shift: Some(-30) });
    assert_eq!(at(40, 200), Common::Few { minutes: 13, of: 53, shift: None });
    assert_eq!(at(24 * 60, 53), Common::OtherTime);
}

#[test]
fn metrics_are_held_against_the_logs_of_their_node() {
    let two = BTreeSet::from(["mta1", "mta2"]);
    assert_eq!([log_of("mta2", &two), log_of("mta3", &two), log_of("", &two)], [Some("mta2"), None, None]);
    // Where a name is missing, there is no other log to take.
    assert_eq!(log_of("", &BTreeSet::from(["mta1"])), Some("mta1"));
    assert_eq!(log_of("mta1", &BTreeSet::from([""])), Some(""));
    assert_eq!(log_of("mta2", &BTreeSet::from(["mta1"])), None);
}
