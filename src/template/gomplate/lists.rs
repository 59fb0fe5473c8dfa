//! `coll`, further: what compares the elements of lists, sorts or flattens them.

use std::cmp::Ordering;

use crate::template::gomplate::bounds::{DEPTH, VALUES, deeper, few};
use crate::template::gomplate::conv::{list, text, to_int64, told};
use crate::template::gomplate::{Entry, HANDOVER, fixed, handover, open};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

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
                let list = list(&args[0])?;
                if list.is_window() {
                    return handover("a part of a list that is reversed in place");
                }
                list.update(|items| items.reverse());
                Ok(Value::List(list))
            },
        ),
        open(
            "Flatten",
            Some("flatten"),
            &[],
            Type::Any,
            Type::ANY_LIST,
            |_, args| flatten_args(args),
        ),
        open(
            "Sort",
            Some("sort"),
            &[],
            Type::Any,
            Type::ANY_LIST,
            |_, args| sort_args(args),
        ),
    ]
}

fn miscounted<T>(args: &[Value]) -> Result<T, String> {
    let count = args.len();
    Err(format!("wrong number of args: wanted 1 or 2, got {count}"))
}

fn unique(items: &[Value]) -> Result<Value, String> {
    let mut kept: Vec<Value> = Vec::new();
    let mut left = VALUES * 8;
    for item in items {
        let mut is_new = true;
        for other in &kept {
            if same(other, item, DEPTH, &mut left)? {
                is_new = false;
                break;
            }
        }
        if is_new {
            kept.push(item.clone());
        }
    }
    Ok(Value::grown(kept))
}

/// What looking at a container takes, beside a scalar.
const CONTAINER: usize = 7;

/// Go's deep equality, as far as it is certain.
pub(super) fn same(a: &Value, b: &Value, depth: usize, left: &mut usize) -> Result<bool, String> {
    let depth = deeper(depth, left)?;
    if a.type_name() != b.type_name() {
        return Ok(false);
    }
    if matches!(a, Value::List(_) | Value::Map(_)) {
        *left = left.saturating_sub(CONTAINER);
    }
    Ok(match (a, b) {
        (Value::Nil, _) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b) == Some(Ordering::Equal),
        (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) if a.is_same(b) => true,
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() || a.is_absent() != b.is_absent() {
                return Ok(false);
            }
            for (a, b) in a.items().iter().zip(&b.items()) {
                if !same(a, b, depth, left)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) if a.is_same(b) => true,
        (Value::Map(a), Value::Map(b)) => {
            let (a, b) = (a.entries(), b.entries());
            if !a.keys().eq(b.keys()) {
                return Ok(false);
            }
            for (a, b) in a.values().zip(b.values()) {
                if !same(a, b, depth, left)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => a == b,
        (Value::Int32(a), Value::Int32(b)) => a == b,
        (Value::Uint8(a), Value::Uint8(b)) => a == b,
        (Value::Uint(a) | Value::Uint64(a), Value::Uint(b) | Value::Uint64(b)) => a == b,
        _ => return handover("a comparison of unusual values"),
    })
}

fn flatten_args(args: &[Value]) -> Result<Value, String> {
    let (depth, list) = match args {
        [list] => (-1, list),
        [depth, list] => match to_int64(depth) {
            Ok(depth) => (depth, list),
            Err(why) if why.contains(HANDOVER) => return Err(why),
            Err(_) => {
                let (found, shown) = (depth.type_name(), told(depth)?);
                return Err(format!(
                    "wrong depth type: must be int, got {found} ({shown})"
                ));
            }
        },
        _ => return miscounted(args),
    };
    let list = self::list(list)?;
    if depth == 0 {
        return Ok(Value::List(list));
    }
    let mut flat = Vec::new();
    let levels = usize::try_from(depth).unwrap_or(usize::MAX);
    let mut left = VALUES;
    flatten(&list, levels, &mut flat, (DEPTH, &mut left))?;
    Ok(Value::grown(flat))
}

fn flatten(
    list: &List,
    levels: usize,
    flat: &mut Vec<Value>,
    (depth, left): (usize, &mut usize),
) -> Result<(), String> {
    let depth = deeper(depth, left)?;
    few(flat.len())?;
    for item in list.items() {
        match item {
            Value::List(_) | Value::Bytes(_) if levels > 0 => {
                flatten(
                    &self::list(&item)?,
                    levels.saturating_sub(1),
                    flat,
                    (depth, left),
                )?;
            }
            Value::Native(_) => return handover("flattening of unusual values"),
            item => flat.push(item),
        }
    }
    Ok(())
}

fn sort_args(args: &[Value]) -> Result<Value, String> {
    let (key, list) = match args {
        [list] => (Vec::new(), list),
        [key, list] => (text(key)?, list),
        _ => return miscounted(args),
    };
    if matches!(list, Value::Nil) {
        return Ok(Value::List(List::absent(Type::Any)));
    }
    let list = self::list(list)?;
    let items = list.items();
    match items.first() {
        Some(Value::Nil) => {
            return Err("runtime error: invalid memory address or nil pointer dereference".into());
        }
        // Values of several kinds stay as they are, in the list that was given.
        Some(first) if items.iter().any(|item| item.kind() != first.kind()) => {
            return Ok(Value::List(list));
        }
        _ => {}
    }
    Ok(Value::list(sorted(&key, items)?))
}

/// Values of one kind in their order; maps by what they have at the key, if all have it or none.
fn sorted(key: &[u8], items: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let by = match &item {
            Value::Map(map) => map.get(key).map(Some),
            Value::Native(_) => return handover("sorting of unusual values"),
            _ => Some(Some(item.clone())),
        };
        keyed.push((by.flatten(), item));
    }
    if keyed.iter().all(|(by, _)| by.is_none()) {
        return Ok(keyed.into_iter().map(|(_, item)| item).collect());
    }
    let mut kinds = keyed.iter().map(|(by, _)| by.as_ref().map(Value::kind));
    let first = kinds.next().flatten();
    let is_certain = keyed.len() < 2
        || kinds.all(|kind| kind == first)
            && keyed.iter().all(|(by, _)| match by {
                Some(Value::Float(number)) => !number.is_nan(),
                Some(Value::Map(_)) => false,
                by => by.is_some(),
            });
    if !is_certain {
        return handover("sorting of mixed values");
    }
    keyed.sort_by(|(a, _), (b, _)| order(a.as_ref(), b.as_ref()));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// The order of two values of one kind; of what has none, all are equal.
fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Str(a)), Some(Value::Str(b))) => a.cmp(b),
        (Some(Value::Float(a)), Some(Value::Float(b))) => {
            a.partial_cmp(b).unwrap_or(Ordering::Equal)
        }
        (Some(Value::Uint(a) | Value::Uint64(a)), Some(Value::Uint(b) | Value::Uint64(b))) => {
            a.cmp(b)
        }
        (Some(a), Some(b)) => a.as_integer().cmp(&b.as_integer()),
        _ => Ordering::Equal,
    }
}
