//! `verify` by the bundle's own words, and with what only the sender knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use casefile::bundle::verify;
use casefile::intake::sha256_hex;
use serde_json::Value;

use crate::cases::{casefile, entries, zips};
use crate::small;

type Files = Vec<(String, Vec<u8>)>;

/// The two bundles of the small case: its folder, and each bundle's name and files.
fn built(dir: &Path) -> (PathBuf, Vec<(String, Files)>) {
    let (case, out) = (small::case(&dir.join("case")), dir.join("out"));
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    (out.clone(), zips(&out).into_iter().map(|(name, bytes)| (name, entries(&bytes))).collect())
}

fn content<'a>(files: &'a mut Files, end: &str) -> &'a mut Vec<u8> {
    &mut files.iter_mut().find(|(name, _)| name.ends_with(end)).expect("a file").1
}

fn replace(files: &mut Files, end: &str, from: &str, to: &str) {
    let bytes = content(files, end);
    let text = String::from_utf8_lossy(bytes).into_owned();
    assert!(text.contains(from), "{end} has no {from}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

/// What a careful forger does: every hash that the bundle states of itself is made right again.
fn rehash(files: &mut Files) {
    let top = files[0].0.split('/').next().expect("a folder").to_owned();
    let package: Value = serde_json::from_slice(content(files, "datapackage.json")).expect("JSON");
    let mut package = package;
    for resource in package["resources"].as_array_mut().expect("resources") {
        let path = format!("data/tables/{}", resource["path"].as_str().expect("a path"));
        if let Some((_, bytes)) = files.iter().find(|(name, _)| name.ends_with(&path)) {
            resource["hash"] = format!("sha256:{}", sha256_hex(bytes)).into();
            resource["bytes"] = bytes.len().into();
        }
    }
    *content(files, "datapackage.json") = serde_json::to_vec_pretty(&package).expect("JSON");
    let payload: Vec<_> = files.iter().filter(|(name, _)| name.starts_with(&format!("{top}/data/"))).collect();
    let oxum = format!("Payload-Oxum: {}.{}", payload.iter().map(|(_, b)| b.len()).sum::<usize>(), payload.len());
    let manifest = |files: &Files, tag: bool| {
        let mut lines: Vec<String> = files
            .iter()
            .filter_map(|(name, bytes)| Some((name.strip_prefix(&format!("{top}/"))?, bytes)))
            .filter(|(path, _)| path.starts_with("data/") != tag && *path != "tagmanifest-sha256.txt")
            .map(|(path, bytes)| format!("{}  {path}\n", sha256_hex(bytes)))
            .collect();
        lines.sort_by(|a, b| a[66..].cmp(&b[66..]));
        lines.concat().into_bytes()
    };
    let info = String::from_utf8_lossy(content(files, "bag-info.txt")).into_owned();
    let info: String = info
        .lines()
        .map(|l| if l.starts_with("Payload-Oxum") { format!("{oxum}\n") } else { format!("{l}\n") })
        .collect();
    *content(files, "bag-info.txt") = info.into_bytes();
    let made = manifest(files, false);
    *content(files, "/manifest-sha256.txt") = made;
    let made = manifest(files, true);
    *content(files, "tagmanifest-sha256.txt") = made;
}

fn faults(files: &Files) -> Vec<String> {
    verify(files, None).faults.iter().map(|f| format!("{}: {}", f.entry, f.what)).collect()
}

/// Each tampering, with all hashes made right again, and what must be said of it.
#[test]
fn what_is_changed_is_seen_though_all_hashes_fit() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, bundles) = built(dir.path());
    let (_, esp) = bundles.iter().find(|(name, _)| name.contains("esp")).expect("a bundle");
    let (_, google) = bundles.iter().find(|(name, _)| name.contains("google")).expect("a bundle");
    for (_, files) in &bundles {
        let mut files = files.clone();
        assert_eq!(faults(&files), Vec::<String>::new());
        rehash(&mut files);
        assert_eq!(faults(&files), Vec::<String>::new(), "the forger's tools change nothing by themselves");
    }
    type Tampering = (&'static str, fn(&mut Files), &'static str);
    let tamperings: [Tampering; 16] = [
        (
            "a prose.json that lists nothing",
            |f| *content(f, "prose.json") = b"{\"items\":[]}".to_vec(),
            "lists nothing",
        ),
        (
            "a cell of another type",
            |f| replace(f, "minutes_by_lane.csv", ",gmail,12,", ",gmail,a dozen,"),
            "row 2: attempts is no integer",
        ),
        (
            "a count",
            |f| replace(f, "minutes_by_lane.csv", ",gmail,12,9,", ",gmail,12,8,"),
            "do not add up to waves.1.failed",
        ),
        (
            "a quiet minute that was none",
            |f| replace(f, "minutes_by_lane.csv", ",yes\n", ",\n"),
            "do not add up to incident.baseline.minutes",
        ),
        (
            "a number in the prose",
            |f| replace(f, "report.md", "2026-11-24T04:12Z", "2026-11-24T04:13Z"),
            "does not stand where prose.json says",
        ),
        (
            "a fact",
            |f| replace(f, "facts.json", "\"text\": \"2026-11-24T04:12Z\"", "\"text\": \"2026-11-24T04:13Z\""),
            "is not the fact",
        ),
        ("an address", |f| content(f, ".log").extend(b"to=<someone@else.example>\n"), "e-mail address in"),
        ("a password", |f| content(f, ".log").extend(b"AUTH PLAIN AGFsaWNlAHMzY3IzdA==\n"), "SMTP credential in"),
        (
            "an encoded address",
            |f| content(f, ".log").extend(b"c29tZW9uZUBlbHNlLmV4YW1wbGUuY29t\n"),
            "e-mail address in",
        ),
        (
            "a file beside data",
            |f| f.push((format!("{}/NOTE.txt", top(f)), b"x".to_vec())),
            "a file that does not belong there",
        ),
        (
            "a file below data",
            |f| f.push((format!("{}/data/more/x.txt", top(f)), b"x".to_vec())),
            "a file that does not belong there",
        ),
        (
            "a table nobody describes",
            |f| f.push((format!("{}/data/tables/x.csv", top(f)), b"a\n".to_vec())),
            "does not describe",
        ),
        (
            "a name",
            |f| f.push((format!("{}/data/charts/CON.svg", top(f)), b"x".to_vec())),
            "a name that no bundle of ours has",
        ),
        ("no sources", |f| f.retain(|(name, _)| !name.ends_with("sources.json")), "it is missing"),
        (
            "the audience",
            |f| replace(f, "bag-info.txt", "Bag-Count: 1 of 2", "Bag-Count: 2 of 2"),
            "Bag-Count is not the one",
        ),
        (
            "a second top folder",
            |f| f.push(("other/data/report.md".to_owned(), b"x".to_vec())),
            "not exactly one top folder",
        ),
    ];
    for (what, tamper, said) in tamperings {
        let mut files = esp.clone();
        tamper(&mut files);
        if what != "a second top folder" {
            rehash(&mut files);
        }
        let found = faults(&files);
        assert!(found.iter().any(|f| f.contains(said)), "{what}: {found:?}");
    }
    let mut files = google.clone();
    content(&mut files, "ticket-500.txt").extend([b'x'; 500]);
    rehash(&mut files);
    assert!(faults(&files).iter().any(|f| f.contains("more than 500 characters")), "{:?}", faults(&files));
}

