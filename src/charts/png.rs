//! Twice the pixels, averaged down: glyphs on whole pixels look set, and thin lines thin.

use super::ChartError;
use super::paint::Pixels;

/// Adds the mean of each square of 2 by 2 pixels of rows so wide; an odd last row or column is left out.
pub(super) fn halve(rows: &[u8], width: u32, half: &mut Pixels) {
    let row = width as usize * 3;
    let pairs = rows.len() / (row * 2).max(1);
    half.width = width / 2;
    half.height += pairs as u32;
    half.rgb.reserve_exact(half.width as usize * pairs * 3);
    let mean = |[a, b, c, d]: [u8; 4]| ((u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2) / 4) as u8;
    for pair in rows.chunks_exact((row * 2).max(1)) {
        let (upper, lower) = pair.split_at(row);
        let squares = upper.as_chunks::<6>().0.iter().zip(lower.as_chunks::<6>().0);
        half.rgb.extend(squares.flat_map(|(&[r0, g0, b0, r1, g1, b1], &[r2, g2, b2, r3, g3, b3])| {
            [[r0, r1, r2, r3], [g0, g1, g2, g3], [b0, b1, b2, b3]].map(mean)
        }));
    }
}

/// Encodes pixels as PNG.
///
/// # Errors
/// When the encoder refuses them.
pub(super) fn encode(pixels: &Pixels) -> Result<Vec<u8>, ChartError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Measured on the sample's charts: the size of level 6, the default, in three fifths of its time.
    encoder.set_deflate_compression(png::DeflateCompression::Level(4));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.rgb)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_pixels_become_their_mean() {
        let rgb = vec![0, 0, 255, 4, 0, 255, 0, 0, 255, 4, 255, 255];
        let mut half = Pixels::default();
        halve(&rgb, 2, &mut half);
        assert_eq!((half.width, half.height, half.rgb.as_slice()), (1, 1, &[2, 64, 255][..]));
        halve(&rgb, 2, &mut half);
        assert_eq!((half.width, half.height, half.rgb), (1, 2, vec![2, 64, 255, 2, 64, 255]));
    }
}
