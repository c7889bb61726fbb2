//! What misled readers of transcripts before: one test for each, on recordings where there are
//! any, else in the tool's own words.
#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;

use super::tools::{run, runs};
use super::{Clock, Phase, Transcript, Verdict as V};

fn of(name: &str) -> Transcript {
    run(&bytes(name))
}

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts").join(name);
    std::fs::read(path).expect("a sample")
}

/// A run of `s_client` that died, with one error line and its counts.
fn dead(error: &str, read: u32, written: u32) -> Transcript {
    run(format!("{error}\nCONNECTED(00000003)\n---\nno peer certificate available\n---\nNo client certificate CA names sent\n---\nSSL handshake has read {read} bytes and written {written} bytes\nVerification: OK\n---\nNew, (NONE), Cipher is (NONE)\nSecure Renegotiation IS NOT supported\nEarly data was not sent\nVerify return code: 0 (ok)\n---\n").as_bytes())
}

const EOF: &str = "40E7123B147F0000:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../ssl/record/rec_layer_s3.c:318:";

/// transcript trap 1: s_client looks at no reply code; the 421 stands only in a `-debug` dump.
#[test]
fn a_421_that_s_client_does_not_see() {
    let (plain, debug) = (of("openssl-1.1.1w-starttls_421.txt"), of("openssl-3.0.22-starttls_421.debug.txt"));
    assert_eq!((plain.verdict, debug.verdict), (V::Downstream, V::Downstream));
    assert!(plain.replies.is_empty() && debug.because.contains("421 4.7.0"));
}

/// transcript trap 2: `Verify return code: 0 (ok)` on a dead connection, or before any certificate.
#[test]
fn a_dead_connection_verifies_nothing() {
    let t = dead(EOF, 307, 354);
    assert_eq!((t.verdict, t.verify), (V::Downstream, None));
    assert_eq!(of("openssl-3.0.22-banner_421.txt").verify, None);
}

/// transcript trap 3: OpenSSL 3.5 prints `Protocol: TLSv1.3` for nothing.
#[test]
fn a_protocol_that_was_not_negotiated() {
    let text = "Connecting to 192.0.2.1\nwrite:errno=104\nCONNECTED(00000003)\n---\nNew, (NONE), Cipher is (NONE)\nProtocol: TLSv1.3\nVerify return code: 0 (ok)\n---\n";
    let t = run(text.as_bytes());
    assert_eq!((t.verdict, t.protocol), (V::Downstream, None));
}

/// transcript trap 4: `IS NOT supported`, `was not sent`, `No client certificate` are noise.
#[test]
fn noise_is_no_evidence() {
    let ok = String::from_utf8(bytes("openssl-3.0.22-ok.time_wrapped.txt")).expect("text");
    assert!(ok.contains("Early data was not sent") && ok.contains("No client certificate CA names sent"));
    assert_eq!(run(ok.as_bytes()).verdict, V::Ok);
}

/// transcript trap 5: `wrong version number` is bytes that are not TLS, in every tool.
#[test]
fn wrong_version_number_is_no_version() {
    let swaks = "=== Trying mx.test:25...\n -> STARTTLS\n<-  220 go\n*** TLS startup failed (connect(): error:1408F10B:SSL routines:ssl3_get_record:wrong version number)\n*** STARTTLS attempted but failed\n";
    let version = "=== Trying mx.test:25...\n -> STARTTLS\n<-  220 go\n*** TLS startup failed (connect(): error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version)\n";
    assert_eq!((run(swaks.as_bytes()).verdict, run(version.as_bytes()).verdict), (V::Plaintext, V::TlsFault));
    assert_eq!(of("openssl-1.1.1w-plaintext_421_in_handshake.debug.txt").verdict, V::Plaintext);
    assert_eq!(of("gnutls-cli-3.7.9-plaintext_421_in_handshake.txt").verdict, V::Plaintext);
}

/// transcript trap 6: one close, spelt by each tool in its own way.
#[test]
fn one_event_with_many_spellings() {
    let same = [
        dead("write:errno=0", 251, 340),
        dead(EOF, 251, 354),
        of("curl-7.88.1-close_after_clienthello.txt"),
        of("gnutls-cli-3.7.9-close_after_clienthello.txt"),
        of("swaks-20201014-close_after_clienthello.txt"),
        of("finger-3.7.11-reset-quiet.txt"),
    ];
    for t in same {
        assert_eq!((t.verdict, t.phase), (V::Downstream, Phase::ClientHello), "{t:#?}");
    }
}

