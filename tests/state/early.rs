//! Records that were read before the state is opened count only if nothing was written since.

use betterform::core::stage::Status;
use betterform::state::{Access, Early, Mark, Records, Store};

use crate::support::*;

/// What one finds who read early and opens now.
fn opened(scratch: &Scratch, access: Access, early: Option<Early>) -> Records {
    let opened = Store::open_after(&scratch.path(), access, early).unwrap();
    let now = Store::open(&scratch.path(), Access::Read).unwrap().records;
    assert_eq!(opened.records, now);
    opened.records
}

#[test]
fn what_was_read_early_is_what_is_there() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &[]);
    bring_up(&mut store, "b", &["a"]);
    store.close().unwrap();
    for access in [Access::Read, Access::Write] {
        let early = Early::read(&scratch.path());
        assert!(early.is_some());
        assert_eq!(opened(&scratch, access, early).len(), 2);
    }
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
}

#[test]
fn what_was_written_since_counts() {
    for access in [Access::Read, Access::Write] {
        let scratch = Scratch::new();
        let mut store = scratch.store();
        bring_up(&mut store, "a", &[]);
        store.close().unwrap();

        let early = Early::read(&scratch.path());
        let mut store = scratch.store();
        bring_up(&mut store, "b", &[]);
        store.close().unwrap();
        assert_eq!(opened(&scratch, access, early).len(), 2);

        let early = Early::read(&scratch.path());
        let mut store = scratch.store();
        store.mark(&stage("a"), &Mark::Down).unwrap();
        store.close().unwrap();
        let records = opened(&scratch, access, early);
        assert_eq!(records[&stage("a")].status, Status::Down);

        // A file that is put in its place, with just as many changes, is another.
        let early = Early::read(&scratch.path());
        let text = std::fs::read(scratch.path()).unwrap();
        let place = scratch.path();
        #[expect(clippy::disallowed_methods, reason = "a test's own files")]
        std::fs::rename(&place, place.with_extension("old")).unwrap();
        let mut store = scratch.store();
        bring_up(&mut store, "c", &[]);
        store.close().unwrap();
        let mut now = std::fs::read(&place).unwrap();
        now[24..28].copy_from_slice(&text[24..28]);
        now[92..96].copy_from_slice(&text[92..96]);
        #[expect(clippy::disallowed_methods, reason = "a test's own files")]
        std::fs::write(&place, now).unwrap();
        assert_eq!(opened(&scratch, access, early).len(), 1);
    }
}

#[test]
fn nothing_is_read_early_from_a_state_that_is_being_written() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &[]);
    assert!(Early::read(&scratch.path()).is_none());
    store.close().unwrap();
    assert!(Early::read(&scratch.path()).is_some());
}

#[test]
fn where_there_is_no_state_nothing_is_made() {
    let scratch = Scratch::new();
    assert!(Early::read(&scratch.path()).is_none());
    assert!(std::fs::read_dir(scratch.root()).unwrap().next().is_none());
    for garbage in [&b""[..], b"a text", &[0; 8192]] {
        std::fs::create_dir_all(scratch.path().parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test's own files")]
        std::fs::write(scratch.path(), garbage).unwrap();
        assert!(Early::read(&scratch.path()).is_none());
        assert_eq!(std::fs::read(scratch.path()).unwrap(), garbage);
    }
}
