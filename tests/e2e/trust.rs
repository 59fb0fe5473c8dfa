//! Ways in which a stage could be taken for up to date although it is not: each was tried, and some were true once.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use crate::sandbox::{CTL, Sandbox, find};

/// Two stages; the first is the one that the tests look at.
const ONE: [(&str, &str); 2] = [("one", ""), ("other", "")];

/// Applies, and gives the calls.
#[track_caller]
fn apply(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls()
}

#[track_caller]
fn settle(sandbox: &Sandbox) {
    apply(sandbox);
    assert_eq!(apply(sandbox), [""; 0]);
}

/// Asserts that exactly these stages run, and that nothing is to be done then.
#[track_caller]
fn runs(sandbox: &Sandbox, calls: &[&str]) {
    assert_eq!(apply(sandbox), calls);
    assert_eq!(apply(sandbox), [""; 0]);
}

#[test]
fn a_library_path_of_jsonnet_that_is_a_link_led_elsewhere() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("v1/x.libsonnet", "{ a: 1 }");
    sandbox.file("v2/x.libsonnet", "{ a: 2 }");
    symlink("v1", sandbox.path("vendor")).unwrap();
    sandbox.file("dep/config.jsonnet", "import '../vendor/x.libsonnet'");
    sandbox.file("lib/one/conf", "{{ .cfg.a }}");
    settle(&sandbox);
    sandbox.remove("vendor");
    symlink("v2", sandbox.path("vendor")).unwrap();
    runs(&sandbox, &["one up"]);
}

#[test]
fn keys_with_a_full_stop_are_not_paths() {
    for (before, after) in [
        ("{ 'a.b': 1 }", "{ a: { b: 1 } }"),
        ("{ 'a.b': 1, a: { b: 2 } }", "{ 'a.b': 3, a: { b: 2 } }"),
        ("{ 'a.b': 1, a: { b: 2 } }", "{ 'a.b': 1, a: { b: 3 } }"),
        ("{ a: { '': 1 } }", "{ a: { '.': 1 } }"),
    ] {
        let sandbox = Sandbox::with_dag(&ONE);
        sandbox.file("dep/config.jsonnet", before);
        let ctl = format!("{CTL}cat \"$CONFIG_JSON_FILE\" > /dev/null\n");
        sandbox.ctl("one", &ctl);
        settle(&sandbox);
        sandbox.file("dep/config.jsonnet", after);
        assert_eq!(apply(&sandbox), ["one up"], "{before} {after}");
    }
}

