//! `strings`, further: how text is laid out in lines and cut to widths.

use crate::template::gomplate::bounds::{LONG, short};
use crate::template::gomplate::conv::{text, to_int64, whole};
use crate::template::gomplate::strings::plain;
use crate::template::gomplate::{Entry, fixed, handover, open};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn entries() -> Vec<Entry> {
    vec![
        open(
            "Indent",
            Some("indent"),
            &[],
            Type::Any,
            Type::Str,
            |_, args| indent(args),
        ),
        fixed(
            "SkipLines",
            None,
            &[Type::Int, Type::Str],
            Type::Str,
            |_, args| skip_lines(whole(&args[0]), plain(&args[1])),
        ),
        open("Abbrev", None, &[], Type::Any, Type::Str, |_, args| {
            abbreviate_args(args)
        }),
        open("WordWrap", None, &[], Type::Any, Type::Str, |_, args| {
            wrap_args(args)
        }),
    ]
}

fn indent(args: &[Value]) -> Result<Value, String> {
    let invalid = || Err(String::from("invalid arguments"));
    let (width, by) = match args {
        [] => return Err("expected at least 1 argument".into()),
        [Value::Str(by), _] => (1, by.to_vec()),
        [Value::Int(width), _] => (*width, b" ".to_vec()),
        [Value::Int(width), Value::Str(by), _] => (*width, by.to_vec()),
        [_, _] | [_, _, _] => return invalid(),
        _ => (1, b" ".to_vec()),
    };
    let input = match args.last() {
        Some(input) => text(input)?,
        None => Vec::new(),
    };
    if width <= 0 {
        return Err("width must be > 0".into());
    }
    if by.contains(&b'\n') {
        return Err("indent must not contain '\\n'".into());
    }
    let by = match usize::try_from(width) {
        Ok(width) if width.saturating_mul(by.len()) <= LONG => by.repeat(width),
        _ => return handover("a very wide indent"),
    };
    let mut shown = Vec::with_capacity(input.len());
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        short(shown.len())?;
        if line != b"\n" {
            shown.extend_from_slice(&by);
        }
        shown.extend_from_slice(line);
    }
    Ok(Value::text(shown))
}

fn skip_lines(skip: i64, input: &[u8]) -> Result<Value, String> {
    let Ok(skip) = usize::try_from(skip) else {
        return Err("skip must be >= 0".into());
    };
    let mut lines = input.splitn(skip.saturating_add(1), |byte| *byte == b'\n');
    Ok(Value::text(lines.nth(skip).unwrap_or_default()))
}

fn abbreviate_args(args: &[Value]) -> Result<Value, String> {
    let number = |what: &str, value: &Value| {
        to_int64(value).map_err(|why| format!("{what} must be an integer: {why}"))
    };
    let (offset, width, input) = match args {
        [width, input] => (0, number("width", width)?, input),
        [offset, width, input] => (number("offset", offset)?, number("width", width)?, input),
        _ => return Err("abbrev requires a 'width' and 'input' argument".into()),
    };
    Ok(Value::text(abbreviate(&text(input)?, offset, width)?))
}

/// A text cut to a width in bytes, with dots where something is missing. Offsets up to 4 count as none.
fn abbreviate(input: &[u8], offset: i64, width: i64) -> Result<Vec<u8>, String> {
    const DOTS: &[u8] = b"...";
    let length = i64::try_from(input.len()).unwrap_or(i64::MAX);
    if length <= width {
        return Ok(input.to_vec());
    }
    if width < 4 {
        return if input.is_empty() {
            Ok(Vec::new())
        } else {
            Err("stringutils illegal argument: Minimum abbreviation width is 4".into())
        };
    }
    let kept = width - 3;
    let offset = offset.min(length);
    let offset = if length - offset < kept {
        length - kept
    } else {
        offset
    };
    let part = |from: i64, to: i64| {
        let index = |at: i64| usize::try_from(at).unwrap_or(0);
        input.get(index(from)..index(to)).unwrap_or_default()
    };
    if offset <= 4 {
        return Ok([part(0, kept), DOTS].concat());
    }
    if width < 7 {
        return Err(
            "stringutils illegal argument: Minimum abbreviation width with offset is 7".into(),
        );
    }
    if offset + kept < length {
        return Ok([DOTS, part(offset, offset + kept - 3), DOTS].concat());
    }
    Ok([DOTS, part(length - kept, length)].concat())
}

fn wrap_args(args: &[Value]) -> Result<Value, String> {
    let number = |value: &Value| {
        to_int64(value).map_err(|why| format!("expected width to be a number: {why}"))
    };
    let (width, by, input) = match args {
        [input] => (0, Vec::new(), input),
        [Value::Str(by), input] => (0, by.to_vec(), input),
        [width, input] => (number(width)?, Vec::new(), input),
        [width, by, input] => (number(width)?, text(by)?, input),
        other => {
            let count = other.len();
            return Err(format!("expected 1, 2, or 3 args, got {count}"));
        }
    };
    // gomplate keeps 32 bits of it, where none means the default.
    let width = match width.rem_euclid(1 << 32) {
        0 => 80,
        width => usize::try_from(width).unwrap_or(usize::MAX),
    };
    let by = if by.is_empty() { b"\n".to_vec() } else { by };
    Ok(Value::text(wrap(&text(input)?, width, &by)?))
}

/// Breaks a text at blanks so that no line has more bytes than `width`, except for longer words.
fn wrap(input: &[u8], width: usize, by: &[u8]) -> Result<Vec<u8>, String> {
    let mut shown = Vec::new();
    let mut rest = input;
    while rest.len() > width {
        short(shown.len())?;
        if let [b' ', after @ ..] = rest {
            rest = after;
            continue;
        }
        let within = rest.get(..=width).unwrap_or(rest);
        let last = within.iter().rposition(|byte| *byte == b' ');
        let next = || {
            let beyond = rest.get(width..).unwrap_or_default();
            let at = beyond.iter().position(|byte| *byte == b' ')?;
            Some(at + width)
        };
        match last.or_else(next) {
            Some(at) => {
                shown.extend_from_slice(rest.get(..at).unwrap_or_default());
                shown.extend_from_slice(by);
                rest = rest.get(at + 1..).unwrap_or_default();
            }
            None => break,
        }
    }
    shown.extend_from_slice(rest);
    Ok(shown)
}
