//! What is recorded is what is read, in every part.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use betterform::core::fingerprint::{Digest, Manifest};
use betterform::core::record::{Edge, StampedFile, stamped_manifest};
use betterform::core::stage::{Action, Outcome, Status};
use betterform::state::{Access, Ended, Left, Mark};

use crate::support::*;

#[test]
fn to_read_what_is_not_there_makes_nothing() {
    let scratch = Scratch::new();
    let opened = scratch.open(Access::Read);
    assert_eq!((opened.records.len(), opened.notes), (0, Vec::new()));
    assert_eq!(opened.store.edges().unwrap(), []);
    assert!(std::fs::read_dir(scratch.root()).unwrap().next().is_none());
    let mut store = opened.store;
    let error = store.begin(vec![begin_up("a", &[])]).unwrap_err();
    assert_eq!(error.message(), "the state was opened only to be read");
}

#[test]
fn the_file_is_private_and_alone_at_rest() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
    bring_up(&mut store, "a", &[]);
    assert_eq!(
        scratch.files(),
        [".gitignore", "state.db", "state.db-shm", "state.db-wal"]
    );
    for name in ["state.db", "state.db-wal"] {
        let file = scratch.path().with_file_name(name);
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{name}"
        );
    }
    let directory = scratch.path().parent().unwrap().metadata().unwrap();
    assert_eq!(directory.permissions().mode() & 0o777, 0o700);
    store.close().unwrap();
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
    scratch.open(Access::Read);
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
    // A file that somebody copied with an open umask is made private again.
    std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    scratch.store();
    assert_eq!(
        scratch.path().metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn an_attempt_comes_back_in_every_part() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let (attempt, payload) = attempt("a", &["b", "c"]);
    let token = one(store.begin(vec![begin_up("a", &["b", "c"])]).unwrap());
    assert_eq!((token.stage(), token.action()), (&stage("a"), Action::Up));

    let records = store.records().unwrap();
    let running = &records[&stage("a")];
    assert_eq!(running.status, Status::Running);
    assert_eq!(running.fingerprint.as_ref(), Some(&attempt.fingerprint));
    assert_eq!(running.detail, attempt.detail);
    assert_eq!(
        running.stamped,
        Some(stamped_manifest(&attempt.stamped).digest())
    );
    assert_eq!(running.config, attempt.config);
    assert_eq!(
        (&running.outputs, &running.outcome, running.ended_ms),
        (&None, &None, None)
    );
    let incarnation = running.incarnation;

    store.commit(vec![(token, left("a"))]).unwrap();
    drop(store);
    let opened = scratch.open(Access::Read);
    let up = &opened.records[&stage("a")];
    assert_eq!(up.status, Status::Up);
    assert_eq!(up.incarnation, incarnation);
    assert_eq!(up.outcome, Some(Outcome::Succeeded));
    assert_eq!(
        (up.duration_ms, up.up_duration_ms),
        (Some(1500), Some(1500))
    );
    assert_eq!(up.run, Some(run()));
    assert!(up.up_since_ms >= up.started_ms && up.ended_ms == up.up_since_ms);

    let store = opened.store;
    let outputs = store.manifest(&up.outputs.unwrap()).unwrap().unwrap();
    assert_eq!(outputs, *manifest("a/output.json", "a").1);
    for (digest, manifest) in &payload.manifests {
        assert_eq!(store.manifest(digest).unwrap().as_ref(), Some(&**manifest));
    }
    for (digest, content) in &payload.contents {
        assert_eq!(store.content(digest).unwrap().as_deref(), Some(&**content));
    }
    let snapshot = store.snapshot(&stage("a")).unwrap();
    let by_path = |mut files: Vec<StampedFile>| {
        files.sort();
        files
    };
    assert_eq!(by_path(snapshot.stamped), by_path(attempt.stamped));
    assert_eq!(snapshot.config.as_deref(), Some(b"{}\n".as_slice()));
    assert_eq!(snapshot.locations, attempt.locations);
    let attempts = store.attempts(&stage("a")).unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].action, &attempts[0].outcome),
        (Action::Up, &Some(Outcome::Succeeded))
    );
    assert_eq!(store.last_run_of(&stage("a")).unwrap(), Some(run()));
    assert_eq!(store.last_run_of(&stage("b")).unwrap(), None);
}

