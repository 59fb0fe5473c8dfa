//! IP addresses as text: read and written as Go does. It knows neither prefixes nor ranges.

use crate::template::gomplate::net::address::{Address, Family, Package};
use crate::template::quote::quote;

/// What is wrong, and the rest of the text from there, as Go's messages have it.
struct Wrong(String, Option<Vec<u8>>);

impl Wrong {
    fn plain<T>(what: &str) -> Result<T, Self> {
        Err(Self(what.to_owned(), None))
    }

    fn at<T>(what: &str, rest: &[u8]) -> Result<T, Self> {
        Err(Self(what.to_owned(), Some(rest.to_vec())))
    }

    fn message(&self, package: Package, text: &[u8]) -> String {
        let function = match package {
            Package::Netip => "ParseAddr",
            Package::Netaddr => "ParseIP",
        };
        let Self(what, rest) = self;
        let mut message = format!("{function}({}): {what}", quote(text));
        if let Some(rest) = rest.as_ref().filter(|rest| !rest.is_empty()) {
            message.push_str(&format!(" (at {})", quote(rest)));
        }
        message
    }
}

/// Reads an address; the error is Go's.
pub(super) fn read(package: Package, text: &[u8]) -> Result<Address, String> {
    let kind = text.iter().find(|byte| matches!(byte, b'.' | b':' | b'%'));
    let address = match kind {
        Some(b'.') => {
            v4(package, text).map(|number| Address::new(package, Family::V4, u128::from(number)))
        }
        Some(b':') => v6(package, text),
        Some(_) => Wrong::plain("missing IPv6 address"),
        None => Wrong::plain("unable to parse IP"),
    };
    address.map_err(|wrong| wrong.message(package, text))
}

fn v4(package: Package, text: &[u8]) -> Result<u32, Wrong> {
    let (mut number, mut field, mut dots, mut digits) = (0_u32, 0_u32, 0, 0);
    for (at, byte) in text.iter().enumerate() {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'0'..=b'9' => {
                if package == Package::Netip && digits == 1 && field == 0 {
                    return Wrong::plain("IPv4 field has octet with leading zero");
                }
                field = field * 10 + u32::from(byte - b'0');
                digits += 1;
                if field > 255 {
                    return Wrong::plain("IPv4 field has value >255");
                }
            }
            b'.' => {
                if digits == 0 || rest.len() == 1 {
                    return Wrong::at("IPv4 field must have at least one digit", rest);
                }
                if dots == 3 {
                    return Wrong::plain("IPv4 address too long");
                }
                number = number << 8 | field;
                (field, digits) = (0, 0);
                dots += 1;
            }
            _ => return Wrong::at("unexpected character", rest),
        }
    }
    if dots < 3 {
        return Wrong::plain("IPv4 address too short");
    }
    Ok(number << 8 | field)
}

fn v6(package: Package, whole: &[u8]) -> Result<Address, Wrong> {
    let (text, zone) = match memchr::memchr(b'%', whole) {
        Some(at) => (&whole[..at], &whole[at + 1..]),
        None => (whole, &b""[..]),
    };
    if zone.is_empty() && text.len() < whole.len() {
        return Wrong::plain("zone must be a non-empty string");
    }
    let number = Groups::of(package, text)?;
    Ok(Address::new(package, Family::V6, number).with_zone(zone))
}

/// The fields of an IPv6 address as they are read.
struct Groups<'t> {
    package: Package,
    rest: &'t [u8],
    bytes: Vec<u8>,
    /// How many bytes stand before the `::`.
    gap: Option<usize>,
}

impl<'t> Groups<'t> {
    fn of(package: Package, text: &'t [u8]) -> Result<u128, Wrong> {
        let mut groups = Self {
            package,
            rest: text,
            bytes: Vec::with_capacity(16),
            gap: None,
        };
        if let Some(rest) = text.strip_prefix(b"::") {
            groups.gap = Some(0);
            groups.rest = rest;
            if rest.is_empty() {
                return Ok(0);
            }
        }
        while groups.bytes.len() < 16 && groups.group()? {}
        groups.finish()
    }

    /// Reads a group, and whether another one follows.
    fn group(&mut self) -> Result<bool, Wrong> {
        let start = self.rest;
        let length = start
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let value = self.value(start.get(..length).unwrap_or_default())?;
        if length == 0 {
            let what = "each colon-separated field must have at least one digit";
            return Wrong::at(what, start);
        }
        let after = start.get(length..).unwrap_or_default();
        if after.first() == Some(&b'.') {
            self.embedded(start)?;
            return Ok(false);
        }
        self.bytes.extend(value.to_be_bytes());
        self.rest = after;
        match after {
            [] => return Ok(false),
            [b':'] => return Wrong::at("colon must be followed by more characters", after),
            [b':', rest @ ..] => self.rest = rest,
            _ => return Wrong::at("unexpected character, want colon", after),
        }
        if let Some(rest) = self.rest.strip_prefix(b":") {
            if self.gap.is_some() {
                return Wrong::at("multiple :: in address", self.rest);
            }
            self.gap = Some(self.bytes.len());
            self.rest = rest;
            return Ok(!rest.is_empty());
        }
        Ok(true)
    }

