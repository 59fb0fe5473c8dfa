//! The methods of addresses, as templates call them.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::conv::whole;
use crate::template::gomplate::handover;
use crate::template::gomplate::native::Array;
use crate::template::gomplate::net::address::{Address, Family, Package};
use crate::template::gomplate::net::prefix::Prefix;
use crate::template::gomplate::net::text::{bare, expanded, show};
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

/// Go's types, and lists of one of each package as parameters.
pub(super) const ADDR: Type = Type::Named("netip.Addr", Kind::Struct);
pub(super) const IP: Type = Type::Named("netaddr.IP", Kind::Struct);

impl Package {
    /// Its type of addresses.
    pub(super) const fn address(self) -> Type {
        match self {
            Self::Netip => ADDR,
            Self::Netaddr => IP,
        }
    }

    /// One of its addresses as parameters.
    pub(super) const fn one_address(self) -> &'static [Type] {
        match self {
            Self::Netip => &[ADDR],
            Self::Netaddr => &[IP],
        }
    }
}

impl Address {
    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    /// An argument whose parameter is an address.
    pub(super) fn of(value: &Value) -> Result<&Self, String> {
        let address = match value {
            Value::Native(object) => object.as_any().downcast_ref::<Self>(),
            _ => None,
        };
        address.map_or_else(|| handover("an unusual address"), Ok)
    }

    fn encoded(&self) -> Vec<u8> {
        [&self.bytes()[..], &self.zone].concat()
    }

    fn as_four(&self) -> Result<Value, String> {
        let four = self.unmapped();
        match four.family {
            Family::V4 => Ok(Array::value("[4]uint8", &four.bytes())),
            Family::V6 => Err("As4 called on IPv6 address".to_owned()),
            Family::None => Err("As4 called on IP zero value".to_owned()),
        }
    }

    /// A method that gives bytes, perhaps behind others.
    fn written(&self, name: &str, before: &[Value]) -> Result<Value, String> {
        let own = match name {
            "AsSlice" if !self.is_valid() => return handover("a slice that is nil"),
            "AsSlice" => self.bytes(),
            "MarshalBinary" | "AppendBinary" => self.encoded(),
            _ => bare(self),
        };
        Ok(behind(before, own))
    }
}

/// Bytes behind those of an argument, if there is one.
pub(super) fn behind(before: &[Value], own: Vec<u8>) -> Value {
    match before {
        [Value::Bytes(before)] => Value::bytes([before, &own[..]].concat()),
        _ => Value::bytes(own),
    }
}

/// The signature of a method that is in one package alone.
fn own_method(package: Package, name: &str) -> Option<Signature> {
    let prefix = package.prefix();
    Some(match (package, name) {
        (Package::Netip, "AppendBinary" | "AppendText") => {
            Signature::new(&[Type::BYTES], Type::BYTES)
        }
        (Package::Netip, "AsSlice") => Signature::new(&[], Type::BYTES),
        (Package::Netip, "BitLen") => Signature::new(&[], Type::Int),
        (Package::Netaddr, "BitLen") => Signature::new(&[], Type::Uint8),
        (Package::Netip, "Prefix") => Signature::new(&[Type::Int], prefix),
        (Package::Netaddr, "Prefix") => Signature::new(&[Type::Uint8], prefix),
        (Package::Netip, "Prev") | (Package::Netaddr, "Prior") => {
            Signature::new(&[], package.address())
        }
        (Package::Netaddr, "Netmask") => Signature::new(&[Type::BYTES], prefix),
        (Package::Netaddr, "IPAddr") => Signature::new(&[], Type::Any),
        (Package::Netip, "Is4In6") | (Package::Netaddr, "Is4in6" | "IsZero") => {
            Signature::new(&[], Type::Bool)
        }
        _ => return None,
    })
}

impl Object for Address {
    fn type_name(&self) -> &str {
        match self.package {
            Package::Netip => "netip.Addr",
            Package::Netaddr => "netaddr.IP",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let address = self.package.address();
        Some(match name {
            "As4" => Signature::new(&[], Type::Named("[4]uint8", Kind::Array)),
            "As16" => Signature::new(&[], Type::Named("[16]uint8", Kind::Array)),
            "AppendTo" => Signature::new(&[Type::BYTES], Type::BYTES),
            "MarshalBinary" | "MarshalText" => Signature::new(&[], Type::BYTES),
            "Compare" => Signature::new(self.package.one_address(), Type::Int),
            "Less" => Signature::new(self.package.one_address(), Type::Bool),
            "Next" | "Unmap" => Signature::new(&[], address),
            "WithZone" => Signature::new(&[Type::Str], address),
            "String" | "StringExpanded" | "Zone" => Signature::new(&[], Type::Str),
            "Is4In6" | "Is4in6" | "IsZero" => return own_method(self.package, name),
            name if self.is(name).is_some() => Signature::new(&[], Type::Bool),
            name => return own_method(self.package, name),
        })
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        if let Some(answer) = self.is(name) {
            return Ok(answer.into());
        }
        let count = args.first().map_or(0, whole);
        Ok(match (name, args) {
            ("As4", _) => self.as_four()?,
            ("As16", _) => Array::value("[16]uint8", &self.sixteen()),
            ("Compare", [other]) => Value::Int(self.compare(Self::of(other)?) as i64),
            ("Less", [other]) => self.compare(Self::of(other)?).is_lt().into(),
            ("Next", _) => self.next().value(),
            ("Prev" | "Prior", _) => self.previous().value(),
            ("Unmap", _) => self.unmapped().value(),
            ("WithZone", [zone]) => self.with_zone(zone.as_text().unwrap_or_default()).value(),
            ("Zone", _) => Value::text(&self.zone),
            ("String", _) => Value::text(show(self)),
            ("StringExpanded", _) => Value::text(expanded(self)),
            ("BitLen", _) if self.package == Package::Netaddr => Value::Uint8(self.family.bits()),
            ("BitLen", _) => Value::Int(self.family.bits().into()),
            ("Prefix", _) => Prefix::around(self, count)?.value(),
            ("Netmask" | "IPAddr", _) => return handover("an unusual method of an address"),
            _ => self.written(name, args)?,
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(show(self))
    }

    fn marshalled(&self) -> Option<Vec<u8>> {
        Some(bare(self))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
