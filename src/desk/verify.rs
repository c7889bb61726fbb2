//! `casefile verify`: by the bundle's own words; with key and inputs, by what they give.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::args::Verify;
use super::build::{Made, case_of, releases};
use super::exit::Failure;
use super::store::{gate, read_key};
use super::threads;
use crate::bundle::{self, BundleError, Secrets, Verified, audience_of, bundle_files};
use crate::release::redactor::CaseKey;

pub(super) fn verify(args: &Verify, stop: &'static AtomicBool) -> Result<Verified, Failure> {
    let entries = bundle_files(&args.path).map_err(|e| match e {
        BundleError::Io { path, source } => Failure::Input(crate::intake::IntakeError::Io { path, source }),
        other => Failure::Nothing(format!("{}: {other}", args.path.display())),
    })?;
    let secrets = match (&args.key, &args.inputs) {
        (Some(key), Some(inputs)) => {
            let key = CaseKey::new(read_key(key)?);
            let (folder, mut case) = case_of(inputs)?;
            args.time.lay(&mut case)?;
            let made = releases(folder, &case, threads::count(None), false, stop, || Ok(key))?;
            audience_of(&entries).and_then(|audience| secrets_of(&made, &audience))
        }
        _ => None,
    };
    Ok(bundle::verify(&entries, secrets.as_ref()))
}

/// What the inputs give for the reader that the bundle names.
fn secrets_of(made: &Made, audience: &str) -> Option<Secrets> {
    let release = made.outside.iter().find(|release| release.audience().word() == audience)?;
    let tokens: BTreeSet<String> = release.published().iter().map(|(token, _)| token.clone()).collect();
    Some(Secrets { gate: gate(release), tokens })
}

/// The object that `--json` prints.
pub(super) fn as_json(verified: &Verified) -> serde_json::Value {
    let faults: Vec<_> = verified.faults.iter().map(|f| json!({"entry": f.entry, "what": f.what})).collect();
    json!({
        "valid": faults.is_empty(),
        "audience": verified.audience,
        "files": verified.files,
        "tokens": verified.tokens,
        "faults": faults,
    })
}
