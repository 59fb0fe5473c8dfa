//! Readers beside a writer: never held up, never wrong, never a file left behind.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use betterform::core::stage::Status;
use betterform::state::{Access, Store};

use crate::support::*;

const ROUNDS: usize = 60;

/// Opens, writes and closes again and again: each round has all the transitions of modes.
#[test]
#[ignore = "run as a child"]
fn writer() {
    for round in 0..ROUNDS {
        let opened = Store::open(&path_of_child(), Access::Write).unwrap();
        assert_eq!(opened.notes, []);
        let mut store = opened.store;
        let name = format!("stage-{round:03}");
        let begins = vec![begin_up("always", &[]), begin_up(&name, &["always"])];
        let mut ends = Vec::new();
        for token in store.begin(begins).unwrap() {
            let left = left(token.stage().as_str());
            ends.push((token, left));
        }
        store.commit(ends).unwrap();
        if round % 10 == 9 {
            store.gc().unwrap();
        }
        store.close().unwrap();
    }
}

#[test]
fn readers_see_every_moment_whole() {
    let scratch = Scratch::new();
    let mut writer = child("concurrency::writer", &scratch.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let readers: Vec<_> = thread::scope(|scope| {
        let read = || {
            let mut reads = 0;
            let mut most = 0;
            let mut slowest = Duration::ZERO;
            // Another process, because one process opens a state only once: here it is never open to be written.
            while most < ROUNDS + 1 {
                let start = Instant::now();
                let opened = Store::open(&scratch.path(), Access::Read).unwrap();
                assert_eq!(opened.notes, []);
                slowest = slowest.max(start.elapsed());
                // What is up stays so, but for the stage that begins with every round.
                let ups = opened.records.iter().filter(|(name, recorded)| {
                    let always = name.as_str() == "always";
                    let allowed = [Status::Running, Status::Up];
                    assert!(
                        allowed.contains(&recorded.status),
                        "{name} {}",
                        recorded.status
                    );
                    always || recorded.status == Status::Up
                });
                let ups = ups.count();
                assert!(ups >= most, "{ups} after {most}");
                most = ups;
                assert_eq!(
                    opened
                        .store
                        .edges()
                        .unwrap()
                        .iter()
                        .filter(|edge| !edge.last)
                        .count(),
                    0
                );
                reads += 1;
            }
            (reads, slowest)
        };
        let threads = [scope.spawn(read), scope.spawn(read)];
        let status = writer.wait().unwrap();
        assert!(status.success());
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    for (reads, slowest) in readers {
        assert!(reads > 10, "{reads} reads");
        assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    }
    Store::open(&scratch.path(), Access::Write)
        .unwrap()
        .store
        .start_run(new_run("apply"))
        .unwrap();
    let mut store = scratch.store();
    bring_up(&mut store, "last", &[]);
    store.close().unwrap();
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
}

#[test]
fn a_reader_that_stays_holds_up_nobody() {
    let scratch = Scratch::new();
    bring_up(&mut scratch.store(), "a", &[]);
    let reader = scratch.open(Access::Read).store;
    let start = Instant::now();
    let output = child("concurrency::writer", &scratch.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(reader.records().unwrap().len(), ROUNDS + 2);
    assert!(start.elapsed() < Duration::from_secs(120));
}
