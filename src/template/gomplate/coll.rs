//! `coll`: lists and maps. What compares, sorts or flattens is in `lists`, what changes maps in `maps`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::function::Functions;
use crate::template::gomplate::conv::{list, text};
use crate::template::gomplate::{Entry, fixed, handover, lists, maps, namespace, open, query};
use crate::template::index::slice;
use crate::template::kind::{Kind, Type};
use crate::template::operand::{Operand, beneath};
use crate::template::value::{List, Map, Value};

pub(super) fn add(functions: &mut Functions) {
    let mut entries = entries();
    entries.extend(additions());
    entries.extend(lists::entries());
    entries.extend(maps::entries());
    entries.extend(query::entries());
    namespace(functions, "coll", "*funcs.CollFuncs", entries);
}

fn entries() -> Vec<Entry> {
    vec![
        open(
            "Dict",
            Some("dict"),
            &[],
            Type::Any,
            Type::ANY_MAP,
            |_, args| {
                let mut entries = BTreeMap::new();
                for pair in args.chunks(2) {
                    let value = pair.get(1).cloned().unwrap_or_else(|| Value::text(""));
                    entries.insert(Arc::from(text(&pair[0])?), value);
                }
                Ok(Value::map(entries))
            },
        ),
        open("Slice", None, &[], Type::Any, Type::ANY_LIST, |_, args| {
            Ok(Value::list(args.to_vec()))
        }),
        open(
            "GoSlice",
            None,
            &[Type::Reflect],
            Type::Reflect,
            Type::Reflect,
            |_, args| {
                let mut operands = args.iter().cloned().map(Operand::concrete);
                let item = operands.next().unwrap_or_else(Operand::missing);
                Ok(slice(item, operands.collect())?.value)
            },
        ),
        fixed(
            "Has",
            Some("has"),
            &[Type::Any, Type::Str],
            Type::Bool,
            |_, args| {
                let key = args[1].as_text().unwrap_or_default();
                Ok(has(&args[0], key)?.into())
            },
        ),
        open("Index", None, &[], Type::Any, Type::Any, |_, args| {
            index(args)
        }),
        open(
            "Keys",
            Some("keys"),
            &[],
            Type::ANY_MAP,
            Type::STRINGS,
            |_, args| {
                let maps = given(args)?;
                let keys = maps.iter().flat_map(|map| map.entries().into_keys());
                Ok(Value::strings(keys))
            },
        ),
        open(
            "Values",
            Some("values"),
            &[],
            Type::ANY_MAP,
            Type::ANY_LIST,
            |_, args| {
                let maps = given(args)?;
                let values = maps.iter().flat_map(|map| map.entries().into_values());
                Ok(Value::grown(values.collect()))
            },
        ),
        open(
            "Merge",
            Some("merge"),
            &[Type::Any],
            Type::Any,
            Type::ANY_MAP,
            |_, args| maps::merged(&given(args)?),
        ),
    ]
}

fn additions() -> Vec<Entry> {
    const TWO: &[Type] = &[Type::Any, Type::Any];
    vec![
        fixed("Append", Some("append"), TWO, Type::ANY_LIST, |_, args| {
            let list = list(&args[1])?;
            if !list.may_append() {
                // What gomplate appends may overwrite what it appended before.
                return handover("a list that is appended to twice");
            }
            let mut items = list.items();
            items.push(args[0].clone());
            Ok(Value::grown(items))
        }),
        fixed(
            "Prepend",
            Some("prepend"),
            TWO,
            Type::ANY_LIST,
            |_, args| {
                let mut items = list(&args[1])?.items();
                items.insert(0, args[0].clone());
                Ok(Value::grown(items))
            },
        ),
    ]
}

/// Arguments whose parameters are maps.
fn given(args: &[Value]) -> Result<Vec<Map>, String> {
    if args.is_empty() {
        return Err("need at least one argument".into());
    }
    let maps = args.iter().map(|arg| match arg {
        Value::Map(map) if map.element() == Type::Any => Ok(map.clone()),
        _ => handover("what is no map of anything"),
    });
    maps.collect()
}

fn has(value: &Value, key: &[u8]) -> Result<bool, String> {
    Ok(match value {
        Value::Map(map) => map.get(key).is_some(),
        Value::List(list) => (list.items().iter()).any(|item| item.as_text() == Some(key)),
        Value::Native(object) if object.kind() == Kind::Map => {
            return handover("an unusual map");
        }
        _ => false,
    })
}

/// The element of an element, and so on; unlike the built-in `index`, the container is last, and what is missing is an error.
fn index(args: &[Value]) -> Result<Value, String> {
    let Some((container, keys)) = args.split_last().filter(|(_, keys)| !keys.is_empty()) else {
        let count = args.len();
        return Err(format!(
            "wrong number of args: wanted at least 2, got {count}"
        ));
    };
    if matches!(container, Value::Nil) {
        return Err("index of untyped nil".into());
    }
    let mut item = container.clone();
    for key in keys {
        item = element(&item, key)?;
    }
    Ok(item)
}

fn element(item: &Value, key: &Value) -> Result<Value, String> {
    match beneath(item) {
        Value::Nil => Err("index of nil pointer".into()),
        Value::Map(map) => match key {
            Value::Str(key) => map
                .get(key)
                .ok_or_else(|| format!("map has no key {}", String::from_utf8_lossy(key))),
            Value::Nil => Err("value is nil; should be of type string".into()),
            other => Err(format!(
                "value has type {}; should be string",
                other.type_name()
            )),
        },
        Value::List(list) => at(&list, key),
        Value::Str(text) | Value::Bytes(text) => {
            let bytes = text.iter().map(|byte| Value::Uint8(*byte)).collect();
            at(&List::new(Type::Uint8, bytes), key)
        }
        _ => Err(format!("can't index item of type {}", item.type_name())),
    }
}

fn at(list: &List, key: &Value) -> Result<Value, String> {
    let cannot = |why: String| Err(format!("cannot index slice/array with {why}"));
    match key {
        Value::Nil => return cannot("nil".into()),
        Value::Uint(at) | Value::Uint64(at) if i64::try_from(*at).is_err() => {
            return cannot(format!("{at} (too large)"));
        }
        _ => {}
    }
    match key.as_integer() {
        Some(at) => usize::try_from(at)
            .ok()
            .and_then(|at| list.get(at))
            .ok_or_else(|| format!("index out of range: {at}")),
        None => cannot(format!("type {}", key.type_name())),
    }
}
