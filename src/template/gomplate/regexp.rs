//! `regexp`: regular expressions, where Rust's and Go's mean the same.

use regex::Regex;

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{fixed, handover, namespace};
use crate::template::kind::Type;
use crate::template::value::Value;

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
