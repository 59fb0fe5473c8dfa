//! `env`: environment variables, and files that stand for them.

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_bool};
use crate::template::gomplate::{HANDOVER, fixed, handover, namespace, open};
use crate::template::host::Host;
use crate::template::kind::Type;
use crate::template::value::{Map, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "env",
        "*funcs.EnvFuncs",
        vec![
            open(
                "Getenv",
                Some("getenv"),
                &[Type::Any],
                Type::Str,
                Type::Str,
                getenv,
            ),
            fixed("ExpandEnv", None, &[Type::Any], Type::Str, |host, args| {
                expand(host, &text(&args[0])?)
            }),
            fixed("Env", None, &[], Type::STRING_MAP, |host, _| {
                let all = host.all_env().into_iter();
                let named = all.filter(|(name, _)| !name.is_empty());
                let entries = named.map(|(name, value)| (Text::from(name), Value::text(value)));
                Ok(Value::Map(Map::new(Type::Str, entries.collect())))
            }),
            fixed("HasEnv", None, &[Type::Any], Type::Bool, |host, args| {
                let name = text(&args[0])?;
                let is_name = !name.is_empty() && !name.contains(&b'=') && !name.contains(&0);
                Ok((is_name && host.env(&name).is_some()).into())
            }),
        ],
    );
}

/// A variable; an empty one counts as unset. Then the file that `NAME_FILE` names, then the default.
fn getenv(host: &mut dyn Host, args: &[Value]) -> Result<Value, String> {
    let value = value_or_file(host, &text(&args[0])?)?;
    Ok(match (value.is_empty(), args.get(1)) {
        (true, Some(default)) => default.clone(),
        _ => Value::text(value),
    })
}

/// A variable, or else what is in the file that `NAME_FILE` names, without blanks around it; empty if there is neither.
fn value_or_file(host: &mut dyn Host, name: &[u8]) -> Result<Vec<u8>, String> {
    let value = variable(host, name);
    if !value.is_empty() {
        return Ok(value);
    }
    let path = variable(host, &[name, b"_FILE"].concat());
    if path.is_empty() {
        return Ok(Vec::new());
    }
    match host.read_file(&path) {
        Ok(content) => match String::from_utf8(content) {
            Ok(content) => Ok(content.trim().into()),
            Err(_) => handover("a variable from a file that is not UTF-8"),
        },
        Err(why) if why.contains(HANDOVER) => Err(why),
        Err(_) => Ok(Vec::new()),
    }
}

/// Whether the environment enables the experimental functions.
pub(super) fn enables_experiments(host: &mut dyn Host) -> Result<bool, String> {
    let value = value_or_file(host, b"GOMPLATE_EXPERIMENTAL")?;
    Ok(to_bool(&Value::text(value)))
}

/// No variable has such a name.
fn variable(host: &mut dyn Host, name: &[u8]) -> Vec<u8> {
    if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
        return Vec::new();
    }
    host.env(name).unwrap_or_default()
}

/// Go's `os.Expand`: `$NAME` and `${NAME}` are replaced, `${}` and an open `${` are left out, other dollars stay.
fn expand(host: &mut dyn Host, input: &[u8]) -> Result<Value, String> {
    let mut shown = Vec::new();
    let mut rest = input;
    while let Some(at) = memchr::memchr(b'$', rest) {
        let (before, after) = rest.split_at(at);
        shown.extend_from_slice(before);
        let after = after.get(1..).unwrap_or_default();
        let (name, length) = name_after_dollar(after);
        match (name, length) {
            ([], 0) => shown.push(b'$'),
            ([], _) => {}
            (name, _) => shown.extend(value_or_file(host, name)?),
        }
        rest = after.get(length..).unwrap_or_default();
    }
    shown.extend_from_slice(rest);
    Ok(Value::text(shown))
}

/// The name behind a dollar, and how many bytes belong to it.
fn name_after_dollar(text: &[u8]) -> (&[u8], usize) {
    let is_special = |byte: &u8| b"*#$@!?-0123456789".contains(byte);
    match text {
        [b'{', special, b'}', ..] if is_special(special) => (text.get(1..2).unwrap_or_default(), 3),
        [b'{', names @ ..] => match memchr::memchr(b'}', names) {
            None => (&[], 1),
            Some(end) => (names.get(..end).unwrap_or_default(), end + 2),
        },
        [special, ..] if is_special(special) => (text.get(..1).unwrap_or_default(), 1),
        _ => {
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            let length = text.iter().take_while(is_part).count();
            (text.get(..length).unwrap_or_default(), length)
        }
    }
}
