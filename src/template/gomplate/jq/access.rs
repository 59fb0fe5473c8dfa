//! What jq programs look up in values and change in them, as gojq does.

use std::collections::BTreeMap;
use std::rc::Rc;

use jaq_core::box_iter::BoxIter;
use jaq_core::path::Opt;
use jaq_core::{Error, ValR, ValT, ValX};

use crate::template::gomplate::jq::arithmetic::{fail, truncated, unsure};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::json::json;
use crate::template::gomplate::jq::value::Val;

/// Arrays that grow to an index are no longer than this.
const LONGEST: i64 = 10_000;

type Bounds<'v> = std::ops::Range<Option<&'v Val>>;

impl ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(number) => Ok(Self::Int(number)),
                Err(_) => unsure("integers of more than 64 bits in a query"),
            };
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self::Float(number)),
            _ => unsure("a number out of range in a query"),
        }
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let entry = |(key, value)| match key {
            Self::Text(key) => Ok((key, value)),
            _ => fail(),
        };
        let entries: ValR<BTreeMap<_, _>, Self> = entries.into_iter().map(entry).collect();
        Ok(Self::object(entries?))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Array(array) => {
                let keys = (0..array.items.len()).take_while(|_| charge(1));
                Box::new(keys.filter_map(move |at| {
                    let key = Self::Int(i64::try_from(at).ok()?);
                    Some(Ok((key, array.items.get(at)?.clone())))
                }))
            }
            Self::Object(object) => {
                let entries = object.entries.clone().into_iter();
                let entries = entries.take_while(|_| charge(1));
                Box::new(entries.map(|(key, value)| Ok((Self::Text(key), value))))
            }
            _ => Box::new(std::iter::once(fail())),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        Box::new(self.key_values().map(|entry| Ok(entry?.1)))
    }

    fn index(self, index: &Self) -> ValR<Self> {
        if !charge(1) {
            return fail();
        }
        match (&self, index) {
            (Self::Null, Self::Text(_) | Self::Int(_) | Self::Float(_) | Self::Array(_)) => {
                Ok(Self::Null)
            }
            (Self::Object(object), Self::Text(key)) => {
                Ok(object.entries.get(key).cloned().unwrap_or(Self::Null))
            }
            (Self::Array(array), Self::Int(_) | Self::Float(_)) => {
                let at = place(index, array.items.len());
                let item = at.and_then(|at| array.items.get(at));
                Ok(item.cloned().unwrap_or(Self::Null))
            }
            (Self::Text(text), Self::Int(_) | Self::Float(_)) => {
                charge(text.len());
                let at = place(index, text.chars().count());
                let c = at.and_then(|at| text.chars().nth(at));
                Ok(c.map_or(Self::Null, |c| Self::text(c.to_string())))
            }
            (_, Self::Object(_)) | (Self::Array(_), Self::Array(_)) => {
                unsure("an unusual index in a query")
            }
            _ => fail(),
        }
    }

    fn range(self, range: Bounds<'_>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Array(array) => {
                let (start, end) = bounds(&range, array.items.len())?;
                let items = array.items.get(start..end).unwrap_or_default();
                Ok(Self::array(items.to_vec()))
            }
            Self::Text(text) => {
                charge(text.len());
                let (start, end) = bounds(&range, text.chars().count())?;
                let part: String = text.chars().take(end).skip(start).collect();
                Ok(Self::text(part))
            }
            _ => fail(),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Array(array) => {
                let items = array.items.iter().cloned();
                let items: Result<Vec<_>, _> = items.map(|item| changed(f(item))).collect();
                Ok(Self::array(items?))
            }
            Self::Object(object) => {
                let entry = |(key, value): (&Rc<str>, &Self)| {
                    Ok((Rc::clone(key), changed(f(value.clone()))?))
                };
                let entries: ValX<'a, BTreeMap<_, _>, Self> =
                    object.entries.iter().map(entry).collect();
                Ok(Self::object(entries?))
            }
            other => Ok(opt.fail(other, |_| Error::new(Self::Null))?),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        if !charge(1) {
            return Ok(fail()?);
        }
        match (&self, index) {
            (Self::Null, Self::Text(key)) => {
                let entries = [(Rc::clone(key), changed(f(Self::Null))?)];
                Ok(Self::object(entries.into()))
            }
            (Self::Object(object), Self::Text(key)) => {
                let old = object.entries.get(key).cloned().unwrap_or(Self::Null);
                let mut entries = object.entries.clone();
                entries.insert(Rc::clone(key), changed(f(old))?);
                Ok(Self::object(entries))
            }
            (Self::Null | Self::Array(_), Self::Int(at)) => {
                let mut items = match &self {
                    Self::Array(array) => array.items.clone(),
                    _ => Vec::new(),
                };
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if *at < 0 {
                    at.saturating_add(length)
                } else {
                    *at
                };
                let place = match usize::try_from(at) {
                    Ok(place) if at < LONGEST || at < length => place,
                    Ok(_) => return Ok(unsure("a very long array in a query")?),
                    Err(_) => return Ok(fail()?),
                };
                let old = items.get(place).cloned().unwrap_or(Self::Null);
                let new = changed(f(old))?;
                if place >= items.len() {
                    items.resize(place + 1, Self::Null);
                }
                if let Some(item) = items.get_mut(place) {
                    *item = new;
                }
                Ok(Self::array(items))
            }
            (_, Self::Int(_) | Self::Text(_)) => Ok(opt.fail(self, |_| Error::new(Self::Null))?),
            _ => Ok(unsure("an unusual index in a query")?),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Bounds<'_>,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(unsure("a change of part of an array in a query")?)
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) => self,
            other if charge(other.size()) => Self::text(json(&other)),
            _ => Self::Null,
        }
    }
}

/// The one value that takes another's place.
fn changed<'a>(mut values: impl Iterator<Item = ValX<'a, Val>>) -> ValX<'a, Val> {
    match values.next() {
        Some(value) => value,
        None => Ok(unsure("a change to nothing in a query")?),
    }
}

/// Where an index points to, if it points into so many.
fn place(index: &Val, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = match index {
        Val::Int(at) => *at,
        other => truncated(other.as_float()?),
    };
    let at = if at < 0 {
        at.saturating_add(length)
    } else {
        at
    };
    usize::try_from(at).ok()
}

/// Where a part of so many begins and ends.
fn bounds(range: &Bounds<'_>, length: usize) -> ValR<(usize, usize), Val> {
    let clamped = |bound: &Val, least: usize| {
        let at = match bound {
            Val::Int(at) => *at,
            _ => return unsure("a bound in a query that is no integer"),
        };
        let whole = i64::try_from(length).unwrap_or(i64::MAX);
        let at = if at < 0 { at.saturating_add(whole) } else { at };
        let at = usize::try_from(at.max(0)).unwrap_or(usize::MAX);
        Ok(at.clamp(least.min(length), length))
    };
    let start = match range.start {
        None | Some(Val::Null) => 0,
        Some(bound) => clamped(bound, 0)?,
    };
    let end = match range.end {
        None | Some(Val::Null) => length,
        Some(bound) => clamped(bound, start)?,
    };
    Ok((start, end.max(start)))
}
