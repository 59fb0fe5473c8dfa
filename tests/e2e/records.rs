//! `mark` and `state`: what a person says of the records, right and wrong.

use serde_json::Value;

use crate::sandbox::{CTL, Ran, Sandbox};

/// Three stages in a row.
fn row() -> Sandbox {
    Sandbox::with_dag(&[("net", ""), ("db", "net"), ("app", "db")])
}

/// What is recorded of each stage, as `name status`.
fn recorded(sandbox: &Sandbox) -> Vec<String> {
    let document = sandbox.run(&["state", "list", "--json"]).exits(0).json();
    let stages = document["stages"].as_array().expect("stages").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    stages
        .map(|stage| format!("{} {}", text(&stage["stage"]), text(&stage["status"])))
        .collect()
}

/// Asserts that a call is refused with exactly this on stderr, and that the records are as they were.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, stderr: &str) -> Ran {
    let before = recorded(sandbox);
    let ran = sandbox.run(arguments).exits(code);
    assert_eq!(ran.stderr, stderr, "{arguments:?}");
    assert_eq!(ran.stdout, "", "{arguments:?}");
    assert_eq!(recorded(sandbox), before, "{arguments:?}");
    ran
}

#[test]
fn a_stage_made_by_hand_is_marked_up_and_taken_down_by_betterform() {
    let sandbox = row();
    sandbox.run(&["mark", "up", "net", "db"]).exits(0);
    assert_eq!(recorded(&sandbox), ["db up", "net up"]);
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("app  new")
        .says("Plan: 1 new; 2 stages are up to date.");
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down", "net down"]);
}

#[test]
fn a_failed_stage_that_was_mended_by_hand_is_marked_up() {
    let sandbox = row();
    sandbox.ctl("db", &format!("{CTL}[ \"$1\" = down ]\n"));
    sandbox.run(&["apply", "-j1"]).exits(1);
    assert_eq!(recorded(&sandbox), ["db failed", "net up"]);
    let ran = sandbox.run(&["mark", "up", "db"]).exits(0);
    assert_eq!(ran.stdout, "db is recorded as up\n");
    sandbox.calls();
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up"]);
}

#[test]
fn what_is_marked_down_runs_again_and_so_does_what_was_brought_up_with_it() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.run(&["mark", "down", "net"]).exits(0);
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("db   stale: net was re-created");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "db up", "app up"]);
}

#[test]
fn a_stage_that_is_no_longer_in_the_library_can_be_marked_down_and_not_up() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.dag(&[("net", ""), ("db", "net")]);
    refused(
        &sandbox,
        &["mark", "up", "app"],
        64,
        "error: there is no stage `app`\nhelp: `betterform graph` lists the stages\n",
    );
    sandbox.remove("lib");
    let ran = sandbox.run(&["mark", "down", "app"]).exits(0);
    assert_eq!(ran.stdout, "app is recorded as down\n");
    assert_eq!(recorded(&sandbox), ["app down", "db up", "net up"]);
}

#[test]
fn mark_refuses_what_it_does_not_know() {
    let sandbox = row();
    sandbox.run(&["mark", "up", "net"]).exits(0);
    for (arguments, stderr) in [
        (
            &["mark", "up", "nett"][..],
            "error: there is no stage `nett`\nhelp: did you mean `net`?\n",
        ),
        (
            &["mark", "down", "net", "x*"],
            "error: there is no stage `x*`\nhelp: `betterform graph` lists the stages\n",
        ),
        (
            &["mark", "up", "["],
            "error: `[` is not a valid pattern: error parsing glob '[': unclosed character class; missing ']'\n",
        ),
        (
            &["mark", "up", "net", "--lock-timeout", "soon"],
            "error: `soon` is not a duration: ",
        ),
    ] {
        let ran = sandbox.run(arguments).exits(64);
        assert!(ran.stderr.starts_with(stderr), "{ran:?}");
        assert_eq!(recorded(&sandbox), ["net up"], "{arguments:?}");
    }
}

#[test]
fn a_stage_that_cannot_be_rendered_is_not_marked_up() {
    let sandbox = row();
    sandbox.file("lib/db/conf", "{{ .cfg.missing }}\n");
    let ran = sandbox.run(&["mark", "up", "net", "db", "app"]).exits(1);
    assert_eq!(ran.stdout, "net is recorded as up\n");
    ran.says("--> db/conf:1:8").says("map has no entry for key");
    assert_eq!(recorded(&sandbox), ["net up"]);
    assert!(!sandbox.exists("dep/genfiles/db"));
}

