//! `conv`: values as text, numbers and truth.

use crate::template::function::Functions;
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

#[expect(clippy::too_many_lines, reason = "a table of functions")]
pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "conv",
        "*funcs.ConvFuncs",
        vec![
            fixed(
                "Default",
                Some("default"),
                &[Type::Any, Type::Any],
                Type::Any,
                |_, args| {
                    Ok(if args[1].truth() {
                        args[1].clone()
                    } else {
                        args[0].clone()
                    })
                },
            ),
            fixed(
                "Join",
                Some("join"),
                &[Type::Any, Type::Str],
                Type::Str,
                |_, args| {
                    let Value::List(list) = &args[0] else {
                        return handover("join of what is no list");
                    };
                    let parts: Result<Vec<_>, String> = list.items().iter().map(text).collect();
                    Ok(Value::text(
                        parts?.join(args[1].as_text().unwrap_or_default()),
                    ))
                },
            ),
            fixed("ToBool", None, &[Type::Any], Type::Bool, |_, args| {
                Ok(to_bool(&args[0])?.into())
            }),
            fixed("ToString", None, &[Type::Any], Type::Str, |_, args| {
                Ok(Value::text(text(&args[0])?))
            }),
            fixed("ToInt", None, &[Type::Any], Type::Int, |_, args| {
                Ok(Value::Int(to_integer(&args[0])?))
            }),
            fixed("ToInt64", None, &[Type::Any], Type::Int64, |_, args| {
                Ok(Value::Int64(to_integer(&args[0])?))
            }),
            fixed("ToFloat64", None, &[Type::Any], Type::Float64, |_, args| {
                to_float(&args[0])
            }),
            open(
                "ToInts",
                None,
                &[],
                Type::Any,
                Type::List(&Type::Int),
                |_, args| each(args, Type::Int, |arg| Ok(Value::Int(to_integer(arg)?))),
            ),
            open(
                "ToInt64s",
                None,
                &[],
                Type::Any,
                Type::List(&Type::Int64),
                |_, args| each(args, Type::Int64, |arg| Ok(Value::Int64(to_integer(arg)?))),
            ),
            open(
                "ToFloat64s",
                None,
                &[],
                Type::Any,
                Type::List(&Type::Float64),
                |_, args| each(args, Type::Float64, to_float),
            ),
            open(
                "ToBools",
                None,
                &[],
                Type::Any,
                Type::List(&Type::Bool),
                |_, args| each(args, Type::Bool, |arg| Ok(to_bool(arg)?.into())),
            ),
            fixed("Atoi", None, &[Type::Any], Type::Int, |_, args| {
                Ok(Value::Int(parse_integer(&args[0], 10)?))
            }),
            fixed(
                "ParseInt",
                None,
                &[Type::Any, Type::Int, Type::Int],
                Type::Int64,
                |_, args| {
                    let base = args[1]
                        .as_integer()
                        .and_then(|base| u32::try_from(base).ok());
                    match (base, args[2].as_integer()) {
                        (Some(base @ 2..=36), Some(0 | 64)) => {
                            Ok(Value::Int64(parse_integer(&args[0], base)?))
                        }
                        _ => handover("an unusual base or size"),
                    }
                },
            ),
            open(
                "ToStrings",
                None,
                &[],
                Type::Any,
                Type::STRINGS,
                |_, args| {
                    let texts: Result<Vec<_>, String> = args.iter().map(text).collect();
                    Ok(Value::strings(texts?))
                },
            ),
        ],
    );
}

/// A value as gomplate's functions take it for text.
pub(super) fn text(value: &Value) -> Result<Vec<u8>, String> {
    Ok(match value {
        Value::Nil => b"nil".to_vec(),
        Value::Str(text) | Value::Bytes(text) => text.to_vec(),
        other => crate::template::format::print(std::slice::from_ref(other))?,
    })
}

/// Whether a value means yes.
pub(super) fn to_bool(value: &Value) -> Result<bool, String> {
    Ok(match value {
        Value::Bool(value) => *value,
        Value::Str(text) => {
            let text = String::from_utf8_lossy(text).to_lowercase();
            matches!(text.as_str(), "1" | "t" | "true" | "yes")
                || parse_number(&text).is_some_and(|number| match number {
                    Number::Int(value) => value == 1,
                    Number::Float(value) => (value - 1.0).abs() < f64::EPSILON,
                })
        }
        Value::Nil | Value::List(_) | Value::Map(_) => false,
        Value::Float(value) => (*value - 1.0).abs() < f64::EPSILON,
        other => match other.as_integer() {
            Some(value) => value == 1,
            None => return handover("ToBool of an unusual value"),
        },
    })
}

/// A number as `math` takes it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// A value as a number; texts may spell one.
pub(super) fn number(value: &Value) -> Result<Number, String> {
    match value {
        Value::Float(value) => Ok(Number::Float(*value)),
        Value::Str(text) => {
            let text = String::from_utf8_lossy(text);
            parse_number(&text).map_or_else(|| handover("a number in an unusual form"), Ok)
        }
        other => match other.as_integer() {
            Some(value) => Ok(Number::Int(value)),
            None => handover("a number of an unusual type"),
        },
    }
}

/// A plain decimal number.
fn parse_number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.") {
        return None;
    }
    match text.parse::<i64>() {
        Ok(value) => Some(Number::Int(value)),
        Err(_) => text.parse().ok().map(Number::Float),
    }
}

fn to_float(value: &Value) -> Result<Value, String> {
    Ok(Value::Float(match number(value)? {
        Number::Int(value) => widen(value),
        Number::Float(value) => value,
    }))
}

fn each(
    args: &[Value],
    element: Type,
    convert: impl Fn(&Value) -> Result<Value, String>,
) -> Result<Value, String> {
    let items: Result<Vec<_>, String> = args.iter().map(convert).collect();
    Ok(Value::List(List::new(element, items?)))
}

fn parse_integer(value: &Value, base: u32) -> Result<i64, String> {
    let text = text(value)?;
    std::str::from_utf8(&text)
        .ok()
        .and_then(|text| i64::from_str_radix(text, base).ok())
        .map_or_else(|| handover("what spells no integer"), Ok)
}

pub(super) fn to_integer(value: &Value) -> Result<i64, String> {
    match (value, number(value)?) {
        (_, Number::Int(value)) => Ok(value),
        (_, Number::Float(value)) if value.abs() < 9e15 => Ok(truncate(value)),
        _ => handover("a number out of range"),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the callers check the range"
)]
pub(super) fn truncate(value: f64) -> i64 {
    value as i64
}

#[expect(clippy::cast_precision_loss, reason = "Go converts so, too")]
pub(super) fn widen(value: i64) -> f64 {
    value as f64
}
