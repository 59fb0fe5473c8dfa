//! Constants as values: of the type that is asked for, or of the one that their spelling says. It
//! knows nothing of what is not a constant.

use std::sync::Arc;

use crate::template::ast::Expr;
use crate::template::frame::{Done, Frame};
use crate::template::kind::{Kind, Type};
use crate::template::number::Number;
use crate::template::operand::Operand;
use crate::template::value::Value;

impl Frame<'_, '_, '_> {
    /// A number where no type is asked for: how it is written decides.
    pub(crate) fn ideal(&mut self, number: &Number) -> Done<Operand> {
        let text = &number.text;
        let lower = text.to_ascii_lowercase();
        let hexadecimal = lower.len() > 2 && lower.starts_with("0x") && !lower.contains('p');
        let written_as_float =
            !hexadecimal && !text.starts_with('\'') && lower.contains(['.', 'e', 'p']);
        Ok(Operand::concrete(
            match (number.complex, number.float, number.int) {
                (Some((real, imaginary)), _, _) => Value::Complex(real, imaginary),
                (_, Some(float), _) if written_as_float => Value::Float(float),
                (_, _, Some(int)) => Value::Int(int),
                _ => return self.fail(&format!("{text} overflows int")),
            },
        ))
    }

    /// A constant as an argument of the type `wanted`.
    pub(crate) fn constant(&mut self, expr: &Expr, wanted: Type) -> Done<Operand> {
        let value = match (wanted, expr) {
            (Type::Any | Type::Reflect, Expr::Number { number, .. }) => return self.ideal(number),
            (Type::Any | Type::Reflect, Expr::Bool { value, .. }) => Some(Value::Bool(*value)),
            (Type::Any | Type::Reflect, Expr::Str { value, .. }) => {
                Some(Value::Str(Arc::clone(value)))
            }
            (_, Expr::Number { number, .. }) => numeric(number, wanted.kind()),
            (_, Expr::Bool { value, .. }) if wanted.kind() == Kind::Bool => {
                Some(Value::Bool(*value))
            }
            (_, Expr::Str { value, .. }) if wanted.kind() == Kind::Str => {
                Some(Value::Str(Arc::clone(value)))
            }
            _ => None,
        };
        match (value, expected(wanted.kind())) {
            (Some(value), _) => Ok(Operand::concrete(value)),
            (None, Some(expected)) => self.fail(&format!("expected {expected}; found {expr}")),
            (None, None) => self.fail(&format!("can't handle {expr} for arg of type {wanted}")),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "Go truncates constants to the small types"
)]
fn numeric(number: &Number, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Int => number.int.map(Value::Int),
        Kind::Int32 => number.int.map(|int| Value::Int32(int as i32)),
        Kind::Int64 => number.int.map(Value::Int64),
        Kind::Uint => number.uint.map(Value::Uint),
        Kind::Uint8 => number.uint.map(|uint| Value::Uint8(uint as u8)),
        Kind::Uint64 => number.uint.map(Value::Uint64),
        Kind::Float64 => number.float.map(Value::Float),
        Kind::Complex128 => number
            .complex
            .map(|(real, imaginary)| Value::Complex(real, imaginary)),
        _ => None,
    }
}

/// What Go's messages call a constant of the kind.
const fn expected(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Bool => "bool",
        Kind::Str => "string",
        Kind::Int | Kind::Int32 | Kind::Int64 => "integer",
        Kind::Uint | Kind::Uint8 | Kind::Uint64 => "unsigned integer",
        Kind::Float64 => "float",
        Kind::Complex128 => "complex",
        _ => return None,
    })
}