/// What a forger says, and what must be said of it; in which bundle does not matter.
#[test]
fn forged_words_and_minutes_are_seen() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, bundles) = built(dir.path());
    type Forgery = (&'static str, fn(&mut Files), &'static str);
    let forgeries: [Forgery; 16] = [
        (
            "a sentence with a number",
            |f| content(f, "report.md").extend(b"\nLater 4711 more sessions failed.\n"),
            "report.md: line",
        ),
        (
            "one in the README",
            |f| content(f, "README.txt").extend(b"\n99 of 100 failed.\n"),
            "a number that no fact stands for",
        ),
        ("one in the page", |f| replace(f, "report.html", "</body>", "<p>99 failed</p></body>"), "report.html: line"),
        (
            "words below a picture",
            |f| replace(f, "report.html", "<figcaption>", "<figcaption>All of 99 failed. "),
            "no chart says",
        ),
        (
            "a sentence that prose.json lists as another fact",
            |f| {
                content(f, "README.txt").extend(b"\n4711 failed.\n");
                let lines = String::from_utf8_lossy(content(f, "README.txt")).lines().count();
                let item = format!(
                    "\"items\": [{{\"document\":\"README.txt\",\"line\":{lines},\"column\":1,\"text\":\"4711\",\"fact\":\"bundle.failed\",\"form\":\"value\"}},"
                );
                replace(f, "prose.json", "\"items\": [", &item);
            },
            "what it says of bundle.failed is not the fact",
        ),
        (
            "the first minute",
            |f| told(f, "\"first\": \"2026-11-24T04:12Z\"", "\"first\": \"2026-11-24T04:11Z\""),
            "waves.1.first",
        ),
        (
            "a count of an IP",
            |f| replace(f, "ips.csv", ",failing,48,36,", ",failing,48,35,"),
            "failed is not ips.1.failed_share",
        ),
        (
            "the minutes of an IP",
            |f| {
                replace(
                    f,
                    "minutes_by_ip.csv",
                    "2026-11-24T04:12Z,192.0.2.11,12,9,",
                    "2026-11-24T04:12Z,192.0.2.11,12,8,",
                )
            },
            "do not add up to ips.1.failed_share",
        ),
        (
            "the minutes of an MX host",
            |f| replace(f, "minutes_by_mx.csv", "gmail-smtp-in.l.google.com,12,9,", "gmail-smtp-in.l.google.com,13,9,"),
            "do not add up to mx_hosts.1.attempts",
        ),
        (
            "a count of a reply",
            |f| replace(f, "replies.csv", "421,4.7.28,", "450,4.7.28,"),
            "code is not replies.1.code",
        ),
        ("a row of a table", |f| drop_line(f, "tables/lanes.csv"), "rows, and facts.json"),
        (
            "the recovery",
            |f| told(f, "\"recovery\": \"2026-11-24T04:16Z\"", "\"recovery\": \"2026-11-24T04:20Z\""),
            "not the minute after the last failed session",
        ),
        (
            "a count of the contrast",
            |f| {
                replace(
                    f,
                    "contrast.csv",
                    "receiver,gmail,failing,48,36,12,312,",
                    "receiver,gmail,failing,48,36,12,311,",
                )
            },
            "outside_attempts of gmail is not the sum of its minutes",
        ),
        (
            "a sum of the contrast",
            |f| {
                replace(
                    f,
                    "contrast.csv",
                    "sending_ip,all failing,failing,48,36,",
                    "sending_ip,all failing,failing,48,35,",
                )
            },
            "`all failing` of kind sending_ip is not the sum of its rows",
        ),
        (
            "a verdict of the contrast",
            |f| {
                let host = "gmail-smtp-in.l.google.com";
                replace(f, "contrast.csv", &format!("mx_host,{host},failing,"), &format!("mx_host,{host},clean,"));
            },
            "the verdict of gmail-smtp-in.l.google.com is not the one in mx_hosts",
        ),
        (
            "a line of a session",
            |f| replace(f, "sessions.csv", "temporarily rate limited", "permanently rate limited"),
            "row 2: not the line that excerpts/",
        ),
    ];
    let (_, esp) = bundles.iter().find(|(name, _)| name.contains("esp")).expect("a bundle");
    for (what, forge, said) in forgeries {
        let mut files = esp.clone();
        forge(&mut files);
        rehash(&mut files);
        let found = faults(&files);
        assert!(found.iter().any(|f| f.contains(said)), "{what}: {found:?}");
    }
}

