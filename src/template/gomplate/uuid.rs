//! `uuid`: made by chance and by time, and read. A stage that makes one is not reproducible.
//!
//! Facts: gomplate v5.2.0 and `github.com/google/uuid`, by their documentation and by running them; RFC 9562.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::{Functions, Signature};
use crate::template::gomplate::conv::text;
use crate::template::gomplate::native::{Integer, elements};
use crate::template::gomplate::{fixed, namespace};
use crate::template::host::{Host, Reentry};
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::quote::quote;
use crate::template::value::Value;

const UUID: Type = Type::Named("uuid.UUID", Kind::Array);

/// Hundreds of nanoseconds from 1582-10-15, when the Gregorian calendar began, to 1970-01-01.
const GREGORIAN: i64 = 122_192_928_000_000_000;

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "uuid",
        "*funcs.UUIDFuncs",
        vec![
            fixed("Nil", None, &[], Type::Str, |_, _| {
                Ok(Uuid([0; 16]).shown().into())
            }),
            fixed("IsValid", None, &[Type::Any], Type::Bool, |_, args| {
                Ok(Uuid::parse(&text(&args[0])?).is_ok().into())
            }),
            fixed("Parse", None, &[Type::Any], UUID, |_, args| {
                Ok(Value::Native(Arc::new(Uuid::parse(&text(&args[0])?)?)))
            }),
            fixed("V1", None, &[], Type::Str, |host, _| {
                host.note_unrepeatable("uuid.V1");
                Ok(Uuid::of_time(host)?.shown().into())
            }),
            fixed("V4", None, &[], Type::Str, |host, _| {
                host.note_unrepeatable("uuid.V4");
                let mut bytes = [0; 16];
                host.random(&mut bytes)?;
                Ok(Uuid(bytes).marked(4).shown().into())
            }),
        ],
    );
}

/// `uuid.UUID`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Uuid([u8; 16]);

impl Uuid {
    /// With hyphens, with `urn:uuid:` before it, with a character on either side, or hexadecimal digits alone.
    fn parse(text: &[u8]) -> Result<Self, String> {
        let wrong = || "invalid UUID format".to_owned();
        let plain = match text.len() {
            36 => text,
            45 if text[..9].eq_ignore_ascii_case(b"urn:uuid:") => &text[9..],
            45 => return Err(format!("invalid urn prefix: {}", quote(&text[..9]))),
            38 => &text[1..37],
            32 => return Self::of_digits(text).ok_or_else(wrong),
            length => return Err(format!("invalid UUID length: {length}")),
        };
        let is_hyphen = |at: &usize| matches!(at, 8 | 13 | 18 | 23);
        let all = plain.iter().enumerate();
        let (hyphens, digits): (Vec<_>, Vec<_>) = all.partition(|(at, _)| is_hyphen(at));
        let digits: Vec<u8> = digits.into_iter().map(|(_, digit)| *digit).collect();
        let fits = hyphens.into_iter().all(|(_, hyphen)| *hyphen == b'-');
        Self::of_digits(&digits).filter(|_| fits).ok_or_else(wrong)
    }

