//! `env` and `file`: what a template reads of the world.

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{fixed, handover, namespace, open};
use crate::template::host::{FileKind, Host};
use crate::template::kind::Type;
use crate::template::value::Value;

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
            fixed("HasEnv", None, &[Type::Any], Type::Bool, |host, args| {
                Ok(host.env(&text(&args[0])?).is_some().into())
            }),
        ],
    );
    namespace(
        functions,
        "file",
        "*funcs.FileFuncs",
        vec![
            fixed(
                "Read",
                None,
                &[Type::Any],
                Type::Str,
                |host, args| match host.read_file(&text(&args[0])?) {
                    Ok(content) => Ok(Value::text(content)),
                    // gomplate's words for it are its own.
                    Err(why) => Err(why),
                },
            ),
            fixed("Exists", None, &[Type::Any], Type::Bool, |host, args| {
                Ok(host.status(&text(&args[0])?)?.is_some().into())
            }),
            fixed("IsDir", None, &[Type::Any], Type::Bool, |host, args| {
                let status = host.status(&text(&args[0])?)?;
                Ok(status
                    .is_some_and(|status| status.kind == FileKind::Directory)
                    .into())
            }),
            fixed(
                "ReadDir",
                None,
                &[Type::Any],
                Type::STRINGS,
                |host, args| Ok(Value::strings(host.read_dir(&text(&args[0])?)?)),
            ),
        ],
    );
}

/// A variable; an empty one counts as unset. Then the file that `NAME_FILE` names, then the default.
fn getenv(host: &mut dyn Host, args: &[Value]) -> Result<Value, String> {
    let name = text(&args[0])?;
    if let Some(value) = host.env(&name).filter(|value| !value.is_empty()) {
        return Ok(Value::text(value));
    }
    let file = [name.as_slice(), b"_FILE"].concat();
    if host.env(&file).is_some_and(|path| !path.is_empty()) {
        return handover("a variable that is read from a file");
    }
    Ok(args.get(1).cloned().unwrap_or_else(|| "".into()))
}

/// A text with `$NAME` and `${NAME}` replaced. Other characters after a dollar have rules of their own: gomplate's.
fn expand(host: &mut dyn Host, input: &[u8]) -> Result<Value, String> {
    let mut shown = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        let (before, after) = rest.split_at(at);
        shown.extend_from_slice(before);
        let after = after.get(1..).unwrap_or_default();
        let in_braces = after.first() == Some(&b'{');
        let names = after.get(usize::from(in_braces)..).unwrap_or_default();
        let length = names
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        let (name, behind) = names.split_at(length);
        let closed = !in_braces || behind.first() == Some(&b'}');
        if !closed || name.first().is_none_or(u8::is_ascii_digit) {
            return handover("an unusual use of `$`");
        }
        if let Value::Str(value) = getenv(host, &[Value::text(name)])? {
            shown.extend_from_slice(&value);
        }
        rest = behind.get(usize::from(in_braces)..).unwrap_or_default();
    }
    shown.extend_from_slice(rest);
    Ok(Value::text(shown))
}
