//! The values of jq programs, as gojq has them: integers and floats apart, keys sorted. Knows no programs.
//!
//! Facts: gojq v0.12.19, by its source and by running gomplate.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::template::gomplate::bounds::deeper;
use crate::template::gomplate::jq::budget::{charge, give_up};
use crate::template::kind::Type;
use crate::template::value::{Text, Value};

/// How deep values may be; deeper ones may contain themselves, or grow without end.
const DEPTH: u32 = 32;

/// How many values one may contain, texts counted by their length: it may contain the same one many times.
const SIZE: usize = 1_000_000;

/// A value of a jq program.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Array(Rc<Array>),
    Object(Rc<Object>),
}

/// An array, and the list that it was before the program, which is what Go's templates get back.
#[derive(Debug)]
pub(super) struct Array {
    pub(super) items: Vec<Val>,
    bulk: Bulk,
    origin: Option<Value>,
}

/// An object, likewise.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) entries: BTreeMap<Rc<str>, Val>,
    bulk: Bulk,
    origin: Option<Value>,
}

/// How much a value contains.
#[derive(Clone, Copy, Debug)]
struct Bulk {
    size: usize,
    depth: u32,
}

impl Bulk {
    fn of<'v>(inner: impl Iterator<Item = &'v Val>) -> Self {
        inner
            .map(Val::bulk)
            .fold(Self { size: 1, depth: 1 }, |all, one| Self {
                size: all.size.saturating_add(one.size),
                depth: all.depth.max(one.depth + 1),
            })
    }

    /// Whether such a value may be made of that many.
    fn is_bearable(self, count: usize) -> bool {
        if self.depth > DEPTH || self.size > SIZE {
            give_up("a query with very large values");
        }
        charge(count + 1)
    }
}

impl Val {
    /// A text; the program is given up if it is too long.
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        let text = Self::Text(text.into());
        if text.bulk().is_bearable(text.bulk().size) {
            text
        } else {
            Self::Null
        }
    }

    /// An array; the program is given up if it is too large.
    pub(super) fn array(items: Vec<Self>) -> Self {
        let bulk = Bulk::of(items.iter());
        if !bulk.is_bearable(items.len()) {
            return Self::Null;
        }
        Self::Array(Rc::new(Array {
            items,
            bulk,
            origin: None,
        }))
    }

    /// An object; the program is given up if it is too large.
    pub(super) fn object(entries: BTreeMap<Rc<str>, Self>) -> Self {
        let bulk = Bulk::of(entries.values());
        if !bulk.is_bearable(entries.len()) {
            return Self::Null;
        }
        Self::Object(Rc::new(Object {
            entries,
            bulk,
            origin: None,
        }))
    }

    fn bulk(&self) -> Bulk {
        match self {
            Self::Text(text) => Bulk {
                size: 1 + text.len() / 16,
                depth: 1,
            },
            Self::Array(array) => array.bulk,
            Self::Object(object) => object.bulk,
            _ => Bulk { size: 1, depth: 1 },
        }
    }

    /// How much work it is to look at all of it.
    pub(super) fn size(&self) -> usize {
        self.bulk().size
    }

    /// What `type` gives.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Float(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// A number as a float.
    #[expect(clippy::cast_precision_loss, reason = "Go converts so")]
    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Int(_) | Self::Float(_) => 3,
            Self::Text(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// gojq's order of all values.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        charge(self.size().min(other.size()));
        self.order(other)
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Array(left), Self::Array(right)) => {
                let pairs = left.items.iter().zip(&right.items);
                pairs
                    .map(|(left, right)| left.order(right))
                    .find(|order| order.is_ne())
                    .unwrap_or_else(|| left.items.len().cmp(&right.items.len()))
            }
            (Self::Object(left), Self::Object(right)) => {
                let keys = left.entries.keys().cmp(right.entries.keys());
                let pairs = left.entries.values().zip(right.entries.values());
                keys.then_with(|| {
                    pairs
                        .map(|(left, right)| left.order(right))
                        .find(|order| order.is_ne())
                        .unwrap_or(Ordering::Equal)
                })
            }
            _ => match (self.as_float(), other.as_float()) {
                (Some(left), Some(right)) if left < right || left.is_nan() => Ordering::Less,
                (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Greater),
                _ => self.rank().cmp(&other.rank()),
            },
        }
    }

    /// A template's value, if it is one that JSON has, as gomplate's parsers make them.
    pub(super) fn from_value(value: &Value, depth: usize, left: &mut usize) -> Option<Self> {
        let depth = deeper(depth, left).ok()?;
        Some(match value {
            Value::Nil => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) if number.is_finite() => Self::Float(*number),
            Value::Str(text) => Self::Text(std::str::from_utf8(text).ok()?.into()),
            Value::List(list) if list.element() == Type::Any && !list.is_absent() => {
                let items = list.items();
                let items = items.iter().map(|item| Self::from_value(item, depth, left));
                let items = items.collect::<Option<Vec<_>>>()?;
                Self::Array(Rc::new(Array {
                    bulk: Bulk::of(items.iter()),
                    items,
                    origin: Some(value.clone()),
                }))
            }
            Value::Map(map) if map.element() == Type::Any => {
                let entry = |(key, value): (Text, Value)| {
                    let key = std::str::from_utf8(&key).ok()?.into();
                    Some((key, Self::from_value(&value, depth, left)?))
                };
                let entries = map.entries().into_iter().map(entry);
                let entries = entries.collect::<Option<BTreeMap<_, _>>>()?;
                Self::Object(Rc::new(Object {
                    bulk: Bulk::of(entries.values()),
                    entries,
                    origin: Some(value.clone()),
                }))
            }
            _ => return None,
        })
    }

    /// What the template gets.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Nil,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::text(text.as_bytes()),
            Self::Array(array) => array.origin.clone().unwrap_or_else(|| {
                let items = array.items.iter().cloned().map(Self::into_value);
                Value::grown(items.collect())
            }),
            Self::Object(object) => object.origin.clone().unwrap_or_else(|| {
                let entry = |(key, value): (&Rc<str>, &Self)| {
                    (Arc::from(key.as_bytes()), value.clone().into_value())
                };
                Value::map(object.entries.iter().map(entry).collect())
            }),
        }
    }
}
