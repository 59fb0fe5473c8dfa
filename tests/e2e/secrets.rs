//! Secrets: their values reach `ctl`, and nothing that betterform prints or keeps.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::{CTL, Sandbox};

/// A value of which the URL form is another text, and that needs no escape in JSON.
const VALUE: &str = "hunter2/secret+value";

/// A `ctl` that prints the secret in every form, and notes that it got it.
const LEAKY: &str = "
echo \"plain: $DB_PASSWORD\"
echo \"on stderr: $DB_PASSWORD\" >&2
printf 'base64: %s\\n' \"$(printf %s \"$DB_PASSWORD\" | base64 -w0)\"
printf 'after a user: %s\\n' \"$(printf 'admin:%s' \"$DB_PASSWORD\" | base64 -w0)\"
printf 'url: %s\\n' \"$(printf %s \"$DB_PASSWORD\" | sed 's,/,%2F,; s,+,%2B,')\"
printf 'in pieces: hunter2/'; sleep 0.1; printf 'secret+'; sleep 0.1; echo value
printf %s \"$DB_PASSWORD\" | wc -c > \"$OUTPUT_DIR/../length\"
";

/// One stage that leaks, and `secrets` set.
fn leaky() -> Sandbox {
    let mut sandbox = Sandbox::with_dag(&[("db", "")]);
    sandbox.ctl("db", &format!("{CTL}{LEAKY}"));
    sandbox.file("lib/betterform.toml", "secrets = [\"DB_PASSWORD\"]\n");
    sandbox.set("DB_PASSWORD", VALUE);
    sandbox
}

/// The forms in which the value must not be seen.
fn forms() -> Vec<String> {
    let user = STANDARD.encode(format!("admin:{VALUE}"));
    vec![
        VALUE.to_owned(),
        STANDARD.encode(VALUE),
        // What is the same whatever stands before: all but the ends.
        user[8..user.len() - 4].to_owned(),
        "hunter2%2Fsecret%2Bvalue".to_owned(),
    ]
}

/// The files below a directory in which a form of the value stands.
fn holding(directory: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(directory).into_iter();
    let files = files.map(|entry| entry.expect("an entry").into_path());
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        forms().iter().any(|form| {
            bytes
                .windows(form.len())
                .any(|part| part == form.as_bytes())
        })
    };
    files.filter(|path| path.is_file() && holds(path)).collect()
}

#[track_caller]
fn assert_hidden(what: &str, text: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{what} shows `{form}`:\n{text}");
    }
}

#[test]
fn no_form_of_a_secret_is_printed_or_logged() {
    for how in ["prefix", "group", "quiet"] {
        let sandbox = leaky();
        let ran = sandbox.run(&["apply", "--output", how]).exits(0);
        assert_hidden(how, &ran.stdout);
        assert_hidden(how, &ran.stderr);
        assert_eq!(sandbox.read("dep/length").trim(), VALUE.len().to_string());
        let log = sandbox.run(&["logs", "db"]).exits(0).stdout;
        assert_hidden("logs", &log);
        for line in [
            "plain: ***",
            "on stderr: ***",
            "base64: ***",
            "url: ***",
            "in pieces: ***",
        ] {
            assert!(log.contains(line), "{line}\n{log}");
            assert!(how == "quiet" || ran.stdout.contains(line), "{line}");
        }
        assert_eq!(holding(&sandbox.path("dep")), [] as [PathBuf; 0]);
    }
}

#[test]
fn events_hold_no_secret() {
    let sandbox = leaky();
    let ran = sandbox.run(&["apply", "--json"]).exits(0);
    assert_hidden("events", &ran.stdout);
    assert_hidden("stderr", &ran.stderr);
    // What a stage prints comes in pieces.
    let mut printed = String::new();
    for line in ran.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("one event a line");
        printed.push_str(event["text"].as_str().unwrap_or_default());
    }
    assert_hidden("the pieces", &printed);
    assert!(printed.contains("plain: ***"), "{printed}\n{}", ran.stdout);
}

