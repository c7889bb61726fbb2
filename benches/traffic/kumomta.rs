//! KumoMTA's log records, a reception and one or more attempts of each message.

use super::log::{Log, Tells, civil};
use super::random::Random;
use super::{GMAIL, Mix, OTHERS, is_incident, token};

/// One log segment.
pub(super) struct KumoMta {
    pub(super) storm: bool,
    pub(super) records: u64,
}

/// What stands in all records after the response, or nearly so.
const TAIL: &str = r#""feedback_report":null,"meta":{},"headers":{},"delivery_protocol":"ESMTP","reception_protocol":"ESMTP","nodeid":"557f3ad4-2c8c-11ee-976e-782d7e12e173","tls_cipher":"TLS_AES_256_GCM_SHA384","tls_protocol_version":"TLSv1.3","tls_peer_subject_name":["CN=mx.google.com"]"#;

impl Mix for KumoMta {
    fn message(&mut self, at: u64, random: &mut Random, log: &mut Log) {
        self.records += 1;
        let n = self.records;
        let is_gmail = n % 5 < 3;
        let fails = is_gmail && (self.storm || is_incident(at)) && random.percent(90);
        let (domain, host, ip) = if is_gmail {
            let (host, ip) = GMAIL[(random.below(10) / 6) as usize];
            ("gmail.com", host, ip)
        } else {
            let (domain, host, ip, _) = OTHERS[n as usize % 3];
            (domain, host, ip)
        };
        let source = 1 + random.below(8);
        let message = format!(
            r#""id":"{n:08x}abbbc11ed940250ebf67f93bd","sender":"news@sender.example.com","recipient":"u{n}@{domain}","queue":"november:news@{domain}""#
        );
        let created = format!(r#""created":{},"created_time":"{}""#, at / 1000, time(at));
        log.say(at, Tells::Nothing, format!(
            r#"{{"type":"Reception",{message},"site":"","size":1047,"response":{{"code":250,"enhanced_code":null,"content":"","command":null}},"peer_address":{{"name":"app1","addr":"10.0.0.9"}},"timestamp":{},"event_time":"{}",{created},"num_attempts":0,"bounce_classification":"Uncategorized","egress_pool":null,"egress_source":null,"source_address":null,{TAIL}}}"#,
            at / 1000, time(at)
        ));
        let then = at + 200 + random.below(1500);
        let (kind, response, tells) = if fails {
            let said = format!(
                r#"{{"code":421,"enhanced_code":{{"class":4,"subject":7,"detail":28}},"content":"Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.{source}      15]. To protect our users from spam, mail sent from your IP address has been temporarily rate limited. For more information, go to  https://support.google.com/mail/?p=UnsolicitedRateLimitError to review our Bulk Email Senders Guidelines. {} - gsmtp","command":".\r\n"}}"#,
                token(random)
            );
            ("TransientFailure", said, Tells::Deferred)
        } else {
            let said = format!(
                r#"{{"code":250,"enhanced_code":{{"class":2,"subject":0,"detail":0}},"content":"OK  {} {} - gsmtp","command":".\r\n"}}"#,
                then / 1000,
                token(random)
            );
            ("Delivery", said, Tells::Delivered)
        };
        let (session, port) = (random.below(1 << 48), 20_000 + random.below(40_000));
        log.say(then, tells, format!(
            r#"{{"type":"{kind}",{message},"site":"source{source}->({host})@smtp_client","size":1047,"response":{response},"peer_address":{{"name":"{host}.","addr":"{ip}"}},"timestamp":{},"event_time":"{}",{created},"num_attempts":0,"bounce_classification":"Uncategorized","egress_pool":"pool0","egress_source":"source{source}","source_address":{{"address":"192.0.2.{source}:{port}"}},{TAIL},"provider_name":"google","session_id":"9bcd689e-23d9-41b7-a015-{session:012x}"}}"#,
            then / 1000, time(then)
        ));
    }
}

fn time(at: u64) -> String {
    let (month, day, hour, minute, second) = civil(at);
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}440526Z", at % 1000)
}
