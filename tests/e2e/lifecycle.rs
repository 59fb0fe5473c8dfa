//! The life of a library of four stages: what runs, what does not, and what `plan` says beforehand.

use crate::sandbox::{CTL, Sandbox};

const DIAMOND: [(&str, &str); 4] = [
    ("base", ""),
    ("left", "base"),
    ("right", "base"),
    ("top", "left right"),
];

/// Four stages: each writes an output, `left` reads its template's text, `top` reads what `left` wrote.
fn diamond() -> Sandbox {
    let sandbox = Sandbox::with_dag(&DIAMOND);
    for (stage, _) in DIAMOND {
        sandbox.ctl(
            stage,
            &format!(
                "{CTL}
if [ \"$1\" = up ]; then
  mkdir -p \"$OUTPUT_DIR/$STAGE_NAME\"
  cp value \"$OUTPUT_DIR/$STAGE_NAME/value\"
fi
"
            ),
        );
        sandbox.file(
            &format!("lib/{stage}/value"),
            &format!("value of {stage}\n"),
        );
    }
    sandbox
}

#[track_caller]
fn apply(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls()
}

#[track_caller]
fn up(sandbox: &Sandbox) -> Sandbox {
    assert_eq!(apply(sandbox), ["base up", "left up", "right up", "top up"]);
    Sandbox::new()
}

#[test]
fn the_first_apply_runs_all_in_order_and_the_second_none() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox
        .run(&["apply"])
        .exits(0)
        .says("Nothing to do: 4 stages are up to date.");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn touching_every_file_runs_none() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.touch_everything();
    assert!(apply(&sandbox).is_empty());
}

#[test]
fn a_changed_template_runs_its_stage_and_those_that_its_output_reaches() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.file("lib/left/value", "another\n");
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("template value changed")
        .says("left");
    assert_eq!(apply(&sandbox), ["left up", "top up"]);
    assert!(apply(&sandbox).is_empty());
}

#[test]
fn an_unchanged_output_stops_the_ripple() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.file("lib/left/unused", "a file that changes no output\n");
    assert_eq!(apply(&sandbox), ["left up"]);
}

#[test]
fn a_changed_comment_in_a_template_runs_none() {
    let sandbox = diamond();
    sandbox.file("lib/left/conf", "{{/* one */}}x=1\n");
    up(&sandbox);
    sandbox.file("lib/left/conf", "{{/* another */}}x=1\n");
    assert!(apply(&sandbox).is_empty());
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_executable_bit_counts() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.executable("lib/right/value", true);
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("template value changed");
    assert_eq!(apply(&sandbox), ["right up"]);
}

#[test]
fn a_mentioned_variable_counts_and_others_do_not() {
    let mut sandbox = diamond();
    sandbox.ctl(
        "left",
        &format!("{CTL}echo \"region ${{APP_REGION:-none}}\"\n"),
    );
    up(&sandbox);
    sandbox.set("APP_REGION", "eu");
    sandbox.set("OTHER", "x");
    sandbox.run(&["plan"]).exits(0).says("env APP_REGION set");
    assert_eq!(apply(&sandbox), ["left up"]);
    sandbox.set("OTHER", "y");
    assert!(apply(&sandbox).is_empty());
}

#[test]
fn a_shared_file_that_is_mentioned_counts() {
    let sandbox = diamond();
    sandbox.file("lib/common.sh", "greet() { echo hello; }\n");
    sandbox.ctl("left", &format!("{CTL}. \"$IMPL_DIR/common.sh\"\ngreet\n"));
    up(&sandbox);
    sandbox.file("lib/common.sh", "greet() { echo goodbye; }\n");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("shared common.sh changed");
    assert_eq!(apply(&sandbox), ["left up"]);
}

#[test]
fn a_used_configuration_value_counts_and_others_do_not() {
    let sandbox = diamond();
    sandbox.file("dep/config.jsonnet", "{ used: 1, unused: 1 }\n");
    sandbox.file("lib/left/conf", "x={{ .cfg.used }}\n");
    up(&sandbox);
    sandbox.file("dep/config.jsonnet", "{ used: 1, unused: 2 }\n");
    assert!(apply(&sandbox).is_empty());
    sandbox.file("dep/config.jsonnet", "{ used: 2, unused: 2 }\n");
    sandbox.run(&["plan"]).exits(0).says("config .used changed");
    assert_eq!(apply(&sandbox), ["left up"]);
}

#[test]
fn a_deleted_output_re_runs_its_owner() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.remove("dep/output/right/value");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("its output right/value was deleted");
    assert_eq!(apply(&sandbox), ["right up"]);
    sandbox.file("dep/output/right/value", "edited\n");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("its output right/value was edited");
    assert_eq!(apply(&sandbox), ["right up"]);
}

#[test]
fn a_failed_stage_runs_again_and_blocks_what_depends_on_it() {
    let sandbox = diamond();
    sandbox.ctl("left", &format!("{CTL}exit 3\n"));
    let ran = sandbox.run(&["apply", "-j1"]).exits(1);
    ran.says("blocked by left");
    assert_eq!(sandbox.calls(), ["base up", "left up", "right up"]);
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("last up failed (exit 3)");
    sandbox.ctl("left", CTL);
    assert_eq!(apply(&sandbox), ["left up", "top up"]);
}

#[test]
fn down_goes_in_exact_reverse_order_and_is_empty_the_second_time() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.run(&["down", "-j1", "--yes"]).exits(0);
    assert_eq!(
        sandbox.calls(),
        ["top down", "right down", "left down", "base down"]
    );
    sandbox.run(&["down", "--yes"]).exits(0);
    assert!(sandbox.calls().is_empty());
    assert_eq!(apply(&sandbox).len(), 4, "all of it comes up again");
}

#[test]
fn down_needs_neither_library_nor_dag_nor_genfiles() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.remove("lib");
    sandbox.remove("dep/genfiles");
    sandbox.run(&["down", "-j1", "--yes"]).exits(0);
    assert_eq!(
        sandbox.calls(),
        ["top down", "right down", "left down", "base down"]
    );
}

#[test]
fn an_ancestor_that_was_re_created_re_runs_its_dependents() {
    let sandbox = diamond();
    up(&sandbox);
    sandbox.run(&["mark", "down", "base"]).exits(0);
    sandbox.run(&["apply", "base", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["base up"]);
    sandbox.run(&["plan"]).exits(0).says("base was re-created");
    // The one that took longer last time goes first.
    let mut calls = apply(&sandbox);
    assert_eq!(calls.pop().as_deref(), Some("top up"));
    calls.sort();
    assert_eq!(calls, ["left up", "right up"]);
}
