//! Values of jq programs as JSON, as gojq writes it. Reads none.

use crate::template::float::format_float;
use crate::template::gomplate::jq::value::Val;

/// What `tojson` gives.
pub(super) fn json(value: &Val) -> String {
    let mut shown = String::new();
    write(value, &mut shown);
    shown
}

fn write(value: &Val, shown: &mut String) {
    match value {
        Val::Null => shown.push_str("null"),
        Val::Bool(truth) => shown.push_str(if *truth { "true" } else { "false" }),
        Val::Int(number) => shown.push_str(&number.to_string()),
        Val::Float(number) => shown.push_str(&float(*number)),
        Val::Text(text) => quote(text, shown),
        Val::Array(array) => {
            shown.push('[');
            for (at, item) in array.items.iter().enumerate() {
                if at > 0 {
                    shown.push(',');
                }
                write(item, shown);
            }
            shown.push(']');
        }
        Val::Object(object) => {
            shown.push('{');
            for (at, (key, item)) in object.entries.iter().enumerate() {
                if at > 0 {
                    shown.push(',');
                }
                quote(key, shown);
                shown.push(':');
                write(item, shown);
            }
            shown.push('}');
        }
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return "null".to_owned();
    }
    let number = number.clamp(-f64::MAX, f64::MAX);
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return format_float(number, b'e', None).replace("e-0", "e-");
    }
    format_float(number, b'f', None)
}

fn quote(text: &str, shown: &mut String) {
    shown.push('"');
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\u{8}' => shown.push_str("\\b"),
            '\u{c}' => shown.push_str("\\f"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                shown.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => shown.push(c),
        }
    }
    shown.push('"');
}
