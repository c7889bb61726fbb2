//! Lines as the recordings in `tests/data/behaviours` have them, under opportunistic TLS.

use super::Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};
use super::{HOST, IP, LIMIT, One, SHUT, accepted, at};

pub(super) fn log(one: One) -> String {
    let head = format!("{} mta1 postfix-192.0.2.11/smtp[{}]: ", at(one).to_second(), 300 + one.second);
    let id = format!("4F{:04}AB", one.second);
    let relay = format!("{HOST}[{IP}]");
    let up = format!(
        "{head}Trusted TLS connection established to {relay}:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
    );
    let last = |status: &str, text: String| {
        format!(
            "{head}{id}: to=<u{}@gmail.com>, relay={relay}:25, delay=1, delays=0.1/0/0.2/0.3, dsn=4.7.0, status={status} ({text})\n",
            one.second
        )
    };
    let ssl = |detail: &str| format!("{head}SSL_connect error to {relay}:25: {detail}\n");
    match one.what {
        Delivered => up + &last("sent", accepted(one)),
        Limited => {
            up + &last(
                "deferred",
                format!(
                    "host {relay} said: 421-4.7.28 {} 421 4.7.28 {} (in reply to MAIL FROM command)",
                    LIMIT[0], LIMIT[1]
                ),
            )
        }
        Refused => last("deferred", format!("host {relay} refused to talk to me: {SHUT}")),
        Closed => last("deferred", format!("lost connection with {relay} while receiving the initial server greeting")),
        Reset => ssl("Connection reset by peer") + &last("deferred", "Cannot start TLS: handshake failure".to_owned()),
        Alert => {
            let library = format!(
                "{head}warning: TLS library problem: error:0A000410:SSL routines::sslv3 alert handshake failure:../ssl/record/rec_layer_s3.c:1586:SSL alert number 40:\n"
            );
            ssl("-1") + &library + &last("deferred", "Cannot start TLS: handshake failure".to_owned())
        }
        Nobody => {
            format!("{head}connect to {relay}:25: Connection refused\n")
                + &last("deferred", format!("connect to {relay}:25: Connection refused"))
                    .replace(&format!("relay={relay}:25"), "relay=none")
        }
    }
}
