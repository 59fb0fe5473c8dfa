//! `toYAML`: values as YAML in the layout of gomplate's emitter. It reads no YAML.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::template::float::format_float;
use crate::template::gomplate::bounds::{DEPTH, short};
use crate::template::gomplate::handover;
use crate::template::gomplate::scalar::{Place, scalar};
use crate::template::runes::{is_digit, is_letter};
use crate::template::value::{Text, Value};

/// A value as a YAML document.
pub(super) fn document(value: &Value) -> Result<String, String> {
    let mut shown = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => entries(&map.entries(), 0, DEPTH, &mut shown)?,
        Value::List(list) if !list.is_empty() => items(&list.items(), 0, DEPTH, &mut shown)?,
        value => {
            shown.push_str(&plain(
                value,
                Place {
                    indent: 2,
                    is_key: false,
                },
            )?);
            end_line(&mut shown);
        }
    }
    Ok(shown)
}

/// Block scalars may end their last line themselves.
fn end_line(shown: &mut String) {
    if !shown.ends_with('\n') {
        shown.push('\n');
    }
}

/// What needs no lines of its own: scalars, and empty containers.
fn plain(value: &Value, place: Place) -> Result<String, String> {
    Ok(match value {
        Value::Nil => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) | Value::Int64(value) => value.to_string(),
        Value::Int32(value) => value.to_string(),
        Value::Uint(value) | Value::Uint64(value) => value.to_string(),
        Value::Uint8(value) => value.to_string(),
        Value::Float(value) if value.is_finite() => format_float(*value, b'g', None),
        Value::Str(text) => scalar(text, place)?,
        Value::Native(object) if object.marshalled().is_some() => {
            scalar(&object.marshalled().unwrap_or_default(), place)?
        }
        Value::List(list) if list.is_empty() => "[]".into(),
        Value::Map(map) if map.is_empty() => "{}".into(),
        _ => return handover("YAML of an unusual value"),
    })
}

/// The first line begins where the text stands already; further lines are indented.
fn entries(
    map: &BTreeMap<Text, Value>,
    indent: usize,
    depth: usize,
    shown: &mut String,
) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return handover("very deep values");
    };
    short(shown.len())?;
    for (at, (key, value)) in sorted(map)?.into_iter().enumerate() {
        if at > 0 {
            margin(indent, shown);
        }
        let place = Place {
            indent,
            is_key: true,
        };
        shown.push_str(&scalar(key, place)?);
        shown.push(':');
        let inner = indent + 2;
        match value {
            Value::Map(map) if !map.is_empty() => {
                shown.push('\n');
                margin(inner, shown);
                entries(&map.entries(), inner, depth, shown)?;
            }
            Value::List(list) if !list.is_empty() => {
                shown.push('\n');
                margin(inner, shown);
                items(&list.items(), inner, depth, shown)?;
            }
            value => {
                shown.push(' ');
                let place = Place {
                    indent: inner,
                    is_key: false,
                };
                shown.push_str(&plain(value, place)?);
                end_line(shown);
            }
        }
    }
    Ok(())
}

fn items(list: &[Value], indent: usize, depth: usize, shown: &mut String) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return handover("very deep values");
    };
    short(shown.len())?;
    for (at, value) in list.iter().enumerate() {
        if at > 0 {
            margin(indent, shown);
        }
        shown.push_str("- ");
        let inner = indent + 2;
        match value {
            Value::Map(map) if !map.is_empty() => entries(&map.entries(), inner, depth, shown)?,
            Value::List(list) if !list.is_empty() => items(&list.items(), inner, depth, shown)?,
            value => {
                let place = Place {
                    indent: inner,
                    is_key: false,
                };
                shown.push_str(&plain(value, place)?);
                end_line(shown);
            }
        }
    }
    Ok(())
}

fn margin(indent: usize, shown: &mut String) {
    shown.extend(std::iter::repeat_n(' ', indent));
}

/// The entries in the order of the emitter: letters after other characters, numbers within texts by value.
fn sorted(map: &BTreeMap<Text, Value>) -> Result<Vec<(&Text, &Value)>, String> {
    let mut keyed: Vec<(Vec<char>, (&Text, &Value))> = Vec::new();
    for entry in map {
        let Ok(key) = std::str::from_utf8(entry.0) else {
            return handover("YAML of a key that is not UTF-8");
        };
        if key.bytes().filter(u8::is_ascii_digit).count() > 15 || !key.is_ascii() {
            return handover("YAML of an unusual key");
        }
        let key: Vec<char> = key.chars().collect();
        let at = keyed.partition_point(|(other, _)| natural(other, &key).is_lt());
        keyed.insert(at, (key, entry));
    }
    // The order is none for some sets of keys; what comes out then is up to the sorting algorithm.
    for (at, (a, _)) in keyed.iter().enumerate() {
        let after = keyed.get(at + 1..).unwrap_or_default();
        if after
            .iter()
            .any(|(b, _)| natural(a, b).is_ge() || natural(b, a).is_le())
        {
            return handover("YAML of keys without a clear order");
        }
    }
    Ok(keyed.into_iter().map(|(_, entry)| entry).collect())
}

fn natural(a: &[char], b: &[char]) -> Ordering {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (Some(x), Some(y)) = (a.get(same), b.get(same)) else {
        return a.len().cmp(&b.len());
    };
    let after_digit = same
        .checked_sub(1)
        .and_then(|last| a.get(last))
        .is_some_and(|last| is_digit(*last));
    match (is_letter(*x), is_letter(*y)) {
        (true, true) => return x.cmp(y),
        (true, false) => {
            return if after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        (false, true) => {
            return if after_digit {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        (false, false) => {}
    }
    // A zero within a number that has begun counts as a digit of it.
    let begun = (*x == '0' || *y == '0')
        && a.get(..same)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|c| is_digit(**c))
            .any(|c| *c != '0');
    let start = u64::from(begun);
    let (number_a, digits_a) = digits(start, a.get(same..).unwrap_or_default());
    let (number_b, digits_b) = digits(start, b.get(same..).unwrap_or_default());
    number_a
        .cmp(&number_b)
        .then(digits_a.cmp(&digits_b))
        .then(x.cmp(y))
}

fn digits(start: u64, text: &[char]) -> (u64, usize) {
    let digits = text.iter().map_while(|c| c.to_digit(10));
    digits.fold((start, 0), |(number, count), digit| {
        (
            number.saturating_mul(10).saturating_add(u64::from(digit)),
            count + 1,
        )
    })
}
