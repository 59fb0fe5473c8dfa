//! Places that are the same, inside each other, no directories, or symlinks that go round: each is refused before anything is written.

use std::fs;
use std::os::unix::fs::symlink;

use crate::badinput::touched_nothing;
use crate::sandbox::{CTL, Sandbox};

/// Runs `plan` and `apply` with a variable set, and asserts exactly what is said.
#[track_caller]
fn refused(sandbox: &mut Sandbox, (name, value): (&str, &str), expected: &str) {
    sandbox.set(name, value);
    for command in ["plan", "apply", "stamp"] {
        let ran = sandbox.run(&[command]).exits(1);
        let root = sandbox.root();
        let told = ran.stderr.replace(root.to_str().expect("UTF-8"), "ROOT");
        assert_eq!(told, expected, "{command} {name}={value}");
        assert_eq!(ran.stdout, "", "{command} {name}={value}");
    }
    assert!(sandbox.calls().is_empty(), "{name}={value}");
    sandbox.unset(name);
}

#[test]
fn what_is_generated_never_lies_where_it_would_overwrite_its_source() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    symlink("../lib", sandbox.path("dep/linked")).expect("a link");
    let another = "help: choose another directory for generated files: `GENFILES`\n";
    for (variable, told) in [
        (
            ("GENFILES", "../lib"),
            format!("error: `GENFILES` is the same directory as `IMPL_DIR`: `ROOT/lib`\n{another}"),
        ),
        (
            ("GENFILES", "linked"),
            format!("error: `GENFILES` is the same directory as `IMPL_DIR`: `ROOT/dep/linked`\n{another}"),
        ),
        (
            ("GENFILES", "output"),
            format!("error: `GENFILES` is the same directory as `OUTPUT_DIR`: `ROOT/dep/output`\n{another}"),
        ),
        (
            ("GENFILES", "/"),
            format!("error: `GENFILES` is the root of the file system\n{another}"),
        ),
        (
            ("GENFILES", "../lib/net"),
            "error: `GENFILES` lies in a stage template directory: `ROOT/lib/net` in `ROOT/lib/net`\n\
             help: choose another directory: `GENFILES`\n"
                .to_owned(),
        ),
        (
            ("GENFILES", "linked/net/deep/genfiles"),
            "error: `GENFILES` lies in a stage template directory: `ROOT/dep/linked/net/deep/genfiles` in `ROOT/lib/net`\n\
             help: choose another directory: `GENFILES`\n"
                .to_owned(),
        ),
        (
            ("OUTPUT_DIR", "../lib/net/out"),
            "error: `OUTPUT_DIR` lies in a stage template directory: `ROOT/lib/net/out` in `ROOT/lib/net`\n\
             help: choose another directory: `OUTPUT_DIR`\n"
                .to_owned(),
        ),
    ] {
        refused(&mut sandbox, variable, &told);
    }
    let left: Vec<_> = fs::read_dir(sandbox.path("lib/net"))
        .expect("net")
        .collect();
    assert_eq!(left.len(), 1);
    assert_eq!(sandbox.read("lib/net/ctl"), CTL);
    touched_nothing(&sandbox);
}

#[test]
fn a_stage_is_not_stamped_over_the_library() {
    let mut sandbox = Sandbox::with_dag(&[("lib", ""), ("net", "")]);
    refused(
        &mut sandbox,
        ("GENFILES", ".."),
        "error: stage `lib` would be stamped over the library, at `ROOT/lib`\n\
         help: nothing is read or written through such a path: put a directory there\n",
    );
    assert_eq!(sandbox.read("lib/lib/ctl"), CTL);
}

#[test]
fn places_that_are_no_directories_are_named() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("dep/file", "mine");
    symlink("loop", sandbox.path("dep/loop")).expect("a link");
    symlink("gone", sandbox.path("dep/dangling")).expect("a link");
    for name in ["GENFILES", "OUTPUT_DIR"] {
        let help = format!("help: choose another directory: `{name}`\n");
        for (place, told) in [
            ("file", "is not a directory: `ROOT/dep/file`"),
            ("dangling", "is a symlink to nothing: `ROOT/dep/dangling`"),
            (
                "loop",
                "cannot be used (Too many levels of symbolic links (os error 40)): `ROOT/dep/loop`",
            ),
            (
                "file/below",
                "cannot be used (Not a directory (os error 20)): `ROOT/dep/file/below`",
            ),
        ] {
            refused(
                &mut sandbox,
                (name, place),
                &format!("error: `{name}` {told}\n{help}"),
            );
        }
    }
    let help = "help: `IMPL_DIR` says that the library is there\n";
    for (place, told) in [
        ("file", "the library `ROOT/dep/file` is not a directory"),
        ("dangling", "the library `ROOT/dep/dangling` does not exist"),
        ("loop", "the library `ROOT/dep/loop` does not exist"),
    ] {
        refused(
            &mut sandbox,
            ("IMPL_DIR", place),
            &format!("error: {told}\n{help}"),
        );
    }
    assert_eq!(sandbox.read("dep/file"), "mine");
    for (place, told) in [
        ("file", "error: `-C file`: this is not a directory\n"),
        (
            "gone",
            "error: `-C gone`: No such file or directory (os error 2)\n",
        ),
        (
            "loop",
            "error: `-C loop`: Too many levels of symbolic links (os error 40)\n",
        ),
    ] {
        assert_eq!(sandbox.run(&["-C", place, "plan"]).exits(64).stderr, told);
    }
}