/// Replaces a text of facts.json.
fn told(files: &mut Files, from: &str, to: &str) {
    replace(files, "facts.json", from, to);
}

/// Takes the last line of a file away.
fn drop_line(files: &mut Files, end: &str) {
    let bytes = content(files, end);
    let text = String::from_utf8_lossy(bytes).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    *bytes = lines.get(..lines.len() - 1).map(|l| l.join("\n") + "\n").unwrap_or_default().into_bytes();
}

fn top(files: &Files) -> &str {
    files[0].0.split('/').next().expect("a folder")
}

#[test]
fn a_changed_byte_of_any_kind_of_file_is_seen() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, bundles) = built(dir.path());
    for (name, files) in bundles {
        for k in (0..files.len()).step_by(7) {
            let mut files = files.clone();
            let middle = files[k].1.len() / 2;
            files[k].1[middle] ^= 1;
            assert!(!verify(&files, None).faults.is_empty(), "{name}: {}", files[k].0);
        }
    }
}

/// Another tool packs it again: other order, other compression, folders, a comment.
#[test]
fn what_others_packed_again_verifies() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, _) = built(dir.path());
    let script = "import sys, zipfile\n\
        src = zipfile.ZipFile(sys.argv[1]); dst = zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_STORED)\n\
        names = src.namelist(); dst.writestr(names[0].split('/')[0] + '/', b'')\n\
        [dst.writestr(n, src.read(n)) for n in reversed(names)]; dst.close(); src.extractall(sys.argv[3])";
    for (name, bytes) in zips(&out) {
        let (zip, again, unpacked) =
            (out.join("send").join(&name), dir.path().join(&name), dir.path().join(format!("{name}.d")));
        let ran = Command::new("python3").args(["-c", script]).arg(&zip).arg(&again).arg(&unpacked).status();
        if !ran.is_ok_and(|status| status.success()) {
            println!("skipped: no python3 to pack with");
            return;
        }
        assert_ne!(fs::read(&again).expect("a zip"), bytes);
        for path in [again, unpacked.join(name.trim_end_matches(".zip"))] {
            let ran = casefile().args(["verify", "--json"]).arg(&path).output().expect("runs");
            let said: Value = serde_json::from_slice(&ran.stdout).expect("one JSON object");
            assert_eq!(ran.status.code(), Some(0), "{}: {said}", path.display());
            assert_eq!(said["valid"], true);
            assert!(said["files"].as_u64().is_some_and(|n| n > 20) && said["tokens"].is_null(), "{said}");
        }
    }
}

