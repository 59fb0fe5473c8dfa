//! Namespaces, objects with methods, typed maps, and functions that render; expected texts are
//! what the gomplate command answers for the like.

use std::any::Any;
use std::sync::Arc;

use betterform::template::{
    Function, Functions, Kind, Map, MissingKey, Object, Reentry, Root, Settings, Signature,
    Templates, Type, Value,
};

use crate::host::Nowhere;

/// Like Go's `time.Duration`, in seconds.
#[derive(Debug)]
struct Span(i64);

const SPAN: Type = Type::Named("test.Span", Kind::Int64);

impl Object for Span {
    fn type_name(&self) -> &'static str {
        "test.Span"
    }

    fn kind(&self) -> Kind {
        Kind::Int64
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Seconds" => Some(Signature::new(&[], Type::Int64)),
            "Plus" => Some(Signature::new(&[SPAN], SPAN)),
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        match (name, args.first().and_then(Value::as_integer)) {
            ("Plus", Some(more)) if more < 0 => Err("no way back".to_owned()),
            ("Plus", Some(more)) => Ok(Value::Native(Arc::new(Self(self.0 + more)))),
            _ => Ok(Value::Int64(self.0)),
        }
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(format!("{}s", self.0).into_bytes())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| other.0 == self.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn functions() -> Functions {
    let mut functions = Functions::new();
    let span = Signature::new(&[Type::Int], SPAN);
    let span = Function::new(span, |_, args| {
        Ok(Value::Native(Arc::new(Span(args[0].as_integer().unwrap()))))
    });
    let repeat = Signature::new(&[Type::Int, Type::Any], Type::Str);
    let repeat = Function::new(repeat, |_, args| match args[0].as_integer() {
        Some(count) if count < 0 => Err(format!("negative count {count}")),
        count => Ok(Value::text(
            args[1]
                .as_text()
                .unwrap()
                .repeat(usize::try_from(count.unwrap()).unwrap()),
        )),
    });
    let inline = Signature::variadic(&[Type::Str], Type::Any, Type::Str);
    let inline = Function::rendering(inline, |engine, args| {
        let data = args.get(1).cloned().unwrap_or_else(|| engine.root());
        engine
            .execute_text("<inline>", args[0].as_text().unwrap(), data)
            .map(Value::text)
    });
    let exec = Signature::new(&[Type::Str, Type::Any], Type::Str);
    let exec = Function::rendering(exec, |engine, args| {
        let name = String::from_utf8_lossy(args[0].as_text().unwrap()).into_owned();
        engine.execute(&name, args[1].clone()).map(Value::text)
    });
    let upper = Signature::new(&[Type::ANY_MAP], Type::Int);
    let size = Function::new(upper, |_, args| match &args[0] {
        Value::Map(map) => Ok(Value::Int(i64::try_from(map.len()).unwrap())),
        other => panic!("{other:?} passed the check"),
    });
    functions.add_namespace("strings", "*funcs.StringFuncs", [("Repeat", repeat)]);
    functions.add_namespace("time", "*funcs.TimeFuncs", [("Span", span)]);
    functions.add_namespace("tmpl", "*tmpl.Template", [("Exec", exec)]);
    functions.add("tpl", inline);
    functions.add("size", size);
    functions
}

fn render(template: &str) -> Result<String, String> {
    let settings = Settings {
        missing_key: MissingKey::Error,
        ..Settings::default()
    };
    let mut templates = Templates::new(Arc::new(functions()), settings);
    templates
        .parse("main", template.as_bytes())
        .map_err(|error| error.message)?;
    let aliases = Map::new(
        Type::Any,
        std::collections::BTreeMap::from([
            (Arc::from(&b"n"[..]), Value::Int(7)),
            (Arc::from(&b"b"[..]), Value::bytes("hi")),
        ]),
    );
    let root = Root::new(aliases, [(b"HOME".to_vec(), b"/h".to_vec())]);
    let output = templates.execute(
        "main",
        Value::Native(Arc::new(root)),
        &mut Nowhere::default(),
    );
    output
        .map(|text| String::from_utf8(text).unwrap())
        .map_err(|error| error.message)
}

#[test]
fn outputs() {
    for (template, expected) in [
        (
            r#"{{ strings.Repeat 2 "x" }}{{ "y" | strings.Repeat 3 }}"#,
            "xxyyy",
        ),
        (
            r#"{{ printf "%T %T" strings . }}"#,
            "*funcs.StringFuncs *gomplate.tmplctx",
        ),
        ("{{ .Env.HOME }}{{ len .Env }}{{ .Env }}", "/h1map[HOME:/h]"),
        ("{{ time.Span 5 }}{{ (time.Span 5).Seconds }}", "5s5"),
        (
            "{{ ((time.Span 5).Plus 3).Seconds | printf \"%T %d\" 1 }}",
            "int 8",
        ),
        (
            r#"{{ time.Span 5 | printf "%d %[1]v %[1]T %[1]q %#[1]v" }}"#,
            r#"5 5s test.Span "5s" 5"#,
        ),
        (
            "{{ lt (time.Span 5) 6 }}{{ eq (time.Span 5) (time.Span 5) }}",
            "truetrue",
        ),
        ("{{ if time.Span 0 }}y{{ else }}n{{ end }}", "n"),
        ("{{ size . }}", "2"),
        (
            "{{ .b }}{{ printf \"%s %x\" .b .b }}{{ len .b }}",
            "[104 105]hi 68692",
        ),
        (r#"{{ tpl "{{ .n }}" }}{{ tpl "<{{ . }}>" 3 }}"#, "7<3>"),
        (
            r#"{{ define "t" }}[{{ . }}]{{ end }}a{{ tmpl.Exec "t" 1 }}b"#,
            "a[1]b",
        ),
        (
            r#"{{ tpl "{{ define \"late\" }}late{{ end }}" }}{{ template "late" }}"#,
            "late",
        ),
    ] {
        assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn failures() {
    for (template, expected) in [
        (
            r#"{{ strings.Repeat "3" "x" }}"#,
            r#"1:18: executing "main" at <"3">: expected integer; found "3""#,
        ),
        (
            "{{ strings 1 }}",
            r#"1:3: executing "main" at <strings>: wrong number of args for strings: want 0 got 1"#,
        ),
        (
            "{{ strings.Nope }}",
            r#"1:3: executing "main" at <strings>: can't evaluate field Nope in type interface {}"#,
        ),
        (
            r#"{{ strings.Repeat -1 "x" }}"#,
            r#"1:10: executing "main" at <strings.Repeat>: error calling Repeat: negative count -1"#,
        ),
        (
            r#"{{ "x" | strings.Repeat }}"#,
            r#"1:9: executing "main" at <strings>: wrong number of args for Repeat: want 2 got 1"#,
        ),
        (
            "{{ .Env.NOPE }}",
            r#"1:7: executing "main" at <.Env.NOPE>: map has no entry for key "NOPE""#,
        ),
        (
            "{{ .Env.HOME 1 }}",
            r#"1:7: executing "main" at <.Env.HOME>: HOME is not a method but has arguments"#,
        ),
        (
            "{{ .Env 1 }}",
            r#"1:3: executing "main" at <.Env>: wrong number of args for Env: want 0 got 1"#,
        ),
        (
            "{{ .Env.HOME.x }}",
            r#"1:7: executing "main" at <.Env.HOME.x>: can't evaluate field x in type string"#,
        ),
        (
            "{{ .x }}",
            r#"1:3: executing "main" at <.x>: map has no entry for key "x""#,
        ),
        (
            "{{ strings.Repeat nil 1 }}",
            r#"1:18: executing "main" at <nil>: cannot assign nil to int"#,
        ),
        (
            "{{ (time.Span 1).Nope }}",
            r#"1:14: executing "main" at <1>: can't evaluate field Nope in type test.Span"#,
        ),
        (
            r#"{{ (time.Span 1).Plus "x" }}"#,
            r#"1:22: executing "main" at <"x">: expected integer; found "x""#,
        ),
        (
            "{{ (time.Span 1).Plus -1 }}",
            r#"1:16: executing "main" at <(time.Span 1).Plus>: error calling Plus: no way back"#,
        ),
        (
            "{{ (time.Span 1).Plus .n }}",
            r#"1:22: executing "main" at <.n>: wrong type for value; expected test.Span; got int"#,
        ),
        (
            "{{ size .n }}",
            r#"1:8: executing "main" at <.n>: wrong type for value; expected map[string]interface {}; got int"#,
        ),
        (
            "{{ size .Env }}",
            r#"1:8: executing "main" at <.Env>: wrong type for value; expected map[string]interface {}; got map[string]string"#,
        ),
        (
            r#"{{ tpl "{{ .q }}" }}"#,
            r#"1:3: executing "main" at <tpl "{{ .q }}">: error calling tpl: template: <inline>:1:3: executing "<inline>" at <.q>: map has no entry for key "q""#,
        ),
        (
            r#"{{ tpl "{{" }}"#,
            r#"1:3: executing "main" at <tpl "{{">: error calling tpl: template: <inline>:1: unclosed action"#,
        ),
    ] {
        assert_eq!(
            render(template),
            Err(format!("template: main:{expected}")),
            "{template}"
        );
    }
}
