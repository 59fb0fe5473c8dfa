//! Directories that are not read again.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use crate::observe::cache::{DigestCache, Key};
use crate::observe::tests::Sandbox;
use crate::observe::tree::{Hashing, Tree};
use crate::system::tree::{Follow, Walk};

fn key() -> Key {
    Key::new("test", Path::new("/test"))
}

fn shown(tree: &Tree) -> Vec<(Vec<u8>, String)> {
    let files = tree.files();
    files
        .map(|(name, stat)| (name.to_owned(), format!("{stat:?}")))
        .collect()
}

/// Lists a tree and looks into it, as a command would.
fn look(cache: &DigestCache, sandbox: &Sandbox) -> Tree {
    let tree = cache.list(key(), sandbox.root()).unwrap();
    cache.contents(key(), &tree, Hashing::default()).unwrap();
    assert_eq!(shown(&tree), shown(&sandbox.tree()));
    tree
}

/// A tree of several directories that is remembered.
fn remembered() -> (Sandbox, DigestCache) {
    let sandbox = Sandbox::new();
    for name in [&b"a"[..], b"b/c", b"b/d/e", b"z"] {
        sandbox.put(name, "1");
    }
    symlink("a", sandbox.path(b"link")).unwrap();
    symlink("b", sandbox.path(b"to_b")).unwrap();
    fs::create_dir(sandbox.path(b"empty")).unwrap();
    // Links and directories are to be settled too.
    std::thread::sleep(Duration::from_millis(50));
    sandbox.settled();
    let cache = DigestCache::in_memory();
    assert!(look(&cache, &sandbox).was_read());
    (sandbox, cache)
}

#[test]
fn a_directory_to_which_nothing_was_added_is_not_read_again() {
    let (sandbox, cache) = remembered();
    assert!(!look(&cache, &sandbox).was_read());
    // What is in the files does not matter, nor whether a tree is remembered that was not read.
    sandbox.put(b"b/d/e", "22");
    sandbox.settled();
    assert!(!look(&cache, &sandbox).was_read());
    assert!(!look(&cache, &sandbox).was_read());
}

type Change = (&'static str, fn(&Sandbox));

fn rename(sandbox: &Sandbox, from: &[u8], to: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fs::rename(sandbox.path(from), sandbox.path(to)).unwrap();
}

#[test]
fn a_name_that_comes_or_goes_is_seen() {
    let changes: [Change; 9] = [
        ("new file", |sandbox| sandbox.put(b"new", "")),
        ("new file below", |sandbox| sandbox.put(b"b/d/new", "")),
        ("new file in an empty directory", |sandbox| {
            sandbox.put(b"empty/new", "");
        }),
        ("new file, and the old times", |sandbox| {
            let directory = File::open(sandbox.path(b"b")).unwrap();
            let then = directory.metadata().unwrap();
            let (accessed, modified) = (then.accessed().unwrap(), then.modified().unwrap());
            sandbox.put(b"b/new", "");
            let times = FileTimes::new().set_accessed(accessed);
            directory.set_times(times.set_modified(modified)).unwrap();
        }),
        ("file removed", |sandbox| {
            fs::remove_file(sandbox.path(b"b/c")).unwrap();
        }),
        ("file renamed", |sandbox| {
            rename(sandbox, b"a", b"aa");
        }),
        ("file becomes a directory", |sandbox| {
            fs::remove_file(sandbox.path(b"z")).unwrap();
            sandbox.put(b"z/1", "");
        }),
        ("link becomes one to a directory", |sandbox| {
            fs::remove_file(sandbox.path(b"link")).unwrap();
            symlink("b", sandbox.path(b"link")).unwrap();
        }),
        ("directory replaced by its copy", |sandbox| {
            rename(sandbox, b"b", b"old");
            sandbox.put(b"b/c", "1");
            sandbox.put(b"b/d/e", "1");
            fs::remove_dir_all(sandbox.path(b"old")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let (sandbox, cache) = remembered();
        change(&sandbox);
        assert!(look(&cache, &sandbox).was_read(), "{what}");
    }
}

#[test]
fn a_directory_that_just_changed_is_not_remembered() {
    let sandbox = Sandbox::new();
    let cache = DigestCache::in_memory();
    sandbox.put(b"a", "");
    sandbox.settled();
    for name in 0..8_u8 {
        // The times of a hard link are old, those of its directory are not.
        fs::hard_link(sandbox.path(b"a"), sandbox.path(&[b'b' + name])).unwrap();
        let directory = fs::metadata(sandbox.root()).unwrap();
        let tree = sandbox.tree();
        let now = fs::metadata(sandbox.root()).unwrap();
        assert_eq!(directory.modified().unwrap(), now.modified().unwrap());
        assert_eq!(tree.memory(), None);
        look(&cache, &sandbox);
    }
}

#[test]
fn what_is_no_memory_is_none() {
    let (sandbox, _) = remembered();
    let memory = sandbox.tree().memory().unwrap();
    assert!(Tree::again(sandbox.root(), &memory).unwrap().is_some());
    assert!(
        Tree::again(&sandbox.path(b"none"), &memory)
            .unwrap()
            .is_none()
    );
    assert!(Tree::again(&sandbox.path(b"a"), &memory).unwrap().is_none());
    assert!(Tree::again(sandbox.root(), &[]).unwrap().is_none());
    assert!(Tree::again(sandbox.root(), &[0; 4]).unwrap().is_none());
    let more = [memory.as_slice(), b"x"].concat();
    assert!(Tree::again(sandbox.root(), &more).unwrap().is_none());
    let nothing = Tree::list(&sandbox.path(b"none"), Walk::all(Follow::Files)).unwrap();
    assert_eq!(nothing.memory(), None);
}
