//! PowerMTA 5.0 accounting, its stock columns.

use super::log::{Log, Tells, civil};
use super::random::Random;
use super::{GMAIL, Mix, OTHERS, is_incident, token};

/// One accounting file.
pub(super) struct PowerMta {
    pub(super) storm: bool,
    pub(super) rows: u64,
}

/// Columns as in the manual.
const HEADER: &str = "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool";

impl Mix for PowerMta {
    fn begin(&mut self, log: &mut Log) {
        log.say(0, Tells::Nothing, HEADER.to_owned());
    }

    fn message(&mut self, at: u64, random: &mut Random, log: &mut Log) {
        self.rows += 1;
        let n = self.rows;
        let is_gmail = n % 5 < 3;
        let fails = is_gmail && (self.storm || is_incident(at)) && random.percent(90);
        let (domain, host, ip, reply) = if is_gmail {
            let (host, ip) = GMAIL[(random.below(10) / 6) as usize];
            ("gmail.com", host, ip, format!("250 2.0.0 OK  {} {} - gsmtp", at / 1000, token(random)))
        } else {
            let (domain, host, ip, reply) = OTHERS[n as usize % 3];
            (domain, host, ip, reply.to_owned())
        };
        let vmta = 1 + random.below(8);
        let (kind, action, status, diagnosis, size) = if fails {
            let said = format!(
                "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address [192.0.2.{vmta}      15]. To protect our users from spam, mail 421-4.7.28 sent from your IP address has been temporarily rate limited. For more 421-4.7.28 information, go to 421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to 421 4.7.28 review our Bulk Email Senders Guidelines. {} - gsmtp",
                token(random)
            );
            ("t", "delayed", "4.7.0 (other or undefined security status)", said, String::new())
        } else {
            ("d", "relayed", "2.0.0 (success)", reply, (12_298 + n % 40_000).to_string())
        };
        let (logged, queued) = (stamp(at), stamp(at.saturating_sub(random.below(9000))));
        let tells = if fails { Tells::Deferred } else { Tells::Delivered };
        log.say(at, tells, format!(
            "{kind},{logged},{queued},bounce+{n}@news.example.com,user{n}@{domain},,{action},{status},\"smtp;{diagnosis}\",{host} ({ip}),,smtp,app.example.com (10.0.0.5),smtp,192.0.2.{vmta},{ip},\"ENHANCEDSTATUSCODES,PIPELINING,CHUNKING,8BITMIME,SIZE,STARTTLS\",{size},vmta{vmta:03},job{},,{domain}/vmta{vmta:03},",
            n / 1000
        ));
    }
}

fn stamp(at: u64) -> String {
    let (month, day, hour, minute, second) = civil(at);
    format!("2026-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}+0000")
}
