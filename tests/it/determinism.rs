//! The same case and key give the same bytes, whoever builds them, where and when.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cases::{KEY, build, casefile, root, zips};
use crate::small;

/// Another zone, language, home, umask, working folder and number of threads; the case copied,
/// its files made in another order and at another time.
#[test]
fn the_same_case_and_key_give_the_same_bytes_anywhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = root().join("sample-data/throttle");
    let one = zips(&build(&case, &dir.path().join("a"), |c| {
        c.env("TZ", "UTC").args(["--threads", "1"]);
    }));
    let copy = dir.path().join("elsewhere/throttle");
    copy_backwards(&case, &copy);
    fs::write(dir.path().join("the.key"), KEY).expect("the key");
    let ran = Command::new("sh")
        .args(["-c", "umask 077; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_casefile")])
        .args(["build", "--quiet", "--threads", "4", "--key", "the.key", "-o", "out", "elsewhere/throttle/case.yaml"])
        .env("TZ", "Asia/Kolkata")
        .env("LANG", "de_DE.UTF-8")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("HOME", "/nonexistent")
        .current_dir(dir.path())
        .output()
        .expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let other = zips(&dir.path().join("out"));
    assert_eq!(one.len(), 2);
    for ((name, a), (other_name, b)) in one.iter().zip(&other) {
        assert_eq!(name, other_name);
        assert!(a == b, "{name} differs");
    }
}

/// Another key gives other tokens in the same places, and the two readers share none.
#[test]
fn tokens_hang_on_the_key_and_the_reader() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    let tokens = |key: &str, name: &str| {
        let (file, out) = (dir.path().join(format!("{name}.key")), dir.path().join(name));
        fs::write(&file, key).expect("the key");
        let ran = casefile().args(["build", "--quiet", "--key"]).arg(&file).arg("-o").arg(&out).arg(&case).output();
        assert!(ran.expect("runs").status.success());
        let map = fs::read_to_string(out.join("keep/tokens.map")).expect("the map");
        let mut pairs: Vec<(String, String)> =
            map.lines().filter_map(|l| l.split_once('\t')).map(|(t, v)| (v.to_owned(), t.to_owned())).collect();
        pairs.sort();
        pairs
    };
    let one = tokens(KEY, "one");
    let janes: Vec<_> = one.iter().filter(|(value, _)| value == small::RECIPIENT).collect();
    assert!(janes.len() == 2 && janes[0].1 != janes[1].1, "one token for each reader: {janes:?}");
    let other = tokens(&KEY.replace('0', "f"), "two");
    let values = |pairs: &[(String, String)]| pairs.iter().map(|(value, _)| value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&one), values(&other));
    assert!(one.iter().all(|(_, token)| other.iter().all(|(_, t)| t != token)));
}

fn copy_backwards(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let mut paths: Vec<_> = fs::read_dir(from).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.into_iter().rev() {
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_backwards(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
            let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(981_173_106);
            fs::File::options().write(true).open(&target).and_then(|f| f.set_modified(long_ago)).expect("touched");
        }
    }
}
