//! One golden case: a template, its data, and what Go makes of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use betterform::template::{
    Budget, Delimiters, Function, Functions, MissingKey, Phase, Settings, Signature, TemplateError,
    Templates, Type, Value,
};
use serde_json::Value as Json;

use crate::host::Nowhere;

/// Bytes of stack for templates that nest deep.
pub(crate) const STACK: usize = 64 << 20;

/// What became of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The output, with Go's replacement of what is not UTF-8.
    Output(String),
    /// Phase, line, column, and Go's whole text.
    Error(Phase, usize, Option<usize>, String),
}

impl Outcome {
    /// Equal output, or a failure at the same place. Texts are compared apart.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Output(one), Self::Output(two)) => one == two,
            (Self::Error(phase, line, column, _), Self::Error(phase2, line2, column2, _)) => {
                (phase, line, column) == (phase2, line2, column2)
            }
            _ => false,
        }
    }
}

/// One line of `cases.jsonl`, or of the differential test.
pub(crate) struct Case {
    pub id: u64,
    pub template: String,
    pub data: Option<Json>,
    pub missing_key: MissingKey,
    pub delimiters: Delimiters,
    pub expected: Outcome,
}

impl Case {
    pub(crate) fn read(line: &str) -> Self {
        let json: Json = serde_json::from_str(line).unwrap();
        let text = |key: &str| {
            json.get(key)
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let expected = match json.get("error") {
            None => Outcome::Output(text("output")),
            Some(_) => failure(&text("phase"), &text("error")),
        };
        let missing_key = text("missingkey");
        let missing_key = missing_key
            .strip_prefix("missingkey=")
            .unwrap_or(&missing_key);
        Self {
            id: json.get("id").and_then(Json::as_u64).unwrap_or_default(),
            template: text("template"),
            data: json.get("data").cloned(),
            missing_key: MissingKey::from_name(missing_key).unwrap_or_default(),
            delimiters: Delimiters::new(text("left").as_bytes(), text("right").as_bytes()),
            expected,
        }
    }

    /// What betterform makes of it.
    pub(crate) fn run(&self, common: &Json) -> Outcome {
        let data = value(self.data.as_ref().unwrap_or(common));
        match render(&self.template, data, self.missing_key, &self.delimiters) {
            Ok(output) => Outcome::Output(String::from_utf8_lossy(&output).into_owned()),
            Err(error) => Outcome::Error(error.phase, error.line, error.column, error.message),
        }
    }
}

/// Parses and executes a template named `main`.
pub(crate) fn render(
    template: &str,
    data: Value,
    missing_key: MissingKey,
    delimiters: &Delimiters,
) -> Result<Vec<u8>, TemplateError> {
    let delimiters = delimiters.clone();
    let budget = Budget {
        depth: Budget::depth_within(STACK),
        ..Budget::default()
    };
    let settings = Settings {
        delimiters,
        missing_key,
        budget,
    };
    let mut templates = Templates::new(Arc::new(functions()), settings);
    templates.parse("main", template.as_bytes())?;
    templates.execute("main", data, &mut Nowhere::default())
}

/// Reads the place from Go's text.
pub(crate) fn failure(phase: &str, text: &str) -> Outcome {
    let phase = if phase == "parse" {
        Phase::Parse
    } else {
        Phase::Execute
    };
    let mut parts = text
        .strip_prefix("template: ")
        .unwrap_or(text)
        .split(':')
        .skip(1);
    let line = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    let column = match phase {
        Phase::Parse => None,
        Phase::Execute => parts.next().and_then(|part| part.parse().ok()),
    };
    Outcome::Error(phase, line, column, text.to_owned())
}

/// JSON as Go's test program reads it: numbers without point or exponent are ints.
pub(crate) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(value).collect()),
        Json::Object(entries) => {
            let entry = |(key, item): (&String, &Json)| (Arc::from(key.as_bytes()), value(item));
            Value::map(entries.iter().map(entry).collect())
        }
    }
}

fn integer(value: &Value) -> i64 {
    value.as_integer().unwrap()
}

/// A count that neither side makes anything huge of.
fn bounded(value: &Value) -> Result<i64, String> {
    Some(integer(value))
        .filter(|count| *count <= 1000)
        .ok_or_else(|| "too large".to_owned())
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(value.as_text().unwrap()).into_owned()
}

/// The functions that the golden cases use besides Go's own.
fn functions() -> Functions {
    let mut functions = Functions::new();
    let mut add = |name, params, result, body: fn(&[Value]) -> Result<Value, String>| {
        let signature = Signature::new(params, result);
        functions.add(name, Function::new(signature, move |_, args| body(args)));
    };
    add("add", &[Type::Int, Type::Int], Type::Int, |args| {
        Ok(Value::Int(
            integer(&args[0]).wrapping_add(integer(&args[1])),
        ))
    });
    add("upper", &[Type::Str], Type::Str, |args| {
        Ok(Value::from(text(&args[0]).to_uppercase()))
    });
    add("repeat", &[Type::Int, Type::Str], Type::Str, |args| {
        let count = usize::try_from(bounded(&args[0])?).unwrap_or(0);
        Ok(Value::from(text(&args[1]).repeat(count)))
    });
    add("mk", &[], Type::ANY_MAP, |_| {
        let inner = BTreeMap::from([(Arc::from(&b"b"[..]), Value::from("B"))]);
        Ok(Value::map(BTreeMap::from([(
            Arc::from(&b"a"[..]),
            Value::map(inner),
        )])))
    });
    add("idt", &[Type::Any], Type::Any, |args| Ok(args[0].clone()));
    add("nilf", &[], Type::Any, |_| Ok(Value::Nil));
    add("fail", &[Type::Str], Type::Str, |args| Err(text(&args[0])));
    add("seq", &[Type::Int], Type::List(&Type::Int), |args| {
        let items = (0..bounded(&args[0])?).map(Value::Int).collect();
        Ok(Value::List(betterform::template::List::new(
            Type::Int,
            items,
        )))
    });
    functions
}
