//! `conv`: values as text, numbers and truth.

use crate::template::format::{followed, print};
use crate::template::function::Functions;
use crate::template::gomplate::bounds::short;
use crate::template::gomplate::{Entry, dropped, fixed, handover, namespace, strconv, url};
use crate::template::kind::{Kind, Type};
use crate::template::operand::beneath;
use crate::template::quote::quote;
use crate::template::value::{List, Value};

pub(super) fn add(functions: &mut Functions) {
    let mut entries = conversions();
    entries.extend(parsers());
    entries.push(dropped::bool());
    namespace(functions, "conv", "*funcs.ConvFuncs", entries);
}

fn conversions() -> Vec<Entry> {
    vec![
        fixed(
            "Default",
            Some("default"),
            &[Type::Any, Type::Any],
            Type::Any,
            |_, args| Ok(args[usize::from(args[1].truth())].clone()),
        ),
        fixed(
            "Join",
            Some("join"),
            &[Type::Any, Type::Str],
            Type::Str,
            |_, args| join(&args[0], args[1].as_text().unwrap_or_default()),
        ),
        fixed("ToBool", None, &[Type::Any], Type::Bool, |_, args| {
            Ok(to_bool(&args[0]).into())
        }),
        fixed("ToString", None, &[Type::Any], Type::Str, |_, args| {
            Ok(Value::text(text(&args[0])?))
        }),
        fixed("ToInt", None, &[Type::Any], Type::Int, |_, args| {
            Ok(Value::Int(to_int64(&args[0])?))
        }),
        fixed("ToInt64", None, &[Type::Any], Type::Int64, |_, args| {
            Ok(Value::Int64(to_int64(&args[0])?))
        }),
        fixed("ToFloat64", None, &[Type::Any], Type::Float64, |_, args| {
            Ok(Value::Float(to_float64(&args[0])?))
        }),
        every("ToInts", &Type::Int, |arg| Ok(Value::Int(to_int64(arg)?))),
        every("ToInt64s", &Type::Int64, |arg| {
            Ok(Value::Int64(to_int64(arg)?))
        }),
        every("ToFloat64s", &Type::Float64, |arg| {
            Ok(Value::Float(to_float64(arg)?))
        }),
        every("ToBools", &Type::Bool, |arg| Ok(to_bool(arg).into())),
        every("ToStrings", &Type::Str, |arg| Ok(Value::text(text(arg)?))),
    ]
}

fn parsers() -> Vec<Entry> {
    vec![
        fixed(
            "URL",
            Some("urlParse"),
            &[Type::Any],
            url::TYPE,
            |_, args| url::parse(&text(&args[0])?),
        ),
        fixed("Atoi", None, &[Type::Any], Type::Int, |_, args| {
            Ok(Value::Int(strconv::atoi(&text(&args[0])?)?))
        }),
        fixed(
            "ParseInt",
            None,
            &[Type::Any, Type::Int, Type::Int],
            Type::Int64,
            |_, args| {
                let (base, bits) = (whole(&args[1]), whole(&args[2]));
                Ok(Value::Int64(strconv::parse_int(
                    &text(&args[0])?,
                    base,
                    bits,
                )?))
            },
        ),
        fixed(
            "ParseUint",
            None,
            &[Type::Any, Type::Int, Type::Int],
            Type::Uint64,
            |_, args| {
                let (base, bits) = (whole(&args[1]), whole(&args[2]));
                Ok(Value::Uint64(strconv::parse_uint(
                    &text(&args[0])?,
                    base,
                    bits,
                )?))
            },
        ),
        fixed(
            "ParseFloat",
            None,
            &[Type::Any, Type::Int],
            Type::Float64,
            |_, args| {
                let parsed = strconv::parse_float(&text(&args[0])?, whole(&args[1]));
                Ok(Value::Float(parsed?))
            },
        ),
    ]
}

fn every(
    name: &'static str,
    element: &'static Type,
    convert: fn(&Value) -> Result<Value, String>,
) -> Entry {
    use crate::template::function::{Function, Signature};
    let result = match element {
        Type::Int => Type::List(&Type::Int),
        Type::Int64 => Type::List(&Type::Int64),
        Type::Float64 => Type::List(&Type::Float64),
        Type::Bool => Type::List(&Type::Bool),
        _ => Type::STRINGS,
    };
    Entry {
        name,
        alias: None,
        function: Function::new(
            Signature::variadic(&[], Type::Any, result),
            move |_, args| {
                let items: Result<Vec<_>, String> = args.iter().map(convert).collect();
                Ok(Value::List(List::new(*element, items?)))
            },
        ),
    }
}

/// An argument whose parameter is an `int`.
pub(super) fn whole(value: &Value) -> i64 {
    value.as_integer().unwrap_or_default()
}

/// A value as gomplate's functions take it for text.
pub(super) fn text(value: &Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Nil => Ok(b"nil".to_vec()),
        Value::Str(text) | Value::Bytes(text) => Ok(text.to_vec()),
        Value::Func(_) => handover("the address of a function"),
        Value::Native(object) if object.text().is_none() => shown(&followed(value)),
        other => shown(other),
    }
}

