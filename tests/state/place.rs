//! Deployments that are moved, copied and reached by other paths.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use betterform::core::stage::Status;
use betterform::state::{Access, Adoption, Note, Opened, Store};

use crate::support::*;

/// A deployment at `one`, with a stage that is up, and its copy at `two`.
fn copied() -> (Scratch, PathBuf, PathBuf) {
    let scratch = Scratch::new();
    let root = fs::canonicalize(scratch.root()).unwrap();
    let (one, two) = (root.join("one/state.db"), root.join("two/state.db"));
    bring_up(&mut write(&one), "a", &[]);
    copy(&one, &two);
    (scratch, one, two)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

fn write(path: &Path) -> Store {
    let opened = Store::open(path, Access::Write).unwrap();
    assert_eq!(opened.notes, []);
    opened.store
}

fn up(opened: &Opened) -> Status {
    opened.records[&stage("a")].status
}

#[test]
fn a_copy_is_refused_as_long_as_the_original_is_there() {
    let (_scratch, one, two) = copied();
    for access in [Access::Read, Access::Write] {
        let error = Store::open(&two, access).unwrap_err();
        let expected = format!(
            "the state `{}` is a copy of `{}`",
            two.display(),
            one.display()
        );
        assert!(error.message().starts_with(&expected), "{error}");
        assert_eq!(error.hints().len(), 2);
        assert_eq!(up(&Store::open(&one, access).unwrap()), Status::Up);
    }
    // Also while the original is damaged: it may be this state.
    let bytes = fs::read(&one).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a damaged file")]
    fs::write(&one, b"garbage").unwrap();
    Store::open(&two, Access::Read).unwrap_err();
    #[expect(clippy::disallowed_methods, reason = "it is repaired")]
    fs::write(&one, bytes).unwrap();
    // Another state at the old place is none of its business.
    fs::remove_file(&one).unwrap();
    bring_up(&mut write(&one), "other", &[]);
    let opened = Store::open(&two, Access::Read).unwrap();
    assert_eq!(
        (up(&opened), opened.notes),
        (Status::Up, vec![Note::Moved { from: one }])
    );
}

#[test]
fn what_moved_is_told_until_the_next_write() {
    let (_scratch, one, two) = copied();
    fs::remove_dir_all(one.parent().unwrap()).unwrap();
    let note = Note::Moved { from: one.clone() };
    for access in [Access::Read, Access::Write, Access::Read] {
        let opened = Store::open(&two, access).unwrap();
        assert_eq!(
            (up(&opened), &opened.notes[..]),
            (Status::Up, std::slice::from_ref(&note))
        );
    }
    let mut store = Store::open(&two, Access::Write).unwrap().store;
    bring_up(&mut store, "b", &[]);
    drop(store);
    write(&two);
    // Now the copy of it is refused at the first place.
    copy(&two, &one);
    Store::open(&one, Access::Read).unwrap_err();
}

#[test]
fn a_copy_that_is_adopted_starts_with_nothing_up() {
    let (_scratch, one, two) = copied();
    let id = Store::open(&one, Access::Read).unwrap().store.id();
    let before = Store::open(&one, Access::Read).unwrap().records[&stage("a")].clone();
    let opened = Store::adopt(&two, Adoption::Copy).unwrap();
    let after = &opened.records[&stage("a")];
    assert_eq!((after.status, &after.fingerprint), (Status::Down, &None));
    assert_ne!(after.incarnation, before.incarnation);
    assert_ne!(opened.store.id(), id);
    assert_eq!(opened.store.attempts(&stage("a")).unwrap().len(), 1);
    drop(opened);
    assert_eq!(up(&Store::open(&two, Access::Read).unwrap()), Status::Down);
    let opened = Store::open(&one, Access::Read).unwrap();
    assert_eq!(
        (up(&opened), opened.store.id(), opened.notes),
        (Status::Up, id, vec![])
    );
    let error = Store::adopt(&two, Adoption::Copy).unwrap_err();
    assert!(
        error.message().ends_with("is where it always was"),
        "{error}"
    );
}

#[test]
fn what_is_adopted_as_moved_is_given_up_at_the_old_place() {
    let (_scratch, one, two) = copied();
    let opened = Store::adopt(&two, Adoption::Moved).unwrap();
    assert_eq!((up(&opened), &opened.notes[..]), (Status::Up, &[][..]));
    drop(opened);
    assert_eq!(up(&Store::open(&two, Access::Write).unwrap()), Status::Up);
    let error = Store::open(&one, Access::Write).unwrap_err();
    assert!(error.message().contains("is a copy of"), "{error}");
    let error = Store::adopt(&one.with_file_name("none.db"), Adoption::Moved).unwrap_err();
    assert!(
        error.message().starts_with("there is no state at"),
        "{error}"
    );
}

#[test]
fn killed_while_it_is_adopted_it_is_still_refused_or_settled() {
    for (adoption, point, settled) in [
        ("moved", "state.adopt.told", false),
        ("moved", "state.enter.marked", true),
        ("copy", "state.adopt.before-commit", false),
        ("copy", "state.adopt.after-commit", true),
    ] {
        let (_scratch, one, two) = copied();
        let mut child = child("place::adopter", &two);
        let status = child
            .env("BETTERFORM_FAULT", point)
            .env("ADOPTION", adoption)
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{point}");
        let opened = Store::open(&two, Access::Read);
        assert_eq!(opened.is_ok(), settled, "{point}");
        let expected = if adoption == "copy" {
            Status::Down
        } else {
            Status::Up
        };
        if let Ok(opened) = opened {
            assert_eq!(up(&opened), expected, "{point}");
        }
        // Never are both believed to have the stage up.
        let first = Store::open(&one, Access::Read)
            .map(|opened| up(&opened))
            .ok();
        assert!(first.is_none() || adoption == "copy", "{point}");
        if !settled {
            let how = if adoption == "copy" {
                Adoption::Copy
            } else {
                Adoption::Moved
            };
            assert_eq!(up(&Store::adopt(&two, how).unwrap()), expected, "{point}");
        }
    }
}

#[test]
#[ignore = "run as a child"]
#[expect(clippy::disallowed_methods, reason = "what the parent passed on")]
fn adopter() {
    let copy = std::env::var("ADOPTION").unwrap() == "copy";
    let adoption = if copy {
        Adoption::Copy
    } else {
        Adoption::Moved
    };
    Store::adopt(&path_of_child(), adoption).unwrap();
}

#[test]
fn another_spelling_of_the_place_is_the_same_place() {
    let (_scratch, one, two) = copied();
    let root = one.parent().unwrap().parent().unwrap();
    symlink(one.parent().unwrap(), root.join("directory")).unwrap();
    fs::create_dir(root.join("other")).unwrap();
    symlink(&one, root.join("other/link.db")).unwrap();
    fs::hard_link(&one, root.join("other/hard.db")).unwrap();
    for path in [
        "directory/state.db",
        "one/../one/state.db",
        "other/link.db",
        "other/hard.db",
    ] {
        let opened = Store::open(&root.join(path), Access::Read).unwrap();
        assert_eq!((up(&opened), opened.notes), (Status::Up, vec![]), "{path}");
    }
    let mut store = write(&root.join("other/link.db"));
    bring_up(&mut store, "b", &[]);
    assert!(root.join("one/state.db-wal").exists());
    drop(store);
    assert_eq!(Store::open(&one, Access::Read).unwrap().records.len(), 2);
    drop(two);
}

#[test]
fn a_place_whose_name_is_not_text() {
    let scratch = Scratch::new();
    let root = fs::canonicalize(scratch.root()).unwrap();
    let name = |text: &[u8]| {
        root.join(std::ffi::OsStr::from_bytes(text))
            .join("state.db")
    };
    let (one, two) = (name(b"caf\xe9 %41?#"), name(b"\xff"));
    bring_up(&mut write(&one), "a", &[]);
    write(&one);
    copy(&one, &two);
    Store::open(&two, Access::Read).unwrap_err();
    fs::remove_file(&one).unwrap();
    bring_up(&mut write(&one), "other", &[]);
    let opened = Store::open(&two, Access::Read).unwrap();
    assert_eq!(opened.notes, [Note::Moved { from: one }]);
}
