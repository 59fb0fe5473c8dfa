//! Files and directories that may not be read or written, as an ordinary user meets them. Who runs the tests as root becomes one for
//! these calls.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use crate::badinput::skip;
use crate::sandbox::{CTL, Ran, Sandbox, ran};

/// The user that is nobody, on every Linux.
const NOBODY: u32 = 65534;

/// A sandbox whose files belong to an ordinary user, who calls betterform.
struct Ordinary {
    sandbox: Sandbox,
    is_root: bool,
}

impl Ordinary {
    /// Two stages, one of them with a template; nothing where nobody else can be played here.
    fn new() -> Option<Self> {
        let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
        sandbox.file("lib/net/conf", "one\n");
        sandbox.file("dep/config.jsonnet", "{ a: 1 }\n");
        let is_root = sandbox.root().metadata().expect("the root").uid() == 0;
        let ordinary = Self { sandbox, is_root };
        ordinary.give_away();
        let works = !is_root
            || ordinary
                .try_run(&["version"])
                .is_some_and(|ran| ran.code == 0);
        if !works {
            skip("cannot run betterform as an ordinary user here (setpriv)");
        }
        works.then_some(ordinary)
    }

    /// Gives all files to the user.
    fn give_away(&self) {
        if !self.is_root {
            return;
        }
        let root = self.sandbox.root();
        let above = root.parent().expect("a parent");
        fs::set_permissions(above, fs::Permissions::from_mode(0o755)).expect("a mode");
        for entry in walkdir::WalkDir::new(root) {
            chown(entry.expect("an entry").path(), Some(NOBODY), Some(NOBODY)).expect("given");
        }
    }

    fn try_run(&self, arguments: &[&str]) -> Option<Ran> {
        let like = self.sandbox.command(arguments);
        let mut command = Command::new("setpriv");
        let id = NOBODY.to_string();
        command
            .args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"])
            .arg(like.get_program())
            .args(like.get_args())
            .current_dir(self.sandbox.path("dep"))
            .env_clear();
        for (name, value) in like.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.output().ok().map(ran)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        if !self.is_root {
            return self.sandbox.run(arguments);
        }
        self.give_away();
        self.try_run(arguments).expect("setpriv starts")
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.sandbox.path(path), fs::Permissions::from_mode(mode))
            .expect("a mode");
    }

    /// Runs betterform while a path has a mode, and puts its mode back.
    fn with(&self, path: &str, mode: u32, arguments: &[&str]) -> Ran {
        let before = self.sandbox.path(path).metadata().expect(path).mode();
        self.mode(path, mode);
        let ran = self.run(arguments);
        self.mode(path, before & 0o7777);
        ran
    }

    fn shown(&self, path: &str) -> String {
        self.sandbox.path(path).display().to_string()
    }
}

/// What is said of every file that may not be used.
const DENIED: &str = "Permission denied (os error 13)";
const HELP: &str =
    "help: see to whom it belongs and what its mode allows, and those of its directories\n";

#[test]
fn a_template_that_cannot_be_read_is_named_and_fails_its_stage_alone() {
    let Some(user) = Ordinary::new() else { return };
    user.sandbox.dag(&[("net", ""), ("app", "")]);
    let ran = user.with("lib/net/conf", 0, &["plan"]).exits(1);
    let conf = user.shown("lib/net/conf");
    assert_eq!(
        ran.stderr,
        format!("error: cannot read `{conf}`: {DENIED}\n{HELP}")
    );
    assert!(
        ran.stdout
            .ends_with("The plan is not complete: 1 stage cannot be looked at.\n")
    );
    let ran = user.with("lib/net/conf", 0, &["apply", "-j1"]).exits(1);
    ran.says(&format!("net: failed: cannot read `{conf}`: {DENIED}"));
    assert_eq!(user.sandbox.calls(), ["app up"]);
    user.run(&["apply"]).exits(0);
    assert_eq!(user.sandbox.calls(), ["net up"]);
}

#[test]
fn files_of_the_library_and_the_deployment_that_cannot_be_read_are_named() {
    let Some(user) = Ordinary::new() else { return };
    user.sandbox.file("dep/betterform.toml", "jobs = 1\n");
    for (path, message) in [
        ("lib/betterform_dag.mk", "betterform_dag.mk`"),
        (
            "dep/config.jsonnet",
            "error: cannot read the jsonnet file `config.jsonnet`",
        ),
        ("dep/betterform.toml", "betterform.toml`"),
    ] {
        for command in ["plan", "apply"] {
            let ran = user.with(path, 0, &[command]).exits(1);
            assert!(ran.stderr.contains(message), "{ran:?}");
            assert!(ran.stderr.contains(DENIED), "{ran:?}");
            assert!(ran.stderr.contains("\nhelp: "), "{ran:?}");
        }
    }
    assert!(user.sandbox.calls().is_empty());
    assert!(!user.sandbox.exists("dep/genfiles"));
}

