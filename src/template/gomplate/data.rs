//! `data`: JSON in and out. gomplate reads JSON as YAML; what a JSON parser and that might read otherwise is handed over.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::template::float::format_float;
use crate::template::function::Functions;
use crate::template::gomplate::bounds::{DEPTH, VALUES, deeper, short};
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{Entry, csv, fixed, handover, namespace, parse_yaml, toml, yaml};
use crate::template::kind::Type;
use crate::template::root::data;
use crate::template::runes::{REPLACEMENT, characters};
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    let mut entries = entries();
    entries.extend(csv::entries());
    entries.extend(toml::entries());
    namespace(functions, "data", "*funcs.DataFuncs", entries);
}

fn entries() -> Vec<Entry> {
    vec![
        fixed(
            "JSON",
            Some("json"),
            &[Type::Any],
            Type::ANY_MAP,
            |_, args| match parse(&text(&args[0])?)? {
                map @ Value::Map(_) => Ok(map),
                _ => handover("JSON that is no object"),
            },
        ),
        fixed(
            "JSONArray",
            Some("jsonArray"),
            &[Type::Any],
            Type::ANY_LIST,
            |_, args| match parse(&text(&args[0])?)? {
                list @ Value::List(_) => Ok(list),
                _ => handover("JSON that is no array"),
            },
        ),
        fixed(
            "YAML",
            Some("yaml"),
            &[Type::Any],
            Type::ANY_MAP,
            |_, args| parse_yaml::map(&text(&args[0])?),
        ),
        fixed(
            "YAMLArray",
            Some("yamlArray"),
            &[Type::Any],
            Type::ANY_LIST,
            |_, args| parse_yaml::list(&text(&args[0])?),
        ),
        fixed(
            "ToJSON",
            Some("toJSON"),
            &[Type::Any],
            Type::Str,
            |_, args| Ok(compact(&data(&args[0]))?.into()),
        ),
        fixed(
            "ToYAML",
            Some("toYAML"),
            &[Type::Any],
            Type::Str,
            |_, args| Ok(yaml::document(&data(&args[0]))?.into()),
        ),
        fixed(
            "ToJSONPretty",
            Some("toJSONPretty"),
            &[Type::Str, Type::Any],
            Type::Str,
            |_, args| {
                let shown = compact(&data(&args[1]))?;
                let indent = args[0].as_text().unwrap_or_default();
                let Ok(indent) = std::str::from_utf8(indent) else {
                    return handover("an indent that is not UTF-8");
                };
                Ok(pretty(&shown, indent)?.into())
            },
        ),
    ]
}

/// A JSON text as gomplate's values.
pub(super) fn parse(text: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(text).or_else(|_| handover("JSON that is not UTF-8"))?;
    let odd = |c: char| {
        c == '\u{7f}'
            || ('\u{80}'..'\u{a0}').contains(&c)
            || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
    };
    if text.contains("\\ud") || text.contains("\\uD") || text.contains(odd) {
        return handover("JSON with surrogates or control characters");
    }
    let parsed: Result<Parsed, _> = serde_json::from_str(text);
    parsed
        .map(|parsed| parsed.0)
        .or_else(|_| handover("JSON that only a YAML parser may read"))
}

/// A configuration as gomplate's values.
pub fn from_config(value: &serde_json::Value) -> Result<Value, String> {
    parse(value.to_string().as_bytes())
}

struct Parsed(Value);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values).map(Parsed)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Uint64(value), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Parsed(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let Parsed(value) = map.next_value()?;
            if entries.insert(Arc::from(key.as_bytes()), value).is_some() {
                return Err(serde::de::Error::custom("a key twice"));
            }
        }
        Ok(Value::map(entries))
    }
}

/// A value as JSON in one line.
fn compact(value: &Value) -> Result<String, String> {
    let (mut shown, mut left) = (String::new(), VALUES);
    write(value, DEPTH, &mut left, &mut shown)?;
    Ok(shown)
}

fn write(value: &Value, depth: usize, left: &mut usize, shown: &mut String) -> Result<(), String> {
    let depth = deeper(depth, left)?;
    short(shown.len())?;
    match value {
        Value::Nil => shown.push_str("null"),
        Value::Bool(value) => shown.push_str(if *value { "true" } else { "false" }),
        Value::Float(value) => shown.push_str(&float(*value)?),
        Value::Str(text) => quote(text, shown),
        Value::Bytes(bytes) => {
            shown.push('"');
            shown.push_str(&STANDARD.encode(bytes));
            shown.push('"');
        }
        Value::List(list) if list.is_absent() => shown.push_str("null"),
        Value::List(list) => {
            shown.push('[');
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    shown.push(',');
                }
                write(item, depth, left, shown)?;
            }
            shown.push(']');
        }
        Value::Map(map) => {
            shown.push('{');
            for (index, (key, item)) in map.entries().iter().enumerate() {
                if index > 0 {
                    shown.push(',');
                }
                quote(key, shown);
                shown.push(':');
                write(item, depth, left, shown)?;
            }
            shown.push('}');
        }
        Value::Int(_)
        | Value::Int32(_)
        | Value::Int64(_)
        | Value::Uint(_)
        | Value::Uint8(_)
        | Value::Uint64(_) => {
            shown.push_str(&String::from_utf8_lossy(
                &crate::template::gomplate::conv::text(value)?,
            ));
        }
        Value::Native(object) => match object.marshalled() {
            Some(text) => quote(&text, shown),
            None => return handover("JSON of an unusual value"),
        },
        _ => return handover("JSON of an unusual value"),
    }
    Ok(())
}

fn float(value: f64) -> Result<String, String> {
    let size = value.abs();
    if !value.is_finite() {
        return handover("JSON of what is no number");
    }
    if value != 0.0 && !(1e-6..1e21).contains(&size) {
        return Ok(format_float(value, b'e', None));
    }
    let plain = format_float(value, b'f', None);
    Ok(if value.fract() == 0.0 && size < 4_503_599_627_370_496.0 {
        format!("{plain}.0")
    } else {
        plain
    })
}

fn quote(text: &[u8], shown: &mut String) {
    shown.push('"');
    for (c, length) in characters(text) {
        match c {
            REPLACEMENT if length == 1 => shown.push_str("\\uFFFD"),
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\u{8}' => shown.push_str("\\b"),
            '\u{c}' => shown.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                shown.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => shown.push(c),
        }
    }
    shown.push('"');
}

/// Compact JSON over several lines.
fn pretty(compact: &str, indent: &str) -> Result<String, String> {
    short(indent.len().saturating_mul(DEPTH))?;
    let mut shown = String::new();
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut chars = compact.chars().peekable();
    while let Some(c) = chars.next() {
        short(shown.len())?;
        if in_text {
            shown.push(c);
            match c {
                '\\' => shown.extend(chars.next()),
                '"' => in_text = false,
                _ => {}
            }
            continue;
        }
        let line = |shown: &mut String, depth: usize| {
            shown.push('\n');
            shown.push_str(&indent.repeat(depth));
        };
        match c {
            '{' | '[' => {
                shown.push(c);
                if matches!(chars.peek(), Some('}' | ']')) {
                    shown.extend(chars.next());
                } else {
                    depth += 1;
                    line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut shown, depth);
                shown.push(c);
            }
            ',' => {
                shown.push(c);
                line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            c => {
                in_text = c == '"';
                shown.push(c);
            }
        }
    }
    Ok(shown)
}
