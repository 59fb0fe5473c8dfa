//! Syncing into a real stamped directory: what changes, what does not, and what a killed run or a full disk leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use betterform::stamp::sync::{Synced, sync};
use betterform::stamp::{RenderedFile, RenderedFiles};
use rustix::process::{Resource, Rlimit};
use tempfile::TempDir;
use walkdir::WalkDir;

fn files(list: &[(&str, &str, u32)]) -> RenderedFiles {
    let file = |content: &str, mode| RenderedFile {
        content: content.as_bytes().into(),
        mode,
    };
    list.iter()
        .map(|(path, content, mode)| (PathBuf::from(path), file(content, *mode)))
        .collect()
}

fn paths(list: &[&str]) -> BTreeSet<PathBuf> {
    list.iter().map(PathBuf::from).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: impl AsRef<Path>, content: &str) {
    std::fs::write(path, content).unwrap();
}

/// All files, directories (with a slash) and symlinks (with their target) below a directory.
fn tree(directory: &Path) -> BTreeMap<String, String> {
    WalkDir::new(directory)
        .min_depth(1)
        .into_iter()
        .map(Result::unwrap)
        .map(|found| {
            let name = found.path().strip_prefix(directory).unwrap();
            let name = name.to_string_lossy().into_owned();
            let kind = found.file_type();
            if kind.is_dir() {
                (format!("{name}/"), String::new())
            } else if kind.is_symlink() {
                let target = std::fs::read_link(found.path()).unwrap();
                (name, format!("-> {}", target.display()))
            } else {
                let content = std::fs::read(found.path()).unwrap();
                (name, String::from_utf8_lossy(&content).into_owned())
            }
        })
        .collect()
}

fn expect(directory: &Path, expected: &[(&str, &str)]) {
    let expected = expected
        .iter()
        .map(|(name, content)| ((*name).to_owned(), (*content).to_owned()));
    assert_eq!(tree(directory), expected.collect());
}

fn mode(path: impl AsRef<Path>) -> u32 {
    path.as_ref().metadata().unwrap().permissions().mode() & 0o7777
}

fn stage() -> (TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let stage = temporary.path().join("genfiles/stage");
    (temporary, stage)
}

#[test]
fn writes_replaces_and_removes() {
    let (_temporary, dir) = stage();
    let first = files(&[
        ("ctl", "1", 0o755),
        ("a/b/c", "2", 0o644),
        ("d/e", "3", 0o600),
    ]);
    let synced = sync(&dir, &first, &BTreeSet::new()).unwrap();
    let expected = Synced {
        written: paths(&["ctl", "a/b/c", "d/e"]),
        ..Synced::default()
    };
    assert_eq!(synced, expected);
    assert_eq!(
        (mode(dir.join("ctl")), mode(dir.join("d/e"))),
        (0o755, 0o600)
    );

    write(dir.join("terraform.tfstate"), "state");
    write(dir.join("d/own"), "own");
    let before = dir.join("ctl").metadata().unwrap();
    let second = files(&[("ctl", "1", 0o755), ("d/f", "4", 0o644)]);
    let synced = sync(&dir, &second, &first.keys().cloned().collect()).unwrap();
    let expected = Synced {
        written: paths(&["d/f"]),
        removed: paths(&["a/b/c", "d/e"]),
        unchanged: 1,
    };
    assert_eq!(synced, expected);
    let after = dir.join("ctl").metadata().unwrap();
    assert_eq!(
        (before.ino(), before.mtime(), before.mtime_nsec()),
        (after.ino(), after.mtime(), after.mtime_nsec())
    );
    expect(
        &dir,
        &[
            ("ctl", "1"),
            ("d/", ""),
            ("d/f", "4"),
            ("d/own", "own"),
            ("terraform.tfstate", "state"),
        ],
    );
}

#[test]
fn replaces_whole_files_however_they_are_protected() {
    let (_temporary, dir) = stage();
    sync(&dir, &files(&[("f", "old", 0o444)]), &BTreeSet::new()).unwrap();
    let reader = std::fs::File::open(dir.join("f")).unwrap();
    sync(&dir, &files(&[("f", "new", 0o444)]), &paths(&["f"])).unwrap();
    // Who has the old file open still sees the whole of it.
    assert_eq!(std::io::read_to_string(reader).unwrap(), "old");
    expect(&dir, &[("f", "new")]);
    assert_eq!(mode(dir.join("f")), 0o444);
}

