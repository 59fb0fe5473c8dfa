//! The JSON Schema of `betterform.toml` is made from the types that read it.
//!
//! `BETTERFORM_BLESS=1 cargo test --test schema` writes it anew.

use std::path::Path;

use betterform::source::settings::{File, parse};
use schemars::generate::SchemaSettings;
use serde_json::Value;

const SCHEMA: &str = "schema/betterform.schema.json";

fn generated() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: what is optional is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let empty = |value: &Value| match value {
                Value::Array(list) => list.is_empty(),
                Value::Null | Value::Object(_) => true,
                _ => false,
            };
            if object.get("default").is_some_and(empty) {
                object.remove("default");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|it| it != "null");
                if let [only] = types.as_slice() {
                    object["type"] = only.clone();
                }
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|it| *it != serde_json::json!({ "type": "null" }));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its golden file"
)]
fn is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    let text = format!("{:#}\n", generated());
    if std::env::var_os("BETTERFORM_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == text,
        "`{SCHEMA}` is out of date: run `BETTERFORM_BLESS=1 cargo test --test schema`"
    );
}

/// Every table refuses unknown keys, and every key says what it is for.
#[test]
fn describes_and_closes_every_table() {
    fn visit(schema: &Value, path: &str, tables: &mut usize) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            assert_eq!(schema["additionalProperties"], false, "{path}");
            *tables += 1;
            for (name, property) in properties {
                let described = property.get("description").is_some();
                assert!(described || path.ends_with("/anyOf/1"), "{path}/{name}");
            }
        }
        let children: Vec<(String, &Value)> = match schema {
            Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), v)).collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(i, v)| (i.to_string(), v))
                .collect(),
            _ => Vec::new(),
        };
        for (name, child) in children {
            visit(child, &format!("{path}/{name}"), tables);
        }
    }
    let mut tables = 0;
    visit(&generated(), "", &mut tables);
    assert!(tables >= 4, "{tables}");
}

#[test]
fn the_documented_example_is_valid() {
    let example = r#"
impl_dir = "../../lib/my_tool"        # deployment only
jobs = 8
env = ["APP_*"]                       # inputs of every stage
secrets = ["DB_PASSWORD", "*_TOKEN"]  # values masked as ***
pools = { tf_init = 1 }

[stamp]
stamper = "auto"
left_delim = "[["
right_delim = "]]"
verbatim = ["charts/**", "*.png"]
sensitive = ["*.tfvars"]              # stamped 0600, "(sensitive)" in diffs

[stage.final]
inputs = ["$REPO_ROOT/modules/vpc/**"]
outputs = ["top.json"]
env = ["DEPLOY_REGION"]
config = ["network", "cell.name"]
timeout = "30m"
retries = 2
protect = true

[stage.final.stamp]
left_delim = "<<"
right_delim = ">>"
"#;
    let parsed = parse(example.as_bytes(), "betterform.toml").unwrap();
    assert_eq!(parsed.stages.len(), 1);
    assert!(parsed.impl_dir.is_some());
    // Each of its keys is in the schema.
    let schema = generated();
    let table: toml::Table = toml::from_str(example).unwrap();
    for key in table.keys() {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
}
