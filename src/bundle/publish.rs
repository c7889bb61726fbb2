//! Publishing a file: the old one or the new one, never half of either.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::BundleError;

/// Writes bytes aside (0600, same folder), reads them back, lets `check` judge what
/// was read, syncs, renames into place and syncs the folder.
///
/// # Errors
/// When the target exists and `force` is not given, when anything fails, when `check`
/// refuses, or when `stop` was set. The target is then what it was before.
pub fn publish(
    target: &Path,
    bytes: &[u8],
    force: bool,
    stop: &AtomicBool,
    check: impl FnOnce(&[u8]) -> Result<(), BundleError>,
) -> Result<(), BundleError> {
    let io = |source| BundleError::Io { path: target.to_owned(), source };
    if target.exists() && !force {
        return Err(BundleError::Exists(target.to_owned()));
    }
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut aside = tempfile::Builder::new().prefix(".casefile-").suffix(".part").tempfile_in(folder).map_err(io)?;
    aside.write_all(bytes).map_err(io)?;
    aside.flush().map_err(io)?;
    let back = fs::read(aside.path()).map_err(io)?;
    if back != bytes {
        return Err(BundleError::ReadBack("the bytes on disk are not the bytes written".to_owned()));
    }
    check(&back)?;
    aside.as_file().sync_all().map_err(io)?;
    if stop.load(Ordering::Relaxed) {
        return Err(BundleError::Interrupted);
    }
    let placed = if force { aside.persist(target) } else { aside.persist_noclobber(target) };
    placed.map_err(|e| {
        if e.error.kind() == io::ErrorKind::AlreadyExists {
            BundleError::Exists(target.to_owned())
        } else {
            io(e.error)
        }
    })?;
    // Without this the rename may be lost with the power.
    File::open(folder).and_then(|f| f.sync_all()).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_check_leaves_the_old_file_and_nothing_else() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let target = dir.path().join("x.zip");
        let go = AtomicBool::new(false);
        assert!(publish(&target, b"old", false, &go, |_| Ok(())).is_ok());
        let refused = publish(&target, b"new", true, &go, |_| Err(BundleError::Leak(Vec::new())));
        assert!(matches!(refused, Err(BundleError::Leak(_))));
        assert!(matches!(publish(&target, b"new", false, &go, |_| Ok(())), Err(BundleError::Exists(_))));
        assert!(matches!(
            publish(&target, b"new", true, &AtomicBool::new(true), |_| Ok(())),
            Err(BundleError::Interrupted)
        ));
        assert_eq!(fs::read(&target)?, b"old");
        assert_eq!(fs::read_dir(dir.path())?.count(), 1);
        assert!(publish(&target, b"new", true, &go, |_| Ok(())).is_ok());
        assert_eq!(fs::read(&target)?, b"new");
        Ok(())
    }
}
