//! What makes a stage stale, row by row of the table of fingerprints.

use crate::sandbox::{CTL, Sandbox};

/// Two stages; the first is the one that the tests look at.
const ONE: [(&str, &str); 2] = [("one", ""), ("other", "")];

/// Two stages with these settings of the first.
fn with_settings(settings: &str) -> Sandbox {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/betterform.toml", &format!("[stage.one]\n{settings}\n"));
    sandbox
}

/// Applies, and gives the calls.
#[track_caller]
fn apply(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls()
}

#[track_caller]
fn settle(sandbox: &Sandbox) {
    apply(sandbox);
    is_settled(sandbox);
}

#[track_caller]
fn is_settled(sandbox: &Sandbox) {
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(apply(sandbox), [""; 0]);
}

/// Asserts that the plan gives a reason, that exactly these stages run, and that nothing is to be done then.
#[track_caller]
fn runs(sandbox: &Sandbox, reason: &str, calls: &[&str]) {
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says(reason);
    assert_eq!(apply(sandbox), calls);
    is_settled(sandbox);
}

#[test]
fn files_that_the_settings_declare_count() {
    let mut sandbox =
        with_settings("inputs = [\"$APP_ROOT/modules/**\", \"../extra/one.txt\", \"../none/*.x\"]");
    let root = sandbox.path("elsewhere");
    sandbox.set("APP_ROOT", root.to_str().unwrap());
    sandbox.file("elsewhere/modules/a/main.tf", "a\n");
    sandbox.file("elsewhere/beside", "b\n");
    sandbox.file("extra/one.txt", "1\n");
    settle(&sandbox);

    sandbox.file("elsewhere/modules/a/main.tf", "changed\n");
    runs(
        &sandbox,
        "file $APP_ROOT/modules/a/main.tf changed",
        &["one up"],
    );
    sandbox.file("elsewhere/modules/b/new.tf", "new\n");
    runs(
        &sandbox,
        "file $APP_ROOT/modules/b/new.tf added",
        &["one up"],
    );
    sandbox.remove("elsewhere/modules/b");
    runs(
        &sandbox,
        "file $APP_ROOT/modules/b/new.tf removed",
        &["one up"],
    );
    sandbox.file("extra/one.txt", "2\n");
    runs(&sandbox, "file ../extra/one.txt changed", &["one up"]);
    sandbox.file("none/now.x", "x\n");
    runs(&sandbox, "file ../none/now.x added", &["one up"]);
    sandbox.file("elsewhere/beside", "changed\n");
    is_settled(&sandbox);
}

#[test]
fn declared_outputs_belong_to_their_stage_and_reach_its_dependents() {
    let sandbox = Sandbox::with_dag(&[("one", ""), ("after", "one"), ("other", "")]);
    sandbox.ctl(
        "one",
        &format!("{CTL}f=top; cp value \"$OUTPUT_DIR/$f.json\"\n"),
    );
    sandbox.file("lib/one/value", "1\n");
    sandbox.file(
        "lib/betterform.toml",
        "[stage.one]\noutputs = [\"top.*\"]\n",
    );
    settle(&sandbox);
    sandbox.file("dep/output/top.json", "edited\n");
    runs(&sandbox, "its output top.json was edited", &["one up"]);
    sandbox.remove("dep/output/top.json");
    runs(&sandbox, "its output top.json was deleted", &["one up"]);
    sandbox.file("lib/one/value", "2\n");
    runs(&sandbox, "template value changed", &["one up", "after up"]);
    sandbox.file("dep/output/unowned.json", "1\n");
    is_settled(&sandbox);
}

#[test]
fn declared_shared_files_replace_the_rule() {
    let sandbox = with_settings("shared = [\"scripts/**\"]");
    sandbox.ctl("one", &format!("{CTL}: \"$IMPL_DIR/common.sh\"\n"));
    sandbox.file("lib/common.sh", "1\n");
    sandbox.file("lib/scripts/deep/tool", "1\n");
    settle(&sandbox);
    sandbox.file("lib/common.sh", "2\n");
    is_settled(&sandbox);
    sandbox.file("lib/scripts/deep/tool", "2\n");
    runs(&sandbox, "shared scripts/deep/tool changed", &["one up"]);
    sandbox.file("lib/scripts/more", "1\n");
    runs(&sandbox, "shared scripts/more added", &["one up"]);
}