#[test]
fn a_state_that_cannot_be_read_is_no_empty_state() {
    let Some(user) = Ordinary::new() else { return };
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    let state = "dep/.betterform/genfiles/state.db";
    for command in [
        &["plan"][..],
        &["apply"],
        &["down", "--yes"],
        &["status"],
        &["state", "list"],
        &["mark", "down", "net"],
    ] {
        let ran = user.with(state, 0, command).exits(1);
        let shown = user.shown(state);
        assert_eq!(
            ran.stderr,
            format!("error: cannot read the state `{shown}`: {DENIED}\n{HELP}"),
            "{command:?}"
        );
    }
    let directory = "dep/.betterform/genfiles";
    for command in ["plan", "apply", "down"] {
        let ran = user.with(directory, 0, &[command, "--force"]).exits(1);
        assert!(ran.stderr.contains(DENIED), "{ran:?}");
    }
    assert!(user.sandbox.calls().is_empty());
    user.run(&["apply"]).exits(0).says("Nothing to do");
}

#[test]
fn a_state_that_cannot_be_written_can_be_looked_at_and_nothing_runs() {
    let Some(user) = Ordinary::new() else { return };
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    user.sandbox.file("lib/net/conf", "two\n");
    let state = user.shown("dep/.betterform/genfiles/state.db");
    for (path, mode) in [
        ("dep/.betterform/genfiles", 0o555),
        ("dep/.betterform/genfiles/state.db", 0o444),
    ] {
        let look = |arguments: &[&str]| user.with(path, mode, arguments).exits(0);
        look(&["plan"]).says("net  stale: template conf changed");
        look(&["status"]).says("net  up");
        look(&["explain", "net"]).says("template conf changed");
        look(&["graph"]).says("net  up");
        look(&["state", "show", "net"]).says("net: up");
        let ran = user.with(path, mode, &["apply"]).exits(1);
        ran.says(&format!("error: cannot write the state `{state}`: "))
            .says("help: make it and its directory writable, with all that lies in it");
        user.with(path, mode, &["down", "--yes"]).exits(1);
        assert!(user.sandbox.calls().is_empty(), "{path}");
    }
    user.run(&["apply", "-j1"]).exits(0);
    assert_eq!(user.sandbox.calls(), ["net up"]);
}

#[test]
fn stamped_files_that_cannot_be_written_keep_ctl_from_running() {
    let Some(user) = Ordinary::new() else { return };
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    user.sandbox.file("lib/net/conf", "two\n");
    let directory = user.shown("dep/genfiles/net");
    let ran = user.with("dep/genfiles/net", 0o555, &["apply"]).exits(1);
    ran.says(&format!(
        "net: failed: cannot write `{directory}/conf`: {DENIED}\n    help: make `{directory}` writable\n"
    ));
    assert!(user.sandbox.calls().is_empty());
    assert_eq!(user.sandbox.read("dep/genfiles/net/conf"), "one\n");
    user.run(&["apply", "-j1"]).exits(0);
    assert_eq!(user.sandbox.calls(), ["net up"]);
    assert_eq!(user.sandbox.read("dep/genfiles/net/conf"), "two\n");
}

#[test]
fn a_configuration_that_cannot_be_written_keeps_everything_from_running() {
    let Some(user) = Ordinary::new() else { return };
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    user.sandbox.file("dep/config.jsonnet", "{ a: 2 }\n");
    let ran = user.with("dep/genfiles", 0o555, &["apply"]).exits(1);
    let config = user.shown("dep/genfiles/config.json");
    assert_eq!(
        ran.stderr,
        format!("error: cannot write `{config}`: {DENIED}\n{HELP}")
    );
    assert!(user.sandbox.calls().is_empty());
}

#[test]
fn an_output_that_cannot_be_read_fails_its_stage() {
    let Some(user) = Ordinary::new() else { return };
    user.sandbox.ctl(
        "net",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/net\"; echo x > \"$OUTPUT_DIR/net/secret\"; chmod 0 \"$OUTPUT_DIR/net/secret\"\n"),
    );
    let ran = user.run(&["apply"]).exits(1);
    ran.says("net: up failed")
        .says("net/secret`: ")
        .says(DENIED);
    assert_eq!(user.sandbox.calls(), ["net up"]);
    user.run(&["status"]).exits(0).says("net  failed");
}

#[test]
fn a_log_or_a_cache_that_cannot_be_written_holds_nothing_up() {
    let Some(user) = Ordinary::new() else { return };
    user.sandbox.ctl("net", &format!("{CTL}echo text\n"));
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    user.sandbox.file("lib/net/conf", "two\n");
    let ran = user.with("dep/.betterform/genfiles/logs", 0o555, &["apply"]);
    ran.exits(0)
        .says("warning: net: cannot create the directory `")
        .says("help: the stage goes on, and what it prints is not logged");
    assert_eq!(user.sandbox.calls(), ["net up"]);
    user.with("dep/.betterform/genfiles/digests", 0, &["plan"])
        .exits(0);
}

#[test]
fn signs_of_life_that_cannot_be_read_or_written_keep_ctl_from_running() {
    let Some(user) = Ordinary::new() else { return };
    user.run(&["apply"]).exits(0);
    user.sandbox.calls();
    user.sandbox.file("lib/net/conf", "two\n");
    for (path, mode) in [
        ("dep/.betterform/genfiles/running", 0),
        ("dep/.betterform/genfiles/running", 0o555),
        ("dep/.betterform/genfiles/lock", 0),
    ] {
        user.with(path, mode, &["apply"]).exits(1).says(DENIED);
        assert!(user.sandbox.calls().is_empty(), "{path}");
    }
    user.run(&["apply", "-j1"]).exits(0);
    assert_eq!(user.sandbox.calls(), ["net up"]);
}
