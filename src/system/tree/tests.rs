//! Listings of real directories.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::core::name::escape;
use crate::system::tree::{Files, Follow, Kind, Stat, Walk, list, select};

fn put(root: &Path, name: &[u8], text: &str) {
    let path = root.join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fs::write(path, text).unwrap();
}

fn shown(files: &Files) -> String {
    let shown = files.iter().map(|(name, stat)| {
        let kind = match stat.kind {
            Kind::File => "",
            Kind::Symlink => "@",
            Kind::Directory => "/",
            Kind::Other => "!",
            Kind::Missing => "?",
        };
        format!("{}{kind}", escape(name))
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn listed(root: &Path, follow: Follow) -> String {
    shown(&list(root, Walk::all(follow)).unwrap().unwrap())
}

#[test]
fn files_are_sorted_by_their_bytes() {
    let root = tempfile::tempdir().unwrap();
    for name in [
        &b"b"[..],
        b"a/z",
        b"a.x",
        b"a/b/c",
        b"\xff",
        b".hidden",
        b"A",
        "é".as_bytes(),
        b"a b",
    ] {
        put(root.path(), name, "");
    }
    fs::create_dir(root.path().join("empty")).unwrap();
    assert_eq!(
        listed(root.path(), Follow::Nothing),
        ".hidden A a b a.x a/b/c a/z b é \\xff"
    );
}

#[test]
fn what_the_file_system_says() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), b"run", "12345");
    fs::set_permissions(root.path().join("run"), fs::Permissions::from_mode(0o754)).unwrap();
    put(root.path(), b"plain", "");
    fs::set_permissions(root.path().join("plain"), fs::Permissions::from_mode(0o655)).unwrap();
    let files = list(root.path(), Walk::all(Follow::Files))
        .unwrap()
        .unwrap();
    let stats: Vec<Stat> = files.iter().map(|(_, stat)| *stat).collect();
    let [plain, run] = stats.as_slice() else {
        panic!("{stats:?}");
    };
    assert_eq!(
        (plain.executable, plain.size, plain.kind),
        (false, 0, Kind::File)
    );
    assert_eq!((run.executable, run.size, run.kind), (true, 5, Kind::File));
    let known = fs::metadata(root.path().join("run")).unwrap();
    assert_eq!(
        run.modified,
        known.mtime() * 1_000_000_000 + known.mtime_nsec()
    );
    assert_eq!(
        run.changed,
        known.ctime() * 1_000_000_000 + known.ctime_nsec()
    );
    assert_eq!((run.inode, run.device), (known.ino(), known.dev()));
    assert_eq!(run.newest(), run.modified.max(run.changed));
}

#[test]
fn links_are_followed_as_asked() {
    let root = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    put(other.path(), b"in/x", "");
    put(root.path(), b"a", "");
    symlink("a", root.path().join("file")).unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    symlink("self", root.path().join("self")).unwrap();
    symlink(other.path(), root.path().join("dir")).unwrap();
    fs::create_dir(root.path().join("sub")).unwrap();
    symlink("..", root.path().join("sub/up")).unwrap();
    symlink("../sub", other.path().join("in/y")).unwrap();
    assert_eq!(
        listed(root.path(), Follow::Nothing),
        "a dangling@ dir@ file@ self@ sub/up@"
    );
    assert_eq!(
        listed(root.path(), Follow::Files),
        "a dangling@ dir@ file self@ sub/up@"
    );
    assert_eq!(
        listed(root.path(), Follow::All),
        "a dangling@ dir/in/x dir/in/y@ file self@ sub/up@"
    );
    let linked = root.path().join("dir");
    assert_eq!(listed(&linked, Follow::Nothing), "in/x in/y@");
}

#[test]
fn directories_that_link_to_each_other_end() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).unwrap();
        put(root.path(), format!("{name}/f").as_bytes(), "");
    }
    symlink("../b", root.path().join("a/to_b")).unwrap();
    symlink("../a", root.path().join("b/to_a")).unwrap();
    assert_eq!(
        listed(root.path(), Follow::All),
        "a/f a/to_b/f a/to_b/to_a@ b/f b/to_a/f b/to_a/to_b@"
    );
}

#[test]
fn special_files_are_listed_but_told_apart() {
    let root = tempfile::tempdir().unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert_eq!(listed(root.path(), Follow::All), "pipe!");
}

#[test]
fn what_is_skipped_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a/x", "b/x", "b/y", "c"] {
        put(root.path(), name.as_bytes(), "");
    }
    let skip = |name: &[u8], directory: bool| (directory && name == b"a") || name == b"b/x";
    let follow = Follow::Files;
    let files = list(
        root.path(),
        Walk {
            follow,
            skip: &skip,
        },
    )
    .unwrap()
    .unwrap();
    assert_eq!(shown(&files), "b/y c");
}

#[test]
fn no_directory_is_no_error() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), b"file", "");
    assert!(
        list(&root.path().join("none"), Walk::all(Follow::All))
            .unwrap()
            .is_none()
    );
    assert!(
        list(&root.path().join("file"), Walk::all(Follow::All))
            .unwrap()
            .is_none()
    );
}

#[test]
fn files_by_name() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), b"b/\xff", "");
    put(root.path(), b"a", "");
    symlink("a", root.path().join("link")).unwrap();
    symlink("b", root.path().join("to_b")).unwrap();
    let long = vec![b'x'; 300];
    let names = [
        &b"b/\xff"[..],
        b"a",
        b"none",
        b"a/x",
        b"b",
        b"link",
        b"to_b",
        b"a",
        &long,
    ];
    let files = select(root.path(), names).unwrap();
    let expected = format!("a a/x? b/ b/\\xff link none? to_b@ {}?", "x".repeat(300));
    assert_eq!(shown(&files), expected);
    let files = select(&root.path().join("none"), [&b"a"[..]]).unwrap();
    assert_eq!(shown(&files), "a?");
    assert_eq!(files.iter().next().unwrap().1, &Stat::MISSING);
}