/// Templates, each with two configurations for which it renders differently. `C` stands for `.cfg` and a key of the case's own.
const FORMS: &str = r#"
{{ len C.l }} | { l: [1] } | { l: [1, 2] }
{{ has C "x" }} | {} | { x: 1 }
{{ has C.m "x" }} | { m: { y: 1 } } | { m: { y: 1, x: 1 } }
{{ range $k, $v := C.m }}{{ $k }}{{ end }} | { m: { a: 1 } } | { m: { a: 1, b: 1 } }
{{ range C.m }}x{{ end }} | { m: { a: 1 } } | { m: { a: 1, b: 1 } }
{{ range C.l }}x{{ end }} | { l: [1] } | { l: [1, 2] }
{{ if C.m }}y{{ end }}n | { m: {} } | { m: { a: 1 } }
{{ with C.m }}{{ .a }}{{ end }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ $m := C }}{{ $m.a }} | { a: 1 } | { a: 2 }
{{ index C.l 1 }} | { l: [1, 2] } | { l: [1, 3] }
{{ (index C.l 0).a }} | { l: [{ a: 1 }] } | { l: [{ a: 3 }] }
{{ index C "m" "a" }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ toJSON C.m }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ C | toYAML }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ join (keys C.m) "," }} | { m: { a: 1 } } | { m: { b: 1 } }
{{ eq C.a C.b }} | { a: 1, b: 2 } | { a: 2, b: 2 }
{{ eq (toJSON C.a) (toJSON C.b) }} | { a: { x: 1 }, b: { x: 2 } } | { a: { x: 2 }, b: { x: 2 } }
{{ if eq C.a 1 }}{{ C.b }}{{ else }}{{ C.c }}{{ end }} | { a: 1, b: 1, c: 1 } | { a: 2, b: 1, c: 3 }
{{ define "t" }}{{ .x }}{{ end }}{{ template "t" C.m }} | { m: { x: 1 } } | { m: { x: 2 } }
{{ tmpl.Inline "{{ .x }}" C.m }} | { m: { x: 1 } } | { m: { x: 2 } }
{{ . | toJSON | len }} | { m: 1 } | { m: 1000 }
{{ range $k, $v := . }}{{ if eq $k "cfg" }}{{ $v | toJSON }}{{ end }}{{ end }} | { a: 1 } | { a: 2 }
{{ print C.m }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ printf "%v" C.m }} | { m: { a: 1 } } | { m: { a: 2 } }
{{ (coll.Merge C.m C.n).a }} | { m: { b: 1 }, n: { a: 1 } } | { m: { a: 4 }, n: { a: 1 } }
{{ index C "a.b" }} | { 'a.b': 1 } | { 'a.b': 2 }
{{ (index C.m "a.b").c }} | { m: { 'a.b': { c: 1 } } } | { m: { 'a.b': { c: 2 } } }
{{ index C.m "a[0]" }} | { m: { 'a[0]': 1 } } | { m: { 'a[0]': 2 } }
{{ default 1 C.m.x }} | { m: { x: '' } } | { m: { x: 5 } }
{{ C.a | ternary 1 2 }} | { a: true } | { a: false }
{{ slice C.l 0 1 }} | { l: [1, 2] } | { l: [3, 2] }
{{ range $i, $e := C.l }}{{ with $e.x }}{{ . }}{{ end }}{{ end }} | { l: [{ x: 1 }] } | { l: [{ x: 2 }] }
{{ and C.a C.b }} | { a: 1, b: 1 } | { a: 1, b: 2 }
{{ or C.a C.b }} | { a: 0, b: 1 } | { a: 0, b: 2 }
{{ $x := C.m }}{{ range $x.l }}{{ $C.y }}{{ end }} | { m: { l: [1] }, y: 1 } | { m: { l: [1] }, y: 2 }
"#;

fn forms() -> Vec<[String; 3]> {
    // All that a template is given, the environment too, only gomplate makes JSON of.
    let is_embedded = |line: &&str| !line.starts_with("{{ . | toJSON");
    let has_gomplate = find("gomplate").is_some();
    let lines = FORMS.trim().lines();
    let lines = lines
        .filter(|line| has_gomplate || is_embedded(line))
        .enumerate();
    let case = |(at, line): (usize, &str)| {
        let parts: Vec<&str> = line.split(" | {").collect();
        let behind = |part: &str| format!("{{{part}");
        let [template, before, after] = parts[..] else {
            panic!("{line}");
        };
        let template = template.replace('C', &format!(".cfg.c{at}"));
        [template, behind(before), behind(after)]
    };
    lines.map(case).collect()
}

/// A deployment of a stage for each form.
fn library_of_forms(forms: &[[String; 3]]) -> Sandbox {
    let names: Vec<String> = (0..forms.len()).map(|at| format!("s{at}")).collect();
    let dag: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let sandbox = Sandbox::with_dag(&dag);
    for (name, [template, ..]) in names.iter().zip(forms) {
        sandbox.file(&format!("lib/{name}/conf"), &format!("x{template}"));
    }
    sandbox
}

#[test]
fn what_a_template_reads_of_the_configuration_counts_in_every_form() {
    let forms = forms();
    let stamped = |sandbox: &Sandbox| -> Vec<String> {
        let stages = 0..forms.len();
        stages
            .map(|at| sandbox.read(&format!("dep/genfiles/s{at}/conf")))
            .collect()
    };
    let sandbox = library_of_forms(&forms);
    let mut seen = Vec::new();
    for round in [1, 2, 1] {
        let fresh = library_of_forms(&forms);
        let values = forms.iter().enumerate();
        let values: Vec<_> = values
            .map(|(at, form)| format!("c{at}: {}", form[round]))
            .collect();
        let config = format!("{{ {} }}", values.join(", "));
        for place in [&sandbox, &fresh] {
            place.file("dep/config.jsonnet", &config);
            place.run(&["apply"]).exits(0);
        }
        assert_eq!(stamped(&sandbox), stamped(&fresh));
        seen.push(stamped(&fresh));
    }
    for (at, form) in forms.iter().enumerate() {
        assert_ne!(seen[0][at], seen[1][at], "{form:?} shows nothing");
    }
}

