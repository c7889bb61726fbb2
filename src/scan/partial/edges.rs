//! Open sessions as they stand in a partial.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PartialError, sound};
use crate::formats::logs::{Ends, KeptLine, LooseEnds, Sequence};
use crate::intake::Exhibit;

/// Bytes of a log: text where they are, and they mostly are.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Bytes {
    Text(String),
    Raw(Vec<u8>),
}

impl Bytes {
    pub(super) fn of(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(|_| Self::Raw(bytes.to_vec()), |text| Self::Text(text.to_owned()))
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Raw(bytes) => bytes,
        }
    }
}

/// File, number, text, and the moment where the stamp alone does not tell it.
#[derive(Debug, Deserialize, Serialize)]
struct Line(u16, u64, Bytes, Option<i64>);

/// What one file left open.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Edges {
    sequence: Sequence,
    by_key: Vec<(Bytes, bool, Vec<Line>, Vec<Line>)>,
}

impl Edges {
    pub(super) fn of(ends: &LooseEnds) -> Self {
        let lines = |lines: &[KeptLine]| lines.iter().map(Line::of).collect();
        let by_key = ends.by_key.iter().map(|(key, ends)| {
            let Ends { head, fixed, tail } = ends;
            (Bytes::of(key), *fixed, lines(head), lines(tail))
        });
        Self { sequence: ends.sequence, by_key: by_key.collect() }
    }

    pub(super) fn ends(self) -> Result<LooseEnds, PartialError> {
        if let Sequence::FromTheEnd { lines } = self.sequence {
            sound::line(lines)?;
        }
        let mut by_key = BTreeMap::new();
        for (key, fixed, head, tail) in self.by_key {
            let lines = |lines: Vec<Line>| lines.into_iter().map(Line::line).collect::<Result<Vec<_>, _>>();
            let ends = Ends { head: lines(head)?, fixed, tail: lines(tail)? };
            by_key.insert(key.bytes().into(), ends);
        }
        Ok(LooseEnds { by_key, sequence: self.sequence })
    }
}

impl Line {
    fn of(line: &KeptLine) -> Self {
        use crate::time::millis::Moments as _;
        Self(line.exhibit.0, line.number, Bytes::of(&line.text), line.at.number())
    }

    fn line(self) -> Result<KeptLine, PartialError> {
        let Self(exhibit, number, text, at) = self;
        let at = at.map(sound::stamp).transpose()?;
        Ok(KeptLine { exhibit: Exhibit(exhibit), number: sound::line(number)?, text: text.bytes().into(), at })
    }
}
