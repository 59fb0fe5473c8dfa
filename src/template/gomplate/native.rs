//! Values of Go types that templates can do little with: arrays of bytes, and integers that are not among the usual ones.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::{List, Value};

/// An array of bytes without methods: `[4]uint8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) type_name: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Array {
    pub(super) fn value(type_name: &'static str, bytes: &[u8]) -> Value {
        let bytes = bytes.to_vec();
        Value::Native(Arc::new(Self { type_name, bytes }))
    }
}

/// The elements of an array of bytes.
pub(super) fn elements(bytes: &[u8]) -> Value {
    let items = bytes.iter().map(|byte| Value::Uint8(*byte)).collect();
    Value::List(List::new(Type::Uint8, items))
}

impl Object for Array {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        Kind::Array
    }

    fn method(&self, _: &str) -> Option<Signature> {
        None
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Err(format!("no method `{name}`"))
    }

    fn underlying(&self) -> Option<Value> {
        Some(elements(&self.bytes))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An integer that Go has a name of its own for, and perhaps a text: `uuid.Version`, `uint32`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    pub(super) type_name: &'static str,
    pub(super) kind: Kind,
    pub(super) number: u64,
    pub(super) text: Option<String>,
}

impl Integer {
    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }
}

impl Object for Integer {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let has_text = name == "String" && self.text.is_some();
        has_text.then_some(Signature::new(&[], Type::Str))
    }

    fn call(&self, _: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(self.text.clone().unwrap_or_default().into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(match self.kind {
            Kind::Int64 => Value::Int64(self.number.cast_signed()),
            Kind::Uint8 => Value::Uint8(u8::try_from(self.number).unwrap_or_default()),
            _ => Value::Uint(self.number),
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        self.text.clone().map(String::into_bytes)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