#[test]
fn a_file_that_was_never_a_state_is_left_alone() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("dep/config.jsonnet", "{ a: 1 }\n");
    let text = "error: `ROOT/dep/config.jsonnet` is a text, but not a betterform state\n\
                help: choose another file with `--state`\n";
    refused(&mut sandbox, ("BETTERFORM_STATE", "config.jsonnet"), text);
    assert_eq!(sandbox.read("dep/config.jsonnet"), "{ a: 1 }\n");
    let other = rusqlite::Connection::open(sandbox.path("dep/other.db")).expect("a database");
    other
        .execute("CREATE TABLE mine (one)", [])
        .expect("a table");
    drop(other);
    let before = fs::read(sandbox.path("dep/other.db")).expect("read");
    let database = "error: `ROOT/dep/other.db` is a database, but not a betterform state\n\
                    help: choose another file with `--state`\n";
    refused(&mut sandbox, ("BETTERFORM_STATE", "other.db"), database);
    assert_eq!(
        fs::read(sandbox.path("dep/other.db")).expect("read"),
        before
    );
    fs::create_dir(sandbox.path("dep/directory")).expect("a directory");
    symlink("loop", sandbox.path("dep/loop")).expect("a link");
    for (place, told) in [
        ("directory", "Is a directory (os error 21)"),
        ("loop", "Too many levels of symbolic links (os error 40)"),
    ] {
        let told = format!("error: cannot read the state `ROOT/dep/{place}`: {told}\n");
        refused(&mut sandbox, ("BETTERFORM_STATE", place), &told);
    }
}

#[test]
fn names_in_settings_do_not_leave_their_directories() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    for (text, place, told) in [
        (
            "outputs = [\"../x\"]",
            "2:11",
            "`../x` leaves its directory: it must be relative and without `..`",
        ),
        (
            "outputs = [\"/etc/x\"]",
            "2:11",
            "`/etc/x` leaves its directory: it must be relative and without `..`",
        ),
        (
            "keep = [\"a/../../x\"]",
            "2:8",
            "`a/../../x` leaves its directory: it must be relative and without `..`",
        ),
        (
            "shared = [\"../x\"]",
            "2:10",
            "`../x` leaves its directory: it must be relative and without `..`",
        ),
    ] {
        sandbox.file("dep/betterform.toml", &format!("[stage.net]\n{text}\n"));
        let ran = sandbox.run(&["apply"]).exits(1);
        let expected = format!("error: {told}\n --> betterform.toml:{place}\n");
        assert!(ran.stderr.starts_with(&expected), "{text}: {ran:?}");
    }
    for (name, told) in [
        ("../x", "a stage name must not start with `.`"),
        (
            "/etc",
            "a stage name must not contain `/`: letters, digits, `.`, `_` and `-` are allowed",
        ),
    ] {
        sandbox.file(
            "dep/betterform.toml",
            &format!("[stage.\"{name}\"]\nretries = 1\n"),
        );
        let ran = sandbox.run(&["apply"]).exits(1);
        let expected = format!("error: {told}\n --> betterform.toml:1:8\n");
        assert!(ran.stderr.starts_with(&expected), "{name}: {ran:?}");
    }
    touched_nothing(&sandbox);
}

#[test]
fn symlinks_that_go_round_are_no_trouble_where_stages_leave_them() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.ctl(
        "net",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/net\"; cd \"$OUTPUT_DIR/net\"; ln -sfn loop loop; ln -sfn . round; ln -sfn .. up; echo x > o\n"),
    );
    sandbox.ctl("app", &format!("{CTL}cat \"$OUTPUT_DIR/net/o\" \"$IMPL_DIR/shared/file\"; ln -sfn . \"$GENFILES/app/round\"\n"));
    sandbox.file("lib/shared/file", "shared\n");
    symlink(".", sandbox.path("lib/shared/round")).expect("a link");
    symlink("loop", sandbox.path("lib/shared/loop")).expect("a link");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "app up"]);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    sandbox.file("lib/shared/file", "changed\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up"]);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "net down"]);
}
