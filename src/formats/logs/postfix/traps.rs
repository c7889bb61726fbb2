//! What a STARTTLS test shows and Postfix's log hides or repeats: recorded lines of 3.7.11, the
//! same faulty servers behind both.

use super::tests::brief;

/// transcript trap 21: level `may` hides a 421 to STARTTLS; `refused to talk to me` is said of the
/// greeting, of EHLO, and of EHLO inside TLS; a 554 greeting has the dsn of a deferral.
#[test]
fn refusals_are_named_no_closer_than_the_log_does() {
    let lines = "
        postfix/smtp[22782]: B6D689C80E4: to=<user@starttls-421.mx.test>, relay=starttls-421.mx.test[127.0.10.23]:25, delay=0, delays=0/0/0/0, dsn=4.4.2, status=deferred (lost connection with starttls-421.mx.test[127.0.10.23] while sending MAIL FROM)
        postfix/smtp[24627]: B213F9C89AB: to=<user@starttls-421.mx.test>, relay=starttls-421.mx.test[127.0.10.23]:25, delay=0.01, delays=0.01/0/0/0, dsn=4.7.0, status=deferred (TLS is required, but host starttls-421.mx.test[127.0.10.23] refused to start TLS: 421 4.7.0 Try again later, closing connection. (STARTTLS) x9-20020a05test.21 - gsmtp)
        postfix/smtp[22704]: B424E9C80DE: to=<user@ehlo-421.mx.test>, relay=ehlo-421.mx.test[127.0.10.17]:25, delay=0.02, delays=0/0.01/0/0, dsn=4.7.0, status=deferred (host ehlo-421.mx.test[127.0.10.17] refused to talk to me: 421 4.7.0 Try again later, closing connection. (EHLO) x9-20020a05test.21 - gsmtp)
        postfix/smtp[22641]: Trusted TLS connection established to tls-then-421-ehlo.mx.test[127.0.10.5]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256
        postfix/smtp[22641]: B40AD9C80D0: to=<user@tls-then-421-ehlo.mx.test>, relay=tls-then-421-ehlo.mx.test[127.0.10.5]:25, delay=0.06, delays=0/0.01/0.05/0, dsn=4.7.28, status=deferred (host tls-then-421-ehlo.mx.test[127.0.10.5] refused to talk to me: 421-4.7.28 Gmail has detected an unusual rate of email originating from your IP 421 4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError x9-20020a05test.21 - gsmtp)
        postfix/smtp[22641]: DD0589C80D8: to=<user@banner-554.mx.test>, relay=banner-554.mx.test[127.0.10.12]:25, delay=0, delays=0/0/0/0, dsn=4.7.1, status=deferred (host banner-554.mx.test[127.0.10.12] refused to talk to me: 554 5.7.1 Service unavailable; client host blocked)";
    assert_eq!(
        brief(lines),
        [
            "1 remote_close by receiver at unknown tls=unknown mx=starttls-421.mx.test qid=B6D689C80E4 to=starttls-421.mx.test weight=1",
            "2 deferral by receiver at starttls tls=none mx=starttls-421.mx.test qid=B213F9C89AB to=starttls-421.mx.test weight=1",
            "3 deferral by receiver at unknown tls=unknown mx=ehlo-421.mx.test qid=B424E9C80DE to=ehlo-421.mx.test weight=1",
            "5 deferral by receiver at ehlo tls=established mx=tls-then-421-ehlo.mx.test qid=B40AD9C80D0 to=tls-then-421-ehlo.mx.test weight=1",
            "6 rejection by receiver at unknown tls=unknown mx=banner-554.mx.test qid=DD0589C80D8 to=banner-554.mx.test weight=1",
        ]
    );
}

/// transcript trap 22: `Cannot start TLS` stands with a recipient, or without one where a retry in
/// clear follows: each line is one session, and all of them are of one message.
#[test]
fn a_lost_handshake_and_the_retry_in_clear_are_two_sessions_of_one_message() {
    let lines = "
        postfix/smtp[10761]: SSL_connect error to fallback.mx.test[127.0.12.1]:25: lost connection
        postfix/smtp[10761]: 45B359C80D0: to=<user@fallback.mx.test>, relay=fallback.mx.test[127.0.12.1]:25, delay=0.08, delays=0.02/0.06/0/0, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix/smtp[10761]: SSL_connect error to fallback.mx.test[127.0.12.1]:25: lost connection
        postfix/smtp[10761]: 45B359C80D0: Cannot start TLS: handshake failure
        postfix/smtp[10761]: 45B359C80D0: to=<user@fallback.mx.test>, relay=fallback.mx.test[127.0.12.1]:25, delay=3.1, delays=3.1/0/0/0, dsn=4.7.29, status=deferred (host fallback.mx.test[127.0.12.1] said: 421-4.7.29 Your email has been rate limited because this message wasn't sent 421-4.7.29 over a TLS connection. 421 4.7.29 x9-20020a05test.21 - gsmtp (in reply to MAIL FROM command))";
    let lost = "remote_close by receiver at handshake tls=failed mx=fallback.mx.test qid=45B359C80D0 to=";
    assert_eq!(
        brief(lines),
        [
            format!("2 {lost}fallback.mx.test weight=1"),
            format!("4 {lost} weight=1"),
            "5 deferral by receiver at mail tls=none mx=fallback.mx.test qid=45B359C80D0 to=fallback.mx.test weight=1"
                .to_owned(),
        ]
    );
}