#[test]
fn leftovers_and_ignored_files_of_a_library_do_not_count() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.ctl("one", &format!("{CTL}ls \"$IMPL_DIR\" > /dev/null\n"));
    sandbox.file("lib/.gitignore", "*.log\n");
    sandbox.file("lib/common.sh", "1\n");
    settle(&sandbox);
    sandbox.file("lib/debug.log", "1\n");
    sandbox.file("lib/__pycache__/x", "1\n");
    sandbox.file("lib/x.pyc", "1\n");
    sandbox.file("lib/common.sh~", "1\n");
    is_settled(&sandbox);
    sandbox.file("lib/new.sh", "1\n");
    runs(&sandbox, "shared new.sh added", &["one up"]);
}

#[test]
fn the_configuration_counts_as_the_settings_say() {
    for (setting, mentioned, calls) in [
        ("config = [\"net.cidr\"]", false, &["", "one up"]),
        ("config = \"all\"", false, &["one up", "one up"]),
        ("config = \"stamped\"", true, &["", ""]),
        ("", true, &["one up", "one up"]),
        ("", false, &["", ""]),
    ] {
        let sandbox = with_settings(setting);
        if mentioned {
            let ctl = format!("{CTL}cat \"$CONFIG_JSON_FILE\" > /dev/null\n");
            sandbox.ctl("one", &ctl);
        }
        for (round, config) in ["{ net: { cidr: 1 }, x: 1 }", "{ net: { cidr: 1 }, x: 2 }"]
            .into_iter()
            .chain(["{ net: { cidr: 2 }, x: 2 }"])
            .enumerate()
        {
            sandbox.file("dep/config.jsonnet", config);
            let ran = apply(&sandbox).join(" ");
            let expected = match round {
                0 => "one up other up",
                round => calls[round - 1],
            };
            assert_eq!(ran, expected, "{setting} {config}");
        }
    }
}

#[test]
fn a_stage_that_is_always_stale_runs_every_time() {
    let sandbox = with_settings("always = true");
    apply(&sandbox);
    for _ in 0..2 {
        sandbox.run(&["plan"]).exits(0).says("always");
        assert_eq!(apply(&sandbox), ["one up"]);
    }
}

#[test]
fn declared_variables_count_and_excluded_ones_do_not() {
    let mut sandbox = with_settings("env = [\"APP_*\", \"!APP_DEBUG\", \"LANG\"]");
    sandbox.ctl("one", &format!("{CTL}: \"${{APP_DEBUG:-}}\"\n"));
    settle(&sandbox);
    sandbox.set("APP_DEBUG", "1");
    sandbox.set("OTHER", "1");
    sandbox.set("LC_ALL", "C");
    is_settled(&sandbox);
    sandbox.set("APP_SIZE", "1");
    runs(&sandbox, "env APP_SIZE set", &["one up"]);
    sandbox.set("APP_SIZE", "2");
    runs(&sandbox, "env APP_SIZE changed", &["one up"]);
    sandbox.unset("APP_SIZE");
    runs(&sandbox, "env APP_SIZE unset", &["one up"]);
    sandbox.set("LANG", "C");
    runs(&sandbox, "env LANG set", &["one up"]);
}

#[test]
fn what_ctl_reports_counts_from_then_on() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("elsewhere/a", "1\n");
    sandbox.ctl(
        "one",
        &format!(
            "{CTL}here=$(dirname \"$OUTPUT_DIR\")/..; name=APP; name=${{name}}_LATE
[ \"$1\" = up ] && printf '%s\\n$%s\\n' \"$here/elsewhere/a\" \"$name\" >> \"$BETTERFORM_INPUTS_FILE\"
"
        ),
    );
    settle(&sandbox);
    sandbox.file("elsewhere/a", "2\n");
    runs(&sandbox, "elsewhere/a changed", &["one up"]);
    sandbox.set("APP_LATE", "1");
    runs(&sandbox, "env APP_LATE set", &["one up"]);
    sandbox.relocate();
    is_settled(&sandbox);
    sandbox.remove("elsewhere/a");
    runs(&sandbox, "elsewhere/a removed", &["one up"]);

    sandbox.ctl("one", CTL);
    runs(&sandbox, "template ctl changed", &["one up"]);
    sandbox.file("elsewhere/a", "3\n");
    sandbox.unset("APP_LATE");
    is_settled(&sandbox);
}