/// transcript trap 7: the same line behind a success is a missing close_notify, or a close inside TLS.
#[test]
fn an_eof_after_a_success() {
    let ok = String::from_utf8(bytes("openssl-3.0.22-ok.time_wrapped.txt")).expect("text");
    let parted = ok.replace("DONE\n", &format!("221 2.0.0 bye\n{EOF}\n"));
    assert_eq!(run(parted.as_bytes()).verdict, V::Ok);
    let t = of("openssl-1.1.1w-tls_then_close.txt");
    assert_eq!((t.verdict, t.phase), (V::Downstream, Phase::PostTls));
}

/// transcript trap 8: an alert that we wrote is our reaction; only one that we read is a verdict.
#[test]
fn our_own_alert_is_a_reaction() {
    let t = of("openssl-3.0.22-close_after_clienthello.state.txt");
    let text = String::from_utf8(bytes("openssl-3.0.22-close_after_clienthello.state.txt")).expect("text");
    assert!(text.contains("alert write:fatal"));
    assert_eq!(t.verdict, V::Downstream);
}

/// transcript trap 9: exit codes decide nothing; `script` records 0 for a failure.
#[test]
fn exit_codes_are_not_believed() {
    let text = String::from_utf8(bytes("finger-3.7.11-ehlo_421.txt")).expect("text");
    for code in ["0", "124", "141"] {
        let wrapped = format!(
            "Script started on 2026-11-24 02:21:05+00:00 [COMMAND=\"x\"]\n{text}\nScript done on 2026-11-24 02:21:06+00:00 [COMMAND_EXIT_CODE=\"{code}\"]\n"
        );
        assert_eq!(run(wrapped.as_bytes()).verdict, V::Downstream);
    }
}

/// transcript trap 10: the trailing `250 SMTPUTF8` is from before TLS.
#[test]
fn a_trailing_250_proves_no_smtp_inside_tls() {
    let text = format!(
        "{EOF}\nCONNECTED(00000003)\n---\nNew, (NONE), Cipher is (NONE)\nVerify return code: 0 (ok)\n---\n250 SMTPUTF8\n"
    );
    assert_eq!(run(text.as_bytes()).verdict, V::Downstream);
}

/// transcript trap 11: gnutls-cli's `Timeout` is printed for a 421 and for a close as well.
#[test]
fn a_timeout_that_was_none() {
    let t = of("gnutls-cli-3.7.9-starttls_421.txt");
    assert!(t.because.contains("Timeout (printed for a close or a refusal as well)"), "{}", t.because);
    assert_eq!(t.verdict, V::Downstream);
    // Which of the two answers of 220 it waited for is not said.
    assert_eq!(t.phase, Phase::Unknown);
}

/// transcript trap 12: scanners call a close "no supported version" and "not offered".
#[test]
fn scanners_are_not_believed_about_versions() {
    let (sslyze, testssl) =
        (of("sslyze-6.3.1-close_after_clienthello.json"), of("testssl-3.0.8-close_after_clienthello.json"));
    assert_eq!((sslyze.verdict, testssl.verdict), (V::Inconclusive, V::Downstream));
    assert!(sslyze.because.contains("could not find a TLS version"), "{}", sslyze.because);
    assert_eq!(of("testssl-3.0.8-starttls_421.json").verdict, V::Downstream);
}

/// transcript trap 13: swaks can die of SIGPIPE without a word, and checks a bundle unasked.
#[test]
fn swaks_may_fall_silent_and_checks_unasked() {
    let t = of("swaks-20201014-stall_after_clienthello.txt");
    assert_eq!((t.verdict, t.phase), (V::Inconclusive, Phase::ClientHello));
    assert!(t.because.contains("or by a close of the receiver's"), "{}", t.because);
    let unasked = "=== Trying mx.test:25...\n=== TLS started with cipher TLSv1.3:X:256\n=== TLS peer certificate failed CA verification (unable to get local issuer certificate), passed host verification (using host mx.test to verify)\n ~> QUIT\n<~  221 bye\n";
    assert_eq!(run(unasked.as_bytes()).verdict, V::Ok);
}

