//! Spans of time as MTAs print them.

/// `0.100s`, `6s`, `1m2s`, `2h5m`, `1w3d`, in milliseconds: numbers, each before its unit.
pub(super) fn span_ms(text: &[u8]) -> Option<u64> {
    let (mut total, mut number, mut fraction) = (0_u64, 0_u64, None);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                let digit = u64::from(byte - b'0');
                match &mut fraction {
                    None => number = number.checked_mul(10)?.checked_add(digit)?,
                    Some((ms, scale)) => {
                        *ms += digit * *scale;
                        *scale /= 10;
                    }
                }
            }
            b'.' => fraction = Some((0, 100)),
            unit => {
                let ms = match unit {
                    b's' => 1000,
                    b'm' => 60_000,
                    b'h' => 3_600_000,
                    b'd' => 86_400_000,
                    b'w' => 604_800_000,
                    _ => return None,
                };
                total = total.checked_add(number.checked_mul(ms)?)?.checked_add(fraction.map_or(0, |(ms, _)| ms))?;
                (number, fraction) = (0, None);
            }
        }
    }
    (!text.is_empty()).then_some(total)
}

/// `00:00:07` or `1+02:03:04`, in seconds.
pub(super) fn clock_seconds(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (days, clock) = text.split_once('+').unwrap_or(("0", text));
    let mut parts = clock.split(':').map(|p| p.parse::<u16>().ok().map(u64::from));
    let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
    Some(u64::from(days.parse::<u16>().ok()?) * 86_400 + h * 3600 + m * 60 + s)
}

/// `0.335`: seconds with a fraction, in milliseconds.
pub(super) fn decimal_ms(text: &[u8]) -> Option<u64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then(|| (seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_in_every_form() {
        let rows = [
            ("0s", Some(0)),
            ("0.100s", Some(100)),
            ("1m2s", Some(62_000)),
            ("2h5m", Some(7_500_000)),
            ("1d02h03m04s", Some(93_784_000)),
            ("", None),
            ("5x", None),
        ];
        for (text, expected) in rows {
            assert_eq!(span_ms(text.as_bytes()), expected, "{text}");
        }
        assert_eq!((clock_seconds(b"00:00:07"), clock_seconds(b"1+02:03:04")), (Some(7), Some(93_784)));
        assert_eq!((clock_seconds(b"7"), clock_seconds(b"")), (None, None));
        assert_eq!((decimal_ms(b"0.335"), decimal_ms(b"-1"), decimal_ms(b"x")), (Some(335), None, None));
    }
}
