//! What `--json` prints of a run: one event a line, and nothing else.

use serde_json::Value;

use crate::sandbox::{CTL, Sandbox};

/// The events of a run, with what differs each time taken out: times, the run's name, the directory of logs.
#[track_caller]
fn events(stdout: &str) -> String {
    let mut text = String::new();
    for line in stdout.lines() {
        let mut event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{stdout}"));
        let fields = event.as_object_mut().expect("an event is an object");
        assert!(fields["time_ms"].as_i64().unwrap() > 1_700_000_000_000);
        fields.shift_remove("time_ms");
        for (name, value) in fields.iter_mut() {
            match name.as_str() {
                "run" => *value = "RUN".into(),
                "duration_ms" | "delay_ms" => {
                    assert!(value.as_u64().unwrap() < 600_000);
                    *value = "MS".into();
                }
                "log" => {
                    let file = value.as_str().unwrap().rsplit('/').next();
                    *value = file.unwrap().into();
                }
                _ => {}
            }
        }
        text.push_str(&format!("{event}\n"));
    }
    text
}

/// Every event has its line in the documentation, and every line there its event.
#[test]
fn all_events_are_described() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md"));
    let page = page.unwrap();
    let section = page.split("## Events").nth(1).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut described: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    described.sort_unstable();
    let source = include_str!("../../src/core/event.rs");
    let all = source.split("pub enum Event {").nth(1).unwrap();
    let all = all.split("\n}").next().unwrap();
    let variants = all.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.strip_suffix(" {")?;
        name.starts_with(char::is_uppercase).then_some(name)
    });
    let mut known: Vec<String> = variants.map(kebab).collect();
    known.sort_unstable();
    assert_eq!(described, known);
}

/// `StageBlocked` as `stage-blocked`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Output comes in pieces: those of a stage that follow each other are one.
#[track_caller]
fn joined(events: &str) -> String {
    let mut lines: Vec<Value> = Vec::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        match lines.last_mut() {
            Some(last) if last["event"] == "output" && event["event"] == "output" => {
                assert_eq!(last["stage"], event["stage"]);
                let text = format!(
                    "{}{}",
                    last["text"].as_str().unwrap(),
                    event["text"].as_str().unwrap()
                );
                last["text"] = text.into();
            }
            _ => lines.push(event),
        }
    }
    lines.iter().map(|event| format!("{event}\n")).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[
        ("base", ""),
        ("comment", "base"),
        ("flaky", "base"),
        ("bad", "flaky"),
        ("after", "bad"),
    ]);
    // The longest chain, by how long it took last time, goes first.
    sandbox.ctl("after", &format!("{CTL}sleep 0.5\n"));
    sandbox.file("lib/comment/note.txt", "{{/* one */}}text\n");
    sandbox.file(
        "lib/betterform.toml",
        "[stage.flaky]\nretries = 1\nretry_delay = \"1ms\"\n",
    );
    sandbox
}

#[test]
fn a_whole_apply() {
    let sandbox = sandbox();
    sandbox.run(&["apply"]).exits(0);
    sandbox.file("lib/comment/note.txt", "{{/* two */}}text\n");
    sandbox.ctl(
        "flaky",
        &format!("{CTL}[ -e tried ] || {{ touch tried; exit 2; }}\n"),
    );
    sandbox.ctl(
        "bad",
        &format!("{CTL}echo 'it \"broke\"'\nprintf end >&2\nexit 3\n"),
    );
    let ran = sandbox.run(&["apply", "--json", "-j1"]).exits(1);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        joined(&events(&ran.stdout)),
        r#"{"event":"run-started","version":1,"run":"RUN","command":"apply","stages":5,"jobs":1}
{"event":"stage-up-to-date","stage":"base"}
{"event":"stage-started","stage":"flaky","action":"up","attempt":1,"reasons":["template ctl changed"],"log":"flaky.up.log"}
{"event":"stage-retrying","stage":"flaky","attempt":2,"delay_ms":"MS","outcome":"failed","code":2}
{"event":"stage-started","stage":"flaky","action":"up","attempt":2,"reasons":["template ctl changed"],"log":"flaky.up.log"}
{"event":"stage-finished","stage":"flaky","action":"up","outcome":"succeeded","duration_ms":"MS","log":"flaky.up.log","tail":[]}
{"event":"stage-started","stage":"bad","action":"up","attempt":1,"reasons":["template ctl changed"],"log":"bad.up.log"}
{"event":"output","stage":"bad","action":"up","text":"it \"broke\"\nend"}
{"event":"stage-finished","stage":"bad","action":"up","outcome":"failed","code":3,"duration_ms":"MS","log":"bad.up.log","tail":["it \"broke\"","end"]}
{"event":"stage-blocked","stage":"after","by":["bad"]}
{"event":"stage-restamped","stage":"comment"}
{"event":"run-finished","result":"failed","counts":{"ran":1,"up_to_date":1,"restamped":1,"failed":1,"interrupted":0,"blocked":1,"not_started":0},"duration_ms":"MS"}
"#
    );
}

