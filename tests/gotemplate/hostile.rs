//! Whatever is in a template, parsing and executing end, and never with a panic.

use std::sync::Arc;

use betterform::template::analysis::mentions;
use betterform::template::{Budget, Functions, Settings, Templates, Value, parse};
use proptest::prelude::*;

use crate::case::value;
use crate::common_data;
use crate::generator::Generator;
use crate::host::Nowhere;

/// Parses, analyses and executes with a small budget, on the test's own small stack.
fn render(text: &[u8]) -> Result<Vec<u8>, String> {
    let budget = Budget {
        output: 1 << 20,
        steps: 20_000,
        ..Budget::default()
    };
    let settings = Settings {
        budget,
        ..Settings::default()
    };
    let mut templates = Templates::new(Arc::new(Functions::new()), settings);
    templates
        .parse("main", text)
        .map_err(|error| error.message)?;
    mentions(templates.definitions());
    let data: Value = value(&common_data());
    templates
        .execute("main", data, &mut Nowhere::default())
        .map_err(|error| error.message)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(text in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = render(&[b"{{", text.as_slice(), b"}}"].concat());
        let _ = render(&text);
    }

    #[test]
    fn random_pieces(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().map(|at| PIECES[*at]).collect();
        let _ = render(text.as_bytes());
    }

    #[test]
    fn damaged_templates(seed in any::<u64>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = Generator::new(seed).template().into_bytes();
        if !text.is_empty() {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let _ = render(&text);
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "\n",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "block",
    "template",
    "break",
    "continue",
    "nil",
    "true",
    ".",
    ".a",
    "$",
    "$x",
    ":=",
    "=",
    "|",
    "(",
    ")",
    ",",
    "\"a\"",
    "`b`",
    "'c'",
    "1",
    "1.5",
    "0x",
    "2i",
    "1e9",
    "printf",
    "\"%[1]*.*d\"",
    "index",
    "slice",
    "len",
    "print",
    "eq",
    "lt",
    "and",
    "or",
    "not",
    "call",
    "html",
    "/*",
    "*/",
    "é",
    "\u{0}",
    "999999999",
    "-",
    "+",
];

#[test]
fn deep_and_long_templates_end() {
    let deep = |open: &str, close: &str| open.repeat(20_000) + &close.repeat(20_000);
    for (template, expected) in [
        (
            format!("{{{{{}", deep("(", ")")),
            "max expression depth exceeded",
        ),
        (deep("{{if 1}}", "{{end}}"), "max expression depth exceeded"),
        (
            deep("{{block \"a\" .}}", "{{end}}"),
            "max expression depth exceeded",
        ),
        (
            "{{define \"r\"}}{{template \"r\" .}}{{end}}{{template \"r\" .}}".to_owned(),
            "exceeded maximum template depth",
        ),
        (
            "{{define \"r\"}}{{range 2}}{{template \"r\" .}}{{end}}{{end}}{{template \"r\" .}}"
                .to_owned(),
            "exceeded maximum template depth",
        ),
        ("{{range 999999999999}}{{end}}".to_owned(), "too many steps"),
        (
            "{{range 2000}}{{printf \"%1000d\" .}}{{end}}".to_owned(),
            "too much output",
        ),
        (
            "{{$x := \"ab\"}}{{range 60}}{{$x = print $x $x}}{{end}}".to_owned(),
            "too many steps",
        ),
    ] {
        let error = render(template.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn long_chains_need_no_stack() {
    let chain = format!(
        "{{{{if 0}}}}{}{{{{else}}}}x{{{{end}}}}",
        "{{else if 0}}".repeat(5000)
    );
    assert_eq!(render(chain.as_bytes()), Ok(b"x".to_vec()));
    let pipes = format!("{{{{1{}}}}}", " | print".repeat(5000));
    assert_eq!(render(pipes.as_bytes()), Ok(b"1".to_vec()));
    let fields = format!("{{{{.m{}}}}}", ".a".repeat(20_000));
    assert!(
        render(fields.as_bytes())
            .unwrap_err()
            .contains("can't evaluate field a")
    );
}

#[test]
fn deep_values_are_freed_and_shown_without_much_stack() {
    let mut value = Value::Nil;
    for _ in 0..200_000 {
        value = Value::list(vec![value]);
    }
    let mut templates = Templates::new(Arc::new(Functions::new()), Settings::default());
    templates.parse("main", b"{{ . }}").unwrap();
    let error = templates
        .execute("main", value, &mut Nowhere::default())
        .unwrap_err();
    assert!(error.message.contains("too deeply nested"), "{error}");
}

#[test]
fn a_map_within_itself_is_no_endless_text() {
    let Value::Map(map) = value(&serde_json::json!({"a": 1})) else {
        panic!("not a map")
    };
    map.update(|entries| entries.insert(Arc::from(&b"self"[..]), Value::Map(map.clone())));
    let mut templates = Templates::new(Arc::new(Functions::new()), Settings::default());
    templates
        .parse("main", b"{{ .self.self.a }}{{ . }}")
        .unwrap();
    let error = templates.execute("main", Value::Map(map.clone()), &mut Nowhere::default());
    assert!(error.unwrap_err().message.contains("too deeply nested"));
    map.update(std::collections::BTreeMap::clear);
}

#[test]
fn parsing_needs_no_functions() {
    assert!(
        parse(
            "x",
            b"{{ strings.ToUpper .a }}",
            &betterform::template::Delimiters::default(),
            &|_| true
        )
        .is_ok()
    );
}
