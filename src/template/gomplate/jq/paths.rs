//! jq's functions of paths that are values, as gojq has them.

use std::rc::Rc;

use jaq_core::{ValR, ValT as _};

use crate::template::gomplate::jq::arithmetic::{fail, unsure};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::value::Val;

type Result = ValR<Val>;

/// Arrays that grow to an index are no longer than this.
const LONGEST: usize = 10_000;

fn steps(path: &Val) -> ValR<&[Val], Val> {
    match path {
        Val::Array(path) if charge(path.items.len()) => Ok(&path.items),
        _ => fail(),
    }
}

pub(super) fn get(value: Val, path: &Val) -> Result {
    let mut value = value;
    for step in steps(path)? {
        value = match value {
            Val::Null | Val::Array(_) | Val::Object(_) => value.index(step)?,
            _ => return fail(),
        };
    }
    Ok(value)
}

pub(super) fn set(value: &Val, path: &Val, new: &Val) -> Result {
    set_at(value, steps(path)?, new)
}

fn set_at(value: &Val, path: &[Val], new: &Val) -> Result {
    let Some((step, rest)) = path.split_first() else {
        return Ok(new.clone());
    };
    match (value, step) {
        (Val::Null | Val::Object(_), Val::Text(key)) => {
            let mut entries = match value {
                Val::Object(object) => object.entries.clone(),
                _ => std::collections::BTreeMap::new(),
            };
            let old = entries.get(key).cloned().unwrap_or(Val::Null);
            entries.insert(Rc::clone(key), set_at(&old, rest, new)?);
            Ok(Val::object(entries))
        }
        (Val::Null | Val::Array(_), Val::Int(at)) => {
            let mut items = match value {
                Val::Array(array) => array.items.clone(),
                _ => Vec::new(),
            };
            let Some(at) = place(*at, items.len()) else {
                return fail();
            };
            if at >= items.len() {
                if at > LONGEST {
                    return unsure("a very long array in a query");
                }
                items.resize(at + 1, Val::Null);
            }
            if let Some(item) = items.get_mut(at) {
                *item = set_at(item, rest, new)?;
            }
            Ok(Val::array(items))
        }
        (_, Val::Text(_) | Val::Int(_)) => fail(),
        _ => unsure("an unusual path in a query"),
    }
}

/// An index from the front, if it does not lie before it.
fn place(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 {
        at.saturating_add(length)
    } else {
        at
    };
    usize::try_from(at).ok()
}

/// The value without what lies at these paths, all of which count in the value as it was.
pub(super) fn delete(value: &Val, paths: &Val) -> Result {
    let mut found = Vec::new();
    for path in steps(paths)? {
        if let Some(path) = existing(value, steps(path)?)? {
            found.push(path);
        }
    }
    // From the last to the first, so that those before it stay where they are.
    found.sort_by(|left, right| right.compare(left));
    found.dedup();
    let mut value = value.clone();
    for path in found {
        value = without(&value, steps(&path)?)?;
    }
    Ok(value)
}

/// A path with its indices from the front, if there is something at it.
fn existing(value: &Val, path: &[Val]) -> ValR<Option<Val>, Val> {
    let mut value = value.clone();
    let mut found = Vec::new();
    for step in path {
        let (next, step) = match (&value, step) {
            (Val::Null, Val::Text(_) | Val::Int(_)) => return Ok(None),
            (Val::Object(object), Val::Text(key)) => {
                let Some(next) = object.entries.get(key) else {
                    return Ok(None);
                };
                (next.clone(), step.clone())
            }
            (Val::Array(array), Val::Int(at)) => {
                let at = place(*at, array.items.len());
                let Some((at, next)) = at.and_then(|at| Some((at, array.items.get(at)?))) else {
                    return Ok(None);
                };
                let at = i64::try_from(at).unwrap_or(i64::MAX);
                (next.clone(), Val::Int(at))
            }
            _ => return unsure("a path in a query that is not there"),
        };
        found.push(step);
        value = next;
    }
    Ok(Some(Val::array(found)))
}

fn without(value: &Val, path: &[Val]) -> Result {
    let Some((step, rest)) = path.split_first() else {
        return Ok(Val::Null);
    };
    match (value, step) {
        (Val::Object(object), Val::Text(key)) => {
            let mut entries = object.entries.clone();
            match entries.get(key) {
                Some(inner) if !rest.is_empty() => {
                    let inner = without(inner, rest)?;
                    entries.insert(Rc::clone(key), inner);
                }
                _ => drop(entries.remove(key)),
            }
            Ok(Val::object(entries))
        }
        (Val::Array(array), Val::Int(at)) => {
            let mut items = array.items.clone();
            match place(*at, items.len()) {
                Some(at) if at < items.len() && rest.is_empty() => drop(items.remove(at)),
                Some(at) => {
                    if let Some(item) = items.get_mut(at) {
                        *item = without(item, rest)?;
                    }
                }
                None => {}
            }
            Ok(Val::array(items))
        }
        _ => Ok(value.clone()),
    }
}
