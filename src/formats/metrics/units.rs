//! Units of measurement as headers, cells and case.yaml write them, and the
//! factor that brings a number into its signal's own unit.

use super::Signal;

/// What a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Bits,
    Bytes,
    Percent,
    Ratio,
    Seconds,
    Things,
}

/// A unit: a quantity, its multiple, and whether it is per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    of: Of,
    factor: f64,
    per_second: bool,
}

impl Unit {
    /// Reads `Mb/s`, `kB/s`, `bytes_per_s`, `mbps`, `%`, `ratio`, `ms`, `K`, `/min`.
    ///
    /// `b` is bits and `B` bytes; in all lower case (`kb/s`, `mbps`) `b` is bits.
    /// `k` is 1000 and `Ki` 1024.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['(', ')', '[', ']']).trim();
        let (mut base, mut factor, mut per_second) = (text, 1.0, false);
        for (ending, seconds) in [
            ("/s", 1.0),
            ("/sec", 1.0),
            ("_per_s", 1.0),
            ("_per_sec", 1.0),
            ("_per_second", 1.0),
            ("/min", 60.0),
            ("_per_min", 60.0),
            ("_per_minute", 60.0),
        ] {
            if let Some(rest) = strip_ending(text, ending) {
                (base, factor, per_second) = (rest, 1.0 / seconds, true);
            }
        }
        if !per_second && let Some(rest) = text.strip_suffix("ps").filter(|r| r.ends_with(['b', 'B', 'p'])) {
            (base, per_second) = (rest, true);
        }
        if base.is_empty() {
            return per_second.then_some(Self { of: Of::Things, factor, per_second });
        }
        let (of, multiple) = quantity(base)?;
        Some(Self { of, factor: factor * multiple, per_second })
    }

    /// Whether a number of this unit is a running total where the signal is a rate.
    pub(super) fn is_total(self) -> bool {
        !self.per_second
    }

    /// What a number of this unit is multiplied with to be in `signal`'s own
    /// unit; nothing when the two do not measure the same thing. `signal` is
    /// canonical; totals of a rate are left for differencing.
    pub(super) fn factor_to(self, signal: Signal) -> Option<f64> {
        let scale = match (signal.unit(), self.of) {
            ("bit/s", Of::Bits) | ("%", Of::Percent) => 1.0,
            ("bit/s", Of::Bytes) => 8.0,
            ("%", Of::Ratio) => 100.0,
            ("ms", Of::Seconds) => 1000.0,
            ("bit/s" | "%" | "ms", _) => return None,
            (_, Of::Things) if !self.per_second || signal.unit().ends_with("/s") => 1.0,
            _ => return None,
        };
        Some(self.factor * scale)
    }
}

fn strip_ending<'a>(text: &'a str, ending: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(ending.len())?;
    let (head, tail) = (text.get(..at)?, text.get(at..)?);
    tail.eq_ignore_ascii_case(ending).then(|| head.trim_end())
}

fn quantity(base: &str) -> Option<(Of, f64)> {
    let lower = base.to_ascii_lowercase();
    match lower.as_str() {
        "%" | "percent" | "pct" => return Some((Of::Percent, 1.0)),
        "ratio" | "fraction" => return Some((Of::Ratio, 1.0)),
        "ms" | "msec" | "milliseconds" => return Some((Of::Seconds, 1e-3)),
        "us" | "µs" | "usec" => return Some((Of::Seconds, 1e-6)),
        "s" | "sec" | "seconds" => return Some((Of::Seconds, 1.0)),
        "n" | "count" | "msgs" | "messages" | "packets" | "pkts" | "p" | "seg" | "segs" | "segments" | "tasks" => {
            return Some((Of::Things, 1.0));
        }
        "mil" => return Some((Of::Things, 1e6)),
        _ => {}
    }
    let (prefix, of) = if let Some(p) = ["bits", "bit"].iter().find_map(|w| lower.strip_suffix(w)) {
        (p, Of::Bits)
    } else if let Some(p) = ["bytes", "byte", "octets"].iter().find_map(|w| lower.strip_suffix(w)) {
        (p, Of::Bytes)
    } else if base.ends_with('b') {
        (lower.strip_suffix('b')?, Of::Bits)
    } else if base.ends_with('B') {
        (lower.strip_suffix('b')?, Of::Bytes)
    } else {
        (lower.as_str(), Of::Things)
    };
    let multiple = match prefix {
        "" => 1.0,
        "k" | "kilo" => 1e3,
        "m" | "mega" => 1e6,
        "g" | "giga" => 1e9,
        "t" | "tera" => 1e12,
        "ki" | "kibi" => 1024.0,
        "mi" | "mebi" => 1_048_576.0,
        "gi" | "gibi" => 1_073_741_824.0,
        _ => return None,
    };
    Some((of, multiple))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str, signal: Signal) -> Option<f64> {
        Unit::parse(text)?.factor_to(signal)
    }

    /// Metrics trap 33: bits, bytes, 1000 and 1024 are told apart, never guessed.
    #[test]
    fn bits_bytes_and_their_multiples() {
        for (text, factor) in [
            ("bps", 1.0),
            ("mbps", 1e6),
            ("Mb/s", 1e6),
            ("MBps", 8e6),
            ("kB/s", 8e3),
            ("KiB/s", 8192.0),
            ("bytes_per_s", 8.0),
            ("bit_per_s", 1.0),
            ("mbit_per_s", 1e6),
            ("(MB/s)", 8e6),
            ("Mbit/s", 1e6),
            ("B", 8.0),
        ] {
            assert_eq!(to(text, Signal::EgressBps), Some(factor), "{text}");
        }
        assert!(Unit::parse("bytes").is_some_and(Unit::is_total));
        assert_eq!(to("%", Signal::EgressBps), None);
        assert_eq!(to("MB", Signal::OpenFiles), None);
    }

    #[test]
    fn shares_times_and_counts() {
        assert_eq!(to("ratio", Signal::CpuPercent), Some(100.0));
        assert_eq!(to("percent", Signal::CpuPercent), Some(1.0));
        assert_eq!(to("s", Signal::RttMs), Some(1000.0));
        assert_eq!(to("ms", Signal::RttMs), Some(1.0));
        assert_eq!(to("K", Signal::QueueDepth), Some(1000.0));
        assert_eq!(to("/min", Signal::RetransmitsPerS), Some(1.0 / 60.0));
        assert_eq!(to("/s", Signal::QueueDepth), None);
        assert_eq!(Unit::parse("bananas"), None);
    }
}
