//! The fields of a record without taking apart the values that nobody asks for.
//!
//! A record has some forty fields and the analysis needs a third of them; serde_json looks at
//! each byte of all. What is not written as KumoMTA writes it, compact and in one line, is left
//! to serde_json, which then also decides whether it is a record at all.

use crate::formats::logs::near;

/// Says of a field that nobody asks for it.
pub(super) const NOT_ASKED: u32 = u32::MAX;

/// Tells each field of an object: its key, and its value as it stands. `take` answers with the
/// field's number, below 32. Nothing when the text is no object as KumoMTA writes it, when a
/// field that was asked for stands twice, or when `take` answers nothing.
pub(super) fn fields<'a>(text: &'a str, mut take: impl FnMut(&'a str, &'a str) -> Option<u32>) -> Option<()> {
    if holds_controls(text.as_bytes()) {
        return None;
    }
    let (mut rest, mut seen) = (text.strip_prefix('{')?, 0_u32);
    loop {
        let key = rest.get(1..string_end(rest.as_bytes())? - 1)?;
        rest = rest.get(key.len() + 2..)?.strip_prefix(':')?;
        let (value, after) = rest.split_at_checked(value_end(rest.as_bytes())?)?;
        let field = take(key, value)?;
        if field != NOT_ASKED {
            let before = seen;
            seen |= 1_u32.checked_shl(field)?;
            if seen == before {
                return None;
            }
        } else if key.contains('\\') {
            // Its name may be that of a field that was asked for.
            return None;
        }
        match after.as_bytes() {
            b"}" => return Some(()),
            [b',', ..] => rest = &after[1..],
            _ => return None,
        }
    }
}

/// Whether there is a byte that no string holds, and that KumoMTA writes between no fields.
fn holds_controls(text: &[u8]) -> bool {
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

/// Where a value ends that stands at the start of a text.
fn value_end(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_end(text),
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

    fn skimmed(text: &str) -> Option<Vec<(&str, &str)>> {
        let mut found = Vec::new();
        fields(text, |key, value| {
            found.push((key, value));
            Some(NOT_ASKED)
        })?;
        Some(found)
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
        let of = |text| fields(text, |key, _| Some(if key == "a" { 0 } else { NOT_ASKED }));
        assert_eq!(of(r#"{"a":1,"b":2,"b":3}"#), Some(()));
        assert_eq!(of(r#"{"a":1,"b":2,"a":3}"#), None);
        assert_eq!(of(r#"{"\u0061":1}"#), None);
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