#[test]
fn mark_waits_for_no_other_run() {
    let sandbox = row();
    sandbox.ctl(
        "net",
        &format!("{CTL}touch \"$OUTPUT_DIR/../ready\"\nwhile ! [ -e \"$OUTPUT_DIR/../go\" ]; do sleep 0.02; done\n"),
    );
    let mut child = sandbox.command(&["apply", "net"]).spawn().expect("starts");
    while !sandbox.exists("dep/ready") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for arguments in [
        &["mark", "down", "net"][..],
        &["state", "rm", "net", "--force"],
        &["state", "mv", "net", "other"],
        &["state", "unprotect", "net"],
        &["state", "adopt", "--copy"],
        &["stamp"],
    ] {
        let ran = sandbox.run(arguments).exits(75);
        assert!(ran.stderr.contains(&child.id().to_string()), "{ran:?}");
    }
    // What only looks is not held up.
    sandbox
        .run(&["state", "list"])
        .exits(0)
        .says("net  running");
    sandbox
        .run(&["state", "show", "net"])
        .exits(0)
        .says("net: running");
    sandbox.file("dep/go", "");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn state_refuses_what_is_not_recorded() {
    let sandbox = row();
    for command in ["show", "rm", "unprotect"] {
        refused(
            &sandbox,
            &["state", command, "net"],
            64,
            "error: nothing is recorded of a stage `net`\nhelp: nothing is recorded at all\n",
        );
    }
    sandbox.run(&["apply", "net"]).exits(0);
    for command in ["show", "rm", "unprotect"] {
        refused(
            &sandbox,
            &["state", command, "nett"],
            64,
            "error: nothing is recorded of a stage `nett`\nhelp: did you mean `net`?\n",
        );
    }
    refused(
        &sandbox,
        &["state", "mv", "elsewhere", "db"],
        64,
        "error: nothing is recorded of a stage `elsewhere`\nhelp: `betterform state list` lists what is recorded\n",
    );
}

#[test]
fn a_record_is_not_moved_over_another_or_to_a_name_that_is_none() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    for (new, code, stderr) in [
        ("net", 64, "error: `net` is its name already\n"),
        (
            "db",
            1,
            "error: `db` is recorded already, as up\nhelp: choose another name, or take it down before: `betterform down db`\n",
        ),
        (
            "../db",
            64,
            "error: `../db`: a stage name must not start with `.`\n",
        ),
        (
            "a/b",
            64,
            "error: `a/b`: a stage name must not contain `/`: letters, digits, `.`, `_` and `-` are allowed\n",
        ),
        (
            "config.json",
            64,
            "error: `config.json`: `config.json` is the configuration's place and cannot name a stage\n",
        ),
    ] {
        let ran = sandbox.run(&["state", "mv", "net", new]);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, stderr), "{new}");
    }
    assert_eq!(recorded(&sandbox), ["app up", "db up", "net up"]);
}

#[test]
fn nothing_is_moved_where_one_of_the_directories_cannot() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.file("dep/output/net/mine", "1");
    sandbox.file("dep/output/vpc/other", "2");
    let (old, new) = (
        sandbox.path("dep/output/net"),
        sandbox.path("dep/output/vpc"),
    );
    refused(
        &sandbox,
        &["state", "mv", "net", "vpc"],
        1,
        &format!(
            "error: cannot move `{}`: `{}` exists already\nhelp: move that away, and run this again\n",
            old.display(),
            new.display()
        ),
    );
    assert!(sandbox.exists("dep/genfiles/net") && !sandbox.exists("dep/genfiles/vpc"));
    sandbox.remove("dep/output/vpc");
    sandbox.run(&["state", "mv", "net", "vpc"]).exits(0);
    assert_eq!(sandbox.read("dep/output/vpc/mine"), "1");
    assert_eq!(recorded(&sandbox), ["app up", "db up", "vpc up"]);
}

