//! Input that is wrong, and places that cannot be written: one clear message each, and nothing lost.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Ran, Sandbox};

/// Asserts that a refused call left nothing behind in the deployment.
#[track_caller]
pub fn touched_nothing(sandbox: &Sandbox) {
    assert!(sandbox.calls().is_empty());
    for path in ["dep/genfiles", "dep/output"] {
        assert!(!sandbox.exists(path), "{path}");
    }
}

/// Says on the terminal why a test could not test anything here.
pub fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Runs a shell script in a mount namespace of its own, or gives nothing where that is not allowed.
fn in_own_mounts(sandbox: &Sandbox, script: &str) -> Option<Ran> {
    let allowed = Command::new("unshare").args(["--mount", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", script]);
    let like = sandbox.command(&[]);
    command.env_clear().current_dir(sandbox.root());
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env("BETTERFORM", env!("CARGO_BIN_EXE_betterform"));
    Some(crate::sandbox::ran(
        command.output().expect("unshare starts"),
    ))
}

#[test]
fn a_library_without_a_dag_or_none_at_all_is_told() {
    let mut sandbox = Sandbox::new();
    sandbox.run(&["apply"]).exits(1).says(
        "lib` has no `betterform_dag.mk`\nhelp: create it, with a line `$(call define_stage,",
    );
    sandbox.set("IMPL_DIR", "");
    sandbox.run(&["apply"]).exits(1).says("IMPL_DIR");
    sandbox.set("IMPL_DIR", "no/such/library");
    sandbox.run(&["apply"]).exits(1).says("no/such/library");
    touched_nothing(&sandbox);
}

#[test]
fn an_error_of_jsonnet_is_passed_on_and_nothing_runs() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    for (text, message) in [
        ("{ a: error 'no region is set' }", "no region is set"),
        ("{ a: 1,\n  b: }", "config.jsonnet:2:6"),
        ("import 'missing.libsonnet'", "missing.libsonnet"),
        ("{ a: std.extVar('REGION') }", "REGION"),
    ] {
        sandbox.file("dep/config.jsonnet", text);
        for command in ["plan", "apply"] {
            sandbox.run(&[command]).exits(1).says(message);
            touched_nothing(&sandbox);
        }
    }
    sandbox.file("dep/config.jsonnet", "{ a: 1 }");
    sandbox.run(&["apply"]).exits(0);
    let before = sandbox.read("dep/genfiles/config.json");
    sandbox.calls();
    sandbox.file("dep/config.jsonnet", "{ a: error 'broken' }");
    sandbox.run(&["apply"]).exits(1).says("broken");
    assert!(sandbox.calls().is_empty());
    assert_eq!(sandbox.read("dep/genfiles/config.json"), before);
}

#[test]
fn a_configuration_that_is_missing_is_an_error_only_if_it_was_named() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.run(&["plan"]).exits(0);
    sandbox.set("CONFIG_JSONNET_FILE", "cells/eu.jsonnet");
    sandbox.run(&["apply"]).exits(1).says("cells/eu.jsonnet");
    touched_nothing(&sandbox);
    sandbox.set("CONFIG_JSONNET_FILE", "");
    sandbox.run(&["apply"]).exits(0);
}

#[test]
fn a_configuration_file_that_is_no_json_is_told() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("dep/mine.json", "{ \"a\": ");
    sandbox.set("CONFIG_JSONNET_FILE", "");
    sandbox.set("CONFIG_JSON_FILE", "mine.json");
    sandbox.run(&["apply"]).exits(1).says("mine.json");
    touched_nothing(&sandbox);
}

#[test]
fn an_unknown_key_of_betterform_toml_is_pointed_at() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    for (text, place, message) in [
        ("jbos = 3\n", "1:1", "did you mean `jobs`?"),
        (
            "[stage.net]\n\ntimeot = \"5m\"\n",
            "3:1",
            "did you mean `timeout`?",
        ),
        ("jobs = \"many\"\n", "1:8", "jobs"),
        ("[stage.net\n", "1:", "betterform.toml"),
    ] {
        for directory in ["dep", "lib"] {
            let path = format!("{directory}/betterform.toml");
            sandbox.file(&path, text);
            sandbox
                .run(&["apply"])
                .exits(1)
                .says(&format!("betterform.toml:{place}"))
                .says(message);
            sandbox.remove(&path);
        }
    }
    touched_nothing(&sandbox);
}

