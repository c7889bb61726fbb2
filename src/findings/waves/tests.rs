#![expect(clippy::expect_used, reason = "tests")]

//! The edge cases of the method, and recordings of real MTAs whose receivers
//! logged what they did. Each recording is the lane's `sessions/failed` per
//! minute as counted from the Postfix logs.

use super::*;
use crate::time::{Minute, Window};

const THROTTLE: &str = "\
    13/0 60/0 59/0 65/0 68/1 73/0 64/1 69/0 63/0 62/1 2013/1841 403/254 1107/959 225/89 455/334 72/0 \
    87/0 115/8 92/0 56/0 74/0 66/0 79/0 68/0 72/0 1908/1699 392/250 1066/936 334/184 413/280 75/0 118/13 \
    107/5 86/0 73/0 79/1 70/1 70/0 63/0 59/0 2045/1847 109/7 396/21 72/1 62/0 62/0 64/0 82/0 63/0 87/0 \
    64/1 59/0 34/0";

const NOISE: &str = "\
    33/0 94/0 108/0 100/2 95/1 102/2 97/0 98/0 293/1 91/0 110/1 95/0 111/1 93/0 101/1 82/1 111/1 94/0 \
    82/1 88/0 94/0 110/2 22/0";

const TLS_GLOBAL: &str = "\
    26/0 91/0 104/0 113/0 226/163 250/250 310/277 196/165 113/91 66/62 284/283 319/299 297/229 186/0 \
    230/0 184/0 46/0";

const NETWORK_CEILING: &str = "\
    22/0 42/0 46/0 27/0 59/0 452/122 422/149 762/231 515/383 600/349 480/244 130/42 85/8 67/0 47/0 53/0 \
    42/0 51/0 0/0";

const ONGOING: &str = "\
    54/0 74/0 73/0 81/0 83/0 1811/1094 2999/2012 4479/3270 4016/2834 2225/1789 1197/975 955/766 551/434 \
    497/377 563/459 146/115";

/// Reads `attempts/failed` of consecutive minutes.
fn grid(counts: &str) -> Vec<Option<MinuteCount>> {
    let count = |text: &str| {
        let (attempts, failed) = text.split_once('/')?;
        Some(MinuteCount::new(attempts.parse().ok()?, failed.parse().ok()?))
    };
    counts.split_whitespace().map(count).collect()
}

fn minute(text: &str) -> Minute {
    Minute::parse(text).expect("a test time")
}

fn window(from: &str, minutes: usize) -> Window {
    let from = minute(from);
    Window::new(from, from.plus(minutes as i32))
}

fn recording(from: &str, counts: &str) -> Detection {
    let minutes = grid(counts);
    detect(&Evidence::new(window(from, minutes.len()), &minutes))
}

fn found(minutes: &[Option<MinuteCount>]) -> Detection {
    detect(&Evidence::new(window("2026-01-01T00:00Z", minutes.len()), minutes))
}

/// `first peak recovery` of each wave, as times of day.
fn dates(detection: &Detection) -> Vec<String> {
    let clock = |m: Option<Minute>| m.map_or_else(|| "-".to_owned(), Minute::clock);
    let wave = |w: &Wave| format!("{} {} {}", w.first.clock(), clock(w.peak), clock(w.recovery));
    detection.waves().iter().map(wave).collect()
}

/// A quiet lane of `minutes` with 2 failures in 1000 sessions.
fn quiet(minutes: usize) -> Vec<Option<MinuteCount>> {
    vec![Some(MinuteCount::new(1000, 2)); minutes]
}

fn failing(minutes: usize) -> Vec<Option<MinuteCount>> {
    vec![Some(MinuteCount::new(1000, 300)); minutes]
}

#[test]
fn three_launches_are_three_waves_to_the_minute() {
    let detection = recording("2026-11-24T03:46Z", THROTTLE);
    assert_eq!(dates(&detection), ["03:56 03:56 04:04", "04:11 04:11 04:19", "04:26 04:26 04:29"]);
    assert_eq!(detection.peak(), Some(minute("2026-11-24T04:26Z")));
    assert!(detection.waves().iter().all(|w| !w.in_progress_at_start && !w.ongoing_at_end && w.gain > w.price));
    let background = detection.background.expect("isolated errors before the first wave");
    assert_eq!((background.first, background.failed), (minute("2026-11-24T03:50Z"), 7));
}