/// A value as `%v` prints it in messages. Addresses differ from run to run; they are none of ours.
pub(super) fn shown(value: &Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Native(object) if object.text().is_none() && object.kind() == Kind::Ptr => {
            handover("an address")
        }
        other => print(std::slice::from_ref(other)),
    }
}

/// [`shown`] for a message.
pub(super) fn told(value: &Value) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&shown(value)?).into_owned())
}

/// A value's elements as a list of anything: the list itself if it is one already.
pub(super) fn list(value: &Value) -> Result<List, String> {
    match value {
        Value::List(list) if list.element() == Type::Any => Ok(list.clone()),
        Value::List(list) => Ok(List::new(Type::Any, list.items())),
        Value::Bytes(bytes) => {
            let items = bytes.iter().map(|byte| Value::Uint8(*byte)).collect();
            Ok(List::new(Type::Any, items))
        }
        Value::Native(object) if matches!(object.kind(), Kind::Slice | Kind::Array) => {
            match object.underlying() {
                Some(Value::List(list)) => Ok(List::new(Type::Any, list.items())),
                _ => handover("an unusual list"),
            }
        }
        other => Err(format!(
            "expected an array or slice, but got a {}",
            other.kind()
        )),
    }
}

fn join(value: &Value, by: &[u8]) -> Result<Value, String> {
    let list = list(value).map_err(|why| format!("input to Join must be an array: {why}"))?;
    let mut shown = Vec::new();
    for (at, item) in list.items().iter().enumerate() {
        if at > 0 {
            shown.extend_from_slice(by);
        }
        shown.extend_from_slice(&text(item)?);
        short(shown.len())?;
    }
    Ok(Value::text(shown))
}

/// Whether a value means yes.
pub(super) fn to_bool(value: &Value) -> bool {
    #[expect(clippy::float_cmp, reason = "Go compares so")]
    let is_one = |number: f64| number == 1.0;
    match beneath(value) {
        Value::Bool(truth) => matches!(value, Value::Bool(_)) && truth,
        Value::Str(text) if matches!(value, Value::Str(_)) => {
            let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
            matches!(text.as_str(), "1" | "t" | "true" | "yes")
                || spelled(text.as_bytes()).is_ok_and(is_one)
        }
        Value::Float(number) => is_one(number),
        other => other.as_integer() == Some(1),
    }
}

/// A number as `math` takes it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// As a float.
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(value) => widen(value),
            Self::Float(value) => value,
        }
    }
}

/// A text without commas as an integer in any notation, or as a float. The error is that of the float.
fn numeral(text: &[u8]) -> Result<Number, String> {
    let bare: Vec<u8> = text.iter().copied().filter(|byte| *byte != b',').collect();
    strconv::parse_int(&bare, 0, 64).map_or_else(
        |_| strconv::parse_float(&bare, 64).map(Number::Float),
        |value| Ok(Number::Int(value)),
    )
}

fn spelled(text: &[u8]) -> Result<f64, String> {
    numeral(text).map(Number::float)
}

fn unfit(text: &[u8], kind: &str, why: &str) -> String {
    let bare: Vec<u8> = text.iter().copied().filter(|byte| *byte != b',').collect();
    format!("could not convert {} to {kind}: {why}", quote(&bare))
}

/// A value as an integer; texts may spell one, what is behind the point is cut off.
pub(super) fn to_int64(value: &Value) -> Result<i64, String> {
    if let Value::Str(text) = value {
        return match numeral(text).map_err(|why| unfit(text, "int64", &why))? {
            Number::Int(value) => Ok(value),
            Number::Float(value) => cut(value),
        };
    }
    match beneath(value) {
        Value::Bool(value) => Ok(i64::from(value)),
        Value::Float(value) => cut(value),
        Value::Uint(value) | Value::Uint64(value) => i64::try_from(value)
            .map_err(|_| format!("could not convert {value} to int64, would overflow")),
        other => match other.as_integer() {
            Some(number) => Ok(number),
            None => Err(format!("could not convert {} to int64", told(value)?)),
        },
    }
}

/// A value as a float.
pub(super) fn to_float64(value: &Value) -> Result<f64, String> {
    if let Value::Str(text) = value {
        return spelled(text).map_err(|why| unfit(text, "float64", &why));
    }
    match beneath(value) {
        Value::Bool(value) => Ok(f64::from(u8::from(value))),
        Value::Float(value) => Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "Go converts so, too")]
        Value::Uint(value) | Value::Uint64(value) => Ok(value as f64),
        other => match other.as_integer() {
            Some(number) => Ok(widen(number)),
            None => Err(format!("could not convert {} to float64", told(value)?)),
        },
    }
}

/// A float without what is behind the point. Out of range, processors differ.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn cut(value: f64) -> Result<i64, String> {
    if value.abs() < 9.2e18 {
        Ok(value as i64)
    } else {
        handover("a number out of range")
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go converts so, too")]
pub(super) fn widen(value: i64) -> f64 {
    value as f64
}
