//! What `down` holds to: it takes a stage down with what it was brought up with, or says why it does not.

use std::time::{Duration, Instant};

use crate::sandbox::{CTL, Sandbox};

/// A `ctl` that also notes what it was run with.
const NOTES: &str = "
if [ \"$1\" = down ]; then
  find . -type f | sort > \"$OUTPUT_DIR/../files_at_down\"
  cat conf > \"$OUTPUT_DIR/../conf_at_down\"
  cat \"$CONFIG_JSON_FILE\" > \"$OUTPUT_DIR/../config_at_down\"
fi
";

#[test]
fn down_refuses_a_stage_whose_declared_environment_differs() {
    let mut sandbox = Sandbox::with_dag(&[("first", ""), ("second", "first")]);
    sandbox.file(
        "lib/betterform.toml",
        "[stage.first]\nenv = [\"APP_TARGET\"]\n",
    );
    sandbox.set("APP_TARGET", "one");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();

    sandbox.set("APP_TARGET", "two");
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("`APP_TARGET` is not as when `first` was brought up")
        .says("--accept-changed-env");
    assert_eq!(
        sandbox.calls(),
        ["second down"],
        "only the stage that declares it stays"
    );

    sandbox.unset("APP_TARGET");
    sandbox.run(&["down", "--yes"]).exits(1).says("APP_TARGET");
    assert!(sandbox.calls().is_empty());

    sandbox
        .run(&["down", "--yes", "--accept-changed-env"])
        .exits(0);
    assert_eq!(sandbox.calls(), ["first down"]);
}

#[test]
fn down_refuses_where_a_variable_that_selects_where_a_tool_acts_differs() {
    let mut sandbox = Sandbox::with_dag(&[("cluster", "")]);
    sandbox.ctl("cluster", &format!("{CTL}command -v kubectl || true\n"));
    sandbox.set("KUBECONFIG", "/etc/one.yaml");
    sandbox.set("AWS_REGION", "eu-north-1");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.set("AWS_REGION", "eu-south-1");
    sandbox.set("KUBECONFIG", "/etc/two.yaml");
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("`KUBECONFIG` is not as when `cluster` was brought up");
    assert!(sandbox.calls().is_empty());
    sandbox.set("KUBECONFIG", "/etc/one.yaml");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["cluster down"]);
}

#[test]
fn a_variable_that_is_only_mentioned_may_differ() {
    let mut sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.ctl("one", &format!("{CTL}echo \"${{APP_GREETING:-}}\"\n"));
    sandbox.set("APP_GREETING", "hello");
    sandbox.run(&["apply"]).exits(0);
    sandbox.set("APP_GREETING", "goodbye");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up", "one down"]);
}

/// A stage that leaves a file of its own beside its stamped files.
fn restorable() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.ctl(
        "one",
        &format!("{CTL}{NOTES}if [ \"$1\" = up ]; then echo mine > own; fi\n"),
    );
    sandbox.file("lib/one/conf", "as of up\n");
    sandbox.file("lib/one/sub/deep", "deep\n");
    sandbox.file("dep/config.jsonnet", "{ size: 1 }\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox
}

#[test]
fn down_runs_with_exactly_the_files_of_the_last_up() {
    let sandbox = restorable();
    sandbox.file("lib/one/conf", "as of today\n");
    sandbox.file("lib/one/new", "new\n");
    sandbox.ctl("one", "#!/bin/sh\nexit 9\n");
    sandbox.remove("dep/genfiles/one/sub/deep");
    sandbox.file("dep/genfiles/one/conf", "edited by hand\n");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(
        sandbox.read("dep/files_at_down"),
        "./conf\n./ctl\n./own\n./sub/deep\n"
    );
    assert_eq!(sandbox.read("dep/conf_at_down"), "as of up\n");
}

#[test]
fn files_of_a_stamp_that_never_ran_are_gone_at_down() {
    let sandbox = restorable();
    sandbox.file("lib/one/conf", "as of today\n");
    sandbox.file("lib/one/new", "new\n");
    sandbox.run(&["stamp"]).exits(0);
    assert_eq!(sandbox.read("dep/genfiles/one/new"), "new\n");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(
        sandbox.read("dep/files_at_down"),
        "./conf\n./ctl\n./own\n./sub/deep\n"
    );
    assert_eq!(sandbox.read("dep/conf_at_down"), "as of up\n");
}

#[test]
fn files_of_a_stamp_that_never_ran_are_gone_at_the_next_apply() {
    let sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.file("lib/one/new", "new\n");
    sandbox.run(&["stamp"]).exits(0);
    sandbox.run(&["stamp"]).exits(0);
    sandbox.remove("lib/one/new");
    sandbox.run(&["apply"]).exits(0);
    assert!(!sandbox.exists("dep/genfiles/one/new"));
    assert!(sandbox.exists("dep/genfiles/one/ctl"));
}

#[test]
fn down_restores_the_files_of_a_failed_attempt() {
    let sandbox = restorable();
    sandbox.file("lib/one/conf", "of the attempt\n");
    sandbox.ctl("one", &format!("{CTL}{NOTES}[ \"$1\" = down ]\n"));
    sandbox.run(&["apply"]).exits(1);
    sandbox.file("lib/one/conf", "as of today\n");
    sandbox.remove("dep/genfiles/one/conf");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.read("dep/conf_at_down"), "of the attempt\n");
    assert_eq!(sandbox.calls(), ["one up", "one up", "one down"]);
}

