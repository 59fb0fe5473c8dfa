//! Go's `index`, `slice` and `len`. It knows no syntax.

use crate::template::kind::{Kind, Type};
use crate::template::operand::{Operand, Shape, beneath, fits, zero};
use crate::template::value::{List, Value};

fn position(index: &Operand, limit: usize) -> Result<usize, String> {
    if index.is_missing() {
        return Err("cannot index slice/array with nil".to_owned());
    }
    let wrong = || {
        Err(format!(
            "cannot index slice/array with type {}",
            index.type_name()
        ))
    };
    if index.shape == Shape::Interface {
        return wrong(); // `slice` does not look into interfaces, unlike `index`
    }
    let number = match beneath(&index.value) {
        Value::Uint(number) | Value::Uint64(number) => number.cast_signed(),
        other => match other.as_integer() {
            Some(number) => number,
            None => return wrong(),
        },
    };
    match usize::try_from(number) {
        Ok(place) if place <= limit => Ok(place),
        _ => Err(format!("index out of range: {number}")),
    }
}

/// Go's `index`: the element of an element, and so on.
pub(crate) fn index(item: Operand, indexes: Vec<Operand>) -> Result<Operand, String> {
    let mut item = item.unwrapped();
    if item.is_missing() {
        return Err("index of untyped nil".to_owned());
    }
    for index in indexes {
        let index = index.unwrapped();
        if item.is_nil_interface() {
            return Err("index of nil pointer".to_owned());
        }
        item = element(&item, &index)?;
    }
    Ok(item)
}

fn element(item: &Operand, index: &Operand) -> Result<Operand, String> {
    let beyond = |what| format!("reflect: {what} index out of range");
    let row = if item.value.kind() == Kind::Array {
        "array"
    } else {
        "slice"
    };
    match beneath(&item.value) {
        Value::Str(text) => {
            let byte = text.get(position(index, text.len())?).copied();
            byte.map(|byte| Operand::concrete(Value::Uint8(byte)))
                .ok_or_else(|| beyond("string"))
        }
        Value::Bytes(bytes) => {
            let byte = bytes.get(position(index, bytes.len())?).copied();
            byte.map(|byte| Operand::concrete(Value::Uint8(byte)))
                .ok_or_else(|| beyond("slice"))
        }
        Value::List(list) => {
            let value = list.get(position(index, list.len())?);
            let declared = list.element();
            value
                .map(|value| Operand::declared(value, declared))
                .ok_or_else(|| beyond(row))
        }
        Value::Map(map) => {
            if index.is_missing() {
                return Err("value is nil; should be of type string".to_owned());
            }
            let Some(key) = index.value.as_text() else {
                let name = index.value.type_name();
                return Err(format!("value has type {name}; should be string"));
            };
            let declared = map.element();
            Ok(match map.get(key) {
                Some(value) => Operand::declared(value, declared),
                None => zero(declared),
            })
        }
        _ => Err(format!(
            "can't index item of type {}",
            item.value.type_name()
        )),
    }
}

/// Go's `slice`.
pub(crate) fn slice(item: Operand, indexes: Vec<Operand>) -> Result<Operand, String> {
    let item = item.unwrapped();
    if item.is_missing() {
        return Err("slice of untyped nil".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let value = beneath(&item.value);
    let length = match &value {
        Value::Str(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".to_owned());
        }
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        _ => {
            return Err(format!(
                "can't slice item of type {}",
                item.value.type_name()
            ));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(&index, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}"));
    }
    if item.value.kind() == Kind::Array {
        return Err("reflect.Value.Slice: slice of unaddressable array".to_owned());
    }
    Ok(Operand::concrete(match value {
        Value::Str(text) => Value::text(text.get(start..end).unwrap_or_default()),
        Value::Bytes(bytes) => Value::bytes(bytes.get(start..end).unwrap_or_default()),
        Value::List(list) => {
            let items = list.items();
            let part = items.get(start..end).unwrap_or_default().to_vec();
            Value::List(List::window(list.element(), part))
        }
        other => other,
    }))
}

/// Go's `len`.
pub(crate) fn length(item: &Operand) -> Result<i64, String> {
    if item.is_nil_interface() {
        return Err("len of nil pointer".to_owned());
    }
    if item.is_missing() {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    let length = match beneath(&item.value) {
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => return Err(format!("len of type {}", item.value.type_name())),
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Fits an argument of `call` to a parameter's type; integers of all kinds are converted.
pub(crate) fn prepare(argument: Operand, wanted: Type) -> Result<Value, String> {
    let argument = argument.unwrapped();
    if argument.is_missing() {
        if !wanted.can_be_nil() {
            return Err(format!("value is nil; should be of type {wanted}"));
        }
        return Ok(zero(wanted).value);
    }
    if fits(&argument.value, wanted) {
        return Ok(argument.value);
    }
    let bits = match &argument.value {
        Value::Uint(number) | Value::Uint64(number) => Some(number.cast_signed()),
        other => other.as_integer(),
    };
    bits.and_then(|bits| convert(bits, wanted.kind()))
        .ok_or_else(|| {
            format!(
                "value has type {}; should be {wanted}",
                argument.value.type_name()
            )
        })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go's conversion"
)]
fn convert(bits: i64, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Int => Value::Int(bits),
        Kind::Int32 => Value::Int32(bits as i32),
        Kind::Int64 => Value::Int64(bits),
        Kind::Uint => Value::Uint(bits.cast_unsigned()),
        Kind::Uint8 => Value::Uint8(bits as u8),
        Kind::Uint64 => Value::Uint64(bits.cast_unsigned()),
        _ => return None,
    })
}
