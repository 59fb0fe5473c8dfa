//! The commands beside plan, apply and down: each does what it says, and its JSON can be read.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::sandbox::{CTL, Sandbox, ran as ran_of};

/// Three stages in a row: `net`, `db`, `app`; `db` knows more commands than `up` and `down`.
fn row() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("db", "net"), ("app", "db")]);
    sandbox.ctl(
        "db",
        &format!(
            "{CTL}case $1 in\n  plan) echo \"$STAGE_NAME would change nothing in $(basename \"$PWD\")\";;\n  up) echo \"bringing up $STAGE_NAME\";;\nesac\n"
        ),
    );
    sandbox.file("lib/db/size.txt", "small\n");
    sandbox
}

/// The values under a key in each element of a list.
#[track_caller]
fn each(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter()
        .map(|element| {
            element[key]
                .as_str()
                .unwrap_or_else(|| panic!("{element}"))
                .to_owned()
        })
        .collect()
}

#[test]
fn status_says_what_is_recorded() {
    let sandbox = row();
    sandbox.ctl("app", &format!("{CTL}exit 3\n"));
    let ran = sandbox.run(&["status"]).exits(0);
    assert_eq!(
        ran.stdout,
        "net  -  never up\ndb   -  never up\napp  -  never up\n"
    );
    sandbox.run(&["apply"]).exits(1);
    let ran = sandbox.run(&["status"]).exits(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with("net  up      since "),
        "{}",
        ran.stdout
    );
    assert!(
        lines[2].starts_with("app  failed  since "),
        "{}",
        ran.stdout
    );
    assert!(lines[2].ends_with("exit 3"), "{}", ran.stdout);
    let ran = sandbox.run(&["status", "n*"]).exits(0);
    assert_eq!(ran.stdout.lines().count(), 1);
    let document = sandbox.run(&["status", "--json"]).exits(0).json();
    assert_eq!(document["version"], 1);
    assert_eq!(each(&document["stages"], "stage"), ["net", "db", "app"]);
    assert_eq!(each(&document["stages"], "status"), ["up", "up", "failed"]);
}

#[test]
fn explain_names_what_changed() {
    let sandbox = row();
    sandbox
        .run(&["explain", "net"])
        .exits(0)
        .says("net (never run)\nto be run:\n  new\n")
        .says("  template  ctl ");
    sandbox
        .run(&["explain", "db"])
        .exits(0)
        .says("db (never run)\nto be run:\n  new\n");
    sandbox.run(&["apply"]).exits(0);
    let ran = sandbox.run(&["explain", "db"]).exits(0).says("up to date");
    assert!(!ran.stdout.contains("was "), "{}", ran.stdout);
    sandbox.file("lib/db/size.txt", "large\n");
    let ran = sandbox.run(&["explain", "db"]).exits(0).says("to be run:");
    let changed: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("was "))
        .collect();
    assert!(
        !changed.is_empty() && changed.iter().all(|line| line.contains("size.txt")),
        "{}",
        ran.stdout
    );
    let document = sandbox.run(&["explain", "db", "--json"]).exits(0).json();
    assert_eq!(document["version"], 1);
    assert_eq!(document["stage"], "db");
    assert!(document.to_string().contains("size.txt"));
    assert!(
        sandbox
            .run(&["explain", "net"])
            .stdout
            .contains("up to date")
    );
}

#[test]
fn the_graph_has_four_formats() {
    let sandbox = row();
    sandbox.run(&["apply", "net"]).exits(0);
    let graph = |format: &str| sandbox.run(&["graph", "--format", format]).exits(0).stdout;
    assert_eq!(sandbox.run(&["graph"]).stdout, graph("text"));
    for stage in ["net", "db", "app"] {
        for format in ["text", "dot", "mermaid", "json"] {
            assert!(graph(format).contains(stage), "{format}");
        }
    }
    assert!(graph("dot").starts_with("digraph"), "{}", graph("dot"));
    assert!(graph("dot").contains("->"));
    assert!(graph("mermaid").starts_with("graph") || graph("mermaid").starts_with("flowchart"));
    assert!(graph("mermaid").contains("-->"));
    let document = sandbox.run(&["graph", "--json"]).exits(0).json();
    assert_eq!(
        serde_json::from_str::<Value>(&graph("json")).ok(),
        Some(document.clone())
    );
    assert_eq!(each(&document["stages"], "stage"), ["net", "db", "app"]);
    assert_eq!(
        document["stages"][1]["dependencies"],
        serde_json::json!(["net"])
    );
    assert_eq!(document["stages"][0]["status"], "up");
}