#[test]
fn a_failure_repeats_no_secret() {
    let sandbox = leaky();
    sandbox.ctl(
        "db",
        &format!("{CTL}echo \"cannot log in with $DB_PASSWORD\"\nexit 1\n"),
    );
    let ran = sandbox.run(&["apply", "--output", "quiet"]).exits(1);
    assert_hidden("stdout", &ran.stdout);
    assert_hidden("stderr", &ran.stderr);
    ran.says("cannot log in with ***");
    assert_eq!(holding(&sandbox.path("dep")), [] as [PathBuf; 0]);
}

#[test]
fn commands_that_show_the_environment_or_the_configuration_mask() {
    let sandbox = leaky();
    sandbox.file(
        "dep/config.jsonnet",
        &format!("{{ password: '{VALUE}', plain: 'shown' }}"),
    );
    sandbox.run(&["apply"]).exits(0);
    for arguments in [
        &["env", "db"][..],
        &["env", "db", "--json"],
        &["config"],
        &["config", "--json"],
        &["status", "--json"],
        &["state", "show", "db", "--json"],
        &["explain", "db", "--json"],
        &["plan", "-v"],
    ] {
        let ran = sandbox.run(arguments).exits(0);
        assert_hidden(&arguments.join(" "), &ran.stdout);
        assert_hidden(&arguments.join(" "), &ran.stderr);
    }
    sandbox.run(&["env", "db"]).says("DB_PASSWORD=***");
    let config = sandbox.run(&["config", "--json"]).json();
    assert!(config.to_string().contains("***"), "{config}");
    // `CONFIG_JSON_FILE` is the stages' own; what betterform keeps for itself is not.
    assert_eq!(
        holding(&sandbox.path("dep/.betterform")),
        [] as [PathBuf; 0]
    );
}

#[test]
fn arguments_with_a_secret_are_masked_in_the_state() {
    let sandbox = leaky();
    sandbox.file(
        "dep/config.jsonnet",
        "{ length: std.length(std.extVar('password')) }",
    );
    let variable = format!("password={VALUE}");
    sandbox.run(&["apply", "-V", &variable]).exits(0);
    assert_eq!(holding(&sandbox.path("dep")), [] as [PathBuf; 0]);
}

