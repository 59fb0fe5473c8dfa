//! Months, weekdays and zones as values: numbers and pointers that print as names.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::time::zone::Zone;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Go's type of zones.
pub(super) const LOCATION: Type = Type::Named("*time.Location", Kind::Ptr);

/// A number with a name: `time.Month`, `time.Weekday`.
#[derive(Debug)]
struct Named {
    type_name: &'static str,
    number: i64,
    name: &'static str,
}

/// A `time.Month`, from 1.
pub(super) fn month(number: u8) -> Value {
    let at = usize::from(number).wrapping_sub(1);
    Value::Native(Arc::new(Named {
        type_name: "time.Month",
        number: number.into(),
        name: MONTHS.get(at).copied().unwrap_or_default(),
    }))
}

/// A `time.Weekday`, Sunday as 0.
pub(super) fn weekday(number: usize) -> Value {
    Value::Native(Arc::new(Named {
        type_name: "time.Weekday",
        number: i64::try_from(number).unwrap_or_default(),
        name: WEEKDAYS.get(number).copied().unwrap_or_default(),
    }))
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature::new(&[], Type::Str))
    }

    fn call(&self, _: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(self.name.into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int(self.number))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.name.into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| other.number == self.number)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Zone {
    fn type_name(&self) -> &'static str {
        "*time.Location"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature::new(&[], Type::Str))
    }

    fn call(&self, _: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(self.name().into())
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.name().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
