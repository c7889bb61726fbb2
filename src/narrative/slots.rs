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
}

/// All slots as a tree.
pub(in crate::narrative) fn slots() -> Slot {
    let mut root = Slot::default();
    for line in include_str!("slots.txt").lines() {
        let Some(path) = line.split_whitespace().next().filter(|path| !path.starts_with('#')) else { continue };
        let mut slot = &mut root;
        for step in path.split('.') {
            let name = step.trim_end_matches("[]");
            slot = slot.parts.entry(name).or_default();
            if step.ends_with("[]") {
                slot = slot.item.get_or_insert_default();
            }
        }
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
        assert!(ask.is_some_and(|a| a.parts.is_empty()));
    }
}
