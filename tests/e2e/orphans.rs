//! Stages that are up but no longer in the DAG, and protected ones.

use crate::sandbox::Sandbox;

fn pair() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("keep", ""), ("old", "keep")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.dag(&[("keep", "")]);
    sandbox
}

#[test]
fn plan_and_apply_report_an_orphan_and_prune_takes_it_down_from_its_own_stamp() {
    let sandbox = pair();
    sandbox.remove("lib/old");
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("old  orphan: up, no longer in the DAG");
    sandbox
        .run(&["apply"])
        .exits(0)
        .says("old: is up but no longer in the DAG");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply", "--prune", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["old down"]);
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_orphan_with_a_dependent_that_still_needs_it_is_not_pruned() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net"), ("other", "")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.dag(&[("other", "")]);
    sandbox.run(&["apply", "--prune", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "net down"]);
}

#[test]
fn a_dependent_that_came_up_without_the_orphan_lets_it_go() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.dag(&[("app", "")]);
    sandbox.run(&["apply", "--prune", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up", "net down"]);
}

#[test]
fn prune_refuses_when_nothing_recorded_is_left_in_the_dag() {
    let sandbox = pair();
    sandbox.ctl("brand_new", crate::sandbox::CTL);
    sandbox.dag(&[("brand_new", "")]);
    sandbox
        .run(&["apply", "--prune", "--yes"])
        .exits(1)
        .says("none of the recorded stages is in the DAG");
    assert!(!sandbox.calls().contains(&"old down".to_owned()));
}

#[test]
fn a_protected_stage_and_its_ancestors_stay_up() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("db", "net"), ("app", "net")]);
    sandbox.file("lib/betterform.toml", "[stage.db]\nprotect = true\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("db: stays up: it is protected");
    assert_eq!(sandbox.calls(), ["app down"]);
    sandbox.file("lib/betterform.toml", "");
    sandbox.run(&["down", "--yes"]).exits(1);
    assert!(sandbox.calls().is_empty(), "protection was recorded");
    sandbox.run(&["state", "unprotect", "db"]).exits(0);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down", "net down"]);
}

#[test]
fn down_asks_and_without_a_terminal_says_how_not_to_be_asked() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.set("INTERACTIVE", "");
    sandbox.run(&["down"]).exits(64).says("--yes");
    assert!(sandbox.calls().is_empty());
    sandbox.set("INTERACTIVE", "false");
    sandbox.run(&["down"]).exits(0);
    assert_eq!(sandbox.calls(), ["net down"]);
}