#[test]
fn isolated_errors_are_no_incident() {
    let detection = recording("2026-11-24T02:56Z", NOISE);
    assert!(
        matches!(detection.outcome, Outcome::NoIncident { smallest_detectable } if smallest_detectable.failed < 15)
    );
    assert!(detection.spikes.is_empty());
}

#[test]
fn a_tls_fault_of_nine_minutes_in_seventeen() {
    let detection = recording("2026-11-24T02:56Z", TLS_GLOBAL);
    assert_eq!(dates(&detection), ["03:00 03:07 03:09"]);
    assert!(detection.baseline.expect("judged").weak, "eight quiet minutes");
}

#[test]
fn a_network_ceiling_is_dated_by_what_the_log_shows() {
    let detection = recording("2026-11-24T03:07Z", NETWORK_CEILING);
    assert_eq!(dates(&detection), ["03:12 03:15 03:20"]);
}

#[test]
fn data_that_end_inside_the_incident_show_no_recovery() {
    let detection = recording("2026-11-24T03:07Z", ONGOING);
    assert_eq!(dates(&detection), ["03:12 03:14 -"]);
    let wave = &detection.waves()[0];
    assert!(wave.ongoing_at_end && !wave.in_progress_at_start);
    assert_eq!(wave.recovery_interval.1, minute("2026-11-24T03:23Z"), "up to the end of the data");
}

#[test]
fn data_that_begin_inside_the_incident_bound_the_first_minute() {
    let detection = detect(&Evidence::new(window("2026-11-24T03:12Z", 14), &grid(NETWORK_CEILING)[5..]));
    let wave = &detection.waves()[0];
    assert_eq!(wave.first_not_later_than(), Some(minute("2026-11-24T03:12Z")));
    assert_eq!(wave.recovery, Some(minute("2026-11-24T03:20Z")));
}

#[test]
fn a_log_that_stops_in_the_incident_is_not_filled_with_health() {
    let mut minutes = [quiet(30), failing(10)].concat();
    minutes.extend(vec![None; 60]);
    let detection = found(&minutes);
    let wave = &detection.waves()[0];
    assert_eq!((wave.ongoing_at_end, wave.recovery), (true, None));
    // Minutes without attempts prove nothing either.
    minutes.truncate(40);
    minutes.extend(vec![Some(MinuteCount::new(0, 0)); 60]);
    assert!(found(&minutes).waves()[0].ongoing_at_end);
}

#[test]
fn a_gap_at_an_edge_is_inside_its_interval() {
    let minutes = [quiet(30), vec![None; 6], failing(10), quiet(30)].concat();
    let detection = found(&minutes);
    let wave = &detection.waves()[0];
    assert_eq!(wave.first.clock(), "00:36");
    assert_eq!(
        (wave.first_interval.0.clock(), wave.first_interval.1.clock()),
        ("00:30".to_owned(), "00:36".to_owned())
    );
}

#[test]
fn one_bad_minute_is_a_spike_and_never_a_wave() {
    let detection = found(&[quiet(30), failing(1), quiet(30)].concat());
    assert!(detection.waves().is_empty());
    let spike = detection.spikes[0];
    assert_eq!((spike.window, spike.failed), (window("2026-01-01T00:30Z", 1), 300));
}

#[test]
fn only_the_last_of_two_waves_can_be_ongoing() {
    let detection = found(&[quiet(30), failing(8), quiet(6), failing(8)].concat());
    assert_eq!(dates(&detection), ["00:30 00:30 00:38", "00:44 00:44 -"]);
}

#[test]
fn a_surge_of_attempts_is_no_incident() {
    let mut minutes = quiet(30);
    minutes.extend(vec![Some(MinuteCount::new(20_000, 40)); 30]);
    assert!(found(&minutes).waves().is_empty(), "twenty times the failures at the same rate");
}

// oss trap 28: what was deferred comes back with the next run of the queue, minutes after.
#[test]
fn the_backlog_that_leaves_after_a_recovery_is_no_peak() {
    let mut minutes = [quiet(30), failing(8), quiet(30)].concat();
    minutes[43] = Some(MinuteCount::new(20_000, 40));
    let detection = found(&minutes);
    assert_eq!(dates(&detection), ["00:30 00:30 00:38"]);
    assert!(detection.spikes.is_empty(), "{:?}", detection.spikes);
}

