//! What is fuzzed, by area: each takes any bytes, and must neither panic, nor write more than it may, nor take long.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use betterform::template::analysis::mentions;
use betterform::template::gomplate::{config_value, functions};
use betterform::template::{
    Budget, Delimiters, Functions, Map, MissingKey, Root, Settings, Templates, Type, Value,
    parse as parsed,
};

use crate::host::Hermetic;

/// An area, by its name.
pub type Area = fn(&[u8]);

/// All areas.
pub const ALL: [(&str, Area); 6] = [
    ("parse", parse),
    ("evaluate", evaluate),
    ("call", call),
    ("text", text),
    ("pattern", pattern),
    ("time", time),
];

/// Bytes that a template may write.
const OUTPUT: usize = 1 << 20;

static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| Arc::new(functions()));

/// The names of the functions that are embedded.
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| FUNCTIONS.signatures().into_keys().collect());

/// Lexing, parsing and analysing, with two kinds of delimiters.
pub fn parse(data: &[u8]) {
    for delimiters in [Delimiters::default(), Delimiters::new(b"<", b"->")] {
        if let Ok(definitions) = parsed("t", data, &delimiters, &|_| true) {
            mentions(&definitions.into_iter().collect());
        }
    }
}

/// A template with all functions and some data. The first byte chooses how absent keys are taken.
pub fn evaluate(data: &[u8]) {
    let Some((mode, template)) = data.split_first() else {
        return;
    };
    let missing_key =
        [MissingKey::Error, MissingKey::Zero, MissingKey::Invalid][usize::from(*mode) % 3];
    let mut host = Hermetic {
        text: b"{\"a\": [1, \"b\", {\"c\": null}]}".to_vec(),
    };
    let _ = execute(template, root(), missing_key, &mut host);
}

/// One function with texts for arguments, some of them numbers: the first byte chooses it, zero bytes stand between texts.
pub fn call(data: &[u8]) {
    let [high, low, data @ ..] = data else { return };
    let name = &NAMES[usize::from(u16::from_be_bytes([*high, *low])) % NAMES.len()];
    let mut template = format!("{{{{ {name}");
    let mut values = BTreeMap::new();
    for (at, argument) in data.split(|byte| *byte == 0).take(5).enumerate() {
        template += &format!(" .a{at}");
        values.insert(
            Arc::from(format!("a{at}").into_bytes()),
            argument_of(argument),
        );
    }
    template += " }}";
    let mut host = Hermetic {
        text: data.to_vec(),
    };
    let _ = execute(
        template.as_bytes(),
        Value::map(values),
        MissingKey::Error,
        &mut host,
    );
}

/// A text as it is, or the value that JSON, with `j` in front, says.
fn argument_of(argument: &[u8]) -> Value {
    let json = argument
        .strip_prefix(b"j")
        .and_then(|text| serde_json::from_slice(text).ok());
    let value = json.and_then(|json| config_value(&json).ok());
    value.unwrap_or_else(|| Value::text(argument))
}

/// Data in some format, chosen by the first byte, read and written anew.
pub fn text(data: &[u8]) {
    let Some((format, data)) = data.split_first() else {
        return;
    };
    let formats = [
        "yaml",
        "yamlArray",
        "json",
        "jsonArray",
        "toml",
        "csv",
        "csvByRow",
        "csvByColumn",
        "ds \"e\" | len",
        "ds \"a\"",
    ];
    let format = formats[usize::from(*format) % formats.len()];
    let read = if format.starts_with("ds") {
        format.to_owned()
    } else {
        format!("{format} .text")
    };
    let values = BTreeMap::from([(Arc::from(&b"text"[..]), Value::text(data))]);
    for written in [
        "print",
        "toYAML",
        "toJSON",
        "toTOML",
        "toCSV",
        "toJSONPretty \" \"",
    ] {
        let template = format!("{{{{ {read} | {written} }}}}");
        let mut host = Hermetic {
            text: data.to_vec(),
        };
        let _ = execute(
            template.as_bytes(),
            Value::map(values.clone()),
            MissingKey::Error,
            &mut host,
        );
    }
}

