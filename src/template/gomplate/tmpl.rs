//! `tmpl` and `tpl`: templates that render templates.

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::handover;
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    let exec = Function::rendering(
        Signature::variadic(&[Type::Str], Type::Any, Type::Str),
        |engine, args| {
            let name = String::from_utf8_lossy(args[0].as_text().unwrap_or_default()).into_owned();
            let data = match args.get(1) {
                Some(data) => data.clone(),
                None => engine.root(),
            };
            engine.execute(&name, data).map(Value::text)
        },
    );
    let inline = Function::rendering(
        Signature::variadic(&[Type::Any], Type::Any, Type::Str),
        |engine, args| {
            let (name, text, data) = match args {
                [text] => ("<inline>".to_owned(), text, engine.root()),
                [name, text @ Value::Str(_)] => (shown(name), text, engine.root()),
                [text, data] => ("<inline>".to_owned(), text, data.clone()),
                [name, text, data] => (shown(name), text, data.clone()),
                _ => return handover("unusual arguments of tpl"),
            };
            let Some(text) = text.as_text() else {
                return handover("unusual arguments of tpl");
            };
            engine.execute_text(&name, text, data).map(Value::text)
        },
    );
    let path = Function::rendering(Signature::new(&[], Type::Str), |engine, _| {
        Ok(clean_name(engine.name())?.into())
    });
    let directory = Function::rendering(Signature::new(&[], Type::Str), |engine, _| {
        let name = clean_name(engine.name())?;
        Ok(match name.rsplit_once('/') {
            Some(("", _)) => "/".into(),
            Some((directory, _)) => directory.into(),
            None => ".".into(),
        })
    });
    functions.add("tpl", inline.clone());
    functions.add_namespace(
        "tmpl",
        "*tmpl.Template",
        [
            ("Exec", exec),
            ("Inline", inline),
            ("Path", path),
            ("PathDir", directory),
        ],
    );
}

fn shown(value: &Value) -> String {
    String::from_utf8_lossy(value.as_text().unwrap_or_default()).into_owned()
}

/// The path of a template. gomplate cleans it; what it would have to change, it changes itself.
fn clean_name(name: &str) -> Result<&str, String> {
    let parts = name.strip_prefix('/').unwrap_or(name).split('/');
    let odd = |part: &str| matches!(part, "" | "." | "..") || part.contains('\u{fffd}');
    if parts.into_iter().any(odd) || name.starts_with('<') {
        return handover("an unusual path of a template");
    }
    Ok(name)
}
