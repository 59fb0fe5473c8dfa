//! `math`: numbers. Integers stay integers unless a float is among them.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{Number, number, truncate, widen};
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

const TWO: &[Type] = &[Type::Any, Type::Any];

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
