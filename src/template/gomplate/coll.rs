//! `coll`: lists and maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::lists;
use crate::template::gomplate::{Entry, fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    let mut entries = entries();
    entries.extend(lists::entries());
    entries.extend(lists::change_entries());
    namespace(functions, "coll", "*funcs.CollFuncs", entries);
}

#[expect(clippy::too_many_lines, reason = "a table of functions")]
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
        fixed(
            "Has",
            Some("has"),
            &[Type::Any, Type::Str],
            Type::Bool,
            |_, args| {
                let key = args[1].as_text().unwrap_or_default();
                Ok(match &args[0] {
                    Value::Map(map) => map.get(key).is_some(),
                    Value::List(list) => {
                        list.items().iter().any(|item| item.as_text() == Some(key))
                    }
                    _ => false,
                }
                .into())
            },
        ),
        open(
            "Keys",
            Some("keys"),
            &[Type::Any],
            Type::Any,
            Type::STRINGS,
            |_, args| {
                let mut keys = Vec::new();
                for map in args {
                    let Value::Map(map) = map else {
                        return handover("keys of what is no map");
                    };
                    keys.extend(map.entries().into_keys());
                }
                Ok(Value::strings(keys))
            },
        ),
        open(
            "Values",
            Some("values"),
            &[Type::Any],
            Type::Any,
            Type::ANY_LIST,
            |_, args| {
                let mut values = Vec::new();
                for map in args {
                    let Value::Map(map) = map else {
                        return handover("values of what is no map");
                    };
                    values.extend(map.entries().into_values());
                }
                Ok(Value::list(values))
            },
        ),
        fixed(
            "Append",
            Some("append"),
            &[Type::Any, Type::Any],
            Type::ANY_LIST,
            |_, args| {
                let mut items = items(&args[1])?;
                items.push(args[0].clone());
                Ok(Value::list(items))
            },
        ),
        fixed(
            "Prepend",
            Some("prepend"),
            &[Type::Any, Type::Any],
            Type::ANY_LIST,
            |_, args| {
                let mut items = items(&args[1])?;
                items.insert(0, args[0].clone());
                Ok(Value::list(items))
            },
        ),
        open(
            "Sort",
            Some("sort"),
            &[Type::Any],
            Type::Any,
            Type::ANY_LIST,
            |_, args| match args {
                [list] => sort(items(list)?),
                [key, list] => lists::sort_by(&text(key)?, &items(list)?),
                _ => handover("unusual arguments of sort"),
            },
        ),
        open(
            "Merge",
            Some("merge"),
            &[Type::Any],
            Type::Any,
            Type::ANY_MAP,
            |_, args| {
                let mut merged = BTreeMap::new();
                for map in args {
                    let Value::Map(map) = map else {
                        return handover("merge of what is no map");
                    };
                    merge(&mut merged, map.entries());
                }
                Ok(Value::map(merged))
            },
        ),
    ]
}

fn items(value: &Value) -> Result<Vec<Value>, String> {
    match value {
        Value::List(list) => Ok(list.items()),
        _ => handover("a list function on what is no list"),
    }
}

/// Texts bytewise, numbers of one type by value; other lists are gomplate's.
fn sort(mut items: Vec<Value>) -> Result<Value, String> {
    if items.iter().all(|item| matches!(item, Value::Str(_))) {
        items.sort_by(|a, b| a.as_text().cmp(&b.as_text()));
    } else if items.iter().all(|item| matches!(item, Value::Int(_))) {
        items.sort_by_key(Value::as_integer);
    } else {
        return handover("sorting of mixed values");
    }
    Ok(Value::list(items))
}

/// What is there already wins; maps are merged in turn.
fn merge(
    into: &mut BTreeMap<crate::template::value::Text, Value>,
    from: BTreeMap<crate::template::value::Text, Value>,
) {
    for (key, value) in from {
        match (into.get(&key), &value) {
            (None, _) => drop(into.insert(key, value)),
            (Some(Value::Map(mine)), Value::Map(others)) => {
                let mut both = mine.entries();
                merge(&mut both, others.entries());
                into.insert(key, Value::map(both));
            }
            _ => {}
        }
    }
}
