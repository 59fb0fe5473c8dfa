//! How fast and how large it is with 10,000 stages. Nothing is asserted about time: run with `--release -- --ignored
//! --nocapture measure` and read.

use std::time::Instant;

use betterform::core::fingerprint::{Digest, Kind};
use betterform::core::stage::Status;
use betterform::state::{Access, Store};

use crate::support::*;

const STAGES: usize = 10_000;

#[test]
fn ten_thousand_stages_in_batches() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    fill(&mut store);
    let start = Instant::now();
    store.close().unwrap();
    report("close", start);
    let records = scratch.open(Access::Read).records;
    assert_eq!(records.len(), STAGES);
    assert!(
        records
            .values()
            .all(|recorded| recorded.status == Status::Up)
    );
}

fn fill(store: &mut Store) {
    let start = Instant::now();
    let begins = (0..STAGES).map(|n| {
        let last = format!("stage-{:05}", n.saturating_sub(1));
        let mut begin = begin_up(&format!("stage-{n:05}"), &[&last]);
        for kind in Kind::ALL {
            let digest = Digest::of(format!("{last}{kind}").as_bytes());
            if let Some(up) = &mut begin.up {
                up.fingerprint.run.insert(kind, digest);
                up.fingerprint.stamp.insert(kind, digest);
                up.detail = "x".repeat(200);
            }
        }
        begin
    });
    let begins: Vec<_> = begins.collect();
    report("make", start);
    let start = Instant::now();
    let tokens = store.begin(begins).unwrap();
    report("begin", start);
    assert_eq!(tokens.len(), STAGES);
    let ends = tokens.into_iter().map(|token| {
        let left = left(token.stage().as_str());
        (token, left)
    });
    let ends: Vec<_> = ends.collect();
    let start = Instant::now();
    store.commit(ends).unwrap();
    report("commit", start);
    let start = Instant::now();
    store.gc().unwrap();
    report("gc", start);
}

#[test]
#[ignore = "a measurement"]
fn loading() {
    let scratch = Scratch::new();
    fill(&mut scratch.store());
    println!(
        "file {} KB",
        scratch.path().metadata().unwrap().len() / 1024
    );
    let output = child("measure::load", &scratch.path()).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "run as a child"]
fn load() {
    let before = resident();
    let start = Instant::now();
    let opened = Store::open(&path_of_child(), Access::Read).unwrap();
    report("open and load", start);
    println!(
        "resident {} KB more, for {} stages",
        resident() - before,
        opened.records.len()
    );
    let start = Instant::now();
    let edges = opened.store.edges().unwrap();
    report("edges", start);
    println!("{} edges", edges.len());
}

/// In KB; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB"))
        .map_or(0, |text| text.trim().parse().unwrap())
}

fn report(what: &str, start: Instant) {
    println!("{what}: {:?}", start.elapsed());
}
