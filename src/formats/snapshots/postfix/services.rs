//! master.cf: one service a logical line (master(5)).

use crate::formats::snapshots::Processes;

/// An entry of master.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) processes: Processes,
    /// `smtp`, without a path.
    pub(super) program: &'a str,
    /// `-o name=value` with the place of the option.
    pub(super) options: Vec<(usize, &'a str, &'a str)>,
}

/// What the second column may say.
const TYPES: [&str; 5] = ["inet", "unix", "unix-dgram", "fifo", "pass"];

/// A logical line as an entry; nothing when its first eight columns are none.
pub(super) fn entry(line: &str) -> Option<Entry<'_>> {
    let words = words(line);
    let column = |at: usize| words.get(at).map(|(_, word)| *word);
    let flag = |at: usize| column(at).is_some_and(|w| matches!(w, "-" | "y" | "n"));
    let number = |w: &str| w == "-" || (!w.is_empty() && w.bytes().all(|b| b.is_ascii_digit()));
    let wakeup = column(5)?;
    if !TYPES.contains(&column(1)?)
        || !(2..5).all(flag)
        || !number(wakeup.strip_suffix('?').unwrap_or(wakeup))
        || !number(column(6)?)
    {
        return None;
    }
    let program = column(7)?;
    Some(Entry {
        name: column(0)?,
        processes: column(6)?.parse().map_or(Processes::Default, Processes::Limit),
        program: program.rsplit('/').next().unwrap_or(program),
        options: options(words.get(8..).unwrap_or_default()),
    })
}

/// `service/type/name = value`, as `postconf -P` prints an option of a service. Clients
/// are of type unix; the options of servers are not asked for.
pub(super) fn option_of_service(name: &str) -> Option<(&str, &str)> {
    let (service, rest) = name.split_once('/')?;
    let (kind, name) = rest.split_once('/')?;
    (kind == "unix" && !service.is_empty()).then_some((service, name))
}

/// The options among a daemon's arguments: `-o name=value`, `-oname=value`,
/// `-o { name = value }` (Postfix 3.0 and later).
fn options<'a>(arguments: &[(usize, &'a str)]) -> Vec<(usize, &'a str, &'a str)> {
    let mut found = Vec::new();
    let mut arguments = arguments.iter().copied();
    while let Some((at, word)) = arguments.next() {
        let option = match word.strip_prefix("-o") {
            Some("") => arguments.next().map(|(_, next)| next),
            joined => joined,
        };
        let Some(option) = option else { continue };
        let inner = option.strip_prefix('{').and_then(|o| o.strip_suffix('}')).unwrap_or(option);
        if let Some((name, value)) = inner.split_once('=') {
            found.push((at, name.trim(), value.trim()));
        }
    }
    found
}

/// Words with their places; white space inside braces is no end of a word.
pub(super) fn words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (None, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_ascii_whitespace() && depth == 0 {
            found.extend(start.take().and_then(|from| Some((from, text.get(from..at)?))));
        } else {
            start.get_or_insert(at);
        }
    }
    found.extend(start.and_then(|from| Some((from, text.get(from..)?))));
    // A brace that is never closed would swallow the rest of the line.
    if depth > 0 {
        found =
            text.split_ascii_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn entries_have_eight_columns() {
        let smtp = entry("ip1 unix - - n - 80 smtp  -o syslog_name=postfix-ip1 -v -o smtp_helo_name=x").expect("one");
        assert_eq!((smtp.name, smtp.program, smtp.processes), ("ip1", "smtp", Processes::Limit(80)));
        assert_eq!(smtp.options, [(26, "syslog_name", "postfix-ip1"), (56, "smtp_helo_name", "x")]);
        let tlsmgr = entry("tlsmgr unix - - n 1000? 1 tlsmgr").expect("one");
        assert_eq!(tlsmgr.processes, Processes::Limit(1));
        assert_eq!(entry("smtp unix - - n - - /usr/lib/postfix/sbin/smtp").expect("one").program, "smtp");
        for none in [
            "",
            "smtp unix - - n - smtp",
            "smtp socket - - n - - smtp",
            "one two three four five six seven eight",
            "a unix x - - - - smtp",
            "a unix - - - ? - smtp",
        ] {
            assert_eq!(entry(none), None, "{none}");
        }
    }

    #[test]
    fn options_come_in_three_forms() {
        let line = "b unix - - y - - smtp -o { smtp_bind_address = $ip } -osyslog_name=x -o {a=inline:{ {b = c} }} -o";
        let options = entry(line).expect("one").options;
        let told: Vec<_> = options.iter().map(|(_, name, value)| (*name, *value)).collect();
        assert_eq!(told, [("smtp_bind_address", "$ip"), ("syslog_name", "x"), ("a", "inline:{ {b = c} }")]);
        assert_eq!(words("a {b c").len(), 3);
        assert_eq!(option_of_service("bulk/unix/syslog_name"), Some(("bulk", "syslog_name")));
        assert_eq!(option_of_service("/unix/syslog_name"), None);
        assert_eq!(option_of_service("smtp/inet/syslog_name"), None);
    }
}
