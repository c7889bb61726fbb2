//! `cargo bench`: what reading costs beside what it cannot cost less than.
//!
//! Processor time of this thread, not time on the wall: neighbours on the machine change the one
//! far less than the other. All rows of a format are run in turn, several times over; what is
//! printed is the median, and the median of the ratios inside one round.
//!
//! `CASEFILE_BENCH_BYTES` sets the size of the logs (64 MB), `CASEFILE_BENCH_ROUNDS` how often (5).

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and stops where it cannot measure")]

mod reading;
mod traffic;
mod yardstick;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use casefile::formats::logs::Compare;
use casefile::intake::{for_each_block, open};
use casefile::scan::{Collector, Elsewhere, LogJob};
use casefile::smtp::{Lanes, Outcome};

/// One way of reading a file.
type Way<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let setting = |name: &str, usual| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let bytes = setting("CASEFILE_BENCH_BYTES", 64_000_000);
    let rounds = setting("CASEFILE_BENCH_ROUNDS", 5);
    let folder = tempfile::tempdir().expect("a folder");
    for mix in ["postfix", "postfix-storm", "powermta", "powermta-storm", "kumomta", "kumomta-storm"] {
        let path = folder.path().join(mix);
        let mut log = BufWriter::new(File::create(&path).expect("a file"));
        let written = traffic::write(mix, bytes, 1, &mut log).expect("a log");
        log.flush().expect("a log");
        println!("\n{mix}: {} bytes, {} lines", written.bytes, written.lines);
        let job = reading::recognise(&path).expect("a log of a known format");
        assert_counts_agree(&job, &written);
        compare(&ways(mix, &job), written.bytes, rounds);
    }
}

/// Speed is compared only where the counts agree.
fn assert_counts_agree(job: &LogJob<'_>, written: &traffic::Written) {
    let tally = reading::count(job).expect("read");
    let counted = |outcome| tally.files.values().filter_map(|file| file.outcomes.get(&outcome)).sum::<u64>();
    assert_eq!((counted(Outcome::Delivered), counted(Outcome::Rejection)), (written.delivered, written.bounced));
    // Postfix tries several hosts before one deferral.
    assert!(job.shape.format.name() == "postfix" || counted(Outcome::Deferral) == written.deferred);
}

/// The ways in which a file is read, the dearest last.
fn ways<'a>(mix: &str, job: &'a LogJob<'_>) -> Vec<Way<'a>> {
    let path = job.source.path.as_path();
    let mut ways: Vec<Way<'a>> = vec![("line ends alone", Box::new(|| line_ends(path)))];
    ways.push(("open and digest", Box::new(|| digest(path))));
    match mix.split('-').next() {
        Some("powermta") => ways.push(("naive csv", Box::new(|| drop(black_box(yardstick::csv(path)))))),
        Some("kumomta") => ways.push(("naive serde_json", Box::new(|| drop(black_box(yardstick::json(path)))))),
        _ => {}
    }
    ways.push(("count", Box::new(|| drop(black_box(reading::count(job))))));
    ways.push(("count and digest", Box::new(|| count_and_digest(job))));
    ways
}

fn line_ends(path: &Path) {
    let mut lines = 0;
    let read = for_each_block(&mut File::open(path).expect("a log"), |block| {
        lines += memchr::memchr_iter(b'\n', block).count();
        true
    });
    black_box((lines, read.is_ok()));
}

fn digest(path: &Path) {
    let mut opened = open(path).expect("a log");
    let read = for_each_block(&mut opened, |_| true);
    black_box((opened.digest(), read.is_ok()));
}

/// As a scan reads a file: the digest goes into what the bundles say of their sources.
fn count_and_digest(job: &LogJob<'_>) {
    let (lanes, none) = (Lanes::default(), Elsewhere::default());
    let (mut way, mut reader) = job.open(Compare::No, |_| true).expect("a log");
    let mut collector = Collector::new(&lanes, job.source.exhibit, None, &none);
    let read = way.for_each_block(false, |block| {
        reader.read(block, &mut collector);
        true
    });
    reader.end_of_file(&mut collector);
    black_box((collector.into_tally(&reader.finish().closed), way.digest(), read.is_ok()));
}

/// Runs all ways in turn and prints a row of each: milliseconds, GB/s, ratio to the first way,
/// and to the naive one where there is one.
fn compare(ways: &[Way<'_>], bytes: u64, rounds: u64) {
    let round = |_| ways.iter().map(|(_, run)| processor_ms(run)).collect::<Vec<_>>();
    let rounds: Vec<Vec<f64>> = (0..rounds.max(1)).map(round).collect();
    let naive = ways.iter().position(|(name, _)| name.starts_with("naive"));
    for (at, (name, _)) in ways.iter().enumerate() {
        let ms = median(rounds.iter().map(|r| r[at]));
        let to_first = median(rounds.iter().map(|r| r[at] / r[0]));
        let to_naive = naive.map(|naive| median(rounds.iter().map(|r| r[naive] / r[at])));
        let to_naive = to_naive.map_or_else(String::new, |n| format!("  {n:5.2} x the speed of the naive reader"));
        let speed = bytes as f64 / ms / 1e6;
        println!("  {name:18} {ms:9.1} ms  {speed:6.2} GB/s  {to_first:6.2} x line ends{to_naive}");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of a run on this thread; where the system does not tell, time on the wall.
fn processor_ms(run: &dyn Fn()) -> f64 {
    let spent = || std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse::<f64>().ok();
    let (begun, before) = (Instant::now(), spent());
    run();
    match (before, spent()) {
        (Some(before), Some(after)) => (after - before) / 1e6,
        _ => begun.elapsed().as_secs_f64() * 1e3,
    }
}
