//! How a file is cut into records.

use regex::bytes::Regex;

use super::super::plan::{Container, Encoding, Header, Json, Lines, List, Place, Rows};
use super::super::raw::{
    RawContainer, RawCsv, RawDelimited, RawEncoding, RawHeader, RawJson, RawKind, RawLines, RawRagged, RawRepeatHeader,
    RawUnmatched,
};
use super::address::steps;
use super::{Checker, Kind};
use crate::case::{Code, Path};

/// A container, and what the other checks must know of it.
pub(super) struct Contained {
    pub(super) container: Container,
    pub(super) encoding: Encoding,
    /// Whether lines come with a stamp of their own.
    pub(super) syslog: bool,
}

impl Checker<'_> {
    pub(super) fn container(&mut self, raw: RawContainer, path: &Path) -> Option<Contained> {
        let kind = raw.kind?;
        self.only_its_own(&raw, kind, path);
        let encoding = match raw.encoding {
            None | Some(RawEncoding::Utf8) => Encoding::Utf8,
            Some(RawEncoding::Latin1) => Encoding::Latin1,
            Some(RawEncoding::Windows1251) => Encoding::Windows1251,
            Some(RawEncoding::Utf16Le) => Encoding::Utf16Le,
        };
        let container = match kind {
            RawKind::Csv => {
                self.kind = Kind::Rows;
                Container::Rows(self.csv(raw.csv.unwrap_or_default(), &path.key("csv")))
            }
            RawKind::Delimited => {
                self.kind = Kind::Delimited;
                let Some(delimited) = raw.delimited else { return self.needs(path, "delimited", "{separator: \"@\"}") };
                Container::Rows(self.delimited(delimited, &path.key("delimited"))?)
            }
            RawKind::Json | RawKind::Ndjson => {
                self.kind = Kind::Json;
                Container::Json(self.json(raw.json.unwrap_or_default(), kind == RawKind::Ndjson, &path.key("json")))
            }
            RawKind::Lines => {
                let Some(lines) = raw.lines else { return self.needs(path, "lines", "{pattern: '…'}") };
                let lines = self.lines(lines, &path.key("lines"))?;
                let names = lines.pattern.capture_names().map(|name| name.map(str::to_owned));
                self.kind = Kind::Lines(names.collect());
                Container::Lines(lines)
            }
        };
        let syslog = matches!(&container, Container::Lines(lines) if lines.syslog);
        Some(Contained { container, encoding, syslog })
    }

    fn needs<T>(&mut self, path: &Path, key: &str, example: &str) -> Option<T> {
        let help = format!("`{key}: {example}`");
        self.slips.at_key(path, Code::MissingKey, format!("`{key}` is missing"), &help);
        None
    }

    /// Settings of another kind would be silently without effect.
    fn only_its_own(&mut self, raw: &RawContainer, kind: RawKind, path: &Path) {
        let given = [
            ("csv", raw.csv.is_some(), kind == RawKind::Csv),
            ("delimited", raw.delimited.is_some(), kind == RawKind::Delimited),
            ("json", raw.json.is_some(), matches!(kind, RawKind::Json | RawKind::Ndjson)),
            ("lines", raw.lines.is_some(), kind == RawKind::Lines),
        ];
        for (key, is_given, is_own) in given {
            if is_given && !is_own {
                let message = format!("`{key}` has no effect on this kind of file");
                self.slips.at_key(&path.key(key), Code::UnknownKey, message, "leave it out, or change `kind`");
            }
        }
    }

    /// One ASCII character.
    fn byte(&mut self, text: &str, path: &Path) -> Option<u8> {
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
            _ => {
                self.slips.at_value(
                    path,
                    Code::UnknownWord,
                    format!("`{text}` is not one ASCII character"),
                    "such as `\",\"` or `\"\\t\"`",
                );
                None
            }
        }
    }

    fn csv(&mut self, raw: RawCsv, path: &Path) -> Rows {
        let delimiter = raw.delimiter.and_then(|d| self.byte(&d, &path.key("delimiter"))).unwrap_or(b',');
        let quote = match raw.quote {
            None => Some(b'"'),
            Some(none) if none.is_empty() => None,
            Some(quote) => self.byte(&quote, &path.key("quote")),
        };
        if quote == Some(delimiter) {
            let message = "the same character cannot quote values and part them".to_owned();
            self.slips.at_value(&path.key("quote"), Code::UnknownWord, message, "`quote: \"\"` is none");
        }
        let columns: Vec<_> = raw.columns.into_iter().flatten().collect();
        if matches!(raw.header, Some(RawHeader::Present)) && !columns.is_empty() {
            let message = "the header names the columns, so these have no effect".to_owned();
            self.slips.at_key(
                &path.key("columns"),
                Code::UnknownKey,
                message,
                "leave them out, or write `header: auto`",
            );
        }
        Rows {
            delimiter,
            quote,
            header: match raw.header {
                None | Some(RawHeader::Auto) => Header::Auto,
                Some(RawHeader::Present) => Header::Present,
                Some(RawHeader::None) => Header::None,
            },
            columns,
            comment: raw.comment.unwrap_or_default().into_bytes(),
            ragged: raw.ragged != Some(RawRagged::Reject),
            repeated_header_is_data: raw.repeat_header == Some(RawRepeatHeader::Data),
            most_fields: None,
        }
    }

    fn delimited(&mut self, raw: RawDelimited, path: &Path) -> Option<Rows> {
        let most = raw.max_fields.map(|most| self.limit(Some(most), 256, 4096, &path.key("max_fields")));
        Some(Rows {
            delimiter: self.byte(&raw.separator?, &path.key("separator"))?,
            quote: None,
            header: Header::None,
            columns: Vec::new(),
            comment: Vec::new(),
            ragged: true,
            repeated_header_is_data: true,
            most_fields: most,
        })
    }

    fn json(&mut self, raw: RawJson, by_line: bool, path: &Path) -> Json {
        let mut lists = Vec::new();
        let mut places = Vec::new();
        if let Some(records) = raw.records {
            places.extend(self.place(&records, &mut lists, &path.key("records")));
        }
        let also = self.each(raw.also_accept, &path.key("also_accept"), |c, text, at| c.place(&text, &mut lists, at));
        places.extend(also);
        if places.is_empty() {
            places.push(Place { list: List::None, steps: Vec::new() });
        }
        let decode = self.each(raw.decode_strings, &path.key("decode_strings"), |c, text, at| {
            let found = steps(&text).filter(|steps| !steps.is_empty() && !steps.iter().any(|s| s == b"*"));
            if found.is_none() {
                let message = format!("`{text}` is no place of a text");
                c.slips.at_value(at, Code::BadAddress, message, "write a JSON pointer, such as `/Message`");
            }
            found
        });
        Json { by_line, lists, places, decode }
    }

    /// Where records are: steps, one of the first two of which may be `*`.
    fn place(&mut self, text: &str, lists: &mut Vec<Vec<u8>>, path: &Path) -> Option<Place> {
        let found = steps(text).and_then(|steps| {
            let stars: Vec<_> = steps.iter().enumerate().filter(|(_, step)| *step == b"*").map(|(n, _)| n).collect();
            match *stars.as_slice() {
                [] => Some(Place { list: List::None, steps }),
                [0] => Some(Place { list: List::Root, steps: steps.into_iter().skip(1).collect() }),
                [1] => {
                    let mut steps = steps.into_iter();
                    let name = steps.next()?;
                    let at = lists.iter().position(|l| *l == name).unwrap_or_else(|| {
                        lists.push(name);
                        lists.len() - 1
                    });
                    Some(Place { list: List::Member(at), steps: steps.skip(1).collect() })
                }
                _ => None,
            }
        });
        if found.is_none() {
            let message = format!("`{text}` is no place of records");
            let help =
                "write a JSON pointer with at most one `*`, as its first step or its second: `/`, `/*`, `/items/*`";
            self.slips.at_value(path, Code::BadAddress, message, help);
        }
        found
    }

    fn lines(&mut self, raw: RawLines, path: &Path) -> Option<Lines> {
        let fold: Option<Regex> = raw.fold.and_then(|fold| self.pattern(&fold, &path.key("fold")));
        Some(Lines {
            pattern: self.pattern(&raw.pattern?, &path.key("pattern"))?,
            unmatched_is_noise: raw.unmatched == Some(RawUnmatched::Ignore),
            fold,
            syslog: raw.envelope.is_some(),
        })
    }
}
