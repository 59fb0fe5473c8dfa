//! Files that are not what they were, and disks that are full or read-only.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use betterform::core::stage::Status;
use betterform::state::{Access, Note, Store};

use crate::support::*;

/// A state at rest with some stages that are up.
fn some_state() -> Scratch {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let begins = (0..300)
        .map(|n| begin_up(&format!("stage-{n}"), &[]))
        .collect();
    let tokens = store.begin(begins).unwrap();
    let ends = tokens.into_iter().map(|token| {
        let left = left(token.stage().as_str());
        (token, left)
    });
    store.commit(ends.collect()).unwrap();
    scratch
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .write_all_at(bytes, at)
        .unwrap();
}

fn cut(path: &Path, length: u64) {
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(length)
        .unwrap();
}

#[test]
fn a_damaged_file_is_set_aside_and_never_deleted() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 8] = [
        ("no bytes", |path| cut(path, 0)),
        ("a part of the header", |path| cut(path, 50)),
        ("the header alone", |path| cut(path, 100)),
        ("half", |path| {
            cut(path, fs::metadata(path).unwrap().len() / 2);
        }),
        ("garbage in front", |path| {
            overwrite(path, 0, b"garbage in front of it");
        }),
        ("zeroes", |path| {
            overwrite(path, 0, &vec![0; fs::read(path).unwrap().len()]);
        }),
        ("a damaged schema", |path| {
            overwrite(path, 100, &[0xff; 1000]);
        }),
        ("damaged pages", |path| {
            let length = fs::read(path).unwrap().len();
            overwrite(path, 4096, &vec![0x5a; length - 4096]);
        }),
    ];
    for (what, damage) in damages {
        let scratch = some_state();
        damage(&scratch.path());
        let bytes = fs::read(scratch.path()).unwrap();

        let opened = scratch.open(Access::Read);
        assert!(
            matches!(&opened.notes[..], [Note::Damaged { .. }]),
            "{what}: {:?}",
            opened.notes
        );
        assert!(opened.records.is_empty());
        assert_eq!(
            fs::read(scratch.path()).unwrap(),
            bytes,
            "{what}: reading changed it"
        );
        assert_eq!(scratch.files(), [".gitignore", "state.db"], "{what}");
        drop(opened);

        let opened = scratch.open(Access::Write);
        let [Note::SetAside { to, .. }] = &opened.notes[..] else {
            panic!("{what}: {:?}", opened.notes);
        };
        assert!(
            to.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("state.db.corrupt-")
        );
        assert_eq!(
            fs::read(to).unwrap(),
            bytes,
            "{what}: what was set aside changed"
        );
        assert!(opened.records.is_empty());
        let mut store = opened.store;
        bring_up(&mut store, "a", &[]);
        drop(store);
        assert_eq!(scratch.statuses()["a"], Status::Up, "{what}");
    }
}

#[test]
fn what_lies_beside_goes_with_it_and_names_are_not_reused() {
    let scratch = Scratch::new();
    for _ in 0..3 {
        bring_up(&mut scratch.open(Access::Write).store, "a", &[]);
        plain_write(&scratch.path(), b"garbage");
        plain_write(&scratch.path().with_file_name("state.db-wal"), b"stray");
        let opened = scratch.open(Access::Write);
        let [Note::SetAside { to, .. }] = &opened.notes[..] else {
            panic!("{:?}", opened.notes);
        };
        let mut wal = to.clone().into_os_string();
        wal.push("-wal");
        assert_eq!(fs::read(wal).unwrap(), b"stray");
    }
    let aside = scratch
        .files()
        .into_iter()
        .filter(|name| name.contains("corrupt"))
        .count();
    assert_eq!(aside, 6);
}

#[test]
fn a_wal_file_that_lies_alone_never_gets_into_a_new_state() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &[]);
    let wal = fs::read(scratch.path().with_file_name("state.db-wal")).unwrap();
    drop(store);
    fs::remove_file(scratch.path()).unwrap();
    plain_write(&scratch.path().with_file_name("state.db-wal"), &wal);
    let opened = scratch.open(Access::Read);
    assert!(opened.records.is_empty());
    drop(opened);
    let opened = scratch.open(Access::Write);
    assert!(
        matches!(&opened.notes[..], [Note::SetAside { .. }]),
        "{:?}",
        opened.notes
    );
    assert!(opened.records.is_empty());
}

#[test]
fn other_databases_and_newer_ones_are_refused_and_left_alone() {
    let scratch = some_state();
    let path = scratch.path();
    overwrite(&path, 68, &[0, 0, 0, 0]);
    for access in [Access::Read, Access::Write] {
        let error = Store::open(&path, access).unwrap_err();
        assert!(
            error
                .message()
                .ends_with("is a database, but not a betterform state"),
            "{error}"
        );
    }
    overwrite(&path, 68, b"btfm");
    overwrite(&path, 60, &[0, 0, 0, 99]);
    for access in [Access::Read, Access::Write] {
        let error = Store::open(&path, access).unwrap_err();
        assert!(
            error
                .message()
                .contains("written by a newer betterform (its schema is version 99"),
            "{error}"
        );
    }
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
    overwrite(&path, 60, &[0, 0, 0, 1]);
    assert_eq!(scratch.statuses().len(), 300);
}

