//! `net`: addresses, networks and ranges, and what lies within networks. Names are looked up by gomplate itself.
//!
//! Facts: gomplate v5.2.0 and v4.3.3, Go's `net/netip`, `go4.org/netipx` and `inet.af/netaddr`, by their documentation and by
//! running them.

mod address;
mod methods;
mod prefix;
mod range;
mod subnets;
mod text;

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_int64};
use crate::template::gomplate::net::address::{Address, Package};
use crate::template::gomplate::net::methods::ADDR;
use crate::template::gomplate::net::prefix::{PREFIX, Prefix};
use crate::template::gomplate::net::range::Range;
use crate::template::gomplate::{Entry, experimental, fixed, handover, namespace, open};
use crate::template::kind::{Kind, Type};
use crate::template::value::{List, Value};

const PREFIXES: Type = Type::List(&PREFIX);

pub(super) fn add(functions: &mut Functions) {
    let mut entries = parsers();
    entries.extend(dropped());
    entries.extend(cidr());
    namespace(functions, "net", "*funcs.NetFuncs", entries);
}

fn parsers() -> Vec<Entry> {
    const RANGE: Type = Type::Named("netipx.IPRange", Kind::Struct);
    vec![
        fixed("ParseAddr", None, &[Type::Any], ADDR, |_, args| {
            address(Package::Netip, &args[0])
        }),
        fixed("ParsePrefix", None, &[Type::Any], PREFIX, |_, args| {
            prefix(Package::Netip, &args[0])
        }),
        fixed("ParseRange", None, &[Type::Any], RANGE, |_, args| {
            range(Package::Netip, &args[0])
        }),
    ]
}

/// What version 5 of gomplate dropped.
fn dropped() -> Vec<Entry> {
    const IP: Type = Type::Named("netaddr.IP", Kind::Struct);
    const IP_PREFIX: Type = Type::Named("netaddr.IPPrefix", Kind::Struct);
    const IP_RANGE: Type = Type::Named("netaddr.IPRange", Kind::Struct);
    vec![
        fixed("ParseIP", None, &[Type::Any], IP, |_, args| {
            address(Package::Netaddr, &args[0])
        }),
        fixed("ParseIPPrefix", None, &[Type::Any], IP_PREFIX, |_, args| {
            prefix(Package::Netaddr, &args[0])
        }),
        fixed("ParseIPRange", None, &[Type::Any], IP_RANGE, |_, args| {
            range(Package::Netaddr, &args[0])
        }),
    ]
}

/// What gomplate gives in its experimental mode only.
fn cidr() -> Vec<Entry> {
    const TWO: &[Type] = &[Type::Any, Type::Any];
    vec![
        fixed("CIDRHost", None, TWO, ADDR, |host, args| {
            experimental(host)?;
            let network = network(&args[1])?;
            let number = to_int64(&args[0]).map_err(|why| format!("expected a number: {why}"))?;
            Ok(subnets::host(&network, number)?.value())
        }),
        fixed("CIDRNetmask", None, &[Type::Any], ADDR, |host, args| {
            experimental(host)?;
            Ok(subnets::netmask(&network(&args[0])?).value())
        }),
        fixed("CIDRSubnets", None, TWO, PREFIXES, |host, args| {
            experimental(host)?;
            let network = network(&args[1])?;
            let bits =
                to_int64(&args[0]).map_err(|why| format!("newbits must be a number: {why}"))?;
            Ok(prefixes(subnets::equal(&network, bits)?))
        }),
        open(
            "CIDRSubnetSizes",
            None,
            &[],
            Type::Any,
            PREFIXES,
            |host, args| {
                experimental(host)?;
                let Some((last, sizes @ [_, ..])) = args.split_last() else {
                    let found = args.len();
                    return Err(format!("wrong number of args: want 2 or more, got {found}"));
                };
                let network = network(last)?;
                let sizes: Result<Vec<i64>, String> = sizes.iter().map(to_int64).collect();
                let sizes = sizes.map_err(|why| format!("newbits must be numbers: {why}"))?;
                Ok(prefixes(subnets::of_sizes(&network, &sizes)?))
            },
        ),
    ]
}

fn address(package: Package, value: &Value) -> Result<Value, String> {
    Ok(text::read(package, &text(value)?)?.value())
}

fn prefix(package: Package, value: &Value) -> Result<Value, String> {
    Ok(Prefix::read(package, &text(value)?)?.value())
}

fn range(package: Package, value: &Value) -> Result<Value, String> {
    Ok(Range::read(package, &text(value)?)?.value())
}

/// A network, or the text of one.
fn network(value: &Value) -> Result<Prefix, String> {
    let network = match Prefix::among(value) {
        Some(network) if network.address.package == Package::Netip => network.clone(),
        Some(network) => {
            let masked = network.masked();
            let address = Address {
                package: Package::Netip,
                ..masked.address
            };
            Prefix {
                address,
                bits: masked.bits,
            }
        }
        None => Prefix::read(Package::Netip, &text(value)?)?,
    };
    if network.bits.is_none() {
        return handover("a network that is not valid");
    }
    Ok(network)
}

fn prefixes(found: Vec<Prefix>) -> Value {
    let items = found.into_iter().map(Prefix::value).collect();
    Value::List(List::new(PREFIX, items))
}
