//! What every picture keeps, whatever it shows.
#![expect(clippy::expect_used, reason = "tests")]

use super::samples::{contrast, figure, mark, panel, series, throttle, window};
use super::scene::{Area, Scene, Shape};
use super::*;
use crate::release::{Band, Line, MarkKind, Panel, PanelKind, Series, Tint};
use crate::time::{Minute, Window};

const KINDS: [PanelKind; 4] = [PanelKind::Stacked, PanelKind::Lines, PanelKind::Strip, PanelKind::Dots];

fn scene(of: &Figure) -> Scene {
    text::load_fonts().expect("fonts");
    sheet::lay_out(of).expect("a scene")
}

fn labels(of: &Scene) -> Vec<(&str, Area)> {
    let words = of.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(words) => Some((words.text.as_str(), words.area)),
        _ => None,
    });
    words.collect()
}

/// Every text lies on the sheet and on no other text.
fn assert_readable(of: &Figure) {
    let scene = scene(of);
    let sheet = Area::new(0.0, 0.0, scene.width, scene.height);
    let labels = labels(&scene);
    for (at, (text, area)) in labels.iter().enumerate() {
        assert!(
            area.x0 >= sheet.x0 && area.x1 <= sheet.x1 && area.y0 >= sheet.y0 && area.y1 <= sheet.y1,
            "{text:?} at {area:?} leaves the sheet in {:?}",
            of.title
        );
        for (other, taken) in labels.iter().skip(at + 1) {
            assert!(!area.hits(taken), "{text:?} touches {other:?} in {:?}", of.title);
        }
    }
}

/// Mark and band labels stand clear of the lines of other marks, too.
fn assert_uncrossed(of: &Figure) {
    let scene = scene(of);
    let uprights = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Path(points, _) => match points.as_slice() {
            [(x0, y0), (x1, y1)] if x0 == x1 => Some((*x0, y0.min(*y1), y0.max(*y1))),
            _ => None,
        },
        _ => None,
    });
    let uprights: Vec<_> = uprights.collect();
    let named: Vec<&str> = of
        .marks
        .iter()
        .map(|mark| mark.label.as_str())
        .chain(of.bands.iter().map(|band| band.label.as_str()))
        .collect();
    for (text, area) in labels(&scene).into_iter().filter(|(text, _)| named.contains(text)) {
        for (x, y0, y1) in &uprights {
            let line = Area::new(x - 0.1, *y0, x + 0.1, *y1);
            assert!(!area.hits(&line), "{text:?} is crossed by the line at {x}");
        }
    }
}

fn numbers(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().map(|v| Some(*v)).collect()
}

fn with_all_kinds(title: &str, minutes: i32, of: &Series) -> Figure {
    let of = Series { against: Some(of.values.clone()), ..of.clone() };
    Figure {
        title: title.to_owned(),
        ..figure(minutes, KINDS.into_iter().map(|kind| panel(kind, vec![of.clone()])).collect())
    }
}

fn extremes() -> Vec<Figure> {
    let wave: Vec<f64> = (0..10_080).map(|n| f64::from(n % 1440) * 1.7).collect();
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -3.0, f64::MAX, 0.0, 1e15];
    let many: Vec<Series> = (0..64)
        .map(|n| Series {
            tint: Tint::Nth(n),
            against: Some(numbers(&[f64::from(n); 9])),
            ..series(&format!("node-{n:02}.mail.example.com"), numbers(&[f64::from(n); 9]))
        })
        .collect();
    let long = "a very long label without end ".repeat(40);
    let mut wordy = with_all_kinds(&long, 53, &series(&long, numbers(&[1.0, 2.0])));
    wordy.finding.clone_from(&long);
    wordy.panels.iter_mut().for_each(|panel| {
        panel.title.clone_from(&long);
        panel.unit.clone_from(&long);
        panel.across.clone_from(&long);
        panel.ceiling = Some((2.0, long.clone()));
    });
    wordy.marks = vec![mark("03:50", &long, MarkKind::Peak), mark("04:38", &long, MarkKind::Recovery)];
    wordy.bands = vec![Band { window: window(53), label: long.clone() }];
    vec![
        with_all_kinds("one minute", 1, &series("a", numbers(&[7.0]))),
        with_all_kinds("no minute", 0, &series("a", numbers(&[7.0]))),
        with_all_kinds("backwards", -9, &series("a", numbers(&[7.0]))),
        with_all_kinds("seven days", 10_080, &series("a", numbers(&wave))),
        with_all_kinds("centuries", i32::MAX, &series("a", numbers(&wave))),
        with_all_kinds("nothing", 53, &series("a", Vec::new())),
        with_all_kinds("gaps", 53, &series("a", vec![None; 53])),
        with_all_kinds("zeros", 53, &series("a", numbers(&[0.0; 53]))),
        with_all_kinds("odd", 7, &series("a", numbers(&odd))),
        with_all_kinds("too many values", 5, &series("a", numbers(&[1.0; 99]))),
        with_all_kinds("empty words", 5, &series("", numbers(&[1.0; 5]))),
        Figure { title: "64".to_owned(), ..figure(9, KINDS.map(|kind| panel(kind, many.clone())).to_vec()) },
        Figure { title: "no series".to_owned(), ..figure(9, KINDS.map(|kind| panel(kind, Vec::new())).to_vec()) },
        Figure { title: "no panel".to_owned(), ..figure(9, Vec::new()) },
        wordy,
    ]
}

