//! Networks: an address and how many of its bits name the network.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::net::address::{Address, Family, Package};
use crate::template::gomplate::net::methods::behind;
use crate::template::gomplate::net::range::Range;
use crate::template::gomplate::net::text::{bare, read};
use crate::template::gomplate::{handover, strconv};
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::quote::quote;
use crate::template::value::Value;

pub(super) const PREFIX: Type = Type::Named("netip.Prefix", Kind::Struct);
pub(super) const IP_PREFIX: Type = Type::Named("netaddr.IPPrefix", Kind::Struct);

impl Package {
    /// Its type of networks.
    pub(super) const fn prefix(self) -> Type {
        match self {
            Self::Netip => PREFIX,
            Self::Netaddr => IP_PREFIX,
        }
    }

    /// One of its networks as parameters.
    const fn one_prefix(self) -> &'static [Type] {
        match self {
            Self::Netip => &[PREFIX],
            Self::Netaddr => &[IP_PREFIX],
        }
    }
}

/// `netip.Prefix`, `netaddr.IPPrefix`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    /// Without a zone.
    pub(super) address: Address,
    /// Of the network; none in a prefix that is not valid.
    pub(super) bits: Option<u8>,
}

impl Prefix {
    /// The zero value.
    pub(super) fn none(package: Package) -> Self {
        Self {
            address: Address::none(package),
            bits: None,
        }
    }

    pub(super) fn new(address: &Address, bits: u8) -> Self {
        Self {
            address: address.with_zone(b""),
            bits: Some(bits),
        }
    }

    /// Reads `ADDRESS/BITS`; the error is Go's.
    pub(super) fn read(package: Package, text: &[u8]) -> Result<Self, String> {
        let function = match package {
            Package::Netip => "netip.ParsePrefix",
            Package::Netaddr => "netaddr.ParseIPPrefix",
        };
        let wrong = |text: &[u8], why: &str| format!("{function}({}): {why}", quote(text));
        let Some(slash) = memchr::memrchr(b'/', text) else {
            return Err(wrong(text, "no '/'"));
        };
        let (before, digits) = (&text[..slash], &text[slash + 1..]);
        let address = read(package, before).map_err(|why| wrong(text, &why))?;
        let number = strconv::atoi(digits);
        let fits = |bits: i64| {
            let bits = u8::try_from(bits).ok();
            bits.filter(|bits| *bits <= address.family.bits())
        };
        // The messages of the older package are about what follows the slash.
        let (shown, bits) = match package {
            Package::Netip => {
                if !address.zone.is_empty() {
                    return Err(wrong(text, "IPv6 zones cannot be present in a prefix"));
                }
                let has_odd_start = digits.len() > 1 && !matches!(digits[0], b'1'..=b'9');
                let bits = number.ok().filter(|_| !has_odd_start);
                let bad = || wrong(text, &format!("bad bits after slash: {}", quote(digits)));
                (text, bits.ok_or_else(bad)?)
            }
            Package::Netaddr => {
                let bad = |why| wrong(digits, &format!("bad prefix: {why}"));
                (digits, number.map_err(bad)?)
            }
        };
        let bits = fits(bits).ok_or_else(|| wrong(shown, "prefix length out of range"))?;
        Ok(Self::new(&address, bits))
    }