#[test]
fn a_stage_that_is_down_is_forgotten_without_force() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.run(&["down", "--yes"]).exits(0);
    let ran = sandbox.run(&["state", "rm", "app"]).exits(0);
    assert_eq!(ran.stdout, "app is forgotten\n");
    assert_eq!(recorded(&sandbox), ["db down", "net down"]);
}

#[test]
fn a_stage_that_may_be_up_is_not_forgotten_by_mistake() {
    let sandbox = row();
    sandbox.ctl("db", &format!("{CTL}exit 1\n"));
    sandbox.run(&["apply"]).exits(1);
    for (stage, status) in [("net", "up"), ("db", "failed")] {
        refused(
            &sandbox,
            &["state", "rm", stage],
            1,
            &format!(
                "error: `{stage}` is recorded as {status}; what it brought up would be forgotten\n\
                 help: take it down with `betterform down {stage}`, or forget it with `--force`\n"
            ),
        );
    }
}

#[test]
fn unprotect_says_what_it_did_and_does_nothing_else() {
    let sandbox = row();
    sandbox.file("lib/betterform.toml", "[stage.net]\nprotect = true\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    let protected = || {
        let shown = sandbox.run(&["state", "list", "--json"]).json();
        shown["stages"][2]["protected"].clone()
    };
    assert_eq!(protected(), true);
    let ran = sandbox.run(&["state", "unprotect", "net"]).exits(0);
    assert_eq!(ran.stdout, "net may be taken down\n");
    assert_eq!(protected(), false);
    assert!(sandbox.calls().is_empty());
    assert_eq!(recorded(&sandbox), ["app up", "db up", "net up"]);
}

#[test]
fn adopting_needs_one_answer_and_a_state_from_elsewhere() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    for arguments in [
        &["state", "adopt"][..],
        &["state", "adopt", "--copy", "--moved"],
    ] {
        sandbox.run(arguments).exits(64).says("<--copy|--moved>");
    }
    for how in ["--copy", "--moved"] {
        let ran = sandbox.run(&["state", "adopt", how]).exits(64);
        assert!(ran.stderr.contains("is where it always was"), "{ran:?}");
    }
    assert_eq!(recorded(&sandbox), ["app up", "db up", "net up"]);
}

#[test]
fn a_copied_deployment_is_adopted_as_what_it_is() {
    for (how, told, stages) in [
        (
            "--copy",
            "the state is adopted: nothing is up here\n",
            "down",
        ),
        (
            "--moved",
            "the state is adopted: this is its place now\n",
            "up",
        ),
    ] {
        let sandbox = row();
        sandbox.run(&["apply"]).exits(0);
        sandbox.calls();
        let copied = std::process::Command::new("cp")
            .args(["-a", "dep", "copy"])
            .current_dir(sandbox.root())
            .status();
        assert!(copied.expect("cp starts").success());
        let run = |arguments: &[&str]| {
            let mut command = sandbox.command(arguments);
            command.current_dir(sandbox.path("copy"));
            command.env("ORDER_LOG", sandbox.path("copy/order.log"));
            crate::sandbox::ran(command.output().expect("betterform starts"))
        };
        for refused in [&["plan"][..], &["apply"], &["down", "--yes"], &["status"]] {
            run(refused)
                .exits(1)
                .says("is a copy of `")
                .says("`betterform state adopt --copy`");
        }
        assert!(sandbox.calls().is_empty());
        assert_eq!(run(&["state", "adopt", how]).exits(0).stdout, told);
        let list = run(&["state", "list", "--json"]).exits(0).json();
        assert_eq!(list["stages"][0]["status"], stages, "{how}");
        run(&["apply"]).exits(0);
        assert_eq!(sandbox.exists("copy/order.log"), how == "--copy", "{how}");
    }
}

#[test]
fn the_json_of_state_says_where_it_lies_and_what_was_tried() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    let list = sandbox.run(&["state", "list", "--json"]).exits(0).json();
    assert_eq!(list["version"], 1);
    let path = sandbox.path("dep/.betterform/genfiles/state.db");
    assert_eq!(list["path"], path.to_str().expect("UTF-8"));
    let shown = sandbox.run(&["state", "show", "db", "--json"]).exits(0);
    let shown = shown.json();
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["record"]["status"], "up");
    assert_eq!(shown["attempts"][0]["action"], "up");
    assert_eq!(shown["attempts"].as_array().map(Vec::len), Some(1));
}
