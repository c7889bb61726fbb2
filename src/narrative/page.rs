//! Markdown to the body of one self-contained page: no script, no link, no raw HTML.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::release::Release;

/// The body. Links, images and raw HTML, which our own templates never use,
/// come out as their text: a second lock behind the escaping of every value.
pub(in crate::narrative) fn body(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock) => None,
        other => Some(other),
    });
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, events);
    // Wide tables scroll in their own box instead of the page.
    out.replace("<table>", "<div class=\"wide\"><table>").replace("</table>", "</table></div>")
}

/// The body with a picture behind its first section, where the reader has just read what happened.
pub(in crate::narrative) fn with_picture(body: &str, picture: &str) -> String {
    let second = body.match_indices("<h2>").nth(1).map_or(body.len(), |(at, _)| at);
    let (before, after) = body.split_at(second);
    format!("{before}{picture}{after}")
}

/// The pictures, which hold the sentence they prove, each with the table it is drawn from. `drawings` are SVG texts by figure name.
pub(in crate::narrative) fn figures(release: &Release, drawings: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, svg) in drawings {
        // Inside a page an SVG has no XML declaration.
        let Some(svg) = svg.find("<svg").and_then(|at| svg.get(at..)) else { continue };
        let data = release.figures().iter().find(|f| f.name == **name).map(|f| f.data);
        let data = data.filter(|data| release.tables().iter().any(|table| table.name == *data));
        out.push_str("<figure>\n");
        out.push_str(svg.trim_end());
        if let Some(data) = data {
            let _ = write!(out, "\n<figcaption>Data: <code>tables/{data}.csv</code></figcaption>");
        }
        out.push_str("\n</figure>\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_comes_out_as_text() {
        let html = body("a <b onclick=x>b</b> [c](javascript:x) ![d](e)\n\n<script>\nf\n</script>\n");
        assert!(!html.contains("<b") && !html.contains("<script") && !html.contains("href") && !html.contains("<img"));
        assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_picture_stands_behind_the_first_section() {
        assert_eq!(with_picture("<h1>a</h1><h2>b</h2>c<h2>d</h2>", "P"), "<h1>a</h1><h2>b</h2>cP<h2>d</h2>");
        assert_eq!(with_picture("<p>a</p>", "P"), "<p>a</p>P");
    }

    #[test]
    fn a_drawing_loses_its_declaration() {
        let release =
            super::super::fixtures::release(crate::release::Audience::Esp, super::super::fixtures::throttle());
        let html = figures(&release, &[("outcomes", "<?xml version=\"1.0\"?>\n<svg></svg>\n")]);
        assert_eq!(html, "<figure>\n<svg></svg>\n</figure>\n");
    }
}