#[test]
fn what_ctl_changed_and_reported_replaces_what_was_begun() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let token = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    let (mut other, payload) = attempt("other", &[]);
    other.stamped.truncate(1);
    let ended = Ended::Up(Box::new(Left {
        duration: std::time::Duration::ZERO,
        outputs: Manifest::default().digest(),
        generated: Manifest::default().digest(),
        stamped: Some(other.stamped.clone()),
        fingerprint: Some(other.fingerprint.clone()),
        detail: Some("new".to_owned()),
        payload,
    }));
    store.commit(vec![(token, ended)]).unwrap();
    let records = store.records().unwrap();
    let recorded = &records[&stage("a")];
    assert_eq!(recorded.fingerprint, Some(other.fingerprint));
    assert_eq!(recorded.detail, "new");
    assert_eq!(
        recorded.stamped,
        Some(stamped_manifest(&other.stamped).digest())
    );
    assert_eq!(store.snapshot(&stage("a")).unwrap().stamped, other.stamped);
}

#[test]
fn a_failure_keeps_what_is_known_of_the_last_success() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &[]);
    let before = store.records().unwrap()[&stage("a")].clone();
    let token = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    store.commit(vec![(token, failed(3))]).unwrap();
    let after = store.records().unwrap()[&stage("a")].clone();
    assert_eq!(
        (after.status, &after.outcome),
        (Status::Failed, &Some(Outcome::Failed { code: 3 }))
    );
    assert_eq!(
        (after.outputs, after.generated),
        (before.outputs, before.generated)
    );
    assert_eq!(
        (after.duration_ms, after.up_duration_ms),
        (Some(20), Some(1500))
    );
    assert_eq!(
        (after.up_since_ms, after.incarnation),
        (before.up_since_ms, before.incarnation)
    );
}

#[test]
fn down_forgets_and_renews_the_incarnation_before_it_runs() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &["b"]);
    let before = store.records().unwrap()[&stage("a")].clone();
    let token = one(store.begin(vec![begin_down("a")]).unwrap());
    let stopping = store.records().unwrap()[&stage("a")].clone();
    assert_eq!(stopping.status, Status::Stopping);
    assert_ne!(stopping.incarnation, before.incarnation);
    assert_eq!(stopping.fingerprint, before.fingerprint);
    assert_eq!(store.snapshot(&stage("a")).unwrap().stamped.len(), 2);
    store.commit(vec![(token, down())]).unwrap();
    let after = store.records().unwrap()[&stage("a")].clone();
    assert_eq!((after.status, after.up_since_ms), (Status::Down, None));
    assert_eq!(
        (after.fingerprint, after.outputs, after.generated),
        (None, None, None)
    );
    let edge = Edge {
        stage: stage("a"),
        dependency: stage("b"),
        last: true,
        since_down: false,
    };
    assert_eq!(store.edges().unwrap(), [edge]);
    // Contents stay until they are collected.
    let content = store
        .snapshot(&stage("a"))
        .unwrap()
        .stamped
        .iter()
        .find_map(|file| file.content)
        .unwrap();
    assert!(store.content(&content).unwrap().is_some());
    store.gc().unwrap();
    assert!(store.content(&content).unwrap().is_none());
    assert_eq!(store.snapshot(&stage("a")).unwrap().stamped.len(), 2);
}

#[test]
fn edges_remember_every_up_since_the_last_down() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &["b", "c"]);
    bring_up(&mut store, "a", &["c", "d"]);
    let edges = |store: &betterform::state::Store| -> Vec<(String, bool, bool)> {
        let edges = store.edges().unwrap().into_iter();
        edges
            .map(|edge| (edge.dependency.to_string(), edge.last, edge.since_down))
            .collect()
    };
    let edge = |name: &str, last, since_down| (name.to_owned(), last, since_down);
    assert_eq!(
        edges(&store),
        [
            edge("b", false, true),
            edge("c", true, true),
            edge("d", true, true)
        ]
    );
    let token = one(store.begin(vec![begin_down("a")]).unwrap());
    store.commit(vec![(token, down())]).unwrap();
    assert_eq!(
        edges(&store),
        [edge("c", true, false), edge("d", true, false)]
    );
    let token = one(store.begin(vec![begin_up("a", &["d", "e"])]).unwrap());
    assert_eq!(
        edges(&store),
        [edge("d", true, true), edge("e", true, true)]
    );
    store.commit(vec![(token, failed(1))]).unwrap();
    assert_eq!(
        edges(&store),
        [edge("d", true, true), edge("e", true, true)]
    );
}