#[test]
fn where_ctl_is_started_counts() {
    let sandbox = with_settings("timeout = \"60s\"");
    sandbox.ctl(
        "one",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/one\"; pwd > \"$OUTPUT_DIR/one/where\"\n"),
    );
    settle(&sandbox);
    assert!(
        sandbox
            .read("dep/output/one/where")
            .ends_with("/genfiles/one\n")
    );
    sandbox.file(
        "lib/betterform.toml",
        "[stage.one]\nctl_cwd = \"caller\"\ntimeout = \"50s\"\nretries = 1\n",
    );
    runs(&sandbox, "setting ctl_cwd", &["one up"]);
    assert!(sandbox.read("dep/output/one/where").ends_with("/dep\n"));
    sandbox.file("lib/betterform.toml", "[stage.one]\nctl_cwd = \"caller\"\n");
    is_settled(&sandbox);
}

#[test]
fn a_file_elsewhere_that_the_text_names_counts() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    let root = sandbox.path("elsewhere");
    sandbox.set("APP_ROOT", root.to_str().unwrap());
    sandbox.file("elsewhere/tool.sh", "echo 1\n");
    sandbox.ctl("one", &format!("{CTL}sh \"$APP_ROOT/tool.sh\"\n"));
    settle(&sandbox);
    sandbox.file("elsewhere/tool.sh", "echo 2\n");
    runs(&sandbox, "file ${APP_ROOT}/tool.sh changed", &["one up"]);
    sandbox.file("elsewhere/unnamed", "1\n");
    is_settled(&sandbox);
}

#[test]
fn an_output_that_no_stage_owns_counts_where_it_is_named() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.ctl("one", &format!("{CTL}cat \"$OUTPUT_DIR/by_hand.json\"\n"));
    sandbox.file("dep/output/by_hand.json", "1\n");
    settle(&sandbox);
    sandbox.file("dep/output/by_hand.json", "2\n");
    runs(
        &sandbox,
        "file $OUTPUT_DIR/by_hand.json changed",
        &["one up"],
    );
}

#[test]
fn what_ancestors_generated_counts_where_genfiles_is_mentioned() {
    let sandbox = Sandbox::with_dag(&[("cluster", ""), ("app", "cluster"), ("plain", "cluster")]);
    let up = "if [ \"$1\" = up ]; then cp conf kubeconfig; date > .hidden; date > run.log; fi\n";
    sandbox.ctl("cluster", &format!("{CTL}{up}"));
    sandbox.file("lib/cluster/conf", "one\n");
    sandbox.ctl(
        "app",
        &format!("{CTL}[ \"$1\" = down ] || cat \"$GENFILES/cluster/kubeconfig\"\n"),
    );
    settle(&sandbox);

    sandbox.file("lib/cluster/conf", "two\n");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("template conf changed");
    assert_eq!(apply(&sandbox), ["cluster up", "app up"]);
    is_settled(&sandbox);
    sandbox.run(&["apply", "cluster", "--force"]).exits(0);
    assert_eq!(sandbox.calls(), ["cluster up"]);
    is_settled(&sandbox);
}

#[test]
fn a_mention_of_its_own_genfiles_makes_no_others_count() {
    let sandbox = Sandbox::with_dag(&[("cluster", ""), ("app", "cluster")]);
    sandbox.file("lib/cluster/conf", "one\n");
    sandbox.ctl(
        "app",
        &format!("{CTL}ls \"$GENFILES/$STAGE_NAME\" > /dev/null\n"),
    );
    settle(&sandbox);
    sandbox.file("lib/cluster/conf", "two\n");
    runs(&sandbox, "template conf changed", &["cluster up"]);
}

