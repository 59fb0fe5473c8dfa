use std::collections::BTreeMap;

use super::*;
use crate::core::stage::Outcome;

fn input(kind: Kind, name: &str) -> InputChange {
    InputChange {
        kind,
        name: name.into(),
        change: Change::Changed,
    }
}

const UP: Option<Known<'static>> = Some(Known {
    status: Status::Up,
    outcome: None,
    attempted: true,
});

#[track_caller]
fn case(known: Option<Known<'_>>, seen: &Observed, demand: Demand, expected: &str) {
    let text = match decide(known, seen, demand) {
        Decision::Run { reasons } => {
            let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
            format!("run: {}", reasons.join(", "))
        }
        Decision::Restamp => "restamp".into(),
        Decision::UpToDate => "up to date".into(),
        Decision::Undetermined { .. } => "undetermined".into(),
    };
    assert_eq!(text, expected);
}

#[test]
fn nothing_changed() {
    case(UP, &Observed::default(), Demand::default(), "up to date");
}

#[test]
fn what_the_status_says_comes_first() {
    let seen = Observed::default();
    let failed = Outcome::Failed { code: 3 };
    let with = |status, outcome| {
        Some(Known {
            status,
            outcome,
            attempted: true,
        })
    };
    case(None, &seen, Demand::default(), "run: new");
    case(
        with(Status::Down, None),
        &seen,
        Demand::default(),
        "run: is down",
    );
    case(
        with(Status::Running, None),
        &seen,
        Demand::default(),
        "run: interrupted",
    );
    case(
        with(Status::Stopping, None),
        &seen,
        Demand::default(),
        "run: last down failed",
    );
    case(
        with(Status::Failed, Some(&failed)),
        &seen,
        Demand::default(),
        "run: last up failed (exit 3)",
    );
}

#[test]
fn what_made_stamped_files_differ_stands_for_them() {
    let seen = Observed {
        stamp: vec![input(Kind::Template, "main.tf")],
        run: vec![
            input(Kind::Stamped, "main.tf"),
            input(Kind::Output, "a/o.json"),
        ],
        rekeyed: true,
        ..Observed::default()
    };
    let expected = "run: template main.tf changed, output a/o.json changed";
    case(UP, &seen, Demand::default(), expected);
}

#[test]
fn stamped_files_that_differ_for_no_known_reason_are_named() {
    let seen = Observed {
        run: vec![input(Kind::Stamped, "now.txt")],
        ..Observed::default()
    };
    case(UP, &seen, Demand::default(), "run: stamped now.txt changed");
}

#[test]
fn a_changed_comment_is_recorded_and_runs_nothing() {
    let seen = Observed {
        stamp: vec![input(Kind::Template, "main.tf")],
        ..Observed::default()
    };
    case(UP, &seen, Demand::default(), "restamp");
}

#[test]
fn demands_run_a_stage_whatever_changed() {
    let forced = Demand {
        forced: true,
        always: true,
    };
    case(UP, &Observed::default(), forced, "run: always, forced");
}

#[test]
fn absence_is_no_input() {
    let entries = |digest| BTreeMap::from([("X".to_owned(), digest)]);
    let (unset, set) = (entries(Digest::ABSENT), entries(Digest::of(b"x")));
    assert_eq!(compare(Kind::Env, &unset, &BTreeMap::new()), []);
    let names: Vec<_> = (compare(Kind::Env, &unset, &set).iter())
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["env X set"]);
}
