//! One text in several lengths, for forms that take only so many characters.
//!
//! A template says where an item begins: `item()` for one that may be left out,
//! `keep()` for one that every cut holds, and `short()` for a shorter form of
//! the item before. A cut drops whole items from the bottom up, then takes
//! shorter forms, and never breaks an item.

use super::prose::printed_length;

/// Stands before an item; the letter after it says which kind. See `prose` on noncharacters.
const PART: char = '\u{fdd3}';

/// What begins at a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::narrative) enum Begin {
    /// An item that may be left out.
    Item,
    /// An item that every cut holds.
    Keep,
    /// A shorter form of the item before.
    Short,
}

impl Begin {
    /// The mark that a template function prints.
    pub(in crate::narrative) fn mark(self) -> String {
        let letter = match self {
            Self::Item => 'i',
            Self::Keep => 'k',
            Self::Short => 's',
        };
        format!("{PART}{letter}")
    }
}

struct Item {
    keep: bool,
    /// The full form first.
    forms: Vec<String>,
    /// Which form is in use; `forms.len()` when dropped.
    form: usize,
    /// Whether a blank line stands before it.
    apart: bool,
}

impl Item {
    fn text(&self) -> Option<&String> {
        self.forms.get(self.form)
    }
}

/// The text in at most `limit` characters, marks of facts not counted.
pub(in crate::narrative) fn cut(marked: &str, limit: usize) -> String {
    let mut items = items(marked);
    let too_long = |items: &[Item]| printed_length(&joined(items)) > limit;
    for i in (0..items.len()).rev() {
        if !too_long(&items) {
            break;
        }
        if let Some(item) = items.get_mut(i).filter(|item| !item.keep) {
            item.form = item.forms.len();
        }
    }
    let steps = items.iter().map(|item| item.forms.len()).max().unwrap_or(0);
    for _ in 1..steps {
        for i in (0..items.len()).rev() {
            if too_long(&items)
                && let Some(item) = items.get_mut(i).filter(|item| item.form + 1 < item.forms.len())
            {
                item.form += 1;
            }
        }
    }
    // Shortest forms are bounded in the template; should one not be, items go rather than the promise.
    for i in 0..items.len() {
        if too_long(&items)
            && let Some(item) = items.get_mut(i)
        {
            item.form = item.forms.len();
        }
    }
    joined(&items)
}

fn items(marked: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for part in marked.split(PART).skip(1) {
        let text = part.get(1..).unwrap_or_default();
        let trimmed = text.trim();
        let empty = printed_length(trimmed) == 0;
        match part.chars().next() {
            Some('s') => {
                if let Some(item) = items.last_mut().filter(|item| !item.forms.is_empty() && !empty) {
                    item.forms.push(trimmed.to_owned());
                }
            }
            kind => {
                let forms = if empty { vec![] } else { vec![trimmed.to_owned()] };
                items.push(Item { keep: kind == Some('k'), forms, form: 0, apart: text.starts_with("\n\n") });
            }
        }
    }
    items
}

fn joined(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let Some(form) = item.text() else { continue };
        if item.apart && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(form);
        text.push('\n');
    }
    text
}

/// The beginning of a text in at most `most` characters: whole sentences where they
/// fill half the room, else whole words. `None` when the text fits as it is.
pub(in crate::narrative) fn beginning(text: &str, most: usize) -> Option<&str> {
    let (end, _) = text.char_indices().nth(most)?;
    let head = text.get(..end)?;
    let sentence = head.rfind(". ").map(|i| i + 1).filter(|i| *i * 2 >= head.len());
    let cut = sentence.or_else(|| head.rfind(' ').filter(|i| *i * 2 >= head.len())).unwrap_or(end);
    text.get(..cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        let (item, keep, short) = (Begin::Item.mark(), Begin::Keep.mark(), Begin::Short.mark());
        format!(
            "{keep}\nsubject\n{item}\n\nwhat happened\n{keep}\n\nreply: long\n{short}reply\n{item}\n{item}\nmore\n{keep}\nask\n"
        )
    }

    #[test]
    fn items_go_from_the_bottom_up_then_get_shorter() {
        let text = sample();
        assert_eq!(cut(&text, 100), "subject\n\nwhat happened\n\nreply: long\nmore\nask\n");
        assert_eq!(cut(&text, 42), "subject\n\nwhat happened\n\nreply: long\nask\n");
        assert_eq!(cut(&text, 30), "subject\n\nreply: long\nask\n");
        assert_eq!(cut(&text, 20), "subject\n\nreply\nask\n");
        assert_eq!(cut(&text, 10), "reply\nask\n");
    }

    #[test]
    fn beginnings_end_at_sentences_or_words() {
        assert_eq!(beginning("One two. Three four.", 40), None);
        assert_eq!(beginning("One two. Three four.", 12), Some("One two."));
        assert_eq!(beginning("One two three four", 15), Some("One two three"));
        assert_eq!(beginning("oooooooooooooooo", 4), Some("oooo"));
        assert_eq!(beginning("éééé éééé", 6), Some("éééé"));
    }
}
