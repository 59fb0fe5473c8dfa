//! The functions of jq that are no programs themselves, as gojq has them.

use std::collections::BTreeMap;
use std::rc::Rc;

use jaq_core::ValR;

use crate::template::gomplate::jq::arithmetic::{fail, truncated, unsure};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::json::json;
use crate::template::gomplate::jq::value::Val;

type Result = ValR<Val>;

/// A length or an index.
pub(super) fn count(number: usize) -> Val {
    i64::try_from(number).map_or(Val::Null, Val::Int)
}

/// The text of a value, for functions that take nothing else.
pub(super) fn text(value: &Val) -> ValR<&Rc<str>, Val> {
    match value {
        Val::Text(text) if charge(text.len() / 8) => Ok(text),
        _ => fail(),
    }
}

/// The array of a value, likewise.
pub(super) fn items(value: &Val) -> ValR<&[Val], Val> {
    match value {
        Val::Array(array) if charge(array.items.len()) => Ok(&array.items),
        _ => fail(),
    }
}

/// The elements of an array, or the values of an object in the order of its keys.
fn elements(value: &Val) -> ValR<Vec<Val>, Val> {
    match value {
        Val::Object(object) => Ok(object.entries.values().cloned().collect()),
        other => Ok(items(other)?.to_vec()),
    }
}

pub(super) fn length(value: &Val) -> Result {
    match value {
        Val::Null => Ok(Val::Int(0)),
        Val::Int(_) | Val::Float(_) => absolute(value),
        Val::Text(_) => Ok(count(text(value)?.chars().count())),
        Val::Array(array) => Ok(count(array.items.len())),
        Val::Object(object) => Ok(count(object.entries.len())),
        Val::Bool(_) => fail(),
    }
}

pub(super) fn byte_length(value: &Val) -> Result {
    Ok(count(text(value)?.len()))
}

pub(super) fn absolute(value: &Val) -> Result {
    match value {
        Val::Int(number) => match number.checked_abs() {
            Some(number) => Ok(Val::Int(number)),
            None => unsure("integers of more than 64 bits in a query"),
        },
        Val::Float(number) => Ok(Val::Float(number.abs())),
        _ => fail(),
    }
}

/// `floor` and the like, which give a float for an integer too.
pub(super) fn rounded(value: &Val, round: fn(f64) -> f64) -> Result {
    match value.as_float() {
        Some(number) => Ok(Val::Float(round(number))),
        None => fail(),
    }
}

pub(super) fn keys(value: &Val) -> Result {
    match value {
        Val::Object(object) => {
            let keys = object.entries.keys();
            Ok(Val::array(
                keys.map(|key| Val::Text(Rc::clone(key))).collect(),
            ))
        }
        other => Ok(Val::array((0..items(other)?.len()).map(count).collect())),
    }
}

pub(super) fn has(value: &Val, key: &Val) -> Result {
    match (value, key) {
        (Val::Null, _) => Ok(Val::Bool(false)),
        (Val::Object(object), Val::Text(key)) => Ok(Val::Bool(object.entries.contains_key(key))),
        (Val::Array(array), Val::Int(_) | Val::Float(_)) => {
            let at = match key {
                Val::Int(at) => *at,
                other => truncated(other.as_float().unwrap_or(-1.0)),
            };
            let is_in = usize::try_from(at).is_ok_and(|at| at < array.items.len());
            Ok(Val::Bool(is_in))
        }
        _ => fail(),
    }
}

pub(super) fn contains(value: &Val, part: &Val) -> Result {
    match is_in(value, part) {
        Some(is_in) => Ok(Val::Bool(is_in)),
        None => fail(),
    }
}