#[test]
fn extremes_draw_and_stay_readable() {
    for of in extremes() {
        assert_readable(&of);
        let drawn = Easel::default().draw(&of).expect("a drawing");
        roxmltree::Document::parse(&drawn.svg).expect("well-formed SVG");
    }
}

#[test]
fn recorded_figures_are_readable() {
    for of in [throttle(), contrast()] {
        assert_readable(&of);
        assert_uncrossed(&of);
    }
}

fn crowded() -> Figure {
    let mut of = throttle();
    let from = of.window.from;
    of.marks.extend((0..20).map(|n| {
        let minute = from.plus(n * 2 + n % 3);
        let label = format!("autumn campaign {n} to all recipients");
        crate::release::Mark { minute, label, kind: MarkKind::Launch }
    }));
    of
}

#[test]
fn twenty_launches_keep_their_lines_and_share_the_room_for_names() {
    let of = crowded();
    assert_readable(&of);
    assert_uncrossed(&of);
    let scene = scene(&of);
    let words: Vec<&str> = labels(&scene).into_iter().map(|(text, _)| text).collect();
    let named = words.iter().filter(|text| text.starts_with("autumn campaign")).count();
    let more = words.iter().find(|text| text.starts_with('+')).expect("a count of the others");
    assert!(named < 20);
    for weighty in ["first 03:56", "peak 04:26 (1,848 failed)", "recovery 04:29"] {
        assert!(words.contains(&weighty), "{weighty} gave way");
    }
    let dropped: usize = more.trim_start_matches('+').split(' ').next().and_then(|n| n.parse().ok()).expect("a count");
    let marks = of.marks.iter().filter(|mark| words.contains(&mark.label.as_str())).count();
    let bands = of.bands.iter().filter(|band| words.contains(&band.label.as_str())).count();
    assert_eq!(dropped, of.marks.len() + of.bands.len() - marks - bands);
}

#[test]
fn gaps_break_lines_and_single_minutes_are_dots() {
    let values = vec![Some(1.0), Some(2.0), None, Some(3.0), None, Some(4.0), Some(5.0), Some(4.0)];
    let of = figure(8, vec![panel(PanelKind::Lines, vec![series("a", values)])]);
    let ink = palette::stroke(Tint::Nth(0), Line::Solid).ink;
    let scene = scene(&of);
    let sheet = scene.shapes.iter();
    // The legend's sample is the first of the paths in this colour.
    let lengths: Vec<usize> = sheet
        .filter_map(|shape| match shape {
            Shape::Path(points, stroke) if stroke.ink == ink => Some(points.len()),
            Shape::Disc(_, _, disc) if *disc == ink => Some(1),
            _ => None,
        })
        .collect();
    assert_eq!(lengths, [2, 2, 1, 3]);
}

#[test]
fn columns_of_missing_minutes_stay_empty() {
    let of = figure(3, vec![panel(PanelKind::Stacked, vec![series("a", vec![Some(2.0), None, Some(0.0)])])]);
    let ink = palette::colour(Tint::Nth(0));
    let scene = scene(&of);
    let count =
        |of: scene::Ink| scene.shapes.iter().filter(|shape| matches!(shape, Shape::Rect(_, ink) if *ink == of)).count();
    assert_eq!((count(ink), count(palette::MISSING)), (2, 2), "each: the legend and one minute");
}

#[test]
fn the_svg_stands_alone() {
    let of = Figure { title: "a <b> & \"c\"\u{7}".to_owned(), ..throttle() };
    let svg = Easel::default().draw(&of).expect("a drawing").svg;
    let parsed = roxmltree::Document::parse(&svg).expect("well-formed SVG");
    let root = parsed.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert_eq!(root.attribute("width"), Some("880"));
    let text = |name: &str| root.children().find(|n| n.has_tag_name(name)).and_then(|n| n.text()).map(str::trim);
    assert_eq!(text("title"), Some("a <b> & \"c\"<U+0007>"));
    let shapes = ["svg", "title", "desc", "rect", "line", "polyline", "polygon", "circle", "text"];
    for node in parsed.descendants().filter(roxmltree::Node::is_element) {
        assert!(shapes.contains(&node.tag_name().name()), "{:?}", node.tag_name());
        for attribute in node.attributes() {
            assert!(!attribute.value().contains("url("), "{attribute:?}");
            assert!(!attribute.name().contains("href") && !attribute.name().starts_with("on"), "{attribute:?}");
        }
    }
    assert_eq!(svg.matches("http").count(), 1, "the namespace, and nothing else");
}