#[test]
fn logs_show_the_last_run_or_the_one_that_is_named() {
    let sandbox = row();
    sandbox.run(&["logs", "db"]).exits(1).says("`db` never ran");
    sandbox.run(&["apply"]).exits(0);
    let run = |sandbox: &Sandbox| {
        let shown = sandbox
            .run(&["state", "show", "db", "--json"])
            .exits(0)
            .json();
        shown["attempts"][0]["run"]
            .as_str()
            .expect("a run")
            .to_owned()
    };
    let first = run(&sandbox);
    assert_eq!(
        sandbox.run(&["logs", "db"]).exits(0).stdout,
        "bringing up db\n"
    );
    sandbox.ctl("db", &format!("{CTL}echo second \"$1\"\n"));
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.run(&["logs", "db"]).exits(0).stdout, "second up\n");
    assert_eq!(
        sandbox
            .run(&["logs", "db", "--run", &first])
            .exits(0)
            .stdout,
        "bringing up db\n"
    );
    assert_ne!(run(&sandbox), first);
    sandbox
        .run(&["logs", "db", "--run", "20000101T000000Z-0000"])
        .exits(1)
        .says("its last runs: ")
        .says(&first);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(
        sandbox.run(&["logs", "db"]).exits(0).stdout,
        "second down\n"
    );
}

#[test]
fn env_shows_what_ctl_gets() {
    let mut sandbox = row();
    sandbox.set("AWS_REGION", "eu-west-1");
    sandbox
        .run(&["env", "db"])
        .exits(0)
        .says("STAGE_NAME=db\n")
        .says("AWS_REGION=eu-west-1\n")
        .says(&format!(
            "GENFILES={}\n",
            sandbox.path("dep/genfiles").display()
        ))
        .says(&format!("IMPL_DIR={}\n", sandbox.path("lib").display()));
    let document = sandbox.run(&["env", "db", "--json"]).exits(0).json();
    assert_eq!(document["stage"], "db");
    assert_eq!(document["environment"]["STAGE_NAME"], "db");
    assert_eq!(
        document["environment"]["OUTPUT_DIR"],
        sandbox.path("dep/output").to_str().expect("UTF-8")
    );
}

#[test]
fn config_prints_the_configuration_and_writes_nothing() {
    let sandbox = row();
    sandbox.file("dep/config.jsonnet", "{ b: 1 + 1, a: { c: 'x' } }");
    for arguments in [&["config"][..], &["config", "--json"]] {
        let document = sandbox.run(arguments).exits(0).json();
        assert_eq!(document, serde_json::json!({ "a": { "c": "x" }, "b": 2 }));
    }
    assert!(!sandbox.exists("dep/genfiles"));
}

#[test]
fn stamp_writes_files_and_runs_nothing() {
    let sandbox = row();
    sandbox.run(&["stamp", "db"]).exits(0);
    assert_eq!(sandbox.read("dep/genfiles/db/size.txt"), "small\n");
    assert!(!sandbox.exists("dep/genfiles/net"));
    let ran = sandbox.run(&["stamp", "--json"]).exits(0);
    let events: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("one event a line"))
        .collect();
    assert_eq!(each(&Value::Array(events), "stage"), ["net", "db", "app"]);
    assert!(sandbox.exists("dep/genfiles/app/ctl"));
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["plan"]).exits(0).says("Plan: 3 new");
}

