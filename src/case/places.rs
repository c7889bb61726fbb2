//! Where each key and value of a YAML text stands: no other file knows `granit_parser`.
//!
//! `serde_yaml` says what the values are, and tells no places; the events of
//! this second parser carry spans. A place that it cannot tell only moves a
//! caret to the key around it.

use std::ops::Range;

use granit_parser::{Event, Parser};

use super::path::{Path, Step};

/// Where a value and its key stand, in bytes of the text, and the places inside it.
#[derive(Debug, Default)]
struct Place {
    key: Option<Range<usize>>,
    value: Range<usize>,
    collection: bool,
    inside: Vec<(Option<String>, Self)>,
}

impl Place {
    fn step(&self, step: &Step, nth: usize) -> Option<&Self> {
        match step {
            Step::Item(at) => self.inside.get(*at).map(|(_, place)| place),
            Step::Key(key) => {
                let same = |(name, _): &&(Option<String>, Self)| name.as_ref() == Some(key);
                self.inside.iter().filter(same).nth(nth).map(|(_, place)| place)
            }
        }
    }

    fn key_or_start(&self) -> Range<usize> {
        // An item of a list has no key: its first character stands for it.
        self.key.clone().unwrap_or(self.value.start..self.value.start + 1)
    }
}

/// A collection whose end has not been read.
struct Open {
    name: Option<String>,
    place: Place,
    mapping: bool,
    /// The key that waits for its value.
    key: Option<(String, Range<usize>)>,
}

impl Open {
    /// Takes the waiting key of the innermost mapping for a value that begins.
    fn take_key(open: &mut [Self]) -> (Option<String>, Option<Range<usize>>) {
        open.last_mut().and_then(|inner| inner.key.take()).unzip()
    }

    fn push(open: &mut Vec<Self>, value: Range<usize>, mapping: bool) {
        let (name, key) = Self::take_key(open);
        let place = Place { key, value, collection: true, inside: Vec::new() };
        open.push(Self { name, place, mapping, key: None });
    }

    /// A scalar is a key where a mapping waits for one, else a value, which it returns.
    fn scalar(open: &mut [Self], word: String, range: Range<usize>) -> Option<(Option<String>, Place)> {
        if let Some(inner) = open.last_mut()
            && inner.mapping
            && inner.key.is_none()
        {
            inner.key = Some((word, range));
            return None;
        }
        let (name, key) = Self::take_key(open);
        Some((name, Place { key, value: range, collection: false, inside: Vec::new() }))
    }
}

/// The places of all keys and values of a text.
#[derive(Debug, Default)]
pub(super) struct Places(Place);

impl Places {
    /// Reads them, as far as the text is YAML.
    pub(super) fn of(text: &str) -> Self {
        let mut open: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else { break };
            let range = span.byte_range().unwrap_or_default();
            let done = match event {
                Event::SequenceStart(..) => {
                    Open::push(&mut open, range, false);
                    continue;
                }
                Event::MappingStart(..) => {
                    Open::push(&mut open, range, true);
                    continue;
                }
                Event::Scalar(word, ..) => Open::scalar(&mut open, word.into_owned(), range),
                // An alias tells its place, but not what it stands for.
                Event::Alias(_) => Open::scalar(&mut open, String::new(), range),
                Event::SequenceEnd | Event::MappingEnd => open.pop().map(|o| (o.name, o.place)),
                _ => continue,
            };
            match (done, open.last_mut()) {
                (Some(child), Some(parent)) => parent.place.inside.push(child),
                (Some((_, root)), None) => return Self(root),
                (None, _) => {}
            }
        }
        // The text broke off: what is still open is as good as closed.
        while let Some(last) = open.pop() {
            match open.last_mut() {
                Some(parent) => parent.place.inside.push((last.name, last.place)),
                None => return Self(last.place),
            }
        }
        Self::default()
    }

    /// The key at the end of a path, or the first character of a list item.
    pub(super) fn key(&self, path: &Path) -> Range<usize> {
        self.nth_key(path, 0)
    }

    /// The key at the end of a path where it is given for the `nth` time, from zero.
    pub(super) fn nth_key(&self, path: &Path, nth: usize) -> Range<usize> {
        self.find(path, nth).0.key_or_start()
    }

    /// The scalar at the end of a path; of a collection, its key.
    pub(super) fn value(&self, path: &Path) -> Range<usize> {
        let (place, whole) = self.find(path, 0);
        if whole && !place.collection && !place.value.is_empty() { place.value.clone() } else { place.key_or_start() }
    }

    /// The place of a path, or of its innermost part that has one, and whether it is the whole.
    fn find(&self, path: &Path, nth: usize) -> (&Place, bool) {
        let mut place = &self.0;
        for (depth, step) in path.steps().iter().enumerate() {
            let nth = if depth + 1 == path.steps().len() { nth } else { 0 };
            match place.step(step, nth) {
                Some(inner) => place = inner,
                None => return (place, false),
            }
        }
        (place, true)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    fn at<'a>(text: &'a str, path: &Path) -> (&'a str, &'a str) {
        let places = Places::of(text);
        (text.get(places.key(path)).expect("in text"), text.get(places.value(path)).expect("in text"))
    }

    #[test]
    fn block_and_flow_give_the_same_places() {
        let path = Path::default().key("sources").item(1).key("zone");
        for text in [
            "sources:\n  - path: é\n    zone: UTC\n  - path: b\n    zone: Mars/Base\n",
            "sources: [{path: é, zone: UTC}, {path: b, zone: Mars/Base}]",
            "sources:\n- {path: é, zone: UTC}\n- {\"path\": b, 'zone': Mars/Base}",
        ] {
            let (key, value) = at(text, &path);
            assert_eq!((key.trim_matches('\''), value), ("zone", "Mars/Base"), "{text}");
        }
    }

    #[test]
    fn what_has_no_place_falls_back_to_its_parent() {
        let text = "window: &w {from: a}\nsender: *w\n";
        assert_eq!(at(text, &Path::default().key("sender").key("from")).1, "sender");
        assert_eq!(at(text, &Path::default().key("window").key("to")).1, "window");
    }

    #[test]
    fn a_text_that_breaks_off_keeps_the_places_before() {
        assert_eq!(at("a: 1\nb: {c: 2, d: [", &Path::default().key("b").key("c")), ("c", "2"));
    }

    #[test]
    fn repeated_keys_are_told_apart() {
        assert_eq!(Places::of("a: 1\nb: 2\na: 3\n").nth_key(&Path::default().key("a"), 1), 10..11);
    }
}
