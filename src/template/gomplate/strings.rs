//! `strings`: texts. Where gomplate goes by Unicode's tables of words and cases, only ASCII is embedded.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{Number, number, text};
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::Value;

const TWO: &[Type] = &[Type::Str, Type::Any];

#[expect(clippy::too_many_lines, reason = "a table of functions")]
pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "strings",
        "*funcs.StringFuncs",
        vec![
            fixed("Contains", None, TWO, Type::Bool, |_, args| {
                Ok(find(&text(&args[1])?, plain(&args[0])).is_some().into())
            }),
            fixed("HasPrefix", None, TWO, Type::Bool, |_, args| {
                Ok(text(&args[1])?.starts_with(plain(&args[0])).into())
            }),
            fixed("HasSuffix", None, TWO, Type::Bool, |_, args| {
                Ok(text(&args[1])?.ends_with(plain(&args[0])).into())
            }),
            fixed("TrimPrefix", None, TWO, Type::Str, |_, args| {
                let input = text(&args[1])?;
                Ok(Value::text(
                    input.strip_prefix(plain(&args[0])).unwrap_or(&input),
                ))
            }),
            fixed("TrimSuffix", None, TWO, Type::Str, |_, args| {
                let input = text(&args[1])?;
                Ok(Value::text(
                    input.strip_suffix(plain(&args[0])).unwrap_or(&input),
                ))
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
            fixed(
                "TrimSpace",
                Some("trimSpace"),
                &[Type::Any],
                Type::Str,
                |_, args| Ok(utf8(&args[0])?.trim().into()),
            ),
            fixed(
                "ToLower",
                Some("toLower"),
                &[Type::Any],
                Type::Str,
                |_, args| Ok(ascii(&args[0])?.to_ascii_lowercase().into()),
            ),
            fixed(
                "ToUpper",
                Some("toUpper"),
                &[Type::Any],
                Type::Str,
                |_, args| Ok(ascii(&args[0])?.to_ascii_uppercase().into()),
            ),
            fixed(
                "Title",
                Some("title"),
                &[Type::Any],
                Type::Str,
                |_, args| Ok(title(&ascii(&args[0])?)?.into()),
            ),
            fixed(
                "ReplaceAll",
                Some("replaceAll"),
                &[Type::Str, Type::Str, Type::Any],
                Type::Str,
                |_, args| {
                    let input = utf8(&args[2])?;
                    Ok(input.replace(&utf8(&args[0])?, &utf8(&args[1])?).into())
                },
            ),
            fixed("Split", None, TWO, Type::STRINGS, |_, args| {
                let (input, separator) = (utf8(&args[1])?, utf8(&args[0])?);
                if separator.is_empty() {
                    return Ok(Value::strings(input.chars().map(|c| c.to_string())));
                }
                Ok(Value::strings(input.split(&separator)))
            }),
            fixed(
                "Repeat",
                None,
                &[Type::Int, Type::Any],
                Type::Str,
                |_, args| {
                    let (count, input) = (args[0].as_integer().unwrap_or(-1), text(&args[1])?);
                    match usize::try_from(count) {
                        Ok(count) if count.saturating_mul(input.len()) < 1 << 24 => {
                            Ok(Value::text(input.repeat(count)))
                        }
                        _ => handover("a repetition that is negative or very long"),
                    }
                },
            ),
            fixed(
                "Trunc",
                None,
                &[Type::Int, Type::Any],
                Type::Str,
                |_, args| {
                    let input = text(&args[1])?;
                    let length =
                        usize::try_from(args[0].as_integer().unwrap_or(-1)).unwrap_or(usize::MAX);
                    Ok(Value::text(input.get(..length).unwrap_or(&input)))
                },
            ),
            fixed(
                "Quote",
                Some("quote"),
                &[Type::Any],
                Type::Str,
                |_, args| {
                    let input = ascii(&args[0])?;
                    if input.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
                    {
                        return handover("control characters");
                    }
                    Ok(format!("{input:?}").replace("\\'", "'").into())
                },
            ),
            fixed(
                "Squote",
                Some("squote"),
                &[Type::Any],
                Type::Str,
                |_, args| Ok(format!("'{}'", utf8(&args[0])?.replace('\'', "''")).into()),
            ),
            open(
                "Indent",
                Some("indent"),
                &[],
                Type::Any,
                Type::Str,
                |_, args| indent(args),
            ),
            open("RuneCount", None, &[], Type::Any, Type::Int, |_, args| {
                let mut joined = Vec::new();
                for arg in args {
                    joined.extend(text(arg)?);
                }
                let count = crate::template::runes::count(&joined);
                Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
            }),
            fixed(
                "SplitN",
                None,
                &[Type::Str, Type::Int, Type::Any],
                Type::STRINGS,
                |_, args| {
                    let (input, separator) = (utf8(&args[2])?, utf8(&args[0])?);
                    match args[1].as_integer().and_then(|n| usize::try_from(n).ok()) {
                        Some(n @ 1..) if !separator.is_empty() => {
                            Ok(Value::strings(input.splitn(n, &separator)))
                        }
                        _ => handover("unusual arguments of SplitN"),
                    }
                },
            ),
            fixed(
                "SkipLines",
                None,
                &[Type::Int, Type::Str],
                Type::Str,
                |_, args| {
                    let Some(skip) = args[0].as_integer().and_then(|n| usize::try_from(n).ok())
                    else {
                        return handover("a negative number of lines");
                    };
                    let input = plain(&args[1]);
                    let rest = input
                        .splitn(skip.saturating_add(1), |byte| *byte == b'\n')
                        .nth(skip);
                    Ok(Value::text(rest.unwrap_or_default()))
                },
            ),
            fixed(
                "ShellQuote",
                Some("shellQuote"),
                &[Type::Any],
                Type::Str,
                |_, args| match &args[0] {
                    Value::List(_) | Value::Bytes(_) => handover("a list of texts for a shell"),
                    value => Ok(shell_quoted(&utf8(value)?).into()),
                },
            ),
            open("Abbrev", None, &[], Type::Any, Type::Str, |_, args| {
                abbreviate(args)
            }),
            fixed("SnakeCase", None, &[Type::Any], Type::Str, |_, args| {
                Ok(words(&ascii(&args[0])?, "_")?.into())
            }),
            fixed("KebabCase", None, &[Type::Any], Type::Str, |_, args| {
                Ok(words(&ascii(&args[0])?, "-")?.into())
            }),
        ],
    );
}

