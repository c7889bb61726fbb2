//! One JSON value, looked into without building it: a flat list of where its parts stand.
//!
//! Lenient where a log is still understood (a comma too many, control characters in a text),
//! strict where it is not: whatever does not end is no value.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// A value inside another may be so deep.
const DEEPEST: usize = 64;

/// The parts of one value, in the order of its text. Kept for the next value.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    nodes: Vec<Node>,
    open: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Of its text; of a string, without the quotes.
    start: u32,
    end: u32,
    /// The position of what follows it and all inside it.
    next: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    Key,
    Text,
    /// A number, `true` or `false`.
    Word,
    Null,
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(u32);

/// The value itself.
pub(super) const ROOT: At = At(0);

impl Tape {
    /// Takes a value apart. False when the text is not one value.
    pub(super) fn read(&mut self, text: &[u8]) -> bool {
        self.nodes.clear();
        self.open.clear();
        u32::try_from(text.len()).is_ok() && self.values(text).is_some()
    }

    fn values(&mut self, text: &[u8]) -> Option<()> {
        let mut at = 0;
        loop {
            at = skip_blanks(text, at);
            at = match text.get(at) {
                None => break,
                Some(b'{') => self.open(Kind::Object, at)?,
                Some(b'[') => self.open(Kind::Array, at)?,
                Some(b'}') => self.close(Kind::Object, at)?,
                Some(b']') => self.close(Kind::Array, at)?,
                Some(b'"') => self.text(text, at)?,
                Some(b',') if !self.open.is_empty() && !self.after_key() => at + 1,
                Some(_) => self.word(text, at)?,
            };
        }
        (self.open.is_empty() && !self.nodes.is_empty()).then_some(())
    }

    /// The byte after the bracket that opens an object or an array.
    fn open(&mut self, kind: Kind, at: usize) -> Option<usize> {
        self.expect_value()?;
        if self.open.len() >= DEEPEST {
            return None;
        }
        self.open.push(self.nodes.len() as u32);
        self.push(kind, at, at);
        Some(at + 1)
    }

    /// The byte after the bracket that closes it.
    fn close(&mut self, kind: Kind, at: usize) -> Option<usize> {
        let (next, lacks_its_value) = (self.nodes.len() as u32, self.after_key());
        let position = self.open.pop()?;
        let node = self.nodes.get_mut(position as usize)?;
        if lacks_its_value || node.kind != kind {
            return None;
        }
        (node.end, node.next) = (at as u32 + 1, next);
        Some(at + 1)
    }

    /// The byte after a text, or after the colon of a key.
    fn text(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let end = string_end(text, at + 1)?;
        if self.in_object() && !self.after_key() {
            let colon = skip_blanks(text, end + 1);
            self.push(Kind::Key, at + 1, end);
            return (text.get(colon) == Some(&b':')).then_some(colon + 1);
        }
        self.expect_value()?;
        self.push(Kind::Text, at + 1, end);
        Some(end + 1)
    }