/// What evidence may hold comes out as characters: no element, no attribute, no control.
#[test]
fn hostile_words_are_inert_in_a_picture() {
    let hostile = [
        "</text><script>alert(1)</script><image href=\"http://evil.example/x.png\"/>",
        "\" onload=\"alert(1)\" x=\"",
        "]]><!-- <?xml-stylesheet href=\"x\"?> &lol; &#x41;",
        "\u{1b}[2J\u{202e}txt.exe\u{2066}\u{0}",
        "=cmd|' /C calc'!A0",
    ];
    for with in hostile {
        let mut of = throttle();
        for text in [&mut of.title, &mut of.finding, &mut of.description] {
            with.clone_into(text);
        }
        of.marks.iter_mut().for_each(|mark| with.clone_into(&mut mark.label));
        of.bands.iter_mut().for_each(|band| with.clone_into(&mut band.label));
        for panel in &mut of.panels {
            for text in [&mut panel.title, &mut panel.unit, &mut panel.across] {
                with.clone_into(text);
            }
            panel.ceiling = Some((1.0, with.to_owned()));
            panel.series.iter_mut().for_each(|series| with.clone_into(&mut series.label));
        }
        let svg = Easel::default().draw(&of).expect("a drawing").svg;
        let parsed = roxmltree::Document::parse(&svg).expect("well-formed SVG");
        for node in parsed.descendants().filter(roxmltree::Node::is_element) {
            assert!(!matches!(node.tag_name().name(), "script" | "image" | "a"), "{with}");
            assert!(node.attributes().all(|a| !a.name().starts_with("on") && !a.name().contains("href")), "{with}");
        }
        assert!(
            !svg.contains(|c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{2069}').contains(&c))),
            "{with}"
        );
    }
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    let mut easel = Easel::default();
    let first = easel.draw(&throttle()).expect("a drawing");
    easel.draw(&contrast()).expect("a drawing");
    assert_eq!(first, easel.draw(&throttle()).expect("a drawing"));
    let png = png_size(&first.png);
    assert_eq!(png.0, 1760);
    assert_eq!(png.1, 2 * scene(&throttle()).height as u32);
}

/// What is painted in bands is what is painted at once, seams and all.
#[test]
fn bands_make_one_picture() {
    let painted = |scene: &Scene, rows| {
        let (mut canvas, mut all) = (Pixels::default(), Vec::new());
        let mut bands = 0;
        paint::bands(scene, rows, &mut canvas, |band, _| {
            all.extend_from_slice(band);
            bands += 1;
        })
        .expect("painted");
        (all, bands)
    };
    for figure in [throttle(), contrast(), crowded()].iter().chain(&extremes()) {
        let scene = scene(figure);
        let (whole, one) = painted(&scene, u32::MAX);
        let (in_bands, bands) = painted(&scene, 130);
        assert!(one == 1 && bands > 1, "{bands}");
        assert!(whole == in_bands, "{}", figure.name);
    }
}

fn png_size(bytes: &[u8]) -> (u32, u32) {
    let reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    (reader.info().width, reader.info().height)
}

#[test]
fn paired_panels_share_a_scale() {
    let low = Panel { at_least: Some(900.0), ..panel(PanelKind::Lines, vec![series("a", numbers(&[3.0]))]) };
    let high = panel(PanelKind::Lines, vec![series("b", numbers(&[900.0]))]);
    let of = figure(1, vec![low, high]);
    let scene = scene(&of);
    assert_eq!(labels(&scene).into_iter().filter(|(text, _)| *text == "1,000").count(), 2);
}

#[test]
fn a_window_over_midnight_names_both_days() {
    let from = Minute::parse("2026-11-24T20:00Z").expect("a minute");
    let of = Figure {
        window: Window::new(from, from.plus(600)),
        ..figure(0, vec![panel(PanelKind::Lines, vec![series("a", numbers(&[1.0; 600]))])])
    };
    let scene = scene(&of);
    let words: Vec<&str> = labels(&scene).into_iter().map(|(text, _)| text).collect();
    assert!(words.contains(&"2026-11-24, UTC") && words.contains(&"11-25"), "{words:?}");
}
