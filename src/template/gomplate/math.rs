//! `math`: numbers. Integers stay integers unless a float is among them.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{Number, number, truncate, widen};
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

const TWO: &[Type] = &[Type::Any, Type::Any];

#[expect(clippy::too_many_lines, reason = "a table of functions")]
pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "math",
        "*funcs.MathFuncs",
        vec![
            open("Add", Some("add"), &[], Type::Any, Type::Any, |_, args| {
                fold(args, 0, i64::wrapping_add, |a, b| a + b)
            }),
            open("Mul", Some("mul"), &[], Type::Any, Type::Any, |_, args| {
                fold(args, 1, i64::wrapping_mul, |a, b| a * b)
            }),
            fixed("Sub", Some("sub"), TWO, Type::Any, |_, args| {
                match (number(&args[0])?, number(&args[1])?) {
                    (Number::Int(a), Number::Int(b)) => Ok(Value::Int64(a.wrapping_sub(b))),
                    (a, b) => Ok(Value::Float(float(a) - float(b))),
                }
            }),
            fixed("Div", Some("div"), TWO, Type::Any, |_, args| {
                let (a, b) = (float(number(&args[0])?), float(number(&args[1])?));
                if b == 0.0 {
                    handover("a division by zero")
                } else {
                    Ok(Value::Float(a / b))
                }
            }),
            fixed("Rem", Some("rem"), TWO, Type::Any, |_, args| {
                match (number(&args[0])?, number(&args[1])?) {
                    (Number::Int(a), Number::Int(b)) if b != 0 => {
                        Ok(Value::Int64(a.wrapping_rem(b)))
                    }
                    _ => handover("an unusual remainder"),
                }
            }),
            fixed("Round", None, &[Type::Any], Type::Any, |_, args| {
                Ok(Value::Float(float(number(&args[0])?).round()))
            }),
            fixed("Floor", None, &[Type::Any], Type::Any, |_, args| {
                Ok(Value::Float(float(number(&args[0])?).floor()))
            }),
            fixed("Ceil", None, &[Type::Any], Type::Any, |_, args| {
                Ok(Value::Float(float(number(&args[0])?).ceil()))
            }),
            fixed("Abs", None, &[Type::Any], Type::Any, |_, args| {
                match number(&args[0])? {
                    // gomplate computes with floats here.
                    Number::Int(value) if value.unsigned_abs() <= EXACT => {
                        Ok(Value::Int64(value.abs()))
                    }
                    Number::Int(_) => handover("a very large number"),
                    Number::Float(value) => Ok(Value::Float(value.abs())),
                }
            }),
            fixed("Pow", Some("pow"), TWO, Type::Any, |_, args| {
                power(number(&args[0])?, number(&args[1])?)
            }),
            open(
                "Max",
                None,
                &[Type::Any],
                Type::Any,
                Type::Any,
                |_, args| {
                    extreme(
                        args,
                        i64::max,
                        |a, b| if a.total_cmp(&b).is_ge() { a } else { b },
                    )
                },
            ),
            open(
                "Min",
                None,
                &[Type::Any],
                Type::Any,
                Type::Any,
                |_, args| {
                    extreme(
                        args,
                        i64::min,
                        |a, b| if a.total_cmp(&b).is_le() { a } else { b },
                    )
                },
            ),
            fixed("IsInt", None, &[Type::Any], Type::Bool, |_, args| {
                Ok((looks_like(&args[0])? == Some(true)).into())
            }),
            fixed("IsFloat", None, &[Type::Any], Type::Bool, |_, args| {
                Ok((looks_like(&args[0])? == Some(false)).into())
            }),
            fixed("IsNum", None, &[Type::Any], Type::Bool, |_, args| {
                Ok(looks_like(&args[0])?.is_some().into())
            }),
            open(
                "Seq",
                Some("seq"),
                &[Type::Any],
                Type::Any,
                Type::List(&Type::Int64),
                |_, args| seq(args),
            ),
        ],
    );
}

fn float(number: Number) -> f64 {
    match number {
        Number::Int(value) => widen(value),
        Number::Float(value) => value,
    }
}

/// Floats hold all integers up to this one.
const EXACT: u64 = 1 << 53;