    /// The byte after a number, `true`, `false` or `null`.
    fn word(&mut self, text: &[u8], at: usize) -> Option<usize> {
        self.expect_value()?;
        let end = at + text.get(at..)?.iter().take_while(|b| is_word(**b)).count();
        let word = text.get(at..end)?;
        let is_number = word.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
        let kind = match word {
            b"null" => Kind::Null,
            b"true" | b"false" => Kind::Word,
            _ if is_number => Kind::Word,
            _ => return None,
        };
        self.push(kind, at, end);
        Some(end)
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, start: start as u32, end: end as u32, next });
    }

    fn in_object(&self) -> bool {
        self.open.last().and_then(|at| self.nodes.get(*at as usize)).is_some_and(|n| n.kind == Kind::Object)
    }

    fn after_key(&self) -> bool {
        self.nodes.last().is_some_and(|n| n.kind == Kind::Key)
    }

    /// Whether a value may stand here: in an object after its key, in an array, or as the root.
    fn expect_value(&self) -> Option<()> {
        let fits = if self.open.is_empty() { self.nodes.is_empty() } else { !self.in_object() || self.after_key() };
        fits.then_some(())
    }

    fn node(&self, at: At) -> Option<Node> {
        self.nodes.get(at.0 as usize).copied()
    }

    /// The member of an object, or the element of an array, that a step names.
    pub(super) fn step(&self, text: &[u8], at: At, step: &[u8]) -> Option<At> {
        let node = self.node(at)?;
        let mut child = at.0 + 1;
        match node.kind {
            Kind::Object => {
                while child < node.next {
                    let key = self.node(At(child))?;
                    if is_key(text.get(key.start as usize..key.end as usize)?, step) {
                        return Some(At(child + 1));
                    }
                    child = self.node(At(child + 1))?.next;
                }
                None
            }
            Kind::Array => self.elements(at).nth(std::str::from_utf8(step).ok()?.parse().ok()?),
            _ => None,
        }
    }

    /// What several steps lead to.
    pub(super) fn walk(&self, text: &[u8], from: At, steps: &[Vec<u8>]) -> Option<At> {
        steps.iter().try_fold(from, |at, step| self.step(text, at, step))
    }

    /// The elements of an array; of anything else, none.
    pub(super) fn elements(&self, at: At) -> impl Iterator<Item = At> {
        let array = self.node(at).filter(|n| n.kind == Kind::Array);
        let end = array.map_or(0, |n| n.next);
        let mut child = at.0 + 1;
        std::iter::from_fn(move || {
            let here = (child < end).then_some(At(child))?;
            child = self.node(here)?.next;
            Some(here)
        })
    }

    pub(super) fn is_object(&self, at: At) -> bool {
        self.node(at).is_some_and(|n| n.kind == Kind::Object)
    }

    /// Whether there is something: no null, no empty text, no empty list.
    pub(super) fn is_something(&self, at: At) -> bool {
        self.node(at).is_some_and(|n| match n.kind {
            Kind::Null => false,
            Kind::Text => n.end > n.start,
            Kind::Object | Kind::Array => n.next > at.0 + 1,
            Kind::Key | Kind::Word => true,
        })
    }

    /// A text, a number or a flag; of a list, its first elements that are such. Nothing of
    /// null and of objects.
    pub(super) fn value<'t>(&self, text: &'t [u8], at: At) -> Option<Cow<'t, [u8]>> {
        let node = self.node(at)?;
        let raw = text.get(node.start as usize..node.end as usize)?;
        match node.kind {
            Kind::Text => Some(unescaped(raw)),
            Kind::Word => Some(Cow::Borrowed(raw)),
            Kind::Array => {
                let mut parts = self.elements(at).filter(|e| !self.is_list(*e)).filter_map(|e| self.value(text, e));
                let first = parts.next()?;
                let mut all = match parts.next() {
                    None => return Some(first),
                    Some(second) => [first, second].join(&b'\n'),
                };
                for part in parts.take(MOST_PARTS) {
                    all.push(b'\n');
                    all.extend_from_slice(&part);
                }
                Some(Cow::Owned(all))
            }
            Kind::Object | Kind::Key | Kind::Null => None,
        }
    }

    fn is_list(&self, at: At) -> bool {
        self.node(at).is_some_and(|n| n.kind == Kind::Array)
    }
}

/// Elements of a list that are put together as one value.
const MOST_PARTS: usize = 100;

