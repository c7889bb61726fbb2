//! Vertical lines and shaded stretches, and where their labels go without touching.

use super::ChartError;
use super::axes::Frame;
use super::palette;
use super::scene::{Anchor, Area, Face, Ink, Scene, Stroke};
use super::text::clean;
use crate::release::{Band, Figure, Mark, MarkKind};
use crate::time::Window;

const FACE: Face = Face::bold(10.0);
const BAND_FACE: Face = Face::regular(9.5);
/// Height of a row of labels.
const ROW: f64 = 14.0;
/// Height of the row that names the shaded stretches and holds the launch triangles.
const BAND_ROW: f64 = 15.0;
/// Rows of labels before labels are left out.
const MOST_ROWS: usize = 4;
/// Widest label.
const WIDEST: f64 = 230.0;
/// Between a line and its label, and between labels.
const AIR: f64 = 4.0;

/// A label that found a place.
#[derive(Clone, Debug)]
struct Spot {
    text: String,
    anchor: Anchor,
    /// 0 is the highest row.
    row: usize,
    /// Left and right end.
    from: f64,
    to: f64,
}

/// A line with its label, if it found a place.
struct Line<'a> {
    mark: &'a Mark,
    x: f64,
    spot: Option<Spot>,
}

/// All lines, their labels and the labels of the shaded stretches.
pub(super) struct Marks<'a> {
    lines: Vec<Line<'a>>,
    bands: Vec<(Area, String, f64)>,
    rows: usize,
    dropped: usize,
    has_band_row: bool,
}

/// Where a minute's middle lies; marks stand in the middle of their minute.
fn middle(frame: &Frame, window: Window, mark: &Mark) -> f64 {
    frame.x(f64::from(mark.minute.since(window.from)) + 0.5)
}

/// What is named first when not all can be.
const fn rank(kind: MarkKind) -> u8 {
    match kind {
        MarkKind::Peak => 0,
        MarkKind::First => 1,
        MarkKind::Recovery => 2,
        MarkKind::Change => 3,
        MarkKind::Launch => 4,
    }
}

