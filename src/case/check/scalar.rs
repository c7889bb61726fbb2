//! One text at a time: times, zones, globs, addresses, amounts.

use std::net::IpAddr;
use std::ops::Range;

use glob::Pattern;

use super::super::meant::{LONGEST_NAME, name_from};
use super::super::nearest::nearest;
use super::super::offset::parse_offset;
use super::super::path::Path;
use super::super::problem::Code;
use super::super::quantity::{Quantity, QuantityError, parse_bytes};
use super::Checker;
use crate::smtp::Lanes;
use crate::time::{Minute, Stamp, Window, Zone, ZoneError, parse_rfc3339};

impl Checker<'_> {
    pub(super) fn at_key(&mut self, path: &Path, code: Code, message: String, help: &str) {
        self.slips.at_key(path, code, message, help);
    }

    pub(super) fn at_value(&mut self, path: &Path, code: Code, message: String, help: &str) {
        self.slips.at_value(path, code, message, help);
    }

    /// Whether a text that must say something does.
    pub(super) fn not_blank(&mut self, text: &str, path: &Path) -> bool {
        let blank = text.trim().is_empty();
        if blank {
            self.at_value(path, Code::EmptyValue, "nothing is said here".to_owned(), "fill it in or delete it");
        }
        !blank
    }

    pub(super) fn name(&mut self, name: String, path: &Path) -> String {
        let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        // A name that begins with a hyphen would read as an option in a shell.
        if !letters || name.starts_with('-') || name.len() > LONGEST_NAME {
            let message =
                format!("`{name}` cannot name files: small letters, digits and hyphens, at most {LONGEST_NAME}");
            self.at_value(path, Code::BadName, message, &format!("did you mean `{}`?", name_from(&name)));
        }
        name
    }

    pub(super) fn stamp(&mut self, text: &str, path: &Path) -> Option<Stamp> {
        match stamp_of(text) {
            Ok(stamp) => Some(stamp),
            Err((error, help)) => {
                self.at_value(path, Code::BadTime, error, &help);
                None
            }
        }
    }

    pub(super) fn window(&mut self, from: &str, to: &str, path: &Path) -> Option<Window> {
        let (from, to) = (self.stamp(from, &path.key("from")), self.stamp(to, &path.key("to")));
        match window_of(from?, to?) {
            Ok(window) => Some(window),
            Err((message, help)) => {
                self.at_value(&path.key("to"), Code::BadWindow, message, &help);
                None
            }
        }
    }

    pub(super) fn half_window(&mut self, given: &str, missing: &str, path: &Path) -> Option<Window> {
        let message = format!("a window with `{given}` needs `{missing}`");
        self.at_key(&path.key(given), Code::BadWindow, message, "give both, or neither: then the data decides");
        None
    }

    /// A day as its first minute.
    pub(super) fn day(&mut self, text: &str, path: &Path) -> Option<Minute> {
        let day = day_of(text.trim());
        if day.is_none() {
            let message = format!("`{text}` is no day");
            self.at_value(path, Code::BadDate, message, "write it as `2026-11-02`");
        }
        day
    }

    pub(super) fn zone(&mut self, name: &str, path: &Path) -> Option<Zone> {
        match Zone::parse(name) {
            Ok(zone) => Some(zone),
            Err(ZoneError::Unknown { name, nearest }) => {
                let help = match nearest {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => "write `UTC`, `+01:00` or a name such as `America/New_York`".to_owned(),
                };
                self.at_value(path, Code::BadZone, format!("no time zone is called `{name}`"), &help);
                None
            }
        }
    }

    pub(super) fn glob(&mut self, text: &str, path: &Path) -> Option<Pattern> {
        if !self.not_blank(text, path) {
            return None;
        }
        let relative = text.strip_prefix("./").unwrap_or(text);
        let problem = if relative.starts_with('/') || relative.split('/').any(|part| part == "..") {
            ("leads out of the folder".to_owned(), "paths are relative to the folder of case.yaml".to_owned())
        } else if relative.ends_with('/') {
            ("is a folder".to_owned(), format!("for all files in it write `{relative}**`"))
        } else {
            match Pattern::new(relative) {
                Ok(glob) => return Some(glob),
                Err(error) => {
                    let help =
                        "`*` stays inside one folder, `**` alone between slashes crosses folders, `[*]` is a star";
                    (format!("is no glob: {}", error.msg), help.to_owned())
                }
            }
        };
        self.at_value(path, Code::BadPath, format!("`{text}` {}", problem.0), &problem.1);
        None
    }

    pub(super) fn ip(&mut self, text: &str, path: &Path) -> Option<IpAddr> {
        let ip = text.trim().parse().ok();
        if ip.is_none() {
            let message = format!("`{text}` is no IP address");
            self.at_value(path, Code::BadIp, message, "write one address, such as `192.0.2.11` or `2001:db8::1`");
        }
        ip
    }

    /// A domain in small letters.
    pub(super) fn domain(&mut self, text: String, path: &Path) -> Option<String> {
        let domain = text.trim().to_lowercase();
        if is_domain(&domain) {
            return Some(domain);
        }
        // An address, a URL or a pattern holds the domain that was meant.
        let bare = domain.split_once("://").map_or(domain.as_str(), |(_, rest)| rest);
        let bare = bare.rsplit('@').next().unwrap_or(bare).split('/').next().unwrap_or(bare);
        let bare = bare.trim_start_matches("*.").trim_matches('.');
        let help =
            if is_domain(bare) { format!("did you mean `{bare}`?") } else { "write it as `example.com`".to_owned() };
        self.at_value(path, Code::BadDomain, format!("`{text}` is no domain name"), &help);
        None
    }

    pub(super) fn lane_pattern(&mut self, lane: &str, pattern: String, path: &Path) -> Option<String> {
        match Lanes::default().with(&[(lane.to_owned(), vec![pattern.clone()])]) {
            Ok(_) => Some(pattern),
            Err(error) => {
                self.at_value(path, Code::BadLane, error.to_string(), "such as `*.protection.outlook.com`");
                None
            }
        }
    }

    pub(super) fn offset(&mut self, text: &str, path: &Path) -> Option<i64> {
        let offset = parse_offset(text);
        if let Err(error) = &offset {
            self.at_value(path, Code::BadOffset, error.to_string(), "write `-60m`, `+90s` or `1h`");
        }
        offset.ok()
    }

    pub(super) fn quantity(&mut self, text: &str, path: &Path) -> Option<Quantity> {
        let quantity = text.parse();
        if let Err(error) = &quantity {
            let help = match error {
                QuantityError::Number(_) => "write `1 Gbit/s`, `200 MB/s` or a bare number",
                QuantityError::Unit(_) => "known: bit, B, packets, each also with /s; %, s; none for a count",
            };
            self.at_value(path, Code::BadQuantity, error.to_string(), help);
        }
        quantity.ok()
    }

    pub(super) fn bytes(&mut self, text: &str, path: &Path) -> Option<u64> {
        let bytes = parse_bytes(text);
        if bytes.is_none() {
            let message = format!("`{text}` is no size in bytes");
            self.at_value(path, Code::BadSize, message, "write `5 MB` or `4 MiB`");
        }
        bytes
    }

    /// A percentage with its sign: a bare `0.05` might be a share.
    pub(super) fn percent(&mut self, text: &str, path: &Path) -> Option<f64> {
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
        let percent = number.filter(|percent| (0.0..=100.0).contains(percent));
        if percent.is_none() {
            let message = format!("`{text}` is no percentage from 0 to 100");
            self.at_value(path, Code::BadPercent, message, "write it with its sign, such as `0.05 %`");
        }
        percent
    }

    pub(super) fn signal(&mut self, signal: &str, path: &Path, span: Range<usize>) {
        let signals = self.words.signals;
        if !signals.is_empty() {
            self.known_at(signal, "a signal", signals.iter().copied(), path, span);
        }
    }

    pub(super) fn known<'w>(&mut self, word: &str, what: &str, known: impl Iterator<Item = &'w str>, path: &Path) {
        self.known_at(word, what, known, path, self.slips.places().value(path));
    }

    fn known_at<'w>(
        &mut self,
        word: &str,
        what: &str,
        known: impl Iterator<Item = &'w str>,
        path: &Path,
        span: Range<usize>,
    ) {
        let known: Vec<&str> = known.collect();
        if known.contains(&word) {
            return;
        }
        let help = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "there are none".to_owned(),
            None => format!("known: {}", known.join(", ")),
        };
        self.slips.push(span, path, Code::UnknownWord, format!("`{word}` is not {what}"), &help);
    }
}