#[test]
fn what_a_template_reads_of_files_counts() {
    let walk = "{{ file.Walk \"../x\" }}n";
    let list = "{{ range file.ReadDir \"../x\" }}{{ . }} {{ end }}n";
    let cases = [
        (
            "{{ if file.Exists \"../x/new\" }}y{{ end }}n",
            "touch x/new",
        ),
        ("{{ if file.IsDir \"../x/new\" }}y{{ end }}n", "mkdir x/new"),
        (list, "touch x/new"),
        (list, "mkdir x/new"),
        (list, "rmdir x/empty"),
        (walk, "touch x/empty/new"),
        (walk, "mkdir x/empty/new"),
        (walk, "rmdir x/empty"),
        ("{{ (file.Stat \"../x/f\").Size }}", "echo 22 > x/f"),
        ("{{ (file.Stat \"../x/f\").Mode }}", "chmod o-r x/f"),
        ("{{ (file.Stat \"../x\").Mode }}", "chmod o-r x"),
        (
            "{{ (file.Stat \"../x/f\").ModTime }}",
            "touch -t 200102030405 x/f",
        ),
        ("{{ file.Read \"../x/f\" }}", "echo 2 > x/f"),
        ("{{ file.Read \"../x/l/f\" }}", "echo 2 > y/f"),
        (
            "{{ file.Read (print .Env.OUTPUT_DIR \"/other/../f\") }}",
            "echo 2 > dep/output/f",
        ),
    ];
    for (template, change) in cases {
        let sandbox = Sandbox::with_dag(&[("other", ""), ("one", "other")]);
        sandbox.ctl("other", &format!("{CTL}mkdir -p \"$OUTPUT_DIR/other\"\n"));
        for file in ["x/f", "y/f", "dep/output/f", "dep/output/other/out"] {
            sandbox.file(file, "1");
        }
        fs::create_dir(sandbox.path("x/empty")).unwrap();
        symlink("../y", sandbox.path("x/l")).unwrap();
        sandbox.file("lib/one/conf", template);
        settle(&sandbox);
        let mut shell = std::process::Command::new("sh");
        let status = shell
            .args(["-c", change])
            .current_dir(sandbox.root())
            .status();
        assert!(status.unwrap().success());
        assert_eq!(apply(&sandbox), ["one up"], "{template} {change}");
    }
}

#[test]
fn a_file_behind_a_link_in_an_ancestors_outputs_counts() {
    let sandbox = Sandbox::with_dag(&[("a", ""), ("b", "a")]);
    sandbox.file("data/x", "1");
    sandbox.ctl(
        "a",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/a\"; ln -sfn ../../../data \"$OUTPUT_DIR/a/d\"\n"),
    );
    sandbox.file(
        "lib/b/conf",
        "{{ file.Read (print .Env.OUTPUT_DIR \"/a/d/x\") }}",
    );
    settle(&sandbox);
    sandbox.file("data/x", "2");
    runs(&sandbox, &["b up"]);
}

#[test]
fn declared_inputs_are_followed_through_links() {
    for inputs in ["../extra/**", "../extra", "../extra/*/f"] {
        let sandbox = Sandbox::with_dag(&ONE);
        sandbox.file("lib/betterform.toml", "");
        sandbox.file(
            "dep/betterform.toml",
            &format!("[stage.one]\ninputs = [\"{inputs}\"]\n"),
        );
        sandbox.file("data/f", "1");
        sandbox.file("extra/g", "1");
        symlink("../data", sandbox.path("extra/d")).unwrap();
        settle(&sandbox);
        sandbox.file("data/f", "2");
        assert_eq!(apply(&sandbox), ["one up"], "{inputs}");
    }
}

#[test]
fn whether_a_declared_input_is_executable_counts() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file(
        "dep/betterform.toml",
        "[stage.one]\ninputs = [\"../extra/tool\"]\n",
    );
    sandbox.file("extra/tool", "1");
    settle(&sandbox);
    sandbox.executable("extra/tool", true);
    runs(&sandbox, &["one up"]);
}