#[test]
fn too_little_is_refused() {
    let detection = found(&failing(4));
    assert_eq!(detection.outcome, Outcome::Refused(Refusal::TooShort { usable: 4, needed: 5 }));
    assert!(matches!(found(&[]).outcome, Outcome::Refused(_)));
}

#[test]
fn incomplete_and_partial_minutes_date_but_never_peak() {
    let mut minutes = [quiet(30), failing(6), quiet(30)].concat();
    minutes[30] = Some(MinuteCount { partial: true, ..MinuteCount::new(1000, 500) });
    minutes[33] = Some(MinuteCount { incomplete: true, ..MinuteCount::new(1000, 900) });
    // The most failures stand in a minute that is known in part: no other is the peak.
    let detection = found(&minutes);
    assert_eq!((dates(&detection), detection.peak()), (vec!["00:30 - 00:36".to_owned()], None));
    for (at, failed) in [(30, 100), (33, 100)] {
        minutes[at] = minutes[at].map(|m| MinuteCount { failed, ..m });
    }
    assert_eq!(dates(&found(&minutes)), ["00:30 00:31 00:36"]);
}

#[test]
fn a_lane_that_fails_throughout_needs_a_control_or_a_healthy_time() {
    let minutes = failing(40);
    let alone = found(&minutes);
    assert!(alone.waves().is_empty() && alone.baseline.expect("judged").doubtful);
    let control = quiet(40);
    let evidence = Evidence::new(window("2026-01-01T00:00Z", 40), &minutes);
    let beside = detect(&Evidence { control: &control, ..evidence });
    assert_eq!(beside.baseline.expect("judged").source, BaselineSource::Control);
    let wave = &beside.waves()[0];
    assert!(wave.in_progress_at_start && wave.ongoing_at_end);
    let named = detect(&Evidence { healthy: &control, ..evidence });
    assert_eq!(named.baseline.expect("judged").source, BaselineSource::Healthy);
    assert_eq!(named.waves().len(), 1);
}

#[test]
fn a_lane_with_a_change_keeps_its_own_baseline_beside_a_cleaner_control() {
    let high = vec![Some(MinuteCount::new(1000, 80)); 30];
    let minutes = [high.clone(), failing(10), high].concat();
    let control = quiet(minutes.len());
    let evidence = Evidence::new(window("2026-01-01T00:00Z", minutes.len()), &minutes);
    let detection = detect(&Evidence { control: &control, ..evidence });
    assert_eq!(dates(&detection), ["00:30 00:30 00:40"]);
    let baseline = detection.baseline.expect("judged");
    assert_eq!((baseline.source, baseline.doubtful), (BaselineSource::Own, true));
}

#[test]
fn no_session_succeeds_at_all() {
    let minutes = vec![Some(MinuteCount::new(50, 50)); 30];
    let detection = found(&minutes);
    assert!(detection.baseline.expect("judged").doubtful);
    let control = quiet(30);
    let evidence = Evidence::new(window("2026-01-01T00:00Z", 30), &minutes);
    assert_eq!(detect(&Evidence { control: &control, ..evidence }).waves().len(), 1);
}

#[test]
fn a_spike_after_quiet_minutes_stays_a_spike() {
    let one = vec![Some(MinuteCount::new(1000, 600))];
    let detection = found(&[quiet(30), failing(2), one.clone(), failing(2), quiet(7), one, quiet(30)].concat());
    assert_eq!((dates(&detection), detection.spikes.len()), (vec!["00:30 00:32 00:35".to_owned()], 1));
}

/// 25 of 2809 fail less than the tolerance, and are likelier of the wave than quiet; 9 of 2416 are
/// of a minute that quiet and failure share.
#[test]
fn the_foot_of_a_ramp_belongs_to_its_wave() {
    let clean = vec![Some(MinuteCount::new(3000, 0)); 40];
    let ramp = grid("2416/9 2809/25 1991/67 2201/75 2712/73 2336/72 2512/61 1702/36 1941/39 2069/87 1729/55");
    assert_eq!(dates(&found(&[clean.clone(), ramp, clean].concat())), ["00:40 00:49 00:51"]);
}

