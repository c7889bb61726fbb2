//! Amounts as people type them: `1 Gbit/s`, `65536`, `0.05 %`, `5 MB`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An amount in a base unit, its prefix multiplied in.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// In [`Quantity::unit`]; never negative, always finite.
    pub value: f64,
    /// `bit/s`, `B/s`, `bit`, `B`, `packets/s`, `packets`, `1/s`, `s`, `%`, or empty for a plain count.
    /// Bits stay bits and bytes stay bytes: the class of the unit is what the user named.
    pub unit: String,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QuantityError {
    /// It does not begin with a number that is finite and not negative.
    #[error("`{0}` does not begin with a number")]
    Number(String),
    /// The number is followed by no unit that is known here.
    #[error("`{0}` is not a unit known here")]
    Unit(String),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// A number, then an optional unit, with or without a space.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let short = |t: &str| t.chars().take(60).collect::<String>();
        let (number, unit) = text.split_at(number_len(text));
        let number: f64 = number.parse().map_err(|_| QuantityError::Number(short(text)))?;
        let (scale, unit) = base_unit(unit.trim()).ok_or_else(|| QuantityError::Unit(short(unit.trim())))?;
        let value = number * scale;
        if !value.is_finite() {
            return Err(QuantityError::Number(short(text)));
        }
        Ok(Self { value, unit: unit.to_owned() })
    }
}

impl fmt::Display for Quantity {
    /// `1000000000 bit/s`; a plain count is a bare number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit.as_str() {
            "" => write!(f, "{}", self.value),
            unit => write!(f, "{} {unit}", self.value),
        }
    }
}

/// Whole bytes of `5 MB`, `2 MiB` or a bare number; `None` when it is no size.
pub(super) fn parse_bytes(text: &str) -> Option<u64> {
    let quantity: Quantity = text.parse().ok()?;
    // Above 2^53 a float no longer counts single bytes, and no bundle is that large.
    let in_range = quantity.value >= 1.0 && quantity.value <= 9_007_199_254_740_992.0;
    (matches!(quantity.unit.as_str(), "" | "B") && in_range).then_some(quantity.value as u64)
}

/// The length of the number that `text` begins with: digits, one point, an exponent.
fn number_len(text: &str) -> usize {
    let plain = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    // `1e6` is a number, `1 EB` is not an exponent.
    match text.as_bytes().get(plain..) {
        Some([b'e' | b'E', after @ ..]) => {
            let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits > 0 { plain + 1 + digits } else { plain }
        }
        _ => plain,
    }
}

fn base_unit(unit: &str) -> Option<(f64, &'static str)> {
    let per_second = ["/s", "/sec", "/second", "_per_s", " per second"].iter().find_map(|end| unit.strip_suffix(end));
    match (per_second, unit) {
        (Some(""), _) => Some((1.0, "1/s")),
        (Some("packets" | "pkts"), _) | (None, "pps") => Some((1.0, "packets/s")),
        (Some(amount), _) => data_unit(amount).map(|(scale, bits)| (scale, if bits { "bit/s" } else { "B/s" })),
        (None, "") => Some((1.0, "")),
        (None, "%" | "percent") => Some((1.0, "%")),
        (None, "packets" | "pkts") => Some((1.0, "packets")),
        (None, "s" | "sec" | "seconds") => Some((1.0, "s")),
        (None, "ms") => Some((1e-3, "s")),
        (None, _) => match unit.strip_suffix("ps").and_then(data_unit) {
            Some((scale, bits)) => Some((scale, if bits { "bit/s" } else { "B/s" })),
            None => data_unit(unit).map(|(scale, bits)| (scale, if bits { "bit" } else { "B" })),
        },
    }
}

/// Scale of a prefixed amount of data, and whether it counts bits. `b` is a bit and `B` a byte,
/// as networks write them; a prefix of either case is the large one, for nobody means millibits.
fn data_unit(unit: &str) -> Option<(f64, bool)> {
    let bits = ["bits", "bit", "b"].iter().find_map(|end| unit.strip_suffix(end)).map(|prefix| (prefix, true));
    let bytes = || {
        let ends = ["Bytes", "bytes", "Byte", "byte", "B"];
        ends.iter().find_map(|end| unit.strip_suffix(end)).map(|prefix| (prefix, false))
    };
    let (prefix, is_bits) = bits.or_else(bytes)?;
    let scale = match prefix.trim_end() {
        "" => 1.0,
        "k" | "K" => 1e3,
        "m" | "M" => 1e6,
        "g" | "G" => 1e9,
        "t" | "T" => 1e12,
        "ki" | "Ki" => 1024.0,
        "mi" | "Mi" => 1_048_576.0,
        "gi" | "Gi" => 1_073_741_824.0,
        "ti" | "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some((scale, is_bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        text.parse::<Quantity>().map_or_else(|e| e.to_string(), |q| q.to_string())
    }

    #[test]
    fn prefixes_are_multiplied_in_and_bits_stay_bits() {
        assert_eq!(said("1 Gbit/s"), "1000000000 bit/s");
        assert_eq!(said("200 MB/s"), "200000000 B/s");
        assert_eq!(said("100mbps"), "100000000 bit/s");
        assert_eq!(said("2 MiB"), "2097152 B");
        assert_eq!(said("65536"), "65536");
        assert_eq!(said("1e3 pps"), "1000 packets/s");
        assert_eq!(said("0.05 %"), "0.05 %");
        assert_eq!(said("250 ms"), "0.25 s");
        assert_eq!(said("30/s"), "30 1/s");
        assert_eq!(said("12 bytes_per_s"), "12 B/s");
    }

    #[test]
    fn what_is_no_amount_is_named() {
        assert_eq!(said("fast"), "`fast` does not begin with a number");
        assert_eq!(said("-3"), "`-3` does not begin with a number");
        assert_eq!(said("1.2.3"), "`1.2.3` does not begin with a number");
        assert_eq!(said("1e999"), "`1e999` does not begin with a number");
        assert_eq!(said("400 workers"), "`workers` is not a unit known here");
        assert_eq!(said("1 XB"), "`XB` is not a unit known here");
    }

    #[test]
    fn sizes_are_decimal_unless_they_say_binary() {
        assert_eq!(parse_bytes("5 MB"), Some(5_000_000));
        assert_eq!(parse_bytes("1MiB"), Some(1_048_576));
        assert_eq!(parse_bytes("4000"), Some(4000));
        for text in ["0", "5 Mb", "5 MB/s", "many", "9e99 B"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
