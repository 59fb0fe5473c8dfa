//! `path` and `filepath`: paths with `/`.

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{Entry, fixed, namespace, open};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    namespace(functions, "path", "*funcs.PathFuncs", entries());
    namespace(functions, "filepath", "*funcs.FilePathFuncs", entries());
}

fn entries() -> Vec<Entry> {
    vec![
        fixed("Base", None, &[Type::Any], Type::Str, |_, args| {
            Ok(Value::text(base(&text(&args[0])?)))
        }),
        fixed("Clean", None, &[Type::Any], Type::Str, |_, args| {
            Ok(Value::text(clean(&text(&args[0])?)))
        }),
        fixed("Dir", None, &[Type::Any], Type::Str, |_, args| {
            let path = text(&args[0])?;
            let end = path
                .iter()
                .rposition(|byte| *byte == b'/')
                .map_or(0, |at| at + 1);
            Ok(Value::text(clean(&path[..end])))
        }),
        fixed("Ext", None, &[Type::Any], Type::Str, |_, args| {
            let path = text(&args[0])?;
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let dot = name.iter().rposition(|byte| *byte == b'.');
            Ok(Value::text(dot.map_or(&b""[..], |at| &name[at..])))
        }),
        fixed("IsAbs", None, &[Type::Any], Type::Bool, |_, args| {
            Ok(text(&args[0])?.starts_with(b"/").into())
        }),
        open("Join", None, &[], Type::Any, Type::Str, |_, args| {
            let parts: Result<Vec<_>, String> = args.iter().map(text).collect();
            let parts: Vec<_> = parts?.into_iter().filter(|part| !part.is_empty()).collect();
            Ok(if parts.is_empty() {
                "".into()
            } else {
                Value::text(clean(&parts.join(&b'/')))
            })
        }),
    ]
}

fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    if end == 0 {
        return b"/".to_vec();
    }
    let path = &path[..end];
    path.rsplit(|byte| *byte == b'/')
        .next()
        .unwrap_or_default()
        .to_vec()
}

/// The shortest path that is the same by its text alone.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/".as_slice(), &joined].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