#[test]
fn compares_only_the_executable_bit_of_modes() {
    let (_temporary, dir) = stage();
    sync(&dir, &files(&[("f", "x", 0o644)]), &BTreeSet::new()).unwrap();
    let synced = sync(&dir, &files(&[("f", "x", 0o664)]), &paths(&["f"])).unwrap();
    assert_eq!((synced.unchanged, mode(dir.join("f"))), (1, 0o644));
    let synced = sync(&dir, &files(&[("f", "x", 0o755)]), &paths(&["f"])).unwrap();
    assert_eq!((synced.unchanged, mode(dir.join("f"))), (0, 0o755));
    // What became sensitive is closed, without being written.
    let before = dir.join("f").metadata().unwrap().mtime_nsec();
    let synced = sync(&dir, &files(&[("f", "x", 0o700)]), &paths(&["f"])).unwrap();
    assert_eq!((synced.unchanged, mode(dir.join("f"))), (1, 0o700));
    assert_eq!(dir.join("f").metadata().unwrap().mtime_nsec(), before);
}

#[test]
fn swaps_files_and_directories() {
    let (_temporary, dir) = stage();
    let first = files(&[
        ("a", "file", 0o644),
        ("b/c", "1", 0o644),
        ("b/d/e", "2", 0o644),
    ]);
    sync(&dir, &first, &BTreeSet::new()).unwrap();
    let second = files(&[("a/x", "inside", 0o644), ("b", "file", 0o644)]);
    let previous: BTreeSet<_> = first.keys().cloned().collect();
    let synced = sync(&dir, &second, &previous).unwrap();
    assert_eq!(synced.removed, previous);
    expect(&dir, &[("a/", ""), ("a/x", "inside"), ("b", "file")]);
}

#[test]
fn refuses_to_replace_what_no_stamp_made() {
    let (_temporary, dir) = stage();
    std::fs::create_dir_all(dir.join("b")).unwrap();
    write(dir.join("a"), "own");
    write(dir.join("b/own"), "own");
    write(dir.join("f"), "old");
    let before = tree(&dir);
    for (path, wanted) in [("a/x", "directory"), ("b", "file")] {
        let new = files(&[("f", "new", 0o644), (path, "1", 0o644)]);
        let error = sync(&dir, &new, &paths(&["f"])).unwrap_err();
        assert!(error.message().contains("is in the way"), "{error}");
        assert!(error.message().contains(wanted), "{error}");
        assert_eq!(tree(&dir), before);
    }
}

#[test]
fn never_follows_a_symlink() {
    let (temporary, dir) = stage();
    let outside = temporary.path().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    write(outside.join("f"), "precious");
    std::fs::create_dir_all(&dir).unwrap();
    symlink(&outside, dir.join("sub")).unwrap();
    symlink(outside.join("f"), dir.join("f")).unwrap();

    let error = sync(&dir, &files(&[("sub/f", "1", 0o644)]), &BTreeSet::new()).unwrap_err();
    assert!(error.message().contains("somewhere else"), "{error}");
    // A file of an earlier stamp behind a symlink is not there any more.
    let synced = sync(&dir, &files(&[("f", "1", 0o644)]), &paths(&["sub/f"])).unwrap();
    assert_eq!(synced.removed, BTreeSet::new());
    assert!(!dir.join("f").symlink_metadata().unwrap().is_symlink());
    assert_eq!(
        std::fs::read_to_string(outside.join("f")).unwrap(),
        "precious"
    );

    let linked = temporary.path().join("genfiles/linked");
    symlink(&outside, &linked).unwrap();
    let error = sync(&linked, &files(&[("f", "1", 0o644)]), &BTreeSet::new()).unwrap_err();
    assert!(error.message().contains("somewhere else"), "{error}");
    assert_eq!(
        std::fs::read_to_string(outside.join("f")).unwrap(),
        "precious"
    );
}

#[test]
fn refuses_paths_that_leave_the_directory() {
    let (temporary, dir) = stage();
    for path in ["../x", "/x", "a/../../x", "."] {
        let error = sync(&dir, &files(&[(path, "1", 0o644)]), &BTreeSet::new());
        assert!(error.is_err(), "{path}");
        let error = sync(&dir, &RenderedFiles::new(), &paths(&[path]));
        assert!(path == "." || error.is_err(), "{path}");
    }
    assert!(!temporary.path().join("genfiles/x").exists());
}

