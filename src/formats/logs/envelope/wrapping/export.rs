//! The journal's export format: `KEY=value` lines, or `KEY`, a length of eight bytes
//! (little-endian), and so many bytes; an empty line ends the record.
//!
//! Source: systemd "Journal Export Formats".

use memchr::memchr;

use super::LONGEST_RECORD;
use super::journal::{Said, micros};
use crate::time::Stamp;

/// A file being read.
#[derive(Default)]
pub(super) struct Export {
    record: Record,
    /// Bytes of the line, or of the binary field, being read.
    partial: Vec<u8>,
    binary: Option<Binary>,
    /// What becomes of the last line: it is told with the next one, or at the end of the
    /// file, where a record may end without its empty line.
    last: Option<Vec<u8>>,
}

/// The fields of a record so far.
#[derive(Default)]
struct Record {
    time: Option<Stamp>,
    host: Option<Vec<u8>>,
    identifier: Option<Vec<u8>>,
    command: Option<Vec<u8>>,
    syslog_pid: Option<Vec<u8>>,
    pid: Option<Vec<u8>>,
    message: Option<Vec<u8>>,
}

/// A binary field being read.
struct Binary {
    key: Vec<u8>,
    /// Its length, once its eight bytes are known.
    length: Option<u64>,
}

impl Export {
    pub(super) fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        let ends_a_line = block.ends_with(b"\n");
        for byte in block {
            let mut told = Vec::new();
            match self.binary.take() {
                Some(binary) => self.binary = self.binary_byte(binary, *byte),
                None if *byte == b'\n' => told = self.line(),
                None if self.partial.len() < LONGEST_RECORD => self.partial.push(*byte),
                None => {}
            }
            if *byte == b'\n' {
                self.push_last(Some(told), out);
            }
        }
        // A line that the file's end, or its own length, cut is a line all the same.
        if !ends_a_line && !block.is_empty() {
            self.push_last(Some(Vec::new()), out);
        }
    }

    /// The last record may lack its empty line, or the end of its last field.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.binary.is_none() && !self.partial.is_empty() {
            let told = self.line();
            self.last = self.last.take().map(|last| if told.is_empty() { last } else { told });
        }
        let told = self.record.told();
        self.last = self.last.take().map(|last| if told.is_empty() { last } else { told });
        self.push_last(None, out);
    }

    fn push_last(&mut self, next: Option<Vec<u8>>, out: &mut Vec<u8>) {
        if let Some(last) = std::mem::replace(&mut self.last, next) {
            out.extend_from_slice(&last);
            out.push(b'\n');
        }
    }

    /// Takes a byte of a binary field; gives back the field as long as it lasts.
    fn binary_byte(&mut self, mut binary: Binary, byte: u8) -> Option<Binary> {
        let length = match binary.length {
            None => {
                self.partial.push(byte);
                if let Ok(length) = <[u8; 8]>::try_from(&*self.partial) {
                    binary.length = Some(u64::from_le_bytes(length));
                    self.partial.clear();
                }
                return Some(binary);
            }
            Some(length) => length,
        };
        let so_far = self.partial.len();
        // The byte after the last is a line feed.
        if so_far as u64 >= length || so_far >= LONGEST_RECORD {
            let value = std::mem::take(&mut self.partial);
            self.record.field(&binary.key, &value);
            return None;
        }
        self.partial.push(byte);
        Some(binary)
    }

    /// A line has ended: what it becomes.
    fn line(&mut self) -> Vec<u8> {
        let line = std::mem::take(&mut self.partial);
        // Only a copy by way of Windows has carriage returns: the journal writes such
        // values as binary fields.
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.is_empty() {
            return self.record.told();
        }
        match memchr(b'=', line) {
            Some(at) => self.record.field(&line[..at], &line[at + 1..]),
            None if is_field_name(line) => self.binary = Some(Binary { key: line.to_vec(), length: None }),
            // Damage: as it stands, for nobody to understand.
            None => return line.to_vec(),
        }
        Vec::new()
    }
}

/// Source: systemd, `journal_field_valid`.
fn is_field_name(name: &[u8]) -> bool {
    name.len() <= 64 && name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

impl Record {
    fn field(&mut self, key: &[u8], value: &[u8]) {
        let slot = match key {
            b"__REALTIME_TIMESTAMP" => return self.time = micros(value),
            b"_HOSTNAME" => &mut self.host,
            b"SYSLOG_IDENTIFIER" => &mut self.identifier,
            b"_COMM" => &mut self.command,
            b"SYSLOG_PID" => &mut self.syslog_pid,
            b"_PID" => &mut self.pid,
            b"MESSAGE" => &mut self.message,
            _ => return,
        };
        // Of several values the first counts, as in JSON.
        slot.get_or_insert_with(|| value.to_vec());
    }

    /// The record as a line, and a new record begins. What has no time or no message stays
    /// for nobody to understand; nothing at all is nothing.
    fn told(&mut self) -> Vec<u8> {
        let record = std::mem::take(self);
        let mut out = Vec::new();
        match (record.time, &record.message) {
            (Some(at), Some(message)) => {
                let said = Said {
                    at,
                    host: record.host.as_deref(),
                    identifier: record.identifier.as_deref().or(record.command.as_deref()),
                    pid: record.syslog_pid.as_deref().or(record.pid.as_deref()),
                    message,
                };
                said.push(&mut out);
            }
            (None, Some(_)) => out.extend_from_slice(b"a journal record without a time"),
            (Some(_), None) => out.extend_from_slice(b"a journal record without a message"),
            (None, None) => {}
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Export;

    /// What a file becomes, read in blocks of so many bytes.
    fn told(file: &[u8], block: usize) -> String {
        let (mut export, mut out) = (Export::default(), Vec::new());
        file.chunks(block).for_each(|chunk| export.feed(chunk, &mut out));
        export.end(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    const RECORD: &str =
        "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795488449785752\n_HOSTNAME=mta1\nSYSLOG_IDENTIFIER=postfix/smtp\n";
    const LINE: &str = "2026-11-24T02:47:29.785Z mta1 postfix/smtp[228]: ";

    #[test]
    fn one_line_out_for_each_line_in() {
        let text = format!("{RECORD}_PID=228\nMESSAGE=8B: x\n");
        // Whether the last record has its empty line, or its last line its end.
        for (file, lines) in [(format!("{text}\n"), 7), (text.clone(), 6), (text.trim_end().to_owned(), 6)] {
            let found = told(file.as_bytes(), file.len());
            assert_eq!(found, format!("{}{LINE}8B: x\n", "\n".repeat(lines - 1)), "{file:?}");
        }
        assert_eq!(
            told(format!("{text}\n").replace('\n', "\r\n").as_bytes(), 4096),
            told(format!("{text}\n").as_bytes(), 4096)
        );
    }

    #[test]
    fn binary_fields_hold_anything() {
        let mut file = format!("{RECORD}SYSLOG_PID=228\nMESSAGE\n").into_bytes();
        file.extend(5_u64.to_le_bytes());
        file.extend(b"8B:\nx\n\n");
        assert_eq!(told(&file, file.len()).trim_start(), format!("{LINE}8B:#012x\n"));
    }

    #[test]
    fn damage_is_seen() {
        let found =
            told(format!("half of a line\n{RECORD}\nMESSAGE=x\n\n__REALTIME_TIMESTAMP=soon\n").as_bytes(), 4096);
        let seen: Vec<_> = found.lines().filter(|l| !l.is_empty()).collect();
        assert_eq!(seen, ["half of a line", "a journal record without a message", "a journal record without a time"]);
    }
}