#[test]
fn a_content_or_a_manifest_that_changed_is_an_error_not_a_wrong_answer() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let mut begin = begin_up("a", &[]);
    let text = "an unmistakable text";
    let (digest, found) = (manifest(text, ""), manifest(text, ""));
    begin.payload.manifests.push(found);
    let content = betterform::core::fingerprint::Digest::of(text.as_bytes());
    begin
        .payload
        .contents
        .push((content, text.as_bytes().into()));
    drop(store.begin(vec![begin]).unwrap());
    drop(store);
    let mut bytes = fs::read(scratch.path()).unwrap();
    let mut changed = 0;
    for at in 0..bytes.len() - text.len() {
        if bytes[at..].starts_with(text.as_bytes()) {
            bytes[at] = b'A';
            changed += 1;
        }
    }
    assert_eq!(changed, 2);
    plain_write(&scratch.path(), &bytes);
    let store = scratch.open(Access::Read).store;
    let damage = store.verify().unwrap();
    assert_eq!(damage.len(), 2, "{damage:?}");
    let error = store.content(&content).unwrap_err();
    assert!(error.message().contains("is not what it was"), "{error}");
    let error = store.manifest(&digest.0).unwrap_err();
    assert!(error.message().contains("is not what it was"), "{error}");
    drop(store);
    let aside = Store::set_aside(&scratch.path()).unwrap().unwrap();
    assert_eq!(fs::read(aside).unwrap(), bytes);
    assert_eq!(Store::set_aside(&scratch.path()).unwrap(), None);
    assert_eq!(scratch.store().verify().unwrap(), [""; 0]);
}

#[test]
#[ignore = "run as a child"]
fn reader() {
    let opened = Store::open(&path_of_child(), Access::Read).unwrap();
    for (stage, status) in statuses(&opened) {
        println!("\nread {stage} {status}");
    }
    for note in opened.notes {
        println!("\nnote {note:?}");
    }
    let mut store = match Store::open(&path_of_child(), Access::Write) {
        Ok(opened) => opened.store,
        Err(error) => return println!("\nrefused {error}"),
    };
    match store.mark(&stage("a"), &betterform::state::Mark::Down) {
        Ok(()) => println!("\nwrote"),
        Err(error) => println!("\nrefused {error}"),
    }
}

const READ_ONLY: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"";

#[test]
fn where_nothing_may_be_written_the_state_is_read_all_the_same() {
    let at_rest = Scratch::new();
    bring_up(&mut at_rest.store(), "a", &[]);
    let at_work = Scratch::new();
    bring_up(&mut at_work.store(), "a", &[]);
    let output = child("kill::victim", &at_work.path())
        .env("BETTERFORM_FAULT", "state.begin.after-commit:3")
        .output();
    assert!(!output.unwrap().status.success());
    let copied = Scratch::new();
    fs::create_dir(copied.path().parent().unwrap()).unwrap();
    for name in ["state.db", "state.db-wal"] {
        fs::copy(
            at_work.path().with_file_name(name),
            copied.path().with_file_name(name),
        )
        .unwrap();
    }
    fs::remove_file(at_work.path()).unwrap();
    for (scratch, expected) in [(at_rest, "read a up"), (copied, "read a stopping")] {
        let before = scratch.files();
        let Some(output) = confined("damage::reader", &scratch.path(), READ_ONLY) else {
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let told = |start: &str| text.lines().any(|line| line.starts_with(start));
        assert!(
            told(expected),
            "{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(told("refused cannot"), "{text}");
        assert!(!told("note Damaged"), "{text}");
        assert_eq!(scratch.files(), before);
    }
}

#[test]
#[ignore = "run as a child"]
fn filler() {
    let mut store = Store::open(&path_of_child(), Access::Write).unwrap().store;
    bring_up(&mut store, "first", &[]);
    let mut numbers = 0..;
    loop {
        let n: u32 = numbers.next().unwrap();
        let name = format!("stage-{n}");
        let mut begin = begin_up(&name, &[]);
        let noise: Vec<u8> = (0..20_000u32)
            .map(|i| i.wrapping_mul(2_654_435_761).wrapping_add(n).to_le_bytes()[2])
            .collect();
        let digest = betterform::core::fingerprint::Digest::of(&noise);
        begin.payload.contents.push((digest, noise.into()));
        match store.begin(vec![begin]) {
            Ok(tokens) => match store.commit(vec![(one(tokens), left(&name))]) {
                Ok(()) => println!("\nup {name}"),
                Err(error) => break println!("\nfull {error}"),
            },
            Err(error) => break println!("\nfull {error}"),
        }
    }
    drop(store);
    let opened = Store::open(&path_of_child(), Access::Write).unwrap();
    assert_eq!(opened.notes, []);
    for (stage, status) in statuses(&opened) {
        println!("\nrecorded {stage} {status}");
    }
}

#[test]
fn on_a_full_disk_nothing_that_was_acknowledged_is_lost() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().parent().unwrap()).unwrap();
    let setup = "mount -t tmpfs -o size=2m tmpfs \"$1\"";
    let Some(output) = confined("damage::filler", &scratch.path(), setup) else {
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let told = |start: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| Some(line.strip_prefix(start)?.to_owned()))
            .collect()
    };
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let full = told("full ");
    assert!(full[0].ends_with("database or disk is full"), "{full:?}");
    let up = told("up ");
    assert!(up.len() > 5, "{text}");
    let recorded = told("recorded ");
    for name in &up {
        assert!(recorded.contains(&format!("{name} up")), "{name}: {text}");
    }
    // What was being recorded just then is interrupted, or was never begun.
    let others = recorded
        .iter()
        .filter(|line| !line.ends_with(" up"))
        .count();
    assert!(others <= 1 && recorded.len() <= up.len() + 2, "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a file that is to be damaged")]
fn plain_write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}
