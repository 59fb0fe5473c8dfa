//! `coll.JSONPath`: what a path finds in a value, as Kubernetes' client finds it. Reads no paths ([`jsonpath_parser`]).
//!
//! Facts: k8s.io/client-go v0.36.2, `util/jsonpath`, by its source and by running gomplate. Where that takes the entries of a map
//! in any order, they come here in the order of their keys.
//!
//! [`jsonpath_parser`]: crate::template::gomplate::jsonpath_parser

use std::cmp::Ordering;

use crate::template::gomplate::bounds::{DEPTH, VALUES, deeper};
use crate::template::gomplate::conv::told;
use crate::template::gomplate::handover;
use crate::template::gomplate::jsonpath_parser::{Node, Slice, parse};
use crate::template::value::Value;

/// What a step found, and why it found no more. Filters look at what was found before it failed.
type Found = (Vec<Value>, Option<String>);

/// The value that a path finds in another; a list, if it is not exactly one.
///
/// # Errors
/// gomplate's, or the mark that hands it over.
pub(super) fn json_path(path: &[u8], value: &Value) -> Result<Value, String> {
    let Ok(path) = std::str::from_utf8(path) else {
        return handover("a path that is not UTF-8");
    };
    if matches!(value, Value::Nil) || !is_plain(value, DEPTH, &mut { VALUES }) {
        return handover("a path into an unusual value");
    }
    let paths =
        parse(path).map_err(|why| caused(&format!("couldn't parse JSONPath {path}"), why))?;
    let mut groups = Vec::with_capacity(paths.len());
    for nodes in &paths {
        let (found, error) = walk(vec![value.clone()], nodes)?;
        if let Some(why) = error {
            return Err(caused("executing JSONPath failed", why));
        }
        groups.push(found);
    }
    if let [group] = &mut groups[..]
        && group.len() == 1
        && let Some(only) = group.pop()
    {
        return Ok(only);
    }
    let found = groups.into_iter().flatten();
    Ok(Value::grown(
        found.filter(|value| !matches!(value, Value::Nil)).collect(),
    ))
}

/// A cause in its context, unless it is the mark that hands it over.
fn caused(context: &str, why: String) -> String {
    if why.starts_with(crate::template::gomplate::HANDOVER) {
        return why;
    }
    format!("{context}: {why}")
}

/// Whether all of a value is of Go's plain kinds.
fn is_plain(value: &Value, depth: usize, left: &mut usize) -> bool {
    let Ok(depth) = deeper(depth, left) else {
        return false;
    };
    match value {
        Value::List(list) => list.items().iter().all(|item| is_plain(item, depth, left)),
        Value::Map(map) => map
            .entries()
            .values()
            .all(|item| is_plain(item, depth, left)),
        Value::Native(_) | Value::Func(_) | Value::Complex(..) => false,
        _ => true,
    }
}

/// Takes one step after the other.
fn walk(mut values: Vec<Value>, nodes: &[Node]) -> Result<Found, String> {
    for node in nodes {
        let (found, error) = step(values, node)?;
        if error.is_some() {
            return Ok((found, error));
        }
        values = found;
    }
    Ok((values, None))
}

fn step(values: Vec<Value>, node: &Node) -> Result<Found, String> {
    let each = |constant: Value| vec![constant; values.len()];
    Ok(match node {
        Node::Text(text) => (vec![Value::text(text)], None),
        Node::Int(number) => (each(Value::Int(*number)), None),
        Node::Float(number) => (each(Value::Float(*number)), None),
        Node::Bool(truth) => (each(Value::Bool(*truth)), None),
        Node::Field(name) => field(&values, name),
        Node::Slice(slice) => part(values, *slice),
        Node::Wildcard => (values.iter().flat_map(children).collect(), None),
        Node::Recursive => {
            let mut found = Vec::new();
            descend(&values, &mut found);
            (found, None)
        }
        Node::Union(paths) => union(values, paths)?,
        Node::Filter(left, right) => filter(values, left, right.as_ref())?,
        Node::Unknown(word) if matches!(word.as_str(), "range" | "end") => {
            return handover("a loop in a path");
        }
        Node::Unknown(word) => (values, Some(format!("unrecognized identifier {word}"))),
    })
}

fn field(values: &[Value], name: &str) -> Found {
    let key = name.as_bytes();
    let value = |value: &Value| match value {
        Value::Map(map) => map.get(key),
        _ => None,
    };
    let found: Vec<Value> = values.iter().filter_map(value).collect();
    let error = (found.is_empty() && !values.is_empty()).then(|| format!("{name} is not found"));
    (found, error)
}

/// The elements of a list, the entries of a map, the bytes of a text.
fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.items(),
        Value::Map(map) => map.entries().into_values().collect(),
        Value::Str(text) | Value::Bytes(text) => {
            text.iter().map(|byte| Value::Uint8(*byte)).collect()
        }
        _ => Vec::new(),
    }
}

/// All values that have others in them, each before those.
fn descend(values: &[Value], found: &mut Vec<Value>) {
    for value in values {
        let inner = children(value);
        if !inner.is_empty() {
            found.push(value.clone());
            descend(&inner, found);
        }
    }
}

fn part(values: Vec<Value>, slice: Slice) -> Found {
    let mut found = Vec::new();
    for value in &values {
        let items = match value {
            Value::Nil => continue,
            Value::List(_) | Value::Bytes(_) => children(value),
            other => {
                let error = format!("{} is not array or slice", other.type_name());
                return (values, Some(error));
            }
        };
        match range(slice, items.len()) {
            // Nothing is found in the values behind this one, either.
            Ok(None) => return (found, None),
            Ok(Some((start, end, step))) => {
                let items = items.into_iter().take(end).skip(start);
                found.extend(items.step_by(step));
            }
            Err(why) => return (values, Some(why)),
        }
    }
    (found, None)
}

