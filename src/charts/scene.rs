//! A picture as a list of shapes, in points (1 point = 2 PNG pixels), before any format is chosen.

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    /// Red, green, blue.
    pub(super) rgb: (u8, u8, u8),
    /// 0 is invisible, 1 is opaque.
    pub(super) alpha: f64,
}

/// How a line is stroked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    /// Its colour.
    pub(super) ink: Ink,
    /// Its width in points.
    pub(super) width: f64,
    /// Lengths drawn and left out, in points; none draws through.
    pub(super) dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A stroke without dashes.
    pub(super) const fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: None }
    }
}

/// A rectangle, `x0 <= x1` and `y0 <= y1`, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    /// Left edge.
    pub(super) x0: f64,
    /// Upper edge.
    pub(super) y0: f64,
    /// Right edge.
    pub(super) x1: f64,
    /// Lower edge.
    pub(super) y1: f64,
}

impl Area {
    /// A rectangle by its edges: left, top, right, bottom.
    pub(super) const fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// Whether the insides overlap.
    #[cfg(test)]
    pub(super) fn hits(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// Its width.
    pub(super) const fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Its height.
    pub(super) const fn height(&self) -> f64 {
        self.y1 - self.y0
    }
}

/// Which point of a text stands at its x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its beginning.
    Start,
    /// Its centre.
    Middle,
    /// Its end.
    End,
}

/// A face and size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    /// Em size in points.
    pub(super) size: f64,
    /// Semi-bold instead of regular.
    pub(super) bold: bool,
}

/// One thing to paint.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A filled rectangle.
    Rect(Area, Ink),
    /// An open line through points.
    Path(Vec<(f64, f64)>, Stroke),
    /// A filled polygon.
    Fill(Vec<(f64, f64)>, Ink),
    /// A filled disc: centre, radius.
    Disc((f64, f64), f64, Ink),
    /// One line of text.
    Text(Words),
}

impl Shape {
    /// Its upper and its lower edge, and nothing of it is above or below.
    pub(super) fn reach(&self) -> (f64, f64) {
        let of = |points: &[(f64, f64)], around: f64| {
            let y = || points.iter().map(|(_, y)| *y);
            (y().fold(f64::INFINITY, f64::min) - around, y().fold(f64::NEG_INFINITY, f64::max) + around)
        };
        match self {
            Self::Rect(area, _) => of(&[(area.x0, area.y0), (area.x1, area.y1)], 1.0),
            // Corners reach further than half a width.
            Self::Path(points, stroke) => of(points, stroke.width * 4.0 + 1.0),
            Self::Fill(points, _) => of(points, 1.0),
            Self::Disc(centre, radius, _) => of(&[*centre], radius + 1.0),
            Self::Text(words) => of(&[(words.x, words.baseline)], words.face.size * 2.0),
        }
    }
}

/// One line of text at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    /// The text, cleaned of control characters.
    pub(super) text: String,
    /// Where its anchor stands.
    pub(super) x: f64,
    /// Its baseline.
    pub(super) baseline: f64,
    /// What stands at `x`.
    pub(super) anchor: Anchor,
    /// Size and weight.
    pub(super) face: Face,
    /// Its colour.
    pub(super) ink: Ink,
    /// The box that no other text may enter.
    pub(super) area: Area,
}

/// A whole picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scene {
    /// Width in points.
    pub(super) width: f64,
    /// Height in points.
    pub(super) height: f64,
    /// What to paint, back to front.
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    /// A filled rectangle.
    pub(super) fn rect(&mut self, area: Area, ink: Ink) {
        self.shapes.push(Shape::Rect(area, ink));
    }

    /// An open line.
    pub(super) fn path(&mut self, points: Vec<(f64, f64)>, stroke: Stroke) {
        self.shapes.push(Shape::Path(points, stroke));
    }

    /// A filled polygon.
    pub(super) fn fill(&mut self, points: Vec<(f64, f64)>, ink: Ink) {
        self.shapes.push(Shape::Fill(points, ink));
    }

    /// A filled disc.
    pub(super) fn disc(&mut self, centre: (f64, f64), radius: f64, ink: Ink) {
        self.shapes.push(Shape::Disc(centre, radius, ink));
    }
}