#[test]
fn a_section_of_a_stage_that_does_not_exist_is_told() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/betterform.toml", "[stage.nett]\nretries = 1\n");
    sandbox
        .run(&["plan"])
        .says("nett")
        .says("betterform.toml:1");
}

#[test]
fn a_symlink_to_itself_is_named_and_fails_its_stage_alone() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("other", "")]);
    symlink("loop_b", sandbox.path("lib/net/loop_a")).expect("a link");
    symlink("loop_a", sandbox.path("lib/net/loop_b")).expect("a link");
    let ran = sandbox
        .run(&["apply", "-j1"])
        .exits(1)
        .says("net: failed: the symlink `net/loop_a` cannot be followed")
        .says("remove it");
    // When it happens and at the end.
    assert_eq!(
        ran.stderr.matches("cannot be followed").count(),
        2,
        "{ran:?}"
    );
    assert_eq!(sandbox.calls(), ["other up"]);
    sandbox.run(&["plan"]).exits(1).says("`net/loop_a`");
    sandbox.remove("lib/net/loop_a");
    sandbox.remove("lib/net/loop_b");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
}

#[test]
fn a_symlink_to_its_own_directory_does_not_go_round() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    symlink(".", sandbox.path("lib/net/round")).expect("a link");
    sandbox.run(&["apply"]).exits(0);
    assert!(!sandbox.exists("dep/genfiles/net/round/round"));
    sandbox.calls();
    sandbox.run(&["apply"]).exits(0);
    assert!(sandbox.calls().is_empty());
}

#[test]
fn file_names_need_not_be_utf8() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    let template = sandbox.path("lib/net").join(odd);
    if fs::write(&template, "one").is_err() {
        return skip("this file system has names of UTF-8 alone");
    }
    sandbox.run(&["apply"]).exits(0);
    let stamped = sandbox.path("dep/genfiles/net").join(odd);
    assert_eq!(fs::read(&stamped).expect("stamped"), b"one");
    sandbox.calls();
    sandbox.run(&["apply"]).exits(0);
    assert!(sandbox.calls().is_empty());
    fs::write(&template, "two").expect("changed");
    sandbox.run(&["plan"]).exits(0).says("changed");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(fs::read(&stamped).expect("stamped"), b"two");
    fs::remove_file(&stamped).expect("removed");
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "net down"]);
}

#[test]
fn a_deployment_below_a_directory_that_is_not_utf8_works() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    let odd = sandbox
        .path("dep")
        .join(std::ffi::OsStr::from_bytes(b"d\xe9p"));
    if fs::create_dir(&odd).is_err() {
        return skip("this file system has names of UTF-8 alone");
    }
    for (arguments, calls) in [
        (&["apply"][..], &["net up"][..]),
        (&["apply"], &[]),
        (&["down", "--yes"], &["net down"]),
    ] {
        let mut command = sandbox.command(arguments);
        command.current_dir(&odd);
        crate::sandbox::ran(command.output().expect("betterform starts")).exits(0);
        assert_eq!(sandbox.calls(), calls);
    }
}

#[test]
fn a_read_only_deployment_can_be_looked_at() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.run(&["apply"]).exits(0);
    sandbox.file("lib/app/new.txt", "new");
    sandbox.calls();
    let read_only = "mount --bind dep dep && mount -o remount,bind,ro dep && cd dep && ";
    let run = |arguments: &str| {
        in_own_mounts(
            &sandbox,
            &format!("{read_only} exec \"$BETTERFORM\" {arguments}"),
        )
    };
    let Some(plan) = run("plan") else {
        return skip("no mounts of our own here");
    };
    plan.exits(0).says("app").says("new.txt");
    for command in [
        "status",
        "explain app",
        "state list",
        "graph",
        "config",
        "logs net",
    ] {
        run(command).expect("mounts").exits(0);
    }
    let fresh = Sandbox::with_dag(&[("net", "")]);
    in_own_mounts(&fresh, &format!("{read_only} exec \"$BETTERFORM\" plan"))
        .expect("mounts")
        .exits(0)
        .says("net");
    let apply = run("apply").expect("mounts").exits(1);
    assert!(
        apply.stderr.contains("ead-only file system"),
        "{}",
        apply.stderr
    );
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up"]);
}

