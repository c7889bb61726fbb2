//! Recordings of the tools that print the dialogue, and of the scanners: class, phase, facts.
#![expect(clippy::expect_used, reason = "tests")]

use std::path::{Path, PathBuf};

use super::{Clock, Phase as P, TRANSCRIPT_FORMATS, Transcript, Verdict as V};
use crate::formats::Head;

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts").join(name);
    std::fs::read(path).expect("a sample")
}

pub(super) fn runs(bytes: &[u8]) -> Vec<Transcript> {
    let format = TRANSCRIPT_FORMATS.iter().find(|f| f.recognise(Head { bytes, whole: true }).is_some());
    format.expect("a transcript").read(bytes)
}

pub(super) fn run(bytes: &[u8]) -> Transcript {
    let mut all = runs(bytes);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn class_and_phase_of_each_recording() {
    let cases = [
        ("swaks-20201014-ok.txt", V::Ok, P::Done, "TLSv1.3 TLS_AES_256_GCM_SHA384"),
        ("swaks-20201014-starttls_421.txt", V::Downstream, P::Starttls, "421 4.7.0"),
        ("swaks-20201014-close_after_clienthello.txt", V::Downstream, P::ClientHello, "lib(0)"),
        ("swaks-20201014-banner_stall.txt", V::Timeout, P::Banner, "Timeout (6 secs)"),
        ("swaks-20201014-tls_then_421_ehlo.txt", V::Downstream, P::PostTls, "421 4.7.28"),
        ("swaks-20201014-refused.txt", V::Connect, P::Connect, "Connection refused"),
        ("swaks-20201014-ehlo_no_starttls.txt", V::NotOffered, P::Ehlo, "did not advertise STARTTLS"),
        ("curl-7.88.1-ok.txt", V::Ok, P::Done, "SSL certificate verify ok"),
        ("curl-7.88.1-starttls_421.txt", V::Downstream, P::Starttls, "421 4.7.0"),
        ("curl-7.88.1-cert_wrongname.txt", V::OkCert, P::Finished, "no alternative certificate subject name"),
        ("curl-7.88.1-close_after_clienthello.txt", V::Downstream, P::ClientHello, "SSL_ERROR_SYSCALL"),
        ("curl-7.88.1-banner_stall.txt", V::Timeout, P::Banner, "timed out after 7012"),
        ("curl-7.88.1-tls_then_421_ehlo.txt", V::Downstream, P::PostTls, "421 4.7.28"),
        ("curl-7.88.1-refused.txt", V::Connect, P::Connect, "Connection refused"),
        ("curl-7.88.1-ehlo_no_starttls.txt", V::NotOffered, P::Ehlo, "STARTTLS not supported"),
        ("gnutls-cli-3.7.9-ok.txt", V::Ok, P::Done, "The certificate is trusted"),
        ("gnutls-cli-3.7.9-ehlo_421.txt", V::Downstream, P::Ehlo, "error receiving '250 '"),
        ("gnutls-cli-3.7.9-close_after_clienthello.txt", V::Downstream, P::ClientHello, "non-properly terminated"),
        ("gnutls-cli-3.7.9-alert_handshake_failure.txt", V::TlsFault, P::ClientHello, "alert"),
        ("gnutls-cli-3.7.9-plaintext_421_in_handshake.txt", V::Plaintext, P::ClientHello, "unknown type 52"),
        ("gnutls-cli-3.7.9-cert_expired.txt", V::OkCert, P::ServerFlight, "expired certificate"),
        ("gnutls-cli-3.7.9-refused.txt", V::Connect, P::Connect, "Connection refused"),
        ("gnutls-cli-3.7.9-tls_then_close.txt", V::Downstream, P::PostTls, "terminated the connection abnormally"),
        ("sslyze-6.3.1-banner_421.json", V::Downstream, P::Banner, "unusual rate"),
        ("sslyze-6.3.1-starttls_421.json", V::Downstream, P::Starttls, "SMTP STARTTLS rejected"),
        ("sslyze-6.3.1-cert_expired.json", V::OkCert, P::Done, "not valid at validation time"),
        ("sslyze-6.3.1-old_tls10_only.json", V::TlsFault, P::Done, "TLS 1.2 and 1.3 are not supported, TLSv1 is"),
        ("sslyze-6.3.1-refused.json", V::Connect, P::Connect, "rejected the connection"),
        ("testssl-3.0.8-ok.json", V::Ok, P::Done, "TLSv1.3 is offered"),
        ("testssl-3.0.8-cert_expired.json", V::OkCert, P::Done, "expired"),
        ("testssl-3.0.8-refused.json", V::Connect, P::Connect, "Can't connect to"),
    ];
    for (name, verdict, phase, words) in cases {
        let t = run(&sample(name));
        assert_eq!((t.verdict, t.phase), (verdict, phase), "{name}: {t:#?}");
        assert!(t.because.contains(words), "{name}: {}", t.because);
        let known = t.host.is_some() && (t.address.is_some() || name.starts_with("swaks") || verdict == V::Connect);
        assert!(known, "{name}: {t:#?}");
    }
}

/// `--trace-ascii`, recorded on ports that say nothing: the dialogue does.
#[test]
fn dumps_of_curl_tell_what_its_notes_do() {
    let cases = [
        ("curl-7.88.1-ok.trace-ascii.txt", V::OkCert, P::Done, "self-signed certificate (18)"),
        ("curl-7.88.1-starttls_421.trace-ascii.txt", V::Downstream, P::Starttls, "421 4.7.0"),
        ("curl-7.88.1-close_after_220.trace-ascii.txt", V::Downstream, P::ClientHello, "reset by peer"),
        ("curl-7.88.1-auth_refused.trace-ascii.txt", V::OkCert, P::Finished, "self-signed certificate (18)"),
    ];
    for (name, verdict, phase, words) in cases {
        let t = run(&sample(name));
        assert_eq!((t.tool, t.verdict, t.phase), ("curl", verdict, phase), "{name}: {t:#?}");
        assert!(t.because.contains(words), "{name}: {}", t.because);
        assert_eq!((t.address.as_deref(), t.source_ip.as_deref()), (Some("127.0.0.1"), Some("127.0.0.1")), "{name}");
    }
    // Joined from two lines of a dump.
    let replies = run(&sample("curl-7.88.1-starttls_421.trace-ascii.txt")).replies;
    let last = "421 4.7.0 Try again later, closing connection. x9-20020a05test.21 - gsmtp";
    assert_eq!(replies.last().map(String::as_str), Some(last));
    // The same in the notes of `-v`, on a port of no meaning.
    let text = "*   Trying 192.0.2.1:2526...\n* Connected to mx.test (192.0.2.1) port 2526 (#0)\n< 220 mx.test ESMTP\n\
        > EHLO node1.example.com\n< 250-mx.test\n< 250 STARTTLS\n> STARTTLS\n< 421 4.7.0 Try again later\n\
        * STARTTLS denied, code 421\n* Closing connection 0\n";
    let t = run(text.as_bytes());
    assert_eq!((t.tool, t.verdict, t.host.as_deref()), ("curl", V::Downstream, Some("mx.test")));
}

#[test]
fn all_that_a_success_shows() {
    let t = run(&sample("swaks-20201014-ok.txt"));
    assert_eq!((t.host.as_deref(), t.source_ip.as_deref()), (Some("ok.mx.test"), Some("127.0.0.1")));
    assert_eq!((t.token.as_deref(), t.subject.as_deref()), (Some("x9-20020a05test.21"), Some("/CN=mx.example.test")));
    assert_eq!(t.banner(), Some("220 mx.example.test ESMTP x9-20020a05test.21 - gsmtp"));
    let t = run(&sample("curl-7.88.1-loaded.trace-time.txt"));
    assert_eq!((t.protocol.as_deref(), t.cipher.as_deref()), (Some("TLSv1.3"), Some("TLS_AES_256_GCM_SHA384")));
    assert_eq!((t.version.as_deref(), t.not_after.as_deref()), (Some("7.88.1"), Some("Feb 16 02:09:45 2027 GMT")));
    assert!(t.handshake_ms.is_some_and(|ms| ms > 300) && t.duration_ms() == t.handshake_ms, "{t:#?}");
    let t = run(&sample("gnutls-cli-3.7.9-ok.txt"));
    assert_eq!((t.protocol.as_deref(), t.cipher.as_deref()), (Some("TLSv1.3"), Some("AES-256-GCM")));
    assert_eq!((t.subject.as_deref(), t.certificates), (Some("CN=mx.example.test"), Some(2)));
    assert_eq!((t.not_after.as_deref(), t.address.as_deref()), (Some("2027-02-16 02:09:45 UTC"), Some("127.0.10.1")));
    let t = run(&sample("sslyze-6.3.1-cert_expired.json"));
    assert_eq!((t.clock, t.version.as_deref(), t.elapsed_ms), (Clock::Text, Some("6.3.1"), Some(873)));
    assert_eq!((t.protocol.as_deref(), t.not_after.as_deref()), (Some("TLSv1.3"), Some("2026-11-01T00:00:00Z")));
    let t = run(&sample("testssl-3.0.8-cert_expired.json"));
    assert_eq!((t.not_after.as_deref(), t.certificates), (Some("2026-11-01 00:00"), Some(2)));
}

/// The guide's example, shortened, and two of its errors.
#[test]
fn pmta_resolve() {
    let ok = "connecting from foo.port25.example (192.0.2.7) to mx.example.test (198.51.100.9)\nconnected from [192.0.2.7]:39339\n>>> 220 mx.example.test ESMTP x9-20020a05test.21 - gsmtp\n<<< EHLO foo.port25.example\n>>> 250-mx.example.test at your service\n>>> 250 STARTTLS\n<<< STARTTLS\n>>> 220 2.0.0 Ready to start TLS\nTLSv1.2 connected with 256-bit ECDHE-RSA-AES256-SHA384\nCert: /C=US/O=Example/CN=mx.example.test; issuer=/C=US/O=Example Trust/CN=WR2; verified=no\n<<< EHLO foo.port25.example\n>>> 250 mx\n<<< QUIT\n>>> 221 2.0.0 closing connection\nclosed mx.example.test (198.51.100.9) in=511 out=68\n";
    let t = run(ok.as_bytes());
    // `verified=no` is its usual state: nothing was checked, nothing failed.
    assert_eq!((t.tool, t.verdict, t.phase), ("pmta resolve", V::OkCert, P::Done), "{t:#?}");
    assert_eq!((t.host.as_deref(), t.address.as_deref()), (Some("mx.example.test"), Some("198.51.100.9")));
    assert_eq!((t.source_ip.as_deref(), t.bytes), (Some("192.0.2.7"), Some((511, 68))));
    assert_eq!(
        (t.cipher.as_deref(), t.token.as_deref()),
        (Some("ECDHE-RSA-AES256-SHA384"), Some("x9-20020a05test.21"))
    );
    // `>>>` is the receiver.
    let refused =
        ">>> 220 mx.example.test ESMTP\n<<< EHLO foo\n>>> 250 STARTTLS\n<<< STARTTLS\n>>> 421 4.7.0 Try again later\n";
    assert_eq!((run(refused.as_bytes()).verdict, run(refused.as_bytes()).phase), (V::Downstream, P::Starttls));
    let cases = [
        ("ETIMEDOUT connecting to mx.example.test (198.51.100.9)", V::Connect),
        ("EMFILE connecting to mx.example.test (198.51.100.9)", V::LocalResource),
        (">>> 220 mx ESMTP\n<<< EHLO foo\nEDISCON in connection to mx.example.test (198.51.100.9)", V::Downstream),
    ];
    for (text, verdict) in cases {
        assert_eq!(run(text.as_bytes()).verdict, verdict, "{text}");
    }
    // A trace has times; its words are the same.
    let trace: String = ok.lines().map(|l| format!("2019-02-07 22:31:24 {l}\n")).collect();
    let pmta = TRANSCRIPT_FORMATS.iter().find(|f| f.name() == "pmta resolve").expect("registered");
    assert_eq!((pmta.read(trace.as_bytes())[0].verdict, pmta.read(trace.as_bytes()).len()), (V::OkCert, 1));
}

/// Versions that are worded otherwise, by their sources.
#[test]
fn wordings_of_other_versions() {
    let curl = |lines: &str| {
        run(format!("*   Trying 192.0.2.1:25...\n* Connected to mx.test (192.0.2.1) port 25\n< 220 mx\n> EHLO a\n< 250 STARTTLS\n> STARTTLS\n< 220 go\n* TLSv1.3 (OUT), TLS handshake, Client hello (1):\n{lines}").as_bytes())
    };
    let eof = curl(
        "* TLS connect error: error:0A000126:SSL routines::unexpected eof while reading\n* closing connection #0\ncurl: (35) TLS connect error: error:0A000126:SSL routines::unexpected eof while reading\n",
    );
    assert_eq!((eof.verdict, eof.phase), (V::Downstream, P::ClientHello));
    assert_eq!(
        curl("curl: (35) error:1408F10B:SSL routines:ssl3_get_record:wrong version number\n").verdict,
        V::Plaintext
    );
    assert_eq!(curl("curl: (77) error setting certificate verify locations\n").verdict, V::Operator);
    assert_eq!(curl("* SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256 / X25519MLKEM768 / RSASSA-PSS\n* Connection #0 to host mx.test:25 left intact\n").verdict, V::Ok);
    let refused = "* Host mx.test:25 was resolved.\n*   Trying 192.0.2.1:25...\n* connect to 192.0.2.1 port 25 from 192.0.2.9 port 38650 failed: Connection refused\n* Failed to connect to mx.test port 25 after 0 ms: Could not connect to server\n* closing connection #0\ncurl: (7) Failed to connect to mx.test port 25 after 0 ms: Could not connect to server\n";
    assert_eq!(run(refused.as_bytes()).verdict, V::Connect);
    let unknown = "* Could not resolve host: mx.test\ncurl: (6) Could not resolve host: mx.test\n";
    let both = format!("{refused}{unknown}");
    assert_eq!(runs(both.as_bytes()).iter().map(|t| t.verdict).collect::<Vec<_>>(), [V::Connect, V::Dns]);

    let swaks = |checks: &str| {
        run(format!("=== Trying mx.test:25...\n=== Connected to mx.test.\n<-  220 mx\n -> EHLO a\n<-  250 STARTTLS\n -> STARTTLS\n<-  220 go\n=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256\n=== TLS client certificate not requested and not sent\n=== TLS peer[0]   subject=[/CN=mx.test]\n===               commonName=[mx.test], subjectAltName=[DNS:mx.test] notAfter=[2027-02-16T02:09:45Z]\n=== TLS peer certificate {checks} (using host mx.test to verify)\n ~> EHLO a\n<~  250 mx\n ~> QUIT\n<~  221 bye\n=== Connection closed with remote host.\n").as_bytes())
    };
    let passed = swaks("passed CA verification, passed host verification");
    assert_eq!((passed.verdict, passed.subject.as_deref()), (V::Ok, Some("/CN=mx.test")));
    assert_eq!(passed.not_after.as_deref(), Some("2027-02-16T02:09:45Z"));
    assert_eq!(swaks("passed CA verification, failed host verification").verdict, V::OkCert);
    assert_eq!(swaks("failed CA verification (certificate has expired), passed host verification").verdict, V::OkCert);

    let gnutls = "Resolving 'mx.test:25'...\nConnecting to '192.0.2.1:25'...\nstarttls: sending: EHLO a\nstarttls: received: 250 mx\nstarttls: sending: STARTTLS\nerror receiving '220 ': Timeout\n";
    assert_eq!((run(gnutls.as_bytes()).verdict, run(gnutls.as_bytes()).phase), (V::Downstream, P::Starttls));
    let lookup = "posttls-finger: Destination address lookup failed: Host or domain name not found. Name service error for name=mx.test type=A: Host not found, try again\n";
    let t = run(lookup.as_bytes());
    assert_eq!((t.verdict, t.phase, t.host.as_deref()), (V::Dns, P::Resolve, Some("mx.test")));
    let errors_alone = run(b"error receiving '250 ': Timeout\n");
    assert_eq!((errors_alone.verdict, errors_alone.phase), (V::Downstream, P::Ehlo));
    assert_eq!(
        run(b"Cannot resolve mx.test:25: Name or service not known\nResolving 'mx.test:25'...\n").verdict,
        V::Dns
    );
}

#[test]
fn versions_that_a_loop_printed_first() {
    let cases = [
        ("OpenSSL 3.0.22 25 Aug 2026 (Library: OpenSSL 3.0.22 25 Aug 2026)", "openssl-3.0.22-banner_421.txt", "3.0.22"),
        ("mail_version = 3.7.11", "finger-3.7.11-ok.txt", "3.7.11"),
        ("swaks version 20201014.0", "swaks-20201014-ok.txt", "20201014.0"),
        ("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1", "curl-7.88.1-refused.txt", "7.88.1"),
        ("gnutls-cli 3.7.9", "gnutls-cli-3.7.9-ok.txt", "3.7.9"),
    ];
    let mut file = Vec::new();
    for (line, name, _) in cases {
        file.extend(format!("{line}\n").as_bytes());
        file.extend(sample(name));
    }
    let found: Vec<_> = runs(&file).into_iter().map(|t| t.version.unwrap_or_default()).collect();
    assert_eq!(found, cases.map(|(_, _, version)| version));
}

#[test]
fn wrappers_of_every_tool() {
    for name in [
        "swaks-20201014-starttls_421.txt",
        "curl-7.88.1-starttls_421.txt",
        "gnutls-cli-3.7.9-starttls_421.txt",
        "finger-3.7.11-ehlo_421.txt",
    ] {
        let text = String::from_utf8(sample(name)).expect("text");
        let ts: String = text.lines().map(|l| format!("2026-11-24T02:21:05.974155+0000 {l}\n")).collect();
        let script = format!(
            "Script started on 2026-11-24 02:21:05+00:00 [COMMAND=\"x\" <not executed on terminal>]\n{}\nScript done on 2026-11-24 02:21:06+00:00 [COMMAND_EXIT_CODE=\"0\"]\n",
            text.replace('\n', "\r\n")
        );
        for (wrapped, at) in [(ts, "2026-11-24T02:21:05.974Z"), (script, "2026-11-24T02:21:05Z")] {
            let t = run(wrapped.as_bytes());
            assert_eq!(t.verdict, V::Downstream, "{name}: {t:#?}");
            assert_eq!((t.started.map(|s| s.to_string()).as_deref(), t.clock), (Some(at), Clock::Text), "{name}");
        }
    }
}

/// A loop over the tools, with dates before each run.
#[test]
fn a_file_may_hold_runs_of_all_tools() {
    let names = [
        "swaks-20201014-ok.txt",
        "curl-7.88.1-refused.txt",
        "openssl-3.0.22-banner_421.txt",
        "gnutls-cli-3.7.9-ok.txt",
        "finger-3.7.11-ehlo_421.txt",
    ];
    let mut file = Vec::new();
    for name in names.into_iter().chain(names) {
        file.extend(b"Tue Nov 24 02:21:05 UTC 2026\n");
        file.extend(sample(name));
    }
    let all = runs(&file);
    let verdicts: Vec<_> = all.iter().map(|t| t.verdict).collect();
    let once = [V::Ok, V::Connect, V::Downstream, V::Ok, V::Downstream];
    assert_eq!(verdicts, [once, once].concat(), "{all:#?}");
    assert!(all.iter().all(|t| t.started.is_some()));
}

/// Every other file of the repository, and each transcript by its own reader alone.
#[test]
fn no_reader_claims_anothers_file() {
    fn files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let tools = [
        ("openssl", "openssl s_client"),
        ("script", "openssl s_client"),
        ("ts-", "openssl s_client"),
        ("finger", "posttls-finger"),
        ("swaks", "swaks"),
        ("curl", "curl"),
        ("gnutls", "gnutls-cli"),
        ("sslyze", "sslyze"),
        ("testssl", "testssl.sh"),
    ];
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut all);
    for path in all {
        let bytes = std::fs::read(&path).expect("a file");
        let head = Head { bytes: &bytes[..bytes.len().min(256 * 1024)], whole: true };
        let claims: Vec<_> =
            TRANSCRIPT_FORMATS.iter().filter(|f| f.recognise(head).is_some()).map(|f| f.name()).collect();
        let name = path.file_name().expect("a name").to_string_lossy();
        // A transcript among the metrics, which the readers of those must leave alone.
        if name == "not-s_client.txt" {
            continue;
        }
        let is_transcript = path.parent().is_some_and(|p| p.ends_with("transcripts"));
        let own: Vec<_> = tools.iter().filter(|(t, _)| is_transcript && name.starts_with(t)).map(|(_, t)| *t).collect();
        assert_eq!(claims, own, "{}", path.display());
        if is_transcript {
            let found = crate::formats::recognise(head).map(|(f, _)| f.name());
            assert_eq!(found, own.first().copied(), "{}", path.display());
        }
    }
}

