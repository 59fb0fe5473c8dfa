//! No space at any write. A limit on the size of files, which needs no privileges, makes each write that goes beyond it fail: walked
//! over all sizes that a run reaches, every write of the state fails once; with one large file at a time, every other kind of write.

use std::path::{Path, PathBuf};

use crate::sandbox::{CTL, Ran, Sandbox, ran};

/// Runs betterform where no file may grow beyond so many KiB.
fn limited(sandbox: &Sandbox, kib: u64, arguments: &[&str]) -> Ran {
    let like = sandbox.command(arguments);
    let mut command = std::process::Command::new("bash");
    command
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"")])
        .arg("bash")
        .arg(like.get_program())
        .args(like.get_args())
        .current_dir(sandbox.path("dep"))
        .env_clear();
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    ran(command.output().expect("bash starts"))
}

/// Two stages that keep what they brought up in `world/`.
fn pair() -> Sandbox {
    let mut sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    for stage in ["net", "app"] {
        let text = format!(
            "{CTL}case $1 in
  up) mkdir -p \"$WORLD\"; (cd \"$WORLD\" && cat > \"$STAGE_NAME\") < value; mkdir -p \"$OUTPUT_DIR/$STAGE_NAME\"; cp value \"$OUTPUT_DIR/$STAGE_NAME\" ;;
  down) cd \"$WORLD\" && rm -f \"$STAGE_NAME\" ;;
esac
"
        );
        sandbox.ctl(stage, &text);
        sandbox.file(&format!("lib/{stage}/value"), "one\n");
    }
    sandbox.file("dep/config.jsonnet", "{ a: 1 }\n");
    let world = sandbox.path("dep/world");
    sandbox.set("WORLD", world.to_str().expect("UTF-8"));
    sandbox
}

