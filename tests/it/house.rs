//! The house stands as `lib.rs` says: no room uses one above it, nothing is unregistered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms in the order of `lib.rs`.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(src().join("lib.rs")).expect("lib.rs");
    text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The rooms a source text names: `crate::room`, `crate::{room::…, room::…}`, `casefile::room`.
fn named_rooms(text: &str, rooms: &[String]) -> Vec<String> {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + 7..];
        let group = rest.strip_prefix('{').and_then(|g| g.split_once('}')).map_or(rest, |(g, _)| g);
        let heads: Vec<&str> = if rest.starts_with('{') { group.split(',').collect() } else { vec![rest] };
        for head in heads {
            let name: String = head.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if rooms.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn no_room_uses_one_above_it() {
    let rooms = rooms();
    assert!(rooms.len() >= 13, "the floor plan was not understood: {rooms:?}");
    let floor = |name: &str| rooms.iter().position(|r| r == name).expect("a listed room");
    let mut faults = Vec::new();
    for room in &rooms {
        for file in files(&src().join(room)) {
            let text = fs::read_to_string(&file).expect("a source file");
            for used in named_rooms(&text, &rooms) {
                if floor(&used) > floor(room) {
                    faults.push(format!("{}: `{room}` uses `{used}`, which stands above it", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Above `release` nothing can name an unredacted type; the desk alone sees all.
#[test]
fn what_is_shown_is_made_from_a_release_alone() {
    let rooms = rooms();
    let above = ["charts", "narrative", "tables", "bundle"];
    let mut faults = Vec::new();
    for room in above {
        for file in files(&src().join(room)) {
            let text = fs::read_to_string(&file).expect("a source file");
            for used in named_rooms(&text, &rooms) {
                if !["time", "smtp", "release"].contains(&used.as_str()) && !above.contains(&used.as_str()) {
                    faults.push(format!("{}: `{room}` names `{used}`", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn findings_and_what_they_feed_read_no_file_and_no_clock() {
    for room in ["time", "smtp", "scan", "timeline", "findings", "release", "charts", "narrative", "tables"] {
        for file in files(&src().join(room)) {
            let text = fs::read_to_string(&file).expect("a source file");
            // Tests may read what they check; what ships may not.
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code: String = shipped.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            for word in ["std::env::var", "SystemTime", "Instant::now", "Local::now", "Utc::now"] {
                assert!(!code.contains(word), "{} uses {word}", file.display());
            }
            let reads_files = ["findings", "timeline", "release", "charts", "narrative", "tables"].contains(&room);
            assert!(!(reads_files && code.contains("std::fs")), "{} uses std::fs", file.display());
        }
    }
}

/// A format's file that no registry names would never be tried.
#[test]
fn every_format_is_registered() {
    let registries = [
        ("logs", "LOG_FORMATS"),
        ("metrics", "METRIC_FORMATS"),
        ("transcripts", "TRANSCRIPT_FORMATS"),
        ("snapshots", "SNAPSHOT_FORMATS"),
    ];
    for (kind, registry) in registries {
        let dir = src().join("formats").join(kind);
        let hall = fs::read_to_string(dir.join("mod.rs")).expect("mod.rs");
        let list =
            hall.split_once(registry).map(|(_, rest)| rest).and_then(|r| r.split_once("];")).expect("the registry").0;
        // A mapping is one more log format for each of its YAML files.
        for file in files(&dir).into_iter().filter(|f| !f.starts_with(dir.join("mapping"))) {
            let text = fs::read_to_string(&file).expect("a source file");
            // Tools share one implementation; each file's is in the list itself.
            if text.contains("const TOOL: Tool") {
                let name = format!("{}::TOOL", file.file_stem().expect("a name").to_string_lossy());
                assert!(list.contains(&name), "{}: `{name}` is not in {registry}", file.display());
            }
            for (at, _) in text.match_indices("Format for ").filter(|(at, _)| !text[at + 11..].starts_with("Tool ")) {
                let name: String = text[at + 11..].chars().take_while(|c| c.is_alphanumeric()).collect();
                if text[..at].ends_with("impl Log")
                    || text[..at].ends_with("impl Metric")
                    || text[..at].ends_with("impl Transcript")
                    || text[..at].ends_with("impl Snapshot")
                {
                    assert!(list.contains(&name), "{}: `{name}` is not in {registry}", file.display());
                }
            }
        }
    }
}

/// A mapping's file that is not in the list would never be tried, nor found by its readers.
#[test]
fn every_mapping_is_registered_and_described() {
    let page = fs::read_to_string(src().join("../docs/MAPPINGS.md")).expect("docs/MAPPINGS.md");
    let shipped: Vec<_> = casefile::formats::logs::mapping::SHIPPED.iter().map(|m| m.id).collect();
    for entry in fs::read_dir(src().join("../mappings")).expect("mappings/") {
        let file = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let id = file.trim_end_matches(".yaml");
        assert!(shipped.contains(&id), "{file} is not in SHIPPED");
        assert!(page.contains(&format!("| `{id}` |")), "{id} has no row in docs/MAPPINGS.md");
    }
}

#[test]
fn every_transcript_format_is_described() {
    let page = fs::read_to_string(src().join("../docs/TRANSCRIPTS.md")).expect("docs/TRANSCRIPTS.md");
    for format in casefile::formats::transcripts::TRANSCRIPT_FORMATS {
        let name = format.name();
        assert!(page.contains(&format!("| `{name}` |")), "{name} has no row in docs/TRANSCRIPTS.md");
    }
}

#[test]
fn every_snapshot_format_is_described() {
    let page = fs::read_to_string(src().join("../docs/SNAPSHOTS.md")).expect("docs/SNAPSHOTS.md");
    let rows: String = page.lines().filter(|l| l.starts_with("| `")).collect();
    for format in casefile::formats::snapshots::SNAPSHOT_FORMATS {
        assert!(rows.contains(&format!("`{}`", format.name())), "{} has no row in docs/SNAPSHOTS.md", format.name());
    }
}

/// Whoever reads about formats finds each of them.
#[test]
fn every_log_format_is_described() {
    let page = fs::read_to_string(src().join("../docs/FORMATS.md")).expect("docs/FORMATS.md");
    for format in casefile::formats::logs::LOG_FORMATS {
        assert!(page.contains(&format!("| `{}` |", format.name())), "{} has no row in docs/FORMATS.md", format.name());
    }
}

/// The bytes of a bundle hang on one deflate: features add up over a whole build, so that any
/// dependency could switch it, or stamp the clock into the zip.
#[test]
fn no_dependency_switches_the_deflate_backend() {
    let cargo = std::env::var("CARGO").expect("cargo runs the tests");
    let tree = |more: &[&str]| {
        let mut command = std::process::Command::new(&cargo);
        command.args(["tree", "--locked", "--offline", "--prefix", "none"]).args(more).current_dir(src());
        let ran = command.output().expect("cargo runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text")
    };
    let built = tree(&["-e", "normal"]);
    assert!(built.contains("miniz_oxide v"), "the tree was not understood: {built}");
    for other in ["zlib-rs v", "libz-rs-sys v", "libz-sys v", "libz-ng-sys v", "cloudflare-zlib-sys v", "zopfli v"] {
        assert!(!built.contains(other), "{other} would compress in the place of miniz_oxide");
    }
    let features = tree(&["-e", "features", "-i", "zip"]);
    assert!(features.contains("deflate-flate2"), "{features}");
    for clock in ["time", "jiff", "chrono"] {
        assert!(
            !features.contains(&format!("zip feature \"{clock}")),
            "zip would stamp entries with the clock: {clock}"
        );
    }
}

/// What becomes of each class of value, for each reader, stands in the docs as in the code.
#[test]
fn the_policy_in_the_docs_is_the_policy() {
    let page = fs::read_to_string(src().join("../docs/REDACTION.md")).expect("docs/REDACTION.md");
    let table = casefile::release::redactor::policy_markdown();
    assert!(page.contains(&table), "docs/REDACTION.md lacks this table:\n{table}");
}

/// Each guarantee of the README names a test that is there.
#[test]
fn every_guarantee_names_its_test() {
    let page = fs::read_to_string(src().join("../README.md")).expect("README.md");
    let section =
        page.split_once("## Guarantees").and_then(|(_, rest)| rest.split_once("\n## ")).expect("the section").0;
    let sources: String = [src(), src().join("../tests/it")]
        .iter()
        .flat_map(|dir| files(dir))
        .map(|file| fs::read_to_string(file).expect("a source file"))
        .collect();
    let mut rows = 0;
    for row in section.lines().filter(|l| l.starts_with("| ") && l.contains('`')) {
        rows += 1;
        for name in row.rsplit_once(" | ").expect("two cells").1.split('`').skip(1).step_by(2) {
            let test = name.rsplit("::").next().unwrap_or(name);
            let of_rust = name.ends_with("::*") || sources.contains(&format!("fn {test}("));
            let doctest = sources.contains(&format!("pub struct {name}")) && sources.contains("```compile_fail");
            assert!(of_rust || doctest || name == ".ci/run", "no test is called {name}");
        }
    }
    assert!(rows > 15, "the table was not understood");
}

/// The numbers behind `transcript trap`, `metrics traps` and `auth trap` in a source text: `25, 33 and 34`.
fn traps_of(text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for list in ["transcript", "metrics", "auth"] {
        for (at, word) in text.match_indices(list) {
            let rest = text[at + word.len()..].strip_prefix(" trap").unwrap_or("");
            let numbers = rest.strip_prefix('s').unwrap_or(rest);
            let end = numbers.find(|c: char| !c.is_ascii_digit() && !" ,and".contains(c)).unwrap_or(numbers.len());
            found.extend(numbers[..end].split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u32>().ok()));
        }
    }
    found
}

/// Each of the 45 traps of metrics, transcripts and DNS answers is named by a test.
#[test]
fn every_trap_is_a_test() {
    let sources = [src(), src().join("../tests/it")].into_iter().flat_map(|dir| files(&dir));
    let tests = sources.map(|f| fs::read_to_string(f).expect("a source file")).filter(|t| t.contains("#[test]"));
    let named: BTreeSet<u32> = tests.flat_map(|text| traps_of(&text.to_lowercase())).collect();
    let absent: Vec<u32> = (1..=45).filter(|n| !named.contains(n)).collect();
    assert!(absent.is_empty(), "no test is about these: {absent:?}");
}
