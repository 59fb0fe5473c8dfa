//! betterform is killed between any two durable effects. Whatever the moment: the next run brings everything where it belongs, no
//! stage is believed up that is not, and none that may be up is forgotten by `down`.

use crate::sandbox::{CTL, Sandbox};

/// The points that `apply` passes when stages run, in their order; `docs/architecture.md` lists them.
const APPLY: [&str; 27] = [
    "lock.held",
    "state.create.before-rename",
    "state.create.after-rename",
    "config.written",
    "apply.before-begin",
    "state.enter.switched",
    "state.enter.marked",
    "state.enter.done",
    "state.begin.before-commit",
    "state.begin.after-commit",
    "apply.after-begin",
    "up.begun",
    "sync.temporary",
    "sync.written",
    "sync.replaced",
    "up.synced",
    "liveness.created",
    "up.ended",
    "up.hashed",
    "apply.before-commit",
    "state.commit.before-commit",
    "state.commit.after-commit",
    "apply.after-commit",
    "state.run.before-commit",
    "state.run.after-commit",
    "state.leave.unmarked",
    "state.leave.done",
];

/// Passed only when there is no state yet.
const FIRST_ONLY: [&str; 2] = ["state.create.before-rename", "state.create.after-rename"];

/// The points that `down` passes.
const DOWN: [&str; 18] = [
    "lock.held",
    "down.before-begin",
    "state.enter.switched",
    "state.enter.marked",
    "state.begin.before-commit",
    "state.begin.after-commit",
    "down.after-begin",
    "down.begun",
    "sync.written",
    "sync.replaced",
    "down.restored",
    "down.ended",
    "down.before-commit",
    "state.commit.before-commit",
    "state.commit.after-commit",
    "down.after-commit",
    "state.run.before-commit",
    "state.leave.unmarked",
];

/// A stage that keeps what it brought up in `world/`: `up` adds to it, `down` takes away.
fn pair() -> Sandbox {
    let mut sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    for stage in ["net", "app"] {
        sandbox.ctl(
            stage,
            &format!(
                "{CTL}case \"$1\" in
  up) mkdir -p \"$WORLD\"; (cd \"$WORLD\" && cat > \"$STAGE_NAME\") < value; mkdir -p \"$OUTPUT_DIR/$STAGE_NAME\"; cp value \"$OUTPUT_DIR/$STAGE_NAME/value\" ;;
  down) cd \"$WORLD\" && rm -f \"$STAGE_NAME\" ;;
esac
"
            ),
        );
        sandbox.file(&format!("lib/{stage}/value"), "one\n");
    }
    sandbox.file("dep/config.jsonnet", "{ a: 1 }\n");
    let world = sandbox.path("dep/world");
    sandbox.set("WORLD", world.to_str().unwrap());
    sandbox
}

fn world(sandbox: &Sandbox, stage: &str) -> Option<String> {
    let path = format!("dep/world/{stage}");
    sandbox.exists(&path).then(|| sandbox.read(&path))
}

/// Runs a command that must be killed at a point, with changes of one kind becoming durable too late, if `late` says so.
#[track_caller]
fn kill(sandbox: &mut Sandbox, point: &str, late: Option<&str>, command: &str) {
    if let Some(what) = late {
        sandbox.set("BETTERFORM_FAULT_LATE", what);
    }
    sandbox.set("BETTERFORM_FAULT", point);
    let ran = sandbox.run(&[command, "-j1"]);
    sandbox.unset("BETTERFORM_FAULT");
    sandbox.unset("BETTERFORM_FAULT_LATE");
    assert_eq!(ran.code, -9, "{point} was not passed: {ran:?}");
}

/// A pair whose first `apply` was killed at a point.
#[track_caller]
fn half_up(point: &str, late: Option<&str>) -> Sandbox {
    let mut sandbox = pair();
    kill(&mut sandbox, point, late, "apply");
    sandbox
}

/// A pair whose `apply` of a change was killed at a point.
#[track_caller]
fn half_changed(point: &str, late: Option<&str>) -> Sandbox {
    let mut sandbox = pair();
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.file("lib/net/value", "two\n");
    sandbox.file("dep/config.jsonnet", "{ a: 2 }\n");
    kill(&mut sandbox, point, late, "apply");
    sandbox
}

/// A pair without stamped directories whose `down` was killed at a point.
#[track_caller]
fn half_down(point: &str, late: Option<&str>) -> Sandbox {
    let mut sandbox = pair();
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.remove("dep/genfiles");
    kill(&mut sandbox, point, late, "down");
    sandbox
}