#[test]
fn values_of_jsonnet_variables_on_the_command_line_are_not_recorded() {
    let sandbox = Sandbox::with_dag(&[("db", "")]);
    sandbox.file(
        "dep/config.jsonnet",
        "function(b) { l: std.length(std.extVar('a') + std.extVar('c') + b) }",
    );
    let (first, second) = ("a=correct horse", "--tla-str=b=battery staple");
    sandbox
        .run(&["apply", "-V", first, second, "-Vc=x=tr0ub4dor"])
        .exits(0);
    let state = fs::read(sandbox.path("dep/.betterform/genfiles/state.db")).expect("the state");
    let state = String::from_utf8_lossy(&state);
    for value in ["correct horse", "battery staple", "tr0ub4dor"] {
        assert!(!state.contains(value), "{value}");
    }
    assert!(state.contains(r#""-V","a=***","--tla-str=b=***","-Vc=***""#));
}

#[test]
fn a_jsonnet_variable_may_be_a_secret() {
    let sandbox = leaky();
    sandbox.file("dep/config.jsonnet", "error std.extVar('DB_PASSWORD')");
    let ran = sandbox.run(&["plan", "-V", "DB_PASSWORD=correct horse"]);
    ran.exits(1).says("***").never_says("correct horse");
}

#[test]
fn messages_of_jsonnet_are_masked() {
    let sandbox = leaky();
    for (text, code, told) in [
        (
            "std.trace('with ' + std.extVar('DB_PASSWORD'), {})",
            0,
            "with ***",
        ),
        ("error 'not ' + std.extVar('DB_PASSWORD')", 1, "not ***"),
    ] {
        sandbox.file("dep/config.jsonnet", text);
        let ran = sandbox.run(&["plan", "-V", "DB_PASSWORD"]).exits(code);
        assert_hidden(text, &ran.stderr);
        ran.says(told);
    }
}

#[test]
fn render_masks() {
    let sandbox = leaky();
    sandbox.file("lib/db/password.txt", &format!("password = {VALUE}\n"));
    let ran = sandbox.run(&["render", "../lib/db/password.txt"]).exits(0);
    assert_eq!(ran.stdout, "password = ***\n");
}

#[test]
fn a_stamped_file_with_a_secret_is_not_kept() {
    let sandbox = leaky();
    sandbox.file("lib/db/password.txt", &format!("password = {VALUE}\n"));
    sandbox.file("lib/db/plain.txt", "nothing to hide\n");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(
        holding(&sandbox.path("dep")),
        [sandbox.path("dep/genfiles/db/password.txt")]
    );
    sandbox
        .run(&["state", "show", "db"])
        .exits(0)
        .says("content not kept");
    sandbox.calls();

    // What was kept can be restored, what was not is asked for.
    sandbox.remove("dep/genfiles/db/plain.txt");
    sandbox.remove("dep/genfiles/db/password.txt");
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("the stamped file `db/password.txt` is not as `ctl up` left it, and its content was not recorded")
        .says("`betterform stamp db`");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["status"]).exits(0).says("db  stop-failed");

    sandbox.run(&["stamp", "db"]).exits(0);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down"]);
    assert_eq!(
        holding(&sandbox.path("dep/.betterform")),
        [] as [PathBuf; 0]
    );
}

#[test]
fn snapshots_of_everything_are_asked_for() {
    let sandbox = leaky();
    sandbox.file(
        "lib/betterform.toml",
        "secrets = [\"DB_PASSWORD\"]\nsnapshots = \"all\"\n",
    );
    sandbox.file("lib/db/password.txt", &format!("password = {VALUE}\n"));
    sandbox.run(&["apply"]).exits(0);
    sandbox.remove("dep/genfiles");
    sandbox.calls();
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down"]);
}

#[test]
fn a_short_value_is_told_of_and_not_masked() {
    let mut sandbox = leaky();
    sandbox.set("DB_PASSWORD", "12345");
    let ran = sandbox.run(&["plan"]).exits(0);
    assert_eq!(
        ran.stderr,
        "warning: the value of `DB_PASSWORD` is too short to be masked\n"
    );
    sandbox.set("DB_PASSWORD", "");
    assert_eq!(sandbox.run(&["plan"]).exits(0).stderr, "");
}

#[test]
fn secrets_of_library_and_deployment_are_joined_and_may_be_patterns() {
    let mut sandbox = leaky();
    sandbox.file("dep/betterform.toml", "secrets = [\"*_TOKEN\"]\n");
    sandbox.set("API_TOKEN", "token-of-the-api");
    sandbox
        .run(&["env", "db"])
        .exits(0)
        .says("API_TOKEN=***")
        .says("DB_PASSWORD=***");
}

#[test]
fn what_exec_prints_is_masked_where_it_is_kept() {
    let sandbox = leaky();
    sandbox.run(&["stamp"]).exits(0);
    let script = format!("{LEAKY}exit 7");
    let ran = sandbox.run(&["exec", "db", "--", "sh", "-c", &script]);
    let ran = ran.exits(7);
    assert_hidden("stdout", &ran.stdout);
    assert_hidden("stderr", &ran.stderr);
    assert_eq!(ran.stderr, "on stderr: ***\n");
    assert!(ran.stdout.starts_with("plain: ***\n"), "{ran:?}");
    assert!(ran.stdout.ends_with("in pieces: ***\n"), "{ran:?}");
    assert_eq!(sandbox.read("dep/length").trim(), VALUE.len().to_string());
}

#[test]
fn exec_of_a_stage_with_secrets_is_still_like_the_command_itself() {
    let sandbox = leaky();
    sandbox.run(&["stamp"]).exits(0);
    let exec = |script: &str| sandbox.run(&["exec", "db", "--", "sh", "-c", script]);
    assert_eq!(exec("kill -9 $$").code, 128 + 9);
    // Whoever goes on in the background does not hold it up.
    let start = std::time::Instant::now();
    exec("sleep 30 & echo started").exits(0).says("started");
    assert!(start.elapsed() < std::time::Duration::from_secs(20));
    // A command whose reader goes away ends, as it would without betterform.
    let mut command = sandbox.command(&["exec", "db", "--", "yes"]);
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("betterform starts");
    let mut first = [0; 2];
    let mut out = child.stdout.take().expect("its output");
    std::io::Read::read_exact(&mut out, &mut first).expect("a line");
    drop(out);
    assert_eq!(child.wait().expect("it ends").code(), Some(128 + 13));
    // Its input is ours, and a signal to us reaches it.
    let mut command = sandbox.command(&["exec", "db", "--", "sh", "-c"]);
    command.arg(
        "trap 'echo caught; exit 3' TERM; read line; echo got $line; while :; do sleep 0.05; done",
    );
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("betterform starts");
    let mut input = child.stdin.take().expect("its input");
    std::io::Write::write_all(&mut input, b"a line\n").expect("written");
    let mut out = std::io::BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
    assert_eq!(line, "got a line\n");
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").arg(&pid).status();
    assert!(sent.expect("kill starts").success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut out, &mut rest).expect("the rest");
    assert_eq!(rest, "caught\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn a_call_that_is_not_understood_is_masked() {
    let sandbox = leaky();
    for arguments in [
        &[VALUE][..],
        &["apply", "-j", VALUE],
        &["apply", "--color", VALUE],
        &["plan", &format!("--password={VALUE}")],
        &["apply", VALUE],
        &["-C", VALUE, "plan"],
        &["explain", VALUE],
        &["apply", "--lock-timeout", VALUE],
    ] {
        let ran = sandbox.run(arguments).exits(64);
        assert_hidden(&format!("{arguments:?}"), &ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
    sandbox
        .run(&["apply", "-j", VALUE])
        .says("invalid value '***' for '--jobs <N>'");
}

#[test]
fn secrets_of_another_directory_are_masked_though_the_call_is_not_understood() {
    let sandbox = leaky();
    sandbox.file("dep/cell/betterform.toml", "secrets = [\"API_KEY_ID\"]\n");
    let mut command = sandbox.command(&["-C", "cell", "--jbos", "correct horse", "correct horse"]);
    command.env("API_KEY_ID", "correct horse");
    let ran = crate::sandbox::ran(command.output().expect("betterform starts"));
    ran.exits(64).never_says("correct horse");
    let ran = sandbox.run(&["aply", "-V", "DB_PASSWORD=correct horse", "correct horse"]);
    ran.exits(64).never_says("correct horse");
}

#[test]
fn settings_that_cannot_be_read_leave_no_secret_bare() {
    let mut sandbox = leaky();
    // The line that is shown holds a value; the key that would name it cannot be read.
    let line = format!("secrets = [\"DB_PASSWORD\"]\njobs = \"{VALUE}\"\n");
    sandbox.file("dep/betterform.toml", &line);
    let ran = sandbox.run(&["plan"]).exits(1).says("betterform.toml:2:8");
    assert_hidden("an error of the settings", &ran.stderr);
    sandbox.remove("dep/betterform.toml");
    // Nothing can be read here, so that names which speak of a secret have to do.
    sandbox.set("IMPL_DIR", VALUE);
    sandbox.set("DB_PASSWORD", VALUE);
    let ran = sandbox.run(&["plan"]).exits(1).says("IMPL_DIR");
    assert_hidden("an error of the place", &ran.stderr);
}

#[test]
fn a_log_from_before_is_masked_by_what_is_secret_now() {
    let sandbox = leaky();
    let settings = sandbox.read("lib/betterform.toml");
    sandbox.file("lib/betterform.toml", "");
    sandbox.run(&["apply"]).exits(0).says(VALUE);
    sandbox.file("lib/betterform.toml", &settings);
    for arguments in [&["logs", "db"][..], &["logs", "db", "-f"]] {
        let ran = sandbox.run(arguments).exits(0);
        assert_hidden("logs", &ran.stdout);
        assert!(ran.stdout.starts_with("plain: ***\n"), "{ran:?}");
        assert!(ran.stdout.ends_with("in pieces: ***\n"), "{ran:?}");
    }
}