fn skip_blanks(text: &[u8], from: usize) -> usize {
    from + text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count()
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// The position of the quote that ends a text which begins here.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Whether the raw text of a key is this name.
fn is_key(raw: &[u8], name: &[u8]) -> bool {
    raw == name || (memchr(b'\\', raw).is_some() && *unescaped(raw) == *name)
}

/// The text that a JSON string stands for (RFC 8259 §7). What is escaped wrongly stays.
pub(super) fn unescaped(raw: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'\\', raw) else { return Cow::Borrowed(raw) };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some((head, after)) = rest.split_first() {
        if *head != b'\\' {
            let end = memchr(b'\\', rest).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let Some((letter, after)) = after.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = after;
        match letter {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => rest = code_point(after, &mut out),
            other => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// Four hexadecimal digits, twice for what lies beyond the first plane. What follows them.
fn code_point<'a>(digits: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let unit = |text: &[u8]| u32::from_str_radix(std::str::from_utf8(text.get(..4)?).ok()?, 16).ok();
    let Some(first) = unit(digits) else {
        out.extend_from_slice(b"\\u");
        return digits;
    };
    let mut rest = &digits[4..];
    let mut code = first;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = rest.strip_prefix(b"\\u").and_then(unit).filter(|u| (0xdc00..0xe000).contains(u))
    {
        code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        rest = &rest[6..];
    }
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, pointer: &str) -> Option<String> {
        let mut tape = Tape::default();
        assert!(tape.read(text.as_bytes()), "{text}");
        let steps: Vec<_> = pointer.split('/').skip(1).map(|s| s.as_bytes().to_vec()).collect();
        let at = tape.walk(text.as_bytes(), ROOT, &steps)?;
        tape.value(text.as_bytes(), at).map(|v| String::from_utf8_lossy(&v).into_owned())
    }

    #[test]
    fn pointers_lead_through_objects_and_arrays() {
        let text = r#" {"a":{"b":[1,{"c":"x"},null,[],["p","q"]]},"d":"e\n\u00e9\ud83d\ude00\"","tags":{"ses:ip":["192.0.2.1"]},"t":true,} "#;
        assert_eq!(get(text, "/a/b/0").as_deref(), Some("1"));
        assert_eq!(get(text, "/a/b/1/c").as_deref(), Some("x"));
        assert_eq!(get(text, "/a/b/2"), None);
        assert_eq!(get(text, "/a/b/4").as_deref(), Some("p\nq"));
        assert_eq!(get(text, "/a/b/9"), None);
        assert_eq!(get(text, "/a"), None);
        assert_eq!(get(text, "/d").as_deref(), Some("e\né😀\""));
        assert_eq!(get(text, "/tags/ses:ip").as_deref(), Some("192.0.2.1"));
        assert_eq!(get(text, "/t").as_deref(), Some("true"));
        // esp trap 41: numbers beyond 2^53 stay what they are.
        assert_eq!(get(r#"{"MessageID":12345678901234567}"#, "/MessageID").as_deref(), Some("12345678901234567"));
        assert_eq!(get(r#"{"a\u0062":1}"#, "/ab").as_deref(), Some("1"));
    }

    #[test]
    fn nothing_is_not_there() {
        let text = br#"{"a":null,"b":"","c":[],"d":{},"e":0,"f":{"x":1}}"#;
        let mut tape = Tape::default();
        assert!(tape.read(text));
        let there = |key: &[u8]| tape.step(text, ROOT, key).is_some_and(|at| tape.is_something(at));
        assert_eq!(
            [b"a", b"b", b"c", b"d", b"e", b"f", b"g"].map(|k| there(k)),
            [false, false, false, false, true, true, false]
        );
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let mut tape = Tape::default();
        for text in [
            "",
            "{",
            "}",
            "[1",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1]",
            "{\"a\" 1}",
            "{1:2}",
            "\"x",
            "{}{}",
            "nul",
            "{\"a\":x}",
            "[1}",
            "{\"a\":1,\"b\"}",
            "{\"a\\",
            "1 2",
            ",",
            "{\"a\":,}",
        ] {
            assert!(!tape.read(text.as_bytes()), "{text}");
        }
        assert!(!tape.read("[".repeat(1000).as_bytes()));
        assert!(tape.read(format!("{}{}", "[".repeat(60), "]".repeat(60)).as_bytes()));
    }
}