#[test]
fn a_few_attempts_a_minute_are_dated_to_the_minute() {
    let calm = |n| vec![Some(MinuteCount::new(3, 0)); n];
    let minutes = [calm(40), grid("4/3 2/2 5/3 3/2 4/4"), calm(40)].concat();
    assert_eq!(dates(&found(&minutes)), ["00:40 00:44 00:45"]);
}

#[test]
fn five_quiet_minutes_divide_waves() {
    let apart = |n| dates(&found(&[quiet(30), failing(4), quiet(n), failing(4), quiet(30)].concat()));
    assert_eq!(apart(5), ["00:30 00:30 00:34", "00:39 00:39 00:43"]);
    assert_eq!(apart(4), ["00:30 00:30 00:42"]);
}

/// A fault that ended ten seconds into its last minute: Exim with TLS 1.1 alone, as its log tells.
#[test]
fn minutes_that_a_fault_shares_with_quiet_are_the_waves() {
    let calm = "51/0 39/0 57/0 64/0 49/0 58/0 ";
    let wave = "56/23 57/31 58/30 61/33 ";
    // Where few minutes are quiet, five failures in one of them would make it look usual.
    let few = grid("18/0 51/0 39/0 57/0 64/0 56/23 57/31 58/30 61/33 99/5 128/0 17/0");
    assert_eq!(dates(&found(&few)), ["00:05 00:08 00:10"]);
    let last = |shared: &str| dates(&found(&grid(&[calm, wave, shared, "128/0 57/0 61/0 49/0 55/0 62/0"].concat())));
    assert_eq!(last("99/5 "), ["00:06 00:09 00:11"]);
    assert_eq!(last("99/1 "), ["00:06 00:09 00:10"], "one failure is as likely of a quiet minute");
    let first = |shared: &str| dates(&found(&grid(&[calm, shared, wave, calm].concat())));
    assert_eq!(first("60/5 "), ["00:06 00:10 00:11"]);
    assert_eq!(first("60/1 "), ["00:07 00:10 00:11"]);
}

/// A lane whose quiet minutes scatter by much: each minute alone tells little, but no minute of
/// the wave is as calm as four in a row after it.
#[test]
fn calm_that_outlasts_the_lulls_of_a_wave_shows_its_end() {
    let before = "167/4 81/5 96/4 190/14 145/4 179/21 132/17 101/3 144/6 116/13 140/0 159/24 ";
    let wave = "126/67 111/47 157/61 289/59 183/24 430/160 200/87 157/27 231/93 354/71 249/91 385/92 270/58 355/64 \
        470/108 282/59 216/35 307/56 158/50 257/104 335/132 296/30 274/98 307/88 280/94 238/75 222/34 308/105 \
        318/81 236/49 193/67 234/96 242/70 297/93 145/47 233/75 214/68 203/44 ";
    let with = |after: &str| found(&grid(&[before, wave, after].concat()));
    let calm = with("234/4 253/17 247/34 150/4");
    assert!(calm.baseline.expect("judged").phi > 3.0, "they scatter");
    assert_eq!(dates(&calm), ["00:12 00:17 00:50"]);
    // One calm minute is no more than a lull may be, and retries that have run out are no calm.
    assert_eq!(dates(&with("234/4")), ["00:12 00:17 -"]);
    assert_eq!(dates(&with("14/0 13/0 12/1 11/0")), ["00:12 00:17 -"]);
}

/// A week in which every minute has failures is the slowest input: no cut can be skipped.
#[test]
fn a_busy_week_is_dated_to_the_minute() {
    let mut minutes: Vec<_> = (0..10_080_u32).map(|i| Some(MinuteCount::new(900 + i % 7, 1 + i % 3))).collect();
    minutes[5000..5040].fill(Some(MinuteCount::new(1500, 300)));
    let detection = found(&minutes);
    let wave = &detection.waves()[0];
    assert_eq!((wave.first, wave.recovery), (minute("2026-01-04T11:20Z"), Some(minute("2026-01-04T12:00Z"))));
    assert_eq!(detection.waves().len(), 1);
}
