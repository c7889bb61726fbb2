//! Conditions, and what follows from them.

use super::super::plan::{Address, Collapse, Rule, Test, Verdict, When};
use super::super::raw::{RawCollapse, RawRule, RawSet, RawWhen};
use super::Checker;
use super::fields::{STAGES, TLS, words_of};
use crate::case::{Code, Path};
use crate::smtp::{By, Outcome, Stage, TlsUse};

words_of!(OUTCOMES, Outcome);
words_of!(DECIDERS, By);

impl Checker<'_> {
    pub(super) fn whens(&mut self, raw: Vec<Option<RawWhen>>, fields: bool, path: &Path) -> Vec<When> {
        self.each(raw, path, |c, when, at| c.when(when, fields, at))
    }

    /// A condition; `fields` tells whether fields are known where it is asked.
    pub(super) fn when(&mut self, raw: RawWhen, fields: bool, path: &Path) -> Option<When> {
        let tests =
            [raw.one_of.is_some(), raw.between.is_some(), raw.ge.is_some(), raw.le.is_some(), raw.matches.is_some()];
        let tests = tests.iter().filter(|t| **t).count();
        let subjects = [
            raw.all.is_some(),
            raw.any.is_some(),
            raw.not.is_some(),
            raw.has.is_some(),
            raw.regex.is_some(),
            raw.field.is_some(),
        ];
        if subjects.iter().filter(|s| **s).count() != 1 || (tests > 0) != raw.field.is_some() || tests > 1 {
            let message =
                "a condition is one of `all`, `any`, `not`, `has`, `regex`, or `field` with one test".to_owned();
            let help = "such as `{field: code, between: [400, 499]}`; several go into `all: [{…}, {…}]`";
            self.slips.at_key(path, Code::BadRule, message, help);
            return None;
        }
        if let Some(all) = raw.all {
            let all = self.whens(all, fields, &path.key("all"));
            return self.some_of(all, path).map(When::All);
        }
        if let Some(any) = raw.any {
            let any = self.whens(any, fields, &path.key("any"));
            return self.some_of(any, path).map(When::Any);
        }
        if let Some(not) = raw.not {
            return self.when(*not, fields, &path.key("not")).map(|not| When::Not(Box::new(not)));
        }
        if let Some(has) = raw.has {
            return self.address(&has, fields, &path.key("has")).map(When::Has);
        }
        if let Some(regex) = raw.regex {
            return self.pattern(&regex, &path.key("regex")).map(When::Text);
        }
        let field = self.address(raw.field.as_deref()?, fields, &path.key("field"));
        let test = if let Some(words) = raw.one_of {
            let words: Vec<_> = words.into_iter().flatten().map(String::into_bytes).collect();
            Test::OneOf(self.some_of(words, &path.key("in"))?)
        } else if let Some(between) = raw.between {
            let (least, most) = self.range(&between, &path.key("between"))?;
            Test::Between(least, most)
        } else if let Some(least) = raw.ge {
            Test::Between(least, u64::MAX)
        } else if let Some(most) = raw.le {
            Test::Between(0, most)
        } else {
            Test::Matches(self.pattern(&raw.matches?, &path.key("match"))?)
        };
        Some(When::Value(field?, test))
    }

    /// A list that may not be empty.
    fn some_of<T>(&mut self, list: Vec<T>, path: &Path) -> Option<Vec<T>> {
        if list.is_empty() {
            self.slips.at_key(path, Code::EmptyValue, "nothing is listed here".to_owned(), "fill it in or delete it");
            return None;
        }
        Some(list)
    }

    pub(super) fn rules(&mut self, raw: Vec<Option<RawRule>>, path: &Path) -> Vec<Rule> {
        let count = raw.len();
        let mut last_is_unconditional = false;
        let rules = self.each(
            raw.into_iter().enumerate().map(|(n, r)| r.map(|r| (n, r))).collect(),
            path,
            |c, (n, rule), at| {
                let conditional = rule.when.is_some();
                if !conditional && n + 1 < count {
                    let message = "no rule after this one is ever reached".to_owned();
                    c.slips.at_key(at, Code::BadRule, message, "give it a `when`, or move it to the end");
                }
                last_is_unconditional |= !conditional && n + 1 == count;
                let when = rule.when.and_then(|when| c.when(when, true, &at.key("when")));
                let verdict = rule.set.and_then(|set| c.verdict(set, &at.key("set")))?;
                (!conditional || when.is_some()).then_some(Rule { when, verdict })
            },
        );
        if count > 0 && !last_is_unconditional {
            let message = "the last rule must have no `when`, so that every record gets an outcome".to_owned();
            let help = "end with `- {set: {outcome: unclassified, by: unknown}}`";
            self.slips.at_key(&path.item(count - 1), Code::BadRule, message, help);
        } else if count == 0 {
            let help = "`outcome: [{when: {…}, set: {outcome: delivered}}, {set: {outcome: unclassified}}]`";
            self.slips.at_key(path, Code::MissingKey, "`outcome` has no rules".to_owned(), help);
        }
        rules
    }

    fn verdict(&mut self, raw: RawSet, path: &Path) -> Option<Verdict> {
        let outcome = raw.outcome.as_deref()?;
        let outcome = self.word_of(outcome, &OUTCOMES, &path.key("outcome")).then(|| Outcome::from_word(outcome))?;
        let by = raw.by.as_deref().map(|by| (by, self.word_of(by, &DECIDERS, &path.key("by"))));
        let stage = raw.stage.as_deref().filter(|s| self.word_of(s, &STAGES, &path.key("stage")));
        let tls = raw.tls.as_deref().filter(|t| self.word_of(t, &TLS, &path.key("tls")));
        let outcome = outcome?;
        let by = match by {
            None => usual_decider(outcome),
            Some((by, _)) => By::from_word(by)?,
        };
        self.fits(outcome, by, &path.key("by"));
        Some(Verdict {
            outcome,
            by,
            stage: stage.and_then(Stage::from_word),
            tls: tls.and_then(TlsUse::from_word),
            reason: raw.reason.unwrap_or_default().into_bytes(),
        })
    }

    /// An answer is the receiver's, and the sender's own decision is the sender's.
    fn fits(&mut self, outcome: Outcome, by: By, path: &Path) {
        let answer = matches!(
            outcome,
            Outcome::Delivered | Outcome::Deferral | Outcome::Rejection | Outcome::RemoteClose | Outcome::Plaintext
        );
        if answer && by == By::Sender {
            let message = format!("`{outcome}` is what the receiver did, so the sender cannot have decided it");
            self.slips.at_value(path, Code::BadRule, message, "the sender's own decision is `outcome: local`");
        } else if outcome == Outcome::Local && by != By::Sender {
            let message = "`local` is the sender's own decision".to_owned();
            self.slips.at_value(path, Code::BadRule, message, "write `by: sender`, or leave it out");
        }
    }

    pub(super) fn collapse(&mut self, raw: RawCollapse, path: &Path) -> Option<Collapse> {
        let when = raw.when.and_then(|when| self.when(when, true, &path.key("when")));
        let per = self.each(raw.per, &path.key("per"), Self::part);
        let verdict = raw.set.map(|set| self.verdict(set, &path.key("set")));
        let per = self.some_of(per, &path.key("per"));
        Some(Collapse { when: when?, per: per?, verdict: verdict.flatten() })
    }
}

/// Who decided, where only one side can have.
const fn usual_decider(outcome: Outcome) -> By {
    match outcome {
        Outcome::Delivered | Outcome::Deferral | Outcome::Rejection | Outcome::RemoteClose | Outcome::Plaintext => {
            By::Receiver
        }
        Outcome::Local => By::Sender,
        _ => By::Unknown,
    }
}

/// Whether a condition looks at fields.
pub(super) fn uses_fields(when: &When) -> bool {
    match when {
        When::All(several) | When::Any(several) => several.iter().any(uses_fields),
        When::Not(not) => uses_fields(not),
        When::Has(address) | When::Value(address, _) => matches!(address, Address::Field(_)),
        When::Text(_) => false,
    }
}
