//! DAG files that are wrong: what is told, with its place.

use std::fs;

use crate::badinput::touched_nothing;
use crate::sandbox::{CTL, Sandbox};

/// A library of two stages, and a DAG file of any text.
fn with_dag_file(text: &str) -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "")]);
    sandbox.file("lib/betterform_dag.mk", text);
    sandbox
}

#[test]
fn an_unknown_dependency_is_pointed_at() {
    let sandbox = with_dag_file(
        "# The stages.\n$(call define_stage, net, )\n$(call define_stage, app, nett)\n",
    );
    let ran = sandbox.run(&["apply"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: unknown stage `nett` in the dependencies of `app`\n\
         \x20--> betterform_dag.mk:3:27\n\
         \x20 |\n\
         3 | $(call define_stage, app, nett)\n\
         \x20 |                           ^^^^\n\
         help: did you mean `net`?\n"
    );
    assert_eq!(ran.stdout, "");
    touched_nothing(&sandbox);
}

#[test]
fn all_errors_of_a_dag_are_told_at_once() {
    let sandbox = with_dag_file(
        "$(call define_stage, net, )\n\
         $(call define_stage, net, )\n\
         $(call define_stage, ../up, )\n\
         $(call define_stage, config.json, )\n\
         $(call define_stage, .hidden, )\n\
         $(call define_stage, , net)\n\
         $(call define_stage, app, net, net)\n\
         $(call define_stage, gone, )\n\
         $(call define_stage, empty, )\n\
         $(call define_stage, lame, )\n\
         $(call define_stage, two names, )\n",
    );
    fs::create_dir(sandbox.path("lib/empty")).expect("a stage without ctl");
    sandbox.ctl("lame", CTL);
    sandbox.executable("lib/lame/ctl", false);
    let ran = sandbox.run(&["plan"]).exits(1);
    let told: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("error") || line.contains("-->"))
        .collect();
    let expected = [
        ("stage `net` is defined twice", "2:22"),
        ("`../up`", "3:22"),
        ("`config.json`", "4:22"),
        ("`.hidden`", "5:22"),
        ("`define_stage` without a stage name", "6:1"),
        ("`define_stage` takes two arguments", "7:32"),
        ("stage `gone` has no directory", "8:22"),
        ("stage `empty` has no `ctl`", "9:22"),
        ("`lame/ctl` is not executable", "10:22"),
        ("stage `two` has no directory", "11:22"),
        ("`define_stage` defines one stage, not `two names`", "11:26"),
    ];
    assert_eq!(told.len(), expected.len() * 2, "{}", ran.stderr);
    for (lines, (message, place)) in told.chunks(2).zip(expected) {
        assert!(lines[0].contains(message), "{lines:?} {message}");
        assert!(
            lines[1].ends_with(&format!("betterform_dag.mk:{place}")),
            "{lines:?}"
        );
    }
    let ctl = sandbox.path("lib/lame/ctl");
    ran.says("help: it is first defined at betterform_dag.mk:1\n")
        .says(&format!("help: run `chmod +x {}`\n", ctl.display()));
    touched_nothing(&sandbox);
}

#[test]
fn a_cycle_is_told_as_a_path() {
    let sandbox = with_dag_file("$(call define_stage, net, app)\n$(call define_stage, app, net)\n");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says("stages depend on each other: net -> app -> net")
        .says(" --> betterform_dag.mk:1:27");
    let sandbox = with_dag_file("$(call define_stage, net, net)\n");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says("stage `net` depends on itself: net -> net");
}

#[test]
fn a_dag_that_is_more_than_plain_is_evaluated_by_make() {
    let sandbox = with_dag_file(
        "STAGES := net app\n$(foreach s,$(STAGES),$(call define_stage, $s, $(if $(filter app,$s),nett)))\n",
    );
    sandbox
        .run(&["plan"])
        .exits(1)
        .says("unknown stage `nett` in the dependencies of `app`")
        .says(" --> betterform_dag.mk:2")
        .says("did you mean `net`?");
    sandbox.file(
        "lib/betterform_dag.mk",
        "$(foreach s,net app,$(call define_stage, $s, ))\n",
    );
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "app up"]);
}

