//! `coll`, further: maps made of maps, and maps that are changed in place.

use std::collections::BTreeMap;

use crate::template::gomplate::bounds::{DEPTH, VALUES, deeper};
use crate::template::gomplate::conv::{list, told};
use crate::template::gomplate::lists::same;
use crate::template::gomplate::{Entry, fixed, handover, open};
use crate::template::kind::Type;
use crate::template::value::{Map, Text, Value};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        open("Pick", None, &[], Type::Any, Type::ANY_MAP, |_, args| {
            let (map, keys) = map_and_keys(args)?;
            let mut entries = map.entries();
            entries.retain(|key, _| keys.contains(key));
            Ok(Value::map(entries))
        }),
        open("Omit", None, &[], Type::Any, Type::Any, |_, args| {
            if let [values @ .., last @ (Value::List(_) | Value::Bytes(_))] = args
                && !values.is_empty()
            {
                return without(values, last);
            }
            let (map, keys) = map_and_keys(args)?;
            let mut entries = map.entries();
            entries.retain(|key, _| !keys.contains(key));
            Ok(Value::map(entries))
        }),
        fixed(
            "Set",
            Some("set"),
            &[Type::Str, Type::Any, Type::Any],
            Type::ANY_MAP,
            |_, args| {
                let mut left = VALUES;
                if contains(&args[1], &args[2], DEPTH, &mut left) {
                    return handover("a map within itself");
                }
                change(&args[2], |entries| {
                    if let Value::Str(key) = &args[0] {
                        entries.insert(key.clone(), args[1].clone());
                    }
                })
            },
        ),
        fixed(
            "Unset",
            Some("unset"),
            &[Type::Str, Type::Any],
            Type::ANY_MAP,
            |_, args| {
                change(&args[1], |entries| {
                    entries.remove(args[0].as_text().unwrap_or_default());
                })
            },
        ),
    ]
}

/// All maps in one; what an earlier one has wins, maps are merged in turn.
pub(super) fn merged(maps: &[Map]) -> Result<Value, String> {
    let mut maps = maps.iter();
    let Some(first) = maps.next() else {
        return Err("need at least one argument".into());
    };
    let (mut all, mut left) = (first.clone(), VALUES / 4);
    for map in maps {
        all = merge(&all, map, DEPTH, &mut left)?;
    }
    Ok(Value::Map(all))
}

fn merge(mine: &Map, others: &Map, depth: usize, left: &mut usize) -> Result<Map, String> {
    let depth = deeper(depth, left)?;
    let mut all = others.entries();
    for (key, value) in mine.entries() {
        let value = match (value, all.get(&key)) {
            (Value::Map(mine), Some(Value::Map(others)))
                if mine.element() == Type::Any && others.element() == Type::Any =>
            {
                Value::Map(merge(&mine, others, depth, left)?)
            }
            (value, _) => value,
        };
        all.insert(key, value);
    }
    Ok(Map::new(Type::Any, all))
}

/// A list without some values.
fn without(values: &[Value], last: &Value) -> Result<Value, String> {
    let values = match values {
        [only @ (Value::List(_) | Value::Bytes(_))] => list(only)?.items(),
        values => values.to_vec(),
    };
    let (mut kept, mut left) = (Vec::new(), VALUES * 8);
    for item in list(last)?.items() {
        let mut is_left = true;
        for value in &values {
            is_left &= !same(&item, value, DEPTH, &mut left)?;
        }
        if is_left {
            kept.push(item);
        }
    }
    Ok(Value::grown(kept))
}

fn map_and_keys(args: &[Value]) -> Result<(&Map, Vec<Text>), String> {
    let (Some((last, keys)), false) = (args.split_last(), args.len() < 2) else {
        let count = args.len();
        return Err(format!(
            "wrong number of args: wanted 2 or more, got {count}"
        ));
    };
    let map = match last {
        Value::Map(map) if map.element() == Type::Any => map,
        Value::Native(_) => return handover("a pick from an unusual map"),
        other => {
            let found = other.type_name();
            return Err(format!(
                "wrong map type: must be map[string]any, got {found}"
            ));
        }
    };
    let keys = match keys {
        [Value::Nil | Value::Native(_)] => return handover("an unusual key"),
        [only @ (Value::List(_) | Value::Bytes(_))] => list(only)?.items(),
        keys => keys.to_vec(),
    };
    let texts = keys.into_iter().map(|key| match key {
        Value::Str(text) => Ok(text),
        other => Err(format!(
            "wrong key type: must be string, got {} ({})",
            other.type_name(),
            told(&other)?
        )),
    });
    Ok((map, texts.collect::<Result<_, _>>()?))
}

fn change(map: &Value, change: impl FnOnce(&mut BTreeMap<Text, Value>)) -> Result<Value, String> {
    let Value::Map(map) = map else {
        return handover("a change of what is no map");
    };
    if map.element() != Type::Any {
        return handover("a change of an unusual map");
    }
    map.update(change);
    Ok(Value::Map(map.clone()))
}

/// Whether a value is the map or has it somewhere inside. What is too deep or too large to tell may have it.
fn contains(value: &Value, map: &Value, depth: usize, left: &mut usize) -> bool {
    let Ok(depth) = deeper(depth, left) else {
        return true;
    };
    match (value, map) {
        (Value::Map(inner), Value::Map(map)) if inner.is_same(map) => true,
        (Value::Map(inner), map) => {
            (inner.entries().values()).any(|value| contains(value, map, depth, left))
        }
        (Value::List(list), map) => {
            (list.items().iter()).any(|value| contains(value, map, depth, left))
        }
        (Value::Native(_), _) => true,
        _ => false,
    }
}