#[test]
fn render_prints_one_template() {
    let sandbox = row();
    let ran = sandbox.run(&["render", "../lib/db/size.txt"]).exits(0);
    assert_eq!(ran.stdout, "small\n");
    let ran = sandbox
        .run(&["render", "--stage", "db", "../lib/db/size.txt"])
        .exits(0);
    assert_eq!(ran.stdout, "small\n");
    sandbox.file("dep/elsewhere.txt", "x");
    sandbox
        .run(&["render", "elsewhere.txt"])
        .exits(64)
        .says("is in no stage template directory");
    sandbox
        .run(&["render", "-"])
        .exits(64)
        .says("standard input belongs to no stage");
    assert!(!sandbox.exists("dep/genfiles"));
}

#[test]
fn render_gives_any_text_the_context_of_a_stage() {
    let sandbox = row();
    sandbox.file("dep/config.jsonnet", "{ size: 'small' }\n");
    sandbox.file(
        "dep/elsewhere.txt",
        "[[ .Env.STAGE_NAME ]] {{ .cfg.size }}\n",
    );
    sandbox.file(
        "lib/betterform.toml",
        "[stage.db.stamp]\nleft_delim = \"[[\"\nright_delim = \"]]\"\n",
    );
    let ran = sandbox
        .run(&["render", "elsewhere.txt", "--stage", "db"])
        .exits(0);
    assert_eq!(ran.stdout, "db {{ .cfg.size }}\n");
    let typed = |text: &[u8]| {
        let mut command = sandbox.command(&["render", "-", "--stage", "app"]);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        ran_of(child.wait_with_output().unwrap())
    };
    let ran = typed(b"{{ .cfg.size }} of {{ .Env.STAGE_NAME }}\n").exits(0);
    assert_eq!(ran.stdout, "small of app\n");
    assert_eq!(typed(b" \n").exits(0).stdout, "");
    typed(b"a\n{{ .cfg.none }}\n")
        .exits(1)
        .says(" --> app/stdin:2:");
    assert!(!sandbox.exists("dep/genfiles"));
}

#[test]
fn exec_runs_a_command_where_ctl_runs() {
    let sandbox = row();
    sandbox
        .run(&["exec", "db", "--", "./ctl", "plan"])
        .exits(1)
        .says("`db` is not stamped")
        .says("`betterform stamp db`");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    let ran = sandbox.run(&["exec", "db", "--", "./ctl", "plan"]).exits(0);
    assert_eq!(ran.stdout, "db would change nothing in db\n");
    assert_eq!(sandbox.calls(), ["db plan"]);
    sandbox
        .run(&["exec", "db", "--", "sh", "-c", "exit 7"])
        .exits(7);
    sandbox
        .run(&["exec", "db", "--", "no-such-program"])
        .exits(1)
        .says("cannot run `no-such-program`");
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_is_marked_up_is_not_run_and_what_is_marked_down_is() {
    let sandbox = row();
    sandbox
        .run(&["mark", "up", "*"])
        .exits(0)
        .says("net is recorded as up\ndb is recorded as up\napp is recorded as up\n");
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty());
    sandbox.file("lib/db/size.txt", "large\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["db up"]);
    let ran = sandbox.run(&["mark", "down", "app"]).exits(0);
    assert_eq!(ran.stdout, "app is recorded as down\n");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["app up"]);
    sandbox.run(&["mark", "down", "*"]).exits(0);
    sandbox
        .run(&["down", "--yes"])
        .exits(0)
        .says("Nothing to do");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn the_state_lists_and_shows() {
    let sandbox = row();
    assert_eq!(sandbox.run(&["state", "list"]).exits(0).stdout, "");
    sandbox.run(&["apply"]).exits(0);
    let document = sandbox.run(&["state", "list", "--json"]).exits(0).json();
    let mut names = each(&document["stages"], "stage");
    names.sort();
    assert_eq!(names, ["app", "db", "net"]);
    assert_eq!(sandbox.run(&["state", "list"]).stdout.lines().count(), 3);
    sandbox
        .run(&["state", "show", "db"])
        .exits(0)
        .says("db: up\n")
        .says("depends on net\n")
        .says("  size.txt  ")
        .says("Attempts, latest first:\n");
    let document = sandbox
        .run(&["state", "show", "db", "--json"])
        .exits(0)
        .json();
    assert_eq!(document["stage"], "db");
    assert_eq!(each(&document["stamped"], "path"), ["ctl", "size.txt"]);
    assert_eq!(each(&document["edges"], "dependency"), ["net"]);
}

#[test]
fn a_renamed_stage_keeps_its_record_and_its_directories() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.file("dep/genfiles/db/terraform.tfstate", "{}");
    sandbox.file("dep/output/db/address.txt", "10.0.0.1\n");
    sandbox.calls();
    std::fs::rename(sandbox.path("lib/db"), sandbox.path("lib/store")).expect("renamed");
    sandbox.dag(&[("net", ""), ("store", "net"), ("app", "store")]);
    sandbox.run(&["state", "mv", "db", "store"]).exits(0);
    assert_eq!(sandbox.read("dep/genfiles/store/terraform.tfstate"), "{}");
    assert_eq!(sandbox.read("dep/output/store/address.txt"), "10.0.0.1\n");
    assert!(!sandbox.exists("dep/genfiles/db"));
    let list = sandbox.run(&["state", "list"]).exits(0).stdout;
    assert!(list.contains("store") && !list.contains("db"), "{list}");
    let app = sandbox.run(&["state", "show", "app", "--json"]).json();
    assert_eq!(each(&app["edges"], "dependency"), ["store"]);
    sandbox.run(&["state", "mv", "db", "net"]).exits(64);
    sandbox
        .run(&["state", "mv", "store", "net"])
        .exits(1)
        .says("`net` is recorded already");
    sandbox.run(&["state", "mv", "store", "../x"]).exits(64);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "store down", "net down"]);
}