    /// The number of a group; the newer package counts digits, the older one looks at the number alone.
    fn value(&self, digits: &[u8]) -> Result<u16, Wrong> {
        let mut value = 0_u32;
        for (at, digit) in digits.iter().enumerate() {
            let digit = char::from(*digit).to_digit(16).unwrap_or_default();
            value = value << 4 | digit;
            if self.package == Package::Netip && at > 3 {
                return Wrong::at("each group must have 4 or less digits", self.rest);
            }
            if value > u32::from(u16::MAX) {
                return Wrong::at("IPv6 field has value >=2^16", self.rest);
            }
        }
        Ok(u16::try_from(value).unwrap_or_default())
    }

    /// An IPv4 address at the end.
    fn embedded(&mut self, text: &[u8]) -> Result<(), Wrong> {
        let length = self.bytes.len();
        if self.gap.is_none() && length != 12 {
            let what = "embedded IPv4 address must replace the final 2 fields of the address";
            return Wrong::at(what, text);
        }
        if length + 4 > 16 {
            let what = "too many hex fields to fit an embedded IPv4 at the end of the address";
            return Wrong::at(what, text);
        }
        let number = v4(self.package, text).map_err(|wrong| match self.package {
            Package::Netip => wrong,
            Package::Netaddr => Wrong(wrong.message(Package::Netaddr, text), Some(text.to_vec())),
        })?;
        self.bytes.extend(number.to_be_bytes());
        self.rest = b"";
        Ok(())
    }

    /// Fills the gap.
    fn finish(mut self) -> Result<u128, Wrong> {
        if !self.rest.is_empty() {
            return Wrong::at("trailing garbage after address", self.rest);
        }
        let missing = 16_usize.saturating_sub(self.bytes.len());
        match (self.gap, missing) {
            (None, 0) => {}
            (None, _) => return Wrong::plain("address string too short"),
            (Some(_), 0) => {
                let what = "the :: must expand to at least one field of zeros";
                return Wrong::plain(what);
            }
            (Some(gap), missing) => {
                let zeros = std::iter::repeat_n(0, missing);
                self.bytes.splice(gap..gap, zeros);
            }
        }
        let bytes = <[u8; 16]>::try_from(self.bytes);
        Ok(bytes.map_or(0, u128::from_be_bytes))
    }
}

/// An address as Go prints it.
pub(super) fn show(address: &Address) -> Vec<u8> {
    match (address.family, address.package) {
        (Family::None, Package::Netip) => b"invalid IP".to_vec(),
        (Family::None, Package::Netaddr) => b"zero IP".to_vec(),
        _ => bare(address),
    }
}

/// An address as [`show`] prints it, but nothing for none.
pub(super) fn bare(address: &Address) -> Vec<u8> {
    let shown = match address.family {
        Family::None => String::new(),
        Family::V4 => show_v4(address.number),
        Family::V6 if address.is_mapped() && address.package == Package::Netip => {
            format!("::ffff:{}", show_v4(address.number))
        }
        Family::V6 => show_v6(address.number),
    };
    with_zone(shown, address)
}

/// `StringExpanded`: all digits of an IPv6 address.
pub(super) fn expanded(address: &Address) -> Vec<u8> {
    if address.family != Family::V6 {
        return show(address);
    }
    let groups = groups(address.number).map(|group| format!("{group:04x}"));
    with_zone(groups.join(":"), address)
}

fn with_zone(shown: String, address: &Address) -> Vec<u8> {
    let mut shown = shown.into_bytes();
    if !address.zone.is_empty() {
        shown.push(b'%');
        shown.extend_from_slice(&address.zone);
    }
    shown
}

fn show_v4(number: u128) -> String {
    let [.., a, b, c, d] = number.to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

fn groups(number: u128) -> [u16; 8] {
    let bytes = number.to_be_bytes();
    std::array::from_fn(|at| u16::from_be_bytes([bytes[at * 2], bytes[at * 2 + 1]]))
}

/// The first of the longest rows of zeros is left out, if it has two groups or more.
fn show_v6(number: u128) -> String {
    let groups = groups(number);
    let row = |start: usize| {
        groups
            .iter()
            .skip(start)
            .take_while(|group| **group == 0)
            .count()
    };
    let longest = (0..8)
        .rev()
        .max_by_key(|start| row(*start))
        .unwrap_or_default();
    let join = |groups: &[u16]| {
        let shown: Vec<String> = groups.iter().map(|group| format!("{group:x}")).collect();
        shown.join(":")
    };
    let length = row(longest);
    if length < 2 {
        return join(&groups);
    }
    let (before, after) = (&groups[..longest], &groups[longest + length..]);
    format!("{}::{}", join(before), join(after))
}