#[test]
fn handles_names_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStringExt as _;
    let (_temporary, dir) = stage();
    let odd = PathBuf::from(std::ffi::OsString::from_vec(b"d\xff/f\xfe".to_vec()));
    let mut odd_files = RenderedFiles::new();
    odd_files.insert(
        odd.clone(),
        files(&[("x", "1", 0o644)])[Path::new("x")].clone(),
    );
    if sync(&dir, &odd_files, &BTreeSet::new()).is_err() && cfg!(target_os = "macos") {
        return; // The file system does not have such names.
    }
    assert!(dir.join(&odd).is_file());
    sync(&dir, &RenderedFiles::new(), &BTreeSet::from([odd])).unwrap();
    expect(&dir, &[]);
}

/// Runs [`child`] in a process of its own, on the directory, and says whether it succeeded.
#[expect(clippy::disallowed_methods, reason = "the test has itself killed")]
fn run_child(dir: &Path, fault: &str, limit: &str) -> bool {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored"])
        .env("SYNC_TEST_DIR", dir)
        .env("SYNC_TEST_LIMIT", limit)
        .env("BETTERFORM_FAULT", fault)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn first() -> RenderedFiles {
    files(&[
        ("a", "old", 0o644),
        ("b", "old", 0o644),
        ("gone/x", "old", 0o644),
        ("same", "same", 0o644),
    ])
}

fn second() -> RenderedFiles {
    let long = "new".repeat(10_000);
    files(&[
        ("a", "new", 0o644),
        ("b", &long, 0o644),
        ("new/y", "new", 0o644),
        ("same", "same", 0o644),
    ])
}

#[test]
#[ignore = "is run by other tests, in a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "is told by its parent what to do"
)]
fn child() {
    let Some(dir) = std::env::var_os("SYNC_TEST_DIR") else {
        return;
    };
    let limit = std::env::var("SYNC_TEST_LIMIT").unwrap();
    if let Ok(bytes) = limit.parse() {
        // As a full disk: no file can be longer than this.
        let ignored = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored).unwrap();
        let limit = Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        rustix::process::setrlimit(Resource::Fsize, limit).unwrap();
    }
    sync(Path::new(&dir), &second(), &first().into_keys().collect()).unwrap();
}

#[test]
fn a_kill_anywhere_is_made_good_by_the_next_sync() {
    let points = [
        "sync.temporary:1",
        "sync.temporary:2",
        "sync.written",
        "sync.replaced:1",
        "sync.replaced:3",
        "sync.removed",
    ];
    for point in points {
        let (_temporary, dir) = stage();
        sync(&dir, &first(), &BTreeSet::new()).unwrap();
        write(dir.join("own"), "own");
        assert!(!run_child(&dir, point, ""), "{point} was not reached");
        // Whatever happened, each file is whole.
        let (old, new) = (first(), second());
        for path in old.keys().chain(new.keys()) {
            if let Ok(content) = std::fs::read(dir.join(path)) {
                let is = |files: &RenderedFiles| {
                    files
                        .get(path)
                        .is_some_and(|file| file.content[..] == content[..])
                };
                assert!(is(&old) || is(&new), "{point}: {}", path.display());
            }
        }
        let previous = old.keys().chain(new.keys()).cloned().collect();
        sync(&dir, &new, &previous).unwrap();
        let long = "new".repeat(10_000);
        expect(
            &dir,
            &[
                ("a", "new"),
                ("b", &long),
                ("new/", ""),
                ("new/y", "new"),
                ("own", "own"),
                ("same", "same"),
            ],
        );
    }
}

#[test]
fn a_full_disk_changes_no_file() {
    let (_temporary, dir) = stage();
    sync(&dir, &first(), &BTreeSet::new()).unwrap();
    let before: Vec<_> = tree(&dir)
        .into_iter()
        .filter(|(name, _)| !name.ends_with('/'))
        .collect();
    assert!(!run_child(&dir, "", "4096"));
    let after: Vec<_> = tree(&dir)
        .into_iter()
        .filter(|(name, _)| !name.ends_with('/'))
        .collect();
    assert_eq!(after, before);
    assert!(run_child(&dir, "", "1000000"));
    assert_eq!(std::fs::read_to_string(dir.join("a")).unwrap(), "new");
}
