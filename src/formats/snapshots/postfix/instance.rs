//! A parameter of one Postfix instance, looked up as Postfix does.
//!
//! A service's `-o` comes before main.cf, main.cf before the default. Where several main.cf
//! could belong to a master.cf, only what they agree on is known.

use super::defaults::{VERSIONS, default_of};
use super::kept::meaning;
use super::macros::{Reach, expand};
use super::{is_main, take};
use crate::formats::snapshots::node::{Index, index};
use crate::formats::snapshots::{Basis, Cite, Effective, Means, Mta, Part, Setting};

/// How much of main.cf is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Main {
    /// A listing: what it does not state is at its default.
    Whole,
    /// Nothing, or single names: what is not stated is not known.
    Part,
}

/// One instance.
#[derive(Clone, Debug)]
pub(super) struct Instance<'a> {
    /// What the file of its services states; empty where only main.cf is there.
    options: Index<'a>,
    /// The services that read the limits of transports.
    managers: Vec<&'a str>,
    mains: Vec<(Part<'a>, Index<'a>)>,
    main: Main,
    version: Option<(u32, u32)>,
}

/// A parameter with its references replaced.
pub(super) struct Resolved {
    pub(super) value: String,
    /// Where it is stated; none for a default.
    pub(super) cite: Option<Cite>,
    /// A default that main.cf might override, but main.cf is not there.
    pub(super) assumed: bool,
}

enum Found<'a> {
    Is(Cite, &'a Setting),
    Absent,
    Differs(String),
}

/// A listing has more names than a person asks for one by one.
const LISTING: u64 = 8;

impl<'a> Instance<'a> {
    pub(super) fn new(own: Option<Part<'a>>, mains: &[Part<'a>], version: Option<(u32, u32)>) -> Self {
        // A file that holds both parts is complete in itself.
        let mains = match own.filter(|o| is_main(o.snapshot)) {
            Some(own) => vec![own],
            None => mains.to_vec(),
        };
        let names = |p: &Part<'_>| {
            p.snapshot.left_out + p.snapshot.settings.iter().filter(|s| s.service.is_empty()).count() as u64
        };
        let whole = !mains.is_empty() && mains.iter().all(|m| names(m) >= LISTING);
        let services = own.iter().flat_map(|o| &o.snapshot.services);
        let managers = services.filter(|s| matches!(s.program.as_str(), "qmgr" | "oqmgr"));
        Self {
            options: own.map(|o| index(o, Mta::Postfix)).unwrap_or_default(),
            managers: managers.map(|s| s.name.as_str()).collect(),
            mains: mains.into_iter().map(|m| (m, index(m, Mta::Postfix))).collect(),
            main: if whole { Main::Whole } else { Main::Part },
            version,
        }
    }

    pub(super) const fn main(&self) -> Main {
        self.main
    }

    /// The services that read the limits of transports: options of theirs come before main.cf.
    pub(super) fn managers(&self) -> &[&'a str] {
        &self.managers
    }

    fn find(&self, service: &str, name: &str) -> Found<'a> {
        let option = (!service.is_empty()).then(|| self.options.get(&(service, name))).flatten();
        if let Some((cite, setting)) = option {
            return Found::Is(*cite, setting);
        }
        let stated: Vec<_> = self.mains.iter().map(|(_, index)| index.get(&("", name)).copied()).collect();
        let first = stated.iter().flatten().next().copied();
        let value = |s: &Option<(Cite, &'a Setting)>| s.map(|(_, s)| s.value.as_str());
        match first {
            None => Found::Absent,
            Some((cite, setting)) if stated.iter().all(|s| value(s) == Some(&setting.value)) => {
                Found::Is(cite, setting)
            }
            Some(_) => {
                let files: Vec<_> = self.mains.iter().map(|(m, _)| m.exhibit.to_string()).collect();
                Found::Differs(format!("{} state {name} differently", files.join(" and ")))
            }
        }
    }

    /// A parameter with its references replaced.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) fn text(&self, service: &str, name: &str) -> Result<Resolved, String> {
        let (raw, cite) = match self.find(service, name) {
            Found::Is(cite, setting) => (setting.value.clone(), Some(cite)),
            Found::Differs(why) => return Err(why),
            Found::Absent => match default_of(name, self.version) {
                Some(value) => (value.to_owned(), None),
                None => return Err(format!("{name} is not stated")),
            },
        };
        let value = expand(&raw, &mut |name| self.reach(service, name)).map_err(|why| format!("{name}: {why}"))?;
        Ok(Resolved { value, cite, assumed: cite.is_none() && self.main() == Main::Part })
    }

    fn reach(&self, service: &str, name: &str) -> Reach {
        if name == "service_name" && !service.is_empty() {
            return Reach::Value(service.to_owned());
        }
        match self.find(service, name) {
            Found::Is(_, setting) => Reach::Value(setting.value.clone()),
            Found::Differs(why) => Reach::Unknown(why),
            Found::Absent => match self.address(name).or_else(|| default_of(name, self.version).map(str::to_owned)) {
                Some(value) => Reach::Value(value),
                None => Reach::Unknown(format!("${name} is not known here")),
            },
        }
    }

    /// An address under a name of the user's own.
    fn address(&self, name: &str) -> Option<String> {
        let mut given = self.mains.iter().map(|(m, _)| m.snapshot.addresses.get(name));
        let first = given.next().flatten()?;
        given.all(|other| other == Some(first)).then(|| first.to_string())
    }

    /// The first of several parameters that is stated, else the default of the last: as the
    /// queue manager reads `ip1_destination_concurrency_limit`, then `default_…`.
    pub(super) fn effective(&self, shown: &'static str, services: &[&str], names: &[&str]) -> Effective {
        let unknown = |why: String| Effective {
            name: shown,
            value: String::new(),
            means: Means::Text,
            basis: Basis::Unknown(why),
        };
        let mut chosen = None;
        'names: for name in names {
            for service in services.iter().copied().chain([""]) {
                match self.find(service, name) {
                    Found::Absent => {}
                    Found::Differs(why) => return unknown(why),
                    Found::Is(..) => {
                        chosen = Some((service, *name));
                        break 'names;
                    }
                }
            }
        }
        let last = names.last().copied().unwrap_or(shown);
        let (service, name) = chosen.unwrap_or(("", last));
        let resolved = match self.text(service, name) {
            Ok(resolved) if resolved.assumed => return unknown(format!("{name} is not stated, nor is main.cf there")),
            Ok(resolved) => resolved,
            Err(why) => return unknown(why),
        };
        let means = take(name).map_or(Means::Text, |take| meaning(take, &resolved.value));
        let basis = resolved.cite.map_or(Basis::Default(VERSIONS), Basis::Stated);
        Effective { name: shown, value: resolved.value, means, basis }
    }
}