impl<'a> Marks<'a> {
    /// Finds a place for every label, or counts it as dropped. Only the width of `frame` is used.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn place(figure: &'a Figure, frame: &Frame) -> Result<Self, ChartError> {
        let mut inside: Vec<&Mark> = figure.marks.iter().filter(|m| figure.window.contains(m.minute)).collect();
        // In order of time lines seldom cross labels. Where that leaves out a name, launches give way to the rest, and
        // where one of the three that the case rests on still has no room, those go first.
        inside.sort_by_key(|mark| (mark.minute, rank(mark.kind)));
        let mut lines = place_lines(&inside, figure.window, frame)?;
        if lines.iter().any(|line| line.spot.is_none()) {
            inside.sort_by_key(|mark| (mark.kind == MarkKind::Launch, mark.minute, rank(mark.kind)));
            lines = place_lines(&inside, figure.window, frame)?;
        }
        if lines.iter().any(|line| line.spot.is_none() && rank(line.mark.kind) <= rank(MarkKind::Recovery)) {
            inside.sort_by_key(|mark| (rank(mark.kind), mark.minute));
            lines = place_lines(&inside, figure.window, frame)?;
        }
        let rows = lines.iter().filter_map(|line| line.spot.as_ref()).map(|spot| spot.row + 1).max().unwrap_or(0);
        let bands: Vec<&Band> =
            figure.bands.iter().filter(|band| span(band, figure.window).is_some_and(|(a, b)| a < b)).collect();
        let has_band_row = !bands.is_empty() || lines.iter().any(|line| line.mark.kind == MarkKind::Launch);
        let mut all = Self { lines, bands: Vec::new(), rows, dropped: 0, has_band_row };
        let unnamed = all.place_bands(&bands, figure.window, frame)?;
        all.dropped = unnamed + all.lines.iter().filter(|line| line.spot.is_none()).count();
        Ok(all)
    }

    /// The height of all labels above the panel.
    pub(super) fn height(&self) -> f64 {
        let rows = self.rows + usize::from(self.dropped > 0);
        rows as f64 * ROW + if self.has_band_row { BAND_ROW } else { 0.0 }
    }

    fn place_bands(&mut self, bands: &[&Band], window: Window, frame: &Frame) -> Result<usize, ChartError> {
        let mut taken: Vec<(f64, f64)> = self
            .lines
            .iter()
            .filter(|line| line.spot.is_some() || line.mark.kind == MarkKind::Launch)
            .map(|line| (line.x - AIR - 1.0, line.x + AIR + 1.0))
            .collect();
        let mut unnamed = 0;
        for band in bands {
            let Some((from, to)) = span(band, window) else { continue };
            let (x0, x1) = (frame.x(from), frame.x(to));
            let text = BAND_FACE.cut(&band.label, WIDEST)?;
            let width = BAND_FACE.width(&text)?;
            let free = |at: &f64| {
                let inside = *at >= frame.area.x0 && at + width <= frame.area.x1;
                inside && taken.iter().all(|(a, b)| at + width <= *a || *at >= *b)
            };
            let over = (0..=((x1 - width - x0).max(0.0) / 2.0) as usize).map(|n| x0 + 2.0 + n as f64 * 2.0);
            // A wave too short for its name has it beside, unless that is over another wave.
            let lonely = |at: &f64| {
                let mut others = bands.iter().filter(|other| other != &band).filter_map(|other| span(other, window));
                others.all(|(a, b)| at + width <= frame.x(a) || *at >= frame.x(b))
            };
            let beside = [x0 - AIR - width, x1 + AIR].into_iter().filter(lonely);
            let place = over.chain(beside).find(free);
            let at = place.filter(|_| !text.is_empty());
            if let Some(at) = at {
                taken.push((at - AIR, at + width + AIR));
            } else {
                unnamed += 1;
            }
            self.bands.push((Area::new(x0, 0.0, x1, 0.0), at.map(|_| text).unwrap_or_default(), at.unwrap_or(x0)));
        }
        Ok(unnamed)
    }

    /// Shades the stretches behind a panel.
    pub(super) fn shade(&self, scene: &mut Scene, panel: &Area) {
        for (band, _, _) in &self.bands {
            scene.rect(Area::new(band.x0, panel.y0, band.x1, panel.y1), palette::BAND);
        }
    }

    /// Draws the lines through a panel.
    pub(super) fn cross(&self, scene: &mut Scene, panel: &Area) {
        for line in self.lines.iter().filter(|line| !self.covered(line, None)) {
            scene.path(vec![(line.x, panel.y0), (line.x, panel.y1)], stroke(line.mark.kind));
        }
    }

    /// Whether a weightier mark of the same minute is drawn instead: two lines on each other show neither's dashes.
    /// Above the panel that one must reach at least as high as `row`.
    fn covered(&self, line: &Line<'_>, row: Option<usize>) -> bool {
        self.lines.iter().any(|other| {
            let reaches = row.is_none_or(|row| other.spot.as_ref().is_some_and(|spot| spot.row <= row));
            other.mark.minute == line.mark.minute && rank(other.mark.kind) < rank(line.mark.kind) && reaches
        })
    }

    /// Draws the labels in the space above the first panel, `height()` tall, that ends at its top.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn label(&self, scene: &mut Scene, panel: &Area) -> Result<(), ChartError> {
        let top = panel.y0 - self.height();
        let rows_top = if self.dropped > 0 { top + ROW } else { top };
        if self.dropped > 0 {
            let more = format!("+{} more, not named here", self.dropped);
            scene.words(&more, (panel.x1, top + 10.0), Anchor::End, BAND_FACE, palette::QUIET)?;
        }
        for (band, text, at) in &self.bands {
            scene.rect(Area::new(band.x0, panel.y0 - 2.0, band.x1, panel.y0), palette::BAND_EDGE);
            scene.words(text, (*at, panel.y0 - 5.5), Anchor::Start, BAND_FACE, palette::QUIET)?;
        }
        for line in &self.lines {
            if let Some(spot) = &line.spot {
                let row_top = rows_top + spot.row as f64 * ROW;
                if !self.covered(line, Some(spot.row)) {
                    scene.path(vec![(line.x, row_top + 1.0), (line.x, panel.y0)], stroke(line.mark.kind));
                }
                let x = if spot.anchor == Anchor::Start { spot.from } else { spot.to };
                scene.words(&spot.text, (x, row_top + 10.0), spot.anchor, FACE, palette::TEXT)?;
            }
            if line.mark.kind == MarkKind::Launch {
                let (x, y) = (line.x, panel.y0);
                scene.fill(vec![(x - 4.0, y - 7.0), (x + 4.0, y - 7.0), (x, y)], palette::TEXT);
            }
        }
        Ok(())
    }
}