#[test]
fn more_paths_than_are_remembered() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    let root = sandbox.path("elsewhere");
    sandbox.set("APP_ROOT", root.to_str().unwrap());
    let mut ctl = format!("{CTL}exit 0\n");
    for n in 0..1500 {
        ctl.push_str(&format!("cat $APP_ROOT/f{n:04}\n"));
    }
    sandbox.ctl("one", &ctl);
    for n in 0..1500 {
        sandbox.file(&format!("elsewhere/f{n:04}"), "1");
    }
    settle(&sandbox);
    sandbox.file("elsewhere/f1400", "2");
    runs(&sandbox, &["one up"]);
}

#[test]
fn an_output_that_somebody_edits_during_a_run_makes_its_owner_stale() {
    for act in ["echo edited >", "rm"] {
        let sandbox = Sandbox::with_dag(&[("owner", ""), ("slow", "owner")]);
        sandbox.ctl(
            "owner",
            &format!("{CTL}mkdir -p \"$OUTPUT_DIR/owner\"; echo 1 > \"$OUTPUT_DIR/owner/out\"\n"),
        );
        sandbox.ctl(
            "slow",
            &format!("{CTL}f=own; {act} \"$OUTPUT_DIR/${{f}}er/out\"\n"),
        );
        apply(&sandbox);
        let calls = apply(&sandbox);
        assert!(calls.contains(&"owner up".to_owned()), "{act} {calls:?}");
    }
}

#[test]
fn an_edited_output_of_a_stage_that_takes_no_part_is_what_its_dependents_read() {
    let sandbox = Sandbox::with_dag(&[("a", ""), ("b", "a")]);
    sandbox.ctl(
        "a",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/a\"; echo 1 > \"$OUTPUT_DIR/a/out\"\n"),
    );
    sandbox.ctl(
        "b",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/b\"; cp \"$OUTPUT_DIR/a/out\" \"$OUTPUT_DIR/b/\"\n"),
    );
    settle(&sandbox);
    sandbox.file("dep/output/a/out", "edited\n");
    sandbox.run(&["apply", "--only", "b", "--force"]).exits(0);
    apply(&sandbox);
    assert_eq!(sandbox.read("dep/output/b/out"), "1\n");
}

#[test]
fn a_template_that_is_edited_while_it_is_rendered() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    let Some(real) = std::env::var_os("GOMPLATE").filter(|path| !path.is_empty()) else {
        println!("SKIPPED: no gomplate to be slow");
        return;
    };
    sandbox.file("lib/one/conf", "{{ \"old\" }}\n");
    let wrapper = format!(
        "#!/bin/sh\n'{0}' \"$@\" || exit\ncase $* in *lib/one*) [ -e '{1}/done' ] || echo '{{{{ \"new\" }}}}' > '{1}/lib/one/conf'; touch '{1}/done';; esac\n",
        real.display(),
        sandbox.root().display(),
    );
    sandbox.file("slow", &wrapper);
    sandbox.executable("slow", true);
    sandbox.set("GOMPLATE", sandbox.path("slow").to_str().unwrap());
    sandbox.set("BETTERFORM_STAMPER", "gomplate");
    apply(&sandbox);
    assert_eq!(sandbox.read("lib/one/conf"), "{{ \"new\" }}\n");
    apply(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/conf"), "new\n");
}

#[test]
fn a_stamped_file_that_ctl_changed_is_no_edit_after_a_new_stamp() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.ctl("one", &format!("{CTL}echo more >> conf\n"));
    sandbox.file("lib/one/conf", "{{/* 1 */}}conf\n");
    settle(&sandbox);
    sandbox.file("lib/one/conf", "{{/* 2 */}}conf\n");
    runs(&sandbox, &[]);
    assert_eq!(sandbox.read("dep/genfiles/one/conf"), "conf\nmore\n");
}

#[test]
fn a_reported_input_that_is_replaced_by_an_older_file_while_ctl_runs() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("extra/a", "1\n");
    sandbox.file("extra/old", "2\n");
    let old = fs::File::open(sandbox.path("extra/old")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    sandbox.ctl(
        "one",
        &format!(
            "{CTL}x=$(dirname \"$OUTPUT_DIR\")/../extra; cat $x/a; n=a
[ ! -e $x/old ] || mv $x/old $x/$n
echo $x/$n >> \"$BETTERFORM_INPUTS_FILE\"\n"
        ),
    );
    apply(&sandbox);
    runs(&sandbox, &["one up"]);
}