#[test]
fn an_error_of_make_is_passed_on() {
    let sandbox = with_dag_file("$(error this library needs a newer make)\n");
    sandbox
        .run(&["plan"])
        .exits(1)
        .says("error: GNU make: this library needs a newer make\n --> betterform_dag.mk:1\n");
    sandbox.file("lib/betterform_dag.mk", "include no_such_file.mk\n");
    let missing = "error: the included file `no_such_file.mk` does not exist or cannot be read\n";
    sandbox
        .run(&["plan"])
        .exits(1)
        .says(&format!("{missing} --> betterform_dag.mk:1\n"));
}

#[test]
fn without_make_a_dag_that_needs_it_says_so() {
    let mut sandbox = with_dag_file("X := net\n$(call define_stage, $(X), )\n");
    fs::create_dir(sandbox.path("empty")).expect("a directory");
    let empty = sandbox.path("empty");
    sandbox.set("PATH", empty.to_str().expect("UTF-8"));
    sandbox
        .run(&["plan"])
        .exits(1)
        .says("error: only GNU make understands this, and GNU make is not installed\n --> betterform_dag.mk:1:1\n")
        .says("help: install GNU make, or write only comments and `$(call define_stage, NAME, DEPENDENCIES)`");
    sandbox.file("lib/betterform_dag.mk", "$(call define_stage, net, )\n");
    sandbox.run(&["plan"]).exits(0).says("net");
}

#[test]
fn what_make_prints_besides_is_passed_on() {
    let sandbox = with_dag_file(
        "X := $(shell echo first >&2)\n$(warning second)\n$(call define_stage, net, )\n",
    );
    let ran = sandbox.run(&["plan"]).exits(0);
    let file = sandbox.path("lib/betterform_dag.mk");
    let expected = format!(
        "warning: GNU make printed while it evaluated `betterform_dag.mk`:\n  first\n  {}:2: second\n",
        file.display()
    );
    assert_eq!(ran.stderr, expected);
}

#[test]
fn files_that_a_dag_includes_are_reported_to_a_betterform_around() {
    let mut sandbox = with_dag_file("include $(IMPL_DIR)/../common.mk\n");
    sandbox.file("common.mk", "$(call define_stage, net, )\n");
    let report = sandbox.path("report");
    sandbox.set("BETTERFORM_INPUTS_FILE", report.to_str().expect("UTF-8"));
    sandbox.run(&["apply"]).exits(0);
    let report = sandbox.read("report");
    assert!(report.contains("common.mk\n"), "{report}");
    assert!(report.contains("/lib/betterform_dag.mk\n"), "{report}");
}

#[test]
fn a_dag_without_stages_is_told() {
    let sandbox = with_dag_file("# All stages are gone.\n");
    let ran = sandbox.run(&["plan"]).exits(0);
    assert_eq!(
        ran.stderr,
        "warning: `betterform_dag.mk` defines no stages\n\
         help: a stage is defined by a line `$(call define_stage, NAME, DEPENDENCIES)`\n"
    );
}

#[test]
fn secrets_that_make_prints_are_masked() {
    let mut sandbox = with_dag_file("$(warning $(KEY))\n$(call define_stage, net, )\n");
    sandbox.file("dep/betterform.toml", "secrets = [\"KEY\"]\n");
    sandbox.set("KEY", "correct-horse-battery");
    let printed = "betterform_dag.mk:1: ***\n";
    sandbox.run(&["plan"]).exits(0).says(printed);
    sandbox.file("lib/betterform_dag.mk", "$(error $(KEY))\n");
    let failed = "error: GNU make: ***\n";
    sandbox.run(&["plan"]).exits(1).says(failed);
    sandbox.file(
        "lib/betterform_dag.mk",
        "$(call define_stage, $(KEY)/x, )\n",
    );
    let ran = sandbox.run(&["plan"]).exits(1);
    ran.says("invalid stage name `***/x`").never_says("horse");
}
