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
            let data = match args {
                [_, data] => data.clone(),
                // More than one are ignored.
                _ => engine.root(),
            };
            if !engine.defines(&name) {
                return Err(format!("template \"{name}\" not defined"));
            }
            engine.execute(&name, data).map(Value::text)
        },
    );
    let inline = Function::rendering(
        Signature::variadic(&[], Type::Any, Type::Str),
        |engine, args| {
            let is_text = |value: &Value| matches!(value, Value::Str(_));
            let (name, text, data) = match args {
                [text] => (None, text, engine.root()),
                [name, text @ Value::Str(_)] => (Some(name), text, engine.root()),
                [text, data] => (None, text, data.clone()),
                [name, text, data] => (Some(name), text, data.clone()),
                _ => {
                    let count = args.len();
                    let why = format!("want 1, 2, or 3 - got {count}");
                    return Err(format!("wrong number of args for tpl: {why}"));
                }
            };
            let wrong = if args.first().is_some_and(is_text) {
                "second arg (in)"
            } else {
                "first arg"
            };
            if ![Some(text), name].into_iter().flatten().all(is_text) {
                // Of whichever argument is wrong, gomplate says the type of the first.
                let found = args.first().map(Value::type_name).unwrap_or_default();
                return Err(format!("wrong input: {wrong} must be string, got {found}"));
            }
            let name = name.map_or("<inline>".to_owned(), shown);
            let text = text.as_text().unwrap_or_default();
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
