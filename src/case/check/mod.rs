//! Raw to meant: each text gets its meaning, and each that has none is a problem.

mod scalar;

pub use scalar::window;

use std::collections::BTreeMap;

use super::meant::{
    Attest, Budgets, Case, Change, Column, Gate, Launch, Node, Notes, Redact, Sender, SourceRule, SpamRate, name_from,
};
use super::path::Path;
use super::problem::Code;
use super::raw::{
    RawAttest, RawBudgets, RawCase, RawChange, RawColumn, RawGate, RawLaunch, RawNode, RawRedact, RawSender, RawSource,
    RawSpamRate, RawWindow,
};
use super::read::Words;
use super::typed::Slips;
use crate::smtp::Lanes;
use crate::time::Window;

/// The case, without what was wrong; the slips go to the others of the text.
pub(super) fn check(raw: RawCase, folder: &str, words: &Words<'_>, slips: &mut Slips) -> Case {
    Checker { words, slips }.case(raw, folder)
}

/// What every check needs to know, and where it tells what it found.
struct Checker<'a> {
    words: &'a Words<'a>,
    slips: &'a mut Slips,
}

impl Checker<'_> {
    fn case(&mut self, raw: RawCase, folder: &str) -> Case {
        let top = Path::default();
        let (window, healthy) = self.windows(raw.window, &top.key("window"));
        let mappings = raw.mappings;
        for (name, file) in &mappings {
            self.not_blank(file, &top.key("mappings").key(name));
        }
        Case {
            name: said(raw.case).map_or_else(|| name_from(folder), |name| self.name(name, &top.key("case"))),
            title: said(raw.title),
            window,
            overruled: None,
            healthy,
            sender: raw.sender.map(|s| self.sender(s, &top.key("sender"))).unwrap_or_default(),
            sources: self.each(raw.sources, &top.key("sources"), |c, s, at| c.source(s, &mappings, at)),
            nodes: self.nodes(raw.nodes, &top.key("nodes")),
            sending_ips: self.sending_ips(raw.sending_ips, &top.key("sending_ips")),
            lanes: self.lanes(raw.lanes, &top.key("lanes")),
            launches: self.each(raw.launches, &top.key("launches"), Self::launch),
            changes: self.each(raw.changes, &top.key("changes"), Self::change),
            clocks: raw.clocks.map(|c| self.clocks(c.apply, &top.key("clocks").key("apply"))).unwrap_or_default(),
            attest: raw.attest.map(|a| self.attest(a, &top.key("attest"))).unwrap_or_default(),
            redact: raw.redact.map(|r| self.redact(r, &top.key("redact"))).unwrap_or_default(),
            budgets: raw.budgets.map(|b| self.budgets(b, &top.key("budgets"))).unwrap_or_default(),
            notes: raw.notes.map(|n| Notes { esp: said(n.esp), google: said(n.google) }).unwrap_or_default(),
            mappings,
        }
    }

    /// Each item of a list that was shaped as it should be, with its own path.
    fn each<R, T>(
        &mut self,
        items: Vec<Option<R>>,
        path: &Path,
        mut one: impl FnMut(&mut Self, R, &Path) -> Option<T>,
    ) -> Vec<T> {
        let shaped = items.into_iter().enumerate().filter_map(|(n, item)| item.map(|item| (n, item)));
        shaped.filter_map(|(n, item)| one(self, item, &path.item(n))).collect()
    }

    fn windows(&mut self, raw: Option<RawWindow>, path: &Path) -> (Option<Window>, Option<Window>) {
        let Some(raw) = raw else { return (None, None) };
        let window = match (said(raw.from), said(raw.to)) {
            (None, None) => None,
            (Some(from), Some(to)) => self.window(&from, &to, path),
            (Some(_), None) => self.half_window("from", "to", path),
            (None, Some(_)) => self.half_window("to", "from", path),
        };
        let healthy = raw.healthy.and_then(|h| self.window(&said(h.from)?, &said(h.to)?, &path.key("healthy")));
        (window, healthy)
    }

    fn sender(&mut self, raw: RawSender, path: &Path) -> Sender {
        Sender {
            organisation: said(raw.organisation),
            contact: said(raw.contact),
            domains: self.each(raw.domains, &path.key("domains"), Self::domain),
            provider: said(raw.provider),
            provider_case: said(raw.provider_case),
        }
    }

    fn source(&mut self, raw: RawSource, mappings: &BTreeMap<String, String>, path: &Path) -> Option<SourceRule> {
        let names = || mappings.keys().map(String::as_str);
        let (formats, conditions) = (self.words.formats, self.words.conditions);
        let zone = said(raw.zone).and_then(|zone| self.zone(&zone, &path.key("zone")));
        let taken = said(raw.taken).and_then(|taken| self.stamp(&taken, &path.key("taken")));
        let dates = said(raw.dates);
        if let Some(dates) = &dates {
            self.known(dates, "an order of dates", ["day_first", "month_first"].into_iter(), &path.key("dates"));
        }
        let (format, mapping, condition) = (said(raw.format), said(raw.mapping), said(raw.condition));
        if let Some(format) = format.as_ref().filter(|_| !formats.is_empty()) {
            self.known(format, "a format", formats.iter().copied(), &path.key("format"));
        }
        if let Some(condition) = condition.as_ref().filter(|_| !conditions.is_empty()) {
            self.known(condition, "a condition", conditions.iter().copied(), &path.key("condition"));
        }
        if let Some(mapping) = &mapping {
            let brought = self.words.mappings.iter().copied();
            self.known(mapping, "one of `mappings`", names().chain(brought), &path.key("mapping"));
            if let Some(format) = format.as_ref().filter(|format| *format != "generic") {
                let message = format!("a mapping reads the file, so `{format}` cannot");
                self.at_value(&path.key("format"), Code::UnknownWord, message, "leave out one of the two");
            }
        }
        let columns = self.columns(raw.columns, &path.key("columns"));
        let glob = raw.path.and_then(|glob| self.glob(&glob, &path.key("path")))?;
        Some(SourceRule { path: glob, node: said(raw.node), zone, dates, format, mapping, columns, condition, taken })
    }

    fn columns(&mut self, raw: BTreeMap<String, RawColumn>, path: &Path) -> BTreeMap<String, Column> {
        let mut columns = BTreeMap::new();
        for (heading, column) in raw {
            let Some(signal) = column.signal else { continue };
            let here = path.key(&heading).key("signal");
            self.signal(&signal, &here, self.slips.places().value(&here));
            columns.insert(heading, Column { signal, unit: said(column.unit) });
        }
        columns
    }

    fn nodes(&mut self, raw: BTreeMap<String, Option<RawNode>>, path: &Path) -> BTreeMap<String, Node> {
        let mut nodes = BTreeMap::new();
        for (name, node) in raw {
            let node = node.unwrap_or_default();
            let limits_at = path.key(&name).key("limits");
            let mut limits = BTreeMap::new();
            for (signal, limit) in node.limits {
                let here = limits_at.key(&signal);
                self.signal(&signal, &here, self.slips.places().key(&here));
                if let Some(limit) = self.quantity(&limit, &here) {
                    limits.insert(signal, limit);
                }
            }
            nodes.insert(name, Node { provider_id: said(node.provider_id), limits });
        }
        nodes
    }

    fn sending_ips(
        &mut self,
        raw: BTreeMap<String, Option<String>>,
        path: &Path,
    ) -> BTreeMap<String, std::net::IpAddr> {
        let given = raw.into_iter().filter_map(|(tag, ip)| Some((tag, said(ip)?)));
        given.filter_map(|(tag, ip)| self.ip(&ip, &path.key(&tag)).map(|ip| (tag, ip))).collect()
    }

    fn lanes(&mut self, raw: BTreeMap<String, Vec<Option<String>>>, path: &Path) -> Lanes {
        let mut lanes: Vec<(String, Vec<String>)> = Vec::new();
        for (name, patterns) in raw {
            let here = path.key(&name);
            if matches!(name.as_str(), "gmail" | "other") {
                let help = "this lane is built in; give yours another name";
                self.at_key(&here, Code::BadLane, format!("`{name}` cannot be redefined"), help);
            } else if patterns.is_empty() {
                self.at_key(
                    &here,
                    Code::EmptyValue,
                    format!("lane `{name}` has no patterns"),
                    "write `[mx.example.com]`",
                );
            }
            let one = |c: &mut Self, pattern: String, at: &Path| c.lane_pattern(&name, pattern, at);
            let patterns = self.each(patterns, &here, one);
            lanes.push((name, patterns));
        }
        // Earlier lanes of the file are tried first, whatever their names.
        lanes.sort_by_cached_key(|(name, _)| self.slips.places().key(&path.key(name)).start);
        Lanes::default().with(&lanes).unwrap_or_else(|error| {
            self.at_key(path, Code::BadLane, error.to_string(), "leave out those that decide nothing");
            Lanes::default()
        })
    }

    fn launch(&mut self, raw: RawLaunch, path: &Path) -> Option<Launch> {
        let at = self.stamp(&raw.at?, &path.key("at"))?;
        Some(Launch { at, name: said(raw.name), messages: raw.messages })
    }

    fn change(&mut self, raw: RawChange, path: &Path) -> Option<Change> {
        let at = raw.at.and_then(|at| self.stamp(&at, &path.key("at")));
        let what = raw.what.filter(|what| self.not_blank(what, &path.key("what")));
        Some(Change { at: at?, what: what? })
    }

    fn clocks(&mut self, raw: BTreeMap<String, String>, path: &Path) -> BTreeMap<String, i64> {
        raw.into_iter().filter_map(|(source, by)| self.offset(&by, &path.key(&source)).map(|by| (source, by))).collect()
    }

    fn attest(&mut self, raw: RawAttest, path: &Path) -> Attest {
        Attest {
            spam_rate: raw.spam_rate.and_then(|rate| self.spam_rate(rate, &path.key("spam_rate"))),
            spf: raw.spf.map(gate),
            dkim: raw.dkim.map(gate),
            dmarc: raw.dmarc.map(gate),
            one_click_unsubscribe: raw.one_click_unsubscribe,
            unsubscribe_48h: raw.unsubscribe_48h,
            ptr: raw.ptr,
            from_aligned: raw.from_aligned,
            display_name: raw.display_name,
        }
    }

    fn spam_rate(&mut self, raw: RawSpamRate, path: &Path) -> Option<SpamRate> {
        let percent = raw.value.and_then(|value| self.percent(&value, &path.key("value")));
        let day = raw.date.and_then(|date| self.day(&date, &path.key("date")));
        Some(SpamRate { percent: percent?, day: day? })
    }

    fn redact(&mut self, raw: RawRedact, path: &Path) -> Redact {
        let text = |c: &mut Self, text: String, at: &Path| c.not_blank(&text, at).then_some(text);
        Redact {
            own_domains: self.each(raw.own_domains, &path.key("own_domains"), Self::domain),
            allow: self.each(raw.allow, &path.key("allow"), text),
            deny: self.each(raw.deny, &path.key("deny"), text),
            keep_workspace_domains: self.each(
                raw.keep_workspace_domains,
                &path.key("keep_workspace_domains"),
                Self::domain,
            ),
        }
    }

    fn budgets(&mut self, raw: RawBudgets, path: &Path) -> Budgets {
        let unsaid = Budgets::default();
        let mut bytes = |size, key, unsaid| said(size).and_then(|s| self.bytes(&s, &path.key(key))).unwrap_or(unsaid);
        Budgets { esp: bytes(raw.esp, "esp", unsaid.esp), google: bytes(raw.google, "google", unsaid.google) }
    }
}

/// The text, unless it is blank: `provider_case: ""` says nothing.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

const fn gate(raw: RawGate) -> Gate {
    match raw {
        RawGate::Pass => Gate::Pass,
        RawGate::Fail => Gate::Fail,
        RawGate::Unknown => Gate::Unknown,
    }
}
