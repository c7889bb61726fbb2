//! Where a value stands, as a mapping writes it.

use super::super::plan::{Address, Part, Pointer, Target};
use super::{Checker, Kind};
use crate::case::{Code, Path, nearest};

impl Checker<'_> {
    /// Reads an address: a field, where fields are known, else what the container has.
    pub(super) fn address(&mut self, text: &str, fields: bool, path: &Path) -> Option<Address> {
        let found = if fields { self.field_named(text) } else { None };
        if let Some(target) = found {
            return Some(Address::Field(target));
        }
        let read = if text.starts_with("extra.") {
            Err((format!("`{text}` is no field of this mapping"), "define it under `fields`".to_owned()))
        } else {
            self.in_container(text)
        };
        match read {
            Ok(address) => Some(address),
            Err((message, help)) => {
                self.slips.at_value(path, Code::BadAddress, message, &help);
                None
            }
        }
    }

    /// A field that rules may name: one that is defined, or a code that is read off the reply.
    fn field_named(&self, name: &str) -> Option<Target> {
        let target = self.target(name)?;
        let derived = matches!(target, Target::Code | Target::Enhanced) && self.defined.contains(&Target::Reply);
        (derived || self.defined.contains(&target)).then_some(target)
    }

    /// The target of a name, known or the mapping's own.
    pub(super) fn target(&self, name: &str) -> Option<Target> {
        Target::named(name).or_else(|| {
            let at = self.extras.iter().position(|extra| extra == name)?;
            u8::try_from(at).ok().map(Target::Extra)
        })
    }

    fn in_container(&mut self, text: &str) -> Result<Address, (String, String)> {
        let position = text.strip_prefix('#').and_then(|n| n.parse::<usize>().ok());
        match &self.kind {
            Kind::Json => pointer(text).map(Address::Pointer),
            Kind::Rows | Kind::Delimited if position.is_some() => Ok(Address::Position(position.unwrap_or_default())),
            Kind::Delimited => Err((
                format!("`{text}` is no position of a value"),
                "write `#0` for the first, `#1` for the second".to_owned(),
            )),
            Kind::Rows if text.trim().is_empty() => {
                Err(("a column without a name".to_owned(), "write `#0` for the first column".to_owned()))
            }
            Kind::Rows => {
                let known = self.columns.iter().position(|column| column == text).unwrap_or_else(|| {
                    self.columns.push(text.to_owned());
                    self.columns.len() - 1
                });
                Ok(Address::Column(known))
            }
            Kind::Lines(groups) => match groups.iter().position(|group| group.as_deref() == Some(text)) {
                Some(at) => Ok(Address::Group(at)),
                None => {
                    let names = || groups.iter().flatten().map(String::as_str);
                    let help = match nearest(text, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("its groups: {}", names().collect::<Vec<_>>().join(", ")),
                    };
                    Err((format!("the pattern has no group `{text}`"), help))
                }
            },
        }
    }

    /// A list to explode: a pointer that ends in `*`.
    pub(super) fn list(&mut self, text: String, path: &Path) -> Option<Pointer> {
        let read = text.strip_suffix("/*").ok_or(()).and_then(|list| pointer(list).map_err(|_| ()));
        match read {
            Ok(pointer) if matches!(self.kind, Kind::Json) && !text[..text.len() - 2].contains('*') => Some(pointer),
            _ => {
                let message = format!("`{text}` is no list of a JSON record");
                self.slips.at_value(
                    path,
                    Code::BadAddress,
                    message,
                    "write a pointer that ends in `*`, such as `/results/*`",
                );
                None
            }
        }
    }

    /// What two records have in common.
    pub(super) fn part(&mut self, text: String, path: &Path) -> Option<Part> {
        match text.as_str() {
            "time" => Some(Part::Time),
            "second" => Some(Part::Second),
            "minute" => Some(Part::Minute),
            _ => self.address(&text, true, path).map(Part::Value),
        }
    }
}

/// A JSON pointer (RFC 6901), `../` before it to begin at the record, `.` for the element.
fn pointer(text: &str) -> Result<Pointer, (String, String)> {
    let wrong = || {
        let help = "write a JSON pointer, such as `/delivery-status/code`; `../x` is of the record around an element, `.` the element itself";
        (format!("`{text}` is no place in a JSON record"), help.to_owned())
    };
    let (from_record, rest) = match text.strip_prefix("..") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('.').filter(|rest| rest.is_empty()).unwrap_or(text)),
    };
    if rest.is_empty() && (from_record || text == ".") {
        return Ok(Pointer { from_record, steps: Vec::new() });
    }
    let steps = steps(rest).filter(|steps| !steps.iter().any(|s| s == b"*")).ok_or_else(wrong)?;
    Ok(Pointer { from_record, steps })
}

/// The steps of a pointer; of `/` and of nothing, none.
pub(super) fn steps(text: &str) -> Option<Vec<Vec<u8>>> {
    if text.is_empty() || text == "/" {
        return Some(Vec::new());
    }
    let rest = text.strip_prefix('/')?;
    Some(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~").into_bytes()).collect())
}
