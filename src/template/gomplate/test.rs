//! `test`: what templates check of what they are given.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_bool};
use crate::template::gomplate::{fixed, namespace, open};
use crate::template::kind::{Kind, Type};
use crate::template::value::Value;

const THREE: &[Type] = &[Type::Any, Type::Any, Type::Any];

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "test",
        "*funcs.TestFuncs",
        vec![
            open(
                "Assert",
                Some("assert"),
                &[],
                Type::Any,
                Type::Str,
                |_, args| assert(args),
            ),
            open(
                "Fail",
                Some("fail"),
                &[],
                Type::Any,
                Type::Str,
                |_, args| fail(args),
            ),
            open(
                "Required",
                Some("required"),
                &[],
                Type::Any,
                Type::Any,
                |_, args| required(args),
            ),
            fixed("Ternary", Some("ternary"), THREE, Type::Any, |_, args| {
                Ok(args[usize::from(!to_bool(&args[2]))].clone())
            }),
            fixed(
                "IsKind",
                Some("isKind"),
                &[Type::Str, Type::Any],
                Type::Bool,
                |_, args| Ok(is_kind(&args[0], args[1].kind()).into()),
            ),
            fixed("Kind", Some("kind"), &[Type::Any], Type::Str, |_, args| {
                Ok(args[0].kind().name().into())
            }),
        ],
    );
}

/// A message, which has to be a text.
fn message(value: &Value) -> Result<String, String> {
    match value {
        Value::Str(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        other => Err(format!(
            "at <1>: expected string; found {}",
            other.type_name()
        )),
    }
}

fn with_message(what: &str, message: &str) -> String {
    if message.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {message}")
    }
}

fn assert(args: &[Value]) -> Result<Value, String> {
    let (message, value) = match args {
        [value] => (String::new(), value),
        [message, value] => (self::message(message)?, value),
        [] => return Err("runtime error: index out of range [-1]".into()),
        more => {
            let count = more.len();
            return Err(format!("wrong number of args: want 1 or 2, got {count}"));
        }
    };
    if to_bool(value) {
        Ok("".into())
    } else {
        Err(with_message("assertion failed", &message))
    }
}

fn fail(args: &[Value]) -> Result<Value, String> {
    let message = match args {
        [] => Vec::new(),
        [message] => text(message)?,
        more => {
            let count = more.len();
            return Err(format!("wrong number of args: want 0 or 1, got {count}"));
        }
    };
    let message = String::from_utf8_lossy(&message);
    Err(with_message("template generation failed", &message))
}

fn required(args: &[Value]) -> Result<Value, String> {
    let (message, value) = match args {
        [value] => (String::new(), value),
        [message, value] => (self::message(message)?, value),
        more => {
            let count = more.len();
            return Err(format!("wrong number of args: want 1 or 2, got {count}"));
        }
    };
    match value {
        Value::Nil => {}
        Value::Str(text) if text.is_empty() => {}
        value => return Ok(value.clone()),
    }
    Err(if message.is_empty() {
        "can not render template: a required value was not set".into()
    } else {
        message
    })
}

fn is_kind(wanted: &Value, kind: Kind) -> bool {
    let is_number = matches!(
        kind,
        Kind::Int
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint
            | Kind::Uint8
            | Kind::Uint64
            | Kind::Float64
            | Kind::Complex128
    );
    match wanted.as_text().unwrap_or_default() {
        b"number" => is_number,
        wanted => wanted == kind.name().as_bytes(),
    }
}
