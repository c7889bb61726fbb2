//! Hex dumps of `s_client -debug`: the only form in which it shows SMTP before TLS.

use std::ops::Range;

use super::lines::Line;

/// One read or write of the socket.
#[derive(Clone, Debug)]
pub(super) struct Dump {
    /// Whether the tester wrote it.
    pub written: bool,
    pub bytes: Vec<u8>,
    /// Its lines of hex, as positions in the run.
    pub lines: Range<usize>,
}

impl Dump {
    /// The bytes as text, when all of them are plain text; empty reads are no text.
    pub(super) fn plain(&self) -> Option<&str> {
        let plain = |b: &u8| matches!(b, b'\r' | b'\n' | b'\t' | b' '..=b'~');
        (!self.bytes.is_empty() && self.bytes.iter().all(plain)).then(|| str::from_utf8(&self.bytes).ok()).flatten()
    }

    /// Whether a TLS record starts here: a content type of 20 to 23, then version 3.x.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.bytes.as_slice(), [20..=23, 3, ..])
    }

    /// Whether that record is an alert in clear: an answer, and no part of a handshake.
    pub(super) fn is_alert(&self) -> bool {
        matches!(self.bytes.as_slice(), [21, 3, ..])
    }
}

/// All dumps of a run, in order.
pub(super) fn dumps(run: &[Line<'_>]) -> Vec<Dump> {
    let mut out: Vec<Dump> = Vec::new();
    let mut open = false;
    for (at, line) in run.iter().enumerate() {
        let text = line.text.trim_start();
        let written = text.starts_with("write to 0x");
        if written || text.starts_with("read from 0x") {
            out.push(Dump { written, bytes: Vec::new(), lines: at + 1..at + 1 });
            open = true;
        } else if let (true, Some(bytes), Some(dump)) = (open, hex_line(text), out.last_mut()) {
            dump.bytes.extend(bytes);
            dump.lines.end = at + 1;
        } else {
            open = false;
        }
    }
    out
}

/// The bytes of a line such as `0010 - 61 6d 70 6c 65 2e 63 6f-6d 0d 0a    ample.com..`.
pub(super) fn hex_line(text: &str) -> Option<Vec<u8>> {
    let (offset, rest) = text.trim_start().split_once(" - ")?;
    if !(4..=8).contains(&offset.len()) || !offset.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Vec::new();
    for pair in rest.as_bytes().chunks(3).take(16) {
        let &[high, low, ..] = pair else { break };
        let (Some(high), Some(low)) = ((high as char).to_digit(16), (low as char).to_digit(16)) else { break };
        bytes.push((high * 16 + low) as u8);
    }
    (!bytes.is_empty() || rest.starts_with("<SPACES/NULS>")).then_some(bytes)
}

/// Whether a line is a body line of `-msg`: four blanks, then bytes in hex.
pub(super) fn message_line(text: &str) -> bool {
    text.strip_prefix("    ").is_some_and(|rest| {
        !rest.is_empty() && rest.split(' ').all(|w| w.len() == 2 && w.bytes().all(|b| b.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    #[test]
    fn a_dump_gives_back_the_bytes() {
        let text = b"read from 0x55c4 [0x55c4] (8192 bytes => 18 (0x12))\n\
            0000 - 34 32 31 20 34 2e 37 2e-30 20 54 72 79 20 61 67   421 4.7.0 Try ag\n\
            0010 - 0d 0a                                             ..\n\
            write to 0x55c4 [0x55c4] (321 bytes => 321 (0x141))\n\
            0000 - 16 03 01 01 3c                                    ....<\n\
            read from 0x55c4 [0x55c4] (5 bytes => 0)\n---\n0000 - 34\n";
        let run = lines(text);
        let read = dumps(&run);
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].plain(), Some("421 4.7.0 Try ag\r\n"));
        assert_eq!((read[0].written, read[0].lines.clone()), (false, 1..3));
        assert!(read[1].written && read[1].is_tls() && read[1].plain().is_none());
        assert!(read[2].bytes.is_empty() && read[2].plain().is_none());
    }

    #[test]
    fn other_lines_are_no_hex() {
        assert_eq!(hex_line("250 - hello"), None);
        assert_eq!(hex_line("0000 - zz"), None);
        assert!(
            message_line("    16 03 01 01 3c") && !message_line("    Protocol  : TLSv1.3") && !message_line("    ")
        );
    }
}
