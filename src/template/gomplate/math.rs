//! `math`: numbers. Integers stay integers unless a float is among them.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{cut, to_float64, to_int64};
use crate::template::gomplate::power::power;
use crate::template::gomplate::{Entry, fixed, handover, namespace, open, strconv};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

const ONE: &[Type] = &[Type::Any];
const TWO: &[Type] = &[Type::Any, Type::Any];

pub(super) fn add(functions: &mut Functions) {
    let mut entries = arithmetic();
    entries.extend(questions());
    namespace(functions, "math", "*funcs.MathFuncs", entries);
}

fn arithmetic() -> Vec<Entry> {
    vec![
        open("Add", Some("add"), &[], Type::Any, Type::Any, |_, args| {
            fold(args, (0, i64::wrapping_add), (0.0, |a, b| a + b))
        }),
        open("Mul", Some("mul"), &[], Type::Any, Type::Any, |_, args| {
            fold(args, (1, i64::wrapping_mul), (1.0, |a, b| a * b))
        }),
        fixed("Sub", Some("sub"), TWO, Type::Any, |_, args| {
            Ok(if args.iter().any(is_float) {
                Value::Float(real(&args[0])? - real(&args[1])?)
            } else {
                Value::Int64(whole(&args[0])?.wrapping_sub(whole(&args[1])?))
            })
        }),
        fixed("Div", Some("div"), TWO, Type::Any, |_, args| {
            let (a, b) = (real(&args[0])?, real(&args[1])?);
            if b == 0.0 {
                return Err("error: division by 0".into());
            }
            Ok(Value::Float(a / b))
        }),
        fixed("Rem", Some("rem"), TWO, Type::Any, |_, args| {
            match (whole(&args[0])?, whole(&args[1])?) {
                (_, 0) => Err("runtime error: integer divide by zero".into()),
                (a, b) => Ok(Value::Int64(a.wrapping_rem(b))),
            }
        }),
        fixed("Pow", Some("pow"), TWO, Type::Any, |_, args| {
            let power = power(real(&args[0])?, real(&args[1])?)?;
            Ok(if is_float(&args[0]) {
                Value::Float(power)
            } else {
                Value::Int64(cut(power)?)
            })
        }),
        fixed("Round", None, ONE, Type::Any, |_, args| {
            rounded(args, f64::round)
        }),
        fixed("Floor", None, ONE, Type::Any, |_, args| {
            rounded(args, f64::floor)
        }),
        fixed("Ceil", None, ONE, Type::Any, |_, args| {
            rounded(args, f64::ceil)
        }),
        fixed("Abs", None, ONE, Type::Any, |_, args| {
            let size = real(&args[0])?.abs();
            Ok(if is_int(&args[0]) {
                Value::Int64(cut(size)?)
            } else {
                Value::Float(size)
            })
        }),
    ]
}

fn questions() -> Vec<Entry> {
    vec![
        open("Max", None, ONE, Type::Any, Type::Any, |_, args| {
            extreme(args, i64::max, greater)
        }),
        open("Min", None, ONE, Type::Any, Type::Any, |_, args| {
            extreme(args, i64::min, |a, b| -greater(-a, -b))
        }),
        fixed("IsInt", None, ONE, Type::Bool, |_, args| {
            Ok(is_int(&args[0]).into())
        }),
        fixed("IsFloat", None, ONE, Type::Bool, |_, args| {
            Ok(is_float(&args[0]).into())
        }),
        fixed("IsNum", None, ONE, Type::Bool, |_, args| {
            Ok((is_int(&args[0]) || is_float(&args[0])).into())
        }),
        open(
            "Seq",
            Some("seq"),
            &[],
            Type::Any,
            Type::List(&Type::Int64),
            |_, args| seq(args),
        ),
    ]
}

/// Whether a value is an integer, or a text that spells one.
fn is_int(value: &Value) -> bool {
    match value {
        Value::Int(_)
        | Value::Int32(_)
        | Value::Int64(_)
        | Value::Uint(_)
        | Value::Uint8(_)
        | Value::Uint64(_) => true,
        Value::Str(text) => strconv::parse_int(text, 0, 64).is_ok(),
        _ => false,
    }
}

/// Whether a value is a float, or a text that spells one and no integer.
fn is_float(value: &Value) -> bool {
    match value {
        Value::Float(_) => true,
        Value::Str(text) => strconv::parse_float(text, 64).is_ok() && !is_int(value),
        _ => false,
    }
}

fn real(value: &Value) -> Result<f64, String> {
    to_float64(value).map_err(|why| format!("expected a number: {why}"))
}

fn whole(value: &Value) -> Result<i64, String> {
    to_int64(value).map_err(|why| format!("expected a number: {why}"))
}

fn rounded(args: &[Value], round: fn(f64) -> f64) -> Result<Value, String> {
    let number = to_float64(&args[0]).map_err(|why| format!("n must be a number: {why}"))?;
    Ok(Value::Float(round(number)))
}

fn fold(
    args: &[Value],
    wholes: (i64, fn(i64, i64) -> i64),
    reals: (f64, fn(f64, f64) -> f64),
) -> Result<Value, String> {
    let failed = |why| format!("expected number inputs: {why}");
    Ok(if args.iter().any(is_float) {
        let numbers: Result<Vec<f64>, String> = args.iter().map(to_float64).collect();
        Value::Float(numbers.map_err(failed)?.into_iter().fold(reals.0, reals.1))
    } else {
        let numbers: Result<Vec<i64>, String> = args.iter().map(to_int64).collect();
        let numbers = numbers.map_err(failed)?;
        Value::Int64(numbers.into_iter().fold(wholes.0, wholes.1))
    })
}

fn extreme(
    args: &[Value],
    of_wholes: fn(i64, i64) -> i64,
    of_reals: fn(f64, f64) -> f64,
) -> Result<Value, String> {
    let none = || String::from("no numbers");
    if args.iter().any(is_float) {
        let numbers: Result<Vec<f64>, String> = args.iter().map(real).collect();
        let found = numbers?.into_iter().reduce(of_reals);
        return found.map(Value::Float).ok_or_else(none);
    }
    let numbers: Result<Vec<i64>, String> = args.iter().map(whole).collect();
    let found = numbers?.into_iter().reduce(of_wholes);
    found.map(Value::Int64).ok_or_else(none)
}

/// Go's `math.Max`: infinity wins, then what is no number; of two zeros the positive one.
fn greater(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

fn seq(args: &[Value]) -> Result<Value, String> {
    if !(1..=3).contains(&args.len()) {
        let count = args.len();
        return Err(format!("expected 1, 2, or 3 arguments, got {count}"));
    }
    let wholes: Result<Vec<i64>, String> = args.iter().map(whole).collect();
    let (start, end, step) = match wholes?.as_slice() {
        [end] => (1, *end, 1),
        [start, end] => (*start, *end, 1),
        [start, end, step, ..] => (*start, *end, *step),
        [] => (1, 0, 1),
    };
    if step == 0 {
        return Ok(Value::List(List::new(Type::Int64, Vec::new())));
    }
    if start.abs_diff(end) / step.unsigned_abs() > 100_000 || start.checked_sub(end).is_none() {
        return handover("a very long sequence");
    }
    let step = if end < start {
        step.saturating_abs().saturating_neg()
    } else {
        step.saturating_abs()
    };
    let mut items = Vec::new();
    let mut next = Some(start);
    while let Some(at) = next.filter(|at| if step > 0 { *at <= end } else { *at >= end }) {
        items.push(Value::Int64(at));
        next = at.checked_add(step);
    }
    Ok(Value::List(List::new(Type::Int64, items)))
}