#[test]
fn a_hidden_file_of_an_ancestor_counts_where_it_is_named() {
    let sandbox = Sandbox::with_dag(&[("a", ""), ("b", "a")]);
    sandbox.ctl("a", &format!("{CTL}cp conf .env; cp conf x.tfstate\n"));
    sandbox.file("lib/a/conf", "X=1\n");
    sandbox.ctl(
        "b",
        &format!("{CTL}[ \"$1\" = down ] || . \"$GENFILES/a/.env\"\n"),
    );
    settle(&sandbox);
    sandbox.file("dep/genfiles/a/.env", "X=2\n");
    let calls = apply(&sandbox);
    assert_eq!(calls, ["b up"]);
}

#[test]
fn a_template_of_another_stage_that_the_text_names_counts() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/other/common.sh", "X=1\n");
    sandbox.ctl("one", &format!("{CTL}. \"$IMPL_DIR/other/common.sh\"\n"));
    settle(&sandbox);
    sandbox.file("lib/other/common.sh", "X=2\n");
    let calls = apply(&sandbox);
    assert!(calls.contains(&"one up".to_owned()), "{calls:?}");
}

#[test]
fn a_jsonnet_file_that_a_stage_names_counts_though_the_configuration_imports_it() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/common.libsonnet", "{ a: 1 }");
    sandbox.file(
        "dep/config.jsonnet",
        "{ a: (import '../lib/common.libsonnet').a }",
    );
    sandbox.ctl("one", &format!("{CTL}cat \"$IMPL_DIR/common.libsonnet\"\n"));
    settle(&sandbox);
    sandbox.file("lib/common.libsonnet", "{ a: 1, b: 2 }");
    runs(&sandbox, &["one up"]);
}

#[test]
fn a_stamped_file_that_cannot_be_rewritten_for_a_new_place() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("dep/betterform.toml", "snapshots = false\n");
    sandbox.file("lib/one/conf", "{{ .Env.OUTPUT_DIR }}\n");
    settle(&sandbox);
    sandbox.relocate();
    let calls = apply(&sandbox);
    let fresh = format!("{}\n", sandbox.path("dep/output").display());
    assert_eq!(sandbox.read("dep/genfiles/one/conf"), fresh, "{calls:?}");
    assert_eq!(apply(&sandbox), [""; 0]);
}

#[test]
fn files_replaced_under_the_same_name_size_and_time() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.file("lib/one/conf", "1111\n");
    let path = sandbox.path("lib/one/conf");
    settle(&sandbox);
    std::thread::sleep(std::time::Duration::from_millis(100));
    settle(&sandbox);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let set = |path: &std::path::Path| {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    };
    sandbox.file("lib/one/conf", "2222\n");
    set(&path);
    runs(&sandbox, &["one up"]);
    sandbox.file("new", "3333\n");
    set(&sandbox.path("new"));
    fs::rename(sandbox.path("new"), &path).unwrap();
    runs(&sandbox, &["one up"]);
}

#[test]
fn an_output_that_a_stage_names_and_rewrites_is_no_input_of_its_own() {
    let sandbox = Sandbox::with_dag(&[("a", ""), ("b", "a")]);
    sandbox.ctl("a", &format!("{CTL}cp value \"$OUTPUT_DIR/top.json\"\n"));
    sandbox.file("lib/a/value", "1\n");
    settle(&sandbox);
    sandbox.file("lib/a/value", "2\n");
    runs(&sandbox, &["a up", "b up"]);
    sandbox.file("dep/output/top.json", "3\n");
    runs(&sandbox, &["a up"]);
}

#[test]
fn a_file_that_is_edited_while_a_template_reads_it() {
    let mut sandbox = Sandbox::with_dag(&ONE);
    let Some(real) = std::env::var_os("GOMPLATE").filter(|path| !path.is_empty()) else {
        println!("SKIPPED: no gomplate to be slow");
        return;
    };
    sandbox.file("x", "old\n");
    sandbox.file("lib/one/conf", "{{ file.Read \"../x\" }}");
    let wrapper = format!(
        "#!/bin/sh\n'{0}' \"$@\" || exit\ncase $* in *lib/one*) echo $$ >> '{1}/x';; esac\n",
        real.display(),
        sandbox.root().display(),
    );
    sandbox.file("changing", &wrapper);
    sandbox.executable("changing", true);
    sandbox.set(
        "GOMPLATE",
        sandbox.path("changing").to_str().unwrap_or_default(),
    );
    sandbox.set("BETTERFORM_STAMPER", "gomplate");
    apply(&sandbox);
    sandbox.set("GOMPLATE", real.to_str().unwrap_or_default());
    apply(&sandbox);
    assert_eq!(sandbox.read("dep/genfiles/one/conf"), sandbox.read("x"));
    assert_eq!(apply(&sandbox), [""; 0]);
}

