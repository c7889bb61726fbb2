//! Looks into a file at several places, without reading it all.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use memchr::{memchr, memrchr};

use super::{Codec, OneWay};

/// Whole lines from so many places of a file, evenly spread, the last of them its end; at most
/// so many bytes each. None for files that cannot be entered in the middle: compressed ones,
/// and UTF-16. A place that cannot be read is left out.
#[must_use]
pub fn places_of(path: &Path, places: u64, bytes: usize) -> Vec<Vec<u8>> {
    if places == 0 {
        return Vec::new();
    }
    let look = || -> std::io::Result<Vec<Vec<u8>>> {
        let mut file = File::open(path)?;
        let mut begin = Vec::new();
        file.by_ref().take(Codec::TELLING as u64).read_to_end(&mut begin)?;
        if OneWay::of(&begin).is_some() {
            return Ok(Vec::new());
        }
        let last = file.metadata()?.len().saturating_sub(bytes as u64);
        let step = last / places;
        (1..=places).map(|n| lines_at(&mut file, if n == places { last } else { step * n }, bytes)).collect()
    };
    look().unwrap_or_default()
}

/// The lines that begin and end among the bytes from there.
fn lines_at(file: &mut File, from: u64, bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(bytes);
    file.seek(SeekFrom::Start(from))?;
    file.take(bytes as u64).read_to_end(&mut found)?;
    let begin = if from == 0 { 0 } else { memchr(b'\n', &found).map_or(found.len(), |at| at + 1) };
    let end = memrchr(b'\n', &found).map_or(0, |at| at + 1);
    Ok(found.get(begin..end).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn whole_lines_from_everywhere_to_the_end() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let text: String = (0..1000).map(|n| format!("line {n:04}\n")).collect();
        file.write_all(text.as_bytes()).expect("written");
        let found = places_of(file.path(), 4, 100);
        assert_eq!(found.len(), 4);
        for place in &found {
            assert!(place.starts_with(b"line ") && place.ends_with(b"\n"), "{place:?}");
            assert!(text.as_bytes().windows(place.len()).any(|w| w == place));
        }
        assert!(found[3].ends_with(b"line 0999\n") && found[0].starts_with(b"line 0248\n"), "{found:?}");
        // A file shorter than a place, and one without a line end.
        assert_eq!(places_of(file.path(), 1, 20_000), [text.clone().into_bytes()]);
        assert_eq!(places_of(&file.path().join("none"), 1, 100), [] as [Vec<u8>; 0]);
    }
}
