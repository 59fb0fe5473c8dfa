//! `strings`: texts. What changes letters or words is in `words`, what lays text out in `layout`.

use crate::template::function::Functions;
use crate::template::gomplate::bounds::{LONG, few, short};
use crate::template::gomplate::conv::{text, whole};
use crate::template::gomplate::{Entry, dropped, fixed, handover, layout, namespace, open, words};
use crate::template::kind::{Kind, Type};
use crate::template::quote::quote;
use crate::template::runes::{characters, count};
use crate::template::value::{List, Value};

const ONE: &[Type] = &[Type::Any];
const TWO: &[Type] = &[Type::Str, Type::Any];

pub(super) fn add(functions: &mut Functions) {
    let mut entries = searches();
    entries.extend(trims());
    entries.extend(changes());
    entries.extend(words::entries());
    entries.extend(layout::entries());
    entries.push(dropped::sort());
    namespace(functions, "strings", "*funcs.StringFuncs", entries);
}

fn searches() -> Vec<Entry> {
    vec![
        fixed("Contains", None, TWO, Type::Bool, |_, args| {
            let found = memchr::memmem::find(&text(&args[1])?, plain(&args[0]));
            Ok(found.is_some().into())
        }),
        fixed("HasPrefix", None, TWO, Type::Bool, |_, args| {
            Ok(text(&args[1])?.starts_with(plain(&args[0])).into())
        }),
        fixed("HasSuffix", None, TWO, Type::Bool, |_, args| {
            Ok(text(&args[1])?.ends_with(plain(&args[0])).into())
        }),
        open("RuneCount", None, &[], Type::Any, Type::Int, |_, args| {
            let parts: Result<Vec<_>, String> = args.iter().map(text).collect();
            let runes = count(&parts?.concat());
            Ok(Value::Int(i64::try_from(runes).unwrap_or(i64::MAX)))
        }),
    ]
}

fn trims() -> Vec<Entry> {
    vec![
        fixed("TrimPrefix", None, TWO, Type::Str, |_, args| {
            let input = text(&args[1])?;
            let rest = input.strip_prefix(plain(&args[0]));
            Ok(Value::text(rest.unwrap_or(&input)))
        }),
        fixed("TrimSuffix", None, TWO, Type::Str, |_, args| {
            let input = text(&args[1])?;
            let rest = input.strip_suffix(plain(&args[0]));
            Ok(Value::text(rest.unwrap_or(&input)))
        }),
        fixed("Trim", None, TWO, Type::Str, |_, args| {
            let (input, cut) = (utf8(&args[1])?, utf8(&args[0])?);
            Ok(input.trim_matches(|c| cut.contains(c)).into())
        }),
        fixed("TrimLeft", None, TWO, Type::Str, |_, args| {
            let (input, cut) = (utf8(&args[1])?, utf8(&args[0])?);
            Ok(input.trim_start_matches(|c| cut.contains(c)).into())
        }),
        fixed("TrimRight", None, TWO, Type::Str, |_, args| {
            let (input, cut) = (utf8(&args[1])?, utf8(&args[0])?);
            Ok(input.trim_end_matches(|c| cut.contains(c)).into())
        }),
        fixed("TrimSpace", Some("trimSpace"), ONE, Type::Str, |_, args| {
            Ok(utf8(&args[0])?.trim().into())
        }),
        fixed(
            "Trunc",
            None,
            &[Type::Int, Type::Any],
            Type::Str,
            |_, args| {
                let (length, input) = (whole(&args[0]), text(&args[1])?);
                let kept = usize::try_from(length).unwrap_or(usize::MAX);
                Ok(Value::text(input.get(..kept).unwrap_or(&input)))
            },
        ),
    ]
}

