//! Runs, and what people and later stages change in records.

use betterform::core::record::{Edge, RunResult};
use betterform::core::stage::Status;
use betterform::state::{Mark, Outputs, Payload, Restamp};

use crate::support::*;

#[test]
fn runs_are_recorded_with_their_first_change() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let idle = store.start_run(new_run("apply")).unwrap();
    store.finish_run(&idle, RunResult::Done).unwrap();
    assert_eq!(store.runs().unwrap(), []);
    assert_eq!(scratch.files(), [".gitignore", "state.db"]);
    let first = store.start_run(new_run("apply")).unwrap();
    bring_up(&mut store, "a", &[]);
    store.finish_run(&first, RunResult::Failed).unwrap();
    let second = store.start_run(new_run("down")).unwrap();
    let token = one(store.begin(vec![begin_down("a")]).unwrap());
    let runs = store.runs().unwrap();
    let told: Vec<_> = runs
        .iter()
        .map(|run| (&run.id, run.command.as_str(), run.result))
        .collect();
    assert_eq!(
        told,
        [
            (&second, "down", None),
            (&first, "apply", Some(RunResult::Failed))
        ]
    );
    assert_eq!(runs[0].arguments, ["betterform", "down"]);
    assert_eq!(
        (runs[0].user.as_str(), runs[0].host.as_str()),
        ("somebody", "here")
    );
    drop(token);
}

#[test]
fn people_have_the_last_word() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &["b"]);
    let before = store.records().unwrap()[&stage("a")].clone();
    store.mark(&stage("a"), &Mark::Down).unwrap();
    let marked = store.records().unwrap()[&stage("a")].clone();
    assert_eq!(
        (marked.status, &marked.fingerprint, marked.up_since_ms),
        (Status::Down, &None, None)
    );
    assert_ne!(marked.incarnation, before.incarnation);
    let blank = Mark::Up {
        attempt: None,
        outputs: None,
        generated: None,
        payload: Payload::default(),
    };
    store.mark(&stage("a"), &blank).unwrap();
    let marked = store.records().unwrap()[&stage("a")].clone();
    assert_eq!((marked.status, &marked.fingerprint), (Status::Up, &None));
    let (attempt, mut payload) = attempt("z", &["a"]);
    let outputs = manifest("z/x", "1");
    payload.manifests.push(outputs.clone());
    let fingerprint = attempt.fingerprint.clone();
    let mark = Mark::Up {
        attempt: Some(Box::new(attempt)),
        outputs: Some(outputs.0),
        generated: None,
        payload,
    };
    store.mark(&stage("z"), &mark).unwrap();
    let marked = store.records().unwrap()[&stage("z")].clone();
    assert_eq!(
        (marked.status, marked.fingerprint),
        (Status::Up, Some(fingerprint))
    );
    assert_eq!(
        (marked.outputs, marked.run, marked.outcome),
        (Some(outputs.0), None, None)
    );
}

#[test]
fn a_restamp_and_outputs_taken_again_change_just_that() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &["b"]);
    let before = store.records().unwrap()[&stage("a")].clone();
    let (attempt, payload) = attempt("other", &[]);
    let outputs = manifest("a/output.json", "edited");
    store
        .record_restamp(vec![Restamp {
            stage: stage("a"),
            fingerprint: attempt.fingerprint.clone(),
            detail: "new".to_owned(),
            stamped: attempt.stamped.clone(),
            payload,
        }])
        .unwrap();
    store
        .record_outputs(vec![Outputs {
            stage: stage("a"),
            outputs: outputs.0,
            payload: Payload {
                manifests: vec![outputs.clone()],
                contents: Vec::new(),
            },
        }])
        .unwrap();
    let mut expected = before;
    expected.fingerprint = Some(attempt.fingerprint.clone());
    expected.detail = "new".to_owned();
    expected.outputs = Some(outputs.0);
    assert_eq!(store.records().unwrap()[&stage("a")], expected);
    let token = one(store.begin(vec![begin_down("a")]).unwrap());
    let again = Outputs {
        stage: stage("a"),
        outputs: outputs.0,
        payload: Payload::default(),
    };
    let error = store.record_outputs(vec![again]).unwrap_err();
    assert_eq!(error.message(), "`a` is recorded as stopping, not as up");
    drop(token);
}

#[test]
fn names_move_protection_goes_and_records_go() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    bring_up(&mut store, "a", &[]);
    bring_up(&mut store, "b", &["a", "new"]);
    let mut begin = begin_up("c", &[]);
    begin.up.as_mut().unwrap().protect = true;
    let token = one(store.begin(vec![begin]).unwrap());
    store.commit(vec![(token, left("c"))]).unwrap();
    let error = store.rename(&stage("a"), &stage("b")).unwrap_err();
    assert_eq!(error.message(), "there is a record of `b` already");
    let error = store.rename(&stage("x"), &stage("y")).unwrap_err();
    assert_eq!(
        (error.message(), error.exit_code()),
        ("there is no record of `x`", 64)
    );
    let before = store.records().unwrap()[&stage("a")].clone();
    store.rename(&stage("a"), &stage("new")).unwrap();
    let records = store.records().unwrap();
    assert_eq!(records[&stage("new")], before);
    assert!(!records.contains_key(&stage("a")));
    let edge = Edge {
        stage: stage("b"),
        dependency: stage("new"),
        last: true,
        since_down: true,
    };
    assert_eq!(store.edges().unwrap(), [edge]);
    assert_eq!(store.attempts(&stage("new")).unwrap().len(), 1);
    assert!(records[&stage("c")].protect);
    store.unprotect(&stage("c")).unwrap();
    assert!(!store.records().unwrap()[&stage("c")].protect);
    store.remove(&stage("b")).unwrap();
    assert!(!store.records().unwrap().contains_key(&stage("b")));
    assert_eq!(store.edges().unwrap(), []);
    store.remove(&stage("b")).unwrap_err();
}