/// Whether a value contains another; `None` if their types do not fit.
fn is_in(value: &Val, part: &Val) -> Option<bool> {
    if !charge(1) {
        return None;
    }
    match (value, part) {
        (Val::Null, Val::Null) => Some(true),
        (Val::Bool(left), Val::Bool(right)) if left == right => Some(true),
        (Val::Int(left), Val::Int(right)) => Some(left == right),
        (Val::Text(left), Val::Text(right)) => Some(left.contains(&**right)),
        (Val::Array(left), Val::Array(right)) => {
            let found = |part: &Val| {
                left.items
                    .iter()
                    .any(|item| is_in(item, part) == Some(true))
            };
            Some(right.items.iter().all(found))
        }
        (Val::Object(left), Val::Object(right)) => {
            let found = |(key, part): (&Rc<str>, &Val)| {
                let value = left.entries.get(key);
                value.is_some_and(|value| is_in(value, part) == Some(true))
            };
            Some(right.entries.iter().all(found))
        }
        #[expect(clippy::float_cmp, reason = "Go compares so")]
        _ => Some(value.as_float()? == part.as_float()?),
    }
}

/// What is added up.
enum Sum {
    Text(String),
    Array(Vec<Val>),
    Object(BTreeMap<Rc<str>, Val>),
    Other(Val),
}

impl Sum {
    fn value(self) -> Val {
        match self {
            Self::Text(text) => Val::text(text),
            Self::Array(items) => Val::array(items),
            Self::Object(entries) => Val::object(entries),
            Self::Other(value) => value,
        }
    }

    fn plus(self, value: Val) -> ValR<Self, Val> {
        if !charge(1) {
            return fail();
        }
        Ok(match (self, value) {
            (sum, Val::Null) => sum,
            (Self::Other(Val::Null), Val::Text(text)) => Self::Text(text.to_string()),
            (Self::Other(Val::Null), Val::Array(array)) => Self::Array(array.items.clone()),
            (Self::Other(Val::Null), Val::Object(object)) => Self::Object(object.entries.clone()),
            (Self::Text(mut sum), Val::Text(text)) if charge(text.len() / 8) => {
                sum.push_str(&text);
                Self::Text(sum)
            }
            (Self::Array(mut sum), Val::Array(array)) if charge(array.items.len()) => {
                sum.extend(array.items.iter().cloned());
                Self::Array(sum)
            }
            (Self::Object(mut sum), Val::Object(object)) if charge(object.entries.len()) => {
                sum.extend(object.entries.clone());
                Self::Object(sum)
            }
            (sum, value) => Self::Other((sum.value() + value)?),
        })
    }
}

fn sum(values: impl IntoIterator<Item = Val>) -> Result {
    let nothing = Sum::Other(Val::Null);
    let sum = values.into_iter().try_fold(nothing, Sum::plus)?;
    Ok(sum.value())
}

pub(super) fn add(value: &Val) -> Result {
    sum(elements(value)?)
}

pub(super) fn join(value: &Val, by: &Val) -> Result {
    let mut parts = vec![Val::text("")];
    for (at, element) in elements(value)?.into_iter().enumerate() {
        if at > 0 {
            parts.push(by.clone());
        }
        parts.push(match element {
            Val::Bool(_) | Val::Int(_) | Val::Float(_) => Val::text(json(&element)),
            other => other,
        });
    }
    sum(parts)
}

pub(super) fn to_number(value: &Val) -> Result {
    match value {
        Val::Int(_) | Val::Float(_) => Ok(value.clone()),
        other => number(text(other)?),
    }
}

/// A number as JSON writes it.
fn number(text: &str) -> Result {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return fail();
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_json = digits.len() < 400
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && !(digits.starts_with('0') && digits[1..].starts_with(|c: char| c.is_ascii_digit()))
        && serde_json::from_str::<f64>(text).is_ok();
    if !is_json {
        return unsure("an unusual number in a query");
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(number) => Ok(Val::Int(number)),
            Err(_) => unsure("integers of more than 64 bits in a query"),
        };
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Val::Float(number)),
        _ => unsure("a number out of range in a query"),
    }
}

pub(super) fn reverse(value: &Val) -> Result {
    Ok(Val::array(items(value)?.iter().rev().cloned().collect()))
}

