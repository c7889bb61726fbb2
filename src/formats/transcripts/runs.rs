//! Where one run of a tool ends and the next begins.
//!
//! `s_client` is the hard case, the others say how they begin (see `split`). Loops write many runs into one file, and standard error comes before or
//! after standard output depending on pipes and terminals. So a run begins at
//! a line that cannot belong to the one before.

use std::ops::Range;

use super::lines::Line;
use super::stamps::stamp_in_header;

/// What a line of a tool that says how it begins tells about the borders of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Border {
    /// The first line of a run.
    Start,
    /// It can be the first, when the run before has ended.
    Again,
    /// The last line of a run, or nearly.
    End,
    /// Nothing.
    None,
}

/// The runs of such a tool; dates, commands and blank lines before a start belong to it.
pub(super) fn split(lines: &[Line<'_>], border: impl Fn(&str) -> Border) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut start, mut lead, mut begun, mut ended) = (0, 0, false, false);
    for (at, line) in lines.iter().enumerate() {
        let border = border(&line.text);
        if border == Border::None
            && (line.text.trim().is_empty() || stamp_in_header(&line.text).is_some() || is_command(&line.text))
        {
            continue;
        }
        if begun && (border == Border::Start || (border == Border::Again && ended)) {
            out.push(start..lead);
            (start, ended) = (lead, false);
        }
        begun |= border != Border::None;
        ended |= border == Border::End;
        lead = at + 1;
    }
    out.push(start..lines.len());
    out
}

/// What a line tells about the borders of runs of `s_client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// `Script started`, an echoed command.
    Command,
    /// A stamp or date in a line that says more.
    Dated,
    /// A line that is a date, as loops print it before each command.
    Date,
    /// `Connecting to`, the first line of OpenSSL 3.2 and later; a complaint about options.
    Connecting,
    /// `CONNECTED(`: once a run.
    Connected,
    /// `CONNECTION ESTABLISHED`, the result of `-brief`: once a run, and never after an error.
    Established,
    /// Standard error; the number is the order in which its kinds come.
    Stderr(u8),
    /// `connect:errno=`, `DONE`: nothing of the run follows but dumps.
    End,
    /// `closed`.
    Closed,
    /// `---`
    Rule,
    /// `Verify return code:`
    Result,
    /// `New, (NONE)`
    Nothing,
    Other,
}

/// Rank of the first line of `-state` in [`Mark::Stderr`]; it and what ranks before it come once.
const STATE: u8 = 2;

/// Rank of errors in [`Mark::Stderr`].
const ERROR: u8 = 4;

fn mark(text: &str) -> Mark {
    let text = text.trim();
    match text {
        "DONE" => Mark::End,
        "closed" => Mark::Closed,
        "---" => Mark::Rule,
        _ if text.starts_with("Script started on") || is_command(text) => Mark::Command,
        _ if text.starts_with("Connecting to ") => Mark::Connecting,
        "CONNECTION ESTABLISHED" => Mark::Established,
        _ if text.starts_with("CONNECTED(") => Mark::Connected,
        _ if text.starts_with("connect:errno=") => Mark::End,
        _ if text.starts_with("s_client: ") && !text.contains("Use -help") => Mark::Connecting,
        _ if text.starts_with("Didn't find STARTTLS") => Mark::Stderr(1),
        _ if text.ends_with("before SSL initialization") => Mark::Stderr(STATE),
        _ if text.starts_with("depth=") || text.starts_with("verify ") => Mark::Stderr(3),
        _ if [":error:", "write:errno=", "read:errno="].iter().any(|e| text.contains(e)) => Mark::Stderr(ERROR),
        _ if text.starts_with("Verify return code:") => Mark::Result,
        _ if text.starts_with("New, (NONE)") => Mark::Nothing,
        _ if is_date_alone(text) => Mark::Date,
        _ if text.len() < 80 && stamp_in_header(text).is_some() => Mark::Dated,
        _ => Mark::Other,
    }
}

/// Whether a line is a date and nothing else, but for marks around it: `Tue Nov 24 02:21:05 UTC 2026`.
pub(super) fn is_date_alone(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '=' | '*' | '-'));
    (text.len() < 40 && text.split_whitespace().count() == 6 || !text.contains(' ')) && stamp_in_header(text).is_some()
}

