//! Lines of a settings file: numbered, with their place, and joined where one goes on.

use std::borrow::Cow;
use std::ops::Range;

use crate::intake::lines_of;

/// One line of a file.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// Without its end; bytes that are no text are replaced.
    pub(super) text: Cow<'a, str>,
    /// Its bytes in the file.
    pub(super) place: Range<usize>,
}

/// All lines.
pub(super) fn lines(file: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let base = file.as_ptr() as usize;
    (1..).zip(lines_of(file)).map(move |(number, bytes)| {
        let start = bytes.as_ptr() as usize - base;
        Line { number, text: String::from_utf8_lossy(bytes), place: start..start + bytes.len() }
    })
}

/// A logical line as Postfix joins them (`readlline.c`): lines that begin with white space
/// go on with the one before; comments and blank lines in between are no part of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Logical {
    /// The parts, joined as they stand.
    pub(super) text: String,
    /// Where each part begins in `text`, and its line number.
    parts: Vec<(usize, u64)>,
}

impl Logical {
    /// The line of the file that holds a place of the text.
    pub(super) fn line_at(&self, at: usize) -> u64 {
        let after = self.parts.partition_point(|(start, _)| *start <= at);
        after.checked_sub(1).and_then(|i| self.parts.get(i)).map_or(0, |(_, number)| *number)
    }

    /// How many lines of the file it takes.
    pub(super) const fn lines(&self) -> u64 {
        self.parts.len() as u64
    }

    fn push(&mut self, line: &Line<'_>) {
        self.parts.push((self.text.len(), line.number));
        self.text.push_str(&line.text);
        self.text.push(' ');
    }
}

/// The logical lines, and how many lines are comments or blank.
pub(super) fn logical<'a>(all: impl Iterator<Item = Line<'a>>) -> (Vec<Logical>, u64) {
    let mut found: Vec<Logical> = Vec::new();
    let mut silent = 0;
    for line in all {
        let words = line.text.trim_start();
        if words.is_empty() || words.starts_with('#') {
            silent += 1;
            continue;
        }
        let goes_on = line.text.starts_with(|c: char| c.is_ascii_whitespace());
        match found.last_mut().filter(|_| goes_on) {
            Some(open) => open.push(&line),
            None => {
                let mut new = Logical::default();
                new.push(&line);
                found.push(new);
            }
        }
    }
    (found, silent)
}

/// Whether a line is a shell prompt with one of the commands that print snapshots, or what
/// such a command says of itself. Its words are never kept: a warning quotes values.
pub(super) fn is_command(line: &str) -> bool {
    const COMMANDS: [&str; 11] =
        ["postconf", "openssl", "exim", "exim4", "sendmail", "cat", "sudo", "dig", "kdig", "host", "nslookup"];
    let names = |word: &str| COMMANDS.contains(&word.rsplit('/').next().unwrap_or(word));
    let line = line.trim();
    let prompted = ["$ ", "# ", "> ", "% "]
        .iter()
        .filter_map(|p| line.split_once(p))
        .any(|(before, command)| before.len() < 60 && command.split_ascii_whitespace().next().is_some_and(names));
    // `postconf: warning: /etc/postfix/main.cf: unused parameter: name=value`
    let said = line.split_once(": ").is_some_and(|(tool, rest)| names(tool) && rest.starts_with("warning: "));
    prompted || said
}

/// What may be shown of a line that no rule understood: nothing but its place and length,
/// since a settings file may hold secrets anywhere.
pub(super) fn unshown(text: &str) -> String {
    format!("{} characters, not shown: a file of settings may hold secrets", text.trim().chars().count())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn lines_that_begin_with_white_space_go_on_over_comments_and_blanks() {
        let text = b"# head\na = 1,\n\n  2\n# between\n\t3\nb = 4\r\n";
        let (found, silent) = logical(lines(text));
        let told: Vec<_> = found.iter().map(|l| (l.text.as_str(), l.lines())).collect();
        assert_eq!(told, [("a = 1,   2 \t3 ", 3), ("b = 4 ", 1)]);
        assert_eq!(silent, 3);
        let first = found.first().expect("a line");
        assert_eq!([0, 6, 7, 12, 900].map(|at| first.line_at(at)), [2, 2, 4, 6, 6]);
    }

    #[test]
    fn prompts_and_warnings_are_told_from_settings() {
        for line in [
            "$ postconf -n",
            "[root@mta1 ~]# /usr/sbin/exim -bV",
            "/usr/sbin/postconf: warning: /etc/postfix/main.cf: unused parameter: mydb_password=hunter2",
        ] {
            assert!(is_command(line), "{line}");
        }
        for line in ["a = $ b", "postconf is a tool", "smtpd_banner = $myhostname ESMTP"] {
            assert!(!is_command(line), "{line}");
        }
    }
}
