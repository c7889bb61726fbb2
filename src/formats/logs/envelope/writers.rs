//! Who wrote a line, found once: all lines of a process begin alike behind their stamps.

use super::{Parts, Process};
use crate::formats::logs::near;

/// Beginnings of lines that were taken apart before, by what they look like.
///
/// Empty until the first: the edges of files are read by many readers of few lines.
#[derive(Default)]
pub(in crate::formats::logs) struct Writers(Vec<Option<Beginning>>);

/// Beginnings that are known at once: more processes than write at a time.
const KNOWN: usize = 256;

/// A longer beginning is taken apart each time.
const LONGEST: usize = 64;

/// `mta1 postfix-ip1/smtp[3870]: `, and where its parts stand in it.
struct Beginning {
    bytes: Box<[u8]>,
    host: Place,
    whole: Place,
    tag: Place,
    program: Place,
    pid: Place,
}

#[derive(Clone, Copy, Default)]
struct Place {
    from: u8,
    to: u8,
}

impl Writers {
    /// The parts of what follows a stamp, if another line began so.
    #[inline]
    pub(super) fn parts<'a>(&self, rest: &'a [u8]) -> Option<Parts<'a>> {
        let (beginning, text) = split(rest)?;
        let known = self.0.get(slot(beginning))?.as_ref().filter(|known| *known.bytes == *beginning)?;
        let part = |place: Place| beginning.get(usize::from(place.from)..usize::from(place.to)).unwrap_or_default();
        let process = Process {
            whole: part(known.whole),
            tag: part(known.tag),
            program: part(known.program),
            pid: part(known.pid),
        };
        Some(Parts { host: part(known.host), process, text })
    }

    /// Remembers how a line began, if nothing behind the beginning decided about its parts.
    pub(super) fn remember(&mut self, rest: &[u8], parts: &Parts<'_>) {
        let Some((beginning, text)) = split(rest) else { return };
        if parts.process.whole.is_empty() || parts.text.len() != text.len() || rest.starts_with(b"<") {
            return;
        }
        let place = |part: &[u8]| {
            let from = (part.as_ptr() as usize).wrapping_sub(rest.as_ptr() as usize);
            let to = from.wrapping_add(part.len());
            // What is empty may stand anywhere.
            if to <= LONGEST { Place { from: from as u8, to: to as u8 } } else { Place::default() }
        };
        let Process { whole, tag, program, pid } = parts.process;
        let this = Beginning {
            bytes: beginning.into(),
            host: place(parts.host),
            whole: place(whole),
            tag: place(tag),
            program: place(program),
            pid: place(pid),
        };
        self.0.resize_with(KNOWN, || None);
        if let Some(known) = self.0.get_mut(slot(beginning)) {
            *known = Some(this);
        }
    }
}

/// Splits what follows a stamp behind its first colon and the blank after it.
#[inline]
fn split(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = near::find(b':', rest.get(..LONGEST).unwrap_or(rest))?;
    let (beginning, text) = rest.split_at_checked(colon + 2)?;
    (beginning.len() <= LONGEST && beginning.ends_with(b" ")).then_some((beginning, text))
}

/// Where a beginning is looked for: by its first bytes and its last, which hold the process id.
#[inline]
fn slot(beginning: &[u8]) -> usize {
    let ends = beginning.first_chunk::<8>().zip(beginning.last_chunk::<8>());
    let sample = ends.map_or(0, |(first, last)| {
        u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last) ^ beginning.len() as u64
    });
    (sample.wrapping_mul(0x517c_c1b7_2722_0a95) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Writers;
    use crate::formats::logs::LogClock;
    use crate::formats::logs::envelope::{open, open_again};
    use crate::time::{Zone, parse_rfc3339};

    /// Lines read by one that remembers are read as each is by itself.
    fn assert_read_alike(lines: &[String]) {
        let mut clock = LogClock::new(Zone::UTC, parse_rfc3339("2026-11-24T00:00Z").ok());
        let mut writers = Writers::default();
        for line in lines.iter().chain(lines) {
            let alone = open(line.as_bytes(), &mut clock);
            assert_eq!(open_again(line.as_bytes(), &mut clock, &mut writers), alone, "{line}");
        }
    }

    #[test]
    fn a_line_reads_the_same_whether_its_beginning_is_known_or_not() {
        let rests = [
            "mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "mta1 postfix-out11/smtp[228]: [ID 197553 mail.info] x",
            "mta1 postfix-out11/smtp[228]: ",
            "INFO    postfix/smtp[1204]: x",
            "postfix/smtp[1204]: x",
            "<mail.info> mta1 postfix/smtp[1]: x",
            "mta1 last message repeated 2 times: x",
            "mta1 postfix-239.58.50.50/smtp[12345] 4A: x",
            "fe80::1 postfix/smtp[1]: x",
            "mta1 postfix/smtp[1]:x y: z",
            "Nov 24 09:47:29 mta1 postfix-out11/smtp[228]: x",
        ];
        assert_read_alike(&rests.map(|rest| format!("Nov 24 03:46:44 {rest}")));
    }

    proptest! {
        #[test]
        fn any_lines_read_the_same(
            rests in proptest::collection::vec("(mta1 |a |INFO )?[a-c/]{0,3}(\\[[12]\\])?(: |:| )[<a-c: \\[\\]]{0,9}", 1..40),
        ) {
            assert_read_alike(&rests.into_iter().map(|rest| format!("Nov 24 03:46:44 {rest}")).collect::<Vec<_>>());
        }
    }
}
