//! gomplate's functions, as far as they are embedded: those that its templates use most. What is not certain to give gomplate's
//! very bytes is handed over ([`HANDOVER`]) instead of guessed at.
//!
//! Facts: gomplate v5.2.0, by its documentation and by running it.

#![allow(
    clippy::too_many_lines,
    reason = "each file below is one table of functions"
)]

mod coll;
mod conv;
mod data;
mod datasource;
mod dotenv;
mod encoding;
mod env;
mod lists;
mod math;
mod path;
mod regexp;
mod scalar;
mod source_url;
mod strings;
mod test;
mod time;
mod tmpl;
mod yaml;

use crate::template::function::{Function, Functions, Signature};
use crate::template::host::Host;
use crate::template::kind::Type;
use crate::template::value::Value;

pub use crate::template::gomplate::data::from_config as config_value;
pub use crate::template::gomplate::datasource::read as read_datasource;
pub use crate::template::gomplate::source_url::SourceUrl;

/// An error that begins with this is none of the template's: gomplate itself has to render it.
pub const HANDOVER: &str = "\u{0}gomplate is needed: ";

/// The functions that are embedded.
pub fn functions() -> Functions {
    let mut functions = Functions::new();
    for add in [
        coll::add,
        conv::add,
        data::add,
        encoding::add,
        env::add,
        math::add,
        path::add,
        regexp::add,
        strings::add,
        test::add,
        time::add,
        tmpl::add,
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

/// Whether gomplate has a function or a namespace of that name.
pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The names of all of gomplate's functions and namespaces, v4's and v5's.
const KNOWN: &[&str] = &[
    "_datasource",
    "add",
    "append",
    "assert",
    "aws",
    "base64",
    "bool",
    "coll",
    "contains",
    "conv",
    "crypto",
    "csv",
    "csvByColumn",
    "csvByRow",
    "cue",
    "data",
    "datasource",
    "datasourceExists",
    "datasourceReachable",
    "default",
    "defineDatasource",
    "deprecated)",
    "dict",
    "div",
    "ds",
    "ec2dynamic",
    "ec2meta",
    "ec2region",
    "ec2tag",
    "ec2tags",
    "env",
    "fail",
    "file",
    "filepath",
    "flatten",
    "gcp",
    "getenv",
    "has",
    "hasPrefix",
    "hasSuffix",
    "include",
    "indent",
    "isKind",
    "join",
    "jq",
    "json",
    "jsonArray",
    "jsonpath",
    "keys",
    "kind",
    "listDatasources",
    "math",
    "merge",
    "mul",
    "net",
    "path",
    "pow",
    "prepend",
    "quote",
    "random",
    "regexp",
    "rem",
    "replaceAll",
    "required",
    "reverse",
    "semver",
    "seq",
    "set",
    "shellQuote",
    "slice",
    "sockaddr",
    "sort",
    "split",
    "splitN",
    "squote",
    "strings",
    "sub",
    "ternary",
    "test",
    "time",
    "title",
    "tmpl",
    "toCSV",
    "toCUE",
    "toJSON",
    "toJSONPretty",
    "toLower",
    "toTOML",
    "toUpper",
    "toYAML",
    "toml",
    "tpl",
    "trim",
    "trimSpace",
    "uniq",
    "unset",
    "urlParse",
    "uuid",
    "values",
    "yaml",
    "yamlArray",
];