#[test]
fn a_comment_of_the_zip_is_no_hiding_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, _) = built(dir.path());
    let (name, mut bytes) = zips(&out).remove(0);
    let comment = b"someone@else.example";
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&u16::try_from(comment.len()).expect("short").to_le_bytes());
    bytes.extend(comment);
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("written");
    let ran = casefile().arg("verify").arg(&path).output().expect("runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&ran.stderr).contains("e-mail address"),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// What stands in a zip beside its files is seen as well.
#[test]
fn a_zip_hides_nothing_beside_its_files() {
    use std::io::Write as _;
    let dir = tempfile::tempdir().expect("a folder");
    let (_, bundles) = built(dir.path());
    let (name, files) = &bundles[0];
    let path = dir.path().join(name);
    let verify = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let ran = casefile().arg("verify").arg(&path).output().expect("runs");
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let written = |folder: Option<&str>| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        if let Some(folder) = folder {
            zip.add_directory(format!("{}/{folder}", top(files)), options).expect("a folder");
        }
        for (path, bytes) in files {
            zip.start_file(path.as_str(), options).expect("an entry");
            zip.write_all(bytes).expect("written");
        }
        zip.finish().expect("a zip").into_inner()
    };
    assert_eq!(verify(&written(Some("data/notes"))).0, Some(0), "a folder is no harm");
    let (code, said) = verify(&written(Some("john.smith@gmail.com")));
    assert!(code == Some(1) && said.contains("e-mail address"), "{said}");
    let before = [b"john.smith@gmail.com".as_slice(), &written(None)].concat();
    let (code, said) = verify(&before);
    assert!(code == Some(3) && said.contains("bytes before its first entry"), "{code:?} {said}");
}

