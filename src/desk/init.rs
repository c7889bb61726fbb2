//! `casefile init`: a commented case.yaml from what was recognised.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::sync::atomic::AtomicBool;

use super::args::Init;
use super::evidence;
use super::exit::Failure;
use super::mapping::OwnMappings;
use super::progress::Reading;
use crate::case::{Case, Outline, OutlineSource, ZoneHint, commented};
use crate::formats::Kind;
use crate::formats::logs::ZoneBasis;
use crate::scan::Asked;
use crate::time::{Window, Zone};

pub(super) fn init(args: &Init, stop: &'static AtomicBool) -> Result<String, Failure> {
    let target = args.dir.join("case.yaml");
    if !args.dir.is_dir() {
        return Err(Failure::Usage(format!("{} is no folder", args.dir.display())));
    }
    if target.exists() && !args.force {
        return Err(Failure::Usage(format!("{} exists; --force replaces it", target.display())));
    }
    let folder = fs::canonicalize(&args.dir)
        .ok()
        .and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let reading = Reading::begin(true, stop);
    let read = evidence::read(
        std::slice::from_ref(&args.dir),
        &Case::bare(&folder),
        &OwnMappings::default(),
        &Asked::default(),
        1,
        reading.progress(),
    )?;
    drop(reading);
    let text = commented(&outline(folder, &read));
    let failed = |source| Failure::Write { path: target.display().to_string(), source };
    let mut aside = tempfile::Builder::new().prefix(".casefile-").tempfile_in(&args.dir).map_err(failed)?;
    aside.write_all(text.as_bytes()).map_err(failed)?;
    aside.persist(&target).map_err(|e| failed(e.error))?;
    Ok(format!("wrote {}; all its keys are optional, fill in what no file can tell", target.display()))
}

fn outline(folder: String, read: &evidence::Evidence) -> Outline {
    let spans = read.files.iter().filter(|f| f.kind == Some(Kind::Log)).filter_map(|f| f.span);
    let window = spans.map(|(a, b)| Window::new(a.minute(), b.minute().plus(1))).reduce(Window::union);
    let tags: BTreeSet<String> = read
        .tally
        .names
        .egresses()
        .filter(|(_, e)| e.ip.is_empty() && e.tag != "postfix")
        .filter(|(_, e)| !read.settings.sending_ips.contains_key(&(e.node.clone(), e.tag.clone())))
        .map(|(_, e)| e.tag.clone())
        .collect();
    let sources = read.files.iter().filter_map(|file| {
        let log_zone = || {
            let (exhibit, node) = read.nodes.iter().find(|(e, _)| e.to_string() == file.exhibit)?;
            let (zone, basis) = read.clocks.get(node)?;
            let _ = exhibit;
            match basis {
                ZoneBasis::Gmail => {
                    Some(ZoneHint { zone: Some(*zone), evidence: "Gmail's clock in its acceptances".to_owned() })
                }
                ZoneBasis::Ids => {
                    Some(ZoneHint { zone: Some(*zone), evidence: "the times inside message ids".to_owned() })
                }
                ZoneBasis::Assumed => {
                    Some(ZoneHint { zone: Some(Zone::UTC), evidence: "assumed; nothing in the file tells".to_owned() })
                }
                ZoneBasis::Embedded | ZoneBasis::Mapping | ZoneBasis::Stated => None,
            }
        };
        let untimed = file.kind == Some(Kind::Transcript) && file.span.is_none();
        let zone = log_zone();
        let columns = file.unmapped.clone();
        (untimed || zone.is_some() || !columns.is_empty()).then(|| OutlineSource {
            path: file.name.clone(),
            node: None,
            zone,
            untimed,
            columns,
        })
    });
    Outline {
        folder,
        window,
        nodes: read.nodes.values().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
        tags: tags.into_iter().collect(),
        sources: sources.collect(),
    }
}
