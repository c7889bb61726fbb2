//! How old a message was at a line, where the line tells.

use memchr::memmem;

/// How many seconds before a line its message had arrived: what the MTA says of a delivery,
/// and nothing at its arrival. A line that says neither may be of any age.
pub(super) fn age_told(rest: &[u8]) -> Option<i64> {
    let after = |word: &[u8]| memmem::find(rest, word).map(|at| &rest[at + word.len()..]);
    if let Some(delay) = after(b", delay=") {
        return seconds(delay).or_else(|| days_and_clock(delay));
    }
    // Exim's arrivals, and those of Postfix's cleanup, smtpd and pickup, and of Sendmail.
    let arrived = [&b" <= "[..], b": message-id=<", b": client=", b": uid=", b", nrcpts="];
    arrived.iter().any(|word| memmem::find(rest, word).is_some()).then_some(0)
}

/// Postfix: `0.34`, `5`.
fn seconds(delay: &[u8]) -> Option<i64> {
    let end = delay.iter().position(|b| !b.is_ascii_digit() && *b != b'.')?;
    (delay[end] == b',').then(|| std::str::from_utf8(&delay[..end]).ok()?.parse::<f64>().ok()).flatten().map(whole)
}

fn whole(seconds: f64) -> i64 {
    seconds.round() as i64
}

/// Sendmail: `00:00:06`, `2+01:13:05`.
fn days_and_clock(delay: &[u8]) -> Option<i64> {
    let end = delay.iter().take(20).position(|b| *b == b',')?;
    let text = std::str::from_utf8(&delay[..end]).ok()?;
    let (days, clock) = text.split_once('+').unwrap_or(("0", text));
    let mut parts = clock.splitn(3, ':').map(|part| part.parse::<u32>().ok());
    let mut part = || parts.next().flatten().map(i64::from);
    Some(i64::from(days.parse::<u32>().ok()?) * 86_400 + part()? * 3600 + part()? * 60 + part()?)
}

#[cfg(test)]
mod tests {
    use super::age_told;

    #[test]
    fn ages_as_postfix_sendmail_and_exim_tell_them() {
        for (line, age) in [
            (
                "mta1 postfix/smtp[1]: 3mPVKl0Mhjz7sXv: to=<u@a.example>, relay=a, delay=0.3, delays=0/0/0.2/0.1",
                Some(0),
            ),
            (
                "mta1 postfix/smtp[1]: 3mPVKl0Mhjz7sXv: to=<u@a.example>, relay=none, delay=3605, delays=1/2/3/4",
                Some(3605),
            ),
            ("mta1 sendmail[311]: 6AO2RajT000309: to=<u@a.example>, delay=00:00:06, xdelay=00:00:06", Some(6)),
            ("mta1 sendmail[311]: 6AO2RajT000309: to=<u@a.example>, delay=1+01:00:06, xdelay=00:00:06", Some(90_006)),
            ("mta1 sendmail[311]: 6AO2RajT000309: from=<a@b>, size=3, class=0, nrcpts=1, msgid=<x>", Some(0)),
            ("1xVgFa-000001-00 <= a@b U=root P=local S=367", Some(0)),
            ("1xVgFa-000001-00 == a@b R=out T=remote_smtp defer (-44)", None),
            ("mta1 postfix/qmgr[221]: 3mPVKl0Mhjz7sXv: from=<a@b>, size=369, nrcpt=1 (queue active)", None),
            ("mta1 postfix/smtp[1]: X: to=<u>, delay=", None),
        ] {
            assert_eq!(age_told(line.as_bytes()), age, "{line}");
        }
    }
}
