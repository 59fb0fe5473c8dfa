//! gomplate's functions, as far as they are embedded: those that its templates use most. What is not certain to give gomplate's
//! very bytes is handed over ([`HANDOVER`]) instead of guessed at.
//!
//! Facts: gomplate v5.2.0, by its documentation and by running it.

#![allow(
    clippy::too_many_lines,
    reason = "each file below is one table of functions"
)]

mod bounds;
mod coll;
mod constraint;
mod conv;
mod crypto;
mod csv;
mod csv_reader;
mod data;
mod datasource;
mod dotenv;
mod dropped;
mod encoding;
mod env;
mod file;
mod glob;
mod jq;
mod jsonpath;
mod jsonpath_parser;
mod known;
mod layout;
mod lists;
mod maps;
mod math;
mod native;
mod net;
mod parse_yaml;
mod path;
mod pattern;
mod power;
mod query;
mod random;
mod regexp;
mod remarks;
mod scalar;
mod semver;
mod source_url;
mod strconv;
mod strings;
mod test;
mod time;
mod tmpl;
mod toml;
mod url;
mod uuid;
mod words;
mod yaml;

use crate::template::function::{Function, Functions, Signature};
use crate::template::host::Host;
use crate::template::kind::Type;
use crate::template::value::Value;

pub use crate::template::gomplate::data::from_config as config_value;
pub use crate::template::gomplate::datasource::read as read_datasource;
pub use crate::template::gomplate::dropped::DROPPED;
pub use crate::template::gomplate::known::{NAMES, is_known};
pub use crate::template::gomplate::remarks::REMARKS;
pub use crate::template::gomplate::source_url::SourceUrl;

/// An error that begins with this is none of the template's: gomplate itself has to render it.
pub const HANDOVER: &str = "\u{0}gomplate is needed: ";

/// The functions that are embedded.
pub fn functions() -> Functions {
    let mut functions = Functions::new();
    for add in [
        coll::add,
        conv::add,
        crypto::add,
        data::add,
        dropped::add,
        encoding::add,
        env::add,
        file::add,
        math::add,
        net::add,
        path::add,
        random::add,
        regexp::add,
        semver::add,
        strings::add,
        test::add,
        time::add,
        tmpl::add,
        uuid::add,
        // The last one: it reads media types with the functions above.
        datasource::add,
    ] {
        add(&mut functions);
    }
    functions
}

/// The error that hands a template over.
fn handover<T>(why: &str) -> Result<T, String> {
    Err(format!("{HANDOVER}{why}"))
}

/// Fails unless the experimental functions of gomplate are enabled.
fn experimental(host: &mut dyn Host) -> Result<(), String> {
    if host.is_experimental() || env::enables_experiments(host)? {
        return Ok(());
    }
    Err("experimental function, but experimental mode not enabled".to_owned())
}

/// A function of a namespace, which may have another name of its own too.
struct Entry {
    name: &'static str,
    alias: Option<&'static str>,
    function: Function,
}

type Body = fn(&mut dyn Host, &[Value]) -> Result<Value, String>;

/// A function with a fixed number of parameters.
fn fixed(
    name: &'static str,
    alias: Option<&'static str>,
    params: &'static [Type],
    result: Type,
    body: Body,
) -> Entry {
    Entry {
        name,
        alias,
        function: Function::new(Signature::new(params, result), body),
    }
}

/// A function whose last parameter may be repeated or left out.
fn open(
    name: &'static str,
    alias: Option<&'static str>,
    params: &'static [Type],
    more: Type,
    result: Type,
    body: Body,
) -> Entry {
    Entry {
        name,
        alias,
        function: Function::new(Signature::variadic(params, more, result), body),
    }
}

/// Adds a namespace, and the names that its functions have outside it.
fn namespace(
    functions: &mut Functions,
    name: &'static str,
    type_name: &'static str,
    entries: Vec<Entry>,
) {
    for entry in &entries {
        if let Some(alias) = entry.alias {
            functions.add(alias, entry.function.clone());
        }
    }
    let methods = entries
        .into_iter()
        .map(|entry| (entry.name, entry.function));
    functions.add_namespace(name, type_name, methods);
}
