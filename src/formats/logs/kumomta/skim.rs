//! The fields of a record without taking apart the values that nobody asks for.
//!
//! A record has some forty fields and the analysis needs a third of them; serde_json looks at
//! each byte of all. What is not written as KumoMTA writes it, compact and in one line, is left
//! to serde_json, which then also decides whether it is a record at all.

use crate::formats::logs::near;

/// Which fields of an object are asked for: their numbers, below 32, by their keys.
pub(super) type Asked = fn(&str) -> Option<u32>;

/// The fields of the objects of one kind in the order in which the last of them had them.
///
/// All records of a version are written alike, so a key is known by comparing it with the one
/// that stood there before.
pub(super) struct Order {
    asked: Asked,
    keys: Vec<(Box<str>, Option<u32>)>,
}

/// Keys that are known in their order: no object of KumoMTA's has more.
const MOST_KEYS: usize = 64;

impl Order {
    pub(super) const fn of(asked: Asked) -> Self {
        Self { asked, keys: Vec::new() }
    }

    /// Tells each field of an object that is asked for: its number, and the text from its value
    /// on; `take` answers with what follows the value. What follows the object is given back.
    /// Nothing when the text is no object as KumoMTA writes it, when a field that was asked for
    /// stands twice, or when `take` answers nothing.
    pub(super) fn fields<'a>(
        &mut self,
        text: &'a str,
        mut take: impl FnMut(u32, &'a str) -> Option<&'a str>,
    ) -> Option<&'a str> {
        let (mut rest, mut seen) = (text.strip_prefix('{')?, 0_u32);
        for nth in 0.. {
            let field;
            (field, rest) = self.key(nth, rest)?;
            rest = match field {
                Some(field) => {
                    let before = seen;
                    seen |= 1_u32.checked_shl(field)?;
                    if seen == before {
                        return None;
                    }
                    take(field, rest)?
                }
                None => rest.get(value_end(rest.as_bytes())?..)?,
            };
            match rest.as_bytes().first()? {
                b',' => rest = rest.get(1..)?,
                b'}' => return rest.get(1..),
                _ => return None,
            }
        }
        None
    }

    /// The number of the key at the start of a text, and its value with what follows.
    fn key<'a>(&mut self, nth: usize, text: &'a str) -> Option<(Option<u32>, &'a str)> {
        if let Some((key, field)) = self.keys.get(nth)
            && let Some(rest) = text.strip_prefix(&**key)
        {
            return Some((*field, rest));
        }
        let end = string_end(text.as_bytes())?;
        let name = text.get(1..end - 1)?;
        let rest = text.get(end..)?.strip_prefix(':')?;
        let field = (self.asked)(name);
        // Written in another way it may be the name of a field that was asked for.
        if name.contains('\\') {
            return None;
        }
        self.keys.truncate(nth);
        if nth < MOST_KEYS {
            self.keys.push((text.get(..=end)?.into(), field));
        }
        Some((field, rest))
    }
}

/// Whether there is a byte that no string holds, and that KumoMTA writes between no fields.
pub(super) fn holds_controls(text: &[u8]) -> bool {
    // The least of each column: compilers take all columns in one step.
    let (rows, rest) = text.as_chunks::<32>();
    let mut least = [u8::MAX; 32];
    for row in rows {
        for (least, b) in least.iter_mut().zip(row) {
            *least = (*least).min(*b);
        }
    }
    least.iter().chain(rest).any(|b| *b < b' ')
}

/// The string at the start of a text, if it holds no escapes, and what follows it.
pub(super) fn plain_string(text: &str) -> Option<(&str, &str)> {
    let end = 1 + near::find(b'"', text.strip_prefix('"')?.as_bytes())?;
    let inner = text.get(1..end)?;
    memchr::memchr(b'\\', inner.as_bytes()).is_none().then_some((inner, text.get(end + 1..)?))
}

/// The whole number at the start of a text, of at most ten digits, and what follows it.
pub(super) fn whole_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take(11).take_while(u8::is_ascii_digit).count();
    // JSON writes no zeros before a number.
    let is_number = (1..=10).contains(&digits) && (digits == 1 || !text.starts_with('0'));
    let (number, rest) = is_number.then(|| text.split_at_checked(digits))??;
    Some((number.bytes().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')), rest))
}

/// What follows `null`.
pub(super) fn null(text: &str) -> Option<&str> {
    text.strip_prefix("null")
}

/// The value at the start of a text, and what follows it.
pub(super) fn value(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(value_end(text.as_bytes())?)
}

/// Where a value ends that stands at the start of a text.
fn value_end(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_end(text),
        _ if text.starts_with(b"{}") || text.starts_with(b"[]") => Some(2),
        b'{' | b'[' => nested_end(text),
        _ => {
            let end = text.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+')))?;
            (end > 0).then_some(end)
        }
    }
}

