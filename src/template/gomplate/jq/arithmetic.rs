//! The operators of jq, as gojq has them. What is an error there is one here, without its words: nobody sees them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::rc::Rc;

use jaq_core::{Error, ValR};

use crate::template::gomplate::jq::budget::{charge, give_up};
use crate::template::gomplate::jq::json::json;
use crate::template::gomplate::jq::value::Val;

/// What a program cannot do.
pub(super) fn fail<T>() -> ValR<T, Val> {
    Err(Error::new(Val::Null))
}

/// What may differ from gomplate.
pub(super) fn unsure<T>(why: &'static str) -> ValR<T, Val> {
    give_up(why);
    fail()
}

/// An integer, unless Go would need a larger one.
fn whole(number: Option<i64>) -> ValR<Val> {
    match number {
        Some(number) => Ok(Val::Int(number)),
        None => unsure("integers of more than 64 bits in a query"),
    }
}

/// Both numbers as floats.
fn floats(left: &Val, right: &Val) -> Option<(f64, f64)> {
    Some((left.as_float()?, right.as_float()?))
}

impl Add for Val {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, &other) {
            (Self::Int(left), Self::Int(right)) => whole(left.checked_add(*right)),
            (Self::Text(left), Self::Text(right)) => Ok(Self::text(format!("{left}{right}"))),
            (Self::Array(left), _) if left.items.is_empty() && matches!(other, Self::Array(_)) => {
                Ok(other)
            }
            (Self::Array(_), Self::Array(right)) if right.items.is_empty() => Ok(self),
            (Self::Array(left), Self::Array(right)) => {
                Ok(Self::array([&left.items[..], &right.items].concat()))
            }
            (Self::Object(left), Self::Object(_)) if left.entries.is_empty() => Ok(other),
            (Self::Object(_), Self::Object(right)) if right.entries.is_empty() => Ok(self),
            (Self::Object(left), Self::Object(right)) => {
                let mut entries = left.entries.clone();
                entries.extend(right.entries.clone());
                Ok(Self::object(entries))
            }
            (Self::Null, _) => Ok(other),
            (_, Self::Null) => Ok(self),
            _ => match floats(&self, &other) {
                Some((left, right)) => Ok(Self::Float(left + right)),
                None => fail(),
            },
        }
    }
}

impl Sub for Val {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, &other) {
            (Self::Int(left), Self::Int(right)) => whole(left.checked_sub(*right)),
            (Self::Array(left), Self::Array(right)) => {
                charge(left.items.len().saturating_mul(right.items.len()));
                let kept = left.items.iter().filter(|item| !right.items.contains(item));
                Ok(Self::array(kept.cloned().collect()))
            }
            _ => match floats(&self, &other) {
                Some((left, right)) => Ok(Self::Float(left - right)),
                None => fail(),
            },
        }
    }
}

impl Mul for Val {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, &other) {
            (Self::Int(left), Self::Int(right)) => whole(left.checked_mul(*right)),
            (Self::Object(left), Self::Object(right)) => Ok(merge(&left.entries, &right.entries)),
            (Self::Text(text), number) | (number, Self::Text(text)) => match number.as_float() {
                Some(count) => repeated(text, count),
                None => fail(),
            },
            _ => match floats(&self, &other) {
                Some((left, right)) => Ok(Self::Float(left * right)),
                None => fail(),
            },
        }
    }
}

fn merge(left: &BTreeMap<Rc<str>, Val>, right: &BTreeMap<Rc<str>, Val>) -> Val {
    let mut entries = left.clone();
    for (key, value) in right {
        let value = match (left.get(key), value) {
            (Some(Val::Object(left)), Val::Object(right)) => merge(&left.entries, &right.entries),
            (_, value) => value.clone(),
        };
        entries.insert(Rc::clone(key), value);
    }
    Val::object(entries)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is in range"
)]
fn repeated(text: &str, count: f64) -> ValR<Val> {
    if count < 0.0 || count.is_nan() {
        return Ok(Val::Null);
    }
    if count > 100_000.0 || !charge(text.len().saturating_mul(count as usize)) {
        return unsure("a very long text in a query");
    }
    Ok(Val::text(text.repeat(count as usize)))
}

impl Div for Val {
    type Output = ValR<Self>;

    #[expect(clippy::cast_precision_loss, reason = "Go converts so")]
    fn div(self, other: Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, &other) {
            (Self::Int(_), Self::Int(0)) => fail(),
            (Self::Int(left), Self::Int(-1)) => whole(left.checked_neg()),
            (Self::Int(left), Self::Int(right)) if left % right == 0 => Ok(Self::Int(left / right)),
            (Self::Int(left), Self::Int(right)) => Ok(Self::Float(*left as f64 / *right as f64)),
            (Self::Text(text), Self::Text(by)) if text.is_empty() && !by.is_empty() => {
                Ok(Self::array(Vec::new()))
            }
            (Self::Text(text), Self::Text(by)) => Ok(split(text, by)),
            _ => match floats(&self, &other) {
                Some((_, 0.0)) | None => fail(),
                Some((left, right)) => Ok(Self::Float(left / right)),
            },
        }
    }
}

/// The parts of a text; its characters, if there is nothing between them.
pub(super) fn split(text: &str, by: &str) -> Val {
    if by.is_empty() {
        let parts = text.chars().map(|c| Val::text(c.to_string()));
        return Val::array(parts.collect());
    }
    Val::array(text.split(by).map(Val::text).collect())
}

impl Rem for Val {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, &other) {
            (Self::Int(_), Self::Int(0)) => fail(),
            (Self::Int(left), Self::Int(right)) => Ok(Self::Int(left.wrapping_rem(*right))),
            _ => match floats(&self, &other) {
                Some((left, right)) if left.is_nan() || right.is_nan() => Ok(Self::Float(f64::NAN)),
                Some((left, right)) => match (truncated(left), truncated(right)) {
                    (_, 0) => fail(),
                    (left, right) => Ok(Self::Int(left.wrapping_rem(right))),
                },
                None => fail(),
            },
        }
    }
}

/// A float as an integer, the nearest one if it is out of range.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it saturates, as gojq does"
)]
pub(super) fn truncated(number: f64) -> i64 {
    number as i64
}

impl Neg for Val {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match self {
            Self::Int(number) => whole(number.checked_neg()),
            Self::Float(number) => Ok(Self::Float(-number)),
            _ => fail(),
        }
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.compare(other))
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&json(self))
    }
}

impl From<bool> for Val {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<isize> for Val {
    fn from(number: isize) -> Self {
        i64::try_from(number).map_or(Self::Null, Self::Int)
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Range<Option<Self>>> for Val {
    fn from(range: Range<Option<Self>>) -> Self {
        let bound = |bound: Option<Self>| bound.unwrap_or(Self::Null);
        let entries = [("start", bound(range.start)), ("end", bound(range.end))];
        let entries = entries.map(|(key, value)| (Rc::from(key), value));
        Self::object(entries.into())
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let items = items.into_iter().take_while(|_| charge(1));
        Self::array(items.collect())
    }
}