#[test]
fn a_token_has_force_once_and_only_for_its_own() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let first = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    let second = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    let other = one(store.begin(vec![begin_up("b", &[])]).unwrap());
    let error = store
        .commit(vec![(first, left("a")), (other, left("b"))])
        .unwrap_err();
    assert_eq!(
        error.message(),
        "the record of `a` was changed while its `ctl` ran"
    );
    assert_eq!(
        scratch_statuses(&store),
        BTreeMap::from([
            ("a".to_owned(), Status::Running),
            ("b".to_owned(), Status::Up)
        ])
    );
    let error = store.commit(vec![(second, down())]).unwrap_err();
    assert_eq!(
        error.message(),
        "`a` cannot end as what it did not begin as"
    );
    let third = one(store.begin(vec![begin_down("a")]).unwrap());
    store.mark(&stage("a"), &Mark::Down).unwrap();
    store.commit(vec![(third, down())]).unwrap_err();
    let elsewhere = Scratch::new();
    let foreign = one(elsewhere.store().begin(vec![begin_up("a", &[])]).unwrap());
    let _ = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    store.commit(vec![(foreign, left("a"))]).unwrap_err();
    assert_eq!(scratch_statuses(&store)["a"], Status::Running);
}

fn scratch_statuses(store: &betterform::state::Store) -> BTreeMap<String, Status> {
    let records = store.records().unwrap().into_iter();
    records
        .map(|(stage, recorded)| (stage.to_string(), recorded.status))
        .collect()
}

#[test]
fn a_content_that_was_not_given_is_refused_and_nothing_is_recorded() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let mut begin = begin_up("a", &[]);
    begin.payload.contents.remove(0);
    let error = store.begin(vec![begin_up("b", &[]), begin]).unwrap_err();
    assert_eq!(
        error.message(),
        "the content of `ctl` was to be recorded, but not given"
    );
    assert!(store.records().unwrap().is_empty());
}

#[test]
fn manifests_flatten_through_links_and_cycles() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let entry = |name: &str, content: &str| (name.to_owned(), Digest::of(content.as_bytes()));
    let far = Manifest::of([entry("far", "1"), entry("both", "far")]);
    let near = Manifest {
        entries: BTreeMap::from([entry("near", "2"), entry("both", "near")]),
        links: BTreeSet::from([far.digest()]),
    };
    let top = Manifest {
        entries: BTreeMap::from([entry("top", "3")]),
        links: BTreeSet::from([near.digest(), far.digest()]),
    };
    let dangling = Manifest {
        links: BTreeSet::from([Digest::of(b"nowhere")]),
        ..Manifest::default()
    };
    let mut begin = begin_up("a", &[]);
    for manifest in [&far, &near, &top, &dangling] {
        begin
            .payload
            .manifests
            .push((manifest.digest(), Arc::new(manifest.clone())));
    }
    let token = one(store.begin(vec![begin]).unwrap());
    let flat = store.flatten(&near.digest()).unwrap().unwrap();
    assert_eq!(
        flat,
        BTreeMap::from([entry("far", "1"), entry("both", "near"), entry("near", "2")])
    );
    assert_eq!(store.flatten(&top.digest()).unwrap().unwrap().len(), 4);
    assert_eq!(store.flatten(&dangling.digest()).unwrap(), None);
    assert_eq!(store.flatten(&Digest::of(b"nowhere")).unwrap(), None);
    store.commit(vec![(token, failed(1))]).unwrap();
}

#[test]
fn gc_keeps_what_is_linked_to_and_takes_the_rest() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let (far, linked) = manifest("far", "1");
    let near = Arc::new(Manifest {
        links: BTreeSet::from([far]),
        ..Manifest::default()
    });
    let token = one(store.begin(vec![begin_up("a", &[])]).unwrap());
    let Ended::Up(mut left) = left("a") else {
        unreachable!()
    };
    left.outputs = near.digest();
    left.payload.manifests.extend([
        (far, linked),
        (near.digest(), near.clone()),
        manifest("dead", "2"),
    ]);
    store.commit(vec![(token, Ended::Up(left))]).unwrap();
    let dead = manifest("dead", "2").0;
    assert!(store.manifest(&dead).unwrap().is_some());
    assert!(!store.gc_if_worth_it().unwrap());
    let before = store.records().unwrap();
    let snapshot = store.snapshot(&stage("a")).unwrap();
    store.gc().unwrap();
    assert!(store.manifest(&dead).unwrap().is_none());
    assert_eq!(store.flatten(&near.digest()).unwrap().unwrap().len(), 1);
    assert_eq!(store.records().unwrap(), before);
    assert_eq!(store.snapshot(&stage("a")).unwrap(), snapshot);
    let content = snapshot
        .stamped
        .iter()
        .find_map(|file| file.content)
        .unwrap();
    assert!(store.content(&content).unwrap().is_some());
}
