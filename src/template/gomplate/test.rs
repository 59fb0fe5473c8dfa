//! `test`: templates that check what they are given.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_bool};
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::{Kind, Type};
use crate::template::value::Value;

#[expect(clippy::too_many_lines, reason = "a table of functions")]
pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "test",
        "*funcs.TestFuncs",
        vec![
            open(
                "Assert",
                Some("assert"),
                &[Type::Any],
                Type::Any,
                Type::Str,
                |_, args| {
                    let (message, value) = match args {
                        [value] => (None, value),
                        [message, value] => (Some(text(message)?), value),
                        _ => return handover("unusual arguments of assert"),
                    };
                    match (to_bool(value)?, message) {
                        (true, _) => Ok("".into()),
                        (false, None) => Err("assertion failed".into()),
                        (false, Some(message)) => Err(format!(
                            "assertion failed: {}",
                            String::from_utf8_lossy(&message)
                        )),
                    }
                },
            ),
            open(
                "Fail",
                Some("fail"),
                &[],
                Type::Any,
                Type::Str,
                |_, args| match args {
                    [] => Err("template generation failed".into()),
                    [message] => Err(format!(
                        "template generation failed: {}",
                        String::from_utf8_lossy(&text(message)?)
                    )),
                    _ => handover("unusual arguments of fail"),
                },
            ),
            open(
                "Required",
                Some("required"),
                &[Type::Any],
                Type::Any,
                Type::Any,
                |_, args| {
                    let (message, value) = match args {
                        [value] => (
                            "can not render template: a required value was not set".to_owned(),
                            value,
                        ),
                        [message, value] => {
                            (String::from_utf8_lossy(&text(message)?).into_owned(), value)
                        }
                        _ => return handover("unusual arguments of required"),
                    };
                    match value {
                        Value::Nil => Err(message),
                        Value::Str(text) if text.is_empty() => Err(message),
                        value => Ok(value.clone()),
                    }
                },
            ),
            fixed(
                "Ternary",
                Some("ternary"),
                &[Type::Any, Type::Any, Type::Any],
                Type::Any,
                |_, args| {
                    Ok(if to_bool(&args[2])? {
                        args[0].clone()
                    } else {
                        args[1].clone()
                    })
                },
            ),
            fixed(
                "IsKind",
                Some("isKind"),
                &[Type::Str, Type::Any],
                Type::Bool,
                |_, args| {
                    let kind = args[1].kind();
                    let wanted = args[0].as_text().unwrap_or_default();
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
                    Ok(
                        (wanted == kind.name().as_bytes() || wanted == b"number" && is_number)
                            .into(),
                    )
                },
            ),
            fixed("Kind", Some("kind"), &[Type::Any], Type::Str, |_, args| {
                Ok(args[0].kind().name().into())
            }),
        ],
    );
}