/// Where a string ends that stands at the start of a text, behind its second quote.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut from = text.starts_with(b"\"").then_some(1)?;
    loop {
        let quote = from + near::find(b'"', text.get(from..)?)?;
        if text.get(quote - 1) != Some(&b'\\') {
            return Some(quote + 1);
        }
        let escapes = text[1..quote].iter().rev().take_while(|b| **b == b'\\').count();
        if escapes % 2 == 0 {
            return Some(quote + 1);
        }
        from = quote + 1;
    }
}

/// Where an object or a list ends that stands at the start of a text.
fn nested_end(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        at += text.get(at..)?.iter().position(|b| matches!(b, b'"' | b'{' | b'[' | b'}' | b']'))?;
        match text[at] {
            b'"' => at += string_end(&text[at..])? - 1,
            b'{' | b'[' => depth += 1,
            _ => depth -= 1,
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// All fields and their values, by orders that know nothing, and the same object.
    fn skimmed(text: &str) -> Option<Vec<(&str, &str)>> {
        // Any name is asked for once; their numbers are those of their places.
        let mut order = Order::of(|name| (name != "_").then_some(0));
        let mut all = Vec::new();
        let mut rest = text.strip_prefix('{').filter(|_| !holds_controls(text.as_bytes()))?;
        for nth in 0.. {
            let end = string_end(rest.as_bytes())?;
            let name = rest.get(1..end - 1)?;
            let again = order.key(nth, rest);
            assert_eq!(order.key(nth, rest), again);
            let (found, after) = value(again?.1)?;
            all.push((name, found));
            match after.as_bytes() {
                b"}" => return Some(all),
                [b',', ..] => rest = &after[1..],
                _ => return None,
            }
        }
        None
    }

    #[test]
    fn fields_and_their_values_as_they_stand() {
        let text = r#"{"a":"x\"y\\","b":{"c":["}",{"d":"\\\""}]},"e":null,"f":-1.5e+3,"g":""}"#;
        let expected = [
            ("a", r#""x\"y\\""#),
            ("b", r#"{"c":["}",{"d":"\\\""}]}"#),
            ("e", "null"),
            ("f", "-1.5e+3"),
            ("g", "\"\""),
        ];
        assert_eq!(skimmed(text).as_deref(), Some(&expected[..]));
    }

    #[test]
    fn a_field_that_was_asked_for_stands_once() {
        let mut order = Order::of(|name| (name == "a").then_some(0));
        let mut of = |text| order.fields(text, |_, rest| value(rest).map(|(_, after)| after));
        assert_eq!(of(r#"{"a":1,"b":2,"b":3}x"#), Some("x"));
        assert_eq!(of(r#"{"a":1,"b":2,"a":3}"#), None);
        assert_eq!(of(r#"{"b":2,"a":3}"#), Some(""));
        assert_eq!(of(r#"{"\u0061":1}"#), None);
    }

    #[test]
    fn numbers_and_strings_as_json_has_them() {
        assert_eq!(whole_number("421,"), Some((421, ",")));
        assert_eq!(whole_number("0}"), Some((0, "}")));
        assert_eq!(["042", "-1", "", "12345678901"].map(whole_number), [None; 4]);
        assert_eq!(plain_string(r#""ok",1"#), Some(("ok", ",1")));
        assert_eq!([r#""a\"b""#, r#""a"#, "null"].map(plain_string), [None; 3]);
    }

    #[test]
    fn what_was_cut_or_is_written_in_another_way_is_none() {
        let whole = r#"{"type":"Delivery","response":{"code":250,"content":"ok"},"n":1}"#;
        assert!(skimmed(whole).is_some());
        for cut in 0..whole.len() {
            assert_eq!(skimmed(&whole[..cut]), None, "{cut}");
        }
        for other in
            ["{}", r#"{"a":1} "#, r#"{"a":1}{"b":2}"#, r#"{ "a":1}"#, r#"{"a": 1}"#, "{\"a\":\"\0\"}", r#"{"a":}"#]
        {
            assert_eq!(skimmed(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_object_is_skimmed_as_it_is_parsed(
            texts in proptest::collection::btree_map("[a-z]{1,4}", "\\PC{0,12}", 1..6),
            number in any::<i64>(),
        ) {
            let nested: Vec<Value> = texts.values().cloned().map(Value::from).collect();
            let mut object: serde_json::Map<String, Value> = texts.into_iter().map(|(k, v)| (k, v.into())).collect();
            object.insert("NESTED".to_owned(), nested.into());
            object.insert("NUMBER".to_owned(), number.into());
            let text = Value::from(object.clone()).to_string();
            let found = skimmed(&text).unwrap_or_default();
            let parsed = found.iter().filter_map(|(k, v)| Some(((*k).to_owned(), serde_json::from_str::<Value>(v).ok()?)));
            prop_assert_eq!(parsed.collect::<serde_json::Map<_, _>>(), object);
        }
    }
}
