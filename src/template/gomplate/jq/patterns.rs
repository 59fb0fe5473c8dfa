//! Regular expressions in jq programs, as far as Rust's and Go's mean the same.

use std::rc::Rc;

use jaq_core::ValR;
use regex::{Captures, Match, Regex};

use crate::template::gomplate::jq::arithmetic::{fail, unsure};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::functions::{count, text};
use crate::template::gomplate::jq::value::Val;
use crate::template::gomplate::pattern;

fn compiled(expression: &Val, flags: &Val) -> ValR<(Regex, bool), Val> {
    let flags = match flags {
        Val::Null => "",
        flags => text(flags)?,
    };
    if flags.contains(|c| !matches!(c, 'g' | 'i' | 'm')) {
        return fail();
    }
    let expression = text(expression)?;
    let ignores_case = if flags.contains('i') { "(?i)" } else { "" };
    let with_lines = if flags.contains('m') { "(?s)" } else { "" };
    match pattern::compile(&format!("{with_lines}{ignores_case}{expression}")) {
        Ok(regex) => Ok((regex, flags.contains('g'))),
        Err(_) => unsure("an unusual regular expression in a query"),
    }
}

/// Whether an expression matches a text.
pub(super) fn is_match(value: &Val, expression: &Val, flags: &Val) -> ValR<Val> {
    let text = text(value)?;
    let (regex, _) = compiled(expression, flags)?;
    charge(text.len());
    Ok(Val::Bool(regex.is_match(text)))
}

/// The first place that an expression matches; with the flag `g`, all of them.
pub(super) fn matches(value: &Val, expression: &Val, flags: &Val) -> ValR<Val> {
    let text = text(value)?;
    let (regex, all) = compiled(expression, flags)?;
    let most = if all { usize::MAX } else { 1 };
    let mut found = Vec::new();
    for captures in regex.captures_iter(text).take(most) {
        if !charge(text.len() / 8 + 8) {
            return fail();
        }
        let whole = place(text, captures.get(0), None);
        let (Val::Object(whole), groups) = (whole, groups(text, &regex, &captures)) else {
            return fail();
        };
        let mut entries = whole.entries.clone();
        entries.remove("name");
        entries.insert("captures".into(), Val::array(groups));
        found.push(Val::object(entries));
    }
    Ok(Val::array(found))
}

fn groups(text: &str, regex: &Regex, captures: &Captures<'_>) -> Vec<Val> {
    let groups = captures.iter().zip(regex.capture_names()).skip(1);
    groups
        .map(|(found, name)| place(text, found, name))
        .collect()
}

/// Where something was found, in characters.
fn place(text: &str, found: Option<Match<'_>>, name: Option<&str>) -> Val {
    let length = |part: Option<&str>| count(part.unwrap_or_default().chars().count());
    let (offset, string) = match found {
        Some(found) => (length(text.get(..found.start())), Val::text(found.as_str())),
        None => (Val::Int(-1), Val::Null),
    };
    let entries = [
        ("offset", offset),
        ("length", length(found.map(|found| found.as_str()))),
        ("string", string),
        ("name", name.map_or(Val::Null, Val::text)),
    ];
    Val::object(entries.map(|(key, value)| (Rc::from(key), value)).into())
}

/// What the groups with a name found.
pub(super) fn named(groups: &Val) -> ValR<Val> {
    let Val::Array(groups) = groups else {
        return fail();
    };
    let entry = |group: &Val| match group {
        Val::Object(group) => match (group.entries.get("name"), group.entries.get("string")) {
            (Some(Val::Text(name)), Some(found)) => Some((Rc::clone(name), found.clone())),
            _ => None,
        },
        _ => None,
    };
    Ok(Val::object(groups.items.iter().filter_map(entry).collect()))
}
