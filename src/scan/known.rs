//! Replies that were taken apart before: an incident says the same few things a million times.

use rustc_hash::FxHashMap;

use crate::smtp::{Meaning, Named, Reply, meaning_of, named_by_limit, split_at_token};

/// A reply, and what it means.
pub(super) struct Understood {
    /// Taken apart; the token is that of the first reply in these words.
    pub(super) reply: Reply,
    pub(super) meaning: Meaning,
    /// The form that it shares with others of its kind.
    pub(super) normal_form: Box<str>,
    /// The number of that form: cheaper to count by than its text.
    pub(super) form: usize,
    /// The sending address or domain that a limit names.
    pub(super) named: Option<Named>,
    /// Whether its place stays its own.
    pub(super) is_remembered: bool,
}

/// The place of a reply among the known ones; until the next one is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KnownReply(usize);

/// Replies by their raw text without the token.
#[derive(Default)]
pub(super) struct KnownReplies {
    by_text: FxHashMap<Box<[u8]>, KnownReply>,
    /// Beyond those of `by_text` there may be one, which is not remembered.
    understood: Vec<Understood>,
    /// Numbers of the normal forms.
    forms: FxHashMap<Box<str>, usize>,
    /// A raw text without its token.
    text: Vec<u8>,
}

/// Distinct raw replies remembered; beyond that they are parsed each time.
const MOST: usize = 4096;

impl KnownReplies {
    /// What a raw reply says, but for its token.
    pub(super) fn understand(&mut self, raw: &[u8]) -> KnownReply {
        let parts = split_at_token(raw);
        let (before, after) = parts.map_or((raw, &[][..]), |(before, _, after)| (before, after));
        self.text.clear();
        self.text.extend_from_slice(before);
        // Keeps a reply without a token apart from one whose token is left out.
        self.text.extend(parts.map(|_| 0));
        self.text.extend_from_slice(after);
        if let Some(known) = self.by_text.get(&*self.text) {
            return *known;
        }
        let mut understood = Understood::of(raw, &mut self.forms);
        self.understood.truncate(self.by_text.len());
        let known = KnownReply(self.understood.len());
        // Only what reads the same with any other token is remembered.
        let token = understood.reply.token.as_ref().map(|token| token.0.as_bytes());
        if known.0 < MOST && parts.is_none_or(|(_, cut, _)| token == Some(cut)) {
            self.by_text.insert(self.text.as_slice().into(), known);
            understood.is_remembered = true;
        }
        self.understood.push(understood);
        known
    }

    /// A reply that was understood.
    pub(super) fn get(&self, known: KnownReply) -> Option<&Understood> {
        self.understood.get(known.0)
    }
}

impl Understood {
    fn of(raw: &[u8], forms: &mut FxHashMap<Box<str>, usize>) -> Self {
        let reply = Reply::parse(&String::from_utf8_lossy(raw));
        let meaning = meaning_of(&reply);
        let normal_form: Box<str> = reply.normal_form().into();
        let next = forms.len();
        let form = *forms.entry(normal_form.clone()).or_insert(next);
        let named = named_by_limit(&reply, meaning.scope);
        Self { named, form, normal_form, meaning, reply, is_remembered: false }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn assert_known_as_parsed(known: &mut KnownReplies, raw: &str) {
        let parsed = Reply::parse(raw);
        let found = known.understand(raw.as_bytes());
        let found = known.get(found).map(|u| (u.reply.clone(), u.meaning, &*u.normal_form));
        let Some((reply, meaning, normal_form)) = found else { panic!("{raw} is not known") };
        assert_eq!(Reply { token: parsed.token.clone(), ..reply.clone() }, parsed, "{raw}");
        assert_eq!(reply.token.is_some(), parsed.token.is_some(), "{raw}");
        assert_eq!((meaning, normal_form), (meaning_of(&parsed), &*parsed.normal_form()), "{raw}");
    }

    #[test]
    fn the_same_words_are_parsed_once() {
        let mut known = KnownReplies::default();
        for n in 100..200 {
            assert_known_as_parsed(
                &mut known,
                &format!(
                    "421 4.7.0 Temporary System Problem.  Try again later (3). ba366b434cdb4-9029995de50si55657432b.1{n} - gsmtp"
                ),
            );
        }
        assert_eq!(known.by_text.len(), 1);
    }

    #[test]
    fn more_than_are_remembered_are_understood_all_the_same() {
        let mut known = KnownReplies::default();
        for n in 0..MOST + 10 {
            assert_known_as_parsed(&mut known, &format!("450 4.2.1 user{n} receives mail too quickly"));
        }
        assert_eq!((known.by_text.len(), known.understood.len()), (MOST, MOST + 1));
    }

    proptest! {
        #[test]
        fn whatever_stands_around_a_token_reads_as_it_does_alone(
            before in prop_oneof!["421[- ]4\\.7\\.(0|28) [a-z ]{0,9}(\\\\n|#012)?(421 |550-5\\.1\\.1 )?", "\\PC{0,24}"],
            tokens in proptest::collection::vec(
                prop_oneof!["[0-9a-f]{1,13}(-[0-9a-f]{3,11})?si[0-9]{4,11}[a-z0-9]{0,3}\\.[0-9]{1,4}", "[0-9a-z.-]{8,20}", "421-4s(i|m|or)12345\\.7"],
                1..5,
            ),
            after in select(vec![" - gsmtp", " - gsmtp (in reply to RCPT TO command)", " - gsmtp)", "_-_gsmtp", " - gsmtp x", ""]),
        ) {
            let mut known = KnownReplies::default();
            for token in tokens {
                assert_known_as_parsed(&mut known, &format!("{before} {token}{after}"));
            }
        }
    }
}
