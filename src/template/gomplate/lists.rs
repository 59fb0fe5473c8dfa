//! `coll`, further: what makes other lists and maps of those given.

use std::collections::BTreeMap;

use crate::template::gomplate::conv::{Number, number};
use crate::template::gomplate::{Entry, fixed, handover, open};
use crate::template::kind::Type;
use crate::template::value::{List, Map, Text, Value};

/// How deep containers are looked into; deeper ones may contain themselves.
const DEPTH: usize = 100;

pub(super) fn entries() -> Vec<Entry> {
    vec![
        fixed(
            "Uniq",
            Some("uniq"),
            &[Type::Any],
            Type::ANY_LIST,
            |_, args| unique(&list(&args[0])?.items()),
        ),
        fixed(
            "Reverse",
            Some("reverse"),
            &[Type::Any],
            Type::ANY_LIST,
            |_, args| {
                let list = any_list(list(&args[0])?);
                list.update(|items| items.reverse());
                Ok(Value::List(list))
            },
        ),
        open(
            "Flatten",
            Some("flatten"),
            &[Type::Any],
            Type::Any,
            Type::ANY_LIST,
            |_, args| flatten_args(args),
        ),
        open("Index", None, &[], Type::Any, Type::Any, |_, args| {
            index(args)
        }),
        open("Pick", None, &[], Type::Any, Type::ANY_MAP, |_, args| {
            let (map, keys) = map_and_keys(args)?;
            let mut entries = map.entries();
            entries.retain(|key, _| keys.contains(key));
            Ok(Value::map(entries))
        }),
        open("Omit", None, &[], Type::Any, Type::Any, |_, args| {
            let (map, keys) = map_and_keys(args)?;
            let mut entries = map.entries();
            entries.retain(|key, _| !keys.contains(key));
            Ok(Value::map(entries))
        }),
    ]
}

fn list(value: &Value) -> Result<&List, String> {
    match value {
        Value::List(list) => Ok(list),
        _ => handover("a list function on what is no list"),
    }
}

/// The list itself if its elements may be anything, else a copy that may.
fn any_list(list: &List) -> List {
    if list.element() == Type::Any {
        list.clone()
    } else {
        List::new(Type::Any, list.items())
    }
}

fn unique(items: &[Value]) -> Result<Value, String> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let mut is_new = true;
        for other in &kept {
            if same(other, item, DEPTH)? {
                is_new = false;
                break;
            }
        }
        if is_new {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

/// Go's deep equality, as far as it is certain. Go tells an empty container from an absent one.
fn same(a: &Value, b: &Value, depth: usize) -> Result<bool, String> {
    if a.type_name() != b.type_name() {
        return Ok(false);
    }
    let Some(depth) = depth.checked_sub(1) else {
        return handover("very deep values");
    };
    match (a, b) {
        (Value::Nil, _) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) if !a.is_nan() && !b.is_nan() => {
            Ok(a.partial_cmp(b) == Some(std::cmp::Ordering::Equal))
        }
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) if !a.is_empty() || !b.is_empty() => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.items().iter().zip(&b.items()) {
                if !same(a, b, depth)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(a), Value::Map(b)) if !a.is_empty() || !b.is_empty() => {
            let (a, b) = (a.entries(), b.entries());
            if !a.keys().eq(b.keys()) {
                return Ok(false);
            }
            for (a, b) in a.values().zip(b.values()) {
                if !same(a, b, depth)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => Ok(a == b),
        (Value::Uint(a) | Value::Uint64(a), Value::Uint(b) | Value::Uint64(b)) => Ok(a == b),
        _ => handover("a comparison of unusual values"),
    }
}

fn flatten_args(args: &[Value]) -> Result<Value, String> {
    let (depth, list) = match args {
        [list] => (DEPTH, list),
        [depth, list] => match number(depth)? {
            Number::Int(depth) => (usize::try_from(depth).unwrap_or(DEPTH), list),
            Number::Float(_) => return handover("an unusual depth"),
        },
        _ => return handover("unusual arguments of flatten"),
    };
    let list = self::list(list)?;
    if depth == 0 {
        return Ok(Value::List(any_list(list)));
    }
    let mut flat = Vec::new();
    flatten(list, depth, &mut flat, DEPTH)?;
    Ok(Value::list(flat))
}

fn flatten(list: &List, levels: usize, flat: &mut Vec<Value>, depth: usize) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return handover("very deep values");
    };
    for item in list.items() {
        match item {
            Value::List(inner) if levels > 0 => {
                flatten(&inner, levels.saturating_sub(1), flat, depth)?;
            }
            Value::Bytes(_) | Value::Native(_) => return handover("flattening of unusual values"),
            item => flat.push(item),
        }
    }
    Ok(())
}

