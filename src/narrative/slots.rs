//! The slots a template may name. The list in `slots.txt` is the contract with
//! the findings: a name outside it is a mistake, a name inside it may be absent.

use std::collections::BTreeMap;

/// What may stand at a path.
#[derive(Debug, Default)]
pub(in crate::narrative) struct Slot {
    /// Named parts; empty for a fact.
    pub(in crate::narrative) parts: BTreeMap<&'static str, Self>,
    /// For a list: what its items are.
    pub(in crate::narrative) item: Option<Box<Self>>,
    /// For a fact: what the list says of it.
    pub(in crate::narrative) entry: Option<Entry>,
}

/// A line of the list.
#[derive(Clone, Copy, Debug)]
pub(in crate::narrative) struct Entry {
    /// `waves[].first`
    pub(in crate::narrative) path: &'static str,
    /// `count of sessions, inside waves`
    pub(in crate::narrative) about: &'static str,
}

/// What kind of value a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::narrative) enum Kind {
    Count,
    Number,
    Share,
    Minute,
    Second,
    Between,
    Ip,
    Word,
    Sentence,
    Text,
    Flag,
}

impl Entry {
    /// What kind of value it is, before the semicolon, and what it means, after it.
    fn parts(self) -> (&'static str, &'static str) {
        let (what, meaning) = self.about.split_once(';').unwrap_or((self.about, ""));
        (what, meaning.trim())
    }

    /// Type and unit as the list says them.
    #[cfg(test)]
    pub(in crate::narrative) fn what(self) -> &'static str {
        self.parts().0
    }

    /// What it means; what its type says where that is enough.
    #[cfg(test)]
    pub(in crate::narrative) fn meaning(self) -> &'static str {
        self.parts().1
    }

    /// Its kind: the first word of what is said of it.
    pub(in crate::narrative) fn kind(self) -> Kind {
        let first = self.parts().0.split([' ', ',', ':']).next().unwrap_or_default();
        match first {
            "count" => Kind::Count,
            "number" => Kind::Number,
            "share" => Kind::Share,
            "minute" => Kind::Minute,
            "minutes" => Kind::Between,
            "second" => Kind::Second,
            "IP" => Kind::Ip,
            "word" | "words" => Kind::Word,
            "sentence" => Kind::Sentence,
            "flag" => Kind::Flag,
            _ => Kind::Text,
        }
    }

    /// What is counted or measured: the words after `of`.
    pub(in crate::narrative) fn unit(self) -> &'static str {
        let unit = match self.kind() {
            Kind::Count | Kind::Number => self.parts().0.split_once(" of ").map(|(_, unit)| unit),
            Kind::Share => Some("%"),
            Kind::Minute | Kind::Second | Kind::Between => Some("UTC"),
            _ => None,
        };
        unit.unwrap_or_default().split([',', ':']).next().unwrap_or_default()
    }

    /// The words a slot may hold, where the list names them all.
    pub(in crate::narrative) fn words(self) -> Vec<&'static str> {
        let list = self.parts().0.split_once(": ").filter(|_| self.kind() == Kind::Word).map_or("", |(_, list)| list);
        let between = if list.contains(", ") { ", " } else { " " };
        list.split(between).filter(|word| !word.is_empty()).collect()
    }
}

/// All lines of the list, in its order.
pub(in crate::narrative) fn entries() -> impl Iterator<Item = Entry> {
    let lines = include_str!("slots.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).map(|(path, about)| Entry { path, about: about.trim() })
}

/// All slots as a tree.
pub(in crate::narrative) fn slots() -> Slot {
    let mut root = Slot::default();
    for entry in entries() {
        let mut slot = &mut root;
        for step in entry.path.split('.') {
            let name = step.trim_end_matches("[]");
            slot = slot.parts.entry(name).or_default();
            if step.ends_with("[]") {
                slot = slot.item.get_or_insert_default();
            }
        }
        slot.entry = Some(entry);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read() {
        let root = slots();
        let wave = root.parts.get("waves").and_then(|s| s.item.as_deref());
        assert!(wave.is_some_and(|w| w.parts.contains_key("first") && w.parts.contains_key("outcomes")));
        let ask = root.parts.get("asks").and_then(|a| a.parts.get("esp")).and_then(|e| e.item.as_deref());
        assert!(ask.is_some_and(|a| a.parts.is_empty() && a.entry.is_some()));
    }

    #[test]
    fn kinds_units_and_words_are_read() {
        let of = |about| Entry { path: "x", about };
        assert_eq!(
            (of("count of sessions, inside waves").kind(), of("count of sessions, inside waves").unit()),
            (Kind::Count, "sessions")
        );
        assert_eq!((of("minutes between").kind(), of("minutes between").unit()), (Kind::Between, "UTC"));
        assert_eq!(of("words: repeatable, not shown").words(), ["repeatable", "not shown"]);
        assert_eq!(of("word: found none; what it is").words(), ["found", "none"]);
        assert_eq!((of("number, %").kind(), of("text: minutes").kind()), (Kind::Number, Kind::Text));
    }

    #[test]
    fn every_slot_says_what_it_holds() {
        for entry in entries() {
            assert!(!entry.about.is_empty(), "{}", entry.path);
        }
    }
}
