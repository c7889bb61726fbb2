//! Recorded transcripts, one for each class and each trap, with all that can be expected of them.
#![expect(clippy::expect_used, reason = "tests")]

use proptest::prelude::*;

use super::{Clock, Phase, TRANSCRIPT_FORMATS, Transcript, Verdict};
use crate::formats::Head;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/transcripts/", $name, ".txt"))
    };
}

fn runs(bytes: &[u8]) -> Vec<Transcript> {
    let format = TRANSCRIPT_FORMATS.iter().find(|f| f.recognise(Head { bytes, whole: true }).is_some());
    format.expect("a transcript").read(bytes)
}

fn run(bytes: &[u8]) -> Transcript {
    let mut all = runs(bytes);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn every_class_and_every_trap() {
    use {Phase as P, Verdict as V};
    let cases: [(&[u8], V, P, &str); 40] = [
        (sample!("openssl-3.0.22-ok.time_wrapped"), V::Ok, P::Done, "New, TLSv1.3"),
        (sample!("openssl-1.1.1w-ok_tls12"), V::Ok, P::Done, "New, TLSv1.2"),
        (sample!("openssl-3.0.22-cert_expired.brief"), V::OkCert, P::Done, "10 (certificate has expired)"),
        // It prints `New, TLSv1.3` though the tester's own check ended it.
        (
            sample!("openssl-3.0.22-cert_expired.verify_return_error"),
            V::OkCert,
            P::ServerFlight,
            "certificate verify failed",
        ),
        // `Verify return code: 0 (ok)` and `Verification: OK` without one byte of TLS.
        (sample!("openssl-3.0.22-banner_421"), V::Downstream, P::Ehlo, "write:errno=32"),
        (sample!("openssl-3.0.19-throttled"), V::Downstream, P::Ehlo, "write:errno=32"),
        // The same refusal in three forms: no reply shown, an end of file, the reply itself.
        (sample!("openssl-1.1.1w-starttls_421"), V::Downstream, P::ClientHello, "write:errno=0"),
        (sample!("script-2.38.1-starttls_421.noquiet"), V::Downstream, P::ClientHello, "unexpected eof"),
        (sample!("openssl-3.0.22-starttls_421.debug"), V::Downstream, P::Starttls, "421 4.7.0 Try again later"),
        // `SSL3 alert write` is our own reaction; only `read` is the other side's verdict.
        (sample!("openssl-3.0.22-close_after_clienthello.state"), V::Downstream, P::ClientHello, "unexpected eof"),
        (sample!("openssl-3.0.22-alert_close_notify"), V::Downstream, P::ClientHello, "\"closed\""),
        (sample!("openssl-3.0.22-tls_then_421_ehlo"), V::Downstream, P::PostTls, "421 4.7.28"),
        (sample!("openssl-1.1.1w-tls_then_close"), V::Downstream, P::PostTls, "read:errno=0"),
        (sample!("ts-3.0.22-banner_421"), V::Downstream, P::Ehlo, "write:errno=32"),
        (sample!("openssl-3.0.22-alert_handshake_failure.msg"), V::TlsFault, P::ClientHello, "fatal handshake_failure"),
        // The error breaks into the middle of a line.
        (sample!("openssl-3.0.22-alert_protocol_version.trace"), V::TlsFault, P::ClientHello, "SSL alert number 70"),
        (sample!("openssl-3.0.22-corrupt_flight13"), V::TlsFault, P::ServerFlight, "bad record mac"),
        // The tester spoke TLS 1.3 only, the server 1.2 only.
        (sample!("openssl-3.0.22-tls12_only.tls1_3"), V::Operator, P::ClientHello, "-tls1_3"),
        (sample!("swaks-20201014-quit_after_ehlo"), V::Operator, P::Ehlo, "QUIT without STARTTLS"),
        // `-L ssl-debug` alone prints no line of the session.
        (sample!("finger-3.7.11-tls_then_421_ehlo.ssl-debug"), V::Downstream, P::PostTls, "421 4.7.28"),
        (sample!("gnutls-cli-3.7.9-alert_user_canceled"), V::Downstream, P::ClientHello, "User canceled"),
        (
            sample!("openssl-3.0.22-alert_handshake_failure.stdout_only"),
            V::Inconclusive,
            P::ClientHello,
            "no error line",
        ),
        (sample!("openssl-3.0.22-ehlo_no_starttls"), V::NotOffered, P::Ehlo, "Didn't find STARTTLS"),
        (
            sample!("openssl-1.1.1w-plaintext_421_in_handshake.debug"),
            V::Plaintext,
            P::ClientHello,
            "wrong version number",
        ),
        (sample!("openssl-1.1.1w-refused"), V::Connect, P::Connect, "Connection refused"),
        (sample!("openssl-3.0.22-sock_emfile"), V::LocalResource, P::Socket, "Too many open files"),
        (sample!("openssl-3.0.22-nodns"), V::Dns, P::Resolve, "Temporary failure in name resolution"),
        (sample!("openssl-3.0.22-stall_after_clienthello.tty"), V::Timeout, P::Unknown, "ends after CONNECTED"),
        (sample!("openssl-3.0.22-ok.rcpt_renegotiate"), V::Operator, P::PostTls, "RENEGOTIATING"),
        (sample!("finger-3.7.11-ok"), V::Ok, P::Done, "Verified TLS connection established"),
        (sample!("finger-3.7.11-cert_expired"), V::OkCert, P::Done, "Untrusted TLS connection established"),
        (sample!("finger-3.7.11-ehlo_421"), V::Downstream, P::Ehlo, "421 4.7.0"),
        (sample!("finger-3.7.11-starttls_close"), V::Downstream, P::Starttls, "lost connection while sending STARTTLS"),
        (sample!("finger-3.7.11-reset-quiet"), V::Downstream, P::ClientHello, "Connection reset by peer"),
        (sample!("finger-3.7.11-tls_then_421_ehlo"), V::Downstream, P::PostTls, "421 4.7.28"),
        (sample!("finger-3.7.11-stall_after_clienthello"), V::Timeout, P::ClientHello, "Connection timed out"),
        (sample!("finger-3.7.11-plaintext_421_in_handshake"), V::Plaintext, P::ClientHello, "wrong version number"),
        (sample!("finger-3.7.11-alert_handshake_failure"), V::TlsFault, P::ClientHello, "SSL alert number 40"),
        (sample!("finger-3.7.11-ehlo_no_starttls"), V::NotOffered, P::Ehlo, "without STARTTLS"),
        (sample!("finger-3.7.11-connect_timeout"), V::Connect, P::Connect, "Connection timed out"),
    ];
    for (bytes, verdict, phase, words) in cases {
        let t = run(bytes);
        assert_eq!((t.verdict, t.phase), (verdict, phase), "{t:#?}");
        assert!(t.because.contains(words), "{t:#?}");
    }
}

/// Standard output alone prints `New, …` as soon as a suite is chosen, whatever came of it. Each was
/// recorded with a server that did as its name says.
#[test]
fn a_result_block_alone_is_no_handshake() {
    use {Phase as P, Verdict as V};
    let cases: [(&[u8], V, P, &str); 4] = [
        (
            sample!("openssl-3.0.22-close_mid_flight13.stdout_only"),
            V::Inconclusive,
            P::ServerFlight,
            "no certificate came",
        ),
        (sample!("openssl-3.0.22-corrupt_flight13.stdout_only"), V::Inconclusive, P::ServerFlight, "too few"),
        (sample!("openssl-3.0.22-clientcert12.stdout_only"), V::Inconclusive, P::ServerFlight, "no session"),
        (sample!("openssl-3.0.22-ok_tls12.stdout_only"), V::OkCert, P::Done, "New, TLSv1.2"),
    ];
    for (bytes, verdict, phase, words) in cases {
        let t = run(bytes);
        assert_eq!((t.verdict, t.phase), (verdict, phase), "{t:#?}");
        assert!(t.because.contains(words), "{t:#?}");
    }
    // A name of 65 characters is as long as the end of a handshake.
    let long = sample!("openssl-3.0.22-close_mid_flight13.long_name.stdout_only");
    let command = long.iter().position(|b| *b == b'\n').map_or(0, |end| end + 1);
    for torn in [long.as_slice(), &long[command..]] {
        let t = run(torn);
        assert_eq!((t.verdict, t.phase), (V::Inconclusive, P::ServerFlight), "{t:#?}");
    }
    let whole = run(sample!("openssl-3.0.22-ok.long_name.stdout_only"));
    assert_eq!((whole.verdict, whole.bytes), (V::OkCert, Some((1530, 484))));
    // The first lines of a success, as far as the block goes: it left a ticket.
    let whole = String::from_utf8_lossy(sample!("openssl-3.0.22-ok_tls12.stdout_only")).into_owned();
    let block = whole.split("\n250-").next().expect("a block");
    assert_eq!(run(block.as_bytes()).verdict, V::OkCert);
}

/// Recorded with a server that did as its name says.
#[test]
fn what_servers_did() {
    use {Phase as P, Verdict as V};
    let cases: [(&[u8], V, P, &str); 8] = [
        // One run, its two outputs one after the other: a close after the 221 is none, whichever stands first.
        (sample!("openssl-3.0.22-ok.stderr_first"), V::OkCert, P::Done, "New, TLSv1.3"),
        (
            sample!("openssl-3.0.22-close_mid_flight13.stdout_first"),
            V::Downstream,
            P::ServerFlight,
            "closed before the handshake completed",
        ),
        (
            sample!("openssl-3.0.22-alert_handshake_failure.stdout_first"),
            V::TlsFault,
            P::ClientHello,
            "SSL alert number 40",
        ),
        // The server named the session before it refused the client.
        (sample!("openssl-3.0.22-clientcert12.no_ticket"), V::Inconclusive, P::ServerFlight, "no session"),
        // TLS 1.3: the server asks for a certificate, and judges after the client's handshake stands.
        (sample!("finger-3.7.11-clientcert13"), V::TlsFault, P::PostTls, "SSL alert number 116"),
        (sample!("finger-3.7.11-rst_at_accept.ts"), V::Downstream, P::Banner, "Connection reset by peer"),
        // It closed after its 220, and the tool died of it without a word.
        (sample!("swaks-20201014-close_after_220.sigpipe"), V::Inconclusive, P::ClientHello, "the text ends here"),
        (sample!("swaks-20201014-rcpt_450.ts"), V::Downstream, P::PostTls, "450 4.2.1"),
    ];
    for (bytes, verdict, phase, words) in cases {
        let t = run(bytes);
        assert_eq!((t.verdict, t.phase), (verdict, phase), "{t:#?}");
        assert!(t.because.contains(words), "{t:#?}");
    }
    // `ts '%b %d %H:%M:%.S'`: no year, and a clock fine enough to time the handshake.
    let t = run(sample!("swaks-20201014-rcpt_450.ts"));
    assert_eq!((t.started, t.handshake_ms.is_some()), (None, true));
}

#[test]
fn all_that_a_success_shows() {
    let t = run(sample!("openssl-3.0.22-ok.time_wrapped"));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:17:11Z"));
    assert_eq!((t.clock, t.elapsed_ms, t.bytes), (Clock::Text, Some(20), Some((2236, 434))));
    assert_eq!((t.protocol.as_deref(), t.cipher.as_deref()), (Some("TLSv1.3"), Some("TLS_AES_256_GCM_SHA384")));
    assert_eq!(t.verify.as_deref(), Some("0 (ok)"));
    assert_eq!((t.certificates, t.not_after.as_deref()), (Some(2), Some("Feb 16 02:09:45 2027 GMT")));
    assert_eq!(t.subject.as_deref(), Some("CN = mx.example.test"));
    assert_eq!(t.issuer.as_deref(), Some("C = US, O = Example Trust Services, CN = Example Issuing CA WR2"));
    assert_eq!((t.replies, t.host, t.tool), (vec!["250 SMTPUTF8".to_owned()], None, "openssl s_client"));

    let t = run(sample!("finger-3.7.11-ok"));
    assert_eq!((t.host.as_deref(), t.address.as_deref()), (Some("ok.mx.test"), Some("127.0.10.1")));
    assert_eq!((t.source_ip.as_deref(), t.token.as_deref()), (Some("127.0.0.1"), Some("x9-20020a05test.21")));
    assert_eq!((t.protocol.as_deref(), t.cipher.as_deref()), (Some("TLSv1.3"), Some("TLS_AES_256_GCM_SHA384")));
    assert_eq!((t.subject.as_deref(), t.issuer.as_deref()), (Some("mx.example.test"), Some("Example Issuing CA WR2")));
    assert_eq!((t.verify.as_deref(), t.replies.len(), t.lines), (Some("verified"), 5, (1, 32)));
    assert_eq!((t.started, t.clock), (None, Clock::Unknown));

    let t = run(sample!("finger-3.7.11-cert_expired"));
    assert_eq!(t.verify.as_deref(), Some("untrusted (certificate has expired)"));
}

#[test]
fn a_dead_connection_shows_no_session_and_no_verification() {
    let t = run(sample!("openssl-3.0.22-banner_421"));
    assert_eq!((t.protocol, t.cipher, t.verify, t.subject), (None, None, None, None));
    assert_eq!(t.bytes, Some((380, 23)));
}

#[test]
fn clocks_and_targets_of_wrappers() {
    let t = run(sample!("script-2.38.1-starttls_421.noquiet"));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:21:05Z"));
    assert_eq!((t.clock, t.host.as_deref()), (Clock::Text, Some("starttls-421.mx.test")));
    let t = run(sample!("ts-3.0.22-banner_421"));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:21:05.974Z"));
    let t = run(sample!("openssl-3.0.22-tls_then_421_ehlo"));
    assert_eq!(t.started.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:16:41Z"));
    assert_eq!(t.clock, Clock::SslSession);
}

#[test]
fn debug_dumps_give_back_the_replies() {
    let t = run(sample!("openssl-3.0.22-starttls_421.debug"));
    assert_eq!(t.replies.len(), 3);
    assert_eq!(t.replies[2], "421 4.7.0 Try again later, closing connection. (STARTTLS) x9-20020a05test.21 - gsmtp");
    assert_eq!((t.source_ip.as_deref(), t.token.as_deref()), (Some("127.0.0.1"), Some("x9-20020a05test.21")));
    // After 220 the refusal came as plain text, cut in two reads.
    let t = run(sample!("openssl-1.1.1w-plaintext_421_in_handshake.debug"));
    assert!(t.replies.last().is_some_and(|r| r.starts_with("421 4.7.0 Try again later")), "{:?}", t.replies);
}

#[test]
fn no_secret_is_left_outside_the_marked_ranges() {
    for bytes in [
        &sample!("openssl-1.1.1w-ok_tls12")[..],
        sample!("openssl-3.0.22-tls_then_421_ehlo"),
        sample!("openssl-3.0.22-alert_handshake_failure.msg"),
        sample!("openssl-3.0.22-starttls_421.debug"),
        sample!("openssl-3.0.22-alert_protocol_version.trace"),
    ] {
        let mut left = bytes.to_vec();
        for range in run(bytes).secrets {
            left[range].fill(b'#');
        }
        let left = String::from_utf8(left).expect("text");
        for line in left.lines() {
            for label in ["Session-ID:", "Master-Key:", "Resumption PSK:", "session_id (len=", "    0000 - "] {
                let value = line.split(label).nth(1).unwrap_or_default().trim();
                assert!(value.bytes().all(|b| b == b'#'), "{line}");
            }
            assert!(!line.starts_with("    16 03 01"), "{line}");
        }
        // The evidence stays.
        assert!(left.contains("SSL handshake has read "));
    }
    let debug = sample!("openssl-3.0.22-starttls_421.debug");
    assert!(run(debug).secrets.iter().all(|r| !debug[r.clone()].windows(9).any(|w| w == b"421 4.7.0")));
}

/// Written after the wording of OpenSSL 3.5, not recorded. What differs: `Connecting to`, `Protocol:` printed for nothing, the alert's
/// wording, names without blanks, the second error line.
#[test]
fn openssl_3_5() {
    let failed = "Connecting to 127.0.10.39\n4057E1FF147F0000:error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:ssl/record/rec_layer_s3.c:916:SSL alert number 40\nCONNECTED(00000003)\n---\nno peer certificate available\n---\nNo client certificate CA names sent\nNegotiated TLS1.3 group: <NULL>\n---\nSSL handshake has read 258 bytes and written 1590 bytes\nVerification: OK\n---\nNew, (NONE), Cipher is (NONE)\nProtocol: TLSv1.3\nThis TLS version forbids renegotiation.\nEarly data was not sent\nVerify return code: 0 (ok)\n---\n";
    let t = run(failed.as_bytes());
    assert_eq!((t.verdict, t.phase), (Verdict::TlsFault, Phase::ClientHello));
    assert_eq!((t.address.as_deref(), t.protocol, t.verify), (Some("127.0.10.39"), None, None));
    let echoed = "Connecting to ::1\n40:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:r.c:80:\n40:error:0A000139:SSL routines:tls_default_read_n:record layer failure:r.c:1:\nCONNECTED(00000003)\n";
    assert_eq!(run(echoed.as_bytes()).verdict, Verdict::Plaintext);
    assert_eq!(run(b"Connecting to 127.0.10.32\nCONNECTED(00000003)\n").verdict, Verdict::Timeout);
    assert_eq!(runs([failed, failed, echoed].concat().as_bytes()).len(), 3);
}

#[test]
fn the_testers_own_options_are_told_from_faults() {
    let alert = "40:error:0A00042E:SSL routines:f:tlsv1 alert protocol version:r.c:1:SSL alert number 70\nCONNECTED(00000003)\n";
    let with = |command: &str| run(format!("$ openssl s_client {command}\n{alert}").as_bytes());
    assert_eq!(with("-starttls smtp -connect mx.example:25").verdict, Verdict::TlsFault);
    let forced = with("-starttls smtp -tls1 -connect [2001:db8::1]:25 -servername mx.example -bind 192.0.2.7:0");
    assert_eq!((forced.verdict, forced.host.as_deref()), (Verdict::Operator, Some("mx.example")));
    assert_eq!((forced.address.as_deref(), forced.source_ip.as_deref()), (Some("2001:db8::1"), Some("192.0.2.7")));
    // A choice among the versions of today explains a fault of the version, and no other.
    let handshake = alert.replace("protocol version", "handshake failure").replace("number 70", "number 40");
    let chosen = |text: &str| run(format!("$ openssl s_client -starttls smtp -tls1_2\n{text}").as_bytes()).verdict;
    assert_eq!((chosen(alert), chosen(&handshake)), (Verdict::Operator, Verdict::TlsFault));
}

/// posttls-finger with `-c` and no more prints one line for most runs: how it ended. Lines as recorded.
#[test]
fn a_loop_of_quiet_runs_is_told_apart() {
    let lines = [
        "SMTP service not available: 421-4.7.28 Gmail has detected an unusual rate?421 4.7.28 from your IP address. - gsmtp",
        "lost connection while sending EHLO",
        "127.0.88.48[127.0.88.48]:25: subject_CN=mx.example.test, issuer_CN=mx.example.test, fingerprint=F8",
        "Untrusted TLS connection established to 127.0.88.48[127.0.88.48]:25: TLSv1.3 with cipher X (256/256 bits)",
        "STARTTLS rejected: 454 4.7.0 TLS not available due to temporary reason",
        "timeout while reading server greeting",
        "SSL_connect error to 127.0.88.41[127.0.88.41]:25: lost connection",
        "fatal: lost connection while sending STARTTLS",
    ];
    let file: String = lines.iter().map(|l| format!("posttls-finger: {l}\n")).collect();
    let verdicts: Vec<_> = runs(file.as_bytes()).iter().map(|t| t.verdict.word()).collect();
    assert_eq!(verdicts, ["DOWNSTREAM", "DOWNSTREAM", "OK_CERT", "DOWNSTREAM", "TIMEOUT", "DOWNSTREAM", "DOWNSTREAM"]);
    // An EHLO that is lost may be the one inside TLS, unless a date stands between.
    let (session, lost) = (format!("posttls-finger: {}\n", lines[3]), format!("posttls-finger: {}\n", lines[1]));
    assert_eq!(runs([&*session, &*lost].concat().as_bytes()).len(), 1);
    let date = "Fri Nov 27 17:07:07 UTC 2026\n";
    let two = runs([date, &session, date, &lost, date].concat().as_bytes());
    assert_eq!(two.iter().map(|t| t.verdict.word()).collect::<Vec<_>>(), ["OK_CERT", "DOWNSTREAM"]);
    assert!(two.iter().all(|t| t.started.is_some()));
}

#[test]
fn a_file_may_mix_the_tools() {
    let mut file = b"Tue Nov 24 02:21:05 UTC 2026\n".to_vec();
    file.extend(sample!("openssl-3.0.22-banner_421"));
    file.extend(b"Tue Nov 24 02:22:05 UTC 2026\n");
    file.extend(sample!("finger-3.7.11-ehlo_421"));
    file.extend(sample!("openssl-1.1.1w-refused"));
    let all = runs(&file);
    let tools: Vec<_> = all.iter().map(|t| (t.tool, t.verdict)).collect();
    assert_eq!(
        tools,
        [
            ("openssl s_client", Verdict::Downstream),
            ("posttls-finger", Verdict::Downstream),
            ("openssl s_client", Verdict::Connect)
        ]
    );
    assert_eq!(all[1].started.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:22:05Z"));
    assert_eq!((all[0].lines.0, all[0].lines.1 + 1), (1, all[1].lines.0));
}

#[test]
fn logs_tables_and_other_tools_are_not_taken() {
    let others: [&[u8]; 6] = [
        b"Nov 24 03:00:41 mta1 postfix-ip2/smtp[16338]: SSL_connect error to gmail-smtp-in.l.google.com[198.51.100.26]:25: lost connection\nNov 24 03:00:41 mta1 postfix-ip1/smtp[1745]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:\n",
        b"# hostname;interval;timestamp;CPU;%user\nmta1;5;2026-11-24 03:07:34 UTC;-1;1.00\n",
        b"epoch,rx,tx\n1795486865.974,1.0,2.0\n",
        b"*   Trying 192.0.2.1:443...\n* OpenSSL/3.0.22: error:0A000410:SSL routines::sslv3 alert handshake failure\ncurl: (35) x\n",
        b"[{\"id\":\"SSLv2\",\"value\":\"offered\"}]\n",
        b"",
    ];
    for bytes in others {
        let taken = TRANSCRIPT_FORMATS.iter().find_map(|f| f.recognise(Head { bytes, whole: true }));
        assert_eq!(taken, None, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_text_that_shows_nothing_is_inconclusive() {
    for format in TRANSCRIPT_FORMATS {
        for text in [&b""[..], b"\n\n", b"hello", b"{}", b"[]"] {
            let read = format.read(text);
            assert_eq!(read.len(), 1, "{text:?}");
            assert_eq!((read[0].verdict, read[0].secrets.len()), (Verdict::Inconclusive, 0));
        }
    }
}

/// What must hold for any bytes: runs in order, ranges inside the file and apart.
fn holds(bytes: &[u8]) {
    for format in TRANSCRIPT_FORMATS {
        let _ = format.recognise(Head { bytes, whole: false });
        let read = format.read(bytes);
        assert!(!read.is_empty());
        assert!(read.windows(2).all(|w| w[0].lines.1 < w[1].lines.0));
        for t in &read {
            assert!(t.secrets.iter().all(|r| r.start < r.end && r.end <= bytes.len()));
            assert!(t.secrets.windows(2).all(|w| w[0].end < w[1].start));
            assert!(!t.because.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        holds(&bytes);
    }

    /// Real samples cut and with bytes replaced: closer to the readers' edges than noise.
    #[test]
    fn damaged_samples(which in 0_usize..12, from in 0_usize..4000, to in 0_usize..9000, at in 0_usize..9000, byte: u8) {
        let samples: [&[u8]; 12] = [
            sample!("swaks-20201014-tls_then_421_ehlo"),
            sample!("curl-7.88.1-tls_then_421_ehlo"),
            sample!("curl-7.88.1-loaded.trace-time"),
            sample!("gnutls-cli-3.7.9-cert_expired"),
            include_bytes!("../../../tests/data/transcripts/sslyze-6.3.1-starttls_421.json"),
            include_bytes!("../../../tests/data/transcripts/testssl-3.0.8-refused.json"),
            sample!("openssl-3.0.22-starttls_421.debug"),
            sample!("openssl-3.0.22-tls_then_421_ehlo"),
            sample!("script-2.38.1-starttls_421.noquiet"),
            sample!("ts-3.0.22-banner_421"),
            sample!("finger-3.7.11-tls_then_421_ehlo"),
            sample!("openssl-3.0.22-alert_protocol_version.trace"),
        ];
        let whole = samples[which];
        let mut bytes = whole[from.min(whole.len())..to.clamp(from.min(whole.len()), whole.len())].to_vec();
        if let Some(b) = bytes.get_mut(at) {
            *b = byte;
        }
        holds(&bytes);
    }

    #[test]
    fn any_file_name(name in "\\PC{0,40}") {
        let _ = (super::stamp_in_file_name(&name), super::condition_in_file_name(&name));
    }
}
