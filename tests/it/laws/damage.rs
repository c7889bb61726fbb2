//! What happens to logs on their way: bytes change, lines go, come twice, change places.

use proptest::collection::vec;
use proptest::prelude::*;

/// One thing that happens to a text of lines, at a place given as a share of its length.
#[derive(Clone, Debug)]
pub(super) enum Damage {
    /// One byte becomes another.
    Byte(f64, u8),
    /// Bytes are put in between.
    Insert(f64, Vec<u8>),
    /// A line is cut short.
    Cut(f64, f64),
    /// A line is gone.
    Drop(f64),
    /// A line stands twice.
    Twice(f64),
    /// Two lines near each other change places.
    Swap(f64, usize),
    /// A line becomes very long, by so many times itself.
    Long(f64, usize),
    /// All line ends become CRLF.
    Crlf,
}

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    let at = || 0.0..1.0_f64;
    // Bytes that stand for something in some format, and bytes that are no text at all.
    let telling =
        prop_oneof![Just(0_u8), Just(b'"'), Just(b'\\'), Just(b','), Just(b':'), Just(b'['), Just(b' '), any::<u8>()];
    let inserted = prop_oneof![
        vec(any::<u8>(), 1..8),
        Just(b"\xff\xfe\n".to_vec()),
        Just(b"message repeated 3 times: [ ".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
        Just(b"9999999999999999999999".to_vec()),
    ];
    prop_oneof![
        4 => (at(), telling).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        3 => (at(), inserted).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        3 => (at(), at()).prop_map(|(at, keep)| Damage::Cut(at, keep)),
        2 => at().prop_map(Damage::Drop),
        2 => at().prop_map(Damage::Twice),
        3 => (at(), 1..6_usize).prop_map(|(at, by)| Damage::Swap(at, by)),
        1 => (at(), 1..300_usize).prop_map(|(at, times)| Damage::Long(at, times)),
        1 => Just(Damage::Crlf),
    ]
}

/// The text after all of it.
pub(super) fn damaged(text: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    for damage in damages.iter().filter(|_| !text.is_empty()) {
        if lines.is_empty() {
            break;
        }
        let count = lines.len();
        let place = |at: f64| ((count as f64 * at) as usize).min(count - 1);
        let inside = |line: &[u8], at: f64| (line.len() as f64 * (at * 997.0).fract()) as usize;
        match damage {
            Damage::Byte(at, byte) => {
                let line = &mut lines[place(*at)];
                let within = inside(line, *at);
                if let Some(old) = line.get_mut(within) {
                    *old = *byte;
                }
            }
            Damage::Insert(at, bytes) => {
                let line = &mut lines[place(*at)];
                let within = inside(line, *at);
                line.splice(within..within, bytes.iter().copied());
            }
            Damage::Cut(at, keep) => {
                let line = &mut lines[place(*at)];
                line.truncate((line.len() as f64 * keep) as usize);
                line.push(b'\n');
            }
            Damage::Drop(at) => drop(lines.remove(place(*at))),
            Damage::Twice(at) => {
                let (n, line) = (place(*at), lines[place(*at)].clone());
                lines.insert(n, line);
            }
            Damage::Swap(at, by) => {
                let (one, other) = (place(*at), (place(*at) + by).min(lines.len() - 1));
                lines.swap(one, other);
            }
            Damage::Long(at, times) => {
                let line = &mut lines[place(*at)];
                let middle = line.len() / 2;
                let more = line[middle..].strip_suffix(b"\n").unwrap_or(&line[middle..]).repeat(*times);
                line.splice(middle..middle, more);
            }
            Damage::Crlf => {
                for line in &mut lines {
                    if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
                        line.insert(line.len() - 1, b'\r');
                    }
                }
            }
        }
    }
    lines.concat()
}
