//! What lies within a network: hosts by their number, networks by their size.
//!
//! Facts: gomplate v5.2.0, by its documentation and by running it.

use crate::template::gomplate::handover;
use crate::template::gomplate::net::address::{Address, Family, Package, mask};
use crate::template::gomplate::net::prefix::Prefix;

/// The most networks that are made at once, as a power of two.
const MOST: i64 = 16;

/// As a power of two, how many networks Go cannot even ask for memory for.
const TOO_MANY: i64 = 44;

/// The address of a host by its number in a network; negative numbers count from the end.
pub(super) fn host(network: &Prefix, number: i64) -> Result<Address, String> {
    let bits = network.bits.unwrap_or_default();
    let family = network.address.family;
    let last = mask(family, family.bits()) & !mask(family, bits);
    let from_end = number < 0;
    let distance = if from_end {
        u128::from(number.unsigned_abs()) - 1
    } else {
        u128::from(number.unsigned_abs())
    };
    let Some(rest) = last.checked_sub(distance) else {
        // Distances are below 2^63, and so is the last number, which is less.
        let signed = |number: u128| i128::try_from(number).unwrap_or(i128::MAX);
        let shown = if from_end {
            signed(last) - signed(distance)
        } else {
            signed(distance)
        };
        return Err(format!(
            "prefix of {bits} does not accommodate a host numbered {shown}"
        ));
    };
    let number = if from_end { rest } else { distance };
    let base = network.masked().address;
    Ok(base.at(base.number | number))
}

/// The mask of a network as an address.
pub(super) fn netmask(network: &Prefix) -> Address {
    let family = network.address.family;
    let mask = mask(family, network.bits.unwrap_or_default());
    Address::new(Package::Netip, family, mask)
}

/// All networks within a network whose prefixes are so many bits longer.
pub(super) fn equal(network: &Prefix, more: i64) -> Result<Vec<Prefix>, String> {
    let family = network.address.family;
    let bits = network.bits.unwrap_or_default();
    if more < 1 {
        return Err("must extend prefix by at least one bit".to_owned());
    }
    if more >= 64 {
        return Ok(Vec::new()); // so many that their number is 0
    }
    if more >= TOO_MANY {
        return Err("runtime error: makeslice: len out of range".to_owned());
    }
    let longer = u8::try_from(i64::from(bits) + more).ok();
    let Some(longer) = longer.filter(|longer| *longer <= family.bits()) else {
        return Err(format!(
            "insufficient address space to extend prefix of {bits} by {more}"
        ));
    };
    if more > MOST {
        return handover("very many networks");
    }
    let base = network.masked().address;
    let shift = u32::from(family.bits() - longer);
    let nth = |number: u128| {
        let number = number.checked_shl(shift).unwrap_or_default();
        Prefix::new(&base.at(base.number | number), longer)
    };
    Ok((0..1_u128 << more).map(nth).collect())
}

/// Networks one behind the other, each so many bits longer than the network that they are in.
pub(super) fn of_sizes(network: &Prefix, sizes: &[i64]) -> Result<Vec<Prefix>, String> {
    let start = i64::from(network.bits.unwrap_or_default());
    let first = sizes.first().map_or(start, |size| size.wrapping_add(start));
    let before = network.masked().address.previous();
    let mut current =
        Prefix::around(&before, first).unwrap_or_else(|_| Prefix::none(Package::Netip));
    let mut found = Vec::with_capacity(sizes.len());
    for size in sizes {
        let bits = length(network, start, *size)?;
        let next = following(&current, bits).filter(|next| network.contains(&next.address));
        let Some(next) = next else {
            let current = String::from_utf8_lossy(&current.shown()).into_owned();
            return Err(format!(
                "not enough remaining address space for a subnet with a prefix of {bits} bits after {current}"
            ));
        };
        current = next;
        found.push(current.clone());
    }
    Ok(found)
}

/// The length of a longer prefix, if the family has it.
fn length(network: &Prefix, start: i64, more: i64) -> Result<i64, String> {
    if more < 1 {
        return Err("must extend prefix by at least one bit".to_owned());
    }
    if more > 32 {
        return Err("may not extend prefix by more than 32 bits".to_owned());
    }
    let bits = start + more;
    if bits > i64::from(network.address.family.bits()) {
        let name = match network.address.family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
            Family::None => "IP",
        };
        return Err(format!(
            "would extend prefix to {bits} bits, which is too long for an {name} address"
        ));
    }
    Ok(bits)
}

/// The network of a length that begins behind another one.
fn following(current: &Prefix, bits: i64) -> Option<Prefix> {
    let last = Prefix::around(&current.last(), bits).ok()?.last();
    let next = last.next();
    Prefix::around(&next, bits).ok().filter(|_| next.is_valid())
}