/// With the key and the inputs, tokens are held to account; with another key none is right.
#[test]
fn with_the_key_and_the_inputs_tokens_are_checked() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, bundles) = built(dir.path());
    let run = |path: &Path, key: &Path| {
        let mut command = casefile();
        command.args(["verify", "--json", "--key"]).arg(key).arg("--inputs").arg(dir.path().join("case")).arg(path);
        let ran = command.output().expect("runs");
        let said: Value = serde_json::from_slice(&ran.stdout).expect("one JSON object");
        (ran.status.code(), said)
    };
    let other = dir.path().join("other.key");
    fs::write(&other, "ff".repeat(32)).expect("a key");
    for (name, files) in bundles {
        let zip = out.join("send").join(&name);
        let (code, said) = run(&zip, &out.join("keep/case.key"));
        assert_eq!((code, said["faults"].clone()), (Some(0), Value::Array(vec![])), "{name}");
        assert!(said["tokens"].as_u64().is_some_and(|n| n > 0), "{said}");
        let (code, said) = run(&zip, &other);
        assert_eq!(code, Some(1), "{said}");
        assert!(said["faults"].to_string().contains("is no token that these inputs give"), "{said}");
        // A value that the inputs hold, and no form gives away.
        let folder = dir.path().join(format!("{name}.d"));
        for (path, bytes) in &files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
        let log = folder.join(top(&files)).join("data/excerpts/wave-1-first.log");
        fs::write(&log, "of jane.doe and no other\n").expect("written");
        let (_, said) = run(&folder.join(top(&files)), &out.join("keep/case.key"));
        assert!(said["faults"].to_string().contains("recipient in"), "{said}");
        // The bundle's own word that it is allowed counts for nothing beside the inputs.
        let report = folder.join(top(&files)).join("data/redaction.json");
        let mut redaction: Value = serde_json::from_slice(&fs::read(&report).expect("read")).expect("JSON");
        redaction["allowed"] = serde_json::json!(["jane.doe"]);
        fs::write(&report, redaction.to_string()).expect("written");
        let (_, said) = run(&folder.join(top(&files)), &out.join("keep/case.key"));
        let faults = said["faults"].to_string();
        assert!(faults.contains("recipient in") && faults.contains("which case.yaml does not allow"), "{said}");
    }
}

/// The lines of a bundle, with its tokens turned back, are the lines of the log.
#[test]
fn revealed_lines_are_the_lines_of_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, bundles) = built(dir.path());
    let log = fs::read_to_string(dir.path().join("case/mail.log")).expect("the log");
    for (name, mut files) in bundles {
        let shown = String::from_utf8(content(&mut files, "wave-1-first.log").clone()).expect("text");
        let mut child = casefile()
            .args(["reveal", "--case"])
            .arg(&out)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), shown.as_bytes()).expect("written");
        let said = String::from_utf8(child.wait_with_output().expect("ends").stdout).expect("text");
        assert!(shown.contains("rcpt-") && !said.is_empty());
        for line in said.lines() {
            // For Google the name of the node is a label, and the sender's own local part is dropped.
            let line = line.replace(" node-a ", " mta1 ");
            let line = line.replace("…@bounce", "bounce+jane.doe=gmail.com@bounce");
            assert!(log.lines().any(|l| l == line), "{name}: {line}");
        }
    }
}
