//! The functions that every template has. It knows no syntax; `and`, `or` and `call` are where
//! calls are evaluated.

use crate::template::compare::{compare, equal};
use crate::template::escape::{html, javascript, url_query};
use crate::template::format::{followed, print, println};
use crate::template::function::Signature;
use crate::template::index::{index, length, slice};
use crate::template::kind::Type;
use crate::template::operand::Operand;
use crate::template::printf::printf;
use crate::template::value::Value;

const ONE: &[Type] = &[Type::Reflect];
const TWO: &[Type] = &[Type::Reflect, Type::Reflect];

/// What one of Go's own functions takes and gives.
pub(crate) fn signature(name: &str) -> Option<Signature> {
    Some(match name {
        "and" | "or" | "call" | "index" | "slice" => {
            Signature::variadic(ONE, Type::Reflect, Type::Reflect)
        }
        "eq" => Signature::variadic(ONE, Type::Reflect, Type::Bool),
        "ne" | "lt" | "le" | "gt" | "ge" => Signature::new(TWO, Type::Bool),
        "not" => Signature::new(ONE, Type::Bool),
        "len" => Signature::new(ONE, Type::Int),
        "html" | "js" | "urlquery" | "print" | "println" => {
            Signature::variadic(&[], Type::Any, Type::Str)
        }
        "printf" => Signature::variadic(&[Type::Str], Type::Any, Type::Str),
        _ => return None,
    })
}

/// Whether Go itself has a function of that name.
pub(crate) fn is_builtin(name: &str) -> bool {
    signature(name).is_some()
}

/// Calls one with arguments that fit its signature.
pub(crate) fn call(name: &str, operands: Vec<Operand>) -> Result<Operand, String> {
    match name {
        "index" | "slice" => {
            let mut operands = operands.into_iter();
            let item = operands.next().unwrap_or_else(Operand::missing);
            let rest = operands.collect();
            return if name == "index" {
                index(item, rest)
            } else {
                slice(item, rest)
            };
        }
        "len" => {
            let length = operands.first().map_or(Ok(0), length)?;
            return Ok(Operand::concrete(Value::Int(length)));
        }
        _ => {}
    }
    let values: Vec<Value> = operands.into_iter().map(|operand| operand.value).collect();
    let text = |text: Vec<u8>| Value::text(text);
    let value = match (name, values.as_slice()) {
        ("not", [value]) => Value::Bool(!value.truth()),
        ("eq", _) => Value::Bool(equal(&values)?),
        ("print", _) => text(print(&values)?),
        ("println", _) => text(println(&values)?),
        ("printf", [Value::Str(format), operands @ ..]) => text(printf(format, operands)?),
        ("html", _) => text(html(&joined(&values)?)),
        ("js", _) => text(javascript(&joined(&values)?)),
        ("urlquery", _) => text(url_query(&joined(&values)?)),
        (_, [left, right]) => Value::Bool(compare(name, left, right)?),
        _ => Value::Nil,
    };
    Ok(Operand::concrete(value))
}

/// The arguments of an escaper as one text: printed as `{{ }}` does, where `print` would not.
fn joined(values: &[Value]) -> Result<Vec<u8>, String> {
    let shown: Vec<Value> = values
        .iter()
        .map(|value| match value {
            Value::Nil => Value::text("<no value>"),
            other => followed(other),
        })
        .collect();
    print(&shown)
}
