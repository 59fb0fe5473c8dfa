//! `file`: what templates read of files and directories. Writing one is gomplate's: rendering has no effects here.

mod info;

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::path::join;
use crate::template::gomplate::{fixed, namespace};
use crate::template::host::{FileKind, Host};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    const PATH: &[Type] = &[Type::Any];
    namespace(
        functions,
        "file",
        "*funcs.FileFuncs",
        vec![
            fixed("Read", None, PATH, Type::Str, |host, args| {
                Ok(Value::text(host.read_file(&text(&args[0])?)?))
            }),
            fixed("Exists", None, PATH, Type::Bool, |host, args| {
                Ok(host.status(&text(&args[0])?)?.is_some().into())
            }),
            fixed("IsDir", None, PATH, Type::Bool, |host, args| {
                let status = host.status(&text(&args[0])?)?;
                Ok(status
                    .is_some_and(|status| status.kind == FileKind::Directory)
                    .into())
            }),
            fixed("ReadDir", None, PATH, Type::STRINGS, |host, args| {
                let entries = host.read_dir(&text(&args[0])?)?;
                Ok(Value::strings(entries.into_iter().map(|entry| entry.name)))
            }),
            fixed("Stat", None, PATH, Type::Any, |host, args| {
                info::stat(host, &text(&args[0])?)
            }),
            fixed("Walk", None, PATH, Type::STRINGS, |host, args| {
                Ok(Value::strings(walk(host, text(&args[0])?)?))
            }),
        ],
    );
}

/// A path, and all below it if it is a directory, each directory before what is in it. Links are followed at the path alone.
fn walk(host: &mut dyn Host, path: Vec<u8>) -> Result<Vec<Vec<u8>>, String> {
    let kind = host.details(&path)?.kind;
    let mut found = Vec::new();
    let mut left = vec![(path, kind == FileKind::Directory)];
    while let Some((path, is_directory)) = left.pop() {
        if is_directory {
            let entries = host.read_dir(&path)?.into_iter().rev();
            let below = |name| join(&[path.clone(), name]);
            left.extend(entries.map(|entry| (below(entry.name), entry.is_directory)));
        }
        found.push(path);
    }
    Ok(found)
}