fn plain(value: &Value) -> &[u8] {
    value.as_text().unwrap_or_default()
}

fn utf8(value: &Value) -> Result<String, String> {
    String::from_utf8(text(value)?).or_else(|_| handover("text that is not UTF-8"))
}

fn ascii(value: &Value) -> Result<String, String> {
    let text = utf8(value)?;
    if text.is_ascii() {
        Ok(text)
    } else {
        handover("text that is not ASCII")
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

/// The first letter of each word in upper case. Words are parted by blanks alone here; where Unicode might see it otherwise,
/// gomplate decides.
fn title(text: &str) -> Result<String, String> {
    if text.contains(|c: char| !c.is_ascii_alphanumeric() && c != ' ') {
        return handover("a title with more than letters, digits and blanks");
    }
    let mut shown = String::new();
    let mut begins = true;
    for c in text.chars() {
        shown.push(if begins { c.to_ascii_uppercase() } else { c });
        begins = c == ' ';
    }
    Ok(shown)
}

/// Lower-case words that are parted by `-`, `_` or blanks, joined anew.
fn words(text: &str, by: &str) -> Result<String, String> {
    let usual =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | ' ');
    let edge = |c: char| !c.is_ascii_lowercase();
    if text.is_empty()
        || !text.chars().all(usual)
        || text.starts_with(edge)
        || text.ends_with(['-', '_', ' '])
    {
        return handover("a case change of unusual text");
    }
    let parts = text.split(['-', '_', ' ']).filter(|part| !part.is_empty());
    Ok(parts.collect::<Vec<_>>().join(by))
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// A text cut to a width in bytes, the last three of which are dots. With an offset, the middle of it: that is gomplate's.
fn abbreviate(args: &[Value]) -> Result<Value, String> {
    let [width, input] = args else {
        return handover("an abbreviation with an offset");
    };
    let Number::Int(width) = number(width)? else {
        return handover("an unusual width");
    };
    let (Ok(width), input) = (usize::try_from(width), text(input)?) else {
        return handover("a negative width");
    };
    if input.len() <= width {
        return Ok(Value::text(input));
    }
    match width
        .checked_sub(3)
        .filter(|kept| *kept > 0)
        .and_then(|kept| input.get(..kept))
    {
        Some(kept) => Ok(Value::text([kept, b"..."].concat())),
        None => handover("a very short abbreviation"),
    }
}

fn indent(args: &[Value]) -> Result<Value, String> {
    let (width, by, input) = match args {
        [input] => (1, " ".to_owned(), input),
        [Value::Int(width), input] => (*width, " ".to_owned(), input),
        [Value::Str(_), input] => (1, utf8(&args[0])?, input),
        [Value::Int(width), Value::Str(_), input] => (*width, utf8(&args[1])?, input),
        _ => return handover("unusual arguments of indent"),
    };
    if !(1..1000).contains(&width) || by.contains('\n') {
        return handover("unusual arguments of indent");
    }
    let by = by.repeat(usize::try_from(width).unwrap_or(1));
    let input = text(input)?;
    let mut shown = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        if line != b"\n" {
            shown.extend_from_slice(by.as_bytes());
        }
        shown.extend_from_slice(line);
    }
    Ok(Value::text(shown))
}
