//! What betterform prints: documents for programs, and no secrets.

use serde_json::Value;

use crate::sandbox::{CTL, Sandbox};

#[test]
fn every_document_parses_and_names_the_stages() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.file("dep/config.jsonnet", "{ a: 1 }\n");
    let names = |document: &Value| -> Vec<String> {
        let stages = document["stages"].as_array().cloned().unwrap_or_default();
        let names = stages.iter().filter_map(|stage| stage["stage"].as_str());
        names.map(str::to_owned).collect()
    };
    let plan = sandbox.run(&["plan", "--json"]).exits(0).json();
    assert_eq!(names(&plan), ["net", "app"]);
    assert_eq!(plan["summary"]["new"], 2);
    let events = sandbox.run(&["apply", "--json", "-j1"]).exits(0).stdout;
    let kinds: Vec<String> = (events.lines())
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "run-started",
            "stage-started",
            "stage-finished",
            "stage-started",
            "stage-finished",
            "run-finished"
        ]
    );
    for command in ["status", "graph"] {
        let document = sandbox.run(&[command, "--json"]).exits(0).json();
        assert_eq!(names(&document), ["net", "app"], "{command}");
        assert_eq!(document["stages"][0]["status"], "up", "{command}");
    }
    let explained = sandbox.run(&["explain", "app", "--json"]).exits(0).json();
    assert_eq!(explained["stage"], "app");
    assert!(
        explained["inputs"]["run"]["ancestor"]["net"].is_string(),
        "{explained}"
    );
    let environment = sandbox.run(&["env", "app", "--json"]).exits(0).json();
    assert_eq!(environment["environment"]["STAGE_NAME"], "app");
    let state = sandbox.run(&["state", "list", "--json"]).exits(0).json();
    assert_eq!(names(&state), ["app", "net"]);
    let shown = sandbox
        .run(&["state", "show", "app", "--json"])
        .exits(0)
        .json();
    assert_eq!(shown["edges"][0]["dependency"], "net");
    assert_eq!(sandbox.run(&["config"]).exits(0).json()["a"], 1);
    let version = sandbox.run(&["version", "--json"]).exits(0).json();
    assert_eq!(version["betterform"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_secret_is_masked_in_all_its_forms_and_stored_nowhere() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/betterform.toml", "secrets = [\"DB_PASSWORD\"]\n");
    sandbox.ctl(
        "net",
        &format!("{CTL}echo \"plain $DB_PASSWORD\"\nprintf '%s' \"$DB_PASSWORD\" | od -An -c > /dev/null\necho url p%40ss%2Fword1\necho base64 cEBzcy93b3JkMQ==\n"),
    );
    sandbox.set("DB_PASSWORD", "p@ss/word1");
    let ran = sandbox
        .run(&["apply"])
        .exits(0)
        .says("plain ***")
        .says("url ***")
        .never_says("p@ss/word1")
        .never_says("p%40ss%2Fword1")
        .never_says("cEBzcy93b3JkM");
    drop(ran);
    sandbox
        .run(&["logs", "net"])
        .exits(0)
        .says("plain ***")
        .never_says("p@ss/word1");
    sandbox
        .run(&["env", "net"])
        .exits(0)
        .says("DB_PASSWORD=***")
        .never_says("p@ss/word1");
    for entry in walkdir::WalkDir::new(sandbox.path("dep/.betterform")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let content = std::fs::read(entry.path()).unwrap();
            let found = content.windows(10).any(|window| window == b"p@ss/word1");
            assert!(!found, "{}", entry.path().display());
        }
    }
}

#[test]
fn a_value_too_short_to_be_masked_is_told_of() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/betterform.toml", "secrets = [\"PIN\"]\n");
    sandbox.set("PIN", "1234");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("the value of `PIN` is too short to be masked");
}

#[test]
fn wrong_usage_exits_with_64_and_no_command_prints_help() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.run(&["--no-such-flag"]).exits(64);
    sandbox.run(&["aply"]).exits(64);
    sandbox.run(&["apply", "-j0"]).exits(64);
    sandbox.run(&[]).exits(0).says("Usage: betterform");
    sandbox.run(&["help"]).exits(0).says("Usage: betterform");
    sandbox
        .run(&["--version"])
        .exits(0)
        .says("betterform 0.1.0");
}

#[test]
fn all_errors_of_a_dag_are_told_with_their_places() {
    let sandbox = Sandbox::with_dag(&[("network", "")]);
    sandbox.file(
        "lib/betterform_dag.mk",
        "$(call define_stage, network, )\n$(call define_stage, app, netwrok)\n$(call define_stage, network, )\n",
    );
    sandbox
        .run(&["plan"])
        .exits(1)
        .says("error: unknown stage `netwrok` in the dependencies of `app`\n --> betterform_dag.mk:2:27")
        .says("help: did you mean `network`?")
        .says("error: stage `app` has no directory")
        .says("error: stage `network` is defined twice\n --> betterform_dag.mk:3:22");
    sandbox.ctl("app", CTL);
    sandbox.file(
        "lib/betterform_dag.mk",
        "$(call define_stage, network, app)\n$(call define_stage, app, network)\n",
    );
    sandbox
        .run(&["plan"])
        .exits(1)
        .says("network -> app -> network");
}

#[test]
fn marked_stages_are_taken_for_what_they_are_marked() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.run(&["mark", "up", "*"]).exits(0);
    sandbox
        .run(&["apply"])
        .exits(0)
        .says("Nothing to do: 2 stages are up to date.");
    sandbox.run(&["mark", "down", "net"]).exits(0);
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up", "app up"]);
}

#[test]
fn a_broken_configuration_touches_nothing() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("dep/config.jsonnet", "{ a: error 'wrong here' }\n");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says("wrong here")
        .says("config.jsonnet:1");
    assert!(!sandbox.exists("dep/genfiles/net"));
    assert!(!sandbox.exists("dep/genfiles/config.json"));
    assert!(sandbox.calls().is_empty());
}
