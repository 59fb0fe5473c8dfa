//! `render`, `exec`, `logs`, `env`, `config`, `explain` and `completions`: what people do with them, right and wrong.

use std::io::Write;
use std::process::Stdio;

use crate::sandbox::{CTL, Ran, Sandbox, ran};

/// Two stages, one of them with templates.
fn pair() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.file("dep/config.jsonnet", "{ region: 'eu', size: 1 }\n");
    sandbox.file(
        "lib/app/conf",
        "{{ .Env.STAGE_NAME }} in {{ .cfg.region }}\n",
    );
    sandbox.file("lib/app/deep/blank", "{{- /* nothing */ -}}\n\n");
    sandbox
}

/// Asserts the exit code and exactly what is said, and that nothing was run.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, stderr: &str) {
    let ran = sandbox.run(arguments).exits(code);
    assert_eq!(ran.stderr, stderr, "{arguments:?}");
    assert_eq!(ran.stdout, "", "{arguments:?}");
    assert!(sandbox.calls().is_empty(), "{arguments:?}");
}

/// Runs betterform with something to read.
fn fed(sandbox: &Sandbox, arguments: &[&str], input: &str) -> Ran {
    let mut command = sandbox.command(arguments);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("betterform starts");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    ran(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_template_is_rendered_as_its_stage_would() {
    let sandbox = pair();
    let absolute = sandbox.path("lib/app/conf");
    for file in ["../lib/app/conf", absolute.to_str().expect("UTF-8")] {
        let ran = sandbox.run(&["render", file]).exits(0);
        assert_eq!(ran.stdout, "app in eu\n");
        assert_eq!(ran.stderr, "");
    }
    assert!(!sandbox.exists("dep/genfiles"));
}

#[test]
fn a_template_from_standard_input_gets_the_context_of_a_stage() {
    let sandbox = pair();
    let ran = fed(
        &sandbox,
        &["render", "-", "--stage", "net"],
        "{{ .Env.STAGE_NAME }} {{ .cfg.size }}",
    );
    assert_eq!(ran.exits(0).stdout, "net 1");
    let ran = fed(&sandbox, &["render", "-"], "x").exits(64);
    assert_eq!(
        ran.stderr,
        "error: standard input belongs to no stage\nhelp: say with `--stage` whose context it gets\n"
    );
    let ran = fed(
        &sandbox,
        &["render", "-", "--stage", "net"],
        "a\n{{ .cfg.sise }}\n",
    )
    .exits(1);
    assert_eq!(
        ran.stderr,
        "error: executing \"net/stdin\" at <.cfg.sise>: map has no entry for key \"sise\"\n\
         \x20--> net/stdin:2:8\n\
         \x20 |\n\
         2 | {{ .cfg.sise }}\n\
         \x20 |        ^^^^^\n"
    );
    // With the delimiters of the stage.
    sandbox.file(
        "lib/net/.gomplate.yaml",
        "leftDelim: '[['\nrightDelim: ']]'\n",
    );
    let ran = fed(
        &sandbox,
        &["render", "-", "--stage", "net"],
        "{{ }} [[ .cfg.region ]]",
    );
    assert_eq!(ran.exits(0).stdout, "{{ }} eu");
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let sandbox = pair();
    sandbox.file("lib/shared.txt", "x");
    let shared = sandbox.path("lib/shared.txt");
    let outside = "help: say with `--stage` whose context it gets\n";
    for (arguments, code, stderr) in [
        (
            &["render", "../lib/app/nope"][..],
            1,
            "error: cannot read `../lib/app/nope`: No such file or directory (os error 2)\n".to_owned(),
        ),
        (
            &["render", "../lib/app/deep"],
            64,
            "error: `../lib/app/deep` is a directory\nhelp: name one file of a stage; `betterform stamp` renders all\n".to_owned(),
        ),
        (
            &["render", "../lib/app/deep/blank"],
            1,
            "error: `app/deep/blank` is not stamped: it is left out, or nothing but white space\n".to_owned(),
        ),
        (
            &["render", "../lib/shared.txt"],
            64,
            format!("error: `{}` is in no stage template directory\n{outside}", shared.display()),
        ),
        (
            &["render", "--stage", "ap", "../lib/app/conf"],
            64,
            "error: there is no stage `ap`\nhelp: did you mean `app`?\n".to_owned(),
        ),
    ] {
        refused(&sandbox, arguments, code, &stderr);
    }
    assert!(!sandbox.exists("dep/genfiles"));
}

#[test]
fn exec_gives_the_command_its_place_its_environment_and_our_streams() {
    let sandbox = pair();
    sandbox.run(&["stamp"]).exits(0);
    let script = "pwd; echo \"$STAGE_NAME\"; cat conf; cat >&2; exit 9";
    let ran = fed(
        &sandbox,
        &["exec", "app", "--", "sh", "-c", script],
        "from stdin\n",
    )
    .exits(9);
    let place = sandbox.path("dep/genfiles/app");
    assert_eq!(ran.stdout, format!("{}\napp\napp in eu\n", place.display()));
    assert_eq!(ran.stderr, "from stdin\n");
}

#[test]
fn exec_refuses_what_it_cannot_run() {
    let sandbox = pair();
    let place = sandbox.path("dep/genfiles/app");
    refused(
        &sandbox,
        &["exec", "app", "--", "true"],
        1,
        &format!(
            "error: `app` is not stamped: there is no `{}`\nhelp: `betterform stamp app` stamps it\n",
            place.display()
        ),
    );
    sandbox.run(&["stamp"]).exits(0);
    refused(
        &sandbox,
        &["exec", "ap", "--", "true"],
        64,
        "error: there is no stage `ap`\nhelp: did you mean `app`?\n",
    );
    refused(
        &sandbox,
        &["exec", "app", "--", "./nope"],
        1,
        "error: cannot run `./nope`: No such file or directory (os error 2)\n",
    );
    refused(
        &sandbox,
        &["exec", "app", "--", "./conf"],
        1,
        "error: cannot run `./conf`: Permission denied (os error 13)\n",
    );
    sandbox.run(&["exec", "app"]).exits(64).says("<COMMAND>...");
    sandbox
        .run(&["exec", "app", "true"])
        .exits(64)
        .says("betterform exec [OPTIONS] <STAGE> -- <COMMAND>...");
}

#[test]
fn exec_works_though_the_library_is_gone() {
    let sandbox = pair();
    sandbox.run(&["apply"]).exits(0);
    sandbox.remove("lib");
    let ran = sandbox.run(&["exec", "app", "--", "cat", "conf"]).exits(0);
    assert_eq!(ran.stdout, "app in eu\n");
    assert!(ran.stderr.starts_with("warning: "), "{ran:?}");
}

#[test]
fn logs_refuse_runs_that_were_not() {
    let sandbox = pair();
    refused(
        &sandbox,
        &["logs", "nett"],
        64,
        "error: there is no stage `nett`\nhelp: did you mean `net`?\n",
    );
    refused(&sandbox, &["logs", "net"], 1, "error: `net` never ran\n");
    refused(
        &sandbox,
        &["logs", "net", "--run", "r1"],
        1,
        "error: `net` did not run in `r1`\n",
    );
    refused(
        &sandbox,
        &["logs", "net", "--run", "../../x"],
        64,
        "error: `../../x` is not the name of a run\nhelp: `betterform state show net` lists its runs\n",
    );
}

#[test]
fn logs_of_a_running_stage_are_followed_to_its_end() {
    let sandbox = pair();
    sandbox.ctl(
        "net",
        &format!("{CTL}echo first\ntouch \"$OUTPUT_DIR/../ready\"\nwhile ! [ -e \"$OUTPUT_DIR/../go\" ]; do sleep 0.02; done\necho last\n"),
    );
    let mut child = sandbox
        .command(&["apply", "--output", "quiet"])
        .spawn()
        .expect("starts");
    while !sandbox.exists("dep/ready") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut follow = sandbox.command(&["logs", "net", "-f"]);
    let follow = follow.stdout(Stdio::piped()).spawn().expect("starts");
    assert_eq!(sandbox.run(&["logs", "net"]).exits(0).stdout, "first\n");
    sandbox.file("dep/go", "");
    let followed = ran(follow.wait_with_output().expect("it ends")).exits(0);
    assert_eq!(followed.stdout, "first\nlast\n");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn logs_are_as_they_were_printed() {
    let sandbox = pair();
    sandbox.ctl(
        "net",
        &format!(
            "{CTL}printf 'out \\033[31mred\\033[0m\\n'; echo err >&2; printf 'no \\377 newline'\n"
        ),
    );
    sandbox.run(&["apply", "net"]).exits(0);
    let output = sandbox.command(&["logs", "net"]).output().expect("starts");
    assert_eq!(
        output.stdout,
        b"out \x1b[31mred\x1b[0m\nerr\nno \xff newline"
    );
}

#[test]
fn the_environment_of_a_stage_is_what_its_ctl_gets() {
    let mut sandbox = pair();
    sandbox.ctl("app", &format!("{CTL}env | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD=' | sort > \"$OUTPUT_DIR/../env\"\n"));
    sandbox.set("APP_MODE", "fast");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    let got = sandbox.read("dep/env");
    let shown = sandbox.run(&["env", "app"]).exits(0).stdout;
    let missing: Vec<_> = shown
        .lines()
        .filter(|line| !line.starts_with("PWD=") && !got.lines().any(|l| l == *line))
        .collect();
    assert_eq!(missing, [""; 0], "{got}");
    let extra: Vec<_> = got
        .lines()
        .filter(|line| !shown.lines().any(|l| l == *line))
        .collect();
    let ours = ["BETTERFORM_GRACE=", "BETTERFORM_INPUTS_FILE="];
    assert!(
        extra
            .iter()
            .all(|line| ours.iter().any(|name| line.starts_with(name))),
        "{extra:?}"
    );
    let document = sandbox.run(&["env", "app", "--json"]).exits(0).json();
    assert_eq!(document["version"], 1);
    assert_eq!(document["environment"]["APP_MODE"], "fast");
    refused(
        &sandbox,
        &["env", "ap"],
        64,
        "error: there is no stage `ap`\nhelp: did you mean `app`?\n",
    );
}

#[test]
fn the_configuration_is_printed_byte_for_byte_as_stages_get_it() {
    let sandbox = pair();
    let printed = sandbox.run(&["config"]).exits(0).stdout;
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    assert_eq!(printed, sandbox.read("dep/genfiles/config.json"));
    let ran = sandbox
        .run(&["config", "-V", "unused=1", "--tla-str"])
        .exits(64);
    assert!(
        ran.stderr
            .starts_with("error: a value is required for '--tla-str"),
        "{ran:?}"
    );
    sandbox.file(
        "dep/config.jsonnet",
        "function(size) { size: size, zone: std.extVar('zone') }",
    );
    let ran = sandbox
        .run(&["config", "--tla-code", "size=2+1", "-V", "zone=b"])
        .exits(0);
    assert_eq!(ran.json(), serde_json::json!({ "size": 3, "zone": "b" }));
    refused(
        &sandbox,
        &["config", "-V", "ZONE_OF_NOBODY", "-A", "size=1"],
        64,
        "error: `-V ZONE_OF_NOBODY`: the environment variable `ZONE_OF_NOBODY` is not set\n",
    );
}

#[test]
fn explain_says_what_it_cannot_know_yet() {
    let sandbox = pair();
    let ran = sandbox.run(&["explain", "app"]).exits(0);
    assert_eq!(
        ran.stdout,
        "app (never run)\nto be run:\n  new\nits inputs are known when net ran\n"
    );
    let document = sandbox.run(&["explain", "app", "--json"]).exits(0).json();
    assert_eq!(document["awaited"], serde_json::json!(["net"]));
    sandbox.run(&["apply"]).exits(0);
    let document = sandbox.run(&["explain", "app", "--json"]).exits(0).json();
    assert_eq!(document["awaited"], serde_json::json!([]));
    sandbox.file("lib/net/new", "x\n");
    sandbox
        .run(&["explain", "app"])
        .exits(0)
        .says("to be re-checked after net\nits inputs are known again, below they are as recorded, when net ran\n");
    sandbox.file("lib/app/conf", "{{ .cfg.nope }}\n");
    sandbox.run(&["apply", "net"]).exits(0);
    sandbox.calls();
    let ran = sandbox.run(&["explain", "app"]).exits(1);
    assert_eq!(ran.stdout, "");
    ran.says("--> app/conf:1:8");
}

#[test]
fn completion_scripts_are_accepted_by_their_shells() {
    let sandbox = Sandbox::new();
    for (shell, check) in [
        ("bash", &["-n"][..]),
        ("zsh", &["-n"]),
        ("fish", &["--no-execute"]),
    ] {
        let script = sandbox.run(&["completions", shell]).exits(0).stdout;
        sandbox.file("script", &script);
        let mut command = std::process::Command::new(shell);
        match command.args(check).arg(sandbox.path("script")).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
            Err(_) => eprintln!("SKIPPED: no {shell} to check its completion script"),
        }
    }
    sandbox
        .run(&["completions", "tcsh"])
        .exits(64)
        .says("[possible values: bash, elvish, fish, powershell, zsh]");
    sandbox.run(&["completions"]).exits(64).says("<SHELL>");
}

#[test]
fn words_complete_in_bash() {
    let sandbox = Sandbox::new();
    let script = sandbox.run(&["completions", "bash"]).exits(0).stdout;
    sandbox.file("script", &script);
    let complete = "source \"$0\"; COMP_WORDS=(betterform ex); COMP_CWORD=1; _betterform betterform ex betterform; echo \"${COMPREPLY[*]}\"";
    let output = std::process::Command::new("bash")
        .args(["-c", complete])
        .arg(sandbox.path("script"))
        .output()
        .expect("bash starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "explain exec\n",
        "{output:?}"
    );
}
