//! `regexp`: regular expressions, where Rust's and Go's mean the same.

use regex::Regex;

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_int64};
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "regexp",
        "*funcs.ReFuncs",
        vec![
            fixed(
                "Match",
                None,
                &[Type::Any, Type::Any],
                Type::Bool,
                |_, args| Ok(compile(&args[0])?.is_match(&ascii(&args[1])?).into()),
            ),
            fixed(
                "Find",
                None,
                &[Type::Any, Type::Any],
                Type::Str,
                |_, args| {
                    let input = ascii(&args[1])?;
                    let found = compile(&args[0])?
                        .find(&input)
                        .map_or("", |found| found.as_str());
                    Ok(found.into())
                },
            ),
            open("FindAll", None, &[], Type::Any, Type::STRINGS, |_, args| {
                let (pattern, limit, input) = limited(args)?;
                let found: Vec<&str> = compile(pattern)?
                    .find_iter(&input)
                    .map(|found| found.as_str())
                    .take(limit)
                    .collect();
                Ok(if found.is_empty() {
                    Value::List(List::absent(Type::Str))
                } else {
                    Value::strings(found)
                })
            }),
            open("Split", None, &[], Type::Any, Type::STRINGS, |_, args| {
                let (pattern, limit, input) = limited(args)?;
                split(&compile(pattern)?, limit, &input)
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
            fixed(
                "Replace",
                None,
                &[Type::Any, Type::Any, Type::Any],
                Type::Str,
                |_, args| {
                    let (input, by) = (ascii(&args[2])?, ascii(&args[1])?);
                    Ok(compile(&args[0])?
                        .replace_all(&input, by.as_str())
                        .into_owned()
                        .into())
                },
            ),
            fixed(
                "ReplaceLiteral",
                None,
                &[Type::Any, Type::Any, Type::Any],
                Type::Str,
                |_, args| {
                    let (input, by) = (ascii(&args[2])?, ascii(&args[1])?);
                    Ok(compile(&args[0])?
                        .replace_all(&input, regex::NoExpand(&by))
                        .into_owned()
                        .into())
                },
            ),
        ],
    );
}

/// An expression, how many of its matches count, and the text.
fn limited(args: &[Value]) -> Result<(&Value, usize, String), String> {
    match args {
        [pattern, input] => Ok((pattern, usize::MAX, ascii(input)?)),
        [pattern, limit, input] => {
            let limit = to_int64(limit).map_err(|why| format!("n must be an integer: {why}"))?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            Ok((pattern, limit, ascii(input)?))
        }
        _ => {
            let count = args.len();
            Err(format!("wrong number of args: want 2 or 3, got {count}"))
        }
    }
}

/// The pieces between matches. Where a match is empty, Go's rules are its own.
fn split(pattern: &Regex, limit: usize, input: &str) -> Result<Value, String> {
    if pattern.is_match("") || pattern.find_iter(input).any(|found| found.is_empty()) {
        return handover("a split where nothing is");
    }
    let pieces: Vec<&str> = pattern.splitn(input, limit).collect();
    Ok(Value::strings(pieces))
}

fn ascii(value: &Value) -> Result<String, String> {
    match String::from_utf8(text(value)?) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => handover("a regular expression on text that is not ASCII"),
    }
}

/// An expression of plain parts: what the two engines might read otherwise is gomplate's.
fn compile(value: &Value) -> Result<Regex, String> {
    let pattern = ascii(value)?;
    let odd = [
        "\\Q", "\\C", "\\z", "\\b", "[[", "&&", "--", "~~", "(?", "\\p", "\\0", "\\x", "{,",
    ];
    if odd.iter().any(|odd| pattern.contains(odd)) {
        return handover("an unusual regular expression");
    }
    Regex::new(&pattern).or_else(|_| handover("an unusual regular expression"))
}