/// Where a part of a list of this length begins, where it ends, and the step; `None` if it is empty.
fn range(slice: Slice, length: usize) -> Result<Option<(usize, usize, usize)>, String> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let mut start = slice.start.unwrap_or(0);
    if start < 0 {
        start = start.wrapping_add(length);
    }
    let mut end = slice.end.unwrap_or(length);
    if end < 0 || end == 0 && slice.only {
        end = end.wrapping_add(length);
    }
    if start == end {
        return Ok(None);
    }
    let out = |index: i64| {
        Err(format!(
            "array index out of bounds: index {index}, length {length}"
        ))
    };
    if start >= length || start < 0 {
        return out(start);
    }
    if end > length || end < 0 {
        return out(end.wrapping_sub(1));
    }
    if start > end {
        return Err(format!(
            "starting index {start} is greater than ending index {end}"
        ));
    }
    let step = slice.step.unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".to_owned());
    }
    let place = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Some((place(start), place(end), place(step))))
}

fn union(values: Vec<Value>, paths: &[Vec<Node>]) -> Result<Found, String> {
    let mut all = Vec::new();
    for path in paths {
        let (found, error) = walk(values.clone(), path)?;
        if error.is_some() {
            return Ok((values, error));
        }
        all.extend(found);
    }
    Ok((all, None))
}

fn filter(
    values: Vec<Value>,
    left: &[Node],
    right: Option<&(String, Vec<Node>)>,
) -> Result<Found, String> {
    let mut found = Vec::new();
    for value in &values {
        if !matches!(value, Value::List(_) | Value::Bytes(_)) {
            let shown = if matches!(value, Value::Nil) {
                "<nil>".to_owned()
            } else {
                told(value)?
            };
            let error = format!("{shown} is not array or slice and cannot be filtered");
            return Ok((values, Some(error)));
        }
        for item in children(value) {
            match passes(&item, left, right)? {
                Ok(true) => found.push(item),
                Ok(false) => {}
                Err(why) => return Ok((found, Some(why))),
            }
        }
    }
    Ok((found, None))
}

fn passes(
    item: &Value,
    left: &[Node],
    right: Option<&(String, Vec<Node>)>,
) -> Result<Result<bool, String>, String> {
    let (lefts, error) = walk(vec![item.clone()], left)?;
    let Some((operator, right)) = right else {
        return Ok(Ok(!lefts.is_empty()));
    };
    let left = match only(lefts, error) {
        Ok(Some(left)) => left,
        Ok(None) => return Ok(Ok(false)),
        Err(why) => return Ok(Err(why)),
    };
    let (rights, error) = walk(vec![item.clone()], right)?;
    Ok(match only(rights, error) {
        Ok(Some(right)) => compare(&left, operator, &right),
        Ok(None) => Ok(false),
        Err(why) => Err(why),
    })
}

/// The one value that a side of a comparison has, if it has any.
fn only(mut values: Vec<Value>, error: Option<String>) -> Result<Option<Value>, String> {
    if let Some(why) = error {
        return Err(why);
    }
    if values.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    Ok(values.pop())
}

fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    match operator {
        "<" => less(left, right),
        ">" => Ok(!less(left, right)? && !equal(left, right)?),
        "==" => equal(left, right),
        "!=" => Ok(!equal(left, right)?),
        "<=" => Ok(less(left, right)? || equal(left, right)?),
        ">=" => Ok(!less(left, right)?),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

/// What two values are compared as.
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(&'v [u8]),
}

fn basic(value: &Value) -> Result<Basic<'_>, String> {
    Ok(match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Basic::Int(*value),
        Value::Int32(value) => Basic::Int(i64::from(*value)),
        Value::Uint(value) | Value::Uint64(value) => Basic::Uint(*value),
        Value::Uint8(value) => Basic::Uint(u64::from(*value)),
        Value::Float(value) => Basic::Float(*value),
        Value::Str(text) => Basic::Text(text),
        _ => return Err("invalid type for comparison".to_owned()),
    })
}

fn incompatible<T>() -> Result<T, String> {
    Err("incompatible types for comparison".to_owned())
}

#[expect(clippy::float_cmp, reason = "Go compares so")]
fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(match (basic(left)?, basic(right)?) {
        (Basic::Bool(left), Basic::Bool(right)) => left == right,
        (Basic::Float(left), Basic::Float(right)) => left == right,
        (left, right) => return Ok(order(&left, &right)? == Ordering::Equal),
    })
}

fn less(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(match (basic(left)?, basic(right)?) {
        (Basic::Bool(_), Basic::Bool(_)) => return Err("invalid type for comparison".to_owned()),
        (Basic::Float(left), Basic::Float(right)) => left < right,
        (left, right) => order(&left, &right)? == Ordering::Less,
    })
}

fn order(left: &Basic<'_>, right: &Basic<'_>) -> Result<Ordering, String> {
    let whole = |value: &Basic<'_>| match value {
        Basic::Int(value) => Some(i128::from(*value)),
        Basic::Uint(value) => Some(i128::from(*value)),
        _ => None,
    };
    match (left, right) {
        (Basic::Text(left), Basic::Text(right)) => Ok(left.cmp(right)),
        _ => match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Ok(left.cmp(&right)),
            _ => incompatible(),
        },
    }
}
