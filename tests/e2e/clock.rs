//! Stages that print the time: what they are rendered to differs from run to run, which `plan -v` says, and which runs nothing.

use crate::sandbox::{CTL, Sandbox};

#[test]
fn a_stage_that_prints_the_time_is_not_reproducible_and_not_stale() {
    let sandbox = Sandbox::with_dag(&[("one", ""), ("other", "")]);
    sandbox.file("lib/one/main.tf", "{{ (time.Now).UnixNano }}\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up", "other up"]);
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .never_says("not reproducible");
    let ran = sandbox.run(&["plan", "-v", "--detailed-exitcode"]).exits(0);
    ran.says("its templates use `time.Now`");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), [""; 0]);
    sandbox.file("lib/one/main.tf", "{{ (time.Now).UnixNano }} new\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
}

#[test]
fn the_time_hides_no_other_change() {
    let sandbox = Sandbox::with_dag(&[("before", ""), ("one", "before")]);
    sandbox.file(
        "lib/one/main.tf",
        "{{ (time.Now).UnixNano }} {{ file.Read (print .Env.OUTPUT_DIR \"/before/x\") }} {{ .cfg.a }}\n",
    );
    sandbox.file("lib/before/value", "1");
    sandbox.ctl(
        "before",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/before\"; cp value \"$OUTPUT_DIR/before/x\"\n"),
    );
    sandbox.file("dep/config.jsonnet", "{ a: 1 }");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["before up", "one up"]);
    sandbox.file("lib/before/extra", "unused");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["before up"]);
    sandbox.file("lib/before/value", "2");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["before up", "one up"]);
    sandbox.file("dep/config.jsonnet", "{ a: 2 }");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
}

#[test]
fn times_that_are_given_are_reproducible() {
    let mut sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.file(
        "lib/one/main.tf",
        "{{ (time.Unix 0).Format time.RFC1123Z }}\n",
    );
    sandbox.set("TZ", "UTC");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
    let text = sandbox.read("dep/genfiles/one/main.tf");
    assert_eq!(text, "Thu, 01 Jan 1970 00:00:00 +0000\n");
    sandbox.run(&["plan", "-v"]).never_says("not reproducible");
    sandbox.set("TZ", "Asia/Kolkata");
    let ran = sandbox.run(&["plan", "--detailed-exitcode"]).exits(2);
    ran.says("env TZ changed");
}

#[test]
fn a_render_that_was_not_run_is_never_recorded_as_run() {
    let sandbox = Sandbox::with_dag(&[("one", "")]);
    sandbox.file("lib/one/main.tf", "{{ (time.Now).UnixNano }}\n");
    sandbox.file("lib/common.sh", "echo 1\n");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
    let recorded = |sandbox: &Sandbox| {
        let shown = sandbox
            .run(&["state", "show", "one", "--json"])
            .exits(0)
            .json();
        shown["record"]["fingerprint"]["run"]["stamped"].clone()
    };
    let ran_with = recorded(&sandbox);
    assert!(ran_with.is_string(), "{ran_with}");
    // Another shared file, which nobody mentions, makes betterform look at the stage from scratch.
    sandbox.file("lib/new.sh", "echo 2\n");
    let ran = sandbox.run(&["apply", "--json"]).exits(0);
    ran.says("stage-restamped");
    assert!(sandbox.calls().is_empty());
    assert_eq!(recorded(&sandbox), ran_with);
}
