//! Methods of the values that functions give, as templates call them.

use super::calls::Row;

/// The types of values, and calls of their methods.
const OF: &[(&str, &[&str])] = &[
    ("netip.Addr", ADDRESS),
    ("netip.Prefix", PREFIX),
    ("netipx.IPRange", RANGE),
    ("netaddr.IP", OLD_ADDRESS),
    ("netaddr.IPPrefix", OLD_PREFIX),
    ("netaddr.IPRange", OLD_RANGE),
    ("uuid.UUID", UUID),
];

/// A call, now and then with methods called of what it gives. `type_name` is the type of that.
pub(crate) fn chained(row: &mut Row, call: &str, type_name: &str) -> String {
    let mut call = call.to_owned();
    let mut type_name = type_name.to_owned();
    while let Some((_, methods)) = OF.iter().find(|(known, _)| *known == type_name) {
        if row.next(4) == 0 {
            break;
        }
        let method = row.pick(methods);
        call = format!("({call}).{method}");
        type_name = result(method, &type_name);
    }
    call
}

/// The type of what a method gives, if it has methods itself.
fn result(method: &str, of: &str) -> String {
    let package = of.split('.').next().unwrap_or_default();
    let is_old = package == "netaddr";
    let name = match method.split(' ').next().unwrap_or_default() {
        "Next" | "Prev" | "Prior" | "Unmap" | "WithZone" | "From" | "To" | "Addr" | "IP" => {
            if is_old {
                "netaddr.IP"
            } else {
                "netip.Addr"
            }
        }
        "Prefix" | "Masked" => {
            if is_old {
                "netaddr.IPPrefix"
            } else {
                "netip.Prefix"
            }
        }
        "Range" => "netaddr.IPRange",
        _ => "",
    };
    name.to_owned()
}

const ADDRESS: &[&str] = &[
    "Is4",
    "Is6",
    "Is4In6",
    "IsValid",
    "IsUnspecified",
    "IsLoopback",
    "IsPrivate",
    "IsMulticast",
    "IsGlobalUnicast",
    "IsLinkLocalUnicast",
    "IsLinkLocalMulticast",
    "IsInterfaceLocalMulticast",
    "Next",
    "Prev",
    "Unmap",
    "Zone",
    "BitLen",
    "As16",
    "As4",
    "AsSlice",
    "String",
    "StringExpanded",
    "MarshalText",
    "MarshalBinary",
    "Next",
    "Prev",
    "Unmap",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
    "AppendText (base64.DecodeBytes \"aGk=\")",
    "AppendBinary (base64.DecodeBytes \"aGk=\")",
    "Prefix 0",
    "Prefix 8",
    "Prefix 24",
    "Prefix 32",
    "Prefix 33",
    "Prefix 64",
    "Prefix 128",
    "Prefix 129",
    "Prefix -1",
    "Prefix \"8\"",
    "Prefix nil",
    "WithZone \"eth0\"",
    "WithZone \"\"",
    "WithZone 3",
    "Compare (net.ParseAddr \"10.0.0.1\")",
    "Compare (net.ParseAddr \"fe80::1%eth0\")",
    "Less (net.ParseAddr \"192.168.1.255\")",
    "Less (net.ParseAddr \"::1\")",
    "Less nil",
    "Less \"::1\"",
    "IsZero",
    "Prior",
    "Compare",
];

