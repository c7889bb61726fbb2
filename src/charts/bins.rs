//! Minutes to columns. Long windows show several minutes as one column; it
//! shows the highest of them, so that a peak named in the text is in the picture.

use crate::release::{Panel, Series};

/// Above this many minutes a column holds several.
const MOST_COLUMNS: usize = 400;
/// Beyond this a value says nothing more in a picture, and sums stay finite.
const MOST: f64 = 1e18;
/// Minutes in a column, as people count them; beyond a day, whole days.
const SIZES: [usize; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];

/// Minutes in a column for a window of `minutes`.
pub(super) fn column_size(minutes: usize) -> usize {
    let days = minutes.div_ceil(MOST_COLUMNS).div_ceil(1440).max(1);
    SIZES.into_iter().find(|size| minutes.div_ceil(*size) <= MOST_COLUMNS).unwrap_or(days * 1440)
}

/// What a column of `size` minutes shows, for the heading; none when it is one minute.
pub(super) fn column_words(size: usize) -> Option<String> {
    match size {
        0 | 1 => None,
        size if size % 1440 == 0 => Some(format!("highest of each {} d", size / 1440)),
        size if size % 60 == 0 => Some(format!("highest of each {} h", size / 60)),
        size => Some(format!("highest of each {size} min")),
    }
}

/// The value of a minute; what is no number is a gap, and no panel goes below zero.
pub(super) fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite()).map(|v| v.clamp(0.0, MOST))
}

/// The values that lie in a window of `minutes`; surplus ones are ignored.
pub(super) fn inside(series: &Series, minutes: usize) -> &[Option<f64>] {
    series.values.get(..minutes.min(series.values.len())).unwrap_or_default()
}

/// The highest value of each column of one series.
pub(super) fn highest(series: &Series, minutes: usize, size: usize) -> Vec<Option<f64>> {
    inside(series, minutes)
        .chunks(size.max(1))
        .map(|chunk| chunk.iter().filter_map(|v| known(*v)).reduce(f64::max))
        .collect()
}

/// For each column the values of all series in the minute with the highest sum; none without data.
pub(super) fn stacked(panel: &Panel, minutes: usize, size: usize) -> Vec<Option<Vec<f64>>> {
    let longest = longest(panel, minutes);
    let mut columns: Vec<Option<(f64, Vec<f64>)>> = vec![None; longest.div_ceil(size.max(1))];
    for at in 0..longest {
        let minute: Vec<Option<f64>> =
            panel.series.iter().map(|series| known(series.values.get(at).copied().flatten())).collect();
        if minute.iter().all(Option::is_none) {
            continue;
        }
        let values: Vec<f64> = minute.into_iter().map(Option::unwrap_or_default).collect();
        let sum: f64 = values.iter().sum();
        if let Some(column) = columns.get_mut(at / size.max(1))
            && column.as_ref().is_none_or(|(most, _)| sum > *most)
        {
            *column = Some((sum, values));
        }
    }
    columns.into_iter().map(|column| column.map(|(_, values)| values)).collect()
}

/// How many minutes of the window the longest series of a panel holds.
pub(super) fn longest(panel: &Panel, minutes: usize) -> usize {
    panel.series.iter().map(|series| inside(series, minutes).len()).max().unwrap_or(0)
}

/// Stretches of minutes in which no series has a value, as positions `[from, to)`.
pub(super) fn missing(panel: &Panel, minutes: usize) -> Vec<(usize, usize)> {
    let longest = longest(panel, minutes);
    let empty = (0..longest)
        .filter(|at| panel.series.iter().all(|series| known(series.values.get(*at).copied().flatten()).is_none()));
    let mut all = runs(empty);
    if longest < minutes {
        match all.last_mut() {
            Some((_, to)) if *to == longest => *to = minutes,
            _ => all.push((longest, minutes)),
        }
    }
    all
}

/// Ascending positions as stretches `[from, to)`.
pub(super) fn runs(positions: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for at in positions {
        match all.last_mut() {
            Some((_, to)) if *to == at => *to = at + 1,
            _ => all.push((at, at + 1)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::samples::{panel, series};
    use crate::release::PanelKind;

    #[test]
    fn a_column_shows_its_highest_minute_whole() {
        let of = panel(
            PanelKind::Stacked,
            vec![
                series("a", vec![Some(1.0), Some(5.0), None, None]),
                series("b", vec![Some(9.0), None, None, Some(f64::NAN)]),
            ],
        );
        assert_eq!(stacked(&of, 4, 2), [Some(vec![1.0, 9.0]), None]);
        assert_eq!(missing(&of, 6), [(2, 6)]);
        assert_eq!(missing(&of, 3), [(2, 3)]);
    }

    #[test]
    fn columns_stay_few_for_any_window() {
        assert_eq!([1, 400, 401, 10_080].map(column_size), [1, 1, 2, 30]);
        for minutes in [0, 1, 399, 50_000, 5_000_000, i32::MAX as usize] {
            assert!(minutes.div_ceil(column_size(minutes)) <= MOST_COLUMNS, "{minutes}");
        }
    }
}
