//! Datasources: what a template reads from elsewhere makes its stage stale, and is named.

use crate::sandbox::Sandbox;

/// Two stages; the templates of the first are those of the test.
fn with_template(text: &str) -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("one", ""), ("other", "")]);
    sandbox.file("lib/one/main.tf", text);
    sandbox
}

#[track_caller]
fn settle(sandbox: &Sandbox) {
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    is_settled(sandbox);
}

#[track_caller]
fn is_settled(sandbox: &Sandbox) {
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), [""; 0]);
}

/// Asserts that the plan gives a reason, that the first stage alone runs, and that nothing is to be done then.
#[track_caller]
fn runs(sandbox: &Sandbox, reason: &str) {
    sandbox
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says(reason);
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
    is_settled(sandbox);
}

#[test]
fn a_file_counts_and_only_where_the_result_changes() {
    let sandbox =
        with_template("{{ defineDatasource \"net\" \"data/net.json\" }}{{ (ds \"net\").cidr }}\n");
    sandbox.file("dep/data/net.json", "{\"cidr\": \"10.0.0.0/8\"}");
    settle(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "10.0.0.0/8\n");
    sandbox.file("dep/data/net.json", "{\"cidr\": \"10.0.0.0/16\"}");
    runs(&sandbox, "file data/net.json changed");
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "10.0.0.0/16\n");
    sandbox.file("dep/data/net.json", "{\"cidr\": \"10.0.0.0/16\", \"x\": 1}");
    is_settled(&sandbox);
}

#[test]
fn what_the_configuration_of_gomplate_names_counts() {
    let sandbox = with_template("{{ .extra.k }} {{ template \"row\" (ds \"list\") }}\n");
    sandbox.file(
        "lib/one/.gomplate.yaml",
        "context: {extra: {url: extra.json}}\ndatasources: {list: {url: ../shared/list.json}}\n\
         templates: {row: {url: row.tmpl}}\n",
    );
    sandbox.file("dep/extra.json", "{\"k\": 1}");
    sandbox.file("shared/list.json", "[1]");
    sandbox.file("dep/row.tmpl", "<{{ . }}>");
    settle(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "1 <[1]>\n");
    sandbox.file("dep/extra.json", "{\"k\": 2}");
    runs(&sandbox, "file extra.json changed");
    sandbox.file("shared/list.json", "[1, 2]");
    runs(&sandbox, "list.json changed");
    sandbox.file("dep/row.tmpl", "[{{ . }}]");
    runs(&sandbox, "file row.tmpl changed");
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "2 [[1 2]]\n");
}

#[test]
fn directories_count_with_what_is_in_them() {
    let sandbox = with_template("{{ defineDatasource \"d\" \"data/\" }}{{ ds \"d\" }}\n");
    sandbox.file("dep/data/a", "1");
    settle(&sandbox);
    sandbox.file("dep/data/b", "1");
    runs(&sandbox, "file data");
    std::fs::create_dir(sandbox.path("dep/data/empty")).unwrap();
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["one up"]);
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "[a b empty]\n");
}

#[test]
fn variables_count_and_the_files_that_they_name() {
    let mut sandbox =
        with_template("{{ ds \"env:APP_TIER\" }} {{ include \"env:///APP_TOKEN\" }}\n");
    sandbox.set("APP_TIER", "one");
    let file = sandbox.path("token");
    sandbox.set("APP_TOKEN_FILE", file.to_str().unwrap());
    sandbox.file("token", " first \n");
    settle(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "one first\n");
    sandbox.set("APP_TIER", "two");
    runs(&sandbox, "env APP_TIER changed");
    sandbox.file("token", "second");
    runs(&sandbox, "token changed");
    sandbox.set("APP_TOKEN", "third");
    runs(&sandbox, "env APP_TOKEN set");
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "two third\n");
}

#[test]
fn a_file_that_is_not_there_yet_counts() {
    let sandbox = with_template(
        "{{ defineDatasource \"d\" \"later.json\" }}{{ if datasourceReachable \"d\" }}{{ (ds \"d\").k }}{{ else }}none{{ end }}\n",
    );
    settle(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "none\n");
    sandbox.file("dep/later.json", "{\"k\": \"there\"}");
    runs(&sandbox, "file later.json");
    assert_eq!(sandbox.read("dep/genfiles/one/main.tf"), "there\n");
    sandbox.remove("dep/later.json");
    runs(&sandbox, "file later.json");
}

#[test]
fn each_use_that_needs_gomplate_is_named() {
    let mut sandbox = with_template(
        "plain\n{{ defineDatasource \"web\" \"https://example.org/x.json\" }}{{ (ds \"web\").a }}\n",
    );
    sandbox.file(
        "lib/one/other.tf",
        "{{ ds \"shop\" }} {{ aws.Account }}\n{{ ds \"here\" }}\n",
    );
    sandbox.file(
        "lib/one/.gomplate.yaml",
        "datasources:\n  shop: {url: \"vault:///secret/shop\"}\n  here: {url: here.json}\n",
    );
    sandbox.file("dep/here.json", "{}");
    sandbox.set("PATH", "/usr/bin:/bin");
    sandbox.set("GOMPLATE", "");
    let ran = sandbox.run(&["stamp", "one"]).exits(1);
    let ran = ran.says("the datasource `web` has the scheme `https`");
    let ran = ran.says("one/main.tf:2:4").says("one/main.tf:2:62");
    let ran = ran.says("the datasource `shop` has the scheme `vault`");
    let ran = ran
        .says("one/other.tf:1:4")
        .says("`aws.Account` is not embedded");
    ran.says("install gomplate").never_says("`here`");
    assert!(!sandbox.exists("dep/genfiles/one/main.tf"));
}