#[test]
fn a_file_that_a_later_stage_rewrites_makes_who_read_it_stale() {
    let sandbox = Sandbox::with_dag(&[("owner", ""), ("reader", "owner"), ("rewriter", "reader")]);
    let write = "mkdir -p \"$OUTPUT_DIR/owner\"; cp value \"$OUTPUT_DIR/owner/shared.txt\"\n";
    for stage in ["owner", "rewriter"] {
        sandbox.ctl(stage, &format!("{CTL}{write}"));
        sandbox.file(&format!("lib/{stage}/value"), &format!("of {stage}\n"));
    }
    sandbox
        .run(&["apply", "-j1"])
        .exits(0)
        .says("outputs of `owner` were rewritten by `rewriter`")
        .says("stages that read what `owner` had written are stale");
    assert_eq!(sandbox.calls(), ["owner up", "reader up", "rewriter up"]);
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("output owner/shared.txt changed")
        .says("reader")
        .never_says("owner  stale");
    sandbox.run(&["apply", "-j1"]).exits(0);
    let calls = sandbox.calls();
    assert!(calls.contains(&"reader up".to_owned()), "{calls:?}");
    assert!(!calls.contains(&"owner up".to_owned()), "{calls:?}");
    is_settled(&sandbox);
}

#[test]
fn an_input_that_changes_while_ctl_runs_makes_its_stage_stale() {
    let sandbox = with_settings("inputs = [\"../extra\"]");
    sandbox.file("extra", "1\n");
    sandbox.ctl(
        "one",
        &format!("{CTL}[ -e \"$OUTPUT_DIR/../done\" ] || echo 2 > \"$OUTPUT_DIR/../../extra\"\ntouch \"$OUTPUT_DIR/../done\"\n"),
    );
    apply(&sandbox);
    runs(&sandbox, "file ../extra changed", &["one up"]);
}

#[test]
fn a_stamped_file_that_was_edited_or_deleted() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/one/conf", "1\n");
    settle(&sandbox);
    sandbox.file("dep/genfiles/one/conf", "edited\n");
    runs(&sandbox, "stamped", &["one up"]);
    assert_eq!(sandbox.read("dep/genfiles/one/conf"), "1\n");
    sandbox.remove("dep/genfiles/one/conf");
    is_settled(&sandbox);
}

#[test]
fn what_an_ancestor_changes_while_it_runs_counts_in_the_same_run() {
    let mut sandbox = Sandbox::with_dag(&[("first", ""), ("second", "first"), ("third", "second")]);
    let root = sandbox.path("elsewhere");
    sandbox.set("APP_ROOT", root.to_str().unwrap());
    sandbox.file("elsewhere/number", "1\n");
    // The first stage changes, on its next run, a file that is no output, and that only the text of the third names.
    sandbox.ctl(
        "first",
        &format!("{CTL}cat ./number > ../../../elsewhere/number\n"),
    );
    sandbox.file("lib/first/number", "1\n");
    sandbox.ctl("third", &format!("{CTL}cat \"$APP_ROOT/number\"\n"));
    settle(&sandbox);
    sandbox.file("lib/first/number", "2\n");
    assert_eq!(apply(&sandbox), ["first up", "third up"]);
    is_settled(&sandbox);
}

#[test]
fn a_new_shared_file_that_nobody_mentions_is_looked_into_once() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/common.sh", "echo 1\n");
    settle(&sandbox);
    sandbox.file("lib/new.sh", "echo 2\n");
    let events = |stdout: &str| -> Vec<String> {
        let stage = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event
                .get("stage")
                .map(|_| event["event"].as_str().unwrap().to_owned())
        };
        stdout.lines().filter_map(stage).collect()
    };
    let ran = sandbox.run(&["apply", "--json"]).exits(0);
    assert_eq!(events(&ran.stdout), ["stage-restamped"; 2]);
    let ran = sandbox.run(&["apply", "--json"]).exits(0);
    assert_eq!(events(&ran.stdout), ["stage-up-to-date"; 2]);
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_path_that_is_put_behind_the_output_directory_is_no_input_of_its_own() {
    let sandbox = Sandbox::with_dag(&[("one", ""), ("other", "one")]);
    sandbox.ctl(
        "one",
        &format!(
            "{CTL}mkdir -p \"$OUTPUT_DIR/one\"; echo '{{\"a\": 1}}' > \"$OUTPUT_DIR/one/x.json\"\n"
        ),
    );
    let read = "{{ (print .Env.OUTPUT_DIR \"/one/x.json\" | file.Read | json).a }}\n";
    sandbox.file("lib/other/conf", read);
    settle(&sandbox);
    let told = sandbox.run(&["plan", "-v"]).exits(0);
    told.says("one/x.json").never_says(" /one/x.json");
}