pub(super) fn flatten(value: &Val, depth: &Val) -> Result {
    let depth = match depth {
        Val::Null => f64::INFINITY,
        other => match other.as_float() {
            Some(depth) if depth >= 0.0 && depth.fract() == 0.0 => depth,
            Some(depth) if depth >= 0.0 => return unsure("an unusual depth in a query"),
            _ => return fail(),
        },
    };
    let mut flat = Vec::new();
    flatten_into(&mut flat, &elements(value)?, depth);
    Ok(Val::array(flat))
}

fn flatten_into(flat: &mut Vec<Val>, items: &[Val], depth: f64) {
    for item in items {
        match item {
            Val::Array(array) if depth > 0.0 && charge(1) => {
                flatten_into(flat, &array.items, depth - 1.0);
            }
            other if charge(1) => flat.push(other.clone()),
            _ => return,
        }
    }
}

/// The elements with what they are sorted by.
fn sorted(value: &Val, keys: &Val) -> ValR<Vec<(Val, Val)>, Val> {
    let (values, keys) = (items(value)?, items(keys)?);
    if values.len() != keys.len() {
        return fail();
    }
    let mut pairs: Vec<_> = keys.iter().cloned().zip(values.iter().cloned()).collect();
    pairs.sort_by(|left, right| left.0.compare(&right.0));
    Ok(pairs)
}

pub(super) fn sort_by(value: &Val, keys: &Val) -> Result {
    let pairs = sorted(value, keys)?.into_iter();
    Ok(Val::array(pairs.map(|(_, value)| value).collect()))
}

pub(super) fn group_by(value: &Val, keys: &Val) -> Result {
    let pairs = sorted(value, keys)?;
    let groups = pairs.chunk_by(|left, right| left.0 == right.0);
    let group =
        |group: &[(Val, Val)]| Val::array(group.iter().map(|pair| pair.1.clone()).collect());
    Ok(Val::array(groups.map(group).collect()))
}

pub(super) fn unique_by(value: &Val, keys: &Val) -> Result {
    let mut pairs = sorted(value, keys)?;
    pairs.dedup_by(|later, first| later.0 == first.0);
    Ok(Val::array(
        pairs.into_iter().map(|(_, value)| value).collect(),
    ))
}

/// The first of the least, or the last of the greatest.
pub(super) fn extreme(value: &Val, keys: &Val, is_least: bool) -> Result {
    let (values, keys) = (items(value)?, items(keys)?);
    let mut found: Option<(&Val, &Val)> = None;
    for pair in keys.iter().zip(values) {
        let is_better = |found: (&Val, &Val)| found.0.compare(pair.0).is_gt() == is_least;
        if found.is_none_or(is_better) {
            found = Some(pair);
        }
    }
    Ok(found.map_or(Val::Null, |(_, value)| value.clone()))
}

pub(super) fn from_entries(value: &Val) -> Result {
    let mut entries = BTreeMap::new();
    for entry in elements(value)? {
        let Val::Object(entry) = entry else {
            return fail();
        };
        let get = |name: &str| entry.entries.get(name).cloned();
        let names = ["key", "Key", "name", "Name"]
            .map(get)
            .into_iter()
            .flatten();
        let key = names
            .into_iter()
            .find(|key| !matches!(key, Val::Null | Val::Bool(false)));
        let Some(Val::Text(key)) = key else {
            return fail();
        };
        let value = get("value").or_else(|| get("Value"));
        entries.insert(key, value.unwrap_or(Val::Null));
    }
    Ok(Val::object(entries))
}

pub(super) fn transpose(value: &Val) -> Result {
    let rows: ValR<Vec<&[Val]>, Val> = items(value)?.iter().map(items).collect();
    let rows = rows?;
    let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    charge(width.saturating_mul(rows.len()));
    let column = |at: usize| {
        let cell = |row: &&[Val]| row.get(at).cloned().unwrap_or(Val::Null);
        Val::array(rows.iter().map(cell).collect())
    };
    Ok(Val::array((0..width).map(column).collect()))
}
