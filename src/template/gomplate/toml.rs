//! `data.TOML` and `toTOML`. What is new in TOML since gomplate's parser, or unusual, is handed over; so are times.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::template::float::format_float;
use crate::template::gomplate::bounds::short;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{Entry, fixed, handover};
use crate::template::kind::Type;
use crate::template::root::data;
use crate::template::value::{List, Map, Text, Value};

/// How deep values may be; deeper ones may contain themselves.
const DEPTH: usize = 100;

/// Inline tables of several lines, with a comma at the end, or with keys of several parts.
static NEWER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{[^}]*\n|,\s*\}|[{,][^={}\[\],]*\.[^={}\[\],]*=").ok());

pub(super) fn entries() -> Vec<Entry> {
    vec![
        fixed("TOML", Some("toml"), &[Type::Any], Type::Any, |_, args| {
            parse(&text(&args[0])?)
        }),
        fixed(
            "ToTOML",
            Some("toTOML"),
            &[Type::Any],
            Type::Str,
            |_, args| Ok(document(&data(&args[0]))?.into()),
        ),
    ]
}

fn parse(input: &[u8]) -> Result<Value, String> {
    let input = std::str::from_utf8(input).or_else(|_| handover("TOML that is not UTF-8"))?;
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || c == '\u{feff}';
    if input.contains(odd) || input.contains("\\e") || input.contains("\\x") {
        return handover("TOML with control characters or new escapes");
    }
    let Ok(table) = input.parse::<::toml::Table>() else {
        return handover("TOML that is not certainly right");
    };
    let reading = Reading {
        inline: input.contains('{'),
        headers: input.contains("[["),
    };
    let is_certain = NEWER.as_ref().is_some_and(|newer| !newer.is_match(input));
    if reading.inline && (reading.headers || !is_certain) {
        return handover("TOML with unusual inline tables");
    }
    let mut entries = BTreeMap::new();
    for (key, value) in table {
        entries.insert(Text::from(key.as_bytes()), reading.value(value)?);
    }
    Ok(Value::map(entries))
}

/// What the whole text has, which decides the types of lists.
struct Reading {
    inline: bool,
    headers: bool,
}

impl Reading {
    fn value(&self, value: ::toml::Value) -> Result<Value, String> {
        Ok(match value {
            ::toml::Value::String(text) => Value::text(text),
            ::toml::Value::Integer(number) => Value::Int64(number),
            ::toml::Value::Float(number) => Value::Float(number),
            ::toml::Value::Boolean(truth) => Value::Bool(truth),
            ::toml::Value::Datetime(_) => return handover("TOML with times"),
            ::toml::Value::Array(items) => {
                let tables = !self.inline
                    && self.headers
                    && items.first().is_some_and(::toml::Value::is_table);
                if items.is_empty() {
                    return Ok(Value::List(List::absent(Type::Any)));
                }
                let items: Result<Vec<_>, String> =
                    items.into_iter().map(|item| self.value(item)).collect();
                let element = if tables { Type::ANY_MAP } else { Type::Any };
                Value::List(List::grown(element, items?))
            }
            ::toml::Value::Table(table) => {
                let mut entries = BTreeMap::new();
                for (key, value) in table {
                    entries.insert(Text::from(key.as_bytes()), self.value(value)?);
                }
                Value::map(entries)
            }
        })
    }
}

fn document(value: &Value) -> Result<String, String> {
    let Value::Map(map) = value else {
        return handover("TOML of what is no map");
    };
    let mut writer = Writer::default();
    writer.map(&mut Vec::new(), map, DEPTH)?;
    Ok(writer.shown)
}

#[derive(Default)]
struct Writer {
    shown: String,
}

impl Writer {
    /// Values first, then tables.
    fn map(&mut self, path: &mut Vec<Text>, map: &Map, depth: usize) -> Result<(), String> {
        let Some(depth) = depth.checked_sub(1) else {
            return handover("very deep values");
        };
        short(self.shown.len())?;
        let entries = map.entries();
        let (mut plain, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in &entries {
            match value {
                Value::Nil => {}
                value if is_table(value)? => tables.push((key, value)),
                value => plain.push((key, value)),
            }
        }
        for (key, value) in plain {
            self.shown.push_str(&"  ".repeat(path.len()));
            self.key(key)?;
            self.shown.push_str(" = ");
            self.plain(value, depth)?;
            self.shown.push('\n');
        }
        for (key, value) in tables {
            path.push(key.clone());
            match value {
                Value::Map(inner) => {
                    if path.len() == 1 {
                        self.separate();
                    }
                    self.header(path, "[", "]")?;
                    self.map(path, inner, depth)?;
                }
                Value::List(list) => {
                    for item in list.items() {
                        self.separate();
                        self.header(path, "[[", "]]")?;
                        if let Value::Map(inner) = item {
                            self.map(path, &inner, depth)?;
                        }
                    }
                }
                _ => {}
            }
            path.pop();
        }
        Ok(())
    }

    fn separate(&mut self) {
        if !self.shown.is_empty() {
            self.shown.push('\n');
        }
    }

    fn header(&mut self, path: &[Text], start: &str, end: &str) -> Result<(), String> {
        self.shown
            .push_str(&"  ".repeat(path.len().saturating_sub(1)));
        self.shown.push_str(start);
        for (at, key) in path.iter().enumerate() {
            if at > 0 {
                self.shown.push('.');
            }
            self.key(key)?;
        }
        self.shown.push_str(end);
        self.shown.push('\n');
        Ok(())
    }

    fn key(&mut self, key: &[u8]) -> Result<(), String> {
        let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'-');
        if !key.is_empty() && key.iter().all(is_bare) {
            self.shown.push_str(&String::from_utf8_lossy(key));
            return Ok(());
        }
        self.text(key)
    }

    fn plain(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        let Some(depth) = depth.checked_sub(1) else {
            return handover("very deep values");
        };
        short(self.shown.len())?;
        match value {
            Value::Str(text) => self.text(text)?,
            Value::Bool(truth) => self.shown.push_str(if *truth { "true" } else { "false" }),
            Value::Float(number) if number.is_nan() => self.shown.push_str("nan"),
            Value::Float(number) if number.is_infinite() => {
                self.shown
                    .push_str(if *number > 0.0 { "+inf" } else { "-inf" });
            }
            Value::Float(number) => {
                let shown = format_float(*number, b'f', None);
                self.shown.push_str(&shown);
                if !shown.contains('.') {
                    self.shown.push_str(".0");
                }
            }
            Value::Uint(number) | Value::Uint64(number) => {
                self.shown.push_str(&number.to_string());
            }
            Value::List(list) => {
                self.shown.push('[');
                for (at, item) in list.items().iter().enumerate() {
                    if at > 0 {
                        self.shown.push_str(", ");
                    }
                    match item {
                        Value::List(list) if list.is_absent() => {
                            return handover("TOML of a list with nothing in it");
                        }
                        item => self.plain(item, depth)?,
                    }
                }
                self.shown.push(']');
            }
            Value::Int(_) | Value::Int32(_) | Value::Int64(_) | Value::Uint8(_) => {
                let number = value.as_integer().unwrap_or_default();
                self.shown.push_str(&number.to_string());
            }
            _ => return handover("TOML of an unusual value"),
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) -> Result<(), String> {
        let text =
            std::str::from_utf8(text).or_else(|_| handover("TOML of text that is not UTF-8"))?;
        self.shown.push('"');
        for c in text.chars() {
            match c {
                '"' => self.shown.push_str("\\\""),
                '\\' => self.shown.push_str("\\\\"),
                '\n' => self.shown.push_str("\\n"),
                '\t' => self.shown.push_str("\\t"),
                '\r' => self.shown.push_str("\\r"),
                c if c.is_ascii_control() => return handover("TOML of control characters"),
                c => self.shown.push(c),
            }
        }
        self.shown.push('"');
        Ok(())
    }
}

/// Whether a value is written as a table of its own, or as several.
fn is_table(value: &Value) -> Result<bool, String> {
    match value {
        Value::Map(_) => Ok(true),
        Value::List(list) => {
            let items = list.items();
            let maps = items.iter().filter(|item| matches!(item, Value::Map(_)));
            match maps.count() {
                0 => Ok(false),
                count if count == items.len() => Ok(true),
                _ => handover("TOML of mixed lists"),
            }
        }
        _ => Ok(false),
    }
}
