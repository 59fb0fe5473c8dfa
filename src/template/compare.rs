//! Go's comparisons in templates: `eq`, `lt` and their kin. It knows no syntax.

use std::cmp::Ordering;

use crate::template::operand::beneath;
use crate::template::printf::printf;
use crate::template::value::Value;

/// What Go's comparisons know of a value.
enum Basic {
    Bool(bool),
    Complex(f64, f64),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Value),
    /// Nil, and what has no order.
    Other,
}

fn basic(value: &Value) -> Basic {
    match beneath(value) {
        Value::Bool(flag) => Basic::Bool(flag),
        Value::Int(number) | Value::Int64(number) => Basic::Int(number),
        Value::Int32(number) => Basic::Int(i64::from(number)),
        Value::Uint(number) | Value::Uint64(number) => Basic::Uint(number),
        Value::Uint8(number) => Basic::Uint(u64::from(number)),
        Value::Float(number) => Basic::Float(number),
        Value::Complex(real, imaginary) => Basic::Complex(real, imaginary),
        text @ Value::Str(_) => Basic::Text(text),
        _ => Basic::Other,
    }
}

fn incompatible<T>(left: &Value, right: &Value) -> Result<T, String> {
    let (left, right) = (left.type_name(), right.type_name());
    Err(format!(
        "incompatible types for comparison: {left} and {right}"
    ))
}

#[expect(clippy::float_cmp, reason = "Go's == is this exact")]
fn equal_pair(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(match (basic(left), basic(right)) {
        (Basic::Bool(left), Basic::Bool(right)) => left == right,
        (Basic::Complex(a, b), Basic::Complex(c, d)) => a == c && b == d,
        (Basic::Int(left), Basic::Int(right)) => left == right,
        (Basic::Uint(left), Basic::Uint(right)) => left == right,
        (Basic::Int(int), Basic::Uint(uint)) | (Basic::Uint(uint), Basic::Int(int)) => {
            u64::try_from(int) == Ok(uint)
        }
        (Basic::Float(left), Basic::Float(right)) => left == right,
        (Basic::Text(left), Basic::Text(right)) => left.as_text() == right.as_text(),
        (Basic::Other, Basic::Other) => equal_other(left, right)?,
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => false,
        _ => return incompatible(left, right),
    })
}

fn equal_other(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::Nil, other) | (other, Value::Nil) => Ok(matches!(other, Value::Nil)),
        _ if left.kind() != right.kind() => {
            let types = (
                Value::from(left.type_name()),
                Value::from(right.type_name()),
            );
            let operands = [left.clone(), types.0, types.1, right.clone()];
            failed(b"non-comparable types %s: %v, %s: %v", &operands)
        }
        (Value::Native(left), Value::Native(right)) => {
            Ok(left.type_name() == right.type_name() && left.equals(&**right))
        }
        _ => {
            let operands = [right.clone(), Value::from(right.type_name())];
            failed(b"non-comparable type %s: %v", &operands)
        }
    }
}

fn failed(format: &[u8], operands: &[Value]) -> Result<bool, String> {
    Err(String::from_utf8_lossy(&printf(format, operands)?).into_owned())
}

/// Go's `eq`: whether the first equals any other.
pub(crate) fn equal(values: &[Value]) -> Result<bool, String> {
    let Some((first, others)) = values
        .split_first()
        .filter(|(_, others)| !others.is_empty())
    else {
        return Err("missing argument for comparison".to_owned());
    };
    for other in others {
        if equal_pair(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn less(left: &Value, right: &Value) -> Result<bool, String> {
    let bad = || Err("invalid type for comparison".to_owned());
    Ok(match (basic(left), basic(right)) {
        (Basic::Other, _) | (_, Basic::Other) => return bad(),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return bad();
        }
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Int(int), Basic::Uint(uint)) => {
            u64::try_from(int).is_ok_and(|int| int < uint) || int < 0
        }
        (Basic::Uint(uint), Basic::Int(int)) => u64::try_from(int).is_ok_and(|int| uint < int),
        (Basic::Float(left), Basic::Float(right)) => {
            left.partial_cmp(&right) == Some(Ordering::Less)
        }
        (Basic::Text(left), Basic::Text(right)) => left.as_text() < right.as_text(),
        _ => return incompatible(left, right),
    })
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(less(left, right)? || equal_pair(left, right)?)
}

/// Go's `ne`, `lt`, `le`, `gt`, `ge`.
pub(crate) fn compare(name: &str, left: &Value, right: &Value) -> Result<bool, String> {
    match name {
        "ne" => Ok(!equal_pair(left, right)?),
        "lt" => less(left, right),
        "le" => less_or_equal(left, right),
        "gt" => Ok(!less_or_equal(left, right)?),
        _ => Ok(!less(left, right)?),
    }
}