#[test]
fn paths_that_templates_put_together_count_with_gomplate_too() {
    if std::env::var_os("GOMPLATE").is_none_or(|path| path.is_empty()) {
        println!("SKIPPED: no gomplate");
        return;
    }
    let templates = [
        "{{ file.Read \"../x/f\" }}",
        "{{ \"../x/f\" | file.Read }}",
        "{{ file.Read (print .Env.UP \"/x/f\") }}",
        "{{ (print .Env.UP \"/x/f\") | file.Read }}",
        "{{ file.Read (printf \"%s/x/f\" .Env.UP) }}",
        "{{ file.Read (printf \"../%s/f\" \"x\") }}",
        "{{ file.Read (print \"../x\" \"/f\") }}",
        "{{ file.Read (path.Join \"../x\" \"f\") }}",
        "{{ file.Read (strings.ReplaceAll \"Y\" \"x\" \"../Y/f\") }}",
        "{{ file.Read (env.Getenv \"WHERE\") }}",
        "{{ file.Read (env.ExpandEnv \"${WHERE}\") }}",
        "{{ file.Read (print (env.Getenv \"NOT_SET\" \"..\") \"/x/f\") }}",
        "{{ file.Read (base64.Decode \"Li4veC9m\") }}",
        "{{ $p := \"../x/f\" }}{{ file.Read $p }}",
        "{{ with .Env.WHERE }}{{ . | file.Read }}{{ end }}",
        "{{ define \"f\" }}{{ file.Read . }}{{ end }}{{ template \"f\" \"../x/f\" }}",
        "{{ defineDatasource \"d\" \"../x/f.json\" }}{{ (ds \"d\").a }}",
        "{{ (file.Stat \"../x/f\").Mode }}",
    ];
    let names: Vec<String> = (0..templates.len()).map(|at| format!("s{at}")).collect();
    let dag: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let mut sandbox = Sandbox::with_dag(&dag);
    sandbox.set("BETTERFORM_STAMPER", "gomplate");
    sandbox.set("WHERE", "../x/f");
    sandbox.set("UP", "..");
    sandbox.file("x/f", "1\n");
    sandbox.file("x/f.json", "{\"a\": 1}\n");
    for (name, template) in names.iter().zip(templates) {
        sandbox.file(&format!("lib/{name}/conf"), template);
    }
    settle(&sandbox);
    sandbox.file("x/f", "2\n");
    sandbox.file("x/f.json", "{\"a\": 2}\n");
    sandbox.executable("x/f", true);
    let calls = apply(&sandbox);
    for (name, template) in names.iter().zip(templates) {
        assert!(calls.contains(&format!("{name} up")), "{template}");
    }
    settle(&sandbox);
}

#[test]
fn a_reported_path_that_is_not_text_counts() {
    let sandbox = Sandbox::with_dag(&ONE);
    sandbox.ctl(
        "one",
        &format!(
            "{CTL}x=$(dirname \"$OUTPUT_DIR\")/../extra; printf '%s/\\377\\n' \"$x\" >> \"$BETTERFORM_INPUTS_FILE\"\n"
        ),
    );
    let write = |text: &str| {
        let name = std::ffi::OsStr::from_bytes(b"\xff");
        fs::write(sandbox.path("extra").join(name), text).unwrap();
    };
    fs::create_dir(sandbox.path("extra")).unwrap();
    write("1");
    settle(&sandbox);
    write("2");
    runs(&sandbox, &["one up"]);
}

#[test]
fn a_stage_that_is_protected_while_it_is_up_stays_up() {
    let sandbox = Sandbox::with_dag(&ONE);
    settle(&sandbox);
    sandbox.file("lib/betterform.toml", "[stage.one]\nprotect = true\n");
    assert_eq!(apply(&sandbox), [""; 0]);
    sandbox.run(&["down", "--yes"]).exits(1);
    assert_eq!(sandbox.calls(), ["other down"]);
    sandbox.run(&["state", "unprotect", "one"]).exits(0);
    sandbox.run(&["down", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["one down"]);
}
