//! Lines as the recordings in `tests/data/behaviours` have them, with GnuTLS.

use super::Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};
use super::{FROM, HOST, IP, LIMIT, One, SHUT, accepted, at};

pub(super) fn log(one: One) -> String {
    let stamp = at(one).to_second().replace('T', " ").replace('Z', "");
    let id = format!("1xVg{:02}-0000{:02}-2z", one.second / 60 + 10, one.second % 60);
    let head = format!("{stamp} +0000 {id} ");
    let host = format!("H={HOST} [{IP}]");
    let local = format!("I=[{FROM}]:{}", 40_000 + one.second);
    let to = format!("u{}@gmail.com R=dnslookup T=remote_smtp", one.second);
    let both = |code: &str, text: String| {
        format!("{head}{host} {local}: {text}\n{head}== {to} defer ({code}) {host} {local} DT=0.3s: {text}\n")
    };
    match one.what {
        Delivered => format!(
            "{head}=> {to} {host} {local} X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no C=\"{}\" DT=0.3s\n",
            accepted(one)
        ),
        Limited => both(
            "-45",
            format!(
                "SMTP error from remote mail server after MAIL FROM:<news@sender.example> SIZE=1401: 421-4.7.28 {}\\n421 4.7.28 {}",
                LIMIT[0], LIMIT[1]
            ),
        ),
        Refused => both("0", format!("SMTP error from remote mail server after initial connection: {SHUT}")),
        Closed => both("-18", "Remote host closed connection in response to initial connection".to_owned()),
        Reset => format!(
            "{head}== {to} defer (-37) {host} {local} DT=0.3s: TLS session: (gnutls_handshake): Error in the pull function.\n"
        ),
        Alert => format!(
            "{head}== {to} defer (-37) {host} {local} DT=0.3s: TLS session: (gnutls_handshake): rxd alert: Handshake failed\n"
        ),
        Nobody => format!(
            "{head}{host} {local} Connection refused\n{head}== {to} defer (111) {host} {local} DT=0.3s: Connection refused\n"
        ),
    }
}
