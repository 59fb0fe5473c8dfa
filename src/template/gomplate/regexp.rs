//! `regexp`: regular expressions, where Rust's and Go's mean the same.

use regex::{Captures, Regex};

use crate::template::function::Functions;
use crate::template::gomplate::bounds::{MANY, few, short};
use crate::template::gomplate::conv::{text, to_int64};
use crate::template::gomplate::strings::utf8;
use crate::template::gomplate::{fixed, namespace, open, pattern, words};
use crate::template::kind::Type;
use crate::template::runes::{is_digit, is_letter};
use crate::template::value::{List, Value};

const TWO: &[Type] = &[Type::Any, Type::Any];
const THREE: &[Type] = &[Type::Any, Type::Any, Type::Any];

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "regexp",
        "*funcs.ReFuncs",
        vec![
            fixed("Match", None, TWO, Type::Bool, |_, args| {
                Ok(compile(&args[0])?.is_match(&input(&args[1])?).into())
            }),
            fixed("Find", None, TWO, Type::Str, |_, args| {
                let (pattern, input) = (compile(&args[0])?, input(&args[1])?);
                let found = pattern.find(&input);
                Ok(found.map_or("", |found| found.as_str()).into())
            }),
            open("FindAll", None, &[], Type::Any, Type::STRINGS, |_, args| {
                find_all(args)
            }),
            open("Split", None, &[], Type::Any, Type::STRINGS, |_, args| {
                split(args)
            }),
            fixed("QuoteMeta", None, &[Type::Any], Type::Str, |_, args| {
                let mut quoted = Vec::new();
                for byte in text(&args[0])? {
                    if b"\\.+*?()|[]{}^$".contains(&byte) {
                        quoted.push(b'\\');
                    }
                    quoted.push(byte);
                }
                Ok(Value::text(quoted))
            }),
            fixed("Replace", None, THREE, Type::Str, |_, args| {
                let (pattern, by, input) = (compile(&args[0])?, utf8(&args[1])?, input(&args[2])?);
                let mut shown = String::new();
                replaced(&input, &pattern, &mut shown, |found, shown| {
                    expanded(&by, &pattern, found, shown)
                })?;
                Ok(shown.into())
            }),
            fixed("ReplaceLiteral", None, THREE, Type::Str, |_, args| {
                let (pattern, by, input) = (compile(&args[0])?, utf8(&args[1])?, input(&args[2])?);
                let mut shown = String::new();
                replaced(&input, &pattern, &mut shown, |_, shown| {
                    shown.push_str(&by);
                    Ok(())
                })?;
                Ok(shown.into())
            }),
        ],
    );
}

fn compile(value: &Value) -> Result<Regex, String> {
    pattern::compile(&utf8(value)?)
}

fn input(value: &Value) -> Result<String, String> {
    let input = utf8(value)?;
    words::known(input.as_bytes())?;
    Ok(input)
}

/// The text with something else for each match.
fn replaced(
    input: &str,
    pattern: &Regex,
    shown: &mut String,
    mut by: impl FnMut(&Captures<'_>, &mut String) -> Result<(), String>,
) -> Result<(), String> {
    let mut from = 0;
    for found in pattern.captures_iter(input) {
        let Some(whole) = found.get(0) else { continue };
        shown.push_str(input.get(from..whole.start()).unwrap_or_default());
        by(&found, shown)?;
        short(shown.len())?;
        from = whole.end();
    }
    shown.push_str(input.get(from..).unwrap_or_default());
    Ok(())
}

/// An expression, how many of its matches count, and the text.
fn limited(args: &[Value]) -> Result<(Regex, i64, String, bool), String> {
    let (pattern, limit, text) = match args {
        [pattern, text] => (pattern, -1, text),
        [pattern, limit, text] => {
            let limit = to_int64(limit).map_err(|why| format!("n must be an integer: {why}"))?;
            (pattern, limit, text)
        }
        _ => {
            let count = args.len();
            return Err(format!("wrong number of args: want 2 or 3, got {count}"));
        }
    };
    let is_empty = utf8(pattern)?.is_empty();
    Ok((compile(pattern)?, limit, input(text)?, is_empty))
}

fn find_all(args: &[Value]) -> Result<Value, String> {
    let (pattern, limit, input, _) = limited(args)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found: Vec<&str> = pattern
        .find_iter(&input)
        .map(|found| found.as_str())
        .take(limit.min(MANY + 1))
        .collect();
    few(found.len())?;
    Ok(if found.is_empty() {
        Value::List(List::absent(Type::Str))
    } else {
        Value::strings(found)
    })
}

/// The pieces between matches, by Go's rules for empty ones.
fn split(args: &[Value]) -> Result<Value, String> {
    let (pattern, limit, input, is_empty) = limited(args)?;
    if limit == 0 {
        return Ok(Value::List(List::absent(Type::Str)));
    }
    if input.is_empty() && !is_empty {
        return Ok(Value::strings([""]));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut pieces = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.find_iter(&input).take(limit) {
        if pieces.len() + 1 == limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            pieces.push(input.get(begin..end).unwrap_or_default());
            few(pieces.len())?;
        }
        begin = found.end();
    }
    if end != input.len() {
        pieces.push(input.get(begin..).unwrap_or_default());
    }
    Ok(Value::strings(pieces))
}

/// A replacement with its groups filled in: `$1`, `${name}`, `$$`. Other dollars stay as they are.
fn expanded(
    by: &str,
    pattern: &Regex,
    found: &Captures<'_>,
    shown: &mut String,
) -> Result<(), String> {
    let mut rest = by;
    while let Some((before, after)) = rest.split_once('$') {
        short(shown.len())?;
        shown.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            shown.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = group_name(after) else {
            shown.push('$');
            rest = after;
            continue;
        };
        rest = after;
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        let has_zeros = name.len() > 1 && name.starts_with('0');
        let group = if is_number && !has_zeros && name.len() <= 8 {
            name.parse().ok().and_then(|number| found.get(number))
        } else if pattern.capture_names().flatten().any(|known| known == name) {
            found.name(name)
        } else {
            None
        };
        shown.push_str(group.map_or("", |group| group.as_str()));
    }
    shown.push_str(rest);
    Ok(())
}

/// The name behind a dollar, in braces or not, and what follows.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{');
    let names = inner.unwrap_or(text);
    let is_part = |c: char| is_letter(c) || is_digit(c) || c == '_';
    let length = names.find(|c| !is_part(c)).unwrap_or(names.len());
    let (name, after) = names.split_at(length);
    if name.is_empty() {
        return None;
    }
    match inner {
        Some(_) => Some((name, after.strip_prefix('}')?)),
        None => Some((name, after)),
    }
}