/// The first minute of `2026-11-02`, if there is such a day.
/// A time with its zone; what is wrong with it otherwise, and what helps.
fn stamp_of(text: &str) -> Result<Stamp, (String, String)> {
    let text = text.trim();
    let error = match parse_rfc3339(text) {
        Ok(_) if text.get(..10).and_then(day_of).is_none() => format!("`{text}`: there is no such day"),
        Ok(stamp) => return Ok(stamp),
        Err(error) => error.to_string(),
    };
    let help = match parse_rfc3339(&format!("{text}Z")) {
        Ok(_) => format!("add the zone: `{text}Z` is UTC"),
        Err(_) => "write date, time and zone, such as `2026-11-03T09:00Z`".to_owned(),
    };
    Err((error, help))
}

fn window_of(from: Stamp, to: Stamp) -> Result<Window, (String, String)> {
    let window = Window::new(from.minute(), to.minute());
    if window.is_empty() {
        let message = format!("`to` is not after `from` ({})", window.from);
        return Err((message, "`to` is the minute after the last one".to_owned()));
    }
    Ok(window)
}

/// A window from two texts, as `window` of case.yaml is read.
///
/// # Errors
/// What is wrong with them, and what helps: a clause.
pub fn window(from: &str, to: &str) -> Result<Window, String> {
    let told = |(error, help): (String, String)| format!("{error}; {help}");
    window_of(stamp_of(from).map_err(told)?, stamp_of(to).map_err(told)?).map_err(told)
}

fn day_of(text: &str) -> Option<Minute> {
    Minute::parse(&format!("{text}T00:00Z")).ok().filter(|first| first.date() == text)
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label) && text.parse::<IpAddr>().is_err()
}
