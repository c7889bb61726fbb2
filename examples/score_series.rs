//! Scores the dating of waves on series with known truth.
//!
//! ```text
//! cargo run --example score_series -- DIR [--cropped SEED]
//! ```
//!
//! DIR holds `series.csv.gz` (series_id, minute, lane, observed, attempts, …,
//! failed_sessions) and `truth.csv` (one row per wave). `--cropped` keeps of
//! each series one wave with 4 to 12 quiet minutes on each side, and 20 to 60
//! minutes of a healthy one, as people attach to tickets. Without the files it
//! says so and succeeds.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use casefile::findings::waves::{Evidence, MinuteCount, Wave, detect};
use casefile::time::{Minute, Window};

/// One true wave; positions are minutes from the start of its series.
#[derive(Clone)]
struct Truth {
    ramp: usize,
    onset: usize,
    /// The first logged minute of it.
    onset_seen: usize,
    recovery: usize,
    recovery_seen: usize,
    starts_before: bool,
    ends_after: bool,
}

#[derive(Clone, Default)]
struct Series {
    scenario: String,
    lane: Vec<Option<MinuteCount>>,
    others: Vec<Option<MinuteCount>>,
    incident: bool,
    /// Where a single bad minute lies in a series without an incident.
    spike: Option<usize>,
    truth: Vec<Truth>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (dir, seed) = match arguments.as_slice() {
        [dir] => (dir, None),
        [dir, flag, seed] if flag == "--cropped" => (dir, Some(seed.parse::<u64>()?)),
        _ => {
            println!("usage: score_series DIR [--cropped SEED]");
            return Ok(());
        }
    };
    let dir = Path::new(dir);
    if !dir.join("series.csv.gz").is_file() || !dir.join("truth.csv").is_file() {
        println!("{} holds no series.csv.gz and truth.csv: nothing to score", dir.display());
        return Ok(());
    }
    let mut table: BTreeMap<String, Score> = BTreeMap::new();
    for (id, series) in read(dir)? {
        let series = seed.map_or_else(|| series.clone(), |seed| crop(&id, &series, seed));
        let score = score(&series);
        table.entry(series.scenario.clone()).or_default().add(&score);
        table.entry("~ all".to_owned()).or_default().add(&score);
    }
    print(&table);
    Ok(())
}

fn read(dir: &Path) -> Result<BTreeMap<String, Series>, Box<dyn Error>> {
    let mut all: BTreeMap<String, Series> = BTreeMap::new();
    let file = flate2::read::MultiGzDecoder::new(File::open(dir.join("series.csv.gz"))?);
    for row in csv::Reader::from_reader(file).records() {
        let row = row?;
        let cell = |i: usize| row.get(i).unwrap_or_default();
        let count = match cell(3) {
            "1" => Some(MinuteCount::new(cell(4).parse()?, cell(10).parse()?)),
            _ => None,
        };
        let series = all.entry(cell(0).to_owned()).or_default();
        match cell(2) {
            "gmail" => series.lane.push(count),
            _ => series.others.push(count),
        }
    }
    for row in csv::Reader::from_path(dir.join("truth.csv"))?.records() {
        let row = row?;
        let cell = |i: usize| row.get(i).unwrap_or_default();
        let at = |i: usize| cell(i).parse::<usize>();
        let series = all.entry(cell(0).to_owned()).or_default();
        series.scenario = cell(1).to_owned();
        series.incident = cell(2) == "incident";
        if series.incident {
            series.truth.push(Truth {
                ramp: at(8).unwrap_or(at(9)?),
                onset: at(9)?,
                onset_seen: at(10)?,
                recovery: at(14)?,
                recovery_seen: at(15)?,
                starts_before: cell(16) == "1",
                ends_after: cell(17) == "1",
            });
        } else {
            series.spike = at(9).ok();
        }
    }
    Ok(all)
}

/// SplitMix64 over a series name: the same crop on every machine.
struct Dice(u64);

