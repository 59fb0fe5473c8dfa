//! A value on its way through an execution, with what Go's reflection knows beyond the value: its
//! absence, and whether its static type is `interface {}`. It knows no syntax.

use crate::template::kind::{Kind, Type};
use crate::template::value::{List, Map, Value};

/// How Go's reflection sees the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// There is no value: a missing key, or nil that lost its type.
    Missing,
    /// The static type is `interface {}`, such as of a map's entry; the value may be nil.
    Interface,
    /// The static type is the value's own.
    Concrete,
}

#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) shape: Shape,
    /// Whether this is the root data itself, so that fields of it are reported by name.
    pub(crate) root: bool,
}

impl Operand {
    pub(crate) const fn missing() -> Self {
        Self {
            value: Value::Nil,
            shape: Shape::Missing,
            root: false,
        }
    }

    /// A value of its own type; nil is missing.
    pub(crate) fn concrete(value: Value) -> Self {
        let shape = if matches!(value, Value::Nil) {
            Shape::Missing
        } else {
            Shape::Concrete
        };
        Self {
            value,
            shape,
            root: false,
        }
    }

    /// A value whose declared type is `declared`.
    pub(crate) fn declared(value: Value, declared: Type) -> Self {
        if declared == Type::Any {
            return Self {
                value,
                shape: Shape::Interface,
                root: false,
            };
        }
        Self::concrete(value)
    }

    /// What the interface holds.
    pub(crate) fn unwrapped(mut self) -> Self {
        if self.shape == Shape::Interface {
            let nil = matches!(self.value, Value::Nil);
            self.shape = if nil { Shape::Missing } else { Shape::Concrete };
        }
        self
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.shape == Shape::Missing
    }

    pub(crate) fn is_nil_interface(&self) -> bool {
        self.shape == Shape::Interface && matches!(self.value, Value::Nil)
    }

    /// The static type's name.
    pub(crate) fn type_name(&self) -> String {
        match self.shape {
            Shape::Interface => Type::Any.to_string(),
            _ => self.value.type_name(),
        }
    }
}

/// The zero value of a type.
pub(crate) fn zero(declared: Type) -> Operand {
    let value = match declared {
        Type::Any => return Operand::declared(Value::Nil, Type::Any),
        Type::Reflect | Type::Named(..) => return Operand::missing(),
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(0),
        Type::Int32 => Value::Int32(0),
        Type::Int64 => Value::Int64(0),
        Type::Uint => Value::Uint(0),
        Type::Uint8 => Value::Uint8(0),
        Type::Uint64 => Value::Uint64(0),
        Type::Float64 => Value::Float(0.0),
        Type::Complex128 => Value::Complex(0.0, 0.0),
        Type::Str => Value::text(""),
        Type::List(&Type::Uint8) => Value::bytes(""),
        Type::List(element) => Value::List(List::new(*element, Vec::new())),
        Type::Map(element) => Value::Map(Map::new(*element, std::collections::BTreeMap::new())),
    };
    Operand::concrete(value)
}

/// Go's assignability of a value to a type.
pub(crate) fn fits(value: &Value, wanted: Type) -> bool {
    match (wanted, value) {
        (Type::Any | Type::Reflect, _)
        | (Type::Bool, Value::Bool(_))
        | (Type::Int, Value::Int(_))
        | (Type::Int32, Value::Int32(_))
        | (Type::Int64, Value::Int64(_))
        | (Type::Uint, Value::Uint(_))
        | (Type::Uint8, Value::Uint8(_))
        | (Type::Uint64, Value::Uint64(_))
        | (Type::Float64, Value::Float(_))
        | (Type::Complex128, Value::Complex(..))
        | (Type::Str, Value::Str(_))
        | (Type::List(&Type::Uint8), Value::Bytes(_)) => true,
        (Type::List(element), Value::List(list)) => list.element() == *element,
        (Type::Map(element), Value::Map(map)) => map.element() == *element,
        (Type::Named(_, Kind::Interface), Value::Native(object)) if object.text().is_some() => true,
        (Type::Named(name, _), value) if !matches!(value, Value::Nil) => value.type_name() == name,
        _ => false,
    }
}

/// The value beneath an object, or the value itself.
pub(crate) fn beneath(value: &Value) -> Value {
    match value {
        Value::Native(object) => object.underlying().unwrap_or_else(|| value.clone()),
        other => other.clone(),
    }
}