/// The element of an element, and so on; unlike the built-in `index`, the container is last, and what is missing is an error.
fn index(args: &[Value]) -> Result<Value, String> {
    let Some((container, keys)) = args.split_last().filter(|(_, keys)| !keys.is_empty()) else {
        return handover("unusual arguments of coll.Index");
    };
    let mut item = container.clone();
    for key in keys {
        item = match (&item, key) {
            (Value::Map(map), Value::Str(key)) => match map.get(key) {
                Some(value) => value,
                None => return Err(format!("map has no key {}", String::from_utf8_lossy(key))),
            },
            (Value::List(list), Value::Int(at) | Value::Int64(at)) => {
                let found = usize::try_from(*at).ok().and_then(|at| list.get(at));
                found.ok_or_else(|| format!("index out of range: {at}"))?
            }
            _ => return handover("an unusual index"),
        };
    }
    Ok(item)
}

fn map_and_keys(args: &[Value]) -> Result<(&Map, Vec<Text>), String> {
    let Some((Value::Map(map), keys)) = args.split_last() else {
        return handover("a pick from what is no map");
    };
    if map.element() != Type::Any || keys.is_empty() {
        return handover("a pick from an unusual map");
    }
    let keys = match keys {
        [Value::List(list)] => list.items(),
        keys => keys.to_vec(),
    };
    let texts = keys.into_iter().map(|key| match key {
        Value::Str(text) => Ok(text),
        _ => handover("a key that is no text"),
    });
    Ok((map, texts.collect::<Result<_, _>>()?))
}

/// Sorts maps by what they have at `key`: texts or numbers of one type, in all of them.
pub(super) fn sort_by(key: &[u8], items: &[Value]) -> Result<Value, String> {
    let mut keyed = Vec::new();
    for item in items {
        match item {
            Value::Map(map) => match map.get(key) {
                Some(value @ (Value::Str(_) | Value::Int(_))) => keyed.push((value, item.clone())),
                _ => return handover("sorting by what is no text or number"),
            },
            _ => return handover("sorting of what are no maps by a key"),
        }
    }
    if keyed.iter().all(|(at, _)| matches!(at, Value::Str(_))) {
        keyed.sort_by(|(a, _), (b, _)| a.as_text().cmp(&b.as_text()));
    } else if keyed.iter().all(|(at, _)| matches!(at, Value::Int(_))) {
        keyed.sort_by_key(|(at, _)| at.as_integer());
    } else {
        return handover("sorting of mixed values");
    }
    Ok(Value::list(
        keyed.into_iter().map(|(_, item)| item).collect(),
    ))
}

/// The functions that change a map in place, for whoever else has it too.
pub(super) fn change_entries() -> Vec<Entry> {
    vec![
        fixed(
            "Set",
            Some("set"),
            &[Type::Str, Type::Any, Type::Any],
            Type::ANY_MAP,
            |_, args| {
                if contains(&args[1], &args[2], DEPTH) {
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

/// Whether a value is the map or has it somewhere inside. What is too deep to tell may have it.
fn contains(value: &Value, map: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return true;
    };
    match (value, map) {
        (Value::Map(inner), Value::Map(map)) if inner.is_same(map) => true,
        (Value::Map(inner), map) => {
            (inner.entries().values()).any(|value| contains(value, map, depth))
        }
        (Value::List(list), map) => (list.items().iter()).any(|value| contains(value, map, depth)),
        (Value::Native(_), _) => true,
        _ => false,
    }
}