#[test]
fn auth_data_and_session_secrets_of_every_tool_are_marked() {
    let without = |text: &str| {
        let mut left = text.as_bytes().to_vec();
        for range in runs(text.as_bytes()).into_iter().flat_map(|t| t.secrets) {
            left[range].fill(b'#');
        }
        String::from_utf8(left).expect("text")
    };
    let swaks = "$ swaks --server mx.test:587 --tls -au mailer -ap 'hunter two' --to a@b.test\n=== Trying mx.test:587...\n=== Connected to mx.test.\n<~  250 AUTH LOGIN PLAIN\n ~> AUTH LOGIN\n<~  334 VXNlcm5hbWU6\n ~> bWFpbGVy\n<~  334 UGFzc3dvcmQ6\n ~> aHVudGVyMg==\n<~* 535 5.7.8 no\n*** No authentication type succeeded\n ~> AUTH PLAIN AG1haWxlcgBodW50ZXIy\n<~  235 ok\n ~> QUIT\n";
    let left = without(swaks);
    for secret in ["hunter", " mailer", "bWFpbGVy", "aHVudGVyMg", "AG1haWxlcgBodW50ZXIy", "UGFzc3dvcmQ6"] {
        assert!(!left.contains(secret), "{secret}: {left}");
    }
    for kept in
        ["*** No authentication type succeeded", "535 5.7.8 no", "250 AUTH LOGIN PLAIN", "--to a@b.test", "~> QUIT"]
    {
        assert!(left.contains(kept), "{kept}: {left}");
    }
    let curl = "$ curl -v --ssl-reqd --user me:hunter2 smtp://me:hunter2@mx.test:25\n* Connected to mx.test (192.0.2.1) port 25\n> AUTH PLAIN AG1lAGh1bnRlcjI=\n< 535 no\n> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> aHVudGVyMg==\n< 235 ok\nCLIENT_RANDOM 00aa 11bb\n";
    let left = without(curl);
    assert!(
        !left.contains("hunter") && !left.contains("AG1lAGh") && !left.contains("aHVudGVyMg") && !left.contains("00aa"),
        "{left}"
    );
    assert!(left.contains("@mx.test:25") && left.contains("535 no"), "{left}");
    // Dumps also show what `-v` leaves out: the answer to 334, and records of TLS as characters.
    let left = without(&String::from_utf8(sample("curl-7.88.1-auth_refused.trace-ascii.txt")).expect("text"));
    assert!(!left.contains("AG1haWxlcgBodW50ZXIyc2VjcmV0") && !left.contains("334") && !left.contains("0000: ..."));
    assert!(left.contains("0000: 535 5.7.8 not accepted") && left.contains("0000: 250-AUTH PLAIN LOGIN"), "{left}");
    let left = without(&String::from_utf8(sample("gnutls-cli-3.7.9-ok.txt")).expect("text"));
    assert!(!left.contains("EA:FD:B3") && left.contains("- Session ID: ##"), "{left}");
    let left = without(&String::from_utf8(sample("swaks-20201014-ok.txt")).expect("text"));
    assert!(!left.contains("Subject: t") && left.contains("354 Go ahead") && left.contains("250 2.0.0 OK"), "{left}");
    let debug = "posttls-finger: Connected to mx.test[192.0.2.1]:25\nposttls-finger: write to 55 [66] (517 bytes => 517 (0x205))\nposttls-finger: 0000 16 03 01 02 00 01 00 01-fc 03 03 ab cd ef 01 02 ................\n";
    assert!(!without(debug).contains("ab cd ef") && without(debug).contains("517 bytes"));
}