fn changes() -> Vec<Entry> {
    vec![
        fixed(
            "ReplaceAll",
            Some("replaceAll"),
            &[Type::Str, Type::Str, Type::Any],
            Type::Str,
            |_, args| {
                let input = text(&args[2])?;
                Ok(Value::text(replace(
                    &input,
                    plain(&args[0]),
                    plain(&args[1]),
                )?))
            },
        ),
        fixed("Split", None, TWO, Type::STRINGS, |_, args| {
            split(&text(&args[1])?, plain(&args[0]), -1)
        }),
        fixed(
            "SplitN",
            None,
            &[Type::Str, Type::Int, Type::Any],
            Type::STRINGS,
            |_, args| split(&text(&args[2])?, plain(&args[0]), whole(&args[1])),
        ),
        fixed(
            "Repeat",
            None,
            &[Type::Int, Type::Any],
            Type::Str,
            |_, args| repeat(whole(&args[0]), &text(&args[1])?),
        ),
        fixed("Quote", Some("quote"), ONE, Type::Str, |_, args| {
            let input = text(&args[0])?;
            words::known(&input)?;
            Ok(quote(&input).into())
        }),
        fixed("Squote", Some("squote"), ONE, Type::Str, |_, args| {
            let doubled = replace(&text(&args[0])?, b"'", b"''")?;
            Ok(Value::text([&b"'"[..], &doubled, b"'"].concat()))
        }),
        fixed(
            "ShellQuote",
            Some("shellQuote"),
            ONE,
            Type::Str,
            |_, args| shell_quoted(&args[0]),
        ),
    ]
}

/// An argument whose parameter is a `string`.
pub(super) fn plain(value: &Value) -> &[u8] {
    value.as_text().unwrap_or_default()
}

/// A value as text that is UTF-8.
pub(super) fn utf8(value: &Value) -> Result<String, String> {
    String::from_utf8(text(value)?).or_else(|_| handover("text that is not UTF-8"))
}

/// Go's `strings.ReplaceAll`: what is empty is found between characters.
fn replace(input: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, String> {
    if old.is_empty() {
        let mut shown = new.to_vec();
        let mut rest = input;
        for (_, length) in characters(input) {
            let (character, after) = rest.split_at(length.min(rest.len()));
            shown.extend_from_slice(character);
            shown.extend_from_slice(new);
            short(shown.len())?;
            rest = after;
        }
        return Ok(shown);
    }
    let mut shown = Vec::with_capacity(input.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(input, old) {
        shown.extend_from_slice(input.get(from..at).unwrap_or_default());
        shown.extend_from_slice(new);
        short(shown.len())?;
        from = at + old.len();
    }
    shown.extend_from_slice(input.get(from..).unwrap_or_default());
    Ok(shown)
}

/// Go's `strings.SplitN`: at most `n` parts, or all if that is negative; an empty separator parts characters.
pub(super) fn split(input: &[u8], by: &[u8], n: i64) -> Result<Value, String> {
    if n == 0 {
        return Ok(Value::List(List::absent(Type::Str)));
    }
    let most = usize::try_from(n).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = input;
    if by.is_empty() {
        for (_, length) in characters(input) {
            if parts.len() + 1 >= most {
                break;
            }
            let (character, after) = rest.split_at(length.min(rest.len()));
            parts.push(character);
            few(parts.len())?;
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
        return Ok(Value::strings(parts));
    }
    while parts.len() + 1 < most {
        let Some(at) = memchr::memmem::find(rest, by) else {
            break;
        };
        parts.push(rest.get(..at).unwrap_or_default());
        few(parts.len())?;
        rest = rest.get(at + by.len()..).unwrap_or_default();
    }
    parts.push(rest);
    Ok(Value::strings(parts))
}

fn repeat(count: i64, input: &[u8]) -> Result<Value, String> {
    let Ok(times) = usize::try_from(count) else {
        return Err(format!("negative count {count}"));
    };
    if times.saturating_mul(input.len()) > LONG {
        return handover("a very long repetition");
    }
    Ok(Value::text(input.repeat(times)))
}

fn shell_quoted(value: &Value) -> Result<Value, String> {
    let quoted = |input: &[u8]| -> Result<Vec<u8>, String> {
        let inner = replace(input, b"'", b"'\"'\"'")?;
        Ok([&b"'"[..], &inner, b"'"].concat())
    };
    match value {
        // Of what is no text, gomplate shows the type.
        Value::List(list) => {
            let items = list.items();
            let shown = items.iter().map(|item| match (list.element(), item) {
                (Type::Str, Value::Str(text)) => quoted(text),
                (element, _) => quoted(format!("<{element} Value>").as_bytes()),
            });
            let shown = shown.collect::<Result<Vec<_>, _>>()?;
            Ok(Value::text(shown.join(&b' ')))
        }
        Value::Bytes(bytes) => Ok(Value::text(
            vec![quoted(b"<uint8 Value>")?; bytes.len()].join(&b' '),
        )),
        Value::Native(object) if matches!(object.kind(), Kind::Slice | Kind::Array) => {
            handover("an unusual list")
        }
        other => Ok(Value::text(quoted(&text(other)?)?)),
    }
}
