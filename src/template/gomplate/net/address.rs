//! IP addresses as numbers: their neighbours, their order, and what they are for. It knows no text.
//!
//! Facts: Go's `net/netip` and `inet.af/netaddr`, by their documentation and by running them.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::template::value::Text;

/// The package whose values these are: they differ in names, and in what they say of IPv4 within IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    /// `net/netip`
    Netip,
    /// `inet.af/netaddr`, which gomplate's version 5 dropped.
    Netaddr,
}

/// The family of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// The zero value, which is no address.
    None,
    V4,
    V6,
}

impl Family {
    /// Bits of an address.
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::None => 0,
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

/// `netip.Addr`, `netaddr.IP`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) package: Package,
    pub(super) family: Family,
    /// Of an IPv4 address the 32 bits alone.
    pub(super) number: u128,
    /// Empty unless it is an IPv6 address with a zone.
    pub(super) zone: Text,
}

impl Address {
    pub(super) fn new(package: Package, family: Family, number: u128) -> Self {
        Self {
            package,
            family,
            number,
            zone: Arc::from([]),
        }
    }

    /// The zero value.
    pub(super) fn none(package: Package) -> Self {
        Self::new(package, Family::None, 0)
    }

    pub(super) fn is_valid(&self) -> bool {
        self.family != Family::None
    }

    /// An IPv6 address that stands for one of IPv4.
    pub(super) fn is_mapped(&self) -> bool {
        self.family == Family::V6 && self.number >> 32 == 0xffff
    }

    /// The IPv4 address of a mapped one, and any other as it is.
    pub(super) fn unmapped(&self) -> Self {
        if self.is_mapped() {
            return Self::new(self.package, Family::V4, self.number & 0xffff_ffff);
        }
        self.clone()
    }

    /// With another zone, if the address may have one; an empty one is none.
    pub(super) fn with_zone(&self, zone: &[u8]) -> Self {
        let mut other = self.clone();
        if self.family == Family::V6 {
            other.zone = Arc::from(zone);
        }
        other
    }

    /// With another number.
    pub(super) fn at(&self, number: u128) -> Self {
        Self {
            number,
            ..self.clone()
        }
    }

    /// The address behind it; none behind the last.
    pub(super) fn next(&self) -> Self {
        let next = self.number.wrapping_add(1);
        if next == 0 || self.family == Family::V4 && next > u128::from(u32::MAX) {
            return Self::none(self.package);
        }
        self.at(next)
    }

    /// The address before it; none before the first.
    pub(super) fn previous(&self) -> Self {
        match self.number.checked_sub(1) {
            Some(number) => self.at(number),
            None => Self::none(self.package),
        }
    }

    /// Go's order: families, numbers, zones.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let families = self.family.bits().cmp(&other.family.bits());
        let numbers = families.then(self.number.cmp(&other.number));
        numbers.then_with(|| self.zone.cmp(&other.zone))
    }

    /// The bits behind the first `count` are cleared.
    pub(super) fn masked(&self, count: u8) -> Self {
        self.at(self.number & mask(self.family, count))
    }

    /// The bits behind the first `count` are set.
    pub(super) fn last(&self, count: u8) -> Self {
        let all = mask(self.family, self.family.bits());
        self.at(self.number | (all & !mask(self.family, count)))
    }

    /// In network order: four bytes, sixteen, or none.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let all = self.number.to_be_bytes();
        let length = usize::from(self.family.bits() / 8);
        all.get(16 - length..).unwrap_or_default().to_vec()
    }

    /// As sixteen bytes, IPv4 addresses mapped.
    pub(super) fn sixteen(&self) -> [u8; 16] {
        let prefix = if self.family == Family::V4 {
            0xffff_0000_0000
        } else {
            0
        };
        (self.number | prefix).to_be_bytes()
    }

    /// The answer to one of Go's questions: `IsPrivate` and its like.
    pub(super) fn is(&self, question: &str) -> Option<bool> {
        // The older package takes mapped addresses for any other of IPv6.
        let own = match self.package {
            Package::Netip => self.unmapped(),
            Package::Netaddr => self.clone(),
        };
        let first = u32::try_from(own.number & 0xffff_ffff).unwrap_or_default();
        let group = own.number >> 112;
        let answer = |v4: bool, v6: bool| match own.family {
            Family::None => false,
            Family::V4 => v4,
            Family::V6 => v6,
        };
        let is_unspecified = self.is_valid() && self.number == 0;
        Some(match question {
            "Is4" => self.family == Family::V4,
            "Is6" => self.family == Family::V6,
            "Is4In6" | "Is4in6" => self.is_mapped(),
            "IsValid" => self.is_valid(),
            "IsZero" => !self.is_valid(),
            "IsUnspecified" => is_unspecified && self.zone.is_empty(),
            "IsLinkLocalUnicast" => answer(first >> 16 == 0xa9fe, group & 0xffc0 == 0xfe80),
            "IsLoopback" => answer(first >> 24 == 127, own.number == 1),
            "IsMulticast" => answer(first >> 28 == 0xe, group >> 8 == 0xff),
            "IsInterfaceLocalMulticast" => own.family == Family::V6 && group & 0xff0f == 0xff01,
            "IsLinkLocalMulticast" => answer(first >> 8 == 0x00e0_0000, group & 0xff0f == 0xff02),
            "IsPrivate" => answer(
                first >> 24 == 10 || first >> 20 == 0xac1 || first >> 16 == 0xc0a8,
                group & 0xfe00 == 0xfc00,
            ),
            "IsGlobalUnicast" => {
                let others = ["IsLoopback", "IsMulticast", "IsLinkLocalUnicast"];
                let is_none = own.number == 0 && own.zone.is_empty();
                own.is_valid()
                    && !(is_none || own.family == Family::V4 && first == u32::MAX)
                    && !others.iter().any(|other| self.is(other) == Some(true))
            }
            _ => return None,
        })
    }
}

/// The first bits set, as a mask for the numbers of a family.
pub(super) fn mask(family: Family, count: u8) -> u128 {
    let rest = u32::from(family.bits().saturating_sub(count));
    let all = match family {
        Family::None => 0,
        Family::V4 => u128::from(u32::MAX),
        Family::V6 => u128::MAX,
    };
    all & u128::MAX.checked_shl(rest).unwrap_or(0)
}