fn world(sandbox: &Sandbox, stage: &str) -> Option<String> {
    let path = format!("dep/world/{stage}");
    sandbox.exists(&path).then(|| sandbox.read(&path))
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(directory).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

/// Asserts that nothing lies there that was not finished, and that a failure said what and why.
#[track_caller]
fn assert_clean(sandbox: &Sandbox, kib: u64, ran: &Ran) {
    for file in files(&sandbox.path("dep")) {
        let name = file.to_string_lossy();
        assert!(!name.contains("betterform-tmp"), "{kib} KiB: {name}");
    }
    assert!(ran.code == 0 || ran.code == 1, "{kib} KiB: {ran:?}");
    if ran.code == 1 {
        let reason = ["File too large", "disk I/O error", "disk is full"];
        let is_said = reason.iter().any(|reason| ran.stderr.contains(reason));
        assert!(is_said, "{kib} KiB: {ran:?}");
        assert!(ran.stderr.contains("dep/"), "{kib} KiB: {ran:?}");
    }
    assert!(!ran.stderr.contains("panicked"), "{kib} KiB: {ran:?}");
    // Whatever was written can be read.
    sandbox.run(&["status"]).exits(0);
}

/// How many KiB the largest file of a run has, its `-wal` included: the limit from which on nothing fails.
fn enough(prepare: &dyn Fn() -> Sandbox, arguments: &[&str]) -> u64 {
    let mut kib = 64;
    while limited(&prepare(), kib, arguments).code != 0 {
        kib *= 2;
        assert!(kib < 1 << 20, "it never succeeds");
    }
    kib
}

/// Limits up to `enough`; in steps of 8, each write of a page of the state is beyond one of them for the first time.
fn limits(step: usize, enough: u64) -> Vec<u64> {
    (0..4).chain((8..=enough).step_by(step)).collect()
}

#[test]
fn a_first_apply_without_space_is_made_good_by_the_next() {
    let (mut failed, mut succeeded) = (0, 0);
    for kib in limits(8, enough(&pair, &["apply", "-j1"])) {
        let sandbox = pair();
        let ran = limited(&sandbox, kib, &["apply", "-j1"]);
        assert_clean(&sandbox, kib, &ran);
        *(if ran.code == 0 {
            &mut succeeded
        } else {
            &mut failed
        }) += 1;
        let up = world(&sandbox, "app").is_some();
        assert!(ran.code != 0 || up, "{kib} KiB: {ran:?}");
        sandbox.run(&["apply", "-j1"]).exits(0);
        for stage in ["net", "app"] {
            assert_eq!(world(&sandbox, stage).as_deref(), Some("one\n"), "{kib}");
            let stamped = sandbox.read(&format!("dep/genfiles/{stage}/value"));
            assert_eq!(stamped, "one\n", "{kib}");
        }
        assert_eq!(sandbox.read("dep/.betterform/genfiles/.gitignore"), "*\n");
        sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    }
    assert!(failed > 10 && succeeded > 0, "{failed} {succeeded}");
}

/// A deployment that is up, and two changes of its library.
fn changed() -> Sandbox {
    let sandbox = pair();
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.file("lib/net/value", "two\n");
    sandbox.file("dep/config.jsonnet", "{ a: 2 }\n");
    sandbox
}

#[test]
fn an_apply_of_a_change_without_space_is_made_good_by_the_next() {
    for kib in limits(16, enough(&changed, &["apply", "-j1"])) {
        let sandbox = changed();
        let ran = limited(&sandbox, kib, &["apply", "-j1"]);
        assert_clean(&sandbox, kib, &ran);
        let value = sandbox.read("dep/genfiles/net/value");
        assert!(["one\n", "two\n"].contains(&value.as_str()), "{kib} KiB");
        sandbox.run(&["apply", "-j1"]).exits(0);
        assert_eq!(world(&sandbox, "net").as_deref(), Some("two\n"), "{kib}");
        sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_down_without_space_forgets_nothing() {
    let prepare = || {
        let sandbox = changed();
        sandbox.remove("dep/genfiles");
        sandbox
    };
    for kib in limits(16, enough(&prepare, &["down", "-j1"])) {
        let sandbox = prepare();
        let ran = limited(&sandbox, kib, &["down", "-j1"]);
        assert_clean(&sandbox, kib, &ran);
        let again = sandbox.run(&["down", "-j1"]);
        for stage in ["net", "app"] {
            assert_eq!(world(&sandbox, stage), None, "{kib} KiB: {ran:?} {again:?}");
        }
        sandbox.run(&["down", "-j1"]).exits(0).says("Nothing to do");
    }
}

/// About 2 MiB that compress well, so that the state stays small.
fn large() -> String {
    "0123456789abcdef\n".repeat(125_000)
}

/// A limit that no file but a large one reaches.
const ROOMY: u64 = 1024;

#[test]
fn a_stamped_file_without_space_changes_no_file_of_its_stage() {
    let sandbox = pair();
    sandbox.file("lib/app/z", "old\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    sandbox.file("lib/app/value", "two\n");
    sandbox.file("lib/app/z", &large());
    let ran = limited(&sandbox, ROOMY, &["apply", "-j1"]).exits(1);
    assert_clean(&sandbox, ROOMY, &ran);
    ran.says(&format!(
        "app: failed: cannot write `{}`: File too large (os error 27)",
        sandbox.path("dep/genfiles/app/z").display()
    ));
    assert_eq!(sandbox.read("dep/genfiles/app/z"), "old\n");
    assert_eq!(sandbox.read("dep/genfiles/app/value"), "one\n");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up"]);
    assert_eq!(sandbox.read("dep/genfiles/app/z"), large());
}

#[test]
fn a_restored_file_without_space_keeps_its_stage_up() {
    let sandbox = pair();
    sandbox.file("lib/app/z", &large());
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.remove("dep/genfiles/app");
    sandbox.calls();
    let ran = limited(&sandbox, ROOMY, &["down", "-j1"]).exits(1);
    assert_clean(&sandbox, ROOMY, &ran);
    ran.says("dep/genfiles/app/z`: File too large (os error 27)")
        .says("net: blocked by app");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["down", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "net down"]);
}

#[test]
fn a_configuration_without_space_stays_as_it_was_and_nothing_runs() {
    let sandbox = pair();
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    let before = sandbox.read("dep/genfiles/config.json");
    sandbox.file(
        "dep/config.jsonnet",
        "{ a: std.repeat('0123456789', 200000) }",
    );
    let ran = limited(&sandbox, ROOMY, &["apply"]).exits(1);
    assert_clean(&sandbox, ROOMY, &ran);
    assert_eq!(
        ran.stderr,
        format!(
            "error: cannot write `{}`: File too large (os error 27)\n\
             help: the size of files is limited (`ulimit -f`)\n",
            sandbox.path("dep/genfiles/config.json").display()
        )
    );
    assert_eq!(sandbox.read("dep/genfiles/config.json"), before);
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["apply"]).exits(0);
}

#[test]
fn a_log_without_space_is_told_of_and_its_stage_goes_on() {
    let sandbox = pair();
    let text = format!("{CTL}yes 0123456789abcdef | head -n 125000\necho the end\n");
    sandbox.ctl("app", &text);
    let ran = limited(&sandbox, ROOMY, &["apply", "--output", "quiet"]).exits(0);
    assert_clean(&sandbox, ROOMY, &ran);
    ran.says("warning: app: cannot write the log `")
        .says("app.up.log`: File too large (os error 27)")
        .says("help: the stage goes on, and what it prints is not logged");
    assert_eq!(sandbox.calls(), ["net up", "app up"]);
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_output_without_space_fails_its_stage_which_runs_again() {
    let sandbox = pair();
    sandbox.file("lib/net/value", "x");
    let text = format!(
        "{CTL}mkdir -p \"$OUTPUT_DIR/net\"; yes | head -c 2000000 > \"$OUTPUT_DIR/net/big\"\n"
    );
    sandbox.ctl("net", &text);
    let ran = limited(&sandbox, ROOMY, &["apply"]).exits(1);
    assert_clean(&sandbox, ROOMY, &ran);
    ran.says("net: up failed").says("app: blocked by net");
    sandbox.calls();
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "app up"]);
}

#[test]
fn a_cache_without_space_is_no_cache() {
    let sandbox = pair();
    sandbox.run(&["apply"]).exits(0);
    sandbox.remove("dep/.betterform/genfiles/digests");
    std::thread::sleep(std::time::Duration::from_millis(50));
    limited(&sandbox, 0, &["plan", "--detailed-exitcode"]).exits(0);
    assert!(!sandbox.exists("dep/.betterform/genfiles/digests"));
}

#[test]
fn events_end_though_the_state_cannot_be_written() {
    let up = || {
        let sandbox = pair();
        sandbox.run(&["apply", "-j1"]).exits(0);
        sandbox
    };
    for (prepare, command) in [(&pair as &dyn Fn() -> Sandbox, "apply"), (&up, "down")] {
        let arguments = [command, "--json", "-j1"];
        let mut ended = 0;
        for kib in limits(32, enough(prepare, &arguments)) {
            let ran = limited(&prepare(), kib, &arguments);
            // Some fail before there is a run.
            let Some(last) = ran.stdout.lines().last().filter(|_| ran.code == 1) else {
                continue;
            };
            let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
            assert_eq!(last["event"], "run-finished", "{kib} KiB: {ran:?}");
            assert_eq!(last["result"], "failed", "{kib} KiB: {ran:?}");
            assert!(
                ran.stderr.contains("error: cannot write the state `"),
                "{ran:?}"
            );
            ended += 1;
        }
        assert!(ended > 0, "{command}");
    }
}