/// A regular expression, a replacement and a text, with zero bytes between them; the expression as a glob, too.
pub fn pattern(data: &[u8]) {
    const TEMPLATE: &[&str] = &[
        "{{ regexp.Match .p .t }}",
        "{{ regexp.FindAll .p -1 .t }}",
        "{{ regexp.Replace .p .r .t }}",
        "{{ regexp.Split .p 3 .t }}",
        "{{ path.Match .p .t }}",
        "{{ regexp.QuoteMeta .p }}",
    ];
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut value = || Value::text(parts.next().unwrap_or_default());
    let values = BTreeMap::from([
        (Arc::from(&b"p"[..]), value()),
        (Arc::from(&b"r"[..]), value()),
        (Arc::from(&b"t"[..]), value()),
    ]);
    for template in TEMPLATE {
        let _ = execute(
            template.as_bytes(),
            Value::map(values.clone()),
            MissingKey::Error,
            &mut Hermetic::default(),
        );
    }
}

/// A layout, a time and the data of a time zone, with zero bytes between the first two and the last.
pub fn time(data: &[u8]) {
    const TEMPLATE: &[&str] = &[
        "{{ time.Parse .l .t }}",
        "{{ (time.Unix .t).UTC.Format .l }}",
        "{{ time.ParseDuration .t }}",
        "{{ (time.ParseDuration .l).Round (time.ParseDuration .t) }}",
        "{{ (time.ParseLocal .l .t).Add (time.Hour 30) }}",
        "{{ time.ParseInLocation .l \"Europe/Berlin\" .t }}",
        "{{ (time.Unix .t).Format .l }}",
        "{{ ((time.Parse .l .t).AddDate 1 -13 400).YearDay }}",
    ];
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let values = BTreeMap::from([
        (Arc::from(&b"l"[..]), Value::text(part())),
        (Arc::from(&b"t"[..]), Value::text(part())),
    ]);
    let mut host = Hermetic {
        text: part().to_vec(),
    };
    for template in TEMPLATE {
        let _ = execute(
            template.as_bytes(),
            Value::map(values.clone()),
            MissingKey::Error,
            &mut host,
        );
    }
}

/// gomplate's root, with values of all kinds.
fn root() -> Value {
    static CONFIG: LazyLock<serde_json::Value> = LazyLock::new(|| {
        serde_json::json!({
            "text": "héllo, wörld", "n": 42, "f": -0.5, "on": true, "nil": null, "list": [3, 1, 2], "texts": ["b", "a"],
            "map": {"b": 2, "a": {"x": []}}, "big": 9_223_372_036_854_775_807_i64, "blank": "",
        })
    });
    let Ok(Value::Map(map)) = config_value(&CONFIG) else {
        return Value::Nil;
    };
    let aliases = Map::new(
        Type::Any,
        BTreeMap::from([(Arc::from(&b"cfg"[..]), Value::Map(map))]),
    );
    Value::Native(Arc::new(Root::new(
        aliases,
        [(b"HOME".to_vec(), b"/h".to_vec())],
    )))
}

fn execute(
    template: &[u8],
    data: Value,
    missing_key: MissingKey,
    host: &mut Hermetic,
) -> Result<(), String> {
    let budget = Budget {
        output: OUTPUT,
        steps: 20_000,
        ..Budget::default()
    };
    let settings = Settings {
        missing_key,
        budget,
        ..Settings::default()
    };
    let mut templates = Templates::new(Arc::clone(&FUNCTIONS), settings);
    templates
        .parse("t", template)
        .map_err(|error| error.message)?;
    let output = templates
        .execute("t", data, host)
        .map_err(|error| error.message)?;
    assert!(
        output.len() <= OUTPUT,
        "{} bytes were written",
        output.len()
    );
    Ok(())
}