#[test]
fn a_full_disk_loses_nothing() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.file("lib/app/big.txt", &"0123456789abcdef\n".repeat(40_000));
    sandbox.file("lib/net/small.txt", "small\n");
    let script = "mount -t tmpfs -o size=400k tmpfs dep && cd dep
        \"$BETTERFORM\" apply -j1 && exit 90
        \"$BETTERFORM\" status
        ! test -e genfiles/app/big.txt || cmp genfiles/app/big.txt \"$IMPL_DIR/app/big.txt\"
        cmp genfiles/net/small.txt \"$IMPL_DIR/net/small.txt\"
        mount -o remount,size=20m .
        \"$BETTERFORM\" apply
        cmp genfiles/app/big.txt \"$IMPL_DIR/app/big.txt\"
        cat order.log
        \"$BETTERFORM\" plan --detailed-exitcode";
    let Some(ran) = in_own_mounts(&sandbox, script) else {
        return skip("no mounts of our own here");
    };
    let ran = ran.exits(0).says("database or disk is full");
    let calls: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| *line == "net up" || *line == "app up")
        .collect();
    assert_eq!(calls, ["net up", "app up"], "{}", ran.stdout);
}

#[test]
fn plan_json_is_one_document_each_time() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    let names = |ran: &Ran| -> Vec<String> {
        let document = ran.json();
        let stages = document["stages"].as_array().expect("stages").clone();
        stages
            .iter()
            .map(|stage| stage["stage"].as_str().expect("a name").to_owned())
            .collect()
    };
    for _ in 0..2 {
        let ran = sandbox.run(&["plan", "--json"]).exits(0);
        assert_eq!(names(&ran), ["net", "app"]);
    }
    sandbox.run(&["apply"]).exits(0);
    sandbox.run(&["plan", "--json"]).exits(0).json();
    sandbox.file("lib/betterform_dag.mk", "broken(\n");
    let ran = sandbox.run(&["plan", "--json"]).exits(1);
    assert_eq!(ran.stdout, "");
}

#[test]
fn wrong_usage_exits_with_64() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    for arguments in [
        &["--no-such-flag"][..],
        &["aply"],
        &["apply", "--frce"],
        &["apply", "-j0"],
        &["apply", "-jmany"],
        &["apply", "--only"],
        &["apply", "nett"],
        &["down", "--yes", "nett"],
        &["plan", "--exclude", "nett"],
        &["explain"],
        &["explain", "nett"],
        &["mark", "sideways", "net"],
        &["mark", "up"],
        &["exec", "net"],
        &["graph", "--format", "painting"],
        &["state", "show", "nett"],
        &["state", "adopt"],
        &["completions", "no-shell"],
        &["apply", "--lock-timeout", "soon"],
        &["-C", "no/such/directory", "plan"],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, 64, "{arguments:?} {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{arguments:?} {ran:?}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
    sandbox.run(&["apply", "nett"]).says("did you mean `net`?");
    sandbox.run(&["aply"]).says("apply");
    let ran = sandbox.run(&["state"]).exits(64);
    assert!(
        ran.stderr.starts_with(
            "error: 'betterform state' requires a subcommand but one was not provided\n"
        ),
        "{ran:?}"
    );
    ran.says("[subcommands: list, show, mv, rm, adopt, unprotect, help]")
        .says("Usage: betterform state");
    touched_nothing(&sandbox);
}

#[test]
fn no_command_and_help_print_help() {
    let sandbox = Sandbox::new();
    for arguments in [&[][..], &["help"], &["--help"], &["-h"]] {
        let mut command = sandbox.command(arguments);
        command.env_remove("IMPL_DIR").current_dir(Path::new("/"));
        let ran = crate::sandbox::ran(command.output().expect("betterform starts")).exits(0);
        assert!(ran.stdout.contains("Usage: betterform"), "{arguments:?}");
        assert!(ran.stdout.contains("apply"), "{arguments:?}");
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}
