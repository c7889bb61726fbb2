//! Clock offsets as people type them: `-60m`, `+90s`, `1h30m`.

use thiserror::Error;

/// Why a text is no offset.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a clock offset")]
pub(super) struct OffsetError(String);

/// Milliseconds of a signed offset in `ms`, `s`, `m`, `h` and `d`; parts add up.
///
/// A bare `0` is an offset; any other number needs its unit.
pub(super) fn parse_offset(text: &str) -> Result<i64, OffsetError> {
    millis(text.trim()).ok_or_else(|| OffsetError(text.chars().take(60).collect()))
}

fn millis(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0_i64;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let scale = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(scale)?)?;
        rest = after;
        if rest.is_empty() {
            return Some(sign * total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_offset;

    #[test]
    fn signs_units_and_sums() {
        assert_eq!(parse_offset("-60m"), Ok(-3_600_000));
        assert_eq!(parse_offset("+90s"), Ok(90_000));
        assert_eq!(parse_offset("1h"), Ok(3_600_000));
        assert_eq!(parse_offset("-1h30m250ms"), Ok(-5_400_250));
        assert_eq!(parse_offset(" 0 "), Ok(0));
    }

    #[test]
    fn a_number_without_unit_and_an_overflow_are_refused() {
        for text in ["60", "", "-", "h", "1x", "1.5h", "- 60m", "9223372036854775807d", "1h 30m", "1hé"] {
            assert!(parse_offset(text).is_err(), "{text}");
        }
    }
}