#[test]
fn down_has_the_configuration_of_its_up() {
    let sandbox = restorable();
    let at_up = sandbox.read("dep/genfiles/config.json");
    sandbox.file("dep/config.jsonnet", "{ size: 2 }\n");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.read("dep/config_at_down"), at_up);
}

#[test]
fn a_configuration_that_is_broken_at_down_is_a_warning() {
    let sandbox = restorable();
    let at_up = sandbox.read("dep/genfiles/config.json");
    sandbox.file("dep/config.jsonnet", "{ size: \n");
    sandbox
        .run(&["down", "--yes"])
        .exits(0)
        .says("the configuration cannot be evaluated");
    assert_eq!(sandbox.read("dep/config_at_down"), at_up);
    assert_eq!(sandbox.calls(), ["one up", "one down"]);
}

#[test]
fn a_stage_whose_ctl_lost_its_own_state_is_refused_until_it_is_forced() {
    let sandbox = Sandbox::with_dag(&[("data", ""), ("other", "")]);
    sandbox.ctl("data", &format!("{CTL}echo '{{}}' > x.tfstate\n"));
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    sandbox.remove("dep/genfiles");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("x.tfstate")
        .says("data");

    sandbox.file("lib/data/more", "changed\n");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says("`x.tfstate` in the stamped directory of `data` is gone")
        .says("betterform apply data --force");
    assert!(sandbox.calls().is_empty());

    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("`x.tfstate` in the stamped directory of `data` is gone")
        .says("betterform down data --force");
    assert_eq!(sandbox.calls(), ["other down"]);
    sandbox.run(&["down", "--yes", "--force"]).exits(1);
    assert!(sandbox.calls().is_empty(), "`--force` has to name it");
    sandbox.run(&["down", "data", "--yes", "--force"]).exits(0);
    assert_eq!(sandbox.calls(), ["data down"]);
}

#[test]
fn apply_goes_on_without_lost_state_where_the_stage_is_forced() {
    let sandbox = Sandbox::with_dag(&[("data", "")]);
    sandbox.ctl("data", &format!("{CTL}echo '{{}}' > x.tfstate\n"));
    sandbox.run(&["apply"]).exits(0);
    sandbox.remove("dep/genfiles/data/x.tfstate");
    sandbox.calls();
    sandbox.run(&["apply"]).exits(1).says("x.tfstate");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply", "data", "--force"]).exits(0);
    assert_eq!(sandbox.calls(), ["data up"]);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
}

#[test]
fn files_that_the_settings_keep_are_state_too() {
    let sandbox = Sandbox::with_dag(&[("data", "")]);
    sandbox.ctl(
        "data",
        &format!("{CTL}mkdir -p kept; echo 1 > kept/serial\n"),
    );
    sandbox.file("lib/betterform.toml", "[stage.data]\nkeep = [\"kept/*\"]\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.remove("dep/genfiles/data/kept");
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("`kept/serial` in the stamped directory of `data` is gone");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_failed_stage_is_taken_down() {
    let sandbox = Sandbox::with_dag(&[("bad", ""), ("after", "bad")]);
    sandbox.ctl("bad", &format!("{CTL}[ \"$1\" = down ]\n"));
    sandbox.run(&["apply"]).exits(1);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["bad up", "bad down"]);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert!(sandbox.calls().is_empty());
}

#[test]
fn an_interrupted_stage_is_taken_down() {
    let sandbox = Sandbox::with_dag(&[("slow", "")]);
    sandbox.ctl(
        "slow",
        &format!("{CTL}[ \"$1\" = down ] && exit 0\ntouch \"$OUTPUT_DIR/../ready\"\nsleep 60\n"),
    );
    let mut child = sandbox.command(&["apply"]).spawn().unwrap();
    let start = Instant::now();
    while !sandbox.exists("dep/ready") {
        assert!(start.elapsed() < Duration::from_secs(60), "never started");
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["slow up", "slow down"]);
}

#[test]
fn a_stage_whose_dependents_could_not_be_taken_down_stays_up() {
    let sandbox = Sandbox::with_dag(&[("base", ""), ("stuck", "base"), ("free", "base")]);
    sandbox.ctl("stuck", &format!("{CTL}[ \"$1\" = up ]\n"));
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["down", "-j1", "--yes"])
        .exits(1)
        .says("base: blocked by stuck");
    let mut calls = sandbox.calls();
    calls.sort();
    assert_eq!(calls, ["free down", "stuck down"]);

    // What it was brought up with is what it goes down with: a repaired library changes nothing.
    sandbox.run(&["down", "--yes"]).exits(1);
    assert_eq!(sandbox.calls(), ["stuck down"]);
    sandbox.run(&["mark", "down", "stuck"]).exits(0);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["base down"]);
}

#[test]
fn nobody_to_ask_is_wrong_usage_and_takes_nothing_down() {
    let mut sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.set("INTERACTIVE", "");
    sandbox.run(&["down"]).exits(64).says("one");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_protected_stage_and_what_it_needs_stay_up() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("data", "net"), ("app", "data"), ("odd", "")]);
    sandbox.file("lib/betterform.toml", "[stage.data]\nprotect = true\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    sandbox.remove("lib/betterform.toml");
    sandbox
        .run(&["down", "-j1", "--yes"])
        .exits(1)
        .says("data: stays up: it is protected")
        .says("net: stays up: a protected stage needs it");
    let mut calls = sandbox.calls();
    calls.sort();
    assert_eq!(calls, ["app down", "odd down"]);
    sandbox.run(&["state", "unprotect", "data"]).exits(0);
    sandbox.run(&["down", "-j1", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["data down", "net down"]);
}
