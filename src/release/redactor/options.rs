//! Command lines of the tools that make tests: what they are given to log in with.

use std::ops::Range;

use memchr::memmem;

use super::addresses::lossy;
use super::lines::Words;
use super::marks::Mark;
use super::policy::Class;

/// Options of command lines that take a secret, or an account: of swaks, curl, openssl, gnutls-cli.
const OPTIONS: &[(&str, Class)] = &[
    ("-ap", Class::AuthData),
    ("--auth-password", Class::AuthData),
    ("--password", Class::AuthData),
    ("-au", Class::Login),
    ("--auth-user", Class::Login),
    ("--user", Class::AuthData),
    ("-u", Class::AuthData),
    ("--oauth2-bearer", Class::AuthData),
    ("-psk", Class::AuthData),
    ("-psk_identity", Class::Login),
    ("-pass", Class::AuthData),
    ("-passin", Class::AuthData),
    ("-srppass", Class::AuthData),
    ("-srpuser", Class::Login),
    ("--pskkey", Class::AuthData),
    ("--pskusername", Class::Login),
    ("--srppasswd", Class::AuthData),
    ("--srpusername", Class::Login),
];

/// The programs that have them; others have an `-u` or a `-pass` of their own.
const PROGRAMS: &[&str] = &["swaks", "curl", "openssl", "gnutls-cli", "s_client"];

/// What an option takes that is a secret: `-ap x`, `--auth-password=x`, `-ap 'x y'`.
pub(super) fn options(line: &[u8]) -> Vec<Mark> {
    let called = |name: &&str| memmem::find(line, name.as_bytes()).is_some();
    let mut out = Vec::new();
    let mut words = Words { line, at: 0 };
    while let Some(word) = words.next() {
        let said = line.get(word.clone()).unwrap_or_default();
        let name = said.split(|b| *b == b'=').next().unwrap_or_default();
        let Some((known, class)) = OPTIONS.iter().find(|(known, _)| known.as_bytes() == name) else { continue };
        let own = known.starts_with("-a") || known.starts_with("--");
        if !own && !PROGRAMS.iter().any(called) {
            continue;
        }
        let start =
            if name.len() < said.len() { Some(word.start + name.len() + 1) } else { words.next().map(|w| w.start) };
        let Some(start) = start else { break };
        let value = argument_of_shell(line, start);
        words.at = value.end;
        out.push(Mark::value(value.clone(), *class, &lossy(line.get(value).unwrap_or_default())));
    }
    out
}

/// A word as a shell reads it, without its quotes.
fn argument_of_shell(line: &[u8], start: usize) -> Range<usize> {
    let rest = line.get(start..).unwrap_or_default();
    match rest.first() {
        Some(quote @ (b'\'' | b'"')) => {
            let inside = rest.get(1..).unwrap_or_default();
            start + 1..start + 1 + inside.iter().position(|b| b == quote).unwrap_or(inside.len())
        }
        _ => start..start + rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Vec<&str> {
        options(line.as_bytes()).into_iter().map(|mark| &line[mark.span]).collect()
    }

    #[test]
    fn what_a_tool_logs_in_with() {
        assert_eq!(taken("swaks -au alice -ap s3cr3tPw! -s mx"), ["alice", "s3cr3tPw!"]);
        assert_eq!(taken("swaks --auth-user=alice --auth-password='s3 Pw!' -s mx"), ["alice", "s3 Pw!"]);
        assert_eq!(taken("swaks -au 'alice b' -ap \"s3 Pw!\""), ["alice b", "s3 Pw!"]);
        assert_eq!(taken("curl -u alice:s3cr3tPw! smtp://mx"), ["alice:s3cr3tPw!"]);
        assert_eq!(taken("openssl s_client -psk 1a2b -psk_identity alice -pass pass:x"), ["1a2b", "alice", "pass:x"]);
        for none in ["posttls-finger -u gmail.com", "tail -u x", "swaks -a LOGIN --server mx", "swaks -ap"] {
            assert_eq!(taken(none), Vec::<&str>::new(), "{none}");
        }
    }
}