/// transcript trap 14: code 20 or 21 is usually the tester's own CA path: the handshake stands.
#[test]
fn an_unknown_issuer_is_no_failed_handshake() {
    let ok = String::from_utf8(bytes("openssl-3.0.22-ok.time_wrapped.txt")).expect("text");
    let untrusted =
        ok.replace("Verify return code: 0 (ok)", "Verify return code: 20 (unable to get local issuer certificate)");
    let t = run(untrusted.as_bytes());
    assert_eq!((t.verdict, t.phase), (V::OkCert, Phase::Done));
}

/// transcript trap 15: the ClientHello of 3.5 has 1.5 kB; the phase does not hang on its size.
#[test]
fn the_phase_does_not_hang_on_the_size_of_the_client_hello() {
    for written in [340, 354, 1590] {
        assert_eq!(dead(EOF, 251, written).phase, Phase::ClientHello);
    }
    assert_eq!(dead("write:errno=32", 380, 23).phase, Phase::Ehlo);
}

/// transcript trap 16: errors break into lines, notes follow the progress meter, order is not time.
#[test]
fn streams_interleave_in_the_middle_of_a_line() {
    assert_eq!(of("openssl-3.0.22-alert_protocol_version.trace.txt").verdict, V::TlsFault);
    let curl = String::from_utf8(bytes("curl-7.88.1-banner_stall.txt")).expect("text");
    assert!(curl.lines().any(|l| l.contains("0* Operation timed out") && l.contains('\r')));
    assert_eq!(run(curl.as_bytes()).verdict, V::Timeout);
    // Errors first, as they come through a pipe.
    assert!(bytes("gnutls-cli-3.7.9-refused.txt").starts_with(b"Could not connect"));
}

/// transcript trap 17: the CLI's library rejects what the MTA's may take, and the sentence says so.
#[test]
fn a_rejection_of_the_testers_library_is_named_as_such() {
    let t = dead(
        "40E7123B147F0000:error:0A00018A:SSL routines:tls_process_ske_dhe:dh key too small:../ssl/statem/statem_clnt.c:2092:",
        2000,
        361,
    );
    assert_eq!(t.verdict, V::TlsFault);
    assert!(t.because.starts_with("the tester's own TLS library rejected it"), "{}", t.because);
    assert!(!of("finger-3.7.11-alert_handshake_failure.txt").because.contains("the tester's own"));
}

/// transcript trap 18: `gmt_unix_time` is random; without a clock of its own a text has no time.
#[test]
fn random_bytes_are_no_clock() {
    let t = of("openssl-3.0.22-alert_protocol_version.trace.txt");
    let text = bytes("openssl-3.0.22-alert_protocol_version.trace.txt");
    assert!(String::from_utf8_lossy(&text).contains("gmt_unix_time=0x"));
    assert_eq!((t.started, t.clock), (None, Clock::Unknown));
}

/// transcript trap 19: `CONNECTED(00000003)` is a TCP connection and a file descriptor.
#[test]
fn connected_is_not_encrypted() {
    let t = run(b"CONNECTED(00000003)\n");
    assert_eq!((t.verdict, t.protocol, t.host), (V::Timeout, None, None));
}

/// transcript trap 20: transcripts hold session keys; all of them are marked.
#[test]
fn session_keys_are_marked() {
    let text = bytes("openssl-1.1.1w-ok_tls12.txt");
    let marked = run(&text).secrets;
    let key = text.windows(11).position(|w| w == b"Master-Key:").expect("a key") + 13;
    assert!(marked.iter().any(|r| r.contains(&key)));
}

/// transcript trap 44: FIN and RST race: error and count differ, the class does not.
#[test]
fn a_race_changes_the_words_and_not_the_class() {
    for (error, written) in [("write:errno=32", 23), ("write:errno=32", 33), ("write:errno=104", 33), (EOF, 354)] {
        assert_eq!(dead(error, 136, written).verdict, V::Downstream, "{error} {written}");
    }
}

/// transcript trap 45: a split reply to STARTTLS makes `wrong version number` on a sound server:
/// never a fault of TLS.
#[test]
fn a_split_reply_is_no_fault() {
    let error = "40276967E87F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:";
    assert_eq!(dead(error, 270, 354).verdict, V::Plaintext);
    assert_eq!(runs(format!("{error}\nCONNECTED(00000003)\n").as_bytes()).len(), 1);
}