#[test]
fn a_plan_says_why_gomplate_renders_a_stage() {
    if std::env::var_os("GOMPLATE").is_none_or(|path| path.is_empty()) {
        return crate::badinput::skip("no gomplate (`GOMPLATE`) to hand a stage over to");
    }
    let sandbox = with_template("plain\n{{ toCUE (dict \"a\" 1) }} {{ cue \"{}\" }}\n");
    let why = "\n      one/main.tf:2:4: gomplate is needed: `toCUE` is not embedded\n      one/main.tf:2:";
    let plan = sandbox.run(&["plan", "-v"]).exits(0);
    let plan = plan.says("    stamper: gomplate 5.").says(why);
    let plan = plan.says("    stamper: embedded ");
    plan.says("`cue` is not embedded");
    let document = sandbox.run(&["plan", "-v", "--json"]).json();
    let stages = &document["stages"];
    let because = stages[0]["stamper_because"].as_array().map(Vec::len);
    assert_eq!(
        (because, &stages[1]["stamper_because"]),
        (Some(2), &serde_json::Value::Null)
    );
    let plan = sandbox
        .run(&["--stamper", "gomplate", "plan", "-v"])
        .exits(0);
    plan.says("      `stamper` is `gomplate`\n");
    sandbox.run(&["apply"]).exits(0);
    let explained = sandbox.run(&["explain", "one"]).exits(0);
    explained.says("\n  one/main.tf:2:4: gomplate is needed: `toCUE` is not embedded\n");
}

#[test]
fn one_process_of_gomplate_renders_all_files_of_a_stage() {
    let Some(gomplate) = std::env::var_os("GOMPLATE").filter(|path| !path.is_empty()) else {
        return crate::badinput::skip("no gomplate (`GOMPLATE`) to hand a stage over to");
    };
    let mut sandbox = with_template("{{ toCUE (dict \"a\" 1) }}\n");
    for name in ["a", "b/c", "b/d", "b/e"] {
        sandbox.file(&format!("lib/one/{name}"), "{{ print 1 }}\n");
    }
    let counting = format!(
        "#!/bin/sh\necho \"$1\" >> {}\nexec {} \"$@\"\n",
        sandbox.path("started").display(),
        gomplate.display()
    );
    sandbox.file("counting", &counting);
    sandbox.executable("counting", true);
    let counting = sandbox.path("counting");
    sandbox.set("GOMPLATE", counting.to_str().unwrap());
    sandbox.run(&["apply"]).exits(0);
    let started = sandbox.read("started");
    let renders = started.lines().filter(|first| *first != "--version");
    assert_eq!(renders.count(), 1, "{started}");
    assert_eq!(sandbox.read("dep/genfiles/one/b/e"), "1\n");
}

#[test]
fn a_missing_file_is_shown_where_it_is_used() {
    let sandbox = with_template("a\n  {{ include \"file:///no/such/file\" }}\n");
    let ran = sandbox.run(&["stamp", "one"]).exits(1);
    ran.says("one/main.tf:2:6").says("/no/such/file");
    let sandbox = with_template("{{ .extra }}\n");
    sandbox.file(
        "lib/one/.gomplate.yaml",
        "context:\n  extra: {url: no.json}\n",
    );
    let ran = sandbox.run(&["stamp", "one"]).exits(1);
    ran.says("one/.gomplate.yaml:2:3")
        .says("`extra` cannot be read");
}

/// gomplate quotes the whole document in its message.
#[test]
fn a_document_that_cannot_be_parsed_is_not_shown() {
    let Some(gomplate) = std::env::var_os("GOMPLATE").filter(|path| !path.is_empty()) else {
        return crate::badinput::skip("no gomplate (`GOMPLATE`) to fail on a document");
    };
    let cases = [
        (
            "d.json",
            "{\"password\": \"hunter2-topsecret\",, ]",
            "unable to unmarshal array: yaml: ",
        ),
        (
            "d.toml",
            "password = 'hunter2-topsecret\nb = 1",
            "unable to unmarshal object: Near line 1",
        ),
        (
            "d.env",
            "A=1\nB!C=hunter2-topsecret\n",
            "in variable name near (not shown)",
        ),
    ];
    for (file, text, reason) in cases {
        let source = format!("{{{{ defineDatasource \"d\" \"{file}\" }}}}{{{{ (ds \"d\").a }}}}\n");
        let mut sandbox = with_template(&source);
        sandbox.set("GOMPLATE", gomplate.to_str().expect("UTF-8"));
        sandbox.file(&format!("dep/{file}"), text);
        for stamper in ["gomplate", "auto"] {
            let ran = sandbox.run(&["plan", "--stamper", stamper]).exits(1);
            let shown = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!shown.contains("topsecret"), "{stamper}: {shown}");
            assert!(
                shown.contains(reason) || stamper == "auto",
                "{stamper}: {shown}"
            );
        }
    }
}