/// Asserts that a command has nothing left to do.
#[track_caller]
fn is_settled(sandbox: &Sandbox, point: &str, command: &str) {
    sandbox.calls();
    let ran = sandbox.run(&[command, "-j1"]).exits(0);
    ran.says("Nothing to do");
    assert!(sandbox.calls().is_empty(), "{point}");
}

#[test]
fn a_first_apply_that_is_killed_anywhere_is_made_good_by_the_next() {
    for point in APPLY {
        let sandbox = half_up(point, None);
        let before = (world(&sandbox, "net"), world(&sandbox, "app"));
        sandbox.run(&["apply", "-j1"]).exits(0);
        for stage in ["net", "app"] {
            assert_eq!(
                world(&sandbox, stage).as_deref(),
                Some("one\n"),
                "{point} {before:?}"
            );
        }
        is_settled(&sandbox, point, "apply");
    }
}

#[test]
fn an_apply_of_a_change_that_is_killed_anywhere_is_made_good_by_the_next() {
    for point in APPLY.iter().filter(|point| !FIRST_ONLY.contains(point)) {
        let sandbox = half_changed(point, None);
        sandbox.run(&["apply", "-j1"]).exits(0);
        assert_eq!(world(&sandbox, "net").as_deref(), Some("two\n"), "{point}");
        is_settled(&sandbox, point, "apply");
    }
}

/// Which stages are up and forgotten by `down` after an `apply` that was killed at a point.
fn forgotten(point: &str, late: Option<&str>) -> Vec<&'static str> {
    let sandbox = half_up(point, late);
    sandbox.run(&["down", "-j1"]);
    let stages = ["net", "app"].into_iter();
    stages.filter(|s| world(&sandbox, s).is_some()).collect()
}

/// What an `apply` of a change that was killed at a point left behind although the change was taken back and applied.
fn left_of_a_change(point: &str, late: Option<&str>) -> Option<String> {
    let sandbox = half_changed(point, late);
    // As version control does it, which has the library and the outputs: only the record can still tell that something ran.
    sandbox.file("lib/net/value", "one\n");
    sandbox.file("dep/output/net/value", "one\n");
    sandbox.remove("dep/genfiles");
    sandbox.run(&["apply", "-j1"]).exits(0);
    world(&sandbox, "net").filter(|value| value != "one\n")
}

/// Which stages an `apply` takes to be up, and are not, after a `down` that was killed at a point.
fn missing(point: &str, late: Option<&str>) -> Vec<&'static str> {
    let sandbox = half_down(point, late);
    sandbox.run(&["apply", "-j1"]).exits(0);
    let stages = ["net", "app"].into_iter();
    stages
        .filter(|s| world(&sandbox, s).as_deref() != Some("one\n"))
        .collect()
}

#[test]
fn whatever_an_apply_that_was_killed_brought_up_goes_down() {
    for point in APPLY {
        assert_eq!(forgotten(point, None), [""; 0], "{point}");
    }
}

#[test]
fn a_change_that_was_killed_and_taken_back_leaves_nothing() {
    for point in APPLY.iter().filter(|point| !FIRST_ONLY.contains(point)) {
        assert_eq!(left_of_a_change(point, None), None, "{point}");
    }
}

/// The three checks above and below are worth something: if what `begin` records were not durable when `ctl` starts, each would
/// see it.
#[test]
fn a_begin_that_is_not_durable_is_noticed() {
    let late = Some("begin");
    for point in ["up.ended", "up.hashed", "apply.before-commit"] {
        assert_eq!(forgotten(point, late), ["net"], "{point}");
        let left = left_of_a_change(point, late);
        assert_eq!(left.as_deref(), Some("two\n"), "{point}");
    }
    for point in ["down.ended", "down.before-commit"] {
        assert_eq!(missing(point, late), ["app"], "{point}");
    }
}

#[test]
fn a_down_that_is_killed_anywhere_is_made_good_by_the_next() {
    for point in DOWN {
        let sandbox = half_down(point, None);
        sandbox.run(&["down", "-j1"]).exits(0);
        for stage in ["net", "app"] {
            assert_eq!(world(&sandbox, stage), None, "{point}");
        }
        is_settled(&sandbox, point, "down");
    }
}

#[test]
fn an_apply_after_a_down_that_was_killed_brings_everything_up() {
    for point in DOWN {
        assert_eq!(missing(point, None), [""; 0], "{point}");
    }
}