/// Whether a line shows the command itself, as prompts and `set -x` do.
pub(super) fn is_command(text: &str) -> bool {
    let prompted = || {
        let command =
            text.split_once("$ ").or_else(|| text.split_once("# ")).map(|(_, c)| c).or_else(|| text.strip_prefix("+ "));
        let tool = command.and_then(|c| {
            c.split(' ').find(|w| {
                !w.contains('=') && !matches!(*w, "time" | "timeout") && !w.bytes().all(|b| b.is_ascii_digit())
            })
        });
        tool.and_then(|t| t.rsplit('/').next()).is_some_and(|t| OTHERS.contains(&t))
    };
    text.contains("openssl s_client ") || text.contains("openssl\" s_client ") || prompted()
}

/// Commands of the other tools.
const OTHERS: [&str; 6] = ["posttls-finger", "swaks", "curl", "gnutls-cli", "pmta", "testssl.sh"];

/// The run under way.
#[derive(Debug, Default)]
struct Run<'a> {
    start: usize,
    /// It has a line of the tool, not only headers.
    any: bool,
    connected: bool,
    /// The result block was printed.
    result: bool,
    /// It is a block of standard output; `-brief` prints to standard error.
    block: bool,
    nothing: bool,
    ended: bool,
    rank: u8,
    /// What stands before `:error:` on the line before: the thread.
    thread: Option<&'a str>,
    commanded: bool,
}

impl Run<'_> {
    /// Whether a line with this mark cannot belong to this run.
    fn is_over(&self, mark: Mark, thread: Option<&str>) -> bool {
        match mark {
            Mark::Command => self.any || self.commanded,
            Mark::Dated => self.ended,
            Mark::Date => self.any,
            Mark::Connecting => self.any,
            Mark::Connected => self.connected || self.ended,
            Mark::Established => self.connected || self.ended || self.rank == ERROR,
            // Lines of one error stack share their thread.
            Mark::Stderr(ERROR) if thread.is_some() && thread == self.thread => false,
            Mark::Stderr(rank) if self.connected => self.ended || (self.result && rank < ERROR),
            Mark::Stderr(rank) => {
                let again = rank == self.rank && (rank <= STATE || rank == ERROR);
                self.ended || rank < self.rank || again
            }
            Mark::End | Mark::Closed | Mark::Rule | Mark::Result | Mark::Nothing | Mark::Other => false,
        }
    }

    fn note(&mut self, mark: Mark) {
        self.any |= !matches!(mark, Mark::Command | Mark::Dated | Mark::Date | Mark::Other | Mark::Rule);
        match mark {
            Mark::Command => self.commanded = true,
            Mark::Connected => self.connected = true,
            Mark::Established => (self.connected, self.result) = (true, true),
            Mark::Stderr(rank) => {
                self.rank = self.rank.max(rank);
                self.ended |= rank == ERROR && self.connected && self.result;
            }
            Mark::End => self.ended = true,
            Mark::Closed => self.ended |= self.result,
            // After an error the block is the end; after success replies follow it.
            Mark::Rule => self.ended |= self.result && (self.nothing || self.rank == ERROR),
            Mark::Result => (self.result, self.block) = (true, true),
            Mark::Nothing => self.nothing = true,
            Mark::Connecting | Mark::Dated | Mark::Date | Mark::Other => {}
        }
    }
}

/// The runs as ranges of positions in `lines`; together they cover all of them. At least one.
///
/// A file of standard output alone, and then standard error alone, holds the halves of one run.
pub(super) fn runs(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut out: Vec<(Range<usize>, Half)> = Vec::new();
    let mut run = Run::default();
    // Under `ts` a blank line carries a stamp; elsewhere a stamp alone is a header.
    let wrapped = lines.iter().any(|l| l.stamp.is_some() && !l.text.is_empty());
    for (at, line) in lines.iter().enumerate() {
        let lone = !wrapped && line.stamp.is_some();
        let mark = if lone { Mark::Date } else { mark(&line.text) };
        let thread = line.text.trim_start().split_once(":error:").map(|(thread, _)| thread);
        if run.is_over(mark, thread) {
            close(&mut out, &run, at);
            run = Run { start: out.last().map_or(0, |(r, _)| r.end), ..Run::default() };
        }
        run.thread = thread;
        run.note(mark);
    }
    close(&mut out, &run, lines.len());
    // In a loop they cannot be told from an output that has no errors and the errors of the next.
    let halves = match out.as_slice() {
        [(_, Half::Output), (errors, Half::Errors)] => lines.get(errors.clone()),
        _ => None,
    };
    // Whoever was connected did not fail to connect.
    if halves.is_some_and(|errors| !errors.iter().any(|l| l.text.trim().starts_with("connect:errno=")))
        && let Some((errors, _)) = out.last_mut()
    {
        errors.start = 0;
        out.remove(0);
    }
    out.into_iter().map(|(range, _)| range).collect()
}

