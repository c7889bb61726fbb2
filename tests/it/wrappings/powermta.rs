//! Accounting records, as the user's guide (5.0, §11.2) has them: the stock columns, with those
//! of TLS; `tq` records in the order of the guide's sample, which are not padded.
//!
//! `t` answers MAIL, RCPT or DATA; what comes before is a `tq`. That a `tq` quotes the greeting
//! that refused in the form of every other `dsnDiag` is assumed: no sample shows one. No text of `dsnDiag` for a
//! broken connection or a failed handshake is public: a connection that broke has the status
//! 4.4.2 alone, and after a failed handshake PowerMTA sends in clear text (`require-starttls`
//! off, the default) and writes the `d` record of that. How lines of a reply are joined in
//! `dsnDiag` is not documented either; here by blanks, their codes kept.

use casefile::smtp::Outcome;

use super::Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};
use super::{FROM, HOST, IP, LIMIT, One, SHUT, accepted, at};

const HEADER: &str = "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool,dlvTlsProtocol,dlvTlsCipher,rcvSmtpUser\r\n";

/// What such a file cannot count.
pub(super) const UNKNOWN: &[Outcome] =
    &[Outcome::RemoteClose, Outcome::TlsFailure, Outcome::Plaintext, Outcome::Timeout];

/// A file with `records d,b,t,tq`.
pub(super) fn file(sessions: &[One]) -> String {
    let records: String = sessions.iter().map(|one| record(*one)).collect();
    format!("{HEADER}{records}")
}

/// A file with the records that are written by default: `d` and `b`.
pub(super) fn default_file(sessions: &[One]) -> String {
    let records = sessions.iter().map(|one| record(*one)).filter(|record| !record.starts_with('t'));
    format!("{HEADER}{}", records.collect::<String>())
}

fn record(one: One) -> String {
    let time = at(one).to_second().replace('T', " ").replace('Z', "+0000");
    let of_recipient = |kind: &str, action: &str, status: &str, diag: &str, category: &str, tls: &str| {
        format!(
            "{kind},{time},{time},news@sender.example,u{}@gmail.com,,{action},{status},\"smtp;{diag}\",{HOST} ({IP}),{category},smtp,app.sender.example (10.0.0.5),smtp,{FROM},{IP},\"ENHANCEDSTATUSCODES,PIPELINING,CHUNKING,8BITMIME,SIZE,STARTTLS\",1401,vmta1,job7,,gmail.com/vmta1,,{tls},\r\n",
            one.second
        )
    };
    let of_queue = |status: &str, diag: &str, source: &str| {
        format!("tq,{time},{status},{diag},{HOST} ({IP}),smtp,{source},{IP},vmta1,gmail.com/vmta1\r\n")
    };
    let delivered = |tls: &str| of_recipient("d", "relayed", "2.0.0 (success)", &accepted(one), "", tls);
    match one.what {
        Delivered => delivered("TLSv1.3,TLS_AES_256_GCM_SHA384"),
        Reset | Alert => delivered(","),
        Limited => of_recipient(
            "t",
            "delayed",
            "4.7.28",
            &format!("421-4.7.28 {} 421 4.7.28 {}", LIMIT[0], LIMIT[1]),
            "other",
            "TLSv1.3,TLS_AES_256_GCM_SHA384",
        ),
        Refused => of_queue("4.7.0 (other or undefined security status)", &format!("\"smtp;{SHUT}\""), FROM),
        Closed => of_queue("4.4.2 (bad connection)", "", FROM),
        Nobody => of_queue("4.4.1 (no answer from host)", "", "0.0.0.0"),
    }
}
