//! YAML text to values: no other file knows `serde_yaml`, whose limits stop documents that nest
//! or repeat without end.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A value as YAML types it. Repeated keys are kept, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Empty,
    /// `true` or `false`.
    Flag(bool),
    /// A number, rewritten in decimal.
    Number(String),
    /// Any other scalar.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping.
    Map(Vec<(String, Self)>),
}

impl Value {
    /// What it is, for a person.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Why a text is no YAML.
#[derive(Debug)]
pub(super) struct SyntaxError {
    /// The parser's words, without the place.
    pub(super) message: String,
    /// Line and column from 1, where the parser tells them.
    pub(super) place: Option<(usize, usize)>,
}

/// The values of one document. An empty text is [`Value::Empty`].
///
/// # Errors
/// When the text is no YAML, holds two documents, tags or keys that are no scalars, or goes
/// beyond the limits of nesting and repetition.
pub(super) fn values(text: &str) -> Result<Value, SyntaxError> {
    serde_yaml::from_str(text).map_err(|error| {
        let full = error.to_string();
        let place = error.location().map(|at| (at.line(), at.column()));
        let message = match full.rsplit_once(" at line ") {
            Some((message, _)) if place.is_some() => message.to_owned(),
            _ => full,
        };
        SyntaxError { message, place }
    })
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain YAML without tags")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    // What a text without any document is given to.
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key()? {
            let key = match key {
                Value::Text(text) | Value::Number(text) => text,
                Value::Flag(flag) => flag.to_string(),
                Value::Empty => String::new(),
                Value::List(_) | Value::Map(_) => return Err(A::Error::custom("a key must be text")),
            };
            map.push((key, entries.next_value()?));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn repeated_keys_are_kept_in_order() {
        let one = |n: &str| Value::Number(n.into());
        let map = vec![("a".into(), one("1")), ("b".into(), one("2")), ("a".into(), one("3"))];
        assert_eq!(values("a: 1\nb: 2\na: 3\n").expect("YAML"), Value::Map(map));
    }

    #[test]
    fn times_addresses_and_days_are_text() {
        for text in ["2026-11-03T09:00Z", "2026-11-03", "192.0.2.11", "-60m", "+90s", "no", "0.05 %"] {
            assert_eq!(values(text).expect("YAML"), Value::Text(text.into()));
        }
    }

    #[test]
    fn nothing_is_empty() {
        for text in ["", "\n\n", "# only words\n", "---\n", "~"] {
            assert_eq!(values(text).expect("YAML"), Value::Empty, "{text:?}");
        }
    }

    #[test]
    fn endless_documents_stop() {
        let mut laughs = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (this, last) in "bcdefghij".chars().zip("abcdefghi".chars()) {
            let refs = vec![format!("*{last}"); 9].join(",");
            writeln!(laughs, "{this}: &{this} [{refs}]").expect("memory");
        }
        assert!(values(&laughs).is_err());
        assert!(values(&"[".repeat(5000)).is_err());
        assert!(values(&format!("{}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
    }
}