/// A whole number to a whole power, where the float that gomplate computes is exact.
fn power(base: Number, exponent: Number) -> Result<Value, String> {
    let (Number::Int(base), Number::Int(exponent)) = (base, exponent) else {
        return handover("a power of what is no integer");
    };
    u32::try_from(exponent)
        .ok()
        .and_then(|exponent| base.checked_pow(exponent))
        .filter(|power| base.unsigned_abs() <= EXACT && power.unsigned_abs() <= EXACT)
        .map_or_else(
            || handover("a negative or very large power"),
            |power| Ok(Value::Int64(power)),
        )
}

fn extreme(
    args: &[Value],
    whole: fn(i64, i64) -> i64,
    real: fn(f64, f64) -> f64,
) -> Result<Value, String> {
    let numbers: Result<Vec<Number>, String> = args.iter().map(number).collect();
    let numbers = numbers?;
    let wholes: Option<Vec<i64>> = numbers
        .iter()
        .map(|number| match number {
            Number::Int(value) => Some(*value),
            Number::Float(_) => None,
        })
        .collect();
    if let Some(found) = wholes {
        let found = found.into_iter().reduce(whole);
        return found.map_or_else(|| handover("no numbers"), |found| Ok(Value::Int64(found)));
    }
    let mut reals = numbers.into_iter().map(float);
    if reals.clone().any(f64::is_nan) {
        return handover("an extreme among what is no number");
    }
    let found = reals.next().map(|first| reals.fold(first, real));
    found.map_or_else(|| handover("no numbers"), |found| Ok(Value::Float(found)))
}

/// Whether a value is an integer or looks like one (`true`), or like a float (`false`).
fn looks_like(value: &Value) -> Result<Option<bool>, String> {
    match value {
        Value::Native(_) => handover("an unusual value"),
        Value::Str(text) => {
            // What begins like this spells no number, `inf` and `nan` neither.
            let begins = text.first().map(u8::to_ascii_lowercase);
            if begins.is_none_or(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'i' | b'n'))
            {
                return Ok(None);
            }
            Ok(Some(matches!(number(value)?, Number::Int(_))))
        }
        Value::Float(_) => Ok(Some(false)),
        value => Ok(value.as_integer().map(|_| true).or(matches!(
            value,
            Value::Uint(_) | Value::Uint64(_)
        )
        .then_some(true))),
    }
}

fn fold(
    args: &[Value],
    start: i64,
    whole: fn(i64, i64) -> i64,
    real: fn(f64, f64) -> f64,
) -> Result<Value, String> {
    let numbers: Result<Vec<Number>, String> = args.iter().map(number).collect();
    let numbers = numbers?;
    if numbers
        .iter()
        .any(|number| matches!(number, Number::Float(_)))
    {
        return Ok(Value::Float(
            numbers.into_iter().map(float).fold(widen(start), real),
        ));
    }
    let wholes = numbers.into_iter().map(|number| match number {
        Number::Int(value) => value,
        Number::Float(value) => truncate(value),
    });
    Ok(Value::Int64(wholes.fold(start, whole)))
}

fn seq(args: &[Value]) -> Result<Value, String> {
    let numbers: Result<Vec<Number>, String> = args.iter().map(number).collect();
    let wholes = numbers?.into_iter().map(|number| match number {
        Number::Int(value) => Some(value),
        Number::Float(_) => None,
    });
    let wholes: Option<Vec<i64>> = wholes.collect();
    let (start, end, step) = match wholes.as_deref() {
        Some([end]) => (1, *end, 1),
        Some([start, end]) => (*start, *end, 1),
        Some([start, end, step]) => (*start, *end, *step),
        _ => return handover("unusual arguments of seq"),
    };
    if step == 0 || start.abs_diff(end) > 100_000 {
        return handover("an unusual sequence");
    }
    let step = if end < start { -step.abs() } else { step.abs() };
    let mut items = Vec::new();
    let mut next = start;
    while if step > 0 { next <= end } else { next >= end } {
        items.push(Value::Int64(next));
        next += step;
    }
    Ok(Value::List(List::new(Type::Int64, items)))
}