#[test]
fn a_stage_that_is_up_is_forgotten_only_by_force() {
    let sandbox = row();
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["state", "rm", "app"])
        .exits(1)
        .says("--force");
    sandbox.run(&["state", "rm", "app", "--force"]).exits(0);
    let list = sandbox.run(&["state", "list"]).exits(0).stdout;
    assert!(!list.contains("app"), "{list}");
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down", "net down"]);
}

#[test]
fn what_was_done_to_the_state_is_told_as_a_document() {
    let sandbox = row();
    sandbox.file("lib/betterform.toml", "[stage.db]\nprotect = true\n");
    sandbox.run(&["apply"]).exits(0);
    std::fs::rename(sandbox.path("lib/app"), sandbox.path("lib/web")).expect("renamed");
    sandbox.dag(&[("net", ""), ("db", "net"), ("web", "db")]);
    for (command, document) in [
        (
            &["mv", "app", "web"][..],
            json!({ "version": 1, "stage": "web", "renamed_from": "app" }),
        ),
        (
            &["unprotect", "db"],
            json!({ "version": 1, "stage": "db", "protected": false }),
        ),
        (
            &["rm", "web", "--force"],
            json!({ "version": 1, "stage": "web", "forgotten": "up" }),
        ),
    ] {
        let arguments = [&["state"][..], command, &["--json"]].concat();
        assert_eq!(sandbox.run(&arguments).json(), document);
    }
}

#[test]
fn a_protected_stage_stays_up_until_it_is_unprotected() {
    let sandbox = row();
    sandbox.file("lib/betterform.toml", "[stage.db]\nprotect = true\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("db: stays up: it is protected")
        .says("net: stays up: a protected stage needs it");
    assert_eq!(sandbox.calls(), ["app down"]);
    sandbox
        .run(&["state", "show", "db"])
        .exits(0)
        .says("protected\n");
    sandbox.run(&["state", "unprotect", "db"]).exits(0);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["db down", "net down"]);
}

#[test]
fn completions_know_the_commands() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = sandbox.run(&["completions", shell]).exits(0);
        assert!(ran.stdout.contains("explain"), "{shell}");
    }
}

#[test]
fn the_version_is_told_in_three_ways() {
    let sandbox = Sandbox::new();
    let expected = format!("betterform {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.run(&["version"]).exits(0).stdout, expected);
    assert_eq!(sandbox.run(&["--version"]).exits(0).stdout, expected);
    let document = sandbox.run(&["version", "--json"]).exits(0).json();
    assert_eq!(document["betterform"], env!("CARGO_PKG_VERSION"));
}
