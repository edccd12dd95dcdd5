//! Where the built binaries are, and where a test program may write.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder that cargo builds the binaries of this profile into: beside it lies `deps`, which
/// holds the running test program.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = std::env::current_exe().expect("a running program has a path");
        let folder = program.parent().and_then(Path::parent);
        folder.expect("a test program lies in deps").to_owned()
    });
    &FOLDER
}

/// A built binary.
pub(crate) fn binary(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.is_file(), "{} is missing: `make test` builds it", path.display());
    path
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of this test program's own, for logs and files; it stays until a later run.
pub(crate) fn scratch() -> &'static Path {
    static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
        let all = folder().parent().unwrap_or(folder()).join("tmp/e2e");
        remove_abandoned(&all);
        let own = all.join(std::process::id().to_string());
        std::fs::create_dir_all(&own).expect("the target folder can be written to");
        own
    });
    &SCRATCH
}

/// A file name in there that nobody else gets.
pub(crate) fn scratch_file(name: &str) -> PathBuf {
    static FILES: AtomicU32 = AtomicU32::new(0);
    scratch().join(format!("{:03}-{name}", FILES.fetch_add(1, Ordering::Relaxed)))
}

/// Removes the folders of test programs that have ended, where that can be told.
fn remove_abandoned(all: &Path) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for folder in std::fs::read_dir(all).into_iter().flatten().flatten() {
        if !processes.join(folder.file_name()).exists() {
            // Another test program may be at the same.
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}