/// The stretch as positions within the window.
fn span(band: &Band, window: Window) -> Option<(f64, f64)> {
    let most = window.len() as f64;
    let from = f64::from(band.window.from.since(window.from)).clamp(0.0, most);
    let to = f64::from(band.window.to.since(window.from)).clamp(0.0, most);
    (from < to).then_some((from, to))
}

fn place_lines<'a>(marks: &[&'a Mark], window: Window, frame: &Frame) -> Result<Vec<Line<'a>>, ChartError> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for mark in marks {
        let x = middle(frame, window, mark);
        let text = FACE.cut(&mark.label, WIDEST)?;
        let spot = if text.is_empty() { None } else { find_spot(&lines, frame, x, &text, FACE.width(&text)?) };
        lines.push(Line { mark, x, spot });
    }
    Ok(lines)
}

/// The first free place for a label: rows from the top, right of its line before left.
fn find_spot(lines: &[Line<'_>], frame: &Frame, x: f64, text: &str, width: f64) -> Option<Spot> {
    let sides = [(Anchor::Start, x + AIR, x + AIR + width), (Anchor::End, x - AIR - width, x - AIR)];
    (0..MOST_ROWS)
        .flat_map(|row| sides.map(|side| (row, side)))
        .map(|(row, (anchor, from, to))| Spot { text: text.to_owned(), anchor, row, from, to })
        .find(|spot| {
            spot.from >= frame.area.x0 - AIR
                && spot.to <= frame.area.x1 + AIR
                && lines.iter().all(|other| clear(spot, x, other))
        })
}

/// Whether a label at `spot`, on a line at `x`, touches neither another's label nor its line, nor its line that label.
fn clear(spot: &Spot, x: f64, other: &Line<'_>) -> bool {
    let Some(taken) = &other.spot else { return true };
    let labels = spot.row == taken.row && spot.from < taken.to + 2.0 * AIR && taken.from < spot.to + 2.0 * AIR;
    // A line runs from its own row down to the panel, so it crosses the rows below its own.
    let theirs = taken.row <= spot.row && other.x > spot.from - 2.0 && other.x < spot.to + 2.0;
    let ours = spot.row <= taken.row && x > taken.from - 2.0 && x < taken.to + 2.0;
    !(labels || theirs || ours)
}

/// How each kind of line is drawn: told apart without colour.
const fn stroke(kind: MarkKind) -> Stroke {
    let ink: Ink = palette::TEXT;
    match kind {
        MarkKind::Peak => Stroke::solid(ink, 1.25),
        MarkKind::First => Stroke { ink, width: 1.0, dash: Some((3.0, 2.5)) },
        MarkKind::Recovery => Stroke { ink, width: 1.0, dash: Some((8.0, 3.0)) },
        MarkKind::Launch => Stroke::solid(palette::QUIET, 0.75),
        MarkKind::Change => Stroke { ink: palette::CEILING, width: 1.0, dash: Some((1.5, 2.5)) },
    }
}

/// The label of a ceiling, cut to fit.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn ceiling(scene: &mut Scene, frame: &Frame, value: f64, label: &str) -> Result<(), ChartError> {
    let area = frame.area;
    let y = frame.y(value);
    let stroke = Stroke { ink: palette::CEILING, width: 1.0, dash: Some((6.0, 3.0)) };
    scene.path(vec![(area.x0, y), (area.x1, y)], stroke);
    let text = BAND_FACE.cut(&clean(label), area.width() - 12.0)?;
    let width = BAND_FACE.width(&text)?;
    let baseline = if y - area.y0 > 14.0 { y - 4.0 } else { y + 11.0 };
    let x = area.x1 - 4.0;
    let paper = Ink { alpha: 0.85, ..palette::PAPER };
    if width > 0.0 {
        scene.rect(Area::new(x - width - 3.0, baseline - 9.0, x + 3.0, baseline + 2.75), paper);
    }
    scene.words(&text, (x, baseline), Anchor::End, BAND_FACE, palette::CEILING)?;
    Ok(())
}
