//! Any figure draws, the same each time, as XML that reaches nothing outside.

use super::samples::{figure, panel, series};
use super::scene::{Area, Scene, Shape};
use super::{draw, sheet, text};
use crate::release::{Figure, Mark, MarkKind, PanelKind, Series};

fn scene(figure: &Figure) -> Option<Scene> {
    text::load_fonts().ok()?;
    sheet::lay_out(figure).ok()
}

fn texts(scene: &Scene) -> Vec<(Area, &str)> {
    scene
        .shapes
        .iter()
        .filter_map(|s| if let Shape::Text(w) = s { Some((w.area, w.text.as_str())) } else { None })
        .collect()
}

fn extremes() -> Vec<Figure> {
    let wavy = |n: i32| (0..n).map(|i| Some(f64::from(i % 7) * 1e3)).collect::<Vec<_>>();
    let many: Vec<Series> = (0..64).map(|i| series(&format!("192.0.2.{i}"), wavy(60))).collect();
    let odd = vec![Some(f64::NAN), Some(f64::INFINITY), Some(-3.0), None, Some(1e300), Some(0.0)];
    let mut crowded = figure(60, vec![panel(PanelKind::Lines, vec![series("a", wavy(60))])]);
    let from = crowded.window.from;
    crowded.marks.extend((0..40).map(|i| Mark {
        minute: from.plus(i % 20),
        label: format!("launch with a long name {i}"),
        kind: MarkKind::Launch,
    }));
    vec![
        figure(1, vec![panel(PanelKind::Stacked, vec![series("a", vec![Some(1.0)])])]),
        figure(
            10_080,
            vec![
                panel(PanelKind::Stacked, vec![series("a", wavy(10_080))]),
                panel(PanelKind::Lines, vec![series("b", wavy(10_080))]),
            ],
        ),
        figure(60, vec![panel(PanelKind::Lines, many.clone()), panel(PanelKind::Strip, many)]),
        figure(
            6,
            vec![
                panel(PanelKind::Lines, vec![series(&"long ".repeat(2000), odd.clone())]),
                panel(PanelKind::Dots, vec![Series { against: Some(odd.clone()), ..series("d", odd) }]),
            ],
        ),
        figure(0, vec![panel(PanelKind::Stacked, vec![])]),
        figure(60, vec![panel(PanelKind::Lines, vec![series("none", vec![None; 60])])]),
        crowded,
    ]
}

#[test]
fn extremes_draw_without_touching_labels() {
    for (n, figure) in extremes().iter().enumerate() {
        let scene = scene(figure).unwrap_or_default();
        assert!(scene.height > 0.0, "figure {n}");
        let texts = texts(&scene);
        for (i, (a, one)) in texts.iter().enumerate() {
            for (b, other) in &texts[i + 1..] {
                assert!(!a.hits(b), "figure {n}: `{one}` touches `{other}`");
            }
        }
    }
}

#[test]
fn pictures_are_xml_without_ties_and_the_same_each_time() -> Result<(), super::ChartError> {
    let figure =
        figure(60, vec![panel(PanelKind::Stacked, vec![series("<script>alert(1)</script>", vec![Some(3.0); 60])])]);
    let drawing = draw(&figure)?;
    assert_eq!(drawing, draw(&figure)?);
    assert!(!drawing.svg.contains("<script"), "a label became markup");
    for part in ["role=\"img\"", "<title", "<desc"] {
        assert!(drawing.svg.contains(part), "{part} is missing");
    }
    for reference in ["href", "url(", "@import", "src="] {
        assert!(!drawing.svg.contains(reference), "{reference}");
    }
    assert_eq!(drawing.svg.matches("http").count(), 1, "the namespace alone");
    assert!(drawing.png.starts_with(b"\x89PNG"));
    Ok(())
}

#[test]
fn a_gap_breaks_the_line() {
    let with_gap = vec![Some(1.0), Some(2.0), None, Some(2.0), Some(1.0), None, Some(5.0)];
    let mut figure = figure(7, vec![panel(PanelKind::Lines, vec![series("a", with_gap)])]);
    (figure.bands, figure.marks) = (Vec::new(), Vec::new());
    let scene = scene(&figure).unwrap_or_default();
    let lines = scene
        .shapes
        .iter()
        .filter(|s| matches!(s, Shape::Path(_, stroke) if (stroke.width - 1.5).abs() < 0.01))
        .count();
    let dots = scene.shapes.iter().filter(|s| matches!(s, Shape::Disc(..))).count();
    assert_eq!((lines, dots), (2, 1));
}