    /// The network of an address with so many bits.
    pub(super) fn around(address: &Address, bits: i64) -> Result<Self, String> {
        let name = match address.family {
            _ if bits < 0 => return Err("negative Prefix bits".to_owned()),
            Family::None => return Ok(Self::none(address.package)),
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        match u8::try_from(bits) {
            Ok(bits) if bits <= address.family.bits() => Ok(Self::new(&address.masked(bits), bits)),
            _ => Err(format!("prefix length {bits} too large for {name}")),
        }
    }

    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    /// An argument whose parameter is a network.
    fn of(value: &Value) -> Result<&Self, String> {
        Self::among(value).map_or_else(|| handover("an unusual network"), Ok)
    }

    /// A value that is a network.
    pub(super) fn among(value: &Value) -> Option<&Self> {
        match value {
            Value::Native(object) => object.as_any().downcast_ref::<Self>(),
            _ => None,
        }
    }

    /// The network without what its address has beyond it.
    pub(super) fn masked(&self) -> Self {
        match self.bits {
            Some(bits) => Self::new(&self.address.masked(bits), bits),
            None => Self::none(self.address.package),
        }
    }

    /// The last address in it; none if it is not valid.
    pub(super) fn last(&self) -> Address {
        match self.bits {
            Some(bits) => self.address.last(bits),
            None => Address::none(self.address.package),
        }
    }

    pub(super) fn contains(&self, address: &Address) -> bool {
        let Some(bits) = self.bits else {
            return false;
        };
        address.zone.is_empty()
            && address.family == self.address.family
            && address.masked(bits).number == self.address.masked(bits).number
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (Some(mine), Some(others)) = (self.bits, other.bits) else {
            return false;
        };
        let bits = mine.min(others);
        self.address.family == other.address.family
            && self.address.masked(bits).number == other.address.masked(bits).number
    }

    fn compare(&self, other: &Self) -> Ordering {
        let bits = |prefix: &Self| prefix.bits.map_or(-1, i16::from);
        let masked = self.masked().address.compare(&other.masked().address);
        let lengths = masked.then(bits(self).cmp(&bits(other)));
        lengths.then_with(|| self.address.compare(&other.address))
    }

    fn is_zero(&self) -> bool {
        *self == Self::none(self.address.package)
    }

    fn is_single(&self) -> bool {
        self.bits == Some(self.address.family.bits())
    }

    /// As Go prints it.
    pub(super) fn shown(&self) -> Vec<u8> {
        match (self.bits, self.address.package) {
            (Some(bits), _) => [&bare(&self.address)[..], format!("/{bits}").as_bytes()].concat(),
            (None, Package::Netip) => b"invalid Prefix".to_vec(),
            (None, Package::Netaddr) => b"zero IPPrefix".to_vec(),
        }
    }

    /// As [`Prefix::shown`], but nothing for the zero value.
    fn bare(&self) -> Vec<u8> {
        if self.is_zero() {
            Vec::new()
        } else {
            self.shown()
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut bytes = self.address.bytes();
        bytes.push(self.bits.unwrap_or(u8::MAX));
        bytes
    }
}

/// The signature of a method that is in one package alone.
fn own_method(package: Package, name: &str) -> Option<Signature> {
    Some(match (package, name) {
        (Package::Netip, "Addr") | (Package::Netaddr, "IP") => {
            Signature::new(&[], package.address())
        }
        (Package::Netip, "Bits") => Signature::new(&[], Type::Int),
        (Package::Netaddr, "Bits") => Signature::new(&[], Type::Uint8),
        (Package::Netip, "AppendBinary" | "AppendText") => {
            Signature::new(&[Type::BYTES], Type::BYTES)
        }
        (Package::Netip, "MarshalBinary") => Signature::new(&[], Type::BYTES),
        (Package::Netip, "Compare") => Signature::new(&[PREFIX], Type::Int),
        (Package::Netaddr, "IsZero" | "Valid") => Signature::new(&[], Type::Bool),
        (Package::Netaddr, "Range") => Signature::new(&[], package.range()),
        (Package::Netaddr, "IPNet") => Signature::new(&[], Type::Any),
        _ => return None,
    })
}

impl Object for Prefix {
    fn type_name(&self) -> &str {
        match self.address.package {
            Package::Netip => "netip.Prefix",
            Package::Netaddr => "netaddr.IPPrefix",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let package = self.address.package;
        Some(match name {
            "AppendTo" => Signature::new(&[Type::BYTES], Type::BYTES),
            "MarshalText" => Signature::new(&[], Type::BYTES),
            "Contains" => Signature::new(package.one_address(), Type::Bool),
            "Overlaps" => Signature::new(package.one_prefix(), Type::Bool),
            "IsSingleIP" | "IsValid" => Signature::new(&[], Type::Bool),
            "Masked" => Signature::new(&[], package.prefix()),
            "String" => Signature::new(&[], Type::Str),
            name => return own_method(package, name),
        })
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        Ok(match (name, args) {
            ("Addr" | "IP", _) => self.address.clone().value(),
            ("Bits", _) if self.address.package == Package::Netaddr => {
                Value::Uint8(self.bits.unwrap_or_default())
            }
            ("Bits", _) => Value::Int(self.bits.map_or(-1, i64::from)),
            ("Contains", [address]) => self.contains(Address::of(address)?).into(),
            ("Overlaps", [other]) => self.overlaps(Self::of(other)?).into(),
            ("Compare", [other]) => Value::Int(self.compare(Self::of(other)?) as i64),
            ("IsSingleIP", _) => self.is_single().into(),
            ("IsValid" | "Valid", _) => self.bits.is_some().into(),
            ("IsZero", _) => self.is_zero().into(),
            ("Masked", _) => self.masked().value(),
            ("Range", _) => Range::of_prefix(self).value(),
            ("String", _) => Value::text(self.shown()),
            ("MarshalBinary" | "AppendBinary", _) => behind(args, self.encoded()),
            ("MarshalText" | "AppendText" | "AppendTo", _) => behind(args, self.bare()),
            _ => return handover("an unusual method of a network"),
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
