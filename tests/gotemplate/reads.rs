//! Which parts of the root data an execution reports as read.

use std::sync::Arc;

use betterform::template::{Functions, Root, Settings, Templates, Value};

use crate::case::value;
use crate::host::Nowhere;

/// gomplate's root with some data and two variables.
fn root() -> Value {
    let json = r#"{"cfg":{"a":{"b":1},"list":[1,2],"s":"x"},"other":{"c":2}}"#;
    let Value::Map(aliases) = value(&serde_json::from_str(json).unwrap()) else {
        panic!("not a map");
    };
    let variables = [
        (b"A".to_vec(), b"1".to_vec()),
        (b"B".to_vec(), b"2".to_vec()),
    ];
    Value::Native(Arc::new(Root::new(aliases, variables)))
}

fn reads(template: &str) -> (Vec<String>, Result<String, String>) {
    let mut templates = Templates::new(Arc::new(Functions::new()), Settings::default());
    templates.parse("main", template.as_bytes()).unwrap();
    let mut host = Nowhere::default();
    let output = templates.execute("main", root(), &mut host);
    let output = output
        .map(|text| String::from_utf8(text).unwrap())
        .map_err(|e| e.message);
    (host.read, output)
}

#[test]
fn each_chain_from_the_root_is_reported() {
    for (template, expected, output) in [
        ("{{ .cfg.a.b }}", &["cfg.a.b"][..], "1"),
        ("{{ $.cfg.s }}{{ .other.c }}", &["cfg.s", "other.c"], "x2"),
        ("{{ .Env.A }}", &["Env.A"], "1"),
        ("{{ len .Env }}", &["Env"], "2"),
        ("{{ .none.x }}", &["none.x"], "<no value>"),
        (
            "{{ with $x := . }}{{ .cfg.s }}{{ $x.other.c }}{{ end }}",
            &["cfg.s", "other.c"],
            "x2",
        ),
        (
            "{{ range .cfg.list }}{{ . }}{{ $.cfg.s }}{{ end }}",
            &["cfg.list", "cfg.s", "cfg.s"],
            "1x2x",
        ),
        (
            "{{ define \"t\" }}{{ .cfg.s }}{{ $.other.c }}{{ end }}{{ template \"t\" . }}",
            &["cfg.s", "other.c"],
            "x2",
        ),
        ("{{ (.).cfg.s }}", &["cfg.s"], "x"),
        ("{{ index . \"other\" \"c\" }}", &["*"], "2"),
        ("{{ len . }}", &["*"], "2"),
        ("{{ . | printf \"%T\" }}", &["*"], "*gomplate.tmplctx"),
        (
            "{{ range $k, $v := . }}{{ $k }}{{ end }}",
            &["*"],
            "cfgother",
        ),
        ("{{ if . }}yes{{ end }}", &[], "yes"),
        (
            "{{ . }}",
            &["*"],
            "map[cfg:map[a:map[b:1] list:[1 2] s:x] other:map[c:2]]",
        ),
        (
            "{{ print . }}",
            &["*"],
            "&map[cfg:map[a:map[b:1] list:[1 2] s:x] other:map[c:2]]",
        ),
        (
            "{{ and . \"x\" }}{{ or false .cfg.s }}",
            &["*", "cfg.s"],
            "xx",
        ),
    ] {
        let (read, seen) = reads(template);
        assert_eq!(seen.as_deref(), Ok(output), "{template}");
        assert_eq!(read, expected, "{template}");
    }
}

#[test]
fn a_failing_chain_is_reported_too() {
    let (read, output) = reads("{{ .cfg.s.x }}");
    assert_eq!(read, ["cfg.s"], "the text itself decides");
    let expected = "template: main:1:7: executing \"main\" at <.cfg.s.x>: can't evaluate field x in type interface {}";
    assert_eq!(output, Err(expected.to_owned()));
}
