//! jq's functions of places in texts and arrays, and of the characters of texts, as gojq has them.

use jaq_core::ValR;

use crate::template::gomplate::jq::arithmetic::{fail, truncated};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::functions::{count, items, text};
use crate::template::gomplate::jq::value::Val;

/// Where a part stands in a text (in characters) or in an array.
pub(super) fn indices(value: &Val, part: &Val) -> ValR<Option<Vec<usize>>, Val> {
    let characters = |text: &str| text.chars().map(|c| count(c as usize)).collect::<Vec<_>>();
    let (all, part) = match (value, part) {
        (Val::Null, _) => return Ok(None),
        (Val::Array(array), Val::Array(part)) => (array.items.clone(), part.items.clone()),
        (Val::Array(array), part) => (array.items.clone(), vec![part.clone()]),
        (Val::Text(_), Val::Text(part)) => (characters(text(value)?), characters(part)),
        _ => return fail(),
    };
    if part.is_empty() {
        return Ok(Some(Vec::new()));
    }
    charge(all.len().saturating_mul(part.len()));
    let windows = all.windows(part.len()).enumerate();
    let found = windows.filter(|(_, window)| *window == part);
    Ok(Some(found.map(|(at, _)| at).collect()))
}

pub(super) fn all_indices(found: Option<Vec<usize>>) -> Val {
    found.map_or(Val::Null, |found| {
        Val::array(found.into_iter().map(count).collect())
    })
}

pub(super) fn index(found: Option<Vec<usize>>, is_last: bool) -> Val {
    let found = found.unwrap_or_default();
    let at = if is_last { found.last() } else { found.first() };
    at.map_or(Val::Null, |at| count(*at))
}

pub(super) fn explode(value: &Val) -> ValR<Val> {
    let codes = text(value)?
        .chars()
        .map(|c| Val::Int(i64::from(u32::from(c))));
    Ok(Val::array(codes.collect()))
}

pub(super) fn implode(value: &Val) -> ValR<Val> {
    let mut text = String::new();
    for code in items(value)? {
        let code = match code {
            Val::Int(code) => *code,
            Val::Float(code) => truncated(*code),
            _ => return fail(),
        };
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(Val::text(text))
}