/// Which of its two outputs a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Output,
    Errors,
    Both,
}

/// Ends a run; one of headers only joins the run before it, if there is one.
fn close(out: &mut Vec<(Range<usize>, Half)>, run: &Run<'_>, end: usize) {
    let half = match (run.block, run.rank) {
        (true, 0) => Half::Output,
        (false, 1..) if !run.connected && !run.commanded => Half::Errors,
        _ => Half::Both,
    };
    match out.last_mut() {
        Some((last, _)) if !run.any => last.end = end,
        _ => out.push((run.start..end, half)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn starts(text: &str) -> Vec<u64> {
        let all = lines(text.as_bytes());
        runs(&all).iter().map(|r| all[r.start].number).collect()
    }

    const OK: &str = "depth=0 CN = mx\nverify return:1\nCONNECTED(00000003)\n---\nNew, TLSv1.3, Cipher is X\nVerify return code: 0 (ok)\n---\n250 SMTPUTF8\nDONE\n";
    const FAILED: &str = "4057:error:0A000126:SSL routines:f:unexpected eof while reading:r.c:1:\nCONNECTED(00000003)\n---\nNew, (NONE), Cipher is (NONE)\nVerify return code: 0 (ok)\n---\n";

    #[test]
    fn loops_through_pipes_and_terminals() {
        assert_eq!(starts(OK), [1]);
        assert_eq!(starts(&[OK, FAILED, OK, FAILED, FAILED].concat()), [1, 10, 16, 25, 31]);
        let tty = "CONNECTED(00000003)\ndepth=0 CN = mx\nverify return:1\n---\nNew, TLSv1.3, Cipher is X\nVerify return code: 0 (ok)\n---\n250 X\nread:errno=0\n";
        assert_eq!(starts(&[tty, tty].concat()), [1, 10]);
        assert_eq!(starts("CONNECTED(00000003)\nCONNECTED(00000003)\n"), [1, 2]);
    }

    /// A `-quiet` run that was killed says nothing of its end; the date before the next one does.
    #[test]
    fn a_date_stands_between_two_runs() {
        let quiet = "depth=0 CN = mx\nverify return:1\n250 SMTPUTF8\n";
        let alert = "40A:error:0A000410:SSL routines:f:sslv3 alert handshake failure:r.c:1:SSL alert number 40\n";
        let date = "Fri Nov 27 17:07:07 UTC 2026\n";
        assert_eq!(starts(&[date, quiet, date, alert, date].concat()), [1, 5]);
        assert_eq!(starts(&[quiet, "2026-11-27T17:07:07Z\n", alert].concat()), [1, 4]);
        // What names a date among other things does not end a run.
        assert_eq!(starts("depth=0 CN = mx\nnotAfter=Feb 16 02:09:45 2027 GMT\nverify return:1\n"), [1]);
    }

    /// `cat out err`
    #[test]
    fn the_halves_of_a_run_are_one() {
        let (errors, output) = FAILED.split_at(FAILED.find("CONNECTED").unwrap_or(0));
        assert_eq!(starts(&[output, errors].concat()), [1]);
        assert_eq!(starts(&[output, output].concat()), [1, 6]);
        let refused = "40A:error:8000006F:system library:c:Connection refused:b.c:1:\nconnect:errno=111\n";
        assert_eq!(starts(&[output, refused].concat()), [1, 6]);
        assert_eq!(starts(&[FAILED, FAILED].concat()), [1, 7]);
    }

    #[test]
    fn runs_that_are_errors_only() {
        let refused = "40A:error:8000006F:system library:c:Connection refused:b.c:1:\n40A:error:10000067:BIO routines:c:connect error:b.c:1:\nconnect:errno=111\n";
        assert_eq!(starts(&[refused, refused, OK].concat()), [1, 4, 7]);
        let brief = "Didn't find STARTTLS in server response, trying anyway...\nwrite:errno=32\n";
        assert_eq!(starts(&[brief, brief, "write:errno=0\nwrite:errno=0\n"].concat()), [1, 3, 5, 6]);
    }

    #[test]
    fn dated_headers_open_a_run_and_trailing_ones_do_not() {
        let dated = |run: &str| format!("Tue Nov 24 02:21:05 UTC 2026\n{run}");
        assert_eq!(starts(&[dated(OK), dated(OK)].concat()), [1, 11]);
        assert_eq!(starts(&format!("{OK}\nreal\t0m0.020s\n2026-11-24T02:17:11Z\n")), [1]);
        assert_eq!(runs(&[]).len(), 1);
    }
}
