//! Colours by what they stand for: the Okabe-Ito hues, shifted in lightness so
//! that they also differ when printed grey.

use super::scene::{Ink, Stroke};
use crate::release::{Line, Tint};

const fn ink(hex: u32) -> Ink {
    let [_, r, g, b] = hex.to_be_bytes();
    Ink { rgb: (r, g, b), alpha: 1.0 }
}

/// Behind everything.
pub(super) const PAPER: Ink = ink(0xFF_FF_FF);
/// Titles, labels and the lines of first, peak and recovery.
pub(super) const TEXT: Ink = ink(0x1F_23_2B);
/// Units, ticks and secondary words: 5:1 on paper.
pub(super) const QUIET: Ink = ink(0x66_6D_78);
/// Lines at the ticks.
pub(super) const GRID: Ink = Ink { rgb: (0x30, 0x3A, 0x4A), alpha: 0.13 };
/// Axes.
pub(super) const AXIS: Ink = ink(0x8A_91_9C);
/// Behind a wave.
pub(super) const BAND: Ink = ink(0xEE_F0_F3);
/// The bar over a wave.
pub(super) const BAND_EDGE: Ink = ink(0xB4_BA_C4);
/// Minutes without data.
pub(super) const MISSING: Ink = ink(0xC9_CD_D4);
/// Limits.
pub(super) const CEILING: Ink = ink(0x9A_2A_00);

/// The colours of equals, in turn.
const EQUALS: [Ink; 6] =
    [ink(0x00_59_8B), ink(0xC4_52_00), ink(0x00_9E_73), ink(0x22_22_22), ink(0xD4_8C_B4), ink(0x7A_C2_EC)];

/// The colour of a tint.
pub(super) fn colour(tint: Tint) -> Ink {
    match tint {
        Tint::Delivered => ink(0xCB_D6_E0),
        Tint::Timeout => ink(0x86_C8_EE),
        Tint::Deferral => ink(0xE6_9F_00),
        Tint::TlsFailure => ink(0xCC_79_A7),
        Tint::Other => ink(0x7D_7D_7D),
        Tint::Rejection => ink(0xB0_48_00),
        Tint::RemoteClose => ink(0x00_50_7D),
        Tint::Plaintext => ink(0x1F_1F_1F),
        Tint::Nth(n) => EQUALS.get(usize::from(n) % EQUALS.len()).copied().unwrap_or(TEXT),
    }
}

/// How a series is stroked. Beyond six equals the colours return, so dashes take over.
pub(super) fn stroke(tint: Tint, line: Line) -> Stroke {
    // The quiet fill of accepted mail is too pale for a thin line.
    let ink = if tint == Tint::Delivered { ink(0x8F_A3_B8) } else { colour(tint) };
    let turn = match tint {
        Tint::Nth(n) => usize::from(n) / EQUALS.len(),
        _ => 0,
    };
    let dash = match (line, turn) {
        (Line::Solid, 0) => None,
        (Line::Solid, 1) | (Line::Dashed, 0) => Some((7.0, 4.0)),
        (Line::Solid, 2) | (Line::Dotted, 0) => Some((1.6, 2.6)),
        (Line::Solid, _) => Some((11.0, 3.0)),
        (Line::Dashed, _) => Some((4.0, 2.5)),
        (Line::Dotted, _) => Some((2.5, 5.0)),
    };
    Stroke { ink, width: 1.5, dash }
}

/// CIE lightness, 0 is black and 100 is white: what stays of a colour in grey print.
#[cfg(test)]
pub(super) fn lightness(ink: Ink) -> f64 {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let y = 0.2126 * linear(ink.rgb.0) + 0.7152 * linear(ink.rgb.1) + 0.0722 * linear(ink.rgb.2);
    if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(inks: &[Ink]) -> f64 {
        let mut all: Vec<f64> = inks.iter().map(|ink| lightness(*ink)).collect();
        all.sort_by(f64::total_cmp);
        all.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn tints_differ_in_grey() {
        let tints = [
            Tint::Delivered,
            Tint::Deferral,
            Tint::Rejection,
            Tint::RemoteClose,
            Tint::TlsFailure,
            Tint::Plaintext,
            Tint::Timeout,
            Tint::Other,
        ];
        let distance = nearest(&tints.map(colour));
        assert!(distance >= 6.5, "two tints are only {distance:.1} apart in lightness");
    }

    #[test]
    fn equals_differ_in_grey_or_in_dashes() {
        let distance = nearest(&EQUALS);
        assert!(distance >= 6.5, "two equals are only {distance:.1} apart in lightness");
        assert_ne!(stroke(Tint::Nth(1), Line::Solid), stroke(Tint::Nth(7), Line::Solid));
        assert_eq!(stroke(Tint::Nth(1), Line::Solid).ink, stroke(Tint::Nth(7), Line::Solid).ink);
    }
}
