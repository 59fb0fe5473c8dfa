//! Which stages a command is about.

use crate::sandbox::Sandbox;

fn chain() -> Sandbox {
    Sandbox::with_dag(&[("net", ""), ("db", "net"), ("app", "db"), ("docs", "")])
}

#[test]
fn apply_takes_what_a_stage_depends_on_and_down_what_depends_on_it() {
    let sandbox = chain();
    sandbox.run(&["apply", "db", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "db up"]);
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up", "docs up"]);
    sandbox.run(&["down", "db", "-j1", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "db down"]);
}

#[test]
fn globs_name_stages() {
    let sandbox = chain();
    sandbox.run(&["apply", "d*", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "db up", "docs up"]);
}

#[test]
fn only_is_exact_and_refused_where_that_would_break_the_order() {
    let sandbox = chain();
    sandbox
        .run(&["apply", "--only", "app"])
        .exits(1)
        .says("`app` depends on `db`, which is not up");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply", "--only", "net"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["down", "--only", "net", "--yes"])
        .exits(1)
        .says("`db` depends on `net` and would stay up");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["down", "--only", "app", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down"]);
}

#[test]
fn exclude_leaves_stages_out() {
    let sandbox = chain();
    sandbox.run(&["apply", "--exclude", "docs", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "db up", "app up"]);
}

#[test]
fn force_forces_those_named_and_not_what_they_depend_on() {
    let sandbox = chain();
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["plan", "db", "--force"])
        .exits(0)
        .says("stale: forced");
    sandbox.run(&["apply", "db", "--force"]).exits(0);
    assert_eq!(sandbox.calls(), ["db up"]);
    sandbox.run(&["apply", "--force", "-j1"]).exits(0);
    let mut calls = sandbox.calls();
    calls.retain(|call| call != "docs up");
    assert_eq!(calls, ["net up", "db up", "app up"]);
}

#[test]
fn an_unknown_name_is_wrong_usage_with_a_suggestion() {
    let sandbox = chain();
    for command in [
        &["apply", "dbb"][..],
        &["plan", "dbb"],
        &["down", "dbb", "--yes"],
        &["explain", "dbb"],
        &["mark", "up", "dbb"],
        &["logs", "dbb"],
        &["env", "dbb"],
        &["exec", "dbb", "--", "true"],
    ] {
        sandbox
            .run(command)
            .exits(64)
            .says("there is no stage `dbb`")
            .says("did you mean `db`?");
    }
    assert!(sandbox.calls().is_empty());
}
