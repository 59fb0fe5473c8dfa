//! Rows of addresses, from one to another.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::handover;
use crate::template::gomplate::net::address::{Address, Package, mask};
use crate::template::gomplate::net::methods::behind;
use crate::template::gomplate::net::prefix::{IP_PREFIX, PREFIX, Prefix};
use crate::template::gomplate::net::text::{bare, read, show};
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::quote::quote;
use crate::template::value::{List, Value};

const RANGE: Type = Type::Named("netipx.IPRange", Kind::Struct);
const IP_RANGE: Type = Type::Named("netaddr.IPRange", Kind::Struct);

impl Package {
    /// Its type of ranges, or that which belongs to it.
    pub(super) const fn range(self) -> Type {
        match self {
            Self::Netip => RANGE,
            Self::Netaddr => IP_RANGE,
        }
    }

    const fn prefixes(self) -> Type {
        match self {
            Self::Netip => Type::List(&PREFIX),
            Self::Netaddr => Type::List(&IP_PREFIX),
        }
    }
}

/// `netipx.IPRange`, `netaddr.IPRange`. It is valid, or the zero value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    from: Address,
    to: Address,
}

impl Range {
    /// Reads `FROM-TO`; the error is Go's.
    pub(super) fn read(package: Package, text: &[u8]) -> Result<Self, String> {
        let shown = quote(text);
        let Some(hyphen) = memchr::memchr(b'-', text) else {
            return Err(format!("no hyphen in range {shown}"));
        };
        let end = |name: &str, part: &[u8]| {
            let address = read(package, part);
            let address = address.map(|address| address.with_zone(b""));
            address.map_err(|_| format!("invalid {name} IP {} in range {shown}", quote(part)))
        };
        let from = end("From", &text[..hyphen])?;
        let to = end("To", &text[hyphen + 1..])?;
        if from.family != to.family || from.number > to.number {
            let (from, to) = (show(&from), show(&to));
            let (from, to) = (String::from_utf8_lossy(&from), String::from_utf8_lossy(&to));
            return Err(format!("range {from} to {to} not valid"));
        }
        Ok(Self { from, to })
    }

    pub(super) fn of_prefix(prefix: &Prefix) -> Self {
        let prefix = prefix.masked();
        let to = prefix.last();
        Self {
            from: prefix.address,
            to,
        }
    }

    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    fn of(value: &Value) -> Result<&Self, String> {
        let range = match value {
            Value::Native(object) => object.as_any().downcast_ref::<Self>(),
            _ => None,
        };
        range.map_or_else(|| handover("an unusual range"), Ok)
    }

    fn is_valid(&self) -> bool {
        self.from.is_valid()
    }

    fn contains(&self, address: &Address) -> bool {
        self.is_valid()
            && address.zone.is_empty()
            && self.from.compare(address).is_le()
            && self.to.compare(address).is_ge()
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.is_valid()
            && other.is_valid()
            && self.from.compare(&other.to).is_le()
            && other.from.compare(&self.to).is_le()
    }

    /// The fewest networks that it consists of, in order.
    fn prefixes(&self) -> Vec<Prefix> {
        let mut found = Vec::new();
        if self.is_valid() {
            add_prefixes(&self.from, self.from.number, self.to.number, &mut found);
        }
        found
    }

    fn shown(&self) -> Vec<u8> {
        if self.is_valid() {
            [&show(&self.from)[..], b"-", &show(&self.to)].concat()
        } else {
            b"zero IPRange".to_vec()
        }
    }

    fn bare(&self) -> Vec<u8> {
        if self.is_valid() {
            [&bare(&self.from)[..], b"-", &bare(&self.to)].concat()
        } else {
            Vec::new()
        }
    }
}

/// The networks from one number to another, of the family of an address.
fn add_prefixes(like: &Address, from: u128, to: u128, found: &mut Vec<Prefix>) {
    let family = like.family;
    let unused = 128 - u32::from(family.bits());
    let common = (from ^ to).leading_zeros().saturating_sub(unused);
    let common = u8::try_from(common).unwrap_or(u8::MAX);
    let rest = |count: u8| mask(family, family.bits()) & !mask(family, count);
    if from & rest(common) == 0 && to & rest(common) == rest(common) {
        return found.push(Prefix::new(&like.at(from), common));
    }
    add_prefixes(like, from, from | rest(common + 1), found);
    add_prefixes(like, to & !rest(common + 1), to, found);
}

impl Object for Range {
    fn type_name(&self) -> &str {
        match self.from.package {
            Package::Netip => "netipx.IPRange",
            Package::Netaddr => "netaddr.IPRange",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let package = self.from.package;
        Some(match name {
            "From" | "To" => Signature::new(&[], package.address()),
            "Contains" => Signature::new(package.one_address(), Type::Bool),
            "Overlaps" => match package {
                Package::Netip => Signature::new(&[RANGE], Type::Bool),
                Package::Netaddr => Signature::new(&[IP_RANGE], Type::Bool),
            },
            "IsValid" | "Valid" | "IsZero" => Signature::new(&[], Type::Bool),
            "Prefixes" => Signature::new(&[], package.prefixes()),
            "AppendTo" => Signature::new(&[Type::BYTES], Type::BYTES),
            "MarshalText" => Signature::new(&[], Type::BYTES),
            "String" => Signature::new(&[], Type::Str),
            "AppendPrefixes" | "Prefix" => Signature::variadic(&[], Type::Any, Type::Any),
            _ => return None,
        })
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        Ok(match (name, args) {
            ("From", _) => self.from.clone().value(),
            ("To", _) => self.to.clone().value(),
            ("Contains", [address]) => self.contains(Address::of(address)?).into(),
            ("Overlaps", [other]) => self.overlaps(Self::of(other)?).into(),
            ("IsValid" | "Valid", _) => self.is_valid().into(),
            ("IsZero", _) => (!self.is_valid()).into(),
            ("Prefixes", _) => list(self.from.package, self.prefixes()),
            ("AppendTo" | "MarshalText", _) => behind(args, self.bare()),
            ("String", _) => Value::text(self.shown()),
            // Templates cannot call `Prefix`, which gives two values.
            _ => return handover("an unusual method of a range"),
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.shown())
    }

    fn marshalled(&self) -> Option<Vec<u8>> {
        Some(self.bare())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Networks as a Go slice, which is nil if there are none.
fn list(package: Package, prefixes: Vec<Prefix>) -> Value {
    let items: Vec<Value> = prefixes.into_iter().map(Prefix::value).collect();
    Value::List(if items.is_empty() {
        List::absent(package.prefix())
    } else {
        List::new(package.prefix(), items)
    })
}