    fn of_digits(digits: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            for digit in pair {
                let digit = char::from(*digit).to_digit(16)?;
                *byte = *byte << 4 | u8::try_from(digit).ok()?;
            }
        }
        Some(Self(bytes))
    }

    /// One of the time and of the machine's network interface.
    fn of_time(host: &mut dyn Host) -> Result<Self, String> {
        let now = host.now();
        let units = now.seconds.wrapping_mul(10_000_000);
        let units = units.wrapping_add(i64::from(now.nanoseconds / 100));
        let time = units.wrapping_add(GREGORIAN).to_be_bytes();
        let mut bytes = [0; 16];
        // The clock sequence, and a node where there is no interface.
        host.random(&mut bytes[8..])?;
        if let Some(node) = host.hardware_address()? {
            bytes[10..].copy_from_slice(&node);
        }
        bytes[..4].copy_from_slice(&time[4..]);
        bytes[4..6].copy_from_slice(&time[2..4]);
        bytes[6..8].copy_from_slice(&time[..2]);
        Ok(Self(bytes).marked(1))
    }

    /// With a version, and the usual variant.
    fn marked(mut self, version: u8) -> Self {
        self.0[6] = self.0[6] & 0x0f | version << 4;
        self.0[8] = self.0[8] & 0x3f | 0x80;
        self
    }

    fn shown(&self) -> String {
        let number = u128::from_be_bytes(self.0);
        let digits = format!("{number:032x}");
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
        parts.map(|part| &digits[part]).join("-")
    }

    /// The number in some of the bytes.
    fn number(&self, from: usize, to: usize) -> u64 {
        let bytes = self.0.get(from..to).unwrap_or_default();
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn version(&self) -> u64 {
        self.number(6, 7) >> 4
    }

    /// Go's number and name of the variant.
    fn variant(&self) -> (u64, &'static str) {
        match self.0[8] >> 5 {
            4 | 5 => (1, "RFC4122"),
            6 => (3, "Microsoft"),
            7 => (4, "Future"),
            _ => (2, "Reserved"),
        }
    }

    /// Hundreds of nanoseconds since the Gregorian calendar began.
    fn time(&self) -> u64 {
        match self.version() {
            6 => self.number(0, 8),
            7 => {
                let milliseconds = self.number(0, 6);
                let units = milliseconds.wrapping_mul(10_000);
                units.wrapping_add(GREGORIAN.cast_unsigned())
            }
            _ => (self.number(6, 8) & 0xfff) << 48 | self.number(4, 6) << 32 | self.number(0, 4),
        }
    }

    /// A method that gives an integer with a name of its own.
    fn integer(&self, name: &str) -> Option<Integer> {
        let (type_name, kind, number, text) = match name {
            "Version" => {
                let version = self.version();
                let shown = format!("VERSION_{version}");
                ("uuid.Version", Kind::Uint8, version, Some(shown))
            }
            "Variant" => {
                let (number, shown) = self.variant();
                ("uuid.Variant", Kind::Uint8, number, Some(shown.to_owned()))
            }
            "Domain" => {
                let domain = self.number(9, 10);
                let names = ["Person", "Group", "Org"];
                let known = usize::try_from(domain).ok().and_then(|at| names.get(at));
                let shown = known.map_or_else(|| format!("Domain{domain}"), ToString::to_string);
                ("uuid.Domain", Kind::Uint8, domain, Some(shown))
            }
            "ID" => ("uint32", Kind::Uint32, self.number(0, 4), None),
            "Time" => ("uuid.Time", Kind::Int64, self.time(), None),
            _ => return None,
        };
        Some(Integer {
            type_name,
            kind,
            number,
            text,
        })
    }
}

impl Object for Uuid {
    fn type_name(&self) -> &'static str {
        "uuid.UUID"
    }

    fn kind(&self) -> Kind {
        Kind::Array
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let result = match name {
            "String" | "URN" => Type::Str,
            "ClockSequence" => Type::Int,
            "NodeID" | "MarshalText" | "MarshalBinary" => Type::BYTES,
            "Value" => Type::Any,
            "Version" => Type::Named("uuid.Version", Kind::Uint8),
            "Variant" => Type::Named("uuid.Variant", Kind::Uint8),
            "Domain" => Type::Named("uuid.Domain", Kind::Uint8),
            "ID" => Type::Named("uint32", Kind::Uint32),
            "Time" => Type::Named("uuid.Time", Kind::Int64),
            _ => return None,
        };
        Some(Signature::new(&[], result))
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        if let Some(integer) = self.integer(name) {
            return Ok(integer.value());
        }
        Ok(match name {
            "ClockSequence" => Value::Int((self.number(8, 10) & 0x3fff).cast_signed()),
            "NodeID" => Value::bytes(&self.0[10..]),
            "MarshalBinary" => Value::bytes(self.0),
            "MarshalText" => Value::bytes(self.shown()),
            "URN" => format!("urn:uuid:{}", self.shown()).into(),
            _ => self.shown().into(),
        })
    }

    fn underlying(&self) -> Option<Value> {
        Some(elements(&self.0))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.shown().into_bytes())
    }

    fn marshalled(&self) -> Option<Vec<u8>> {
        Some(self.shown().into_bytes())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