const OLD_ADDRESS: &[&str] = &[
    "Is4",
    "Is6",
    "Is4in6",
    "IsValid",
    "IsZero",
    "IsUnspecified",
    "IsLoopback",
    "IsPrivate",
    "IsMulticast",
    "IsGlobalUnicast",
    "IsLinkLocalUnicast",
    "IsLinkLocalMulticast",
    "IsInterfaceLocalMulticast",
    "Next",
    "Prior",
    "Unmap",
    "Zone",
    "BitLen",
    "As16",
    "As4",
    "String",
    "StringExpanded",
    "MarshalText",
    "MarshalBinary",
    "Next",
    "Prior",
    "Unmap",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
    "Prefix 0",
    "Prefix 8",
    "Prefix 24",
    "Prefix 32",
    "Prefix 33",
    "Prefix 64",
    "Prefix 128",
    "Prefix 129",
    "Prefix -1",
    "Prefix 256",
    "WithZone \"eth0\"",
    "WithZone \"\"",
    "Compare (net.ParseIP \"10.0.0.1\")",
    "Compare (net.ParseIP \"fe80::1%eth0\")",
    "Less (net.ParseIP \"192.168.1.255\")",
    "Less (net.ParseIP \"::1\")",
    "Less (net.ParseAddr \"::1\")",
    "AsSlice",
    "Prev",
];

const PREFIX: &[&str] = &[
    "Addr",
    "Bits",
    "Masked",
    "IsValid",
    "IsSingleIP",
    "String",
    "MarshalText",
    "MarshalBinary",
    "Addr",
    "Masked",
    "Contains (net.ParseAddr \"10.1.2.3\")",
    "Contains (net.ParseAddr \"192.168.1.7\")",
    "Contains (net.ParseAddr \"fe80::1\")",
    "Contains (net.ParseAddr \"fe80::1%eth0\")",
    "Contains (net.ParseAddr \"::ffff:10.1.2.3\")",
    "Overlaps (net.ParsePrefix \"10.0.0.0/8\")",
    "Overlaps (net.ParsePrefix \"0.0.0.0/0\")",
    "Overlaps (net.ParsePrefix \"2001:db8::/32\")",
    "Compare (net.ParsePrefix \"10.0.0.0/9\")",
    "Compare (net.ParsePrefix \"fe80::1/64\")",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
    "AppendText (base64.DecodeBytes \"aGk=\")",
    "AppendBinary (base64.DecodeBytes \"aGk=\")",
    "Contains \"10.0.0.1\"",
    "Contains nil",
    "Range",
];

const OLD_PREFIX: &[&str] = &[
    "IP",
    "Bits",
    "Masked",
    "IsValid",
    "Valid",
    "IsZero",
    "IsSingleIP",
    "String",
    "MarshalText",
    "IP",
    "Masked",
    "Range",
    "Range",
    "Contains (net.ParseIP \"10.1.2.3\")",
    "Contains (net.ParseIP \"192.168.1.7\")",
    "Contains (net.ParseIP \"fe80::1\")",
    "Contains (net.ParseIP \"fe80::1%eth0\")",
    "Overlaps (net.ParseIPPrefix \"10.0.0.0/8\")",
    "Overlaps (net.ParseIPPrefix \"::/0\")",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
    "Compare",
];

const RANGE: &[&str] = &[
    "From",
    "To",
    "IsValid",
    "Valid",
    "IsZero",
    "Prefixes",
    "Prefixes",
    "String",
    "MarshalText",
    "Contains (net.ParseAddr \"10.0.0.7\")",
    "Contains (net.ParseAddr \"::1:5\")",
    "Contains (net.ParseAddr \"::1:5%eth0\")",
    "Overlaps (net.ParseRange \"10.0.0.5-10.0.9.0\")",
    "Overlaps (net.ParseRange \"::-::ffff\")",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
];

const OLD_RANGE: &[&str] = &[
    "From",
    "To",
    "IsValid",
    "Valid",
    "IsZero",
    "Prefixes",
    "Prefixes",
    "String",
    "MarshalText",
    "Contains (net.ParseIP \"10.0.0.7\")",
    "Contains (net.ParseIP \"::1:5\")",
    "Overlaps (net.ParseIPRange \"10.0.0.5-10.0.9.0\")",
    "AppendTo (base64.DecodeBytes \"aGk=\")",
];

const UUID: &[&str] = &[
    "Version",
    "Variant",
    "Domain",
    "ID",
    "Time",
    "ClockSequence",
    "NodeID",
    "URN",
    "String",
    "MarshalText",
    "MarshalBinary",
    "Value",
    "Version.String",
    "Nope",
];
