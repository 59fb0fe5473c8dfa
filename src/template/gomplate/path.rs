//! `path` and `filepath`: paths with `/`. Patterns are in `glob`.

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{Entry, fixed, glob, namespace, open};
use crate::template::kind::Type;
use crate::template::value::Value;

const ONE: &[Type] = &[Type::Any];
const TWO: &[Type] = &[Type::Any, Type::Any];

pub(super) fn add(functions: &mut Functions) {
    namespace(functions, "path", "*funcs.PathFuncs", entries());
    let mut more = entries();
    more.extend(file_entries());
    namespace(functions, "filepath", "*funcs.FilePathFuncs", more);
}

fn entries() -> Vec<Entry> {
    vec![
        fixed("Base", None, ONE, Type::Str, |_, args| {
            Ok(Value::text(base(&text(&args[0])?)))
        }),
        fixed("Clean", None, ONE, Type::Str, |_, args| {
            Ok(Value::text(clean(&text(&args[0])?)))
        }),
        fixed("Dir", None, ONE, Type::Str, |_, args| {
            let path = text(&args[0])?;
            Ok(Value::text(clean(split(&path).0)))
        }),
        fixed("Ext", None, ONE, Type::Str, |_, args| {
            let path = text(&args[0])?;
            let name = split(&path).1;
            let dot = name.iter().rposition(|byte| *byte == b'.');
            Ok(Value::text(dot.map_or(&b""[..], |at| &name[at..])))
        }),
        fixed("IsAbs", None, ONE, Type::Bool, |_, args| {
            Ok(text(&args[0])?.starts_with(b"/").into())
        }),
        open("Join", None, &[], Type::Any, Type::Str, |_, args| {
            let parts: Result<Vec<_>, String> = args.iter().map(text).collect();
            Ok(Value::text(join(&parts?)))
        }),
        fixed("Match", None, TWO, Type::Bool, |_, args| {
            Ok(glob::matches(&text(&args[0])?, &text(&args[1])?)?.into())
        }),
        fixed("Split", None, ONE, Type::STRINGS, |_, args| {
            let path = text(&args[0])?;
            let (directory, name) = split(&path);
            Ok(Value::strings([directory, name]))
        }),
    ]
}

fn file_entries() -> Vec<Entry> {
    let same = |name| {
        fixed(name, None, ONE, Type::Str, |_, args| {
            Ok(Value::text(text(&args[0])?))
        })
    };
    vec![
        same("FromSlash"),
        same("ToSlash"),
        fixed("VolumeName", None, ONE, Type::Str, |_, args| {
            text(&args[0])?;
            Ok("".into())
        }),
        fixed("Rel", None, TWO, Type::Str, |_, args| {
            Ok(Value::text(relative(&text(&args[0])?, &text(&args[1])?)?))
        }),
    ]
}

/// The directory with its slash, and the name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|byte| *byte == b'/');
    path.split_at(end.map_or(0, |at| at + 1))
}

fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end.and_then(|end| path.get(..=end)) {
        None => b"/".to_vec(),
        Some(path) => split(path).1.to_vec(),
    }
}

/// The parts of a path as one, without those that are empty.
pub(super) fn join(parts: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let parts: Vec<&[u8]> = parts.into_iter().map(Vec::as_slice).collect();
    clean(&parts.join(&b'/'))
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

/// The way from `base` to `target`, by their texts alone.
fn relative(base: &[u8], target: &[u8]) -> Result<Vec<u8>, String> {
    let (from, to) = (clean(base), clean(target));
    if from == to {
        return Ok(b".".to_vec());
    }
    let from: &[u8] = if from == b"." { b"" } else { &from };
    let failed = || {
        let shown = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        format!(
            "Rel: can't make {} relative to {}",
            shown(target),
            shown(base)
        )
    };
    if from.starts_with(b"/") != to.starts_with(b"/") {
        return Err(failed());
    }
    let parts = |path: &[u8]| -> Vec<Vec<u8>> {
        let parts = path
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty() && *part != b".");
        parts.map(<[u8]>::to_vec).collect()
    };
    let (from, to) = (parts(from), parts(&to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.get(same..).unwrap_or_default();
    if up.iter().any(|part| part == b"..") {
        return Err(failed());
    }
    let mut way: Vec<Vec<u8>> = vec![b"..".to_vec(); up.len()];
    way.extend(to.get(same..).unwrap_or_default().iter().cloned());
    Ok(way.join(&b'/'))
}