impl Dice {
    fn new(id: &str, seed: u64) -> Self {
        let mut dice = Self(seed);
        for byte in id.bytes() {
            dice.0 ^= u64::from(byte);
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = x ^ (x >> 31);
        self.0
    }

    fn draw(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }
}

fn crop(id: &str, series: &Series, seed: u64) -> Series {
    let mut dice = Dice::new(id, seed);
    let len = series.lane.len();
    let usable = |i: &usize| series.lane[*i].is_some_and(|m| m.attempts > 0);
    let keep = |range: Range<usize>| Series {
        lane: series.lane[range.clone()].to_vec(),
        others: series.others.get(range).unwrap_or_default().to_vec(),
        ..series.clone()
    };
    if series.truth.is_empty() {
        let size = dice.draw(20, 60).min(len);
        let from = match series.spike {
            Some(at) => at.saturating_sub(dice.draw(0, size - 1)).min(len - size),
            None => dice.draw(0, len - size),
        };
        return keep(from..from + size);
    }
    let k = dice.draw(0, series.truth.len() - 1);
    let wave = &series.truth[k];
    // The quiet minutes around it end where a neighbouring wave begins.
    let floor = k.checked_sub(1).map_or(0, |j| series.truth[j].recovery_seen);
    let ceiling = series.truth.get(k + 1).map_or(len, |next| next.ramp.min(next.onset));
    let (before, after) = (dice.draw(4, 12), dice.draw(4, 12));
    let begin = wave.ramp.min(wave.onset);
    let end = wave.recovery.max(wave.recovery_seen);
    let from = (floor..begin).rev().filter(usable).take(before).last().unwrap_or(begin);
    let to = (end..ceiling).filter(usable).take(after).last().map_or(end, |last| last + 1);
    let truth = Truth {
        ramp: wave.ramp.saturating_sub(from),
        onset: wave.onset - from,
        onset_seen: wave.onset_seen - from,
        recovery: wave.recovery - from,
        recovery_seen: wave.recovery_seen - from,
        ..wave.clone()
    };
    Series { truth: vec![truth], ..keep(from..to) }
}

#[derive(Clone, Copy, Default)]
struct Share(u32, u32);

impl Share {
    fn note(&mut self, hit: bool) {
        self.0 += u32::from(hit);
        self.1 += 1;
    }

    fn text(self) -> String {
        if self.1 == 0 { "-".to_owned() } else { format!("{:.1}", 100.0 * f64::from(self.0) / f64::from(self.1)) }
    }
}

/// The columns of the table, in order.
const COLUMNS: [&str; 12] = [
    "missed",
    "alarmed",
    "onset<=1",
    "onset<=2",
    "recov<=1",
    "recov<=2",
    "cover on",
    "cover re",
    "began ok",
    "ended ok",
    "false in-progress",
    "false ongoing",
];

#[derive(Clone, Copy, Default)]
struct Score {
    series: u32,
    columns: [Share; COLUMNS.len()],
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.series += other.series;
        for (mine, theirs) in self.columns.iter_mut().zip(other.columns) {
            *mine = Share(mine.0 + theirs.0, mine.1 + theirs.1);
        }
    }
}

fn score(series: &Series) -> Score {
    let window = Window::new(Minute::new(0), Minute::new(series.lane.len() as i32));
    let evidence = Evidence { control: &series.others, ..Evidence::new(window, &series.lane) };
    let detection = detect(&evidence);
    let waves = detection.waves();
    let mut score = Score { series: 1, ..Score::default() };
    let [missed, alarmed, onset1, onset2, recovery1, recovery2, cover_on, cover_re, began, ended, false_in, false_on] =
        &mut score.columns;
    if !series.incident {
        alarmed.note(!waves.is_empty());
    }
    let end = |w: &Wave| w.last.number() + 1;
    for truth in &series.truth {
        let [onset, seen] = [truth.onset as i32, truth.onset_seen as i32];
        let [recovery, quiet] = [truth.recovery as i32, truth.recovery_seen as i32];
        let mut hits = waves.iter().filter(|w| w.first.number() < quiet && end(w) > seen);
        let first = hits.next();
        missed.note(first.is_none());
        let Some(first) = first else { continue };
        let last = hits.next_back().unwrap_or(first);
        if truth.starts_before {
            began.note(first.in_progress_at_start);
        } else {
            let error = (first.first.number() - seen).abs();
            onset1.note(error <= 1);
            onset2.note(error <= 2);
            let (low, high) = first.first_interval;
            cover_on.note(low.number() <= onset.max(seen) && high.number() >= onset.min(seen));
            false_in.note(first.in_progress_at_start);
        }
        if truth.ends_after {
            ended.note(last.ongoing_at_end);
        } else {
            let error = (end(last) - quiet).abs();
            recovery1.note(error <= 1);
            recovery2.note(error <= 2);
            let (low, high) = last.recovery_interval;
            cover_re.note(low.number() <= recovery.max(quiet) && high.number() >= recovery.min(quiet));
            false_on.note(last.ongoing_at_end);
        }
    }
    score
}

fn print(table: &BTreeMap<String, Score>) {
    println!("per cent of waves (alarmed: of healthy series); began ok, ended ok: flags right where true\n");
    println!("{:18} {:>6} {}", "scenario", "series", COLUMNS.join(" "));
    for (scenario, score) in table {
        let cells =
            COLUMNS.iter().zip(score.columns).map(|(name, share)| format!("{:>w$}", share.text(), w = name.len()));
        println!("{scenario:18} {:>6} {}", score.series, cells.collect::<Vec<_>>().join(" "));
    }
}