#[test]
fn a_whole_down() {
    let sandbox = sandbox();
    sandbox.file("lib/betterform.toml", "[stage.comment]\nprotect = true\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.ctl("bad", &format!("{CTL}[ $1 = up ] || exit 4\n"));
    sandbox.run(&["apply", "--only", "bad"]).exits(0);
    let ran = sandbox.run(&["down", "--json", "-j1"]).exits(1);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        events(&ran.stdout),
        r#"{"event":"warning","stage":"base","message":"stays up: a protected stage needs it"}
{"event":"warning","stage":"comment","message":"stays up: it is protected (`betterform state unprotect comment`)"}
{"event":"run-started","version":1,"run":"RUN","command":"down","stages":3,"jobs":1}
{"event":"stage-started","stage":"after","action":"down","attempt":1,"reasons":[],"log":"after.down.log"}
{"event":"stage-finished","stage":"after","action":"down","outcome":"succeeded","duration_ms":"MS","log":"after.down.log","tail":[]}
{"event":"stage-started","stage":"bad","action":"down","attempt":1,"reasons":[],"log":"bad.down.log"}
{"event":"stage-finished","stage":"bad","action":"down","outcome":"failed","code":4,"duration_ms":"MS","log":"bad.down.log","tail":[]}
{"event":"stage-blocked","stage":"flaky","by":["bad"]}
{"event":"run-finished","result":"failed","counts":{"ran":1,"up_to_date":0,"restamped":0,"failed":1,"interrupted":0,"blocked":1,"not_started":0},"duration_ms":"MS"}
"#
    );
    let ran = sandbox.run(&["down", "--json", "comment"]).exits(1);
    assert_eq!(
        events(&ran.stdout),
        r#"{"event":"warning","stage":"comment","message":"stays up: it is protected (`betterform state unprotect comment`)"}
{"event":"run-finished","result":"failed","counts":{"ran":0,"up_to_date":0,"restamped":0,"failed":0,"interrupted":0,"blocked":0,"not_started":0},"duration_ms":"MS"}
"#
    );
}

#[test]
fn what_is_not_started_and_what_is_gone_from_the_dag() {
    let sandbox = Sandbox::with_dag(&[("bad", ""), ("good", ""), ("old", "")]);
    sandbox.ctl("bad", &format!("{CTL}sleep 0.5\n"));
    sandbox.run(&["apply"]).exits(0);
    sandbox.dag(&[("bad", ""), ("good", "")]);
    sandbox.ctl("bad", &format!("{CTL}exit 1\n"));
    sandbox.ctl("good", &format!("{CTL}:\n"));
    let ran = sandbox
        .run(&["apply", "--json", "-j1", "--fail-fast"])
        .exits(1);
    assert_eq!(
        events(&ran.stdout),
        r#"{"event":"run-started","version":1,"run":"RUN","command":"apply","stages":2,"jobs":1}
{"event":"stage-started","stage":"bad","action":"up","attempt":1,"reasons":["template ctl changed"],"log":"bad.up.log"}
{"event":"stage-finished","stage":"bad","action":"up","outcome":"failed","code":1,"duration_ms":"MS","log":"bad.up.log","tail":[]}
{"event":"stage-not-started","stage":"good"}
{"event":"warning","stage":"old","message":"is up but no longer in the DAG","help":"`betterform apply --prune` takes it down"}
{"event":"run-finished","result":"failed","counts":{"ran":0,"up_to_date":0,"restamped":0,"failed":1,"interrupted":0,"blocked":0,"not_started":1},"duration_ms":"MS"}
"#
    );
}

#[test]
fn a_stamp() {
    let sandbox = Sandbox::with_dag(&[("good", ""), ("wrong", "")]);
    sandbox.file("lib/good/a.txt", "a\n");
    sandbox.file("lib/wrong/a.txt", "{{ .cfg.none }}\n");
    let ran = sandbox
        .run(&["stamp", "--json"])
        .exits(1)
        .says("wrong/a.txt:1:");
    assert_eq!(
        events(&ran.stdout),
        r#"{"event":"stage-stamped","stage":"good","written":2,"removed":0,"unchanged":0}
{"event":"stage-not-stamped","stage":"wrong","message":"wrong/a.txt:1:8: executing \"wrong/a.txt\" at <.cfg.none>: map has no entry for key \"none\""}
"#
    );
}

#[test]
fn the_terminal_is_not_given_away_where_events_are_printed() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox
        .run(&["apply", "--json", "--interactive"])
        .exits(64)
        .says("with `--json` stages cannot have the terminal");
    assert!(sandbox.calls().is_empty());
}
